// SPDX-License-Identifier: BSD-2-Clause
/*
 * Maps of kho-v1: a list of chunks, each with bitmaps of one order. (linux 6.17.8 and 6.18.15,
 * struct khoser_mem_chunk, kho_mem_serialize, deserialize_bitmap)
 *
 *	   chunk: one page                        next chunk
 *	   +-----------------------+              +-----------------------+
 *	 0 | next                  |------------->| next: 0 in the last   |
 *	   +-----------+-----------+              +-----------+-----------+
 *	 8 | order     | num_elms  | 12           | order     | num_elms  |
 *	   +-----------+-----------+              +-----------+-----------+
 *	16 | elm 0:    phys_start  |              | elm 0:    phys_start  |
 *	24 |           bitmap      |---> bits     |           bitmap      |---> bits
 *	   +-----------------------+              +-----------------------+
 *	32 | elm 1:    phys_start  |              | ...
 *	40 |           bitmap      |---> bits
 *	   +-----------------------+
 *	   | ...
 *
 * Bit n of a bitmap stands for block n from phys_start on; blocks have the order of the chunk. A
 * bitmap has 512 bytes (6.16, 6.17) or one page (6.18 to 7.0).
 */
#include <core/bits.h>
#include <fdt/internal.h>

#define CHUNK_NEXT   0
#define CHUNK_ORDER  8
#define CHUNK_ELMS   12
#define CHUNK_HEADER 16
#define ELM_START    0
#define ELM_BITMAP   8
#define ELM_SIZE     16
#define SMALL_BYTES  512ULL /* PRESERVE_BITS of 6.16 and 6.17, in bytes */

struct chunk {
	uint64_t at;
	const uint8_t *p;
	uint64_t next;
	uint32_t order;
	uint32_t elms;
};

struct elm {
	uint64_t at; /* address of the element itself */
	uint64_t start;
	uint64_t bitmap;
};

static enum kb_status parse_chunk(unsigned int page_shift, uint64_t at, const uint8_t *p,
				  struct chunk *ret)
{
	struct chunk c = {at, p, get_u64(p + CHUNK_NEXT), get_u32(p + CHUNK_ORDER),
			  get_u32(p + CHUNK_ELMS)};

	if (c.elms > ((1ULL << page_shift) - CHUNK_HEADER) / ELM_SIZE)
		return KB_KHO_CHUNK_ELMS;
	if (c.order >= kho_orders(page_shift))
		return KB_KHO_CHUNK_ORDER;
	*ret = c;
	return KB_OK;
}

static enum kb_status read_chunk(const struct mem *m, unsigned int page_shift, uint64_t at,
				 struct chunk *ret)
{
	uint64_t size = 1ULL << page_shift;
	const uint8_t *p;

	if (!is_aligned(at, size))
		return KB_KHO_CHUNK_ALIGN;
	p = mem_get(m, phys(at), size);
	return p ? parse_chunk(page_shift, at, p, ret) : KB_KHO_CHUNK_RAM;
}

static struct elm read_elm(const struct chunk *c, uint64_t i)
{
	uint64_t off = CHUNK_HEADER + ELM_SIZE * i;

	return (struct elm){c->at + off, get_u64(c->p + off + ELM_START),
			    get_u64(c->p + off + ELM_BITMAP)};
}

static uint64_t bitmap_bytes(const struct kho_map *map)
{
	return map->format == KHO_MAP_V1_SMALL ? SMALL_BYTES : 1ULL << map->page_shift;
}

/* Bytes of address space, less one, that a bitmap of @bytes describes; all ones for 2^64. */
static uint64_t strip_mask(uint64_t bytes, unsigned int block_shift)
{
	return ((bytes * 8) << block_shift) - 1;
}

/* A pass over the list, and what it calls. Anything but KB_OK ends the pass. */
struct scan {
	struct mem *m;
	const struct kho_map *map;
	enum kb_status (*chunk)(void *ctx, const struct chunk *c);
	enum kb_status (*elm)(void *ctx, const struct chunk *c, const struct elm *e);
	void *ctx;
	bool undecided; /* the bitmaps may be page-size ones, whatever map->format says */
	unsigned int empty;
	struct range ram_hint; /* RAM that the last bitmap described */
	/* The previous element. */
	bool any;
	uint32_t order;
	uint64_t start;
};

