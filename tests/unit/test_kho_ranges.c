// SPDX-License-Identifier: BSD-2-Clause
/*
 * Random sets of blocks, written in each format, against two models: one bit per page of RAM, set
 * from what the test preserved; and the naive reader, which reads the map itself.
 */
#include "kho_test.h"

#include <stdlib.h>

#define ROUNDS 12

/* ---- model: one bit per page ---- */

static uint64_t model[KHO_IMAGE_PAGES / 64];

static bool model_bit(uint64_t page)
{
	return model[page / 64] >> page % 64 & 1;
}

static void model_add(uint64_t page, uint64_t count)
{
	if (count >= 64) /* and aligned */
		memset(model + page / 64, 0xff, count / 8);
	else
		model[page / 64] |= ((1ULL << count) - 1) << page % 64;
}

static void model_fill(const struct kho_image *img)
{
	memset(model, 0, sizeof(model));
	for (size_t i = 0; i < img->blocks; i++)
		model_add(img->block[i].at >> img->page_shift, 1ULL << img->block[i].order);
}

/* First page from @page on whose bit is @value; KHO_IMAGE_PAGES when there is none. */
static uint64_t model_find(uint64_t page, bool value)
{
	while (page < KHO_IMAGE_PAGES && model_bit(page) != value) {
		if (page % 64 == 0 && model[page / 64] == (value ? 0 : ~0ULL))
			page += 64;
		else
			page++;
	}
	return page;
}

/* The next range from page *@page on; false at the end. */
static bool model_next(const struct kho_image *img, uint64_t *page, struct range *ret)
{
	uint64_t first = model_find(*page, true);

	if (first == KHO_IMAGE_PAGES)
		return false;
	*page = model_find(first, false);
	*ret = (struct range){first << img->page_shift, (*page - first) << img->page_shift};
	return true;
}

/* ---- random blocks ---- */

/* RAM without scratch, and without the field. */
static struct range zone(const struct kho_image *img, uint64_t *random)
{
	const struct range zones[] = {
		{KHO_IMAGE_DATA, SZ_1G},
		{SZ_4G, SZ_4G},
		{9 * SZ_1G, KHO_IMAGE_PAGES * img->page - 9 * SZ_1G},
	};

	return zones[random_below(random, ARRAY_SIZE(zones))];
}

/* Blocks of one order in a row with gaps between: dense, alternating, or scattered. */
static void add_blocks(struct kho_image *img, uint64_t *random)
{
	static const uint64_t lengths[] = {1, 2, 3, 63, 64, 65, 130, 512, 1500, 5000};
	static const uint64_t gaps[] = {1, 1, 1, 2, 3, 64, 300};
	struct range r = zone(img, random);
	unsigned int order = (unsigned int)random_below(random, 14);
	unsigned int shift = img->page_shift + order;
	uint64_t count = lengths[random_below(random, ARRAY_SIZE(lengths))];
	uint64_t step = gaps[random_below(random, ARRAY_SIZE(gaps))] << shift;
	uint64_t at = (r.base + random_below(random, r.size)) >> shift << shift;

	for (; count && at >= r.base && at + (1ULL << shift) <= range_end(r); count--) {
		kho_image_preserve(img, at, order);
		at += step;
	}
}

static void make(struct kho_image *img, const struct kho_kind *k, uint64_t *random)
{
	unsigned int groups = 1 + (unsigned int)random_below(random, 12);

	kho_image_init_sized(img, k->format, k->page_shift, 4096 << k->page_shift);
	img->hint = k->format == KHO_MAP_V1_PAGE ? KHO_BITMAP_PAGE : KHO_BITMAP_SMALL;
	if (k->format == KHO_MAP_RADIX)
		img->hint = KHO_BITMAP_UNKNOWN;
	img->chunk_elms = 1 + random_below(random, 20);
	kho_image_blob_fdt(img, "memblock", "memblock-v1");
	for (unsigned int i = 0; i < groups; i++)
		add_blocks(img, random);
	if (random_below(random, 4) == 0)
		kho_image_preserve_range(img,
					 (struct range){9 * SZ_1G + img->page, 300 * img->page});
	kho_image_finish(img);
}

/* A small map may happen to look like one of page-size bitmaps; both answers are then right. */
static enum kb_status open_any(struct kho_image *img)
{
	enum kb_status st = kho_image_open(img);

	if (st == KB_KHO_V1_HINT || st == KB_KHO_V1_AMBIGUOUS)
		print_message("kind %d, page shift %u: %s\n", img->format, img->page_shift,
			      kb_cause(st));
	return st;
}

