// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of arm64: other CPUs, by device tree or ACPI, and PSCI. */
#include <bare/bare.h>

bool bare_ready_crew(struct bare *b, struct crew *c)
{
	c->arch.psci = b->arch.reset.psci;
	return crew_possible(c);
}

enum kb_status bare_each_cpu(struct bare *b, acpi_cpu_fn *fn, void *ctx)
{
	struct efi_map map = bare_efi_map(&b->arch);
	struct mem m = {.ram = b->fresh, .map = bare_map_table, .ctx = b};
	enum kb_status st;

	dtb_each_cpu(b->arch.fdt, fn, ctx);
	if (!b->arch.facts.acpi || !b->arch.tables.rsdp)
		return KB_OK;
	st = efi_map_all(&map, &m.ram);
	return st ? st : acpi_each_cpu(&m, b->arch.tables.rsdp, ACPI_MPIDR, fn, ctx);
}
