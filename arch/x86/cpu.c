// SPDX-License-Identifier: BSD-2-Clause
/* The x86 CPU: descriptor tables, protection bits, leaving, stopping, the clock. */
#include <arch/cpu.h>
#include <arch/cpu_x86.h>
#include <arch/route_check.h>

#include <string.h>

#define NMI      2 /* vector */
#define MSR_EFER 0xc0000080
#define EFER_NXE (1u << 11)
#define CR0_WP   (1ULL << 16)

#define CPUID_MCE (1u << 7) /* leaf 1, edx */

extern char trap_stack_top[], nmi_stack_top[];
extern const int32_t trap_stubs[32]; /* offsets from the table itself */
void load_segments(void);

struct table_ptr {
	uint16_t limit;
	uint64_t base;
} __packed;

struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint8_t ist;
	uint8_t type;
	uint16_t offset_mid;
	uint32_t offset_high;
	uint32_t reserved;
} __packed;

struct task_state {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t iomap;
} __packed;

/* The boot protocol wants 0x10 as code and 0x18 as data selector. The task state is after them. */
static uint64_t gdt[6] = {0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0, 0};
static struct gate idt[32];
static struct task_state tss;

static void set_task_state(struct task_state *state, uint64_t *table, uint64_t trap_stack,
			   uint64_t nmi_stack)
{
	uint64_t base = (uintptr_t)state;

	state->ist[0] = trap_stack;
	state->ist[1] = nmi_stack;
	state->iomap = sizeof(*state);
	table[4] = (sizeof(*state) - 1) | (base & 0xffffff) << 16 | 0x89ULL << 40 |
		   (base >> 24 & 0xff) << 56;
	table[5] = base >> 32;
}

static struct gate make_gate(uint64_t at, uint8_t ist)
{
	return (struct gate){.offset_low = (uint16_t)at,
			     .selector = 0x10,
			     .ist = ist,
			     .type = 0x8e,
			     .offset_mid = (uint16_t)(at >> 16),
			     .offset_high = (uint32_t)(at >> 32)};
}

static void set_gates(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(idt); i++)
		idt[i] = make_gate((uintptr_t)trap_stubs + (uint64_t)(int64_t)trap_stubs[i],
				   i == NMI ? 2 : 1);
}

static void load_tables(const uint64_t *table, const struct gate *gates)
{
	struct table_ptr gdtr = {sizeof(gdt) - 1, (uintptr_t)table};
	struct table_ptr idtr = {sizeof(idt) - 1, (uintptr_t)gates};

	asm volatile("lgdt %0" : : "m"(gdtr));
	load_segments();
	asm volatile("ltr %w0" : : "r"(0x20));
	asm volatile("lidt %0" : : "m"(idtr));
}

/*
 * Without it the CPU shuts down at memory that cannot be read, and kexec turns it off. Left as it
 * was found: the next kernel has no handler at first, and a TDX guest may not turn it off.
 */
static bool mce_was_off;

static void enable_machine_checks(void)
{
	uint64_t cr4 = read_cr4();

	if (cr4 & CR4_MCE || !(cpuid(1).d & CPUID_MCE))
		return;
	write_cr4(cr4 | CR4_MCE);
	mce_was_off = true;
}

static void restore_machine_checks(void)
{
	if (mce_was_off)
		write_cr4(read_cr4() & ~CR4_MCE);
}

void cpu_init(void)
{
	/* Firmware leaves interrupts on, and its handlers go with its tables. */
	asm volatile("cli");
	set_task_state(&tss, gdt, (uintptr_t)trap_stack_top, (uintptr_t)nmi_stack_top);
	set_gates();
	load_tables(gdt, idt);
	enable_machine_checks();
}

/* crew.S */
void crew_park(void);
void crew_ignore(void);

_Static_assert(sizeof(struct task_state) <= CPU_TASK_STATE, "struct cpu_own");
_Static_assert(sizeof(gdt) <= CPU_GDT, "struct cpu_own");

void cpu_init_other(struct cpu_own *own)
{
	static struct gate gates[ARRAY_SIZE(idt)];

	/* Every CPU writes the same. */
	for (size_t i = 0; i < ARRAY_SIZE(gates); i++)
		gates[i] = make_gate(i == NMI ? (uintptr_t)crew_ignore : (uintptr_t)crew_park,
				     i == NMI ? 2 : 1);
	memcpy(own->gdt, gdt, sizeof(gdt));
	set_task_state((struct task_state *)(void *)own->task_state, own->gdt,
		       (uintptr_t)(own->trap_stack + sizeof(own->trap_stack)),
		       (uintptr_t)(own->nmi_stack + sizeof(own->nmi_stack)));
	load_tables(own->gdt, gates);
}

/* Write protection for supervisor code and no-execute. */
static void enable_protection(void)
{
	uint64_t efer = rdmsr(MSR_EFER) | EFER_NXE;

	asm volatile("wrmsr" : : "a"((uint32_t)efer), "d"((uint32_t)(efer >> 32)), "c"(MSR_EFER));
	write_cr0(read_cr0() | CR0_WP);
}

struct pagetable cpu_tables(void *pool, size_t pages)
{
	return (struct pagetable){.pool = pool,
				  .pool_addr = (uintptr_t)pool,
				  .pages = pages,
				  .levels = cpu_la57() ? 5 : 4,
				  .gbpages = cpu_gbpages()};
}

void cpu_use_tables(const struct pagetable *pt)
{
	enable_protection();
	write_cr3(pt->pool_addr);
}

const char *cpu_mode(void)
{
	return cpu_la57() ? "5-level paging" : "4-level paging";
}