/* ---- properties ---- */

static void check_ranges(struct kho_image *img)
{
	struct range want, got;
	struct kho_ranges it;
	uint64_t page = 0;

	kho_ranges_first(&it, &img->mem, &img->kho->map, 0);
	while (model_next(img, &page, &want)) {
		assert_true(kho_ranges_next(&it, &got));
		assert_int_equal(got.base, want.base);
		assert_int_equal(got.size, want.size);
	}
	assert_false(kho_ranges_next(&it, &got));
	assert_int_equal(it.status, KB_OK);
}

/* Beginning in the middle: nothing that ends before, and the first one cut at most. */
static void check_ranges_from(struct kho_image *img, uint64_t from)
{
	uint64_t page = from >> img->page_shift;
	struct range want, got;
	struct kho_ranges it;
	bool first = true;

	while (page && model_bit(page) && model_bit(page - 1))
		page--; /* to the beginning of the range around @from */
	kho_ranges_first(&it, &img->mem, &img->kho->map, from);
	for (; model_next(img, &page, &want); first = false) {
		assert_true(kho_ranges_next(&it, &got));
		assert_int_equal(range_end(got), range_end(want));
		assert_true(got.base >= want.base);
		assert_true(first ? got.base <= max_u64(from, want.base) : got.base == want.base);
	}
	assert_false(kho_ranges_next(&it, &got));
}

static void check_free(struct kho_image *img, const struct kho_naive *naive, uint64_t *random)
{
	for (unsigned int i = 0; i < 40; i++) {
		uint64_t page = random_below(random, KHO_IMAGE_PAGES);
		struct range r = {page << img->page_shift, img->page};
		bool want = !model_bit(page) && !naive_is_meta(naive, r);

		assert_int_equal(kho_range_free(&img->mem, img->kho, r), want);
	}
}

static void check_image(const struct kho_kind *k, uint64_t seed)
{
	uint64_t random = seed;
	struct kho_naive naive;
	struct kho_image img;
	const char *differs;

	make(&img, k, &random);
	assert_code(&img, open_any(&img), KB_OK);
	assert_int_equal(img.kho->map.format, k->format);
	model_fill(&img);
	check_ranges(&img);
	for (unsigned int i = 0; i < 6; i++)
		check_ranges_from(&img, random_below(&random, KHO_IMAGE_PAGES * img.page));
	for (unsigned int i = 0; i < 6; i++)
		check_ranges_from(&img, img.block[random_below(&random, img.blocks)].at +
						random_below(&random, 2) * img.page);
	assert_true(naive_read(&img, k->format, &naive));
	assert_true(naive.blocks <= img.blocks); /* the test may preserve one twice */
	check_free(&img, &naive, &random);
	differs = naive_compare(&img, img.kho, &naive, &random);
	if (differs)
		fail_msg("seed %llu, %s differs", (unsigned long long)seed, differs);
	naive_free(&naive);
	kho_image_free(&img);
}

static void same_as_models(void **state)
{
	for_each_kind(k)
	{
		for (uint64_t round = 0; round < ROUNDS; round++)
			check_image(k, 1000 * (uint64_t)(k - kinds) + round);
	}
	(void)state;
}

/* The same blocks in all formats: the same ranges and the same numbers. */
static void formats_agree(void **state)
{
	for (unsigned int shift = 12; shift <= 16; shift += 2) {
		struct kho_summary sums[3];

		for (unsigned int format = 0; format < 3; format++) {
			struct kho_kind k = {(enum kho_map_format)format, shift};
			uint64_t random = 5;
			struct kho_image img;

			make(&img, &k, &random);
			assert_code(&img, kho_image_open(&img), KB_OK);
			sums[format] = img.kho->sum;
			sums[format].leaves = sums[format].nodes = 0;
			kho_image_free(&img);
		}
		assert_memory_equal(&sums[0], &sums[1], sizeof(sums[0]));
		assert_memory_equal(&sums[0], &sums[2], sizeof(sums[0]));
	}
	(void)state;
}

