/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is read from ACPI: how the machine says it is reset, and where its console is.
 *
 * Functions here believe checksums and nothing else; tables that they do not look for are not
 * looked into. @m is a view of the memory that ACPI tables are in, which is no RAM for a kernel,
 * @rsdp the physical address of the root pointer. They return KB_OK, KB_ACPI_RSDP, or KB_ACPI_TABLE
 * (the root table, or the one looked for); @ret is untouched on failure. A table that is not there
 * is no error.
 */
#ifndef FORMAT_ACPI_H
#define FORMAT_ACPI_H

#include <core/console.h>
#include <core/mem.h>

/* Address spaces of ACPI 6.5 table 5.1 that a reset register may be in (section 4.8.3.6). */
enum acpi_space { ACPI_MEMORY = 0, ACPI_PORT = 1, ACPI_PCI = 2 };

struct acpi_reset {
	bool found;       /* false: the machine names none, the rest is zero */
	uint8_t space;    /* enum acpi_space */
	uint64_t address; /* PCI: device << 32 | function << 16 | register, of bus 0 */
	uint8_t value;    /* to write, one byte */
};

/*
 * acpi_find_reset - the reset register of the FADT
 *
 * A machine without FADT, or with one that has no reset register (RESET_REG_SUP), has none.
 */
__must_check enum kb_status acpi_find_reset(const struct mem *m, uint64_t rsdp,
					    struct acpi_reset *ret);

/* ARM_BOOT_ARCH flags of the FADT (ACPI 6.5 table 5.11). */
#define ACPI_ARM_PSCI (1u << 0) /* PSCI 0.2 or later */
#define ACPI_ARM_HVC  (1u << 1) /* called by HVC, else by SMC */

/* acpi_arm_boot - those flags; 0 in a FADT that is too old to have them */
__must_check enum kb_status acpi_arm_boot(const struct mem *m, uint64_t rsdp, uint32_t *ret);

/*
 * acpi_console - the port of the SPCR ("Serial Port Console Redirection", Microsoft)
 *
 * UART_NONE in .kind where there is none, or none that khoboot can drive: PL011 and its subset of
 * the SBSA, 8250 with registers of a byte side by side or of 32 bits each.
 */
__must_check enum kb_status acpi_console(const struct mem *m, uint64_t rsdp, struct uart *ret);

#endif
