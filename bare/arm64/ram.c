// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of arm64: RAM, from UEFI's map or else from the device tree. */
#include <arch/machine.h>
#include <bare/bare.h>
#include <core/log.h>

/* This map says what our own page tables have to map, so it is itself mapped in the early ones. */
static enum kb_status read_map(struct bare *b)
{
	struct efi_map map = bare_efi_map(&b->arch);
	struct range_list *reclaim = &b->arch.reserved;
	enum kb_status st = bare_map_early(range_pages(b->arch.facts.uefi.map), PT_READ);

	if (!st)
		st = efi_map_kernel_ram(&map, &b->s.mem.ram, reclaim);
	for (size_t i = 0; i < reclaim->count && !st; i++)
		st = range_list_add(&b->busy, reclaim->r[i]);
	return st;
}

/* To a crash kernel only the memory is RAM that was kept free for it. */
static enum kb_status limit_ram(struct bare *b, struct kb_diag *diag)
{
	struct range_list *usable = &b->fresh, *whole = &b->s.free; /* neither is needed yet */
	enum kb_status st = dtb_usable(b->arch.fdt, usable, diag);

	if (st || !usable->count)
		return st;
	st = range_list_copy(&b->s.mem.ram, whole);
	if (!st)
		st = range_list_intersect(whole, usable, &b->s.mem.ram);
	if (!st && !b->s.mem.ram.count)
		st = kb_note(diag, KB_NO_RAM, usable->r[0].base, usable->r[0].size);
	return st;
}

/* Reservations in the tree count in both cases. */
static enum kb_status read_ram(struct bare *b, struct kb_diag *diag)
{
	struct bare_arch *a = &b->arch;
	enum kb_status st =
		a->facts.uefi.found ? read_map(b) : dtb_memory(a->fdt, &b->s.mem.ram, diag);

	if (!st)
		st = limit_ram(b, diag);
	if (!st)
		st = dtb_reserved(a->fdt, &a->nomap, &a->reserved, diag);
	for (size_t i = 0; i < a->nomap.count && !st; i++)
		st = range_list_subtract(&b->s.mem.ram, a->nomap.r[i]);
	return st;
}

/* @odd: of dtb_reserved() */
static void report_odd(const struct kb_diag *odd)
{
	if (odd->status)
		kb_warn("memory", "KB-%03d %s (at 0x%" PRIx64 ")", (int)odd->status,
			kb_cause(odd->status), odd->at);
}

/* RAM is known: the port that .cmdline names may be used, unless it lies in there. */
static void use_image_port(struct bare *b)
{
	struct uart u = console_outside(b->arch.image_uart, &b->s.mem.ram);

	uart_set_unproven((struct uart){UART_NONE, 0});
	if (u.kind != UART_NONE)
		uart_set_default(u);
}

enum kb_status bare_read_memory(struct bare *b)
{
	struct kb_diag diag = {0};
	enum kb_status st = KB_ARENA;

	if (bare_new_list(b, &b->arch.nomap, 1) && bare_new_list(b, &b->arch.reserved, 1))
		st = read_ram(b, &diag);
	if (st)
		return kb_refuse("memory", st, &diag);
	/* ACPI's and persistent memory, and what the tree reserves: never conventional in UEFI. */
	b->s.kept = b->arch.reserved;
	report_odd(&diag);
	use_image_port(b);
	return KB_OK;
}
