/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPU: faults, page tables, the clock, the way out. What only one architecture has is in
 * <arch/cpu_x86.h> and <arch/cpu_arm64.h>.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <arch/boot.h>
#include <arch/pagetable.h>
#include <route/moved.h>

/* From here on a fault is reported (trap_report()) instead of a silent reset or hang. */
void cpu_init(void);

/* Stop for good: interrupts off, waiting. */
__noreturn void cpu_halt(void);

/* Ticks of a free-running clock; x86: the time stamp counter; arm64: the virtual counter. */
uint64_t cpu_clock(void);

/* Other CPUs are waited for: let them, and a host that emulates them, get on. */
void cpu_relax(void);

/*
 * Microseconds in @ticks of cpu_clock(), 0 when its frequency is not known. x86: the first call may
 * take about 1 ms, to measure it.
 */
uint64_t cpu_clock_us(uint64_t ticks);

/* Tables for this CPU: @pool is mapped 1:1, has @pages pages and stays in use. Next: pt_init(). */
struct pagetable cpu_tables(void *pool, size_t pages);

/*
 * Run on @pt from now on, and enforce its protection bits. It must map the image, the stack and
 * whatever else is in use.
 */
void cpu_use_tables(const struct pagetable *pt);

/* The mode in which the CPU was handed to us, in a few words for the log. */
const char *cpu_mode(void);

/*
 * Could a kernel that is told to encrypt memory with a key of the CPU, by its page tables? x86:
 * SME, which firmware has enabled (AMD APM volume 2, 7.10; a kernel asks the same, Linux
 * arch/x86/boot/startup/sme.c). arm64: never.
 */
bool cpu_may_encrypt(void);

/*
 * cpu_can_start - may @k be started on this CPU, in the mode that it is in?
 * @cmdline: the kernel's
 * @reset: not now, but after a reset
 *
 * Returns KB_OK; x86: what kernel_choose() returns; arm64: KB_CPU_GRANULE.
 */
__must_check enum kb_status cpu_can_start(struct kernel *k, struct kb_text cmdline, bool reset,
					  struct kb_diag *diag);

/*
 * cpu_leave - put evacuated pages back, and enter the next kernel
 * @initrd: the kernel's initrd; size 0: none
 * @pt: tables to leave with; they map what is in @place
 * @moves: pages to put back as the very last step, maybe over khoboot itself
 * @stub: needed with moves: address of 4 KiB of executable memory that is no page's home
 *
 * All else is in its place. arm64 writes back from the caches what is read with the MMU off.
 */
__noreturn void cpu_leave(const struct boot_placement *place, struct range initrd,
			  const struct pagetable *pt, const struct kb_moves *moves, uint64_t stub);

/* ---- faults ---- */

struct trap_frame; /* the registers at a fault, as entry.S leaves them */

/*
 * trap_describe - log what happened, where, and the registers; returns what trap_status() does
 * @ram: all that is known to be RAM; may be empty
 *
 * Called by trap_report() (stage/fault.c), which entry.S enters.
 */
enum kb_status trap_describe(const struct trap_frame *f, const struct range_list *ram);

#endif
