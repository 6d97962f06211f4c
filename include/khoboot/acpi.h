/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one thing that is read from ACPI: how the machine says it is reset.
 */
#ifndef KHOBOOT_ACPI_H
#define KHOBOOT_ACPI_H

#include <khoboot/mem.h>

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
 * @m: a view of the memory that ACPI tables are in, which is no RAM for a kernel
 * @rsdp: physical address of the root pointer
 *
 * Believes checksums and nothing else; tables that are not the FADT are not looked into. A machine
 * without FADT, or with one that has no reset register (RESET_REG_SUP), is no error.
 *
 * Returns KB_OK, KB_ACPI_RSDP, or KB_ACPI_TABLE (root table or FADT); @ret is untouched on failure.
 */
__must_check enum kb_status acpi_find_reset(const struct mem *m, uint64_t rsdp,
					    struct acpi_reset *ret);

#endif
