// SPDX-License-Identifier: BSD-2-Clause
/* Maps through the bridge; see bridge_rig.h. */
#include "bridge_rig.h"

#include "proof_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

/* ---- the blocks that must be preserved ------------------------------------------------------- */

static size_t find(const struct rig *rig, uint64_t at, unsigned int order)
{
	size_t i = 0;

	while (i < rig->wanted && (rig->want[i].at != at || rig->want[i].order != order))
		i++;
	return i;
}

static void want(struct rig *rig, uint64_t at, unsigned int order)
{
	if (find(rig, at, order) < rig->wanted)
		return;
	if (rig->wanted == rig->want_max) {
		rig->want_max = rig->want_max ? 2 * rig->want_max : 64;
		rig->want = must(realloc(rig->want, rig->want_max * sizeof(*rig->want)));
	}
	rig->want[rig->wanted++] = (struct kho_block){at, order};
}

static void unwant(struct rig *rig, uint64_t at, unsigned int order)
{
	size_t i = find(rig, at, order);

	if (i < rig->wanted)
		rig->want[i] = rig->want[--rig->wanted];
}

/* Blocks of @orders and more become several, of the order below. */
static void split(struct rig *rig, unsigned int orders)
{
	for (size_t i = 0; i < rig->wanted;) {
		struct kho_block b = rig->want[i];
		uint64_t size = rig->img.page << (orders - 1);

		if (b.order < orders) {
			i++;
			continue;
		}
		rig->want[i] = rig->want[--rig->wanted];
		for (uint64_t n = 0; n < 1ULL << (b.order - orders + 1); n++)
			want(rig, b.at + n * size, orders - 1);
	}
}

/* ---- a set ----------------------------------------------------------------------------------- */

void rig_init(struct rig *rig, enum kho_map_format format, unsigned int page_shift)
{
	memset(rig, 0, sizeof(*rig));
	kho_image_init_sized(&rig->img, format, page_shift, 6 * SZ_1M << (page_shift - 12));
	want(rig, rig->img.h.fdt.addr, 0);
	rig->trial = must(malloc(16 * rig->img.page));
}

void rig_free(struct rig *rig)
{
	kho_image_free(&rig->img);
	free(rig->want);
	free(rig->trial);
}

void rig_preserve(struct rig *rig, uint64_t at, unsigned int order)
{
	if (find(rig, at, order) < rig->wanted)
		return;
	kho_image_preserve(&rig->img, at, order);
	want(rig, at, order);
}

static void open_image(struct rig *rig, enum kho_bitmap_hint hint)
{
	struct kho_image *img = &rig->img;
	enum kb_status st;

	img->hint = hint;
	st = kho_image_open(img);
	if (st) {
		fprintf(stderr, "bridge_rig: KB-%03d at 0x%llx, value 0x%llx\n", st,
			(unsigned long long)img->mem.diag.at,
			(unsigned long long)img->mem.diag.value);
		abort();
	}
	if (!rig->scratch.size)
		return;
	if (range_list_add(&img->kho->scratch, rig->scratch))
		abort();
	range_list_sort(&img->kho->scratch);
}

/* Behind what the builder has used, and not in scratch. */
static void list_from(struct rig *rig)
{
	struct range field = {KHO_IMAGE_BASE, rig->img.size};

	field.base += align_up(rig->img.used, rig->img.page);
	field.size -= field.base - KHO_IMAGE_BASE;
	rig->from_list = (struct range_list){rig->from, 0, RIG_FROM};
	if (range_list_add(&rig->from_list, field) ||
	    (rig->scratch.size && range_list_subtract(&rig->from_list, rig->scratch)))
		abort();
}

void rig_finish(struct rig *rig)
{
	kho_image_finish(&rig->img);
	list_from(rig);
	open_image(rig, rig->img.format == KHO_MAP_V1_PAGE ? KHO_BITMAP_PAGE : KHO_BITMAP_SMALL);
}

