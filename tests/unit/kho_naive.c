// SPDX-License-Identifier: BSD-2-Clause
/* A second, simple reader of preserved-memory maps; see kho_naive.h. */
#include "kho_naive.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	struct kho_image *img;
	struct kho_naive *n;
	unsigned int shift;
	uint64_t page;
	uint64_t steps;
};

/* More than the map of any test needs; ends the reading of a damaged one. */
#define STEPS (1U << 26)

static bool add_block(struct kho_naive *n, uint64_t at, unsigned int order)
{
	if (n->blocks == NAIVE_BLOCKS)
		return false;
	if (n->blocks == n->block_max) {
		n->block_max = n->block_max ? 2 * n->block_max : 1024;
		n->block = realloc(n->block, n->block_max * sizeof(*n->block));
	}
	n->block[n->blocks++] = (struct kho_block){at, order};
	return true;
}

static void add_meta(struct kho_naive *n, uint64_t at, uint64_t size)
{
	if (n->metas == n->meta_max) {
		n->meta_max = n->meta_max ? 2 * n->meta_max : 64;
		n->meta = realloc(n->meta, n->meta_max * sizeof(*n->meta));
	}
	n->meta[n->metas++] = (struct range){at, size};
}

static bool bit(const uint8_t *bits, uint64_t i)
{
	return bits[i / 8] >> i % 8 & 1;
}

/* ---- radix: by the decoding rule, one key at a time ---- */

static bool take_key(struct reader *r, uint64_t key)
{
	unsigned int high = 0, order;

	if (!key)
		return false;
	for (unsigned int i = 0; i < 64; i++)
		if (key >> i & 1)
			high = i;
	if (high + r->shift > 64)
		return false;
	order = 64 - r->shift - high;
	if (r->shift + order > 63)
		return false;
	return add_block(r->n, key << (r->shift + order), order);
}

static bool read_leaf(struct reader *r, uint64_t at, uint64_t first)
{
	const uint8_t *bits = kho_image_find(r->img, at, r->page);

	if (!bits)
		return false;
	r->n->leaves++;
	add_meta(r->n, at, r->page);
	for (uint64_t i = 0; i < r->page * 8; i++)
		if (bit(bits, i) && !take_key(r, first | i))
			return false;
	return true;
}

static bool read_node(struct reader *r, uint64_t at, unsigned int level, uint64_t first)
{
	if (++r->steps > STEPS || !kho_image_find(r->img, at, r->page))
		return false;
	r->n->nodes++;
	add_meta(r->n, at, r->page);
	for (uint64_t i = 0; i < r->page / 8; i++) {
		uint64_t child = kho_image_get(r->img, at + 8 * i);
		uint64_t key = first | i << kho_image_shift(r->img, level);
		bool ok = true;

		if (child && level == 1)
			ok = read_leaf(r, child, key);
		else if (child)
			ok = read_node(r, child, level - 1, key);
		if (!ok)
			return false;
	}
	return true;
}

/* ---- v1 ---- */

static bool read_elm(struct reader *r, uint64_t at, unsigned int order, uint64_t bytes)
{
	uint64_t start = kho_image_get(r->img, at), bitmap = kho_image_get(r->img, at + 8);
	const uint8_t *bits = kho_image_find(r->img, bitmap, bytes);

	/* Bitmaps are aligned to their size, strips to theirs. */
	if (!bits || bitmap % bytes || start % (bytes * 8 << (order + r->shift)))
		return false;
	r->n->leaves++;
	add_meta(r->n, bitmap, bytes);
	for (uint64_t i = 0; i < bytes * 8; i++)
		if (bit(bits, i) && !add_block(r->n, start + (i << (order + r->shift)), order))
			return false;
	return true;
}

static bool read_list(struct reader *r, uint64_t at, uint64_t bytes)
{
	for (; at; at = kho_image_get(r->img, at)) {
		unsigned int order, elms;

		if (!kho_image_find(r->img, at, r->page) || ++r->steps > STEPS)
			return false;
		order = get_u32(kho_image_at(r->img, at + 8, 4));
		elms = get_u32(kho_image_at(r->img, at + 12, 4));
		if (order + r->shift > 63 || elms > (r->page - 16) / 16)
			return false;
		r->n->nodes++;
		add_meta(r->n, at, r->page);
		for (unsigned int i = 0; i < elms; i++)
			if (!read_elm(r, at + 16 + 16 * i, order, bytes))
				return false;
	}
	return true;
}

/* ---- both ---- */

static int by_address(const void *a, const void *b)
{
	uint64_t x = ((const struct kho_block *)a)->at, y = ((const struct kho_block *)b)->at;

	return x < y ? -1 : x > y;
}

static int by_base(const void *a, const void *b)
{
	uint64_t x = ((const struct range *)a)->base, y = ((const struct range *)b)->base;

	return x < y ? -1 : x > y;
}

