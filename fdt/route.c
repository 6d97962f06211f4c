// SPDX-License-Identifier: BSD-2-Clause
/* The firmware route; see the header. */
#include <khoboot/route.h>

#include <string.h>

/* ---- before the reset ------------------------------------------------------------------------ */

static struct seal_scope scope(const struct route *r, const struct kb_moves *moves)
{
	return (struct seal_scope){
		.only = r->seal == KB_DIGEST_ZONE ? r->zone : NULL,
		.moves = moves,
		.shift = r->shift,
	};
}

static enum kb_status count_windows(struct mem *m, const struct kho *k, struct route *r)
{
	struct seal_scope s = scope(r, NULL);

	r->shape.windows = 0;
	r->shift = seal_shift(k->sum.end);
	s.shift = r->shift;
	return r->seal == KB_DIGEST_META ? KB_OK : seal_count(m, k, &s, &r->shape.windows);
}

enum kb_status route_plan(struct mem *m, const struct kho *k, struct range_list *free,
			  struct kho_work work, struct route *r)
{
	const struct range anywhere = {0, UINT64_MAX};
	enum kb_status st;
	uint64_t size;

	st = evacuate_mark(m, k, r->zone, work, &r->evacuation);
	if (!st)
		st = count_windows(m, k, r);
	if (st)
		return st;
	r->shape.scratch = k->scratch.count;
	r->shape.moves = r->evacuation.runs + free->count + 1;
	r->shape.cmdline = strlen(r->cmdline) + 1;
	size = record_size(&r->shape);
	if (!size || range_list_find(free, anywhere, size, KB_RECORD_ALIGN, false, &r->record))
		return KB_REC_ROOM;
	return range_list_subtract(free, r->record);
}

/* After the reset FDT and blobs are read in one piece each: all of it has moved, or nothing. */
static bool is_whole(const struct kb_moves *moves, struct range r)
{
	return mem_moved_piece(moves, r.base, r.size) == r.size;
}

static bool all_whole(const struct kb_moves *moves, const struct kho_root *root)
{
	bool whole = is_whole(moves, root->fdt);

	for (unsigned int i = 0; i < root->blob_count; i++)
		whole &= is_whole(moves, (struct range){root->blob[i].at.addr, root->blob[i].size});
	return whole;
}

enum kb_status route_place(const struct kho *k, struct range_list *free, const struct route *r,
			   struct kb_record *rec)
{
	struct kb_moves moves = {.max = r->shape.moves};
	enum kb_status st;

	record_layout(rec, &r->shape, r->nonce);
	moves.m = record_moves(rec);
	st = evacuate_place(&r->evacuation, free, &moves);
	if (!st && !all_whole(&moves, &k->root))
		st = KB_SEAL_READ;
	if (st)
		return st;
	record_shrink(rec, moves.count, r->shape.windows);
	memcpy(record_scratch(rec), k->scratch.r, k->scratch.count * sizeof(struct range));
	memcpy(record_cmdline(rec), r->cmdline, r->shape.cmdline);
	return KB_OK;
}

static void copy_pages(const struct kb_moves *moves,
		       void (*after)(void *ctx, const void *bytes, uint64_t len), void *ctx)
{
	for (size_t i = 0; i < moves->count; i++) {
		void *copy = (void *)(uintptr_t)moves->m[i].copy;

		memcpy(copy, (const void *)(uintptr_t)moves->m[i].home, moves->m[i].size);
		if (after)
			after(ctx, copy, moves->m[i].size);
	}
}

static void fill_facts(const struct kho *k, const struct route *r, struct kb_record_facts *f)
{
	f->page_size = 1u << k->root.page_shift;
	f->seal = r->seal;
	f->window_shift = r->shift;
	f->fdt = k->root.fdt.base;
	f->preserved = k->sum.bytes;
	f->ranges = k->sum.runs;
	memcpy(f->compatible, k->root.compatible, strlen(k->root.compatible) + 1);
}

enum kb_status route_seal(struct mem *m, const struct kho *k, const struct route *r,
			  struct kb_record *rec, const struct kb_record_facts *facts,
			  void (*after)(void *ctx, const void *bytes, uint64_t len), void *ctx)
{
	struct kb_moves moves = route_moves(rec);
	struct seal_scope s = scope(r, NULL);
	uint64_t count = 0;
	enum kb_status st;

	copy_pages(&moves, after, ctx);
	rec->facts = *facts;
	fill_facts(k, r, &rec->facts);
	st = seal_meta(m, k, rec->facts.meta);
	s.after = after;
	s.ctx = ctx;
	if (!st && r->seal != KB_DIGEST_META)
		st = seal_data(m, k, &s, record_windows(rec), r->shape.windows, &count);
	if (st)
		return st;
	record_shrink(rec, moves.count, count);
	record_seal(rec);
	if (after)
		after(ctx, rec, rec->size);
	return KB_OK;
}

/* ---- after the reset ------------------------------------------------------------------------- */

enum kb_status route_find(const struct range_list *ram, const uint8_t nonce[KB_NONCE_SIZE],
			  struct kb_record **ret)
{
	struct kb_record *found = NULL;

