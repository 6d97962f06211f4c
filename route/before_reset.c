// SPDX-License-Identifier: BSD-2-Clause
/* The firmware route before the reset: may it be tried, what goes where, and the seal. */
#include <format/stub.h>
#include <route/route.h>

#include <string.h>

enum kb_status route_asked(const struct route_question *q)
{
	if (!q->nonce)
		return KB_ROUTE_NONCE;
	if (!q->preserved)
		return KB_ROUTE_NOTHING;
	if (secure_locked(q->secure))
		return KB_ROUTE_SECURE;
	if (!q->uefi)
		return KB_ROUTE_NO_UEFI;
	return q->initrd_outside ? KB_ROUTE_INITRD : KB_OK;
}

static struct seal_scope scope(const struct route *r, const struct kb_moves *moves)
{
	return (struct seal_scope){
		.only = r->seal == KB_DIGEST_ZONE ? r->zone : NULL,
		.moves = moves,
		.shift = r->shift,
	};
}

static enum kb_status count_tiles(struct mem *m, const struct kho *k, struct route *r)
{
	struct seal_scope s = scope(r, NULL);

	r->shape.tiles = 0;
	r->shift = seal_shift(k->sum.end);
	s.shift = r->shift;
	return r->seal == KB_DIGEST_META ? KB_OK : seal_count(m, k, &s, &r->shape.tiles);
}

enum kb_status route_plan(struct mem *m, const struct kho *k, struct range_list *free,
			  struct kho_work work, struct route *r)
{
	const struct range anywhere = {0, UINT64_MAX};
	enum kb_status st;
	uint64_t size;

	st = evacuate_mark(m, k, r->zone, work, &r->evacuation);
	if (!st)
		st = count_tiles(m, k, r);
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

/*
 * After the reset FDT, blobs and parts of the map are read in one piece each: all of @r has moved,
 * or none of it.
 */
static bool is_whole(const struct kb_moves *moves, struct range r)
{
	return mem_moved_piece(moves, r.base, r.size) == r.size;
}

static enum kb_status map_is_whole(void *moves, const struct kho_meta *piece)
{
	return is_whole(moves, piece->bytes) ? KB_OK : KB_SEAL_READ;
}

static bool root_is_whole(const struct kb_moves *moves, const struct kho_root *root)
{
	bool whole = is_whole(moves, root->fdt);

	for (unsigned int i = 0; i < root->blob_count; i++)
		whole &= is_whole(moves, (struct range){root->blob[i].at.addr, root->blob[i].size});
	return whole;
}

struct route_early route_early(uint64_t map, uint64_t desc_size, size_t kept)
{
	return (struct route_early){
		.map = align_up(map + 2 * kept * desc_size, 8),
		.pieces = map / desc_size + kept,
	};
}

enum kb_status route_early_check(uint64_t map, uint64_t desc_size, size_t kept,
				 struct route_early max)
{
	struct route_early e = route_early(map + ROUTE_EARLY_SLACK * desc_size, desc_size, kept);

