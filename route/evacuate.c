// SPDX-License-Identifier: BSD-2-Clause
/* Which pages of the firmware zone have to move before the reset, and where to. */
#include <core/bits.h>
#include <route/evacuate.h>

#include <string.h>

/* Pages before the zone's range @i. */
static uint64_t pages_before(const struct range_list *zone, size_t i)
{
	uint64_t n = 0;

	while (i--)
		n += zone->r[i].size / SZ_4K;
	return n;
}

static uint64_t zone_words(const struct range_list *zone)
{
	return (pages_before(zone, zone->count) + 63) / 64;
}

uint64_t evacuate_work_size(const struct range_list *zone)
{
	return 8 * zone_words(zone);
}

/* ---- marking ---- */

static void mark_pages(uint64_t *bits, uint64_t first, uint64_t last)
{
	for (uint64_t i = first / 64; i <= last / 64; i++)
		bits[i] |=
			bit_mask(i == first / 64 ? first % 64 : 0, i == last / 64 ? last % 64 : 63);
}

/* The pages of the zone's range @i that have a byte in @r. */
static void mark_in(struct evacuation *e, size_t i, struct range r)
{
	const struct range *z = &e->zone->r[i];
	uint64_t before = pages_before(e->zone, i);

	r = range_intersect(r, *z);
	if (r.size)
		mark_pages(e->bits, before + (r.base - z->base) / SZ_4K,
			   before + (range_end(r) - 1 - z->base) / SZ_4K);
}

static enum kb_status mark_preserved(struct mem *m, const struct kho *k, struct evacuation *e,
				     size_t i)
{
	struct kho_ranges it;
	struct range r;

	kho_ranges_first(&it, m, &k->map, e->zone->r[i].base);
	while (kho_ranges_next(&it, &r) && r.base < range_end(e->zone->r[i]))
		mark_in(e, i, r);
	return it.status ? kb_fail(m, it.status, e->zone->r[i].base, 0) : KB_OK;
}

static enum kb_status mark_meta(void *ctx, const struct kho_meta *meta)
{
	struct evacuation *e = ctx;

	for (size_t i = 0; i < e->zone->count; i++)
		mark_in(e, i, meta->bytes);
	return KB_OK;
}

/* ---- rows of marked pages ---- */

struct row {
	struct range r; /* of addresses */
	size_t zone;    /* the zone's range that it is in */
	uint64_t next;  /* page of the zone where the search goes on */
};

/* Find the next row; begin with all zeros. A row ends at the latest where its zone range does. */
static bool next_row(const struct evacuation *e, struct row *row)
{
	const struct kho_strip s = {.bits = (const uint8_t *)e->bits,
				    .blocks = 64 * zone_words(e->zone)};
	uint64_t before = pages_before(e->zone, row->zone);
	struct kho_run run;
	const struct range *z;

	if (!kho_strip_run(&s, row->next, &run))
		return false;
	while (z = &e->zone->r[row->zone], run.first >= before + z->size / SZ_4K) {
		before += z->size / SZ_4K;
		row->zone++;
	}
	run.count = min_u64(run.count, before + z->size / SZ_4K - run.first);
	row->next = run.first + run.count;
	row->r = (struct range){z->base + (run.first - before) * SZ_4K, run.count * SZ_4K};
	return true;
}

enum kb_status evacuate_mark(struct mem *m, const struct kho *k, const struct range_list *zone,
			     struct kho_work work, struct evacuation *ret)
{
	struct evacuation e = {.zone = zone, .bits = work.base, .page = 1ULL << k->root.page_shift};
	struct row row = {.next = 0};
	enum kb_status st = KB_OK;

	if (work.size < evacuate_work_size(zone))
		return kb_fail(m, KB_EVAC_WORK, work.size, evacuate_work_size(zone));
	memset(e.bits, 0, evacuate_work_size(zone));
	for (size_t i = 0; i < zone->count && !st; i++)
		st = mark_preserved(m, k, &e, i);
	if (!st)
		st = kho_map_each_page(m, &k->map, mark_meta, &e);
	if (st)
		return st;
	for (; next_row(&e, &row); e.runs++)
		e.bytes += row.r.size;
	*ret = e;
	return KB_OK;
}

/* ---- placing ---- */

struct placing {
	struct range_list *free;
	size_t at;     /* the range of @free that is being filled, from its beginning */
	uint64_t left; /* bytes that still need a place */
	uint64_t page; /* of the outgoing kernel; rows are split between two of them */
	struct kb_moves *moves;
};

/* At the end of each range a part of a page may be left over. */
static uint64_t free_from(const struct placing *p, size_t i)
{
	uint64_t sum = 0;

	for (; i < p->free->count; i++)
		if (p->free->r[i].size >= p->page)
			sum += p->free->r[i].size - (p->page - SZ_4K);
	return sum;
}

/*
 * A later range of @free that has room for a row of @size bytes whole; p->at when the row has to be
 * split.
 */
static size_t find_whole(const struct placing *p, uint64_t size)
{
	size_t i = p->at;

	while (i < p->free->count && p->free->r[i].size < size)
		i++;
	return i < p->free->count && free_from(p, i) >= p->left ? i : p->at;
}

/*
 * How much of @r fits into the current range of @free: all, or whole pages of the outgoing kernel,
 * whose parts of the map must not be in two pieces.
 */
static uint64_t fitting(const struct placing *p, struct range r)
{
	uint64_t room = p->free->r[p->at].size, end;

	if (r.size <= room)
		return r.size;
	end = align_down(r.base + room, p->page);
	return end > r.base ? end - r.base : 0;
}

/* Place the first @n bytes of @r into the current range of @free. */
static enum kb_status place_piece(struct placing *p, struct range *r, uint64_t n)
{
	struct range *f = &p->free->r[p->at];

	if (p->moves->count >= p->moves->max)
		return KB_RANGE_FULL;
	p->moves->m[p->moves->count++] = (struct kb_move){r->base, f->base, n};
	*f = (struct range){f->base + n, f->size - n};
	*r = (struct range){r->base + n, r->size - n};
	p->left -= n;
	return KB_OK;
}

static enum kb_status place_row(struct placing *p, struct range r)
{
	enum kb_status st = KB_OK;
	uint64_t n;

	while (r.size && !st) {
		if (p->at == p->free->count)
			return KB_EVAC_ROOM;
		if (p->free->r[p->at].size < r.size)
			p->at = find_whole(p, r.size);
		n = fitting(p, r);
		if (n)
			st = place_piece(p, &r, n);
		else
			p->at++;
	}
	return st;
}

static void drop_empty(struct range_list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->count; i++)
		if (l->r[i].size)
			l->r[n++] = l->r[i];
	l->count = n;
}

enum kb_status evacuate_place(const struct evacuation *e, struct range_list *free,
			      struct kb_moves *ret)
{
	struct placing p = {.free = free, .left = e->bytes, .page = e->page, .moves = ret};
	struct row row = {.next = 0};
	enum kb_status st = KB_OK;

	ret->count = 0;
	while (!st && next_row(e, &row))
		st = place_row(&p, row.r);
	drop_empty(free);
	return st;
}
