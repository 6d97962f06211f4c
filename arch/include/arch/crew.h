/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Other CPUs, called for one piece of work and sent away again. They were stopped by whoever ran
 * before us: x86 wakes them by INIT and SIPI, arm64 by PSCI CPU_ON.
 *
 *	area:  | CREW_FIXED | seat 1 | seat 2 | ...
 *	                    stack, and what else a CPU needs for itself
 *
 * The others run with our page tables and with traps of their own: a CPU that faults stays where it
 * is, and nobody waits for it. They write to their seats, and to what the work is told to write.
 */
#ifndef ARCH_CREW_H
#define ARCH_CREW_H

#include <core/range.h>

#include <arch/crew_types.h>

#define CREW_SEAT (4 * SZ_4K) /* bytes of a seat */

struct crew {
	/* The caller's, zeroed: CREW_FIXED + @max * CREW_SEAT bytes, page aligned, writable. */
	uint8_t *area;
	unsigned int max;
	struct crew_arch arch; /* what only one architecture needs */
	/* Called on each CPU, with a number of its own from 1 on. */
	void (*work)(void *ctx, unsigned int number);
	void *ctx;
	/* Filled by crew_add(). */
	unsigned int count;
	/* Filled by crew_start(). */
	unsigned int came; /* CPUs that were there when it returned */
};

/*
 * crew_add - one more CPU
 * @id: x86: number of its local APIC; arm64: its MPIDR
 *
 * Nothing happens if it is this one, if it cannot be reached, or if all seats are taken.
 */
void crew_add(struct crew *c, uint64_t id);

/* Can it be called at all from this CPU? Asked before anything else. */
bool crew_possible(const struct crew *c);

/* Wake all, and wait until they are there, for at most a tenth of a second. */
void crew_start(struct crew *c);

/*
 * crew_stop - send all away
 *
 * False if one is still running: it hangs, and may go on at any time. x86 stops every CPU.
 */
__must_check bool crew_stop(struct crew *c);

/* CPUs that have come, so far. */
unsigned int crew_here(const struct crew *c);

/*
 * x86: instead of crew_start(), where firmware wakes them: count is set, and crew_firmware() is
 * what it calls.
 */
void crew_prepare(const struct crew *c);

#endif
