// SPDX-License-Identifier: BSD-2-Clause
/*
 * Strips that change: by an edit, or because a block too large for the receiver becomes blocks of
 * the largest order that it takes.
 *
 *	order 20	|           block           |
 *	order 18	|block |block |block |block |	bits of one strip or of several
 */
#include <core/bits.h>

#include "map_parts.h"

#include <string.h>

static unsigned int block_shift(const struct bridge_map *w, unsigned int order)
{
	return w->map.page_shift + order;
}

/* The first edit of @order at @from or after it; NULL without one. */
static const struct kho_edit *first_edit(const struct bridge_map *w, unsigned int order,
					 uint64_t from)
{
	const struct kho_edit *e = w->p->edit;
	size_t lo = 0, hi = e ? w->p->edits : 0, n = hi;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (e[mid].order > order || (e[mid].order == order && e[mid].base < from))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && e[lo].order == order ? &e[lo] : NULL;
}

static const struct kho_edit *next_edit(const struct bridge_map *w, const struct kho_edit *e)
{
	return e + 1 < w->p->edit + w->p->edits ? e + 1 : NULL;
}

/* ---- blocks that are split ------------------------------------------------------------------- */

/* The first block of @order in the old map that ends after @from; false without one. */
static bool next_old(const struct bridge_map *w, unsigned int order, uint64_t from, uint64_t *ret,
		     enum kb_status *st)
{
	struct kho_strips it;
	bool found = kho_strip_seek(&it, w->p->m, w->from, order, from);
	struct kho_run run;

	while (found) {
		uint64_t bit = from > it.s.base ? (from - it.s.base) >> it.s.block_shift : 0;

		if (kho_strip_run(&it.s, bit, &run)) {
			*ret = it.s.base + (run.first << it.s.block_shift);
			return true;
		}
		found = kho_strip_next(&it);
	}
	*st = it.status;
	return false;
}

/* The same with the edits; BRIDGE_NONE without one. */
static uint64_t next_block(const struct bridge_map *w, unsigned int order, uint64_t from,
			   enum kb_status *st)
{
	uint64_t size = 1ULL << block_shift(w, order), old = BRIDGE_NONE;
	const struct kho_edit *e;

	for (from = align_down(from, size); !*st; from = e->base + size) {
		bool found = next_old(w, order, from, &old, st);

		e = first_edit(w, order, from);
		if (!e || (found && e->base > old))
			return found ? old : BRIDGE_NONE;
		if (e->add)
			return e->base;
		if (e->base > BRIDGE_NONE - size)
			break;
	}
	return BRIDGE_NONE;
}

/* The first address from @from on that is in a block to be split; BRIDGE_NONE without one. */
static uint64_t next_split(const struct bridge_map *w, uint64_t from, enum kb_status *st)
{
	uint64_t best = BRIDGE_NONE;

	for (uint64_t left = w->split; left; left &= left - 1)
		best = min_u64(best, next_block(w, lowest_bit(left), from, st));
	return best == BRIDGE_NONE ? best : max_u64(best, from);
}

enum kb_status bridge_next_change(const struct bridge_map *w, unsigned int order, uint64_t from,
				  uint64_t *ret)
{
	const struct kho_edit *e;
	enum kb_status st = KB_OK;
	uint64_t base, split = BRIDGE_NONE;

	*ret = BRIDGE_NONE;
	if (from >= 2 * bridge_first(w, order))
		return KB_OK;
	base = bridge_base(w, order, from);
	e = first_edit(w, order, base);
	if (e)
		*ret = bridge_number(w, order, e->base);
	if (w->split && order == w->orders - 1)
		split = next_split(w, base, &st);
	if (split != BRIDGE_NONE)
		*ret = min_u64(*ret, bridge_number(w, order, split));
	return st;
}

/* ---- one strip ------------------------------------------------------------------------------- */

static void change_bit(uint8_t *bits, uint64_t bit, bool set)
{
	uint8_t mask = (uint8_t)(1U << bit % 8);

	if (set)
		bits[bit / 8] |= mask;
	else
		bits[bit / 8] &= (uint8_t)~mask;
}