	return e.map > max.map || e.pieces > max.pieces ? KB_ROUTE_MAP : KB_OK;
}

/*
 * Will route_keep() have room for all, and the UEFI door for what is then left of scratch? As
 * there, copies one after the other are one piece.
 */
static enum kb_status check_pieces(const struct route *r, const struct kb_moves *moves,
				   uint64_t areas)
{
	uint64_t pieces = 1 + KB_ROOM_PIECES + areas, end = 0;

	for (size_t i = 0; i < moves->count; i++) {
		pieces += moves->m[i].copy != end;
		end = moves->m[i].copy + moves->m[i].size;
	}
	if (pieces > ROUTE_KEEP_MAX)
		return KB_RANGE_FULL;
	return r->desc_size ? route_early_check(r->map_size, r->desc_size, pieces, r->early_max)
			    : KB_OK;
}

enum kb_status route_place(struct mem *m, const struct kho *k, struct range_list *free,
			   const struct route *r, struct kb_record *rec)
{
	struct kb_moves moves = {.max = r->shape.moves};
	enum kb_status st;

	record_layout(rec, &r->shape, r->nonce);
	moves.m = record_moves(rec);
	st = evacuate_place(&r->evacuation, free, &moves);
	if (!st)
		st = check_pieces(r, &moves, k->scratch.count);
	if (!st && !root_is_whole(&moves, &k->root))
		st = KB_SEAL_READ;
	if (!st)
		st = kho_map_each_page(m, &k->map, map_is_whole, &moves);
	if (st)
		return st;
	record_shrink(rec, moves.count, r->shape.tiles);
	memcpy(record_scratch(rec), k->scratch.r, k->scratch.count * sizeof(struct range));
	memcpy(record_cmdline(rec), r->cmdline, r->shape.cmdline);
	return KB_OK;
}

bool route_may_call(const struct kho *k, enum kb_digest seal)
{
	/* Linux 7.3: kernel/liveupdate, mm/memblock.c, lib/test_kho.c */
	static const char *const known[] = {"LUO", "kexec-metadata", "memblock", "kho_test"};
	unsigned int found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		found += kho_root_blob(&k->root, known[i]) != NULL;
	return seal == KB_DIGEST_ALL && k->sum.bytes >= ROUTE_CALL_MIN &&
	       found == k->root.blob_count;
}

struct flusher {
	route_flush_fn *flush;
	void *ctx;
};

static enum kb_status flush_map_page(void *ctx, const struct kho_meta *piece)
{
	const struct flusher *f = ctx;

	f->flush(f->ctx, piece->bytes);
	return KB_OK;
}

enum kb_status route_flush(struct mem *m, const struct kho *k, enum kb_digest seal,
			   route_flush_fn *flush, void *ctx)
{
	struct flusher f = {flush, ctx};
	enum kb_status st = kho_map_each_page(m, &k->map, flush_map_page, &f);
	struct kho_ranges it;
	struct range r;

	flush(ctx, k->root.fdt);
	if (st || seal == KB_DIGEST_ALL)
		return st;
	kho_ranges_first(&it, m, &k->map, 0);
	while (kho_ranges_next(&it, &r))
		flush(ctx, r);
	return it.status;
}

static void copy_pages(const struct kb_moves *moves, const struct route_watch *watch)
{
	for (size_t i = 0; i < moves->count; i++) {
		void *copy = (void *)(uintptr_t)moves->m[i].copy;

		memcpy(copy, (const void *)(uintptr_t)moves->m[i].home, moves->m[i].size);
		if (watch->write_back)
			watch->write_back(watch->ctx, copy, moves->m[i].size);
	}
}

uint64_t route_digested(enum kb_digest seal, uint64_t preserved, uint64_t evacuated)
{
	if (seal == KB_DIGEST_META)
		return 0;
	return seal == KB_DIGEST_ZONE ? evacuated : preserved;
}

static void fill_facts(const struct kho *k, const struct route *r, struct kb_record_facts *f)
{
	f->page_size = 1u << k->root.page_shift;
	f->seal = r->seal;
	f->tile_shift = r->shift;
	f->fdt = k->root.fdt.base;
	f->preserved = k->sum.bytes;
	f->ranges = k->sum.runs;
	memcpy(f->compatible, k->root.compatible, strlen(k->root.compatible) + 1);
}

enum kb_status route_seal(struct mem *m, const struct kho *k, const struct route *r,
			  struct kb_record *rec, const struct kb_record_facts *facts,
			  const struct route_watch *watch)
{
	struct kb_moves moves = route_moves(rec);
	struct seal_scope s = scope(r, NULL);
	uint64_t count = 0;
	enum kb_status st;

	copy_pages(&moves, watch);
	rec->facts = *facts;
	fill_facts(k, r, &rec->facts);
	st = seal_meta(m, k, rec->facts.meta);
	s.ahead = watch->write_back;
	s.done = watch->done;
	s.tick = watch->tick;
	s.ctx = watch->ctx;
	if (!st && r->seal != KB_DIGEST_META)
		st = share_data(m, k, &s, watch->help, record_tiles(rec), r->shape.tiles, &count);
	if (st)
		return st;
	record_shrink(rec, moves.count, count);
	record_seal(rec);
	if (watch->write_back)
		watch->write_back(watch->ctx, rec, rec->size);
	return KB_OK;
}
