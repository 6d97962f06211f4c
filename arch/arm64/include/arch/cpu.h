/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPU: exception vectors, page tables, the counter, the way out. Nothing here decides.
 */
#ifndef ARCH_ARM64_CPU_H
#define ARCH_ARM64_CPU_H

#include <arch/pagetable.h>

/* The virtual counter; the same on all CPUs. */
static inline uint64_t cpu_clock(void)
{
	uint64_t v;

	asm volatile("isb; mrs %0, cntvct_el0" : "=r"(v) : : "memory");
	return v;
}

/* Microseconds in @ticks of cpu_clock(), 0 when firmware did not set the counter's frequency. */
uint64_t cpu_clock_us(uint64_t ticks);

/* Exception level, 1 or 2. */
unsigned int cpu_level(void);

/* EL2 without E2H: one level of privilege, with its own format of tables and registers. */
bool cpu_one_level(void);

/* Own exception vectors: from here on a fault is reported instead of a silent hang. */
void cpu_init(void);

/* Stop for good: interrupts masked, waiting. */
__noreturn void cpu_halt(void);

/* Tables for this CPU in a pool of @pages pages that is mapped where it is. Not begun: pt_init().
 */
struct pagetable cpu_tables(void *pool, size_t pages);

/*
 * cpu_use_tables - translate by @pt from now on
 *
 * They must map the image, the stack and whatever else is in use.
 */
void cpu_use_tables(const struct pagetable *pt);

/*
 * cpu_edit_tables - before tables in use are changed: translate by the tables of entry.S, which map
 * our own memory and what cpu_map_early() added; cpu_use_tables() ends it
 *
 * For the bare-metal door.
 */
void cpu_edit_tables(void);

/*
 * cpu_map_early - map @r in the tables of entry.S as well
 *
 * For the bare-metal door, before cpu_use_tables(): the device tree and the console. Returns what
 * pt_map() returns; @r must not have been mapped before.
 */
__must_check enum kb_status cpu_map_early(struct range r, enum pt_flags flags);

/* Can @addr be written with the tables in use? */
bool cpu_may_write(uint64_t addr);

/* How the outgoing kernel left the CPU, in a few words for the log. */
const char *cpu_mode(void);

/* Has this CPU the page size that @k is built for? KB_OK or KB_CPU_GRANULE. */
struct kernel;
__must_check enum kb_status cpu_can_start(const struct kernel *k);

#endif
