// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of arm64: KHO from /chosen, and what only UEFI's tables say. */
#include <arch/machine.h>
#include <bare/bare.h>
#include <core/log.h>
#include <format/acpi.h>

#include <string.h>

static void use_acpi_console(struct bare *b, const struct mem *m)
{
	struct uart u;

	if (acpi_console(m, b->arch.tables.rsdp, &u))
		return;
	u = console_outside(u, &b->s.mem.ram);
	if (u.kind == UART_NONE || bare_map(b, console_registers(u), PT_WRITE | PT_DEVICE))
		return;
	uart_set_default(u);
}

/* Find console and reset by ACPI, where the tree does not describe them. */
static void use_acpi(struct bare *b, const struct mem *m)
{
	struct reset_how reset;

	if (!b->arch.tables.rsdp)
		return;
	if (b->arch.facts.uart.kind == UART_NONE)
		use_acpi_console(b, m);
	if (b->arch.facts.psci == PSCI_NONE && !reset_find(m, b->arch.tables.rsdp, 0, &reset))
		reset_remember(&reset);
}

enum kb_status bare_read_handover(struct bare *b)
{
	b->s.has_kho = b->arch.facts.has_kho;
	b->s.handover = b->arch.facts.kho;
	b->s.uefi = b->arch.facts.uefi.found;
	return KB_OK;
}

/* The EFI stub leaves it in a table of its own; a screen is no reason to refuse. */
static void read_screen(struct bare *b, const struct mem *m)
{
	const void *si = NULL;

	if (b->arch.tables.screen)
		si = mem_get(m, phys(b->arch.tables.screen), sizeof(b->arch.screen));
	if (si)
		memcpy(&b->arch.screen, si, sizeof(b->arch.screen));
}

/*
 * Firmware's tables may lie in any memory that UEFI's map names, RAM or not. The map itself is not
 * in RAM for a crash kernel: the crashed one has it.
 */
static enum kb_status read_tables(struct bare *b)
{
	struct efi_map map = bare_efi_map(&b->arch);
	struct mem m = {.ram = b->fresh, .map = bare_map_table, .ctx = b};
	enum kb_status st = KB_PT_POOL;

	if (bare_map_table(b, b->arch.facts.uefi.map.base, map.size))
		st = efi_map_all(&map, &m.ram);

	if (!st)
		st = efi_find_tables(&m, &map, b->arch.facts.uefi.systab, &b->arch.tables);
	if (!st)
		use_acpi(b, &m);
	if (!st)
		read_screen(b, &m);
	if (!st)
		st = efi_reserved(&m, b->arch.tables.memreserve, &b->busy);
	if (!st || !b->s.crash)
		return st ? kb_refuse("memory", st, &m.diag) : KB_OK;
	/* Lost are a console and a way to reset; reservations are in the crashed kernel's RAM. */
	kb_warn("memory", "KB-%03d %s; going on without these tables", (int)st, kb_cause(st));
	return KB_OK;
}

enum kb_status bare_extend_memory(struct bare *b)
{
	return b->arch.facts.uefi.found ? read_tables(b) : KB_OK;
}
