// SPDX-License-Identifier: BSD-2-Clause
/*
 * walk.c - all that the outgoing kernel hands over, as the kernels' sources define it.
 */
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proof.h"

#define PAGE            4096ULL
#define PAGE_SHIFT      12
#define SETUP_DATA      0x250 /* boot_params.hdr.setup_data */
#define SETUP_KEXEC_KHO 10
#define MAX_NODES       64 /* a longer list is taken for a loop */
#define MAX_CHUNKS      100000
#define MAX_ORDER       40 /* 4 PiB: beyond any guest */

/* Radix tree of kho-v3 and later: 9 bits a level, 15 in the leaf. */
#define TABLE_BITS 9
#define LEAF_BITS  15
#define DEPTH      6

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

static void add_metadata(const struct ram *r, struct pieces *l, uint64_t pa, uint64_t len)
{
	ram_get(r, pa, len);
	l->metadata += len;
	add(l, pa, len);
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

static void add_preserved(const struct ram *r, struct pieces *l, uint64_t pa, unsigned order)
{
	uint64_t len = PAGE << order;

	ram_get(r, pa, len);
	l->preserved += len;
	add_block(l, pa, len);
	if (len > l->block.len)
		l->block = (struct piece){pa, len};
	add(l, pa, len);
}

void walk_setup_data(const struct ram *r, uint64_t pa, struct kho_node *ret)
{
	uint64_t node = ram_u64(r, pa + SETUP_DATA);

	for (unsigned i = 0; node && i < MAX_NODES; i++, node = ram_u64(r, node)) {
		if (ram_u32(r, node + 8) != SETUP_KEXEC_KHO)
			continue;
		ret->fdt = ram_u64(r, node + 16);
		ret->scratch = ram_u64(r, node + 32);
		ret->scratch_len = ram_u64(r, node + 40);
		return;
	}
	die("no KHO node in the setup_data of boot_params at 0x%llx", (unsigned long long)pa);
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

static void walk_bitmap(const struct ram *r, struct pieces *l, uint64_t start, uint64_t bitmap,
			unsigned order)
{
	const uint8_t *bits = ram_get(r, bitmap, PAGE);

	if (bitmap % PAGE || start % (PAGE << 3 << (order + PAGE_SHIFT)))
		die("bitmaps of 512 bytes: this kernel is too old for the proof");
	add_metadata(r, l, bitmap, PAGE);
	for (uint64_t n = 0; n < PAGE * 8; n++)
		if (bits[n / 8] >> n % 8 & 1)
			add_preserved(r, l, start + (n << (order + PAGE_SHIFT)), order);
}

static void walk_chunks(const struct ram *r, struct pieces *l, uint64_t chunk)
{
	for (unsigned i = 0; chunk; i++, chunk = ram_u64(r, chunk)) {
		uint32_t order = ram_u32(r, chunk + 8), count = ram_u32(r, chunk + 12);

		if (i == MAX_CHUNKS || order > MAX_ORDER || count > (PAGE - 16) / 16)
			die("chunk 0x%llx is malformed", (unsigned long long)chunk);
		add_metadata(r, l, chunk, PAGE);
		for (uint32_t n = 0; n < count; n++)
			walk_bitmap(r, l, ram_u64(r, chunk + 16 + n * 16ULL),
				    ram_u64(r, chunk + 24 + n * 16ULL), order);
	}
}

/* ---- kho-v3 and later: a radix tree of keys that hold order and address --------------------- */

static void add_key(const struct ram *r, struct pieces *l, uint64_t key)
{
	unsigned order;

	if (!key)
		die("the radix tree has key 0");
	order = 64 - PAGE_SHIFT - (63 - (unsigned)__builtin_clzll(key));
	if (order > MAX_ORDER)
		die("the radix tree has order %u", order);
	add_preserved(r, l, key << (PAGE_SHIFT + order), order);
}

static void walk_leaf(const struct ram *r, struct pieces *l, uint64_t leaf, uint64_t prefix)
{
	const uint8_t *bits = ram_get(r, leaf, PAGE);

	for (uint64_t n = 0; n < PAGE * 8; n++)
		if (bits[n / 8] >> n % 8 & 1)
			add_key(r, l, prefix << LEAF_BITS | n);
}

static void walk_tree(const struct ram *r, struct pieces *l, uint64_t node, unsigned level,
		      uint64_t prefix)
{
	add_metadata(r, l, node, PAGE);
	if (!level) {
		walk_leaf(r, l, node, prefix);
		return;
	}
	for (uint64_t i = 0; i < PAGE / 8; i++) {
		uint64_t next = ram_u64(r, node + i * 8);

		if (next)
			walk_tree(r, l, next, level - 1, prefix << TABLE_BITS | i);
	}
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

void walk_kho(const struct ram *r, const struct kho_node *node, struct pieces *ret)
{
	const void *fdt = ram_get(r, node->fdt, PAGE);
	const char *compatible;
	const void *map;
	uint64_t root;
	int len;

	memset(ret, 0, sizeof(*ret));
	if (fdt_check_header(fdt) || fdt_totalsize(fdt) > PAGE)
		die("no FDT at 0x%llx", (unsigned long long)node->fdt);
	compatible = fdt_getprop(fdt, 0, "compatible", NULL);
	if (!compatible || sscanf(compatible, "kho-v%u", &ret->version) != 1)
		die("the root FDT is not of kho-vN");
	map = fdt_getprop(fdt, 0, "preserved-memory-map", &len);
	if (!map || len != sizeof(root))
		die("the root FDT has no map");
	memcpy(&root, map, sizeof(root));
	add_metadata(r, ret, node->fdt, PAGE);
	if (ret->version == 1)
		walk_chunks(r, ret, root);
	else
		walk_tree(r, ret, root, DEPTH - 1, 0);
	merge(ret);
}
