// SPDX-License-Identifier: BSD-2-Clause
/* What a map lists: counted by order, in rows, and compared with RAM and scratch. */
#include "walk.h"

#include <core/bits.h>

struct count {
	const struct mem *m;
	const struct range_list *scratch;
	const struct inspect_lister *list;
	struct inspect_map *map;
	unsigned int page_shift;
	uint64_t missing_at, scratch_at, meta_scratch_at; /* the first of them */
	struct range ram_hint;
	/* The row that the last strip ended with. */
	bool open;
	unsigned int order;
	uint64_t at, blocks;
};

static void end_row(struct count *c)
{
	struct inspect_order *o = &c->map->order[c->order];

	if (!c->open)
		return;
	o->runs++;
	o->largest = max_u64(o->largest, c->blocks);
	if (c->list->run)
		c->list->run(c->list->ctx, c->order, c->at, c->blocks);
	c->open = false;
}

/* @blocks more blocks from @at on: of the same row, if they follow it. */
static void add_row(struct count *c, const struct kho_strip *s, uint64_t first, uint64_t blocks)
{
	uint64_t at = s->base + (first << s->block_shift);

	if (c->open && c->order == s->order && at == c->at + (c->blocks << s->block_shift)) {
		c->blocks += blocks;
		return;
	}
	end_row(c);
	c->open = true;
	c->order = s->order;
	c->at = at;
	c->blocks = blocks;
}

/* ---- comparison with RAM and scratch: by block, where a strip is not all one ---- */

static uint64_t block_last(const struct kho_strip *s, uint64_t bit)
{
	return s->base + (bit << s->block_shift) + ((1ULL << s->block_shift) - 1);
}

static struct range block_range(const struct kho_strip *s, uint64_t bit)
{
	uint64_t base = s->base + (bit << s->block_shift);

	/* One that ends at 2^64 loses its last byte. */
	return (struct range){base, block_last(s, bit) - base + (block_last(s, bit) != UINT64_MAX)};
}

static void compare_block(struct count *c, const struct kho_strip *s, uint64_t bit)
{
	struct range r = block_range(s, bit);

	if (!range_list_contains_near(&c->m->ram, &c->ram_hint, r) && !c->map->missing++)
		c->missing_at = r.base;
	if (range_list_overlap(c->scratch, r) && !c->map->in_scratch++)
		c->scratch_at = r.base;
}

static void compare(struct count *c, const struct kho_strip *s, uint64_t bits)
{
	uint64_t last = kho_strip_last(s);
	struct range all = {s->base, last - s->base + (last != UINT64_MAX)};
	bool clear = !range_list_overlap(c->scratch, all);

	if (clear && range_list_contains_near(&c->m->ram, &c->ram_hint, all))
		return;
	if (clear && !range_list_overlap(&c->m->ram, all)) {
		if (!c->map->missing)
			c->missing_at = s->base;
		c->map->missing += bits;
		return;
	}
	for (uint64_t i = 0; i < s->blocks; i += 64)
		for (uint64_t w = get_u64(s->bits + i / 8); w; w &= w - 1)
			compare_block(c, s, i + lowest_bit(w));
}

/* ---- counting ---- */

/* Longest row of set bits in @w; none longer than @known is worth counting. */
static uint64_t longest(uint64_t w, uint64_t known)
{
	uint64_t n = 0;

	if (known >= 64)
		return known;
	for (; w; n++)
		w &= w << 1;
	return max_u64(n, known);
}

/*
 * A word that is neither empty nor full: its rows but the last one end in it. The one that reaches
 * its lowest bit may go on a row before it, the one at its highest bit stays open.
 */
static void count_mixed(struct count *c, const struct kho_strip *s, uint64_t bit, uint64_t w)
{
	struct inspect_order *o = &c->map->order[s->order];
	unsigned int low = lowest_bit(~w), high = (unsigned int)__builtin_clzll(~w);
	uint64_t inner = w & ~bit_mask(0, low);

	if (high)
		inner &= ~0ULL >> high;
	if (low)
		add_row(c, s, bit, low);
	end_row(c);
	o->runs += count_bits(inner & ~(inner << 1));
	o->largest = longest(inner, o->largest);
	if (high)
		add_row(c, s, bit + 64 - high, high);
}

static void count_words(struct count *c, const struct kho_strip *s, uint64_t *bits)
{
	for (uint64_t i = 0; i < s->blocks; i += 64) {
		uint64_t w = get_u64(s->bits + i / 8);

		*bits += count_bits(w);
		if (!w)
			end_row(c);
		else if (!~w)
			add_row(c, s, i, 64);
		else
			count_mixed(c, s, i, w);
	}
}

/* The same, with each row told. */
static void count_rows(struct count *c, const struct kho_strip *s, uint64_t *bits)
{
	struct kho_run run = {0, 0};

	while (kho_strip_run(s, run.first + run.count, &run)) {
		add_row(c, s, run.first, run.count);
		*bits += run.count;
	}
}

