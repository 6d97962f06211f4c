// SPDX-License-Identifier: BSD-2-Clause
/* Digests by several CPUs: pieces are shared out, digested, and collected in their order. */
#include <route/share.h>

#include <string.h>

/* Fewer tiles than that are not worth the search for their beginning. */
#define TILES_MIN 4
/* Where there are not many tiles, pieces are smaller: so many are enough for any number of CPUs. */
#define PIECES 1024

/* How much longer than the first CPU another one may need for a piece before it is given up. */
#define PATIENCE 4

/* In work memory. All of it may be written by CPUs that were given up; none may gain by it. */
struct share {
	struct mem m; /* as it was when all began: each CPU copies it */
	const struct kho *k;
	const struct seal_scope *scope;
	struct seal_scope others; /* the same without a tick */
	uint64_t tiles;
	uint64_t per; /* tiles of a piece; the last one may have fewer */
	uint64_t pieces;
	unsigned int cpus; /* other CPUs */
	void (*settle)(void);
	const uint64_t *start;                      /* where each piece begins */
	struct kb_xxh128 *digest;                   /* of each tile */
	uint8_t *done;                              /* of each piece: its digests are there */
	uint8_t *took_part;                         /* of each CPU */
	uint64_t next __attribute__((aligned(64))); /* piece that nobody has */
	bool closed;                                /* who comes now, comes too late */
};

/* ---- sizes ---- */

static uint64_t tiles_of_piece(uint64_t tiles)
{
	return min_u64(max_u64(tiles / PIECES, TILES_MIN), SHARE_TILES);
}

static uint64_t pieces_of(uint64_t tiles)
{
	uint64_t per = tiles_of_piece(tiles);

	return (tiles + per - 1) / per;
}

uint64_t share_work_size(uint64_t tiles, unsigned int cpus)
{
	uint64_t pieces = pieces_of(tiles);

	return align_up(sizeof(struct share) + tiles * sizeof(struct kb_xxh128) +
				pieces * (sizeof(uint64_t) + 1) + cpus + 1,
			64);
}

static struct share *lay_out(struct share_help *help, uint64_t tiles)
{
	struct share *s = help->work;
	uint64_t pieces = pieces_of(tiles);
	uint64_t *start;

	memset(s, 0, share_work_size(tiles, help->cpus));
	s->digest = (struct kb_xxh128 *)(s + 1);
	start = (uint64_t *)(s->digest + tiles);
	s->start = start;
	s->done = (uint8_t *)(start + pieces);
	s->took_part = s->done + pieces;
	s->tiles = tiles;
	s->per = tiles_of_piece(tiles);
	s->pieces = pieces;
	s->cpus = help->cpus;
	s->settle = help->settle;
	s->next = help->cpus + 1;
	return s;
}

/* ---- what all CPUs do ---- */

static uint64_t tiles_in(const struct share *s, uint64_t piece)
{
	return min_u64(s->per, s->tiles - piece * s->per);
}

static enum kb_status make(const struct share *s, const struct seal_scope *scope, struct mem *m,
			   uint64_t piece, struct kb_xxh128 *out)
{
	return seal_tiles(m, s->k, scope, s->start[piece], out, tiles_in(s, piece));
}

/* The diagnosis is each CPU's own. */
static enum kb_status take(struct share *s, unsigned int cpu, uint64_t piece)
{
	struct mem m = s->m;
	enum kb_status st =
		make(s, cpu ? &s->others : s->scope, &m, piece, s->digest + piece * s->per);

	if (st)
		return st;
	if (s->settle)
		s->settle();
	__atomic_store_n(&s->done[piece], 1, __ATOMIC_RELEASE);
	__atomic_store_n(&s->took_part[cpu], 1, __ATOMIC_RELAXED);
	return KB_OK;
}

static uint64_t next_piece(struct share *s)
{
	return __atomic_fetch_add(&s->next, 1, __ATOMIC_RELAXED);
}

void share_take(struct share *s, unsigned int cpu)
{
	uint64_t piece = cpu;

	if (cpu > s->cpus)
		return;
	while (piece < s->pieces && !__atomic_load_n(&s->closed, __ATOMIC_RELAXED) &&
	       !take(s, cpu, piece))
		piece = next_piece(s);
}

/* ---- what the first CPU does ---- */

/* Takes pieces, too. Returns how many ticks the slowest took. */
static uint64_t take_own(struct share *s, const struct share_help *help)
{
	uint64_t slowest = 0, piece = 0, begun = help->clock();

	while (piece < s->pieces && !take(s, 0, piece)) {
		uint64_t now = help->clock();

		slowest = max_u64(slowest, now - begun);
		begun = now;
		piece = next_piece(s);
	}
	return slowest;
}

static bool is_done(const struct share *s, uint64_t piece)
{
	return __atomic_load_n(&s->done[piece], __ATOMIC_ACQUIRE);
}

/* Whoever has it gets some time. */
static bool await(const struct share *s, const struct share_help *help, uint64_t piece,
		  uint64_t patience)
{
	uint64_t begun = help->clock();

	while (!is_done(s, piece) && help->clock() - begun <= patience)
		help->relax();
	return is_done(s, piece);
}

