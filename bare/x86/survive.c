// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of x86: does memory survive a reset, and how is the machine reset? */
#include <arch/cpu_x86.h>
#include <arch/route_check.h>
#include <bare/bare.h>
#include <core/log.h>
#include <format/smbios.h>
#include <route/route.h>
#include <stage/fwcfg.h>

#include <string.h>

#define AREA "route"

/* ---- may it be done? ------------------------------------------------------------------------- */

void bare_ask_route(const struct bare *b, struct route_question *q)
{
	const struct boot_params *bp = b->arch.bp;

	q->secure = bp->secure_boot;
	q->uefi = !memcmp(bp->efi_loader_signature, BP_EFI_64, sizeof(bp->efi_loader_signature));
}

static enum kb_status check_cpu(void)
{
	struct route_cpu cpu = {0};

	cpu_encryption(&cpu);
	return route_cpu_check(&cpu);
}

/* If the TPM interface was asked to have memory cleared, our reset would clear it. */
static enum kb_status check_tpm(struct bare *b)
{
	uint64_t request = fwcfg_clear_request();
	struct range page = {align_down(request, SZ_4K), SZ_4K};

	if (!request)
		return KB_OK;
	if (bare_map(b, page, PT_READ | PT_DEVICE))
		return KB_ROUTE_TPM;
	return *(const volatile uint8_t *)(uintptr_t)request & 1 ? KB_ROUTE_TPM : KB_OK;
}

enum kb_status bare_memory_survives(struct bare *b)
{
	enum kb_status st = check_cpu();

	return st ? st : check_tpm(b);
}

/* ---- what firmware left in tables ------------------------------------------------------------ */

/* A reset register in memory is not RAM, so not mapped yet. If it cannot be, 0xCF9 remains. */
static void map_reset(struct bare *b, struct acpi_reset *reset)
{
	struct range page = {align_down(reset->address, SZ_4K), SZ_4K};

	if (reset->found && reset->space == ACPI_MEMORY && bare_map(b, page, PT_WRITE | PT_DEVICE))
		reset->found = false;
}

void bare_read_tables(struct bare *b, struct reset_how *reset, struct kb_record_facts *facts)
{
	struct mem m = {.ram = b->fresh, .map = bare_map_table, .ctx = b};
	uint64_t smbios = setup_find_efi(&b->s.mem, &b->arch.setup).smbios;
	enum kb_status st = memmap_tables(&b->arch.e820, &m.ram);

	if (!st)
		st = reset_find(&m, b->arch.bp->acpi_rsdp_addr, 0, reset);
	if (st)
		kb_warn(AREA, "KB-%03d %s; resetting by 0xCF9", (int)st, kb_cause(st));
	map_reset(b, &reset->fadt);
	if (smbios && smbios_uuid(&m, smbios, facts->machine))
		kb_warn(AREA, "this machine has no SMBIOS UUID");
}
