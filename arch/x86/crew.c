// SPDX-License-Identifier: BSD-2-Clause
/* Other CPUs of an x86 machine: woken by INIT and SIPI (Intel SDM volume 3A, 9.4 and 11.6). */
#include <arch/cpu.h>
#include <arch/cpu_x86.h>
#include <arch/crew.h>

#include <string.h>

#define MSR_APIC_BASE 0x1b
#define APIC_BSP      (1u << 8)
#define APIC_X2       (1u << 10)
#define APIC_ENABLED  (1u << 11)
#define APIC_ADDRESS  0xffffff000ULL

#define APIC_ID       0x20 /* registers in memory */
#define APIC_ICR      0x300
#define APIC_ICR_HIGH 0x310
#define MSR_X2_ID     0x802
#define MSR_X2_ICR    0x830

#define ICR_INIT    0x4500 /* level: assert */
#define ICR_SIPI    0x4600
#define ICR_PENDING (1u << 12)

#define MSR_EFER  0xc0000080
#define EFER_KEEP 0x901 /* system calls, long mode, no-execute */
/* Page sizes, PAE, machine checks, vector registers, five levels. */
#define CR4_KEEP (1u << 4 | 1u << 5 | CR4_MCE | 1u << 9 | 1u << 10 | CR4_LA57)

#define PTE_LOW   0x3  /* present, writable */
#define PTE_LARGE 0x83 /* the same for a page of 2 MiB */

/* At the bottom of each seat; the stack is above. */
struct seat {
	uint64_t id; /* of the local APIC */
	const struct crew *crew;
	uint32_t here;
	struct cpu_own own;
};

/* As in crew.S, from crew_sipi_data on. */
struct sipi_data {
	uint64_t enter, cr3;
	uint64_t gdt[4];
	uint16_t gdt_limit;
	uint32_t gdt_at;
	uint16_t pad;
	uint32_t far;
	uint16_t selector, pad2;
	uint32_t low_cr3, cr4, cr0, efer;
} __packed;

extern const char crew_sipi[], crew_sipi_long[], crew_sipi_data[], crew_sipi_end[];
extern uint32_t crew_next, crew_seats;
extern uint64_t crew_first_seat;
void crew_enter(void);
void crew_work(struct seat *seat, unsigned int number);
void crew_run(struct seat *seat, unsigned int number);

static struct seat *seat(const struct crew *c, unsigned int i)
{
	return (struct seat *)(void *)(c->area + CREW_FIXED + (uint64_t)i * CREW_SEAT);
}

/* ---- the local APIC -------------------------------------------------------------------------- */

uint64_t crew_apic(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	return base & APIC_X2 ? 0 : base & APIC_ADDRESS;
}

/*
 * INIT would send the CPU that firmware began with back to firmware's first instruction: only that
 * one may call the others.
 */
bool crew_possible(const struct crew *c)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	(void)c;
	return base & APIC_BSP && base & APIC_ENABLED;
}

static volatile uint32_t *apic(const struct crew *c, unsigned int at)
{
	return (volatile uint32_t *)(uintptr_t)(c->arch.apic + at);
}

static uint32_t own_id(const struct crew *c)
{
	return c->arch.apic ? *apic(c, APIC_ID) >> 24 : (uint32_t)rdmsr(MSR_X2_ID);
}

static void send(const struct crew *c, uint64_t id, uint32_t what)
{
	if (!c->arch.apic) {
		asm volatile("mfence; lfence; wrmsr"
			     :
			     : "a"(what), "d"((uint32_t)id), "c"(MSR_X2_ICR)
			     : "memory");
		return;
	}
	*apic(c, APIC_ICR_HIGH) = (uint32_t)id << 24;
	*apic(c, APIC_ICR) = what;
	for (unsigned int i = 0; i < 100000 && *apic(c, APIC_ICR) & ICR_PENDING; i++)
		cpu_relax();
}

/* The last number of each kind of APIC means all CPUs, this one among them. */
void crew_add(struct crew *c, uint64_t id)
{
	if (c->count == c->max || id == own_id(c) || id >= (c->arch.apic ? 0xff : 0xffffffff))
		return;
	seat(c, c->count)->id = id;
	c->count++;
}