/* Last address of strip @number. */
static uint64_t last_of(const struct bridge_map *w, unsigned int order, uint64_t number)
{
	return bridge_base(w, order, number) + (~0ULL >> (64 - bridge_strip_shift(w, order)));
}

static void make_edits(const struct bridge_map *w, unsigned int order, uint64_t number,
		       uint8_t *bits)
{
	uint64_t base = bridge_base(w, order, number), last = last_of(w, order, number);
	const struct kho_edit *e = first_edit(w, order, base);

	for (; e && e->order == order && e->base <= last; e = next_edit(w, e))
		change_bit(bits, (e->base - base) >> block_shift(w, order), e->add);
}

/* Set the bits of the blocks from @at to @last, both included. */
static void set_blocks(const struct bridge_map *w, uint64_t base, uint64_t at, uint64_t last,
		       uint8_t *bits)
{
	unsigned int shift = block_shift(w, w->orders - 1);

	for (uint64_t bit = (at - base) >> shift; bit <= (last - base) >> shift; bit++)
		change_bit(bits, bit, true);
}

static enum kb_status split_blocks(const struct bridge_map *w, unsigned int large, uint64_t number,
				   uint8_t *bits)
{
	uint64_t base = bridge_base(w, w->orders - 1, number);
	uint64_t last = last_of(w, w->orders - 1, number), at = base, end;
	enum kb_status st = KB_OK;

	do {
		uint64_t block = next_block(w, large, at, &st);

		if (block == BRIDGE_NONE || block > last)
			break;
		end = min_u64(block + ((1ULL << block_shift(w, large)) - 1), last);
		set_blocks(w, base, max_u64(block, base), end, bits);
		at = end + 1;
	} while (end < last);
	return st;
}

static enum kb_status split_all(const struct bridge_map *w, uint64_t number, uint8_t *bits)
{
	enum kb_status st = KB_OK;

	for (uint64_t left = w->split; left && !st; left &= left - 1)
		st = split_blocks(w, lowest_bit(left), number, bits);
	return st;
}

static uint64_t count(const uint8_t *bits, uint64_t bytes)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < bytes; i += 8)
		n += count_bits(get_u64(bits + i));
	return n;
}

static enum kb_status change(struct bridge_map *w, unsigned int order, uint64_t number,
			     uint8_t *bits)
{
	uint64_t before = count(bits, bridge_page(w));
	enum kb_status st = KB_OK;

	make_edits(w, order, number, bits);
	if (order == w->orders - 1)
		st = split_all(w, number, bits);
	w->sum.blocks[order] += count(bits, bridge_page(w)) - before;
	return st;
}

const uint8_t *bridge_slice(const struct bridge_map *w, const struct bridge_strip *s, size_t i)
{
	return s->bytes ? s->bytes + BRIDGE_SMALL * i
			: mem_get(w->p->m, phys(s->slice[i] - 1), BRIDGE_SMALL);
}

enum kb_status bridge_copy_strip(struct bridge_map *w, unsigned int order, struct bridge_strip *s)
{
	uint64_t slices = bridge_page(w) / BRIDGE_SMALL, i;
	uint8_t *bits;
	phys_t at;
	enum kb_status st = kho_pages_take(w->p, 0, &at, &bits);

	if (!st && w->p->rehearsal)
		memset(bits, 0, bridge_page(w));
	for (i = 0; i < slices && !st; i++) {
		const uint8_t *from = s->slice[i] ? bridge_slice(w, s, i) : NULL;

		if (from)
			memcpy(bits + BRIDGE_SMALL * i, from, BRIDGE_SMALL);
		else if (s->slice[i])
			st = KB_KHO_CHANGED;
	}
	if (!st)
		st = change(w, order, s->number, bits);
	if (st)
		return st;
	for (i = 0; i < slices; i++)
		s->slice[i] = at.addr + BRIDGE_SMALL * i + 1;
	s->page = at.addr;
	s->bytes = bits;
	return KB_OK;
}