static void note_ends(struct inspect_map *map, const struct kho_strip *s)
{
	uint64_t i = 0, j = s->blocks / 64 - 1, bit;

	while (!get_u64(s->bits + 8 * i))
		i++;
	bit = 64 * i + lowest_bit(get_u64(s->bits + 8 * i));
	map->lowest = min_u64(map->lowest, s->base + (bit << s->block_shift));
	while (!get_u64(s->bits + 8 * j))
		j--;
	bit = 64 * j + highest_bit(get_u64(s->bits + 8 * j));
	map->last = max_u64(map->last, block_last(s, bit));
}

static void see_strip(void *ctx, const struct kho_strip *s)
{
	struct count *c = ctx;
	uint64_t bits = 0;

	if (c->list->run)
		count_rows(c, s, &bits);
	else
		count_words(c, s, &bits);
	c->map->order[s->order].entries += bits;
	if (!bits)
		return;
	note_ends(c->map, s);
	compare(c, s, bits);
}

static void see_meta(void *ctx, const struct kho_meta *meta)
{
	struct count *c = ctx;

	c->map->meta[meta->kind]++;
	if (range_list_overlap(c->scratch, meta->bytes) && !c->map->meta_in_scratch++)
		c->meta_scratch_at = meta->bytes.base;
	if (c->list->meta)
		c->list->meta(c->list->ctx, meta);
}

/* ---- the whole ---- */

static enum kho_map_format format_of(const struct mem *m, const struct kho_root *root,
				     enum kho_bitmap_hint hint, struct inspect_faults *f)
{
	const struct range known = {root->fdt.base, 1ULL << root->page_shift};
	struct mem view = *m;
	struct kho_map map;
	enum kb_status st;

	if (root->abi != KHO_ABI_V1)
		return KHO_MAP_RADIX;
	st = kho_map_open_v1(&view, root->page_shift, root->map, hint, &known, known.base ? 1 : 0,
			     &map);
	/* To khoboot one element tells. Of many one may be damaged. */
	if (!st && (map.format == KHO_MAP_V1_PAGE || hint == KHO_BITMAP_SMALL))
		return map.format;
	if (st != KB_KHO_V1_AMBIGUOUS)
		return walk_is_small(m, root->page_shift, root->map) ? KHO_MAP_V1_SMALL
								     : KHO_MAP_V1_PAGE;
	inspect_note(f, "map", st, root->map.addr, 0);
	return KHO_MAP_V1_PAGE;
}

static void sum_up(struct count *c, struct inspect_faults *f)
{
	struct inspect_map *map = c->map;

	for (unsigned int i = 0; i < KHO_ORDERS; i++) {
		map->entries += map->order[i].entries;
		map->runs += map->order[i].runs;
		map->bytes += map->order[i].entries << (c->page_shift + i);
	}
	if (map->missing)
		inspect_note(f, "map", KB_INSPECT_MISSING, c->missing_at, map->missing);
	if (map->in_scratch)
		inspect_note(f, "map", KB_KHO_BLOCK_SCRATCH, c->scratch_at, map->in_scratch);
	if (map->meta_in_scratch)
		inspect_note(f, "map", KB_KHO_META_SCRATCH, c->meta_scratch_at,
			     map->meta_in_scratch);
}

void inspect_map(const struct mem *m, const struct kho_root *root, enum kho_bitmap_hint hint,
		 const struct range_list *scratch, const struct inspect_lister *list,
		 struct inspect_map *ret, struct inspect_faults *f)
{
	struct count c = {.m = m,
			  .scratch = scratch,
			  .list = list,
			  .map = ret,
			  .page_shift = root->page_shift};
	struct walk w = {.m = m,
			 .page_shift = root->page_shift,
			 .f = f,
			 .strip = see_strip,
			 .meta = see_meta,
			 .ctx = &c};

	*ret = (struct inspect_map){.lowest = UINT64_MAX};
	ret->format = w.format = format_of(m, root, hint, f);
	if (w.format == KHO_MAP_RADIX)
		walk_radix(&w, root->map);
	else
		walk_chunks(&w, root->map);
	end_row(&c);
	sum_up(&c, f);
}

/* How many of the FDT and the sub-blobs are preserved, with this page size? */
static unsigned int score(const struct mem *m, const struct kho_root *root, unsigned int shift)
{
	bool (*has)(const struct mem *, unsigned int, phys_t, uint64_t) =
		root->abi == KHO_ABI_V1 ? walk_list_has : walk_tree_has;
	unsigned int n = 0;

	if (!is_aligned(root->fdt.base, 1ULL << shift) || !has(m, shift, root->map, root->fdt.base))
		return 0;
	for (unsigned int i = 0; i < root->blob_count; i++)
		n += has(m, shift, root->map, root->blob[i].at.addr);
	return 2 * (n + 1) + (root->abi != KHO_ABI_V1 || walk_list_ends(m, shift, root->map));
}

unsigned int inspect_page_shift(const struct mem *m, const struct kho_root *root)
{
	unsigned int best = 0, ret = 0;

	/* Small pages in disguise would have to be aligned like large ones by chance. */
	for (unsigned int shift = 16; root->map.addr && shift >= 12; shift -= 2) {
		unsigned int n = score(m, root, shift);

		if (n <= best)
			continue;
		best = n;
		ret = shift;
	}
	return ret;
}
