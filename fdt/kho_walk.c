// SPDX-License-Identifier: BSD-2-Clause
/* The walk: checks each page of metadata, then each strip of blocks, against RAM and scratch. */
#include <core/bits.h>
#include <fdt/internal.h>
#include <fdt/kho.h>

#define UNIQUE_BYTES 0x80000ULL

struct walk {
	struct mem *m;
	const struct kho_map *map;
	const struct range_list *scratch;
	struct kho_summary *sum;
	struct kho_occupancy *occ;
	struct range ram_hint; /* RAM that held all of the last strip */
	uint64_t granule;      /* that the last page of metadata lies in */
};

uint64_t kho_work_size(const struct range_list *ram)
{
	return UNIQUE_BYTES + kho_occupancy_size(ram);
}

static enum kb_status see_page(void *ctx, const struct kho_meta *meta)
{
	uint64_t granule = meta->page.base >> KHO_GRANULE_SHIFT;
	struct walk *w = ctx;

	if (range_list_overlap(w->scratch, meta->bytes) && !w->sum->stray++)
		w->sum->stray_at = meta->bytes.base;
	/* A page lies in one granule, most often in that of the page before. */
	if (granule != w->granule)
		kho_occupancy_mark(w->occ, meta->page);
	w->granule = granule;
	if (meta->kind == KHO_META_LEAF || meta->kind == KHO_META_BITMAP)
		w->sum->leaves++;
	else
		w->sum->nodes++;
	return KB_OK;
}

static struct range strip_span(const struct kho_strip *s)
{
	return kho_span(s->base, kho_strip_last(s));
}

/* Refuse with @code when a block that has a byte between @from and @last is preserved. */
static enum kb_status none_between(struct walk *w, const struct kho_strip *s, uint64_t from,
				   uint64_t last, enum kb_status code)
{
	uint64_t lo = (from - s->base) >> s->block_shift;
	uint64_t hi = (last - s->base) >> s->block_shift;
	struct kho_run run;

	if (!kho_strip_run(s, lo, &run) || run.first > hi)
		return KB_OK;
	return kb_fail(w->m, code, s->base + (run.first << s->block_shift), s->order);
}

/* Every hole in RAM that the strip crosses must be free of preserved blocks. */
static enum kb_status check_holes(struct walk *w, const struct kho_strip *s)
{
	const struct range_list *ram = &w->m->ram;
	const struct range *r = range_list_overlap(ram, strip_span(s));
	uint64_t at = s->base, last = kho_strip_last(s);
	enum kb_status st = KB_OK;

	for (; r && r < ram->r + ram->count && r->base <= last && !st; r++) {
		if (r->base > at)
			st = none_between(w, s, at, r->base - 1, KB_KHO_BLOCK_RAM);
		if (range_end(*r) > last)
			return st;
		at = range_end(*r);
	}
	return st ? st : none_between(w, s, at, last, KB_KHO_BLOCK_RAM);
}

static enum kb_status check_ram(struct walk *w, const struct kho_strip *s)
{
	if (range_list_contains_near(&w->m->ram, &w->ram_hint, strip_span(s)))
		return KB_OK;
	return check_holes(w, s);
}

static enum kb_status check_scratch(struct walk *w, const struct kho_strip *s)
{
	const struct range_list *l = w->scratch;
	const struct range *r = range_list_overlap(l, strip_span(s));
	uint64_t last = kho_strip_last(s);
	enum kb_status st = KB_OK;

	for (; r && r < l->r + l->count && r->base <= last && !st; r++)
		st = none_between(w, s, max_u64(r->base, s->base), min_u64(range_end(*r) - 1, last),
				  KB_KHO_BLOCK_SCRATCH);
	return st;
}

/* First byte after the last preserved block of @s, which has at least one. */
static uint64_t strip_end(const struct kho_strip *s)
{
	uint64_t i = s->blocks / 64;

	while (i > 1 && !get_u64(s->bits + 8 * (i - 1)))
		i--;
	i = 64 * (i - 1) + highest_bit(get_u64(s->bits + 8 * (i - 1)) | 1);
	return s->base + ((i + 1) << s->block_shift);
}

static void note_lowest(struct kho_summary *sum, const struct kho_strip *s)
{
	struct kho_run run;

	if (kho_strip_run(s, 0, &run))
		sum->lowest = min_u64(sum->lowest, s->base + (run.first << s->block_shift));
}

static enum kb_status walk_strip(struct walk *w, const struct kho_strip *s, struct kho_tally *t)
{
	enum kb_status st = check_ram(w, s);

	if (!st)
		st = check_scratch(w, s);
	if (!st)
		kho_count_strip(s, t, w->occ);
	return st;
}

static enum kb_status walk_order(struct walk *w, unsigned int order)
{
	struct kho_tally t = {0, 0, 0};
	struct kho_strip last = {0};
	struct kho_strips it;
	uint64_t next = 0;
	bool found = kho_strip_seek(&it, w->m, w->map, order, 0);

	for (; found; found = kho_strip_next(&it)) {
		uint64_t before = t.bits;
		enum kb_status st;

		t.carry &= it.s.base == next;
		st = walk_strip(w, &it.s, &t);
		if (st)
			return st;
		next = kho_strip_last(&it.s) + 1;
		if (t.bits == before)
			continue;
		if (!before)
			note_lowest(w->sum, &it.s);
		last = it.s;
	}
	if (last.bits)
		w->sum->end = max_u64(w->sum->end, strip_end(&last));
	w->sum->blocks[order] = t.bits;
	w->sum->runs += t.runs;
	w->sum->bytes += t.bits << (w->map->page_shift + order);
	return it.status ? kb_fail(w->m, it.status, it.s.at.addr, order) : KB_OK;
}

static enum kb_status walk_orders(struct walk *w)
{
	enum kb_status st = KB_OK;

	for (unsigned int order = 0; order < kho_orders(w->map->page_shift) && !st; order++)
		st = walk_order(w, order);
	return st;
}

/* *rest: what the bitmap leaves of the work memory. */
static enum kb_status prepare(struct mem *m, struct kho_work work, struct kho_occupancy *occ,
			      uint64_t **rest)
{
	if (!work.base || !is_aligned((uintptr_t)work.base, 8) ||
	    work.size < kho_work_size(&m->ram))
		return kb_fail(m, KB_KHO_WORK, work.size, kho_work_size(&m->ram));
	*rest = kho_occupancy_init(occ, &m->ram, work.base);
	return KB_OK;
}

/* Not inlined, so that its instructions can be counted by name (tests/bench/bench_walk.c). */
__attribute__((noinline)) enum kb_status
kho_walk(struct mem *m, const struct kho_map *map, const struct range_list *scratch,
	 struct range fdt, struct kho_work work, struct kho_summary *sum, struct kho_occupancy *occ)
{
	struct kho_summary s = {.lowest = UINT64_MAX};
	struct kho_occupancy o;
	struct walk w = {.m = m,
			 .map = map,
			 .scratch = scratch,
			 .sum = &s,
			 .occ = &o,
			 .granule = UINT64_MAX};
	uint64_t *rest = NULL;
	enum kb_status st = prepare(m, work, &o, &rest);

	if (!st)
		st = kho_unique(m, map, fdt, see_page, &w, rest, UNIQUE_BYTES / 8);
	if (!st)
		st = walk_orders(&w);
	if (st)
		return st;
	*sum = s;
	*occ = o;
	return KB_OK;
}