static void merge(struct kho_naive *n, unsigned int shift)
{
	n->range = calloc(n->blocks + 1, sizeof(*n->range));
	for (size_t i = 0; i < n->blocks; i++) {
		const struct kho_block *b = &n->block[i];
		uint64_t end = b->at + (1ULL << (shift + b->order));
		struct range *last = n->ranges ? &n->range[n->ranges - 1] : NULL;

		if (!last || b->at > last->base + last->size)
			n->range[n->ranges++] = (struct range){b->at, end - b->at};
		else if (end > last->base + last->size)
			last->size = end - last->base;
	}
}

static bool map_of(struct kho_image *img, uint64_t *ret)
{
	const void *fdt = kho_image_find(img, img->h.fdt.addr, img->page);
	int len = 0;
	const void *p = fdt ? fdt_getprop(fdt, 0, "preserved-memory-map", &len) : NULL;

	if (!p || len != 8)
		return false;
	*ret = get_u64(p);
	return true;
}

bool naive_read_map(struct kho_image *img, enum kho_map_format format, uint64_t map,
		    struct kho_naive *ret)
{
	struct reader r = {.img = img, .n = ret, .shift = img->page_shift, .page = img->page};
	bool ok;

	memset(ret, 0, sizeof(*ret));
	if (format == KHO_MAP_RADIX)
		ok = read_node(&r, map, kho_image_levels(img), 0);
	else
		ok = read_list(&r, map, format == KHO_MAP_V1_SMALL ? 512 : img->page);
	if (!ok)
		return false;
	if (ret->blocks)
		qsort(ret->block, ret->blocks, sizeof(*ret->block), by_address);
	if (ret->metas)
		qsort(ret->meta, ret->metas, sizeof(*ret->meta), by_base);
	merge(ret, img->page_shift);
	return true;
}

bool naive_read(struct kho_image *img, enum kho_map_format format, struct kho_naive *ret)
{
	uint64_t map;

	memset(ret, 0, sizeof(*ret));
	return map_of(img, &map) && naive_read_map(img, format, map, ret);
}

void naive_free(struct kho_naive *n)
{
	free(n->block);
	free(n->range);
	free(n->meta);
	memset(n, 0, sizeof(*n));
}

