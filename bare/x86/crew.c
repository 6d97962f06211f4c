// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of x86: other CPUs, by ACPI and the local APIC. */
#include <arch/cpu.h>
#include <bare/bare.h>

enum kb_status bare_each_cpu(struct bare *b, acpi_cpu_fn *fn, void *ctx)
{
	uint64_t rsdp = b->arch.bp->acpi_rsdp_addr;
	struct mem m = {.ram = b->fresh, .map = bare_map_table, .ctx = b};
	enum kb_status st = rsdp ? memmap_tables(&b->arch.e820, &m.ram) : KB_OK;

	return st || !rsdp ? st : acpi_each_cpu(&m, rsdp, ACPI_APIC, fn, ctx);
}

/*
 * Pages for the first instructions of the others, which begin below 1 MiB: of the outgoing kernel's
 * RAM, so not firmware's, nor below the first page, where firmware's own data of real mode are.
 * What is there is put back; all the same it must be nobody's.
 */
static bool find_low(struct bare *b, struct range *ret)
{
	struct range_list *l = &b->fresh;

	return !range_list_copy(&b->s.mem.ram, l) && !range_list_subtract_all(l, &b->busy) &&
	       !range_list_find(l, (struct range){SZ_4K, 0x9f000}, CREW_LOW, SZ_4K, true, ret) &&
	       kho_range_free(&b->s.mem, b->s.kho, *ret);
}

bool bare_ready_crew(struct bare *b, struct crew *c)
{
	struct range low;

	if (!crew_possible(c) || !find_low(b, &low))
		return false;
	c->arch.low = low.base;
	c->arch.apic = crew_apic();
	c->arch.tables = b->s.tables.pool_addr;
	if (c->arch.apic && bare_map(b, (struct range){c->arch.apic, SZ_4K}, PT_WRITE | PT_DEVICE))
		return false;
	return !bare_map(b, low, PT_WRITE | PT_EXEC);
}
