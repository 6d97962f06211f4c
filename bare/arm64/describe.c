// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of arm64: what the device tree points to, and what the next kernel gets. */
#include <arch/early.h>
#include <bare/bare.h>

static struct range tree(const struct bare *b)
{
	return (struct range){(uintptr_t)b->arch.fdt, b->arch.fdt_size};
}

enum kb_status bare_list_busy(struct bare *b)
{
	const struct bare_arch *a = &b->arch;
	/* The tables of entry.S, in use while our own are changed. */
	struct range early = {range_end(b->segment), EARLY_TABLES_SIZE};
	enum kb_status st = range_list_add(&b->busy, early);

	b->initrd_outside = a->facts.initrd;
	if (!st)
		st = range_list_add(&b->busy, tree(b));
	if (!st)
		st = range_list_add(&b->busy, b->initrd_outside);
	if (!st)
		st = range_list_add(&b->busy, a->facts.uefi.map);
	if (!st)
		st = range_list_add(&b->busy, a->facts.elfcorehdr);
	for (size_t i = 0; i < a->reserved.count && !st; i++)
		st = range_list_add(&b->busy, a->reserved.r[i]);
	return st;
}

enum kb_status bare_describe_boot(struct bare *b)
{
	b->s.boot.fdt = b->arch.fdt;
	b->s.boot.fdt_addr = (uintptr_t)b->arch.fdt;
	return KB_OK;
}

/* The next kernel wipes the seeds in its own tree; we wipe them in this one, where we may write. */
static bool seeds_to_wipe(const struct bare *b)
{
	return b->s.kho && range_list_contains(&b->s.kho->scratch, tree(b));
}

enum kb_status bare_map_more(struct bare *b)
{
	return seeds_to_wipe(b) ? bare_map(b, range_pages(tree(b)), PT_WRITE) : KB_OK;
}

void bare_fill_block(struct bare *b)
{
	if (seeds_to_wipe(b))
		dtb_wipe_seeds((void *)(uintptr_t)b->arch.fdt);
}