/* A row of blocks across the boundary of two strips is one range and one run. */
static void runs_go_on_across_strips(void **state)
{
	for_each_kind(k)
	{
		struct kho_image img;
		struct kho_ranges it;
		struct range r;
		uint64_t span;

		kho_image_init(&img, k->format, k->page_shift);
		img.hint = k->format == KHO_MAP_V1_PAGE ? KHO_BITMAP_PAGE : KHO_BITMAP_SMALL;
		span = kho_image_strip_blocks(&img) << img.page_shift;
		for (uint64_t i = 0; i < 6; i++)
			kho_image_preserve(&img, 32 * SZ_1G + (span - 3 * img.page) + i * img.page,
					   0);
		kho_image_finish(&img);
		assert_code(&img, kho_image_open(&img), KB_OK);
		assert_int_equal(img.kho->sum.runs, 2); /* the FDT is the other one */
		kho_ranges_first(&it, &img.mem, &img.kho->map, 32 * SZ_1G);
		assert_true(kho_ranges_next(&it, &r));
		assert_int_equal(r.size, 6 * img.page);
		assert_false(kho_ranges_next(&it, &r));
		kho_image_free(&img);
	}
	(void)state;
}

/* The last block of a strip, no strip, and the first block of the next one: two runs. */
static void runs_end_where_a_strip_is_missing(void **state)
{
	for_each_kind(k)
	{
		struct kho_image img;
		uint64_t span;

		kho_image_init(&img, k->format, k->page_shift);
		img.hint = k->format == KHO_MAP_V1_PAGE ? KHO_BITMAP_PAGE : KHO_BITMAP_SMALL;
		span = kho_image_strip_blocks(&img) << img.page_shift;
		kho_image_preserve(&img, 32 * SZ_1G + span - img.page, 0);
		kho_image_preserve(&img, 32 * SZ_1G + 2 * span, 0);
		kho_image_finish(&img);
		assert_code(&img, kho_image_open(&img), KB_OK);
		assert_int_equal(img.kho->sum.runs, 3);
		kho_image_free(&img);
	}
	(void)state;
}

/* Full strips next to each other, and one of each alternating bit. */
static void fills_whole_strips(void **state)
{
	for_each_kind(k)
	{
		struct kho_image img;
		uint64_t blocks, base;

		kho_image_init(&img, k->format, k->page_shift);
		img.hint = k->format == KHO_MAP_V1_PAGE ? KHO_BITMAP_PAGE : KHO_BITMAP_SMALL;
		blocks = kho_image_strip_blocks(&img);
		base = 32 * SZ_1G; /* a strip begins there in all formats */
		memset(kho_image_bits(&img, base, 0), 0xff, blocks / 8);
		memset(kho_image_bits(&img, base + (blocks << img.page_shift), 0), 0xff,
		       blocks / 8);
		memset(kho_image_bits(&img, base + (2 * blocks << img.page_shift), 0), 0x55,
		       blocks / 8);
		kho_image_finish(&img);
		assert_code(&img, kho_image_open(&img), KB_OK);
		assert_int_equal(img.kho->sum.blocks[0], 1 + 2 * blocks + blocks / 2);
		/* The first of the alternating bits goes on with the full strips. */
		assert_int_equal(img.kho->sum.runs, 1 + 1 + blocks / 2 - 1);
		kho_image_free(&img);
	}
	(void)state;
}

static void empty_map_has_no_ranges(void **state)
{
	for_each_kind(k)
	{
		struct kho_image img;
		struct kho_ranges it;
		struct kho_summary sum;
		struct kho_occupancy occ;
		struct range r;

		kho_image_init(&img, k->format, k->page_shift);
		img.hint = k->format == KHO_MAP_V1_PAGE ? KHO_BITMAP_PAGE : KHO_BITMAP_SMALL;
		kho_image_finish(&img);
		assert_code(&img, kho_image_open(&img), KB_OK);
		memset(kho_image_bits(&img, img.h.fdt.addr, 0), 0,
		       kho_image_strip_blocks(&img) / 8);
		assert_code(&img,
			    kho_walk(&img.mem, &img.kho->map, &img.kho->scratch,
				     (struct range){0, 0}, img.work, &sum, &occ),
			    KB_OK);
		assert_int_equal(sum.bytes, 0);
		assert_int_equal(sum.runs, 0);
		kho_ranges_first(&it, &img.mem, &img.kho->map, 0);
		assert_false(kho_ranges_next(&it, &r));
		assert_int_equal(it.status, KB_OK);
		kho_image_free(&img);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_as_models),
		cmocka_unit_test(formats_agree),
		cmocka_unit_test(runs_go_on_across_strips),
		cmocka_unit_test(runs_end_where_a_strip_is_missing),
		cmocka_unit_test(fills_whole_strips),
		cmocka_unit_test(empty_map_has_no_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
