// SPDX-License-Identifier: BSD-2-Clause
/*
 * Other CPUs of an arm64 machine: by PSCI (Arm DEN 0022) CPU_ON, CPU_OFF and AFFINITY_INFO. They
 * get the registers that this CPU has, so the same page tables, whoever made them.
 */
#include <arch/cache.h>
#include <arch/cpu.h>
#include <arch/cpu_arm64.h>
#include <arch/crew.h>
#include <arch/reset_how.h>

#define CPU_OFF       0x84000002
#define CPU_ON        0xc4000003
#define AFFINITY_INFO 0xc4000004
#define INFO_OFF      1

#define MPIDR_AFFINITY 0xff00ffffffULL

/* Read by entry.S with the MMU off. */
struct registers {
	uint64_t mair, tcr, ttbr, traps; /* CPACR or CPTR */
	uint64_t hcr, sctlr;
};

/* At the bottom of each seat; the stack is above. */
struct seat {
	const struct registers *registers; /* read by entry.S */
	const struct crew *crew;
	uint64_t id;
	unsigned int number;
	bool started;
	uint32_t here;
};

/* entry.S */
extern char crew_enter[], crew_enter_end[];
void crew_run(struct seat *s);

static struct seat *seat(const struct crew *c, unsigned int i)
{
	return (struct seat *)(void *)(c->area + CREW_FIXED + (uint64_t)i * CREW_SEAT);
}

#define READ(name)                                                                                 \
	({                                                                                         \
		uint64_t v;                                                                        \
		asm volatile("mrs %0, " name : "=r"(v));                                           \
		v;                                                                                 \
	})

static void read_registers(struct registers *r)
{
	if (cpu_level() == 2)
		*r = (struct registers){READ("mair_el2"), READ("tcr_el2"), READ("ttbr0_el2"),
					READ("cptr_el2"), READ("hcr_el2"), READ("sctlr_el2")};
	else
		*r = (struct registers){
			READ("mair_el1"), READ("tcr_el1"), READ("ttbr0_el1"), READ("cpacr_el1"), 0,
			READ("sctlr_el1")};
}

/* Permissions by index, which TCR2 turns on, would need more registers. The names are new. */
static bool has_tcr2_set(void)
{
	if (!(READ("s3_0_c0_c7_3") & 0xf)) /* ID_AA64MMFR3_EL1.TCRX */
		return false;
	return cpu_level() == 2 ? READ("s3_4_c2_c0_3") : READ("s3_0_c2_c0_3");
}

bool crew_possible(const struct crew *c)
{
	return psci_reachable(c->arch.psci) && !has_tcr2_set();
}

void crew_add(struct crew *c, uint64_t id)
{
	struct seat *s;

	if (c->count == c->max || id == (READ("mpidr_el1") & MPIDR_AFFINITY))
		return;
	s = seat(c, c->count++);
	s->id = id;
	s->number = c->count;
}

/* ---- what the others do ---------------------------------------------------------------------- */

/* Entered by entry.S, on the seat's stack. If CPU_OFF comes back, entry.S waits. */
void crew_run(struct seat *s)
{
	__atomic_store_n(&s->here, 1, __ATOMIC_RELEASE);
	s->crew->work(s->crew->ctx, s->number);
	psci_call(s->crew->arch.psci, CPU_OFF, 0, 0, 0);
}

/* ---- waking them ----------------------------------------------------------------------------- */

unsigned int crew_here(const struct crew *c)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < c->count; i++)
		n += __atomic_load_n(&seat(c, i)->here, __ATOMIC_ACQUIRE);
	return n;
}

/* Those that still run, or are about to. */
static unsigned int running(const struct crew *c)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < c->count; i++)
		n += seat(c, i)->started && (int32_t)psci_call(c->arch.psci, AFFINITY_INFO,
							       seat(c, i)->id, 0, 0) != INFO_OFF;
	return n;
}

static unsigned int missing(const struct crew *c)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < c->count; i++)
		n += seat(c, i)->started;
	return n - crew_here(c);
}

static void wait(const struct crew *c, unsigned int (*many)(const struct crew *c), uint64_t us)
{
	uint64_t begun = cpu_clock();

	for (uint64_t i = 0; i < us && many(c) && cpu_clock_us(cpu_clock() - begun) < us; i++)
		cpu_relax();
}

static void start(const struct crew *c, struct seat *s)
{
	s->started = true; /* before it may look */
	cache_flush_range(s, sizeof(*s));
	s->started = !(int32_t)psci_call(c->arch.psci, CPU_ON, s->id, (uintptr_t)crew_enter,
					 (uintptr_t)s);
}

void crew_start(struct crew *c)
{
	struct registers *r = (struct registers *)(void *)c->area;

	read_registers(r);
	cache_flush_range(r, sizeof(*r));
	cache_flush_range(crew_enter, (uint64_t)(crew_enter_end - crew_enter));
	for (unsigned int i = 0; i < c->count; i++) {
		struct seat *s = seat(c, i);

		s->registers = r;
		s->crew = c;
		start(c, s);
	}
	wait(c, missing, 100000);
	c->came = crew_here(c);
}

/* Nothing but itself, or a reset, stops a CPU. */
bool crew_stop(struct crew *c)
{
	wait(c, running, 1000000);
	return !running(c);
}
