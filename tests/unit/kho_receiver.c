// SPDX-License-Identifier: BSD-2-Clause
/* A model of the kernels that get a map; see kho_receiver.h. */
#include "kho_receiver.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#define STEPS 100000

struct reader {
	struct kho_image *img;
	struct kho_received *ret;
	enum kho_receiver by;
	unsigned int steps;
};

static void *grow(void *p, size_t count, size_t *max, size_t size)
{
	if (count < *max)
		return p;
	*max = *max ? 2 * *max : 64;
	p = realloc(p, *max * size);
	if (!p)
		abort();
	return p;
}

static void add_block(struct kho_received *r, uint64_t at, unsigned int order)
{
	r->block = grow(r->block, r->blocks, &r->block_max, sizeof(*r->block));
	r->block[r->blocks++] = (struct kho_block){at, order};
}

/* mm/memblock.c: a size that passes the end of the address space is cut (memblock_cap_size). */
static void memblock_reserve(struct kho_received *r, uint64_t at, uint64_t size)
{
	r->reserved = grow(r->reserved, r->ranges, &r->range_max, sizeof(*r->reserved));
	r->reserved[r->ranges++] = (struct range){at, min_u64(size, UINT64_MAX - at)};
}

/* In an int, as CPUs shift it: only the low five bits count. */
static uint64_t int_size(unsigned int shift)
{
	return (uint64_t)(int64_t)(int32_t)(1U << (shift & 31));
}

static void reserve(struct reader *r, uint64_t at, unsigned int order)
{
	unsigned int shift = order + r->img->page_shift;

	add_block(r->ret, at, order);
	memblock_reserve(r->ret, at, r->by < RECEIVER_7_2 ? int_size(shift) : 1ULL << shift);
}

/* Any address is taken; what is not in the field cannot be followed here. */
static const uint8_t *follow(struct reader *r, uint64_t at, uint64_t len)
{
	const uint8_t *p = kho_image_find(r->img, at, len);

	if (!p || ++r->steps > STEPS)
		r->ret->lost = true;
	return r->ret->lost ? NULL : p;
}

static void deserialize_bitmap(struct reader *r, unsigned int order, const uint8_t *elm)
{
	uint64_t bytes = r->by == RECEIVER_6_17 ? 512 : r->img->page, start = get_u64(elm);
	const uint8_t *bits = follow(r, get_u64(elm + 8), bytes);

	for (uint64_t i = 0; bits && i < bytes; i++)
		for (unsigned int bit = 0; bits[i] >> bit; bit++)
			if (bits[i] >> bit & 1)
				reserve(r, start + ((8 * i + bit) << (order + r->img->page_shift)),
					order);
}

static void deserialize(struct reader *r, uint64_t at)
{
	const uint8_t *chunk;

	for (; at; at = get_u64(chunk)) {
		chunk = follow(r, at, r->img->page);
		if (!chunk)
			return;
		for (uint32_t i = 0; i != get_u32(chunk + 12) && !r->ret->lost; i++)
			deserialize_bitmap(r, get_u32(chunk + 8), chunk + 16 + 16ULL * i);
	}
}

/* kho_radix_decode_key */
static void take_key(struct reader *r, uint64_t key)
{
	unsigned int order_0 = 64 - r->img->page_shift;
	unsigned int order = order_0 - (63 - (unsigned int)__builtin_clzll(key));

	reserve(r, key << (order + r->img->page_shift), order);
}

static void walk_leaf(struct reader *r, uint64_t at, uint64_t start)
{
	const uint8_t *bits = follow(r, at, r->img->page);

	for (uint64_t i = 0; bits && i < r->img->page; i++)
		for (unsigned int bit = 0; bits[i] >> bit; bit++)
			if (bits[i] >> bit & 1)
				take_key(r, start | (8 * i + bit));
}

static void walk_tree(struct reader *r, uint64_t at, unsigned int level, uint64_t start)
{
	unsigned int shift = r->img->page_shift;
	const uint8_t *node = follow(r, at, r->img->page);

	for (uint64_t i = 0; node && i < r->img->page / 8; i++) {
		uint64_t child = get_u64(node + 8 * i);
		uint64_t key = start | i << ((level - 1) * (shift - 3) + shift + 3);

		if (child && level == 1)
			walk_leaf(r, child, key);
		else if (child)
			walk_tree(r, child, level - 1, key);
	}
}

/* KHO_TREE_MAX_DEPTH - 1: levels above the leaves. */
static unsigned int depth(unsigned int shift)
{
	unsigned int bits = 64 - shift + 1 - (shift + 3), table = shift - 3;

	return (bits + table - 1) / table;
}

static int by_order(const void *a, const void *b)
{
	const struct kho_block *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static int by_base(const void *a, const void *b)
{
	uint64_t x = ((const struct range *)a)->base, y = ((const struct range *)b)->base;

	return x < y ? -1 : x > y;
}

static void sort(struct kho_received *r)
{
	size_t n = 0;

	if (r->blocks)
		qsort(r->block, r->blocks, sizeof(*r->block), by_order);
	if (r->ranges)
		qsort(r->reserved, r->ranges, sizeof(*r->reserved), by_base);
	for (size_t i = 0; i < r->ranges; i++) {
		struct range *last = n ? &r->reserved[n - 1] : NULL, add = r->reserved[i];

		if (last && add.base <= range_end(*last))
			last->size = max_u64(range_end(*last), range_end(add)) - last->base;
		else if (add.size)
			r->reserved[n++] = add;
	}
	r->ranges = n;
}

void kho_receive(struct kho_image *img, enum kho_receiver by, struct kho_received *ret)
{
	const void *fdt = kho_image_at(img, img->h.fdt.addr, img->page), *map;
	struct reader r = {img, ret, by, 0};

	memset(ret, 0, sizeof(*ret));
	map = fdt_getprop(fdt, 0, "preserved-memory-map", NULL);
	if (!map)
		abort();
	if (by < RECEIVER_7_1)
		deserialize(&r, get_u64(map));
	else
		walk_tree(&r, get_u64(map), depth(img->page_shift), 0);
	sort(ret);
}

void kho_received_of(const struct kho_block *block, size_t count, unsigned int page_shift,
		     struct kho_received *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < count; i++) {
		add_block(ret, block[i].at, block[i].order);
		memblock_reserve(ret, block[i].at, 1ULL << (block[i].order + page_shift));
	}
	sort(ret);
}

void kho_received_free(struct kho_received *r)
{
	free(r->block);
	free(r->reserved);
	memset(r, 0, sizeof(*r));
}

const char *kho_received_differ(const struct kho_received *a, const struct kho_received *b)
{
	if (a->lost || b->lost)
		return "the receiver is lost";
	if (a->blocks != b->blocks)
		return "the number of blocks";
	for (size_t i = 0; i < a->blocks; i++)
		if (by_order(&a->block[i], &b->block[i]))
			return "a block";
	if (a->ranges != b->ranges)
		return "the number of reserved ranges";
	for (size_t i = 0; i < a->ranges; i++)
		if (a->reserved[i].base != b->reserved[i].base ||
		    a->reserved[i].size != b->reserved[i].size)
			return "a reserved range";
	return NULL;
}