/* Every kernel writes ascending orders, and ascending addresses in each. A cycle cannot ascend. */
static bool ascends(const struct scan *s, uint32_t order, uint64_t start)
{
	return !s->any || order > s->order || (order == s->order && start > s->start);
}

/* The last address that @e may describe. A strip that begins below RAM may reach into it. */
static uint64_t last_described(const struct scan *s, const struct chunk *c, const struct elm *e)
{
	uint64_t bytes = s->undecided ? 1ULL << s->map->page_shift : bitmap_bytes(s->map);

	return e->start | strip_mask(bytes, s->map->page_shift + c->order);
}

static enum kb_status check_elm(struct scan *s, const struct chunk *c, const struct elm *e)
{
	uint64_t bytes = bitmap_bytes(s->map);
	uint64_t mask = strip_mask(bytes, s->map->page_shift + c->order);
	struct range described = kho_span(e->start, last_described(s, c, e));

	if (e->start & mask)
		return kb_fail(s->m, KB_KHO_BITMAP_START, e->at, e->start);
	if (!ascends(s, c->order, e->start))
		return kb_fail(s->m, KB_KHO_BITMAP_SORT, e->at, e->start);
	if (!range_list_overlaps_near(&s->m->ram, &s->ram_hint, described))
		return kb_fail(s->m, KB_KHO_BITMAP_OUTSIDE, e->at, e->start);
	if (!is_aligned(e->bitmap, bytes))
		return kb_fail(s->m, KB_KHO_BITMAP_ALIGN, e->at, e->bitmap);
	/* For kernels address 0 is a null pointer. */
	if (!e->bitmap || !mem_get(s->m, phys(e->bitmap), bytes))
		return kb_fail(s->m, KB_KHO_BITMAP_RAM, e->at, e->bitmap);
	s->any = true;
	s->order = c->order;
	s->start = e->start;
	return KB_OK;
}

static enum kb_status scan_chunk(struct scan *s, const struct chunk *c)
{
	enum kb_status st = s->chunk ? s->chunk(s->ctx, c) : KB_OK;

	if (!st && !c->elms && ++s->empty > KHO_EMPTY_CHUNKS)
		st = kb_fail(s->m, KB_KHO_CHUNK_EMPTY, c->at, s->empty);
	for (uint32_t i = 0; i < c->elms && !st; i++) {
		struct elm e = read_elm(c, i);

		st = check_elm(s, c, &e);
		if (!st && s->elm)
			st = s->elm(s->ctx, c, &e);
	}
	return st;
}

static enum kb_status scan_list(struct scan *s)
{
	uint64_t from = s->map->root.addr, at = from;
	enum kb_status st = KB_OK;

	while (at && !st) {
		struct chunk c;

		st = read_chunk(s->m, s->map->page_shift, at, &c);
		if (st)
			return kb_fail(s->m, st, from, at);
		st = scan_chunk(s, &c);
		from = at;
		at = c.next;
	}
	return st;
}

/* ---- metadata pages ---- */

struct each {
	const struct kho_map *map;
	kho_meta_fn *fn;
	void *ctx;
};

static enum kb_status report_chunk(void *ctx, const struct chunk *c)
{
	const struct each *each = ctx;
	struct range page = {c->at, 1ULL << each->map->page_shift};
	struct kho_meta meta = {KHO_META_CHUNK, page, page};

	return each->fn(each->ctx, &meta);
}

static enum kb_status report_bitmap(void *ctx, const struct chunk *c, const struct elm *e)
{
	const struct each *each = ctx;
	uint64_t size = 1ULL << each->map->page_shift;
	struct kho_meta meta = {KHO_META_BITMAP,
				{e->bitmap, bitmap_bytes(each->map)},
				{align_down(e->bitmap, size), size}};

	(void)c;
	return each->fn(each->ctx, &meta);
}

enum kb_status kho_v1_each(struct mem *m, const struct kho_map *map, kho_meta_fn *fn, void *ctx)
{
	struct each each = {map, fn, ctx};
	struct scan s = {
		.m = m, .map = map, .chunk = report_chunk, .elm = report_bitmap, .ctx = &each};

