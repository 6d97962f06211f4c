/* SPDX-License-Identifier: BSD-2-Clause */
/* How an x86 machine is reset. */
#ifndef ARCH_X86_RESET_HOW_H
#define ARCH_X86_RESET_HOW_H

#include <arch/reset.h>
#include <format/acpi.h>

/*
 * By the FADT's register, by 0xCF9, by the keyboard controller, in this order. 0xCF9 always gets
 * 0x06, whatever the FADT says: 0x0E would be a power cycle.
 */
struct reset_how {
	struct acpi_reset fadt;
};

#endif