/* In RAM, neither in scratch nor in the field. */
static uint64_t pick_at(const struct rig *rig, unsigned int order, uint64_t *random)
{
	uint64_t size = rig->img.page << order, end = KHO_IMAGE_PAGES * rig->img.page;
	uint64_t at = KHO_IMAGE_DATA + random_below(random, SZ_1G);

	if (size > SZ_1G / 2 || random_below(random, 3) == 0)
		at = end / 4 + random_below(random, end / 4 * 3);
	else if (random_below(random, 2))
		at = KHO_IMAGE_DATA + random_below(random, 64) * size % SZ_1G;
	return at & ~(size - 1);
}

void rig_fill(struct rig *rig, uint64_t *random, bool small)
{
	unsigned int n = 1 + (unsigned int)random_below(random, small ? 4 : 12);

	rig->img.chunk_elms =
		random_below(random, 2) ? rig->img.chunk_elms : 1 + random_below(random, 4);
	while (n--) {
		unsigned int limit = random_below(random, 4) ? 11 : 23;
		unsigned int order = (unsigned int)random_below(random, limit);
		uint64_t at = pick_at(rig, order, random), size = rig->img.page << order;
		unsigned int row = 1 + (unsigned int)random_below(random, small ? 3 : 40);

		for (unsigned int i = 0; i < row && order < 11; i++)
			rig_preserve(rig,
				     at >= 3 * SZ_1G - row * size && at < SZ_4G
					     ? KHO_IMAGE_DATA + i * size
					     : at - i * size * (at >= SZ_4G + row * size),
				     order);
		if (order >= 11)
			rig_preserve(rig, at, order);
	}
}

void rig_edits(struct rig *rig, uint64_t *random)
{
	unsigned int n = (unsigned int)random_below(random, 6);

	for (rig->edits = 0; rig->edits < n; rig->edits++) {
		struct rig_edit *e = &rig->edit[rig->edits];
		const struct kho_block *b = &rig->want[random_below(random, rig->wanted)];

		switch (random_below(random, 4)) {
		case 0: /* goes, unless it is the FDT */
			*e = (struct rig_edit){b->at, b->order, b->at == rig->img.h.fdt.addr};
			break;
		case 1: /* near it, and perhaps not there */
			e->order = b->order;
			e->at = pick_at(rig, e->order, random);
			e->add = random_below(random, 2);
			break;
		default:
			*e = (struct rig_edit){0, (unsigned int)random_below(random, 5), true};
		}
	}
}

/* ---- one hop --------------------------------------------------------------------------------- */

static uint8_t *open_piece(void *ctx, struct range piece)
{
	struct rig *rig = ctx;

	if (rig->closed)
		return NULL;
	return kho_image_find(&rig->img, piece.base, piece.size);
}

static enum kb_status edit(struct rig *rig, const struct rig_edit *e, uint64_t *at)
{
	struct kho_pages *p = &rig->pages;
	enum kb_status st;
	uint8_t *bytes;
	phys_t a;

	*at = e->at;
	if (e->at && !e->add)
		return kho_pages_drop(p, e->order, phys(e->at));
	if (e->at) {
		st = kho_pages_drop(p, e->order, phys(e->at));
		if (!st)
			p->edit[p->edits - 1].add = true;
		return st;
	}
	st = kho_pages_preserve(p, e->order, &a, &bytes);
	if (!st) {
		memset(bytes, 0xee, rig->img.page << e->order);
		*at = a.addr;
	}
	return st;
}

static enum kb_status pass(struct rig *rig, bool rehearsal, const struct bridge_map_form *to,
			   uint64_t *at)
{
	enum kb_status st = KB_OK;

	kho_pages_begin(&rig->pages, rehearsal);
	for (unsigned int i = 0; i < rig->edits && !st; i++)
		st = edit(rig, &rig->edit[i], &at[i]);
	if (!st)
		st = bridge_write_map(&rig->pages, &rig->img.kho->map, to, &rig->map, &rig->sum);
	rig->taken = rig->pages.taken;
	return st;
}

