// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door of arm64: other CPUs, by device tree or ACPI, and PSCI. */
#include <arch/reset_how.h>
#include <fdt/dtb.h>
#include <format/acpi.h>

#include "../uefi.h"

static void count(void *ctx, uint64_t id)
{
	(void)id;
	++*(unsigned int *)ctx;
}

static void add(void *ctx, uint64_t id)
{
	crew_add(ctx, id);
}

/* Firmware's tables are not in RAM, and firmware has mapped them. */
static struct range everything = {0, ARCH_ADDRESSES};

static struct mem tables(void)
{
	return (struct mem){.ram = {&everything, 1, 1}, .map = mem_map_identity};
}

/* False if a table cannot be read. */
static bool each_cpu(const struct uefi *u, acpi_cpu_fn *fn, void *ctx)
{
	uint64_t rsdp = fw_acpi_rsdp(&u->fw), tree = fw_device_tree(&u->fw);
	struct mem m = tables();
	const void *fdt;

	if (rsdp)
		return !acpi_each_cpu(&m, rsdp, ACPI_MPIDR, fn, ctx);
	if (!tree || dtb_get(&m, tree, &fdt, NULL))
		return false;
	dtb_each_cpu(fdt, fn, ctx);
	return true;
}

unsigned int uefi_count_cpus(struct uefi *u, struct stage_crew *c)
{
	struct mem m = tables();
	struct reset_how how;
	unsigned int all = 0;

	if (reset_find(&m, fw_acpi_rsdp(&u->fw), fw_device_tree(&u->fw), &how) &&
	    how.psci == PSCI_NONE)
		return 0;
	c->crew.arch.psci = how.psci;
	return crew_possible(&c->crew) && each_cpu(u, count, &all) ? all : 0;
}

void uefi_ready_crew(struct uefi *u, struct stage_crew *c)
{
	(void)each_cpu(u, add, &c->crew);
}