/* Called with the digests of each piece, in ascending order. Anything but KB_OK ends it. */
typedef enum kb_status use_fn(void *ctx, const struct share *s, uint64_t piece,
			      const struct kb_xxh128 *digest);

static enum kb_status collect(struct share *s, struct share_help *help, struct mem *m,
			      uint64_t patience, use_fn *use, void *ctx)
{
	struct kb_xxh128 again[SHARE_TILES];
	enum kb_status st = KB_OK;

	for (uint64_t piece = 0; piece < s->pieces && !st; piece++) {
		bool done = await(s, help, piece, patience);

		if (!done) {
			help->again++;
			st = make(s, s->scope, m, piece, again);
		}
		if (!st)
			st = use(ctx, s, piece, done ? s->digest + piece * s->per : again);
	}
	return st;
}

static void count_cpus(const struct share *s, struct share_help *help)
{
	help->took_part = 0;
	for (unsigned int i = 0; i <= s->cpus; i++)
		help->took_part += __atomic_load_n(&s->took_part[i], __ATOMIC_RELAXED);
}

static enum kb_status run(struct share *s, struct share_help *help, struct mem *m, use_fn *use,
			  void *ctx)
{
	uint64_t slowest;
	enum kb_status st;

	help->start(help->ctx, s);
	slowest = take_own(s, help);
	st = collect(s, help, m, PATIENCE * slowest, use, ctx);
	__atomic_store_n(&s->closed, true, __ATOMIC_RELAXED);
	count_cpus(s, help);
	help->stop(help->ctx);
	return st;
}

/* All that others read is written before they are started. */
static enum kb_status split(struct share *s, struct mem *m, const struct kho *k,
			    const struct seal_scope *scope)
{
	s->m = *m;
	s->k = k;
	s->scope = scope;
	s->others = *scope;
	s->others.tick = NULL;
	return seal_split(m, k, scope, s->per, (uint64_t *)(s->digest + s->tiles), s->pieces);
}

static bool worth_it(struct share_help *help, uint64_t tiles)
{
	if (!help)
		return false;
	help->took_part = 1;
	help->again = 0;
	return help->cpus && tiles > TILES_MIN &&
	       help->work_size >= share_work_size(tiles, help->cpus);
}

/* ---- seal ---- */

static enum kb_status store(void *out, const struct share *s, uint64_t piece,
			    const struct kb_xxh128 *digest)
{
	memcpy((struct kb_xxh128 *)out + piece * s->per, digest,
	       tiles_in(s, piece) * sizeof(*digest));
	return KB_OK;
}

enum kb_status share_data(struct mem *m, const struct kho *k, const struct seal_scope *scope,
			  struct share_help *help, struct kb_xxh128 *out, uint64_t max,
			  uint64_t *count)
{
	enum kb_status st;
	struct share *s;

	if (!worth_it(help, max))
		return seal_data(m, k, scope, out, max, count);
	st = seal_count(m, k, scope, count);
	if (st)
		return st;
	if (*count > max || !worth_it(help, *count))
		return seal_data(m, k, scope, out, max, count);
	s = lay_out(help, *count);
	st = split(s, m, k, scope);
	return st ? st : run(s, help, m, store, out);
}

/* ---- verify ---- */

struct verifying {
	struct mem *m;
	const struct kb_xxh128 *want;
	seal_damage_fn *damage;
	void *ctx;
	uint64_t damaged;
};

/* Most pieces are whole. */
static enum kb_status compare(void *ctx, const struct share *s, uint64_t piece,
			      const struct kb_xxh128 *digest)
{
	struct verifying *v = ctx;
	const struct kb_xxh128 *want = v->want + piece * s->per;
	uint64_t n = tiles_in(s, piece);

	if (!memcmp(digest, want, n * sizeof(*want)))
		return KB_OK;
	return seal_compare(v->m, s->k, s->scope, s->start[piece], digest, want, n, v->damage,
			    v->ctx, &v->damaged);
}

enum kb_status share_verify(struct mem *m, const struct kho *k, const struct seal_scope *scope,
			    struct share_help *help, const struct kb_xxh128 *want, uint64_t count,
			    seal_damage_fn *damage, void *ctx, uint64_t *damaged)
{
	struct verifying v = {m, want, damage, ctx, 0};
	uint64_t there;
	enum kb_status st;
	struct share *s;

	if (!worth_it(help, count))
		return seal_verify(m, k, scope, want, count, damage, ctx, damaged);
	*damaged = 0;
	st = seal_count(m, k, scope, &there);
	if (!st && there != count)
		st = kb_fail(m, KB_SEAL_COUNT, there, count);
	if (st)
		return st;
	s = lay_out(help, count);
	st = split(s, m, k, scope);
	if (!st)
		st = run(s, help, m, compare, &v);
	*damaged = v.damaged;
	return !st && v.damaged ? KB_SEAL_DATA : st;
}