static bool same_map(const struct kho_map *a, const struct kho_map *b)
{
	return a->format == b->format && a->page_shift == b->page_shift &&
	       a->root.addr == b->root.addr && a->orders == b->orders &&
	       !memcmp(a->first, b->first, sizeof(a->first));
}

static bool same_sum(const struct kho_summary *a, const struct kho_summary *b)
{
	return a->bytes == b->bytes && a->leaves == b->leaves && a->nodes == b->nodes &&
	       !memcmp(a->blocks, b->blocks, sizeof(a->blocks));
}

static const char *rehearse(struct rig *rig, const struct bridge_map_form *to, uint64_t *at)
{
	const uint8_t *field = kho_image_at(&rig->img, KHO_IMAGE_BASE, rig->img.size);
	uint8_t *before = rig->digest ? must(malloc(rig->img.size)) : NULL;
	bool same = true;

	if (before)
		memcpy(before, field, rig->img.size);
	rig->st = pass(rig, true, to, at);
	if (before)
		same = !memcmp(before, field, rig->img.size);
	free(before);
	return same ? NULL : "the rehearsal writes";
}

static const char *write_both(struct rig *rig, const struct bridge_map_form *to, uint64_t *at)
{
	const char *differs = rehearse(rig, to, at);
	struct kho_summary sum = rig->sum;
	struct kho_map map = rig->map;
	uint64_t taken = rig->taken;
	enum kb_status st = rig->st;

	if (differs)
		return differs;
	rig->img.mem.diag = (struct kb_diag){0};
	if (st)
		return NULL;
	rig->st = pass(rig, false, to, at);
	if (rig->st != st)
		return "rehearsal and reality have another status";
	if (taken != rig->taken || !same_map(&map, &rig->map) || !same_sum(&sum, &rig->sum))
		return "rehearsal and reality have another result";
	return NULL;
}

static void apply(struct rig *rig, const uint64_t *at, unsigned int orders)
{
	for (unsigned int i = 0; i < rig->edits; i++) {
		const struct rig_edit *e = &rig->edit[i];

		if (e->add)
			want(rig, at[i], e->order);
		else
			unwant(rig, at[i], e->order);
	}
	rig->edits = 0;
	split(rig, orders);
}

/*
 * The new map takes the place of the old one. One with small bitmaps needs no hint, whatever the
 * old one was like.
 */
static void adopt(struct rig *rig)
{
	struct kho_image *img = &rig->img;

	img->format = rig->map.format;
	img->abi = img->format == KHO_MAP_RADIX ? KHO_ABI_V4 : KHO_ABI_V1;
	img->map = rig->map.root.addr;
	kho_image_write_root(img);
	open_image(rig, img->format == KHO_MAP_V1_PAGE ? KHO_BITMAP_PAGE : KHO_BITMAP_UNKNOWN);
}

static const char *compare(struct rig *rig, enum kho_receiver by, const struct kho_received *want)
{
	struct kho_received got;
	const char *ret;

	kho_receive(&rig->img, by, &got);
	ret = kho_received_differ(&got, want);
	kho_received_free(&got);
	if (ret || rig->img.format == KHO_MAP_V1_SMALL)
		return ret;
	proof_read(&rig->img, &got);
	ret = kho_received_differ(&got, want);
	kho_received_free(&got);
	return ret;
}

/* What the next kernel will overwrite before it has read the map. */
static enum kb_status not_in_scratch(void *ctx, const struct kho_meta *meta)
{
	const struct rig *rig = ctx;

	return ranges_overlap(meta->bytes, rig->scratch) ? KB_KHO_META_SCRATCH : KB_OK;
}

