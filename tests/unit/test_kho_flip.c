// SPDX-License-Identifier: BSD-2-Clause
/*
 * One bit of a sound image turns over: in the root FDT, in a blob, in the scratch array, or in the
 * map. kho_open() then either refuses, or what it says is what the naive reader reads.
 */
#include "kho_test.h"

#include <libfdt.h>
#include <stdlib.h>

#define FLIPS 300 /* per kind of image */

struct image {
	struct kho_image img;
	struct kho_naive naive; /* as it was made */
	uint64_t fdt_size;
	uint64_t random;
	unsigned int refused, taken;
};

static void make(struct image *t, const struct kho_kind *k)
{
	struct kho_image *img = &t->img;

	kho_image_init(img, k->format, k->page_shift);
	img->hint = k->format == KHO_MAP_V1_PAGE ? KHO_BITMAP_PAGE : KHO_BITMAP_UNKNOWN;
	img->chunk_elms = 3;
	kho_image_blob_fdt(img, "memblock", "memblock-v1");
	kho_image_blob_fdt(img, "LUO", "luo-v1");
	for (uint64_t i = 0; i < 40; i++)
		kho_image_preserve(img, KHO_IMAGE_DATA + 3 * i * img->page, 0);
	for (uint64_t i = 0; i < 5; i++)
		kho_image_preserve(img, 16 * SZ_1G + i * (img->page << 12), 11);
	kho_image_preserve(img, SZ_4G, 5);
	kho_image_finish(img);
	t->fdt_size = fdt_totalsize(kho_image_at(img, img->h.fdt.addr, img->page));
	assert_code(img, kho_image_open(img), KB_OK);
	assert_true(naive_read(img, k->format, &t->naive));
}

/* A byte to damage, often one that is not zero: most of a page is zero, and means nothing. */
static uint64_t pick_byte(struct image *t)
{
	struct kho_image *img = &t->img;
	const struct range places[] = {
		{img->h.fdt.addr, t->fdt_size},
		{img->h.scratch.addr, img->h.scratch_size},
		{img->blob[0].at, img->blob[0].size},
		t->naive.meta[random_below(&t->random, t->naive.metas)],
		t->naive.meta[random_below(&t->random, t->naive.metas)],
		t->naive.meta[random_below(&t->random, t->naive.metas)],
	};
	struct range r = places[random_below(&t->random, ARRAY_SIZE(places))];
	uint64_t at = r.base + random_below(&t->random, r.size);

	for (unsigned int i = 0; i < 2000 && random_below(&t->random, 2000); i++)
		if (*kho_image_at(img, at, 1) == 0)
			at = r.base + random_below(&t->random, r.size);
	return at;
}

/* By the naive reader, the FDT and all blobs that it names are preserved. */
static bool proven(struct kho_image *img, const struct kho_naive *n)
{
	const struct kho_root *root = &img->kho->root;
	struct range r = root->fdt;

	for (unsigned int i = 0; i <= root->blob_count; i++) {
		for (uint64_t at = r.base; at < range_end(r); at += img->page)
			if (!naive_touches(n, (struct range){at, 1}))
				return false;
		r = (struct range){root->blob[i].at.addr, root->blob[i].size};
	}
	return true;
}

static void check_taken(struct image *t, uint64_t at)
{
	struct kho_image *img = &t->img;
	const struct kho *k = img->kho;
	struct kho_naive n;
	const char *differs;

	if (!naive_read(img, k->map.format, &n))
		fail_msg("taken, but not readable: %llx", (unsigned long long)at);
	for (size_t i = 0; i < n.ranges; i++)
		for (size_t j = 0; j < k->scratch.count; j++)
			assert_false(ranges_overlap(n.range[i], k->scratch.r[j]));
	for (size_t i = 0; i < n.ranges; i++)
		assert_true(range_list_contains(&img->mem.ram, n.range[i]) ||
			    n.range[i].base < KHO_IMAGE_BASE);
	assert_true(proven(img, &n));
	differs = naive_compare(img, k, &n, &t->random);
	if (differs)
		fail_msg("%llx, format %d: %s differs", (unsigned long long)at, img->format,
			 differs);
	naive_free(&n);
}

static void flip_one(struct image *t)
{
	struct kho_image *img = &t->img;
	uint64_t at = pick_byte(t);
	uint8_t bit = (uint8_t)(1U << random_below(&t->random, 8));
	enum kb_status st;

	*kho_image_at(img, at, 1) ^= bit;
	st = kho_image_open(img);
	assert_int_equal(img->mem.diag.status, st);
	if (st)
		t->refused++;
	else
		t->taken++;
	if (!st)
		check_taken(t, at);
	*kho_image_at(img, at, 1) ^= bit;
}

static void flips(void **state)
{
	for_each_kind(k)
	{
		struct image t = {.random = (uint64_t)(k - kinds)};

		make(&t, k);
		for (unsigned int i = 0; i < FLIPS; i++)
			flip_one(&t);
		/* Both outcomes have to be frequent, or the test would show little. */
		assert_true(t.refused > FLIPS / 10);
		assert_true(t.taken > FLIPS / 10);
		assert_code(&t.img, kho_image_open(&t.img), KB_OK);
		naive_free(&t.naive);
		kho_image_free(&t.img);
	}
	(void)state;
}

/* Several words of a map become addresses of other things in the field. */
static void replace_words(struct image *t)
{
	struct kho_image *img = &t->img;
	uint64_t at[3], old[3];
	unsigned int n = 1 + (unsigned int)random_below(&t->random, 3);

	for (unsigned int i = 0; i < n; i++) {
		uint64_t any = KHO_IMAGE_BASE + random_below(&t->random, img->used);

		at[i] = pick_byte(t) & ~7ULL;
		old[i] = kho_image_get(img, at[i]);
		kho_image_put(img, at[i],
			      random_below(&t->random, 4) ? any & ~(img->page - 1) : any);
	}
	if (!kho_image_open(img)) {
		t->taken++;
		check_taken(t, at[0]);
	} else {
		t->refused++;
	}
	while (n--)
		kho_image_put(img, at[n], old[n]);
}

static void replacements(void **state)
{
	for_each_kind(k)
	{
		struct image t = {.random = 100 + (uint64_t)(k - kinds)};

		make(&t, k);
		for (unsigned int i = 0; i < FLIPS; i++)
			replace_words(&t);
		assert_true(t.refused > 0);
		naive_free(&t.naive);
		kho_image_free(&t.img);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flips),
		cmocka_unit_test(replacements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
