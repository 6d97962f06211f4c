// SPDX-License-Identifier: BSD-2-Clause
/* Digests over the metadata and, tile by tile, over the preserved data. */
#include <route/seal.h>

unsigned int seal_shift(uint64_t end)
{
	unsigned int shift = 12;

	while (end && (end - 1) >> shift >= KB_TILES_MAX)
		shift++;
	return shift;
}

/* ---- metadata ---- */

struct meta {
	struct mem *m;
	struct kb_sha256 sha;
};

static enum kb_status add_bytes(struct meta *meta, struct range r)
{
	const void *p = mem_get(meta->m, phys(r.base), r.size);

	if (!p)
		return kb_fail(meta->m, KB_SEAL_READ, r.base, r.size);
	kb_sha256_update(&meta->sha, p, r.size);
	return KB_OK;
}

static enum kb_status add_piece(void *ctx, const struct kho_meta *piece)
{
	return add_bytes(ctx, piece->bytes);
}

enum kb_status seal_meta(struct mem *m, const struct kho *k, uint8_t out[KB_SHA256_SIZE])
{
	struct meta meta = {.m = m};
	enum kb_status st;

	kb_sha256_init(&meta.sha);
	st = add_bytes(&meta, k->root.fdt);
	for (unsigned int i = 0; i < k->root.blob_count && !st; i++)
		st = add_bytes(&meta,
			       (struct range){k->root.blob[i].at.addr, k->root.blob[i].size});
	if (!st)
		st = kho_map_each_page(m, &k->map, add_piece, &meta);
	if (!st)
		kb_sha256_final(&meta.sha, out);
	return st;
}

/* ---- data ---- */

struct sealer;

/* Called at the end of each tile. Anything but KB_OK ends the walk. */
typedef enum kb_status tile_fn(struct sealer *s, struct kb_xxh128 digest);

struct sealer {
	struct mem *m;
	const struct seal_scope *scope;
	tile_fn *tile;  /* NULL: count only, read nothing */
	uint64_t count; /* tiles ended */
	uint64_t from;  /* bytes below are left out; the beginning of a tile */
	uint64_t limit; /* end after so many tiles; 0: with the last one */
	bool full;      /* at that limit */
	uint64_t ahead; /* what is preserved below was given to scope->ahead() */
	/* The current tile: from its first preserved byte to its last, and how many there are. */
	struct range where;
	uint64_t bytes;
	struct kb_xxh128_state state;
	/* seal_data() */
	struct kb_xxh128 *out;
	uint64_t max;
	/* seal_split() */
	uint64_t *start;
	uint64_t per;
	/* seal_verify(), seal_compare() */
	const struct kb_xxh128 *got; /* digests that were made before: nothing is read */
	const struct kb_xxh128 *want;
	seal_damage_fn *damage;
	void *ctx;
	uint64_t damaged;
};

static bool reads(const struct sealer *s)
{
	return s->tile && !s->got;
}

static enum kb_status end_tile(struct sealer *s)
{
	enum kb_status st = KB_OK;

	if (!s->bytes)
		return KB_OK;
	if (s->tile)
		st = s->tile(s, s->got ? s->got[s->count] : kb_xxh128_final(&s->state));
	if (reads(s) && s->scope->done)
		__atomic_fetch_add(s->scope->done, s->bytes, __ATOMIC_RELAXED);
	if (reads(s) && s->scope->tick)
		s->scope->tick(s->scope->ctx);
	s->count++;
	s->bytes = 0;
	s->full = s->limit && s->count == s->limit;
	return st;
}

static void begin_tile(struct sealer *s, uint64_t base)
{
	s->where = (struct range){base, 0};
	if (reads(s))
		kb_xxh128_init(&s->state);
	if (s->start && !(s->count % s->per))
		s->start[s->count / s->per] = base >> s->scope->shift << s->scope->shift;
}

/* Digest @r, a part of the current tile, in as many pieces as it has in memory. */
static enum kb_status read_bytes(struct sealer *s, struct range r)
{
	while (r.size) {
		uint64_t n =
			s->scope->moves ? mem_moved_piece(s->scope->moves, r.base, r.size) : r.size;
		const void *p = mem_get(s->m, phys(r.base), n);

		if (!p)
			return kb_fail(s->m, KB_SEAL_READ, r.base, n);
		kb_xxh128_update(&s->state, p, n);
		if (s->scope->after)
			s->scope->after(s->scope->ctx, p, n);
		r = (struct range){r.base + n, r.size - n};
	}
	return KB_OK;
}

/* Take @r, which lies in one tile. */
static enum kb_status take_part(struct sealer *s, struct range r)
{
	enum kb_status st = KB_OK;

	if (s->bytes && s->where.base >> s->scope->shift != r.base >> s->scope->shift)
		st = end_tile(s);
	if (s->full)
		return st;
	if (!st && !s->bytes)
		begin_tile(s, r.base);
	if (!st && reads(s))
		st = read_bytes(s, r);
	s->bytes += r.size;
	s->where.size = range_end(r) - s->where.base;
	return st;
}

/* So much of a range is given to scope->ahead() before it is read: neither waits for the other. */
#define AHEAD SZ_1M

