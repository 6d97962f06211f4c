// SPDX-License-Identifier: BSD-2-Clause
/* A list of chunks (6.16 to 7.0) that may be damaged. fdt/kho_v1.c has the drawing. */
#include "walk.h"

#define HEADER      16
#define ELM         16
#define SMALL_BYTES 512ULL

struct chunk {
	uint64_t at;
	const uint8_t *p;
	uint32_t order, elms;
};

/* Bytes of address space, less one, that a bitmap of @bytes describes; all ones for 2^64. */
static uint64_t described(uint64_t bytes, unsigned int block_shift)
{
	return ((bytes * 8) << block_shift) - 1;
}

static uint64_t bitmap_bytes(const struct walk *w)
{
	return w->format == KHO_MAP_V1_SMALL ? SMALL_BYTES : 1ULL << w->page_shift;
}

/* The elements of a chunk are read only if its head can be true. */
static enum kb_status parse(unsigned int page_shift, uint64_t at, const uint8_t *p,
			    struct chunk *ret)
{
	*ret = (struct chunk){at, p, get_u32(p + 8), get_u32(p + 12)};
	if (ret->elms > ((1ULL << page_shift) - HEADER) / ELM)
		return KB_KHO_CHUNK_ELMS;
	return ret->order >= kho_orders(page_shift) ? KB_KHO_CHUNK_ORDER : KB_OK;
}

/* What is wrong with a bitmap, or the address from which on it counts. */
static enum kb_status check_elm(const struct walk *w, const struct chunk *c, uint64_t start,
				uint64_t bitmap)
{
	uint64_t bytes = bitmap_bytes(w);

	if (start & described(bytes, w->page_shift + c->order))
		return KB_KHO_BITMAP_START;
	if (!is_aligned(bitmap, bytes))
		return KB_KHO_BITMAP_ALIGN;
	return bitmap && mem_get(w->m, phys(bitmap), bytes) ? KB_OK : KB_KHO_BITMAP_RAM;
}

static void see_elm(struct walk *w, const struct chunk *c, uint64_t i)
{
	uint64_t off = HEADER + ELM * i, size = 1ULL << w->page_shift, bytes = bitmap_bytes(w);
	uint64_t start = get_u64(c->p + off), bitmap = get_u64(c->p + off + 8);
	enum kb_status st = check_elm(w, c, start, bitmap);
	struct kho_meta meta = {KHO_META_BITMAP, {bitmap, bytes}, {align_down(bitmap, size), size}};
	struct kho_strip s = {.base = start,
			      .blocks = bytes * 8,
			      .order = c->order,
			      .block_shift = w->page_shift + c->order,
			      .chunk = c->at,
			      .elm = i,
			      .at = phys(bitmap)};

	if (!st && !inspect_set_add(&w->seen, bitmap))
		st = KB_KHO_META_SHARED;
	if (st) {
		inspect_note(w->f, "map", st, c->at + off,
			     st == KB_KHO_BITMAP_START ? start : bitmap);
		return;
	}
	s.bits = mem_get(w->m, phys(bitmap), bytes);
	w->meta(w->ctx, &meta);
	w->strip(w->ctx, &s);
}

static void see_chunk(struct walk *w, uint64_t at, const uint8_t *p)
{
	struct range r = {at, 1ULL << w->page_shift};
	struct kho_meta meta = {KHO_META_CHUNK, r, r};
	struct chunk c;
	enum kb_status st = parse(w->page_shift, at, p, &c);

	w->meta(w->ctx, &meta);
	if (st)
		inspect_note(w->f, "map", st, at, st == KB_KHO_CHUNK_ELMS ? c.elms : c.order);
	for (uint64_t i = 0; i < c.elms && !st; i++)
		see_elm(w, &c, i);
}

void walk_chunks(struct walk *w, phys_t root)
{
	uint64_t at = root.addr, slot = root.addr, size = 1ULL << w->page_shift;

	while (at) {
		const uint8_t *p = is_aligned(at, size) ? mem_get(w->m, phys(at), size) : NULL;
		bool again = p && !inspect_set_add(&w->seen, at);

		if (!p || again) {
			inspect_note(w->f, "map",
				     again                  ? KB_KHO_META_SHARED
				     : is_aligned(at, size) ? KB_KHO_CHUNK_RAM
							    : KB_KHO_CHUNK_ALIGN,
				     slot, at);
			break;
		}
		see_chunk(w, at, p);
		slot = at;
		at = get_u64(p);
	}
	inspect_set_free(&w->seen);
}

/* ---- before the walk: how is it to be read? ---- */

/* Call @see for each chunk that can be read, each once. True if the list then is at its end. */
static bool each_chunk(const struct mem *m, unsigned int page_shift, phys_t root,
		       void (*see)(void *ctx, const struct chunk *c), void *ctx)
{
	uint64_t at = root.addr, size = 1ULL << page_shift;
	struct inspect_set seen = {0};

	while (at && is_aligned(at, size) && inspect_set_add(&seen, at)) {
		const uint8_t *p = mem_get(m, phys(at), size);
		struct chunk c;

		if (!p)
			break;
		if (!parse(page_shift, at, p, &c))
			see(ctx, &c);
		at = get_u64(p);
	}
	inspect_set_free(&seen);
	return !at;
}

struct vote {
	unsigned int page_shift;
	uint64_t all, small;
};

static void count_votes(void *ctx, const struct chunk *c)
{
	struct vote *v = ctx;
	uint64_t size = 1ULL << v->page_shift;

	for (uint64_t i = 0; i < c->elms; i++) {
		uint64_t start = get_u64(c->p + HEADER + ELM * i);
		uint64_t bitmap = get_u64(c->p + HEADER + ELM * i + 8);

		v->all++;
		if (start & described(size, v->page_shift + c->order) || !is_aligned(bitmap, size))
			v->small++;
	}
}

bool walk_is_small(const struct mem *m, unsigned int page_shift, phys_t root)
{
	struct vote v = {page_shift, 0, 0};

	each_chunk(m, page_shift, root, count_votes, &v);
	return 4 * v.small >= v.all && v.small;
}

struct question {
	const struct mem *m;
	unsigned int page_shift;
	uint64_t at;
	bool found;
};

/* A small bitmap ends earlier: then there is another one for what follows. */
static void look_up(void *ctx, const struct chunk *c)
{
	struct question *q = ctx;
	uint64_t size = 1ULL << q->page_shift;

	for (uint64_t i = 0; i < c->elms && !c->order && !q->found; i++) {
		uint64_t start = get_u64(c->p + HEADER + ELM * i);
		uint64_t bit = (q->at - start) >> q->page_shift, bitmap;
		const uint8_t *p;

		if (q->at < start || bit >= size * 8 || !is_aligned(start, SMALL_BYTES * 8 * size))
			continue;
		bitmap = get_u64(c->p + HEADER + ELM * i + 8);
		p = bitmap < ~size && is_aligned(bitmap, SMALL_BYTES)
			    ? mem_get(q->m, phys(bitmap + bit / 8), 1)
			    : NULL;
		q->found = p && *p >> bit % 8 & 1;
	}
}

static void see_nothing(void *ctx, const struct chunk *c)
{
	(void)ctx;
	(void)c;
}

bool walk_list_ends(const struct mem *m, unsigned int page_shift, phys_t root)
{
	return each_chunk(m, page_shift, root, see_nothing, NULL);
}

bool walk_list_has(const struct mem *m, unsigned int page_shift, phys_t root, uint64_t at)
{
	struct question q = {m, page_shift, at, false};

	each_chunk(m, page_shift, root, look_up, &q);
	return q.found;
}