static const char *check(struct rig *rig, unsigned int orders)
{
	static const enum kho_receiver by[] = {RECEIVER_6_17, RECEIVER_6_18, RECEIVER_7_1};
	enum kho_receiver receiver = by[rig->img.format];
	const struct kho *k = rig->img.kho;
	struct kho_received want;
	const char *ret;

	if (!same_map(&k->map, &rig->map))
		return "kho_open() finds another map";
	if (!same_sum(&k->sum, &rig->sum))
		return "kho_open() counts otherwise";
	if (kho_map_each_page(&rig->img.mem, &k->map, not_in_scratch, rig))
		return "a part of the map is in scratch";
	if (receiver == RECEIVER_7_1 && orders > 31 - rig->img.page_shift)
		receiver = RECEIVER_7_2;
	kho_received_of(rig->want, rig->wanted, rig->img.page_shift, &want);
	ret = compare(rig, receiver, &want);
	kho_received_free(&want);
	return ret;
}

void rig_prepare(struct rig *rig)
{
	rig->pages = (struct kho_pages){.m = &rig->img.mem,
					.k = rig->img.kho,
					.from = &rig->from_list,
					.trial = rig->trial,
					.open = open_piece,
					.ctx = rig,
					.edit = rig->store,
					.edit_max = RIG_EDITS};
}

const char *rig_convert(struct rig *rig, enum kho_map_format format, unsigned int orders)
{
	const struct bridge_map_form to = {format, orders};
	uint64_t at[RIG_EDITS];
	const char *differs;

	rig_prepare(rig);
	differs = write_both(rig, &to, at);
	rig->conversions++;
	if (differs || rig->st)
		return differs;
	apply(rig, at, orders);
	adopt(rig);
	return check(rig, orders);
}

/* ---- random sets ----------------------------------------------------------------------------- */

/* Mostly pages of 4K: others have bitmaps that are four and sixteen times as large. */
static unsigned int pick_shift(uint64_t *random)
{
	uint64_t n = random_below(random, 40);

	return n ? n < 5 ? 14 : 12 : 16;
}

static unsigned int largest(const struct rig *rig)
{
	unsigned int order = 0;

	for (size_t i = 0; i < rig->wanted; i++)
		if (rig->want[i].order > order)
			order = rig->want[i].order;
	return order;
}

/*
 * Kernels before 7.2 lose larger blocks; those of kho-v1 are all older. Now and then a limit that
 * splits blocks of the set, in up to 16.
 */
static unsigned int pick_orders(const struct rig *rig, enum kho_map_format format, uint64_t *random)
{
	unsigned int shift = rig->img.page_shift, limit = 0;

	if (random_below(random, 8) == 0)
		limit = largest(rig) - (unsigned int)min_u64(largest(rig), random_below(random, 4));
	if (limit && limit < 31 - shift)
		return limit;
	return format == KHO_MAP_RADIX && random_below(random, 2) ? kho_orders(shift) : 31 - shift;
}

static const char *hops(struct rig *rig, uint64_t *random)
{
	static const enum kho_map_format chain[] = {KHO_MAP_V1_PAGE, KHO_MAP_RADIX, KHO_MAP_V1_PAGE,
						    KHO_MAP_V1_SMALL};
	bool fixed = random_below(random, 2);
	const char *differs = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(chain) && !differs; i++) {
		enum kho_map_format to =
			fixed ? chain[i] : (enum kho_map_format)random_below(random, 3);

		rig_edits(rig, random);
		differs = rig_convert(rig, to, pick_orders(rig, to, random));
		if (!differs && rig->st)
			return "it is refused";
	}
	return differs;
}

const char *rig_random_set(uint64_t seed, uint64_t *conversions)
{
	uint64_t random = seed * 0x9e3779b97f4a7c15ULL;
	unsigned int shift = pick_shift(&random);
	const char *differs;
	struct rig rig;

	rig_init(&rig, (enum kho_map_format)random_below(&random, 3), shift);
	rig_fill(&rig, &random, shift != 12 || random_below(&random, 8));
	if (random_below(&random, 4) == 0) /* the first bitmaps, as the builder places them */
		rig.scratch = (struct range){KHO_IMAGE_BASE + rig.img.page,
					     (1 + random_below(&random, 8)) * rig.img.page};
	rig.digest = shift == 12 && random_below(&random, 16) == 0;
	rig_finish(&rig);
	differs = hops(&rig, &random);
	*conversions += rig.conversions;
	rig_free(&rig);
	return differs;
}
