// SPDX-License-Identifier: BSD-2-Clause
/*
 * walk.c - all that the outgoing kernel hands over, as the kernels' sources define it.
 */
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proof.h"

#define MAX_CHUNKS 100000
#define MAX_BLOCK  52 /* 4 PiB: beyond any guest */

/* The walk: guest RAM, what was found in it, and the size of its pages. */
struct walk {
	const struct ram *r;
	struct pieces *l;
	uint64_t page;
	unsigned shift;
};

static void add(struct pieces *l, uint64_t pa, uint64_t len)
{
	struct piece *last = l->count ? &l->p[l->count - 1] : NULL;

	if (last && last->pa + last->len == pa) {
		last->len += len;
		return;
	}
	if (l->count == l->max) {
		l->max = l->max ? l->max * 2 : 1024;
		l->p = realloc(l->p, l->max * sizeof(*l->p));
		if (!l->p)
			die("out of memory");
	}
	l->p[l->count++] = (struct piece){pa, len};
}

static void add_metadata(const struct walk *w, uint64_t pa)
{
	ram_get(w->r, pa, w->page);
	w->l->metadata += w->page;
	add(w->l, pa, w->page);
}

static void add_block(struct pieces *l, uint64_t pa, uint64_t len)
{
	/* Doubles at every power of two. */
	if (!(l->blocks & (l->blocks - 1))) {
		l->data = realloc(l->data, (l->blocks ? l->blocks * 2 : 1) * sizeof(*l->data));
		if (!l->data)
			die("out of memory");
	}
	l->data[l->blocks++] = (struct piece){pa, len};
}

static void add_preserved(const struct walk *w, uint64_t pa, unsigned order)
{
	uint64_t len = w->page << order;
	struct pieces *l = w->l;

	ram_get(w->r, pa, len);
	l->preserved += len;
	add_block(l, pa, len);
	if (len > l->block.len)
		l->block = (struct piece){pa, len};
	add(l, pa, len);
}

size_t walk_scratch(const struct ram *r, const struct kho_node *node, struct piece *ret, size_t max)
{
	size_t count = node->scratch_len / 16;

	if (!count || count > max || node->scratch_len % 16)
		die("a scratch array of %llu bytes", (unsigned long long)node->scratch_len);
	for (size_t i = 0; i < count; i++) {
		ret[i].pa = ram_u64(r, node->scratch + i * 16);
		ret[i].len = ram_u64(r, node->scratch + i * 16 + 8);
	}
	return count;
}

/* ---- kho-v1: a list of chunks, each with bitmaps of one order ------------------------------- */

static void walk_bitmap(const struct walk *w, uint64_t start, uint64_t bitmap, unsigned order)
{
	const uint8_t *bits = ram_get(w->r, bitmap, w->page);

	if (bitmap % w->page || start % (w->page << 3 << (order + w->shift)))
		die("bitmaps of 512 bytes: this kernel is too old for the proof");
	add_metadata(w, bitmap);
	for (uint64_t n = 0; n < w->page * 8; n++)
		if (bits[n / 8] >> n % 8 & 1)
			add_preserved(w, start + (n << (order + w->shift)), order);
}

static void walk_chunks(const struct walk *w, uint64_t chunk)
{
	for (unsigned i = 0; chunk; i++, chunk = ram_u64(w->r, chunk)) {
		uint32_t order = ram_u32(w->r, chunk + 8), count = ram_u32(w->r, chunk + 12);

		if (i == MAX_CHUNKS || order > MAX_BLOCK - w->shift || count > (w->page - 16) / 16)
			die("chunk 0x%llx is malformed", (unsigned long long)chunk);
		add_metadata(w, chunk);
		for (uint32_t n = 0; n < count; n++)
			walk_bitmap(w, ram_u64(w->r, chunk + 16 + n * 16ULL),
				    ram_u64(w->r, chunk + 24 + n * 16ULL), order);
	}
}

