// SPDX-License-Identifier: BSD-2-Clause
/*
 * Is each page of the map used only once? Exact and in fixed memory: collect the lowest addresses
 * that fit, sort them, compare neighbours, and repeat with those above. No hashing, because whoever
 * wrote the map chose the addresses.
 */
#include <core/bits.h>
#include <fdt/internal.h>
#include <fdt/kho.h>

/* A key is an address, aligned to 512 bytes or more. Bit 0 tells a page from a small bitmap. */
#define WHOLE_PAGE 1ULL

struct batch {
	struct mem *m;
	uint64_t page_size;
	uint64_t *buf;
	size_t cap;
	size_t n;
	uint64_t floor;  /* this pass takes keys from here on */
	uint64_t ceil;   /* and below this */
	uint64_t end;    /* first byte after the last object settled */
	kho_meta_fn *fn; /* the caller's; in the first pass only */
	void *ctx;
};

/* Move the keys without @bit to the front. Returns how many. */
static size_t split(uint64_t *v, size_t n, uint64_t bit)
{
	size_t lo = 0, hi = n;

	for (;;) {
		uint64_t tmp;

		while (lo < hi && !(v[lo] & bit))
			lo++;
		while (lo < hi && v[hi - 1] & bit)
			hi--;
		if (lo == hi)
			return lo;
		tmp = v[lo];
		v[lo] = v[hi - 1];
		v[hi - 1] = tmp;
	}
}

/*
 * Radix exchange sort: one bit after another, from @bit down. It is in place, has no bad case, and
 * recurses no deeper than an address has bits.
 */
static void sort_bits(uint64_t *v, size_t n, uint64_t bit)
{
	for (; n > 1 && bit; bit >>= 1) {
		size_t low = split(v, n, bit);

		if (!low || low == n)
			continue;
		sort_bits(v, low, bit >> 1);
		v += low;
		n -= low;
	}
}

static void sort_keys(uint64_t *v, size_t n)
{
	uint64_t differ = 0;

	for (size_t i = 1; i < n; i++)
		differ |= v[i] ^ v[0];
	if (differ)
		sort_bits(v, n, 1ULL << highest_bit(differ));
}

static uint64_t key_end(const struct batch *w, uint64_t key)
{
	return (key & ~WHOLE_PAGE) + (key & WHOLE_PAGE ? w->page_size : 512);
}

/* Sort; no object may begin before the one before it ends. *end: the end of the last one so far. */
static enum kb_status settle(struct batch *w, uint64_t *end)
{
	sort_keys(w->buf, w->n);
	for (size_t i = 0; i < w->n; i++) {
		uint64_t at = w->buf[i] & ~WHOLE_PAGE;

		if (at < *end)
			return kb_fail(w->m, KB_KHO_META_SHARED, at, *end - at);
		*end = key_end(w, w->buf[i]);
	}
	return KB_OK;
}

/* The buffer is full: leave the upper half to a later pass. */
static enum kb_status shrink(struct batch *w)
{
	uint64_t end = w->end;
	enum kb_status st = settle(w, &end);

	w->n = w->cap / 2;
	w->ceil = w->buf[w->n];
	return st;
}

static enum kb_status take(struct batch *w, const struct kho_meta *meta)
{
	uint64_t key = meta->bytes.base | (meta->bytes.size == w->page_size ? WHOLE_PAGE : 0);
	enum kb_status st = KB_OK;

	if (key < w->floor || key >= w->ceil)
		return KB_OK;
	if (w->n == w->cap)
		st = shrink(w);
	if (!st && key < w->ceil)
		w->buf[w->n++] = key;
	return st;
}

static enum kb_status collect(void *ctx, const struct kho_meta *meta)
{
	struct batch *w = ctx;
	enum kb_status st = w->fn ? w->fn(w->ctx, meta) : KB_OK;

	return st ? st : take(w, meta);
}

static enum kb_status pass(struct batch *w, const struct kho_map *map, struct range fdt)
{
	struct kho_meta meta = {.bytes = fdt, .page = fdt};
	enum kb_status st = KB_OK;

	w->n = 0;
	w->ceil = UINT64_MAX;
	if (fdt.size)
		st = take(w, &meta);
	if (!st)
		st = kho_map_each_page(w->m, map, collect, w);
	if (!st)
		st = settle(w, &w->end);
	w->floor = w->ceil;
	w->fn = NULL;
	return st;
}

enum kb_status kho_unique(struct mem *m, const struct kho_map *map, struct range fdt,
			  kho_meta_fn *fn, void *ctx, uint64_t *buf, size_t cap)
{
	struct batch w = {.m = m,
			  .page_size = 1ULL << map->page_shift,
			  .buf = buf,
			  .cap = cap,
			  .fn = fn,
			  .ctx = ctx};
	enum kb_status st;

	do
		st = pass(&w, map, fdt);
	while (!st && w.ceil != UINT64_MAX);
	return st;
}