	return scan_list(&s);
}

/* ---- what tells the bitmap size ---- */

struct gather {
	struct mem *m;
	struct kho_map *map;
	struct kho_v1_evidence *ev;
};

static bool more_bits(const struct gather *g, uint64_t bitmap)
{
	uint64_t size = 1ULL << g->map->page_shift;
	const uint8_t *p = mem_get(g->m, phys(bitmap), size);

	for (uint64_t i = SMALL_BYTES; p && i < size; i += 8)
		if (get_u64(p + i))
			return true;
	return false;
}

static enum kb_status gather_elm(void *ctx, const struct chunk *c, const struct elm *e)
{
	struct gather *g = ctx;
	uint64_t size = 1ULL << g->map->page_shift;

	if (!(g->map->orders >> c->order & 1))
		g->map->first[c->order] = c->at;
	g->map->orders |= 1ULL << c->order;
	if (!is_aligned(e->bitmap, size) || !mem_get(g->m, phys(e->bitmap), size))
		g->ev->small = true;
	else if (e->start & strip_mask(size, g->map->page_shift + c->order))
		g->ev->small = true;
	else if (!g->ev->differ)
		g->ev->differ = more_bits(g, e->bitmap);
	return KB_OK;
}

enum kb_status kho_v1_gather(struct mem *m, struct kho_map *map, struct kho_v1_evidence *ret)
{
	struct gather g = {m, map, ret};
	struct scan s = {.m = m, .map = map, .elm = gather_elm, .ctx = &g, .undecided = true};

	return scan_list(&s);
}

enum kb_status kho_v1_check(struct mem *m, const struct kho_map *map)
{
	struct scan s = {.m = m, .map = map};

	return scan_list(&s);
}

/* ---- strips ---- */

static bool take_elm(struct kho_strips *it, const struct chunk *c, uint64_t i)
{
	struct elm e = read_elm(c, i);
	struct kho_strip s = {
		.base = e.start,
		.bits = mem_get(it->m, phys(e.bitmap), bitmap_bytes(it->map)),
		.blocks = bitmap_bytes(it->map) * 8,
		.order = it->s.order,
		.block_shift = it->map->page_shift + it->s.order,
		.chunk = c->at,
		.elm = i,
		.at = phys(e.bitmap),
	};

	if (!s.bits || e.start & strip_mask(bitmap_bytes(it->map), s.block_shift)) {
		it->status = KB_KHO_CHANGED;
		return false;
	}
	it->s = s;
	it->node = c->p;
	return true;
}

/* The chunk at @at. It is not read again when the iterator is in it. */
static bool take_chunk(struct kho_strips *it, uint64_t at, struct chunk *c)
{
	unsigned int shift = it->map->page_shift;
	bool here = it->node && at == it->s.chunk;

	if (here ? parse_chunk(shift, at, it->node, c) : read_chunk(it->m, shift, at, c)) {
		it->status = KB_KHO_CHANGED;
		return false;
	}
	return true;
}

/* Take element @i of the chunk at @at, or the first one in the chunks after it. */
static bool take_from(struct kho_strips *it, uint64_t at, uint64_t i)
{
	struct chunk c;

	for (unsigned int n = 0; at && n <= KHO_EMPTY_CHUNKS + 1; n++, i = 0, at = c.next) {
		if (!take_chunk(it, at, &c))
			return false;
		if (i < c.elms)
			return c.order == it->s.order && take_elm(it, &c, i);
	}
	return false;
}

bool kho_v1_next(struct kho_strips *it)
{
	uint64_t before = it->s.base;

	if (!take_from(it, it->s.chunk, it->s.elm + 1))
		return false;
	if (it->s.base > before)
		return true;
	it->status = KB_KHO_CHANGED;
	return false;
}

bool kho_v1_seek(struct kho_strips *it, uint64_t from)
{
	uint64_t at = it->map->first[it->s.order];
	bool found = at && take_from(it, at, 0);

	while (found && kho_strip_last(&it->s) < from)
		found = kho_v1_next(it);
	return found;
}