/* The order matters: the register exists only where the CPU has SME. */
bool cpu_may_encrypt(void)
{
	return !(cpuid(1).c & CPUID_HYPERVISOR) && cpuid(0x80000000).a >= CPUID_ENCRYPTION &&
	       cpuid(CPUID_ENCRYPTION).a & CPUID_SME && rdmsr(MSR_SYSCFG) & SYSCFG_SME;
}

/* entry.S: position independent, and accesses no memory but what it copies. */
extern const char restore_stub[], restore_stub_end[];

void cpu_leave(const struct boot_placement *place, struct range initrd, const struct pagetable *pt,
	       const struct kb_moves *moves, uint64_t stub)
{
	uint64_t block = place->block.base, cr3 = pt->pool_addr;

	(void)initrd; /* nothing to flush: the kernel starts with caches on */
	restore_machine_checks();
	if (!moves->count)
		khoboot_jump(place->entry, block, cr3);
	memcpy((void *)(uintptr_t)stub, restore_stub, (size_t)(restore_stub_end - restore_stub));
	khoboot_restore(stub, moves->m, moves->count, place->entry, block, cr3);
}

void cpu_halt(void)
{
	for (;;)
		asm volatile("cli; hlt");
}

void cpu_relax(void)
{
	asm volatile("pause" : : : "memory");
}

uint64_t cpu_clock(void)
{
	uint32_t lo, hi;

	asm volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

/* Time stamp ticks per second from CPUID (Intel leaves 0x15 and 0x16, hypervisor leaf), or 0. */
static uint64_t tsc_hz_cpuid(void)
{
	uint32_t max = cpuid(0).a;

	if (max >= 0x15) {
		struct cpuid r = cpuid(0x15);

		if (r.a && r.b && r.c)
			return (uint64_t)r.c * r.b / r.a;
	}
	if (cpuid(1).c & (1u << 31) && cpuid(0x40000000).a >= 0x40000010)
		return (uint64_t)cpuid(0x40000010).a * 1000;
	if (max >= 0x16)
		return (uint64_t)(cpuid(0x16).a & 0xffff) * 1000000;
	return 0;
}

/* Count over 1 ms of channel 2 of the interval timer, 1.193182 MHz; bounded, if there is none. */
static uint64_t tsc_hz_pit(void)
{
	const unsigned int ticks = 1193;
	uint8_t gate = inb(0x61);
	uint64_t start;

	outb(0x61, (uint8_t)((gate & ~2) | 1));
	outb(0x43, 0xb0);
	outb(0x42, ticks & 0xff);
	outb(0x42, (uint8_t)(ticks >> 8));
	start = cpu_clock();
	for (unsigned int i = 0; i < 1000000 && !(inb(0x61) & 0x20); i++)
		;
	start = cpu_clock() - start;
	outb(0x61, gate);
	return start * 1000;
}

uint64_t cpu_clock_us(uint64_t ticks)
{
	static uint64_t hz;

	if (!hz)
		hz = tsc_hz_cpuid();
	if (!hz)
		hz = tsc_hz_pit();
	return hz < 1000000 ? 0 : ticks / (hz / 1000000);
}

/* ---- how a kernel is started ----------------------------------------------------------------- */

#define CPUID_RDRAND (1u << 30) /* leaf 1, c */
#define CPUID_LA57   (1u << 16) /* leaf 7, c */

static bool rdrand(uint64_t *ret)
{
	bool done = false;

	for (unsigned int i = 0; i < 10 && !done; i++)
		asm volatile("rdrand %0; setc %1" : "=r"(*ret), "=qm"(done) : : "cc");
	return done;
}

/* From what the decompressor takes (arch/x86/lib/kaslr.c), mixed as a hash does. */
static uint64_t random_word(uint64_t seed)
{
	uint64_t x = seed ^ cpu_clock(), r;

	if (cpuid(1).c & CPUID_RDRAND && rdrand(&r))
		x ^= r;
	else
		x ^= tsc_hz_pit() << 32;
	for (unsigned int i = 0; i < 3; i++) {
		x ^= x >> 32;
		x *= 0x9e3779b97f4a7c15ULL;
	}
	return x ^ x >> 32;
}

void cpu_encryption(struct route_cpu *ret)
{
	uint32_t leaves = cpuid(0).a, extended = cpuid(0x80000000).a;

	if (leaves >= 0x21) {
		struct cpuid r = cpuid(0x21);

		ret->tdx[0] = r.b;
		ret->tdx[1] = r.d;
		ret->tdx[2] = r.c;
	}
	if (leaves >= 7 && cpuid(7).c & ROUTE_CPUID_TME)
		ret->tme_activate = rdmsr(ROUTE_MSR_TME_ACTIVATE);
	if (extended >= CPUID_ENCRYPTION && cpuid(CPUID_ENCRYPTION).a & ROUTE_CPUID_SEV)
		ret->sev_status = rdmsr(ROUTE_MSR_SEV_STATUS);
}

/* The host's own memory encryption is transparent. */
static bool confidential(void)
{
	struct route_cpu cpu = {0};

	cpu_encryption(&cpu);
	cpu.tme_activate = 0;
	return route_cpu_check(&cpu);
}

enum kb_status cpu_can_start(struct kernel *k, struct kb_text cmdline, bool reset,
			     struct kb_diag *diag)
{
	struct kernel_cpu cpu = {
		.la57 = cpu_la57(),
		.can_la57 = cpuid(0).a >= 7 && cpuid(7).c & CPUID_LA57,
		.reset = reset,
		.confidential = confidential(),
	};

	if (k->is_ready)
		for (size_t i = 0; i < ARRAY_SIZE(cpu.random); i++)
			cpu.random[i] = random_word(i);
	return kernel_choose(k, cmdline, &cpu, diag);
}
