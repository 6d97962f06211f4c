// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of x86: the memory map of the zero page. */
#include <bare/bare.h>
#include <core/log.h>

enum kb_status bare_read_memory(struct bare *b)
{
	const struct boot_params *bp = b->arch.bp;
	size_t n = bp->e820_entries < BP_E820_MAX ? bp->e820_entries : BP_E820_MAX;
	struct memmap *map = &b->arch.e820;
	enum kb_status st;

	/* As many as the lists of ranges may have. */
	map->max = b->s.mem.ram.max;
	map->e = arena_take(&b->arena, map->max * sizeof(struct e820_entry), 16);
	st = map->e ? memmap_add(map, bp->e820_table, n) : KB_ARENA;
	if (!st)
		st = memmap_ram(map, &b->s.mem.ram);
	return st ? kb_refuse("memory", st, NULL) : KB_OK;
}
