// SPDX-License-Identifier: BSD-2-Clause
/* The firmware route after the reset: finds the record, checks what is still as it was sealed. */
#include <route/route.h>

#include <string.h>

enum kb_status route_find(const struct range_list *ram, const uint8_t key[KB_SHA256_SIZE],
			  struct kb_record **ret)
{
	struct kb_record *found = NULL;

	for (size_t i = 0; i < ram->count; i++) {
		uint64_t end = range_end(ram->r[i]);
		uint64_t at = align_up(ram->r[i].base, KB_RECORD_ALIGN);

		for (; at + SZ_4K <= end; at += KB_RECORD_ALIGN) {
			if (!record_match((const void *)(uintptr_t)at, key))
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

bool route_drop(const struct range_list *ram, route_flush_fn *flush, void *ctx)
{
	bool found = false;

	for (size_t i = 0; i < ram->count; i++) {
		uint64_t end = range_end(ram->r[i]);
		uint64_t at = align_up(ram->r[i].base, KB_RECORD_ALIGN);

		for (; at + SZ_4K <= end; at += KB_RECORD_ALIGN) {
			struct kb_record *rec = (struct kb_record *)(uintptr_t)at;

			if (rec->magic != KB_RECORD_MAGIC || rec->state != KB_RECORD_SEALED)
				continue;
			record_take(rec);
			flush(ctx, (struct range){(uintptr_t)rec, SZ_4K});
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
	const struct kb_room *room = &rec->facts.room;
	struct kb_moves moves = route_moves(rec);
	enum kb_status st = range_list_add(l, (struct range){(uintptr_t)rec, rec->size});

	for (size_t i = 0; i < moves.count && !st; i++) {
		struct range *last = &l->r[l->count - 1];

		/* Most copies lie one after the other. */
		if (range_end(*last) == moves.m[i].copy)
			last->size += moves.m[i].size;
		else
			st = range_list_add(l, (struct range){moves.m[i].copy, moves.m[i].size});
	}
	if (!st)
		st = range_list_add(l, room->window);
	if (!st)
		st = range_list_add(l, room->block);
	if (!st)
		st = range_list_add(l, room->initrd);
	range_list_sort(l);
	return st;
}

enum kb_status route_kept(struct mem *m, struct kb_record *rec, const struct range_list *ours)
{
	struct range self = {(uintptr_t)rec, rec->size};
	struct kb_moves moves = route_moves(rec);

	if (!range_list_contains(ours, self))
		return kb_fail(m, KB_CLAIM, self.base, self.size);
	for (size_t i = 0; i < moves.count; i++) {
		struct range copy = {moves.m[i].copy, moves.m[i].size};

		if (!range_list_contains(ours, copy))
			return kb_fail(m, KB_CLAIM, copy.base, copy.size);
	}
	return KB_OK;
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
			    uint64_t *damaged, const struct route_watch *watch)
{
	struct kb_moves moves = route_moves(rec);
	struct seal_scope s = {.moves = &moves,
			       .shift = rec->facts.tile_shift,
			       .done = watch->done,
			       .tick = watch->tick,
			       .ctx = watch->ctx};
	uint8_t meta[KB_SHA256_SIZE];
	enum kb_status st = seal_meta(m, k, meta);

	*damaged = 0;
	if (!st && memcmp(meta, rec->facts.meta, sizeof(meta)))
		st = KB_SEAL_META;
	if (st || rec->facts.seal == KB_DIGEST_META)
		return st;
	/* The homes hold all that is preserved in the zone, and nothing outside it. */
	s.only = rec->facts.seal == KB_DIGEST_ZONE ? homes : NULL;
	return share_verify(m, k, &s, watch->help, record_tiles(rec), rec->tiles_count, damage, ctx,
			    damaged);
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
