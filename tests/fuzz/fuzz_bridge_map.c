// SPDX-License-Identifier: BSD-2-Clause
/*
 * Whatever kho_open() takes goes through the bridge in every direction. The rehearsal writes
 * nothing; what it does not refuse comes out as the same blocks, and kho_open() takes it again.
 */
#include "../unit/kho_naive.h"
#include "words.h"

#include <bridge/map.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 32 /* pages after the words, for new ones */

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_bridge_map: %s\n", what);
	abort();
}

static uint8_t *open_piece(void *ctx, struct range piece)
{
	return kho_image_find(ctx, piece.base, piece.size);
}

/* The same memory, with room for what is new: the words end at WORDS_FIELD. */
static bool load(struct kho_image *img, const uint8_t *data, size_t size)
{
	struct kho_image small, *from = &small;

	if (!words_load(from, data, size))
		return false;
	kho_image_init_sized(img, from->format, from->page_shift, WORDS_FIELD + ROOM * from->page);
	memset(img->buf, 0, WORDS_FIELD);
	memcpy(img->buf, from->buf, WORDS_FIELD);
	img->used = WORDS_FIELD;
	img->hint = from->hint;
	img->h = from->h;
	kho_image_free(from);
	return true;
}

/* RAM of the field that is not scratch: what a door finds. */
static void list_from(struct kho_image *img, struct range_list *from)
{
	const struct range_list *scratch = &img->kho->scratch;

	if (range_list_add(from, (struct range){KHO_IMAGE_BASE, img->size}))
		abort();
	for (size_t i = 0; i < scratch->count; i++)
		if (range_list_subtract(from, scratch->r[i]))
			abort();
}

static int by_order(const void *a, const void *b)
{
	const struct kho_block *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* The blocks of the new map, which the FDT does not name yet, by the model of the unit tests. */
static void compare(struct kho_image *img, const struct kho_naive *old, const struct kho_map *map,
		    const struct kho_summary *sum)
{
	struct kho_naive new;
	struct range none = {0, 0};
	struct kho_work work = {malloc(kho_work_size(&img->mem.ram)), 0};
	struct kho_summary seen;
	struct kho_occupancy occ;

	work.size = kho_work_size(&img->mem.ram);
	require(naive_read_map(img, map->format, map->root.addr, &new), "it cannot be read");
	require(new.blocks == old->blocks, "the number of blocks");
	qsort(new.block, new.blocks, sizeof(*new.block), by_order);
	for (size_t i = 0; i < new.blocks; i++)
		require(!by_order(&new.block[i], &old->block[i]), "a block");
	require(new.leaves == sum->leaves &&new.nodes == sum->nodes, "the pages of the map");
	require(!kho_walk(&img->mem, map, &img->kho->scratch, none, work, &seen, &occ),
		"the walk refuses it");
	require(seen.bytes == sum->bytes && seen.leaves == sum->leaves &&
			seen.nodes == sum->nodes &&
			!memcmp(seen.blocks, sum->blocks, sizeof(seen.blocks)),
		"the summary");
	naive_free(&new);
	free(work.base);
}

/* What kho_open() would make of it. */
static void reopen(struct kho_image *img, const struct kho_map *map)
{
	struct range known = img->kho->root.fdt;
	struct kho_map again;
	enum kb_status st;

	if (map->format == KHO_MAP_RADIX)
		st = kho_map_open_radix(&img->mem, map->page_shift, map->root, &again);
	else
		st = kho_map_open_v1(&img->mem, map->page_shift, map->root,
				     map->format == KHO_MAP_V1_PAGE ? KHO_BITMAP_PAGE
								    : KHO_BITMAP_UNKNOWN,
				     &known, 1, &again);
	require(!st, "it is refused");
	require(again.format == map->format && again.orders == map->orders &&
			again.root.addr == map->root.addr &&
			!memcmp(again.first, map->first, sizeof(map->first)),
		"the map");
}

static void convert(struct kho_image *img, const struct kho_naive *old, enum kho_map_format format)
{
	const struct bridge_map_form to = {format, kho_orders(img->page_shift)};
	struct range store[64];
	struct range_list from = {store, 0, ARRAY_SIZE(store)};
	struct kho_pages p = {.m = &img->mem,
			      .k = img->kho,
			      .from = &from,
			      .trial = malloc(16 * img->page),
			      .open = open_piece,
			      .ctx = img};
	uint8_t *before = malloc(img->size);
	struct kho_summary sum, real;
	struct kho_map map;
	enum kb_status st;

	list_from(img, &from);
	memcpy(before, kho_image_at(img, KHO_IMAGE_BASE, img->size), img->size);
	kho_pages_begin(&p, true);
	st = bridge_write_map(&p, &img->kho->map, &to, &map, &sum);
	require(!memcmp(before, kho_image_at(img, KHO_IMAGE_BASE, img->size), img->size),
		"the rehearsal writes");
	require(!st || st == KB_BRIDGE_ROOM, "a refusal for another reason than room");
	if (!st) {
		kho_pages_begin(&p, false);
		require(!bridge_write_map(&p, &img->kho->map, &to, &map, &real), "a refusal later");
		require(!memcmp(&sum, &real, sizeof(sum)), "rehearsal and reality differ");
		compare(img, old, &map, &sum);
		reopen(img, &map);
		memcpy(kho_image_at(img, KHO_IMAGE_BASE, img->size), before, img->size);
	}
	free(before);
	free(p.trial);
}

static void convert_all(struct kho_image *img)
{
	const struct kho *k = img->kho;
	struct kho_naive old;

	img->page_shift = k->map.page_shift;
	img->page = 1ULL << img->page_shift;
	require(naive_read(img, k->map.format, &old), "taken, but the naive reader cannot read it");
	qsort(old.block, old.blocks, sizeof(*old.block), by_order);
	for (enum kho_map_format to = KHO_MAP_V1_SMALL; to <= KHO_MAP_RADIX;
	     to = (enum kho_map_format)(to + 1))
		convert(img, &old, to);
	naive_free(&old);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kho_image img;

	if (!load(&img, data, size))
		return 0;
	if (!kho_image_open(&img))
		convert_all(&img);
	kho_image_free(&img);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	return words_mutate(data, size, max, seed);
}
