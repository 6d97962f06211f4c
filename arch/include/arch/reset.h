/* SPDX-License-Identifier: BSD-2-Clause */
/* A warm reset. How it is done on this machine is in struct reset_how (<arch/reset_how.h>). */
#ifndef ARCH_RESET_H
#define ARCH_RESET_H

#include <core/mem.h>

struct reset_how;

/*
 * reset_find - find out how this machine is reset
 * @m: a view of the memory that firmware's tables are in
 * @rsdp, @fdt: physical addresses of ACPI's root pointer and of a device tree; 0: none
 *
 * Pure. Returns KB_OK; x86: what acpi_find_reset() returns; arm64: what dtb_get(), dtb_read() or
 * acpi_arm_boot() returns. @ret is always set: after a failure, to what can still be tried.
 */
__must_check enum kb_status reset_find(const struct mem *m, uint64_t rsdp, uint64_t fdt,
				       struct reset_how *ret);

/*
 * reset_try - a warm reset by every way that is known, the best one first
 * @how: a register in memory must be mapped; NULL: nothing is known (arm64: but for what
 *	 reset_remember() was told)
 *
 * Returns only if the machine is still running after all of them.
 */
void reset_try(const struct reset_how *how);

#endif
