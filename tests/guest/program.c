// SPDX-License-Identifier: BSD-2-Clause
/*
 * program.c - the guest's program: keeps all its memory moving, and knows at any time whether that
 * memory, its registers and its clock are right (board.h).
 *
 * It runs on every processor of the guest, on the bare machine. It does not know that it is moved
 * from one host kernel to another: all that it can see of that is a clock that made a leap.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "board.h"

#define BATCH       20000UL /* rounds from one tick to the next, at most */
#define TICK_NS     10000000U
#define CHECK_TICKS 150
#define AWAY_MS     400 /* less than that is a busy host */

#define MSR_APIC_BASE   0x1b
#define MSR_TIMER_SETUP 0x832
#define MSR_TIMER_COUNT 0x838
#define MSR_TIMER_UNIT  0x83e
#define MSR_SPURIOUS    0x80f
#define MSR_LSTAR       0xc0000082
#define MSR_FS_BASE     0xc0000100
#define MSR_GS_BASE     0xc0000101
#define MSR_KERNEL_GS   0xc0000102
#define X2APIC          0xc00
#define TICK_VECTOR     0x20
#define PERIODIC        0x20000

#define GATES 256

/* start.S */
void tick(void);
void trap(void);
void idt_load(const void *table);
void sse_set(const void *values);
void sse_get(void *ret);
void avx_set(const void *values);
void avx_get(void *ret);
_Noreturn void guest_main(uint32_t number);
_Noreturn void guest_trap(const uint64_t *stack);

static struct guest_board *const board = (void *)GUEST_BOARD;
static uint64_t *const field = (void *)GUEST_FIELD;

/* ---- the processor --------------------------------------------------------------------------- */

static void cpuid(uint32_t leaf, uint32_t *ebx, uint32_t *ecx)
{
	uint32_t edx;

	__asm__ volatile("cpuid" : "+a"(leaf), "=b"(*ebx), "=c"(*ecx), "=d"(edx) : "c"(0));
}

static uint64_t rdmsr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return low | (uint64_t)high << 32;
}

static void wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
}

static uint64_t rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
	return low | (uint64_t)high << 32;
}

static bool has_avx(void)
{
	uint32_t ebx, ecx;

	cpuid(1, &ebx, &ecx);
	return ecx & 1u << 28;
}

/* ---- reports --------------------------------------------------------------------------------- */

static void report(struct guest_cpu *c, enum guest_report what, uint64_t value)
{
	c->report = what;
	c->value = value;
	__asm__ volatile("outl %0, %w1" ::"a"(c->number), "Nd"(GUEST_PORT) : "memory");
}

