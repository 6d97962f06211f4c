// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of arm64: does memory survive a reset, and how is the machine reset? */
#include <arch/machine.h>
#include <arch/route_check.h>
#include <bare/bare.h>
#include <core/log.h>
#include <format/smbios.h>
#include <route/route.h>
#include <stage/fwcfg.h>

#define AREA "route"

/* ---- may it be done? ------------------------------------------------------------------------- */

void bare_ask_route(const struct bare *b, struct route_question *q)
{
	q->secure = b->arch.facts.uefi.secure;
	q->uefi = b->arch.facts.uefi.found;
	q->map_size = b->arch.facts.uefi.map.size;
	q->desc_size = b->arch.facts.uefi.desc_size;
}

/* Realms call PSCI by SMC. Where PSCI is called by HVC, or missing, SMC itself may be missing. */
static enum kb_status check_cpu(const struct reset_how *reset)
{
	struct route_cpu cpu = {ROUTE_UNKNOWN_CALL};

	if (reset->psci == PSCI_SMC)
		cpu.rsi = psci_call(PSCI_SMC, ROUTE_RSI_VERSION, ROUTE_RSI_REQUEST, 0, 0);
	return route_cpu_check(&cpu);
}

/* If the TPM interface was asked to have memory cleared, our reset would clear it. */
static enum kb_status check_tpm(struct bare *b)
{
	uint64_t device = b->arch.facts.fwcfg, request;

	if (!device)
		return KB_OK;
	if (bare_map(b, (struct range){align_down(device, SZ_4K), SZ_4K}, PT_WRITE | PT_DEVICE))
		return KB_ROUTE_TPM;
	fwcfg_set_base(device);
	request = fwcfg_clear_request();
	if (!request)
		return KB_OK;
	if (bare_map(b, (struct range){align_down(request, SZ_4K), SZ_4K}, PT_READ | PT_DEVICE))
		return KB_ROUTE_TPM;
	return *(const volatile uint8_t *)(uintptr_t)request & 1 ? KB_ROUTE_TPM : KB_OK;
}

/* A view of the memory that firmware's tables are in. */
static enum kb_status view_tables(struct bare *b, struct mem *m)
{
	struct efi_map map = bare_efi_map(&b->arch);

	*m = (struct mem){.ram = b->fresh, .map = bare_map_table, .ctx = b};
	return efi_map_all(&map, &m->ram);
}

static enum kb_status find_reset(struct bare *b)
{
	struct reset_how *reset = &b->arch.reset;
	struct mem m;
	enum kb_status st = view_tables(b, &m);

	if (!st)
		st = reset_find(&m, b->arch.tables.rsdp, (uintptr_t)b->arch.fdt, reset);
	if (st)
		kb_warn(AREA, "KB-%03d %s", (int)st, kb_cause(st));
	return psci_reachable(reset->psci) ? KB_OK : KB_ROUTE_RESET;
}

enum kb_status bare_memory_survives(struct bare *b)
{
	enum kb_status st = find_reset(b);

	if (!st)
		st = check_cpu(&b->arch.reset);
	return st ? st : check_tpm(b);
}

/* ---- what firmware left in tables ------------------------------------------------------------ */

void bare_read_tables(struct bare *b, struct reset_how *reset, struct kb_record_facts *facts)
{
	uint64_t smbios = b->arch.tables.smbios;
	struct mem m;

	*reset = b->arch.reset;
	if (!smbios)
		return;
	if (view_tables(b, &m) || smbios_uuid(&m, smbios, facts->machine))
		kb_warn(AREA, "this machine has no SMBIOS UUID");
}
