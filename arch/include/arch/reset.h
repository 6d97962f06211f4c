/* SPDX-License-Identifier: BSD-2-Clause */
/* A warm reset. What is known of a machine's ways is in the architecture's <arch/reset_how.h>. */
#ifndef ARCH_RESET_H
#define ARCH_RESET_H

#include <core/mem.h>

struct reset_how;

/*
 * reset_find - how this machine wants to be reset
 * @m: a view of the memory that firmware's tables are in
 * @rsdp, @fdt: physical addresses of ACPI's root pointer and of a device tree; 0: none
 *
 * Pure. Returns KB_OK or what reading the tables returned; @ret then holds what is left to try.
 */
__must_check enum kb_status reset_find(const struct mem *m, uint64_t rsdp, uint64_t fdt,
				       struct reset_how *ret);

/*
 * reset_try - a warm reset by every way that is known, the best one first
 * @how: a register in memory must be mapped; NULL: nothing is known
 *
 * Returns when the machine is still running after all of them.
 */
void reset_try(const struct reset_how *how);

#endif
