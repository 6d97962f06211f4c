// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of x86: setup_data, which holds KHO and the rest of the memory map. */
#include <bare/bare.h>
#include <core/log.h>

enum kb_status bare_read_handover(struct bare *b)
{
	enum kb_status st = setup_list_read(&b->s.mem, b->arch.bp->setup_data, &b->arch.setup);

	if (!st)
		st = setup_find_kho(&b->s.mem, &b->arch.setup, &b->s.has_kho, &b->s.handover);
	return st ? kb_refuse("setup_data", st, &b->s.mem.diag) : KB_OK;
}

/* Add the entries of one E820_EXT node, and map the RAM in them. */
static enum kb_status extend_memory_map(struct bare *b, const struct e820_entry *e, size_t n)
{
	/* The list of free memory is not needed yet: it holds the RAM known so far. */
	enum kb_status st = range_list_copy(&b->s.mem.ram, &b->s.free);

	if (!st)
		st = memmap_add(&b->arch.e820, e, n);
	if (!st)
		st = memmap_ram(&b->arch.e820, &b->s.mem.ram);
	if (st)
		return st;
	return bare_map_new_ram(b, &b->s.free);
}

enum kb_status bare_extend_memory(struct bare *b)
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
