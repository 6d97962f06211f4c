// SPDX-License-Identifier: BSD-2-Clause
/* New pages: which are handed out, and how changes of the map are kept. */
#include "kho_test.h"

#include <fdt/kho_pages.h>

#include <stdlib.h>

#define ok(call) assert_int_equal(call, KB_OK)

#define FIELD (6 * SZ_1M) /* for pages of 4 KiB: three granules, of which the map is in the first */

struct fixture {
	struct kho_image img;
	struct kho_naive naive;
	struct range range[4];
	struct range_list from;
	struct kho_edit edit[8];
	struct kho_pages p;
	uint8_t *trial;
	uint64_t closed; /* what is in this granule cannot be opened */
};

static uint8_t *open_piece(void *ctx, struct range piece)
{
	struct fixture *f = ctx;

	if (f->closed && align_down(piece.base, SZ_2M) == f->closed)
		return NULL;
	return kho_image_find(&f->img, piece.base, piece.size);
}

/* All of the field is to choose from. @fill preserves blocks in it, and elsewhere. */
static void make(struct fixture *f, const struct kho_kind *k, void (*fill)(struct kho_image *img))
{
	memset(f, 0, sizeof(*f));
	kho_image_init_sized(&f->img, k->format, k->page_shift, FIELD << (k->page_shift - 12));
	f->img.hint = hint_of(k->format);
	kho_image_preserve(&f->img, KHO_IMAGE_DATA, 0);
	if (fill)
		fill(&f->img);
	kho_image_finish(&f->img);
	assert_code(&f->img, kho_image_open(&f->img), KB_OK);
	assert_true(naive_read(&f->img, k->format, &f->naive));
	f->range[0] = (struct range){KHO_IMAGE_BASE, f->img.size};
	f->from = (struct range_list){f->range, 1, ARRAY_SIZE(f->range)};
	f->trial = malloc(16 * f->img.page);
	f->p = (struct kho_pages){.m = &f->img.mem,
				  .k = f->img.kho,
				  .from = &f->from,
				  .trial = f->trial,
				  .open = open_piece,
				  .ctx = f,
				  .edit = f->edit,
				  .edit_max = ARRAY_SIZE(f->edit)};
	kho_pages_begin(&f->p, true);
}

static void drop(struct fixture *f)
{
	naive_free(&f->naive);
	kho_image_free(&f->img);
	free(f->trial);
}

static bool is_zero(const uint8_t *p, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++)
		if (p[i])
			return false;
	return true;
}

static enum kb_status take(struct fixture *f, unsigned int order, uint64_t *at, uint8_t **bytes)
{
	phys_t a = {0};
	enum kb_status st;

	f->img.mem.diag = (struct kb_diag){0};
	st = kho_pages_take(&f->p, order, &a, bytes);
	*at = a.addr;
	return st;
}

/* Both passes give the same addresses; the first writes nothing, the second gives zeros. */
static void rehearsal_and_reality_agree(void **state)
{
	(void)state;
	for_each_kind(k)
	{
		uint64_t at[64], again;
		struct fixture f;
		uint8_t *bytes;

		make(&f, k, NULL);
		memset(kho_image_at(&f.img, KHO_IMAGE_BASE + f.img.used, f.img.size - f.img.used),
		       0xaa, f.img.size - f.img.used);
		for (unsigned int i = 0; i < ARRAY_SIZE(at); i++) {
			assert_int_equal(take(&f, i % 7 % 5, &at[i], &bytes), KB_OK);
			assert_ptr_equal(bytes, f.trial);
			assert_true(is_aligned(at[i], f.img.page << i % 7 % 5));
		}
		assert_int_equal(*kho_image_at(&f.img, at[0], 1), 0xaa);
		kho_pages_begin(&f.p, false);
		for (unsigned int i = 0; i < ARRAY_SIZE(at); i++) {
			assert_int_equal(take(&f, i % 7 % 5, &again, &bytes), KB_OK);
			assert_int_equal(again, at[i]);
			assert_ptr_equal(bytes, kho_image_at(&f.img, again, 1));
			assert_true(is_zero(bytes, f.img.page << i % 7 % 5));
			memset(bytes, 0x55, f.img.page << i % 7 % 5);
		}
		drop(&f);
	}
}

/* ---- which pages ---- */

static bool is_free(const struct fixture *f, uint64_t at)
{
	struct range page = {at, f->img.page};

	for (size_t i = 0; i < f->naive.metas; i++)
		if (align_down(f->naive.meta[i].base, f->img.page) == at)
			return false;
	return !naive_touches(&f->naive, page);
}