/* ---- what the others do ---------------------------------------------------------------------- */

/* Entered by crew.S, on the seat's stack. */
void crew_work(struct seat *s, unsigned int number)
{
	__atomic_store_n(&s->here, 1, __ATOMIC_RELEASE);
	s->crew->work(s->crew->ctx, number);
}

/* The same, and nothing was set up by anyone. */
void crew_run(struct seat *s, unsigned int number)
{
	cpu_init_other(&s->own);
	crew_work(s, number);
}

/* ---- waking them ----------------------------------------------------------------------------- */

unsigned int crew_here(const struct crew *c)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < c->count; i++)
		n += __atomic_load_n(&seat(c, i)->here, __ATOMIC_ACQUIRE);
	return n;
}

/* Bounded, also by a clock of which the speed is not known. */
static void wait(const struct crew *c, uint64_t us)
{
	uint64_t begun = cpu_clock();

	for (uint64_t i = 0; i < us * 100 && cpu_clock_us(cpu_clock() - begun) < us; i++) {
		if (c && crew_here(c) == c->count)
			return;
		cpu_relax();
	}
}

/* Tables that map the first 2 MiB to themselves, and can be named while addresses have 32 bits. */
static uint64_t low_tables(uint64_t low)
{
	unsigned int levels = cpu_la57() ? 4 : 3;

	memset((void *)(uintptr_t)(low + SZ_4K), 0, CREW_LOW - SZ_4K);
	for (unsigned int i = 1; i <= levels; i++) {
		uint64_t *table = (uint64_t *)(uintptr_t)(low + i * SZ_4K);

		*table = i < levels ? (low + (i + 1) * SZ_4K) | PTE_LOW : PTE_LARGE;
	}
	return low + SZ_4K;
}

static void fill_low(const struct crew *c)
{
	uint64_t low = c->arch.low;
	uint64_t at = low + (uint64_t)(crew_sipi_data - crew_sipi);
	struct sipi_data *d = (struct sipi_data *)(uintptr_t)at;

	memcpy(c->area, (const void *)(uintptr_t)low, CREW_LOW);
	memcpy((void *)(uintptr_t)low, crew_sipi, (size_t)(crew_sipi_end - crew_sipi));
	d->enter = (uintptr_t)crew_enter;
	d->cr3 = c->arch.tables;
	d->gdt_at = (uint32_t)(at + offsetof(struct sipi_data, gdt));
	d->far = (uint32_t)(low + (uint64_t)(crew_sipi_long - crew_sipi));
	d->low_cr3 = (uint32_t)low_tables(low);
	d->cr4 = (uint32_t)read_cr4() & CR4_KEEP;
	d->cr0 = (uint32_t)read_cr0();
	d->efer = (uint32_t)rdmsr(MSR_EFER) & EFER_KEEP;
}

void crew_prepare(const struct crew *c)
{
	crew_next = 0;
	crew_seats = c->count;
	crew_first_seat = (uintptr_t)seat(c, 0);
	for (unsigned int i = 0; i < c->count; i++) {
		seat(c, i)->crew = c;
		seat(c, i)->here = 0;
	}
}

static void send_all(const struct crew *c, uint32_t what)
{
	for (unsigned int i = 0; i < c->count; i++)
		send(c, seat(c, i)->id, what);
}

/* A CPU that runs already takes no second SIPI. */
void crew_start(struct crew *c)
{
	uint32_t sipi = ICR_SIPI | (uint32_t)(c->arch.low / SZ_4K);

	crew_prepare(c);
	fill_low(c);
	send_all(c, ICR_INIT);
	wait(NULL, 10000);
	send_all(c, sipi);
	wait(c, 200);
	if (crew_here(c) < c->count)
		send_all(c, sipi);
	wait(c, 100000);
	c->came = crew_here(c);
}

/* INIT ends whatever they do; then each waits for a SIPI, as the next kernel expects it. */
bool crew_stop(struct crew *c)
{
	send_all(c, ICR_INIT);
	wait(NULL, 10000);
	memcpy((void *)(uintptr_t)c->arch.low, c->area, CREW_LOW);
	return true;
}
