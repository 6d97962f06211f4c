// SPDX-License-Identifier: BSD-2-Clause
/*
 * Preserved ranges in ascending order. The strips of each order ascend, so merging one cursor for
 * each order is enough, and no memory grows with the map.
 */
#include <fdt/internal.h>

/* Load the next run from c->bit on, in this strip or in a later one. */
static void cursor_load(struct kho_cursor *c)
{
	const struct kho_strip *s = &c->strips.s;
	struct kho_run run;

	c->cur.size = 0;
	while (!kho_strip_run(s, c->bit, &run)) {
		c->bit = 0;
		if (!kho_strip_next(&c->strips))
			return;
	}
	c->bit = run.first + run.count;
	c->cur.base = s->base + (run.first << s->block_shift);
	c->cur.size = run.count << s->block_shift;
}

/* Load the first run that ends after @from, from the block on that holds @from. */
static bool cursor_open(struct kho_cursor *c, const struct mem *m, const struct kho_map *map,
			unsigned int order, uint64_t from)
{
	const struct kho_strip *s = &c->strips.s;

	c->cur.size = 0;
	if (!kho_strip_seek(&c->strips, m, map, order, from))
		return false;
	c->bit = from > s->base ? (from - s->base) >> s->block_shift : 0;
	cursor_load(c);
	return c->cur.size;
}

void kho_ranges_first(struct kho_ranges *it, const struct mem *m, const struct kho_map *map,
		      uint64_t from)
{
	it->status = KB_OK;
	it->count = 0;
	for (unsigned int order = 0; order < kho_orders(map->page_shift); order++) {
		struct kho_cursor *c = &it->c[it->count];

		if (cursor_open(c, m, map, order, from))
			it->count++;
		else if (c->strips.status)
			it->status = c->strips.status;
	}
}

/* Move cursor @i to its next run. The last cursor takes the place of an exhausted one. */
static void step(struct kho_ranges *it, unsigned int i)
{
	struct kho_cursor *c = &it->c[i];

	cursor_load(c);
	if (c->cur.size)
		return;
	if (c->strips.status)
		it->status = c->strips.status;
	it->count--;
	if (i != it->count)
		*c = it->c[it->count];
}

static unsigned int lowest(const struct kho_ranges *it)
{
	unsigned int best = 0;

	for (unsigned int i = 1; i < it->count; i++)
		if (it->c[i].cur.base < it->c[best].cur.base)
			best = i;
	return best;
}

bool kho_ranges_next(struct kho_ranges *it, struct range *ret)
{
	struct range r = {0, 0};

	while (it->count && !it->status) {
		unsigned int i = lowest(it);
		struct range cur = it->c[i].cur;

		if (!r.size)
			r = cur;
		else if (cur.base > range_end(r))
			break;
		else if (range_end(cur) > range_end(r))
			r.size = range_end(cur) - r.base;
		step(it, i);
	}
	if (it->status || !r.size)
		return false;
	*ret = r;
	return true;
}

bool kho_map_covers(const struct mem *m, const struct kho_map *map, struct range r)
{
	struct kho_ranges it;
	uint64_t at = r.base;

	if (!r.size || range_wraps(r))
		return false;
	/* Run by run, not range by range: a range may go on far past @r. */
	kho_ranges_first(&it, m, map, r.base);
	while (it.count && !it.status) {
		unsigned int i = lowest(&it);

		if (it.c[i].cur.base > at)
			return false;
		at = max_u64(at, range_end(it.c[i].cur));
		if (at >= range_end(r))
			return true; /* the search for the next run may be long */
		step(&it, i);
	}
	return false;
}

bool kho_map_touches(const struct mem *m, const struct kho_map *map, struct range r)
{
	struct kho_ranges it;

	if (!r.size)
		return false;
	if (range_wraps(r))
		return true;
	kho_ranges_first(&it, m, map, r.base);
	if (it.status)
		return true;
	return it.count && it.c[lowest(&it)].cur.base < range_end(r);
}