/* Take folios until there is no more; count pages. Each must be free, and given out once. */
static uint64_t take_all(struct fixture *f, unsigned int order, uint8_t *seen)
{
	uint64_t at, n = 0;
	uint8_t *bytes;

	while (!take(f, order, &at, &bytes))
		for (uint64_t i = 0; i < 1ULL << order; i++, at += f->img.page, n++) {
			uint64_t page = (at - KHO_IMAGE_BASE) / f->img.page;

			assert_true(is_free(f, at));
			assert_false(seen[page / 8] >> page % 8 & 1);
			seen[page / 8] |= (uint8_t)(1U << page % 8);
		}
	assert_int_equal(f->img.mem.diag.status, KB_BRIDGE_ROOM);
	return n;
}

static uint64_t count_free(const struct fixture *f)
{
	uint64_t n = 0;

	for (uint64_t at = KHO_IMAGE_BASE; at < KHO_IMAGE_BASE + f->img.size; at += f->img.page)
		n += is_free(f, at);
	return n;
}

/* Every third page of the field that the map does not need is preserved. */
static void fragment(struct kho_image *img)
{
	for (uint64_t at = img->size / 2; at < img->size; at += 3 * img->page)
		kho_image_preserve(img, KHO_IMAGE_BASE + align_down(at, img->page), 0);
}

static void untouched_granules_come_first(void **state)
{
	struct fixture f;
	uint8_t *bytes;
	uint64_t at;
	(void)state;

	make(&f, &kinds[2], NULL);
	for (unsigned int i = 0; i < 1024; i++) {
		ok(take(&f, 0, &at, &bytes));
		assert_int_equal(at, KHO_IMAGE_BASE + SZ_2M + i * SZ_4K);
	}
	ok(take(&f, 0, &at, &bytes));
	assert_in_range(at, KHO_IMAGE_BASE, KHO_IMAGE_BASE + SZ_2M);
	drop(&f);
}

static void every_free_page_can_be_had(void **state)
{
	(void)state;
	for_each_kind(k) for (unsigned int fragmented = 0; fragmented < 2; fragmented++)
	{
		struct fixture f;
		uint8_t *seen;

		make(&f, k, fragmented ? fragment : NULL);
		seen = calloc(1, f.img.size / f.img.page / 8);
		assert_int_equal(take_all(&f, 0, seen), count_free(&f));
		free(seen);
		drop(&f);
	}
}

/* What is no whole piece: a list of odd ranges, one of them smaller than a page. */
static void only_what_is_listed_is_given(void **state)
{
	struct fixture f;
	uint8_t *bytes;
	uint64_t at;
	(void)state;

	make(&f, &kinds[2], NULL);
	f.range[0] = (struct range){KHO_IMAGE_BASE + SZ_2M + 100, 2 * SZ_4K};
	f.range[1] = (struct range){KHO_IMAGE_BASE + SZ_2M + 0x10200, 0x600};
	f.range[2] = (struct range){KHO_IMAGE_BASE + 2 * SZ_2M - SZ_4K, 2 * SZ_4K};
	f.from.count = 3;
	ok(take(&f, 0, &at, &bytes));
	assert_int_equal(at, KHO_IMAGE_BASE + SZ_2M + SZ_4K);
	assert_int_equal(take(&f, 1, &at, &bytes), KB_BRIDGE_ROOM);
	drop(&f);
	make(&f, &kinds[2], NULL);
	f.range[0] = (struct range){KHO_IMAGE_BASE + 2 * SZ_2M - SZ_4K, 2 * SZ_4K};
	ok(take(&f, 0, &at, &bytes));
	assert_int_equal(at, KHO_IMAGE_BASE + 2 * SZ_2M - SZ_4K);
	ok(take(&f, 0, &at, &bytes));
	assert_int_equal(at, KHO_IMAGE_BASE + 2 * SZ_2M);
	assert_int_equal(take(&f, 0, &at, &bytes), KB_BRIDGE_ROOM);
	assert_diag(&f.img, 0, SZ_4K);
	drop(&f);
}

/* Folios of 16 pages are not there; single pages are. */
static void a_large_folio_needs_a_large_hole(void **state)
{
	struct fixture f;
	uint8_t *bytes;
	uint64_t at;
	(void)state;

	make(&f, &kinds[2], fragment);
	f.range[0] = (struct range){KHO_IMAGE_BASE + 2 * SZ_2M, SZ_2M};
	assert_int_equal(take(&f, 4, &at, &bytes), KB_BRIDGE_ROOM);
	kho_pages_begin(&f.p, true);
	ok(take(&f, 1, &at, &bytes));
	assert_true(is_free(&f, at) && is_free(&f, at + SZ_4K));
	for (unsigned int i = 1; i < 512 / 3; i++) /* the rest, from the same granule */
		ok(take(&f, 0, &at, &bytes));
	drop(&f);
}