static _Noreturn void wrong(struct guest_cpu *c, enum guest_wrong what)
{
	report(c, GUEST_WRONG, what);
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* %gs is the processor's own. */
_Noreturn void guest_trap(const uint64_t *stack)
{
	struct guest_cpu *c = (struct guest_cpu *)rdmsr(MSR_GS_BASE);

	c->stack[0] = stack[0];
	c->stack[1] = stack[1];
	wrong(c, GUEST_WRONG_TRAP);
}

/* ---- the clock ------------------------------------------------------------------------------- */

static uint64_t cycles_of_ms(uint64_t ms)
{
	return ms * board->tsc_khz;
}

/* Called all the time, so that a leap is a time in which we did not run. */
static void look_at_clock(struct guest_cpu *c)
{
	/* In this order: what another processor has seen was before now. */
	uint64_t latest = __atomic_load_n(&board->latest, __ATOMIC_SEQ_CST);
	uint64_t now = rdtsc();

	if (now < c->clock)
		wrong(c, GUEST_WRONG_CLOCK);
	if (now < latest)
		wrong(c, GUEST_WRONG_TOGETHER);
	__atomic_store_n(&board->latest, now, __ATOMIC_SEQ_CST);
	if (now - c->clock > cycles_of_ms(AWAY_MS)) {
		c->away = now - c->clock > c->away ? now - c->clock : c->away;
		c->leaps++;
		/* Right again is who gets interrupts again, too. */
		c->next_check = c->ticks + 2;
	}
	c->clock = now;
}

/* ---- the field ------------------------------------------------------------------------------- */

/* Pages are dealt out like cards. Page @k of this processor, in words of the field. */
static uint64_t own_page(const struct guest_cpu *c, uint64_t k)
{
	return (k * board->cpus + c->number) * GUEST_WORDS;
}

/* Adds @more to a word, with what follows for sum and weight. */
static void add(struct guest_cpu *c, uint64_t word, uint64_t more)
{
	field[word] += more;
	c->rounds += more;
	c->weight += more * (word + 1);
}

/* No word begins as zero: lost memory often reads as zeros. */
static void fill(struct guest_cpu *c)
{
	for (uint64_t k = 0; k < c->pages; k++) {
		look_at_clock(c);
		for (uint64_t i = 0; i < GUEST_WORDS; i++)
			add(c, own_page(c, k) + i, 1);
	}
}

/* xorshift64 */
static uint64_t random(struct guest_cpu *c)
{
	c->random ^= c->random << 13;
	c->random ^= c->random >> 7;
	c->random ^= c->random << 17;
	return c->random;
}

static void play(struct guest_cpu *c, uint64_t rounds)
{
	while (rounds--) {
		uint64_t r = random(c);

		add(c, own_page(c, (r >> 16) % c->pages) + r % GUEST_WORDS, 1);
		if (rounds % 64 == 0)
			look_at_clock(c);
	}
}

static void check_field(struct guest_cpu *c)
{
	uint64_t sum = 0, weight = 0;

	for (uint64_t k = 0; k < c->pages; k++) {
		uint64_t first = own_page(c, k);

		for (uint64_t i = first; i < first + GUEST_WORDS; i++) {
			sum += field[i];
			weight += field[i] * (i + 1);
		}
		look_at_clock(c);
	}
	if (sum != c->rounds)
		wrong(c, GUEST_WRONG_SUM);
	if (weight != c->weight)
		wrong(c, GUEST_WRONG_WEIGHT);
}

/* ---- registers: set once, never used for anything else --------------------------------------- */

/* What register @n of some kind holds on this processor. */
static uint64_t mark(const struct guest_cpu *c, uint64_t n)
{
	return 0x0000123456789000 + n * 0x100000000 + c->number * 0x10000 + n * 8;
}

static uint32_t wanted_xcr0(void)
{
	return has_avx() ? GUEST_XCR0_SSE | GUEST_XCR0_AVX : GUEST_XCR0_SSE;
}

static void set_vectors(const struct guest_cpu *c)
{
	uint64_t values[64];

	for (unsigned int i = 0; i < 64; i++)
		values[i] = mark(c, i);
	if (has_avx())
		avx_set(values);
	else
		sse_set(values);
}

static void check_vectors(struct guest_cpu *c)
{
	uint64_t values[64];
	unsigned int words = has_avx() ? 64 : 32;
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	if (low != wanted_xcr0() || high)
		wrong(c, GUEST_WRONG_XCR0);
	if (has_avx())
		avx_get(values);
	else
		sse_get(values);
	for (unsigned int i = 0; i < words; i++)
		if (values[i] != mark(c, i))
			wrong(c, GUEST_WRONG_VECTORS);
}

static void set_registers(const struct guest_cpu *c)
{
	__asm__ volatile("mov %0, %%dr0" ::"r"(mark(c, 0)));
	__asm__ volatile("mov %0, %%dr3" ::"r"(mark(c, 3)));
	wrmsr(MSR_LSTAR, mark(c, 4));
	wrmsr(MSR_FS_BASE, mark(c, 5));
	wrmsr(MSR_KERNEL_GS, mark(c, 6));
	set_vectors(c);
}

static void check_registers(struct guest_cpu *c)
{
	uint64_t dr0, dr3;

	__asm__ volatile("mov %%dr0, %0" : "=r"(dr0));
	__asm__ volatile("mov %%dr3, %0" : "=r"(dr3));
	if (dr0 != mark(c, 0) || dr3 != mark(c, 3))
		wrong(c, GUEST_WRONG_DEBUG);
	if (rdmsr(MSR_LSTAR) != mark(c, 4) || rdmsr(MSR_FS_BASE) != mark(c, 5) ||
	    rdmsr(MSR_KERNEL_GS) != mark(c, 6))
		wrong(c, GUEST_WRONG_MSR);
	check_vectors(c);
}

/* ---- interrupts ------------------------------------------------------------------------------ */

/* All processors write the same into it. */
static uint64_t gates[GATES][2] __attribute__((aligned(16)));

static void set_gate(unsigned int vector, void (*to)(void))
{
	uint64_t at = (uintptr_t)to;

	/* Code segment 0x08, present, an interrupt gate. */
	gates[vector][0] =
		(at & 0xffff) | 0x08ULL << 16 | 0x8eULL << 40 | (at >> 16 & 0xffff) << 48;
	gates[vector][1] = at >> 32;
}

static void set_up_interrupts(struct guest_cpu *c)
{
	for (unsigned int i = 0; i < 32; i++)
		set_gate(i, trap);
	for (unsigned int i = 32; i < GATES; i++)
		set_gate(i, tick);
	idt_load(gates);
	wrmsr(MSR_GS_BASE, (uintptr_t)c);
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | X2APIC);
	wrmsr(MSR_SPURIOUS, 0x1ff);
	wrmsr(MSR_TIMER_UNIT, 0xb); /* by 1 */
	wrmsr(MSR_TIMER_SETUP, TICK_VECTOR | PERIODIC);
	wrmsr(MSR_TIMER_COUNT, TICK_NS); /* KVM's APIC counts ns */
}

/* ---- from the first instruction on ----------------------------------------------------------- */

/* An IN, because it takes two steps: the VMM's answer, and KVM that puts it into the register. */
static void check_answer(struct guest_cpu *c)
{
	uint32_t answer;

	__asm__ volatile("inl %w1, %0" : "=a"(answer) : "Nd"(GUEST_PORT) : "memory");
	if (answer != (uint32_t)c->rounds)
		wrong(c, GUEST_WRONG_ANSWER);
}

static void check(struct guest_cpu *c)
{
	uint64_t leaps = c->leaps;

	check_registers(c);
	check_field(c);
	/* In the middle of that? Then once more, from the registers on. */
	if (c->leaps != leaps)
		return;
	if (c->away) {
		report(c, GUEST_AWAY, c->away * 1000 / board->tsc_khz);
		c->away = 0;
	}
	report(c, GUEST_RIGHT, 0);
	c->next_check = c->ticks + CHECK_TICKS;
}

static void begin(struct guest_cpu *c, uint32_t number)
{
	uint64_t pages = (board->memory - GUEST_FIELD) / GUEST_PAGE;

	c->number = number;
	c->pages = pages / board->cpus;
	c->random = 0x9e3779b97f4a7c15 + number;
	c->clock = rdtsc();
	set_up_interrupts(c);
	set_registers(c);
}

_Noreturn void guest_main(uint32_t number)
{
	struct guest_cpu *c = &board->cpu[number];

	begin(c, number);
	fill(c);
	report(c, GUEST_FILLED, 0);
	for (;;) {
		play(c, BATCH);
		check_answer(c);
		if (c->ticks >= c->next_check)
			check(c);
		__asm__ volatile("sti; hlt" ::: "memory");
		look_at_clock(c);
	}
}