/* ---- kho-v3 and later: a radix tree of keys that hold order and address --------------------- */

static void add_key(const struct walk *w, uint64_t key)
{
	unsigned order;

	if (!key)
		die("the radix tree has key 0");
	order = 64 - w->shift - (63 - (unsigned)__builtin_clzll(key));
	if (order > MAX_BLOCK - w->shift)
		die("the radix tree has order %u", order);
	add_preserved(w, key << (w->shift + order), order);
}

/* A leaf is a page of bits. */
static void walk_leaf(const struct walk *w, uint64_t leaf, uint64_t prefix)
{
	const uint8_t *bits = ram_get(w->r, leaf, w->page);

	for (uint64_t n = 0; n < w->page * 8; n++)
		if (bits[n / 8] >> n % 8 & 1)
			add_key(w, prefix << (w->shift + 3) | n);
}

/* Above the leaves each node is a page of addresses. */
static void walk_tree(const struct walk *w, uint64_t node, unsigned level, uint64_t prefix)
{
	add_metadata(w, node);
	if (!level) {
		walk_leaf(w, node, prefix);
		return;
	}
	for (uint64_t i = 0; i < w->page / 8; i++) {
		uint64_t next = ram_u64(w->r, node + i * 8);

		if (next)
			walk_tree(w, next, level - 1, prefix << (w->shift - 3) | i);
	}
}

/* A key is an address without the bits in a page, and one bit more for the order. */
static unsigned levels_above_leaf(const struct walk *w)
{
	unsigned key = 64 - w->shift + 1, leaf = w->shift + 3, table = w->shift - 3;

	return (key - leaf + table - 1) / table;
}

static int by_address(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return x->pa < y->pa ? -1 : x->pa > y->pa;
}

/* Sorted and merged: the count is then that of separate ranges. */
static void merge(struct pieces *l)
{
	size_t n = 0;

	qsort(l->p, l->count, sizeof(*l->p), by_address);
	for (size_t i = 1; i < l->count; i++) {
		uint64_t end = l->p[n].pa + l->p[n].len, more = l->p[i].pa + l->p[i].len;

		if (l->p[i].pa > end)
			l->p[++n] = l->p[i];
		else if (more > end)
			l->p[n].len = more - l->p[n].pa;
	}
	l->count = l->count ? n + 1 : 0;
}

/* The FDT is passed with the length of one page. */
static unsigned page_shift(const struct kho_node *node)
{
	switch (node->fdt_len) {
	case 4096:
		return 12;
	case 16384:
		return 14;
	case 65536:
		return 16;
	}
	die("an FDT in %llu bytes: no kernel has such pages", (unsigned long long)node->fdt_len);
}

void walk_kho(const struct ram *r, const struct kho_node *node, struct pieces *ret)
{
	const struct walk w = {r, ret, node->fdt_len, page_shift(node)};
	const void *fdt = ram_get(r, node->fdt, w.page);
	const char *compatible;
	const void *map;
	uint64_t root;
	int len;

	memset(ret, 0, sizeof(*ret));
	if (fdt_check_header(fdt) || fdt_totalsize(fdt) > w.page)
		die("no FDT at 0x%llx", (unsigned long long)node->fdt);
	compatible = fdt_getprop(fdt, 0, "compatible", NULL);
	if (!compatible || sscanf(compatible, "kho-v%u", &ret->version) != 1)
		die("the root FDT is not of kho-vN");
	map = fdt_getprop(fdt, 0, "preserved-memory-map", &len);
	if (!map || len != sizeof(root))
		die("the root FDT has no map");
	memcpy(&root, map, sizeof(root));
	add_metadata(&w, node->fdt);
	if (ret->version == 1)
		walk_chunks(&w, root);
	else
		walk_tree(&w, root, ret->levels = levels_above_leaf(&w), 0);
	merge(ret);
}