/* Untouched, but smaller than the folio: the next part has room. */
static void a_folio_passes_over_small_parts(void **state)
{
	struct fixture f;
	uint8_t *bytes;
	uint64_t at;
	(void)state;

	make(&f, &kinds[2], NULL);
	f.range[0] = (struct range){KHO_IMAGE_BASE + SZ_2M, 3 * SZ_4K};
	f.range[1] = (struct range){KHO_IMAGE_BASE + 2 * SZ_2M, 32 * SZ_4K};
	f.from.count = 2;
	ok(take(&f, 4, &at, &bytes));
	assert_int_equal(at, KHO_IMAGE_BASE + 2 * SZ_2M);
	drop(&f);
}

static void what_cannot_be_opened_is_known_before(void **state)
{
	struct fixture f;
	uint8_t *bytes;
	uint64_t at;
	(void)state;

	make(&f, &kinds[2], NULL);
	f.closed = KHO_IMAGE_BASE + SZ_2M;
	assert_int_equal(take(&f, 0, &at, &bytes), KB_BRIDGE_MAP);
	assert_diag(&f.img, KHO_IMAGE_BASE + SZ_2M, SZ_4K);
	f.closed = KHO_IMAGE_BASE; /* opened page by page */
	f.range[0].size = SZ_2M;
	kho_pages_begin(&f.p, true);
	assert_int_equal(take(&f, 0, &at, &bytes), KB_BRIDGE_MAP);
	assert_int_equal(f.img.mem.diag.value, SZ_4K);
	drop(&f);
}

/* A map that cannot be read: nothing can be called free. */
static void forget_map(struct kho_image *img, uint64_t at, uint64_t len)
{
	(void)len;
	if (at == img->map)
		memset(img->buf + (at - KHO_IMAGE_BASE), 0xff, img->page);
}

static void a_map_that_changes_gives_nothing(void **state)
{
	struct fixture f;
	uint8_t *bytes;
	uint64_t at;
	(void)state;

	make(&f, &kinds[2], NULL);
	f.range[0].size = SZ_2M;
	f.img.on_read = forget_map;
	assert_int_equal(take(&f, 0, &at, &bytes), KB_BRIDGE_ROOM);
	drop(&f);
}

/* ---- edits ---- */

static void edits_are_sorted_like_keys(void **state)
{
	struct fixture f;
	phys_t at;
	uint8_t *bytes;
	(void)state;

	make(&f, &kinds[2], NULL);
	ok(kho_pages_drop(&f.p, 0, phys(0x5000)));
	ok(kho_pages_preserve(&f.p, 4, &at, &bytes));
	ok(kho_pages_drop(&f.p, 4, phys(0x10000)));
	ok(kho_pages_drop(&f.p, 0, phys(0x3000)));
	ok(kho_pages_drop(&f.p, 4, at)); /* this change holds */
	ok(kho_pages_drop(&f.p, 9, phys(SZ_2M)));
	kho_pages_sort(&f.p);
	assert_int_equal(f.p.edits, 5);
	assert_int_equal(f.edit[0].order, 9);
	assert_int_equal(f.edit[1].base, 0x10000);
	assert_int_equal(f.edit[2].base, at.addr);
	assert_false(f.edit[2].add);
	assert_int_equal(f.edit[3].base, 0x3000);
	assert_int_equal(f.edit[4].base, 0x5000);
	drop(&f);
}

static void edits_are_counted_without_room(void **state)
{
	struct fixture f;
	phys_t at;
	uint8_t *bytes;
	(void)state;

	make(&f, &kinds[2], NULL);
	f.p.edit_max = 1;
	ok(kho_pages_preserve(&f.p, 0, &at, &bytes));
	f.img.mem.diag = (struct kb_diag){0};
	assert_int_equal(kho_pages_preserve(&f.p, 0, &at, &bytes), KB_BRIDGE_EDITS);
	assert_int_equal(kho_pages_drop(&f.p, 0, at), KB_BRIDGE_EDITS);
	assert_diag(&f.img, at.addr + SZ_4K, 1);
	f.p.edit = NULL;
	kho_pages_begin(&f.p, true);
	for (unsigned int i = 0; i < 100; i++)
		ok(kho_pages_preserve(&f.p, 0, &at, &bytes));
	kho_pages_sort(&f.p);
	assert_int_equal(f.p.edits, 100);
	assert_int_equal(f.p.taken, 100);
	drop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rehearsal_and_reality_agree),
		cmocka_unit_test(untouched_granules_come_first),
		cmocka_unit_test(every_free_page_can_be_had),
		cmocka_unit_test(only_what_is_listed_is_given),
		cmocka_unit_test(a_large_folio_needs_a_large_hole),
		cmocka_unit_test(a_folio_passes_over_small_parts),
		cmocka_unit_test(what_cannot_be_opened_is_known_before),
		cmocka_unit_test(a_map_that_changes_gives_nothing),
		cmocka_unit_test(edits_are_sorted_like_keys),
		cmocka_unit_test(edits_are_counted_without_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
