// SPDX-License-Identifier: BSD-2-Clause
/*
 * ACPI and SMBIOS tables: memory at BASE is the input. Checksums are made right where a table
 * begins, so that the fuzzer gets past them.
 */
#include <format/acpi.h>
#include <format/smbios.h>

#include <stdlib.h>
#include <string.h>

#define BASE 0x1000ULL

static void see_cpu(void *sum, uint64_t id)
{
	*(uint64_t *)sum += id;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const void *map(void *ctx, uint64_t pa, uint64_t len)
{
	(void)len;
	return (const uint8_t *)ctx + (pa - BASE);
}

static void repair(uint8_t *p, size_t len, size_t where)
{
	uint8_t sum = 0;

	if (where >= len)
		return;
	p[where] = 0;
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + p[i]);
	p[where] = (uint8_t)-sum;
}

/* Root pointer at BASE, tables wherever one of the signatures stands. */
static void repair_acpi(uint8_t *p, size_t size)
{
	for (size_t at = 0; at + 36 <= size; at++) {
		bool table = !memcmp(p + at, "XSDT", 4) || !memcmp(p + at, "RSDT", 4) ||
			     !memcmp(p + at, "FACP", 4) || !memcmp(p + at, "SPCR", 4) ||
			     !memcmp(p + at, "APIC", 4);

		if (table && get_u32(p + at + 4) <= size - at)
			repair(p + at, get_u32(p + at + 4), 9);
	}
	repair(p, 20, 8);
	repair(p, 36, 32);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct range ram = {BASE, size};
	struct mem m = {.ram = {&ram, 1, 1}, .map = map};
	struct acpi_reset reset;
	struct uart uart;
	uint32_t flags;
	uint64_t seen = 0;
	uint8_t uuid[16], *p;

	if (size < 40)
		return 0;
	p = malloc(size);
	if (!p)
		abort();
	m.ctx = memcpy(p, data, size);
	repair_acpi(p, size);
	if (!acpi_find_reset(&m, BASE, &reset) && !reset.found && reset.address)
		__builtin_trap();
	(void)!acpi_arm_boot(&m, BASE, &flags);
	(void)!acpi_each_cpu(&m, BASE, ACPI_APIC, see_cpu, &seen);
	(void)!acpi_each_cpu(&m, BASE, ACPI_MPIDR, see_cpu, &seen);
	if (!acpi_console(&m, BASE, &uart) && !uart.kind != !uart.base)
		__builtin_trap();
	memcpy(p, data, size);
	repair(p, p[0] & 1 ? 0x18 : 0x1f, p[0] & 1 ? 5 : 4);
	memcpy(p, p[0] & 1 ? "_SM3_" : "_SM_", 4);
	repair(p, p[0] & 1 ? 0x18 : 0x1f, p[0] & 1 ? 5 : 4);
	(void)!smbios_uuid(&m, BASE, uuid);
	free(p);
	return 0;
}
