/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A warm reset, and what has to be in memory before it.
 */
#ifndef ARCH_X86_RESET_H
#define ARCH_X86_RESET_H

#include <arch/acpi.h>

/*
 * reset_try - reset by the FADT's register, by 0xCF9, by the keyboard controller, in this order
 * @fadt: from acpi_find_reset(); a register in memory must be mapped. NULL: nothing is known
 *
 * 0xCF9 always gets 0x06, whatever the FADT says: 0x0E would be a power cycle. Returns when the
 * machine is still running a second later.
 */
void reset_try(const struct acpi_reset *fadt);

/* Write back what caches hold of @len bytes at @p, in all CPUs (CLFLUSH is coherent). */
void flush_range(const void *p, uint64_t len);

/* Write back all of this CPU's caches. */
void flush_all(void);

#endif
