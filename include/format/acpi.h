/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is read from ACPI: how to reset the machine, and where its console is.
 *
 * A table is used only if its checksum is right. Tables that are not asked for are not read. @m is
 * a view of the memory that holds the ACPI tables, which is not RAM for a kernel; @rsdp is the
 * physical address of the root pointer. The functions return KB_OK, KB_ACPI_RSDP, or KB_ACPI_TABLE
 * (the root table, or the one asked for); @ret is untouched on failure. A missing table is not an
 * error.
 */
#ifndef FORMAT_ACPI_H
#define FORMAT_ACPI_H

#include <core/console.h>
#include <core/mem.h>

/* Address spaces of ACPI 6.5 table 5.1 that a reset register may be in (section 4.8.3.6). */
enum acpi_space { ACPI_MEMORY = 0, ACPI_PORT = 1, ACPI_PCI = 2 };

struct acpi_reset {
	bool found;       /* false: the machine has none, the rest is zero */
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

/* acpi_arm_boot - these flags; 0 without FADT, or if it is too old to have them */
__must_check enum kb_status acpi_arm_boot(const struct mem *m, uint64_t rsdp, uint32_t *ret);

/* How CPUs are named, and which of them are wanted. */
enum acpi_cpus {
	ACPI_APIC,  /* x86: numbers of local APICs, of 8 or 32 bits */
	ACPI_MPIDR, /* arm64 */
};

typedef void acpi_cpu_fn(void *ctx, uint64_t id);

/*
 * acpi_each_cpu - call @fn for each CPU that the MADT says is enabled, in its order
 *
 * The same one may be named twice. Without MADT there is none. Returns KB_OK, KB_ACPI_RSDP or
 * KB_ACPI_TABLE: an entry before which @fn may have been called is not what it should be.
 */
__must_check enum kb_status acpi_each_cpu(const struct mem *m, uint64_t rsdp, enum acpi_cpus kind,
					  acpi_cpu_fn *fn, void *ctx);

/*
 * acpi_console - the port of the SPCR ("Serial Port Console Redirection", Microsoft)
 *
 * .kind is UART_NONE if there is no SPCR or khoboot cannot drive the port. It can drive a PL011,
 * the SBSA's subset of that, and an 8250 with adjacent registers of 1 byte or of 4 bytes.
 */
__must_check enum kb_status acpi_console(const struct mem *m, uint64_t rsdp, struct uart *ret);

#endif
