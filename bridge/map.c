// SPDX-License-Identifier: BSD-2-Clause
/* The map in another form: goes over the old one, order by order. */
#include "map_link.h"

/* One order of the old map. */
struct pass {
	struct bridge_map *w;
	unsigned int order;
	struct kho_strips it; /* the next strip, or small strip */
	bool found;
	uint64_t next; /* number of the first strip that was not looked at */
	uint64_t left; /* bitmaps that the old map may still have */
};

static enum kb_status changed(const struct pass *s)
{
	return kb_fail(s->w->p->m, KB_KHO_CHANGED, s->it.s.at.addr, s->order);
}

static uint64_t number_of(const struct pass *s)
{
	return s->found ? bridge_number(s->w, s->order, s->it.s.base) : BRIDGE_NONE;
}

/* ---- bitmaps that are linked ----------------------------------------------------------------- */

static struct bridge_linked link_from_tree(const struct pass *s, uint64_t number,
					   struct bridge_link *l)
{
	const struct bridge_map *w = s->w;

	l->in = s->it.node;
	l->from = number - l->row;
	if (w->map.format == KHO_MAP_RADIX)
		return bridge_tree_to_tree(l);
	l->end = min_u64(l->end, l->from + bridge_chunk_room(w) - w->elms);
	return bridge_tree_to_list(l);
}

static struct bridge_linked link_from_list(const struct pass *s, struct bridge_link *l)
{
	const struct bridge_map *w = s->w;
	uint64_t n = min_u64(get_u32(s->it.node + CHUNK_ELMS), bridge_chunk_room(w));

	l->in = s->it.node + CHUNK_HEADER + ELM_SIZE * s->it.s.elm;
	l->count = n - min_u64(n, s->it.s.elm);
	if (w->map.format == KHO_MAP_RADIX)
		return bridge_list_to_tree(l);
	l->count = min_u64(l->count, bridge_chunk_room(w) - w->elms);
	return bridge_list_to_list(l);
}

/* Strip @number and those after it, up to strip @stop or the end of the row. */
static struct bridge_linked link_row(const struct pass *s, uint64_t number, uint64_t stop)
{
	const struct bridge_map *w = s->w;
	bool to_tree = w->map.format == KHO_MAP_RADIX;
	uint64_t first = bridge_first(w, s->order);
	struct bridge_link l = {.out = w->row + (to_tree ? 0 : CHUNK_HEADER + ELM_SIZE * w->elms),
				.shift = bridge_strip_shift(w, s->order),
				.first = first,
				.row = first,
				.end = min_u64(stop, 2 * first) - first};

	if (to_tree || w->from->format == KHO_MAP_RADIX) {
		l.row = align_down(number, bridge_slots(w));
		l.end = min_u64(l.end + first - l.row, bridge_slots(w));
	}
	return w->from->format == KHO_MAP_RADIX ? link_from_tree(s, number, &l)
						: link_from_list(s, &l);
}

static enum kb_status link_strips(struct pass *s, uint64_t stop)
{
	uint64_t number = number_of(s);
	enum kb_status st = bridge_row(s->w, s->order, number);
	struct bridge_linked done;

	if (st)
		return st;
	done = link_row(s, number, stop);
	if (!done.count || done.count > s->left)
		return changed(s);
	s->left -= done.count;
	bridge_row_filled(s->w, s->order, done.count);
	s->next = bridge_number(s->w, s->order, done.last) + 1;
	s->it.s.elm += done.count - 1;
	s->it.s.base = done.last;
	s->found = kho_strip_next(&s->it);
	return s->it.status ? changed(s) : KB_OK;
}

/* ---- one strip by itself --------------------------------------------------------------------- */

/* Collect what the old map has of strip @number. */
static enum kb_status gather(struct pass *s, uint64_t number, struct bridge_strip *ret)
{
	const struct bridge_map *w = s->w;
	uint64_t bytes = w->from->format == KHO_MAP_V1_SMALL ? BRIDGE_SMALL : bridge_page(w);

