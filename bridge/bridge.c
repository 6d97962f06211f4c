// SPDX-License-Identifier: BSD-2-Clause
/* The passes of the bridge: count, rehearse, write. All run the same steps in the same order. */
#include <bridge/bridge.h>
#include <bridge/map.h>

#include "internal.h"

/* The new root FDT is the first page; its content, which has all other addresses, comes last. */
static enum kb_status take_root(struct bridge *b)
{
	const struct kho_root *root = &b->pages.k->root;
	enum kb_status st = kho_pages_preserve(&b->pages, 0, &b->fdt, &b->fdt_bytes);

	return st ? st : kho_pages_drop(&b->pages, 0, phys(root->fdt.base));
}

static enum kb_status write_data(struct bridge *b)
{
	enum kb_status st = take_root(b);

	return st ? st : bridge_write_blobs(b);
}

static enum kb_status write_map(struct bridge *b)
{
	const struct bridge_map_form form = {b->to->format, kho_dialect_orders(b->to)};

	kho_pages_sort(&b->pages);
	return bridge_write_map(&b->pages, &b->pages.k->map, &form, &b->map, &b->sum);
}

static enum kb_status pass(struct bridge *b, bool rehearsal)
{
	enum kb_status st;

	kho_pages_begin(&b->pages, rehearsal);
	st = write_data(b);
	if (!st)
		st = write_map(b);
	b->pages_taken = b->pages.taken;
	return st ? st
		  : bridge_write_root(b, b->map.root, rehearsal ? b->pages.trial : b->fdt_bytes);
}

enum kb_status bridge_count(struct bridge *b, size_t *ret)
{
	enum kb_status st;

	kho_pages_begin(&b->pages, true);
	st = write_data(b);
	if (!st)
		*ret = b->pages.edits;
	return st;
}

enum kb_status bridge_plan(struct bridge *b)
{
	return pass(b, true);
}

enum kb_status bridge_write(struct bridge *b)
{
	return pass(b, false);
}

static void adopt_summary(const struct bridge *b, struct kho_summary *sum)
{
	const struct kho_summary old = *sum;

	*sum = b->sum;
	sum->runs = old.runs;
	sum->lowest = old.lowest;
	sum->end = old.end;
	for (size_t i = 0; i < b->pages.edits; i++) {
		const struct kho_edit *e = &b->pages.edit[i];

		if (!e->add)
			continue;
		sum->runs++;
		sum->lowest = min_u64(sum->lowest, e->base);
		sum->end = max_u64(sum->end, e->base + (1ULL << (e->order + b->to->page_shift)));
	}
}

enum kb_status bridge_adopt(const struct bridge *b, struct kho *k, struct kho_handover *h)
{
	struct kho_handover handover = *h;
	enum kb_status st;

	handover.fdt = b->fdt;
	st = kho_root_parse(b->pages.m, &handover, &k->root);
	if (st)
		return st;
	*h = handover;
	k->map = b->map;
	adopt_summary(b, &k->sum);
	return KB_OK;
}