/* @r: what is still to be read of a range. Returns in @ret how much of it may be. */
static enum kb_status go_ahead(struct sealer *s, struct range r, uint64_t *ret)
{
	*ret = r.size;
	if (!s->scope->ahead || !reads(s))
		return KB_OK;
	if (s->ahead <= r.base) {
		uint64_t n = min_u64(r.size, AHEAD);
		const void *p = mem_get(s->m, phys(r.base), n);

		if (!p)
			return kb_fail(s->m, KB_SEAL_READ, r.base, n);
		s->scope->ahead(s->scope->ctx, p, n);
		s->ahead = r.base + n;
	}
	*ret = s->ahead - r.base;
	return KB_OK;
}

static enum kb_status take_range(struct sealer *s, struct range r)
{
	enum kb_status st = KB_OK;

	while (r.size && !st && !s->full) {
		uint64_t last = r.base | ((1ULL << s->scope->shift) - 1), n;

		st = go_ahead(s, r, &n);
		if (st)
			break;
		n = min_u64(n, last - r.base + 1);
		st = take_part(s, (struct range){r.base, n});
		r = (struct range){r.base + n, r.size - n};
	}
	return st;
}

/* Take the parts of @r that are in the scope. */
static enum kb_status take_scope(struct sealer *s, struct range r)
{
	const struct range_list *only = s->scope->only;
	enum kb_status st = KB_OK;

	if (!only)
		return take_range(s, r);
	for (size_t i = 0; i < only->count && !st; i++)
		st = take_range(s, range_intersect(r, only->r[i]));
	return st;
}

static enum kb_status walk(struct sealer *s, const struct kho *k)
{
	const struct range all = {s->from, UINT64_MAX - s->from};
	struct kho_ranges it;
	struct range r;
	enum kb_status st = KB_OK;

	kho_ranges_first(&it, s->m, &k->map, s->from);
	while (!st && !s->full && kho_ranges_next(&it, &r))
		st = take_scope(s, range_intersect(r, all));
	if (it.status)
		st = kb_fail(s->m, it.status, 0, 0);
	return st ? st : end_tile(s);
}

enum kb_status seal_count(struct mem *m, const struct kho *k, const struct seal_scope *s,
			  uint64_t *count)
{
	struct sealer sealer = {.m = m, .scope = s};
	enum kb_status st = walk(&sealer, k);

	*count = sealer.count;
	return st;
}

static enum kb_status keep(struct sealer *s, struct kb_xxh128 digest)
{
	if (s->count == s->max)
		return kb_fail(s->m, KB_SEAL_COUNT, s->where.base, s->max);
	s->out[s->count] = digest;
	return KB_OK;
}

enum kb_status seal_data(struct mem *m, const struct kho *k, const struct seal_scope *s,
			 struct kb_xxh128 *out, uint64_t max, uint64_t *count)
{
	struct sealer sealer = {.m = m, .scope = s, .tile = keep, .out = out, .max = max};
	enum kb_status st = walk(&sealer, k);

	*count = sealer.count;
	return st;
}

static enum kb_status compare(struct sealer *s, struct kb_xxh128 digest)
{
	if (digest.lo == s->want[s->count].lo && digest.hi == s->want[s->count].hi)
		return KB_OK;
	if (!s->damaged)
		kb_fail(s->m, KB_SEAL_DATA, s->where.base, s->where.size);
	s->damaged += s->bytes;
	if (s->damage)
		s->damage(s->ctx, s->where, s->bytes);
	return KB_OK;
}

enum kb_status seal_verify(struct mem *m, const struct kho *k, const struct seal_scope *s,
			   const struct kb_xxh128 *want, uint64_t count, seal_damage_fn *damage,
			   void *ctx, uint64_t *damaged)
{
	struct sealer sealer = {
		.m = m, .scope = s, .tile = compare, .want = want, .damage = damage, .ctx = ctx};
	uint64_t there;
	enum kb_status st = seal_count(m, k, s, &there);

	*damaged = 0;
	if (st)
		return st;
	if (there != count)
		return kb_fail(m, KB_SEAL_COUNT, there, count);
	st = walk(&sealer, k);
	*damaged = sealer.damaged;
	return !st && sealer.damaged ? KB_SEAL_DATA : st;
}

/* ---- in pieces, for several CPUs ---- */

enum kb_status seal_split(struct mem *m, const struct kho *k, const struct seal_scope *s,
			  uint64_t per, uint64_t *start, uint64_t max)
{
	struct sealer sealer = {.m = m, .scope = s, .start = start, .per = per, .limit = max * per};

	return walk(&sealer, k);
}

enum kb_status seal_tiles(struct mem *m, const struct kho *k, const struct seal_scope *s,
			  uint64_t from, struct kb_xxh128 *out, uint64_t count)
{
	struct sealer sealer = {.m = m,
				.scope = s,
				.tile = keep,
				.from = from,
				.limit = count,
				.out = out,
				.max = count};
	enum kb_status st = walk(&sealer, k);

	return !st && sealer.count != count ? kb_fail(m, KB_SEAL_COUNT, from, count) : st;
}

enum kb_status seal_compare(struct mem *m, const struct kho *k, const struct seal_scope *s,
			    uint64_t from, const struct kb_xxh128 *got,
			    const struct kb_xxh128 *want, uint64_t count, seal_damage_fn *damage,
			    void *ctx, uint64_t *damaged)
{
	struct sealer sealer = {.m = m,
				.scope = s,
				.tile = compare,
				.from = from,
				.limit = count,
				.got = got,
				.want = want,
				.damage = damage,
				.ctx = ctx,
				.damaged = *damaged};
	enum kb_status st = walk(&sealer, k);

	*damaged = sealer.damaged;
	return st;
}