	*ret = (struct bridge_strip){.number = number, .page = s->it.s.at.addr};
	while (number_of(s) == number) {
		uint64_t i = (s->it.s.base - bridge_base(w, s->order, number)) >>
			     (s->it.s.block_shift + 12);

		for (uint64_t at = 0; at < bytes; at += BRIDGE_SMALL, i++)
			ret->slice[i] = s->it.s.at.addr + at + 1;
		if (!s->left--)
			return changed(s);
		s->found = kho_strip_next(&s->it);
	}
	return s->it.status ? changed(s) : KB_OK;
}

static bool is_zero(const uint8_t *bits)
{
	uint64_t any = 0;

	for (uint64_t i = 0; i < BRIDGE_SMALL; i += 8)
		any |= get_u64(bits + i);
	return !any;
}

/* Forget slices without a block. *left: those with one. */
static enum kb_status drop_zeros(const struct bridge_map *w, struct bridge_strip *s, uint64_t *left)
{
	*left = 0;
	for (uint64_t i = 0; i < bridge_page(w) / BRIDGE_SMALL; i++) {
		const uint8_t *bits = s->slice[i] ? bridge_slice(w, s, i) : NULL;

		if (s->slice[i] && !bits)
			return KB_KHO_CHANGED;
		if (!bits || is_zero(bits))
			s->slice[i] = 0;
		else
			++*left;
	}
	return KB_OK;
}

/*
 * The first bitmap of a map with small ones is always a copy, at an address at which no page bitmap
 * can be: so nobody has to guess which of the two kho-v1 formats it is (kho_map_open_v1()).
 */
static enum kb_status mark_as_small(const struct bridge_map *w, struct bridge_strip *s, uint64_t i)
{
	const uint8_t *from = bridge_slice(w, s, i);
	uint8_t small[BRIDGE_SMALL], *bytes;
	phys_t at;
	enum kb_status st;

	if (!from)
		return KB_KHO_CHANGED;
	__builtin_memcpy(small, from, BRIDGE_SMALL);
	st = kho_pages_take(w->p, 0, &at, &bytes);
	if (st)
		return st;
	__builtin_memcpy(bytes + BRIDGE_SMALL, small, BRIDGE_SMALL);
	s->slice[i] = at.addr + BRIDGE_SMALL + 1;
	return KB_OK;
}

static enum kb_status put_slices(struct pass *s, struct bridge_strip *strip)
{
	struct bridge_map *w = s->w;
	unsigned int shift = w->map.page_shift + s->order + 12;
	uint64_t base = bridge_base(w, s->order, strip->number);
	enum kb_status st = KB_OK;

	for (uint64_t i = 0; i < bridge_page(w) / BRIDGE_SMALL && !st; i++) {
		if (!strip->slice[i])
			continue;
		if (!w->sum.leaves)
			st = mark_as_small(w, strip, i);
		if (!st)
			st = bridge_put(w, s->order, base + (i << shift), strip->slice[i] - 1);
	}
	return st;
}

static enum kb_status put_strip(struct pass *s, struct bridge_strip *strip)
{
	struct bridge_map *w = s->w;

	if (w->map.format == KHO_MAP_V1_SMALL)
		return put_slices(s, strip);
	return bridge_put(w, s->order, bridge_base(w, s->order, strip->number), strip->page);
}

static bool in_scratch(const struct bridge_map *w, uint64_t at, uint64_t bytes)
{
	return range_list_overlap(&w->p->k->scratch, (struct range){at, bytes});
}

/*
 * Small bitmaps have to be put together for a kernel that reads large ones. What lies in scratch
 * would be overwritten before it is read.
 */
static bool must_copy(const struct bridge_map *w, const struct bridge_strip *s)
{
	if (w->map.format != KHO_MAP_V1_SMALL)
		return w->from->format == KHO_MAP_V1_SMALL ||
		       in_scratch(w, s->page, bridge_page(w));
	for (uint64_t i = 0; i < bridge_page(w) / BRIDGE_SMALL; i++)
		if (s->slice[i] && in_scratch(w, s->slice[i] - 1, BRIDGE_SMALL))
			return true;
	return false;
}