/* Index of the first range that ends after @at. */
static size_t first_after(const struct kho_naive *n, uint64_t at)
{
	size_t lo = 0, hi = n->ranges;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (n->range[mid].base + n->range[mid].size > at)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

bool naive_touches(const struct kho_naive *n, struct range r)
{
	size_t i = first_after(n, r.base);

	return r.size && i < n->ranges && n->range[i].base < r.base + r.size;
}

static bool covers(const struct kho_naive *n, struct range r)
{
	size_t i = first_after(n, r.base);

	return r.size && i < n->ranges && n->range[i].base <= r.base &&
	       n->range[i].base + n->range[i].size >= r.base + r.size;
}

bool naive_is_meta(const struct kho_naive *n, struct range r)
{
	for (size_t i = 0; i < n->metas; i++)
		if (ranges_overlap(n->meta[i], r))
			return true;
	return false;
}

/* ---- comparison ---- */

static const char *compare_ranges(struct kho_image *img, const struct kho *k,
				  const struct kho_naive *n)
{
	struct kho_ranges it;
	struct range r;
	size_t i = 0;

	kho_ranges_first(&it, &img->mem, &k->map, 0);
	for (; kho_ranges_next(&it, &r); i++)
		if (i >= n->ranges || r.base != n->range[i].base || r.size != n->range[i].size)
			return "a range";
	if (it.status)
		return "the status of the iteration";
	return i == n->ranges ? NULL : "the number of ranges";
}

/* @n is sorted by address, so the blocks of one order are, too. */
static uint64_t count_runs(const struct kho_naive *n, unsigned int order, unsigned int shift,
			   uint64_t *blocks)
{
	uint64_t runs = 0, next = UINT64_MAX;

	*blocks = 0;
	for (size_t i = 0; i < n->blocks; i++) {
		if (n->block[i].order != order)
			continue;
		runs += n->block[i].at != next;
		next = n->block[i].at + (1ULL << (shift + order));
		++*blocks;
	}
	return runs;
}

static const char *compare_counts(const struct kho *k, const struct kho_naive *n)
{
	const struct kho_summary *s = &k->sum;
	uint64_t runs = 0, bytes = 0, blocks;

	for (unsigned int order = 0; order < kho_orders(k->map.page_shift); order++) {
		runs += count_runs(n, order, k->map.page_shift, &blocks);
		if (s->blocks[order] != blocks)
			return "the number of blocks of an order";
		bytes += blocks << (k->map.page_shift + order);
	}
	if (s->runs != runs)
		return "the number of runs";
	if (s->bytes != bytes)
		return "the number of bytes";
	if (s->leaves != n->leaves || s->nodes != n->nodes)
		return "the number of pages of the map";
	if (n->ranges && s->lowest != n->range[0].base)
		return "the lowest address";
	if (n->ranges && s->end != range_end(n->range[n->ranges - 1]))
		return "the end";
	return NULL;
}

struct seen {
	struct range *r;
	size_t count, max;
	bool bad;
	uint64_t page;
};

static enum kb_status see_meta(void *ctx, const struct kho_meta *meta)
{
	struct seen *s = ctx;
	uint64_t page = meta->bytes.base & ~(s->page - 1);

	s->bad |= meta->page.base != page || meta->page.size != s->page;
	if (s->count < s->max)
		s->r[s->count] = meta->bytes;
	s->count++;
	return KB_OK;
}

static const char *compare_meta(struct kho_image *img, const struct kho *k,
				const struct kho_naive *n)
{
	struct seen s = {calloc(n->metas, sizeof(*s.r)), 0, n->metas, false, img->page};
	const char *ret = NULL;

	if (kho_map_each_page(&img->mem, &k->map, see_meta, &s) || s.count != n->metas || s.bad) {
		ret = "the visit of the pages of the map";
	} else {
		qsort(s.r, s.count, sizeof(*s.r), by_base);
		if (memcmp(s.r, n->meta, s.count * sizeof(*s.r)) != 0)
			ret = "the pages of the map";
	}
	free(s.r);
	return ret;
}

static void mark(uint64_t *granules, struct range r)
{
	for (uint64_t g = r.base / SZ_2M; g <= (range_end(r) - 1) / SZ_2M; g++)
		granules[g / 64] |= 1ULL << g % 64;
}

static const char *compare_occupancy(struct kho_image *img, const struct kho *k,
				     const struct kho_naive *n)
{
	const struct range *top = &img->mem.ram.r[img->mem.ram.count - 1];
	uint64_t count = (range_end(*top) + SZ_2M - 1) / SZ_2M, words = (count + 63) / 64;
	uint64_t *granules = calloc(words, 8);
	const char *ret = NULL;

	for (size_t i = 0; i < n->ranges && !ret; i++)
		mark(granules, n->range[i]);
	for (size_t i = 0; i < n->metas && !ret; i++)
		mark(granules, n->meta[i]);
	for (size_t i = 0; i < k->occ.spans && !ret; i++) {
		const struct kho_span *s = &k->occ.span[i];

		if (s->first + s->words > words || (i && s->first <= s[-1].first + s[-1].words))
			ret = "the words of the occupancy bitmap";
		else if (memcmp(granules + s->first, s->bits, 8 * s->words) != 0)
			ret = "the occupancy of a granule";
		else
			memset(granules + s->first, 0, 8 * s->words);
	}
	for (uint64_t i = 0; i < words && !ret; i++)
		if (granules[i])
			ret = "a granule outside the occupancy bitmap";
	free(granules);
	return ret;
}

/* Near something preserved, near metadata, or anywhere; of bytes, pages, or a few granules. */
static struct range pick(struct kho_image *img, const struct kho_naive *n, uint64_t *random)
{
	uint64_t sizes[] = {1, img->page, 3 * img->page, SZ_2M, 64 * SZ_2M};
	uint64_t size = sizes[random_below(random, ARRAY_SIZE(sizes))];
	uint64_t end = range_end(img->mem.ram.r[img->mem.ram.count - 1]);
	uint64_t at = random_below(random, end), what = random_below(random, 4);

	if (what < 2 && n->ranges) {
		const struct range *r = &n->range[random_below(random, n->ranges)];

		at = what ? r->base : range_end(*r);
	} else if (what == 2 && n->metas) {
		at = n->meta[random_below(random, n->metas)].base;
	}
	if (random_below(random, 2) && at >= size)
		at -= size;
	return (struct range){at, size};
}

static const char *compare_queries(struct kho_image *img, const struct kho *k,
				   const struct kho_naive *n, uint64_t *random)
{
	for (unsigned int i = 0; i < 60; i++) {
		struct range r = pick(img, n, random);
		bool touched = naive_touches(n, r), meta = naive_is_meta(n, r);

		if (kho_range_free(&img->mem, k, r) != (!touched && !meta))
			return "kho_range_free";
		if (kho_map_touches(&img->mem, &k->map, r) != touched)
			return "kho_map_touches";
		if (kho_map_covers(&img->mem, &k->map, r) != covers(n, r))
			return "kho_map_covers";
	}
	return NULL;
}

const char *naive_compare(struct kho_image *img, const struct kho *k, const struct kho_naive *n,
			  uint64_t *random)
{
	const char *ret = compare_ranges(img, k, n);

	if (!ret)
		ret = compare_counts(k, n);
	if (!ret)
		ret = compare_meta(img, k, n);
	if (!ret)
		ret = compare_occupancy(img, k, n);
	if (!ret)
		ret = compare_queries(img, k, n, random);
	return ret;
}
