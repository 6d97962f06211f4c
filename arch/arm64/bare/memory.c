// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of arm64: RAM by the device tree. */
#include <arch/bare.h>
#include <arch/cpu.h>
#include <khoboot/log.h>

#define RESERVED_MAX 128 /* pieces of RAM that is not free, and of memory that is no RAM */

static enum kb_status read_nodes(struct bare *b, struct kb_diag *diag)
{
	struct bare_arch *a = &b->arch;
	enum kb_status st = dtb_memory(a->fdt, &b->mem.ram, diag);

	if (!st)
		st = dtb_reserved(a->fdt, &a->nomap, &a->reserved, diag);
	for (size_t i = 0; i < a->nomap.count && !st; i++)
		st = range_list_subtract(&b->mem.ram, a->nomap.r[i]);
	return st;
}

enum kb_status bare_read_memory(struct bare *b)
{
	uint64_t size = RESERVED_MAX * sizeof(struct range);
	struct kb_diag diag = {0};
	enum kb_status st;

	b->arch.nomap = (struct range_list){arena_alloc(&b->arena, size, 16), 0, RESERVED_MAX};
	b->arch.reserved = (struct range_list){arena_alloc(&b->arena, size, 16), 0, RESERVED_MAX};
	st = b->arch.nomap.r && b->arch.reserved.r ? read_nodes(b, &diag) : KB_ARENA;
	return st ? kb_refuse("memory", st, &diag) : KB_OK;
}