/* A strip without blocks is left out. Whether it is one is known only after the change. */
static enum kb_status write_strip(struct pass *s, uint64_t number, bool change)
{
	struct bridge_map *w = s->w;
	struct bridge_strip strip;
	uint64_t left = 0;
	enum kb_status st = gather(s, number, &strip);

	s->next = number + 1;
	if (!st && !change)
		st = drop_zeros(w, &strip, &left);
	if (!st && (change || (left && must_copy(w, &strip)))) {
		st = bridge_copy_strip(w, s->order, &strip);
		if (!st)
			st = drop_zeros(w, &strip, &left);
	}
	return st || !left ? st : put_strip(s, &strip);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static enum kb_status write_order(struct bridge_map *w, unsigned int order, uint64_t *left)
{
	struct pass s = {.w = w, .order = order, .next = bridge_first(w, order), .left = *left};
	enum kb_status st = KB_OK;

	s.found = kho_strip_seek(&s.it, w->p->m, w->from, order, 0);
	while (!st) {
		uint64_t number = number_of(&s), change;

		st = bridge_next_change(w, order, s.next, &change);
		if (st || (number == BRIDGE_NONE && change == BRIDGE_NONE))
			break;
		if (number < change && w->linked)
			st = link_strips(&s, change);
		else
			st = write_strip(&s, min_u64(number, change), change <= number);
	}
	*left = s.left;
	return st || !s.it.status ? st : changed(&s);
}

static enum kb_status write_orders(struct bridge_map *w)
{
	uint64_t left = w->p->k->sum.leaves;
	enum kb_status st = KB_OK;

	for (unsigned int i = 0; i < w->orders && !st; i++)
		st = write_order(w, w->map.format == KHO_MAP_RADIX ? w->orders - 1 - i : i, &left);
	return st;
}

/* Blocks are counted as the walk counted them; what changes a strip corrects that. */
static void count_old(struct bridge_map *w)
{
	const struct kho_summary *old = &w->p->k->sum;

	for (unsigned int order = 0; order < w->orders; order++)
		w->sum.blocks[order] = old->blocks[order];
}

static void find_large(struct bridge_map *w)
{
	w->split = w->from->orders;
	for (size_t i = 0; w->p->edit && i < w->p->edits; i++)
		w->split |= 1ULL << w->p->edit[i].order;
	w->split &= ~0ULL << w->orders;
}

/* Is it enough to link bitmaps row by row, without a look at each? */
static bool can_link(const struct bridge_map *w)
{
	const struct range_list *scratch = &w->p->k->scratch;
	bool linked = w->from->format != KHO_MAP_V1_SMALL && w->map.format != KHO_MAP_V1_SMALL;

	for (size_t i = 0; i < scratch->count && linked; i++)
		linked = kho_occupancy_free(&w->p->k->occ, scratch->r[i]);
	return linked;
}

static void add_bytes(struct bridge_map *w)
{
	for (unsigned int order = 0; order < w->orders; order++)
		w->sum.bytes += w->sum.blocks[order] << (w->map.page_shift + order);
}

enum kb_status bridge_write_map(struct kho_pages *p, const struct kho_map *from,
				const struct bridge_map_form *to, struct kho_map *ret,
				struct kho_summary *sum)
{
	struct bridge_map w = {.p = p,
			       .from = from,
			       .orders = to->orders,
			       .map = {.format = to->format, .page_shift = from->page_shift}};
	enum kb_status st;

	kho_pages_sort(p);
	count_old(&w);
	find_large(&w);
	w.linked = can_link(&w);
	st = bridge_rows_begin(&w);
	if (!st)
		st = write_orders(&w);
	if (!st)
		st = bridge_rows_end(&w);
	if (st) /* unless it is noted already */
		return kb_fail(p->m, st, from->root.addr, 0);
	add_bytes(&w);
	*ret = w.map;
	*sum = w.sum;
	return KB_OK;
}