	for (size_t i = 0; i < ram->count; i++) {
		uint64_t end = range_end(ram->r[i]);
		uint64_t at = align_down(ram->r[i].base + KB_RECORD_ALIGN - 1, KB_RECORD_ALIGN);

		for (; at + SZ_4K <= end; at += KB_RECORD_ALIGN) {
			if (!record_match((const void *)(uintptr_t)at, nonce))
				continue;
			if (found)
				return KB_REC_TWICE;
			found = (struct kb_record *)(uintptr_t)at;
		}
	}
	if (!found)
		return KB_REC_NONE;
	*ret = found;
	return KB_OK;
}

bool route_drop(const struct range_list *ram)
{
	bool found = false;

	for (size_t i = 0; i < ram->count; i++) {
		uint64_t end = range_end(ram->r[i]);
		uint64_t at = align_down(ram->r[i].base + KB_RECORD_ALIGN - 1, KB_RECORD_ALIGN);

		for (; at + SZ_4K <= end; at += KB_RECORD_ALIGN) {
			struct kb_record *rec = (struct kb_record *)(uintptr_t)at;

			if (rec->magic != KB_RECORD_MAGIC || rec->state != KB_RECORD_SEALED)
				continue;
			record_take(rec);
			found = true;
		}
	}
	return found;
}

enum kb_status route_machine(const struct kb_record *rec, const uint8_t uuid[16])
{
	static const uint8_t unknown[16];
	const uint8_t *was = rec->facts.machine;

	if (!memcmp(was, unknown, sizeof(unknown)))
		return KB_OK;
	return memcmp(was, uuid, sizeof(unknown)) ? KB_REC_MACHINE : KB_OK;
}

/* The first entry of @l that is not in @ram, or NULL. */
static const struct range *outside(const struct range_list *l, const struct range_list *ram)
{
	for (size_t i = 0; i < l->count; i++)
		if (!range_list_contains(ram, l->r[i]))
			return &l->r[i];
	return NULL;
}

enum kb_status route_homes_are_ram(struct mem *m, const struct range_list *homes)
{
	const struct range *r = outside(homes, &m->ram);

	return r ? kb_fail(m, KB_EVAC_HOME, r->base, r->size) : KB_OK;
}

enum kb_status route_scratch_is_ram(const struct range_list *scratch, const struct range_list *ram)
{
	return outside(scratch, ram) ? KB_CLAIM_SCRATCH : KB_OK;
}

struct kb_moves route_moves(struct kb_record *rec)
{
	return (struct kb_moves){record_moves(rec), rec->moves_count, rec->moves_count};
}

enum kb_status route_keep(struct kb_record *rec, struct range_list *l)
{
	struct kb_moves moves = route_moves(rec);
	enum kb_status st = range_list_add(l, (struct range){(uintptr_t)rec, rec->size});

	for (size_t i = 0; i < moves.count && !st; i++) {
		struct range *last = &l->r[l->count - 1];

		/* Copies mostly lie one behind the other. */
		if (range_end(*last) == moves.m[i].copy)
			last->size += moves.m[i].size;
		else
			st = range_list_add(l, (struct range){moves.m[i].copy, moves.m[i].size});
	}
	range_list_sort(l);
	return st;
}

enum kb_status route_homes(struct kb_record *rec, struct range_list *l)
{
	struct kb_moves moves = route_moves(rec);
	enum kb_status st = KB_OK;

	for (size_t i = 0; i < moves.count && !st; i++)
		st = range_list_add(l, (struct range){moves.m[i].home, moves.m[i].size});
	range_list_sort(l);
	return st;
}

enum kb_status route_verify(struct mem *m, const struct kho *k, struct kb_record *rec,
			    const struct range_list *homes, seal_damage_fn *damage, void *ctx,
			    uint64_t *damaged)
{
	struct kb_moves moves = route_moves(rec);
	struct seal_scope s = {.moves = &moves, .shift = rec->facts.window_shift};
	uint8_t meta[KB_SHA256_SIZE];
	enum kb_status st = seal_meta(m, k, meta);

	*damaged = 0;
	if (!st && memcmp(meta, rec->facts.meta, sizeof(meta)))
		st = KB_SEAL_META;
	if (st || rec->facts.seal == KB_DIGEST_META)
		return st;
	/* All that is preserved in the zone was evacuated, and nothing else. */
	s.only = rec->facts.seal == KB_DIGEST_ZONE ? homes : NULL;
	return seal_verify(m, k, &s, record_windows(rec), rec->windows_count, damage, ctx, damaged);
}

struct covered {
	struct mem *m;
	const struct range_list *safe;
};

static enum kb_status page_covered(void *ctx, const struct kho_meta *meta)
{
	struct covered *c = ctx;

	return range_list_contains(c->safe, meta->page)
		       ? KB_OK
		       : kb_fail(c->m, KB_CLAIM, meta->page.base, meta->page.size);
}

enum kb_status route_covered(struct mem *m, const struct kho *k, const struct range_list *safe)
{
	struct covered c = {m, safe};
	enum kb_status st = kho_map_each_page(m, &k->map, page_covered, &c);
	struct kho_ranges it;
	struct range r;

	if (st)
		return st;
	kho_ranges_first(&it, m, &k->map, 0);
	while (kho_ranges_next(&it, &r))
		if (!range_list_contains(safe, r))
			return kb_fail(m, KB_CLAIM, r.base, r.size);
	return it.status;
}
