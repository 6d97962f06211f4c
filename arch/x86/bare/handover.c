// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of x86: setup_data, which brings KHO and the memory map's continuation. */
#include <arch/bare.h>
#include <khoboot/log.h>

static enum kb_status read_setup_data(struct bare *b)
{
	enum kb_status st = setup_list_read(&b->mem, b->arch.bp->setup_data, &b->arch.setup);

	if (!st)
		st = setup_find_kho(&b->mem, &b->arch.setup, &b->has_kho, &b->handover);
	return st ? kb_refuse("setup_data", st, &b->mem.diag) : KB_OK;
}

/* Add the entries of one E820_EXT node, and map the RAM that they bring. */
static enum kb_status extend_memory_map(struct bare *b, const struct e820_entry *e, size_t n)
{
	/* The list of free memory is not in use yet: it keeps the RAM known so far. */
	enum kb_status st = range_list_copy(&b->mem.ram, &b->free);

	if (!st)
		st = memmap_add(&b->arch.e820, e, n);
	if (!st)
		st = memmap_ram(&b->arch.e820, &b->mem.ram);
	if (st)
		return st;
	return map_new_ram(b, &b->free);
}

static enum kb_status read_e820_nodes(struct bare *b)
{
	for (size_t i = 0; i < b->arch.setup.count; i++) {
		uint64_t at = b->arch.setup.node[i].addr + sizeof(struct setup_data);
		size_t n = b->arch.setup.node[i].len / sizeof(struct e820_entry);
		enum kb_status st;

		if (b->arch.setup.node[i].type != SETUP_E820_EXT)
			continue;
		st = extend_memory_map(b, (const void *)(uintptr_t)at, n);
		if (st)
			return kb_refuse("memory", st, NULL);
	}
	return KB_OK;
}

enum kb_status bare_read_handover(struct bare *b)
{
	enum kb_status st = read_setup_data(b);

	return st ? st : read_e820_nodes(b);
}
