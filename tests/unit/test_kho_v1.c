// SPDX-License-Identifier: BSD-2-Clause
/* Maps of kho-v1: chunks, elements, the two sizes of bitmaps, and each way to be wrong. */
#include "kho_test.h"

/* Bitmap @i of the map below begins here: the same in both sizes, and in RAM for 4K pages. */
static uint64_t start(const struct kho_image *img, unsigned int i)
{
	return 4 * SZ_1G + i * (img->page * 8 << img->page_shift);
}

/* Two orders; three chunks: two elements, one element, one element. FDT first, in another chunk. */
static void make(struct kho_image *img, const struct kho_kind *k)
{
	kho_image_init(img, k->format, k->page_shift);
	img->chunk_elms = 2;
	img->hint = k->format == KHO_MAP_V1_PAGE ? KHO_BITMAP_PAGE : KHO_BITMAP_SMALL;
	if (k->page_shift == 12) {
		kho_image_preserve(img, start(img, 0), 0);
		kho_image_preserve(img, start(img, 1), 0);
	}
	kho_image_preserve(img, 32 * SZ_1G, 0);
	kho_image_preserve(img, 48 * SZ_1G, 4);
	kho_image_finish(img);
}

static enum kb_status open_at(struct kho_image *img, uint64_t root, struct kho_map *map)
{
	struct range known = {img->h.fdt.addr, img->page};

	kho_image_seal(img);
	return kho_map_open_v1(&img->mem, img->page_shift, phys(root), img->hint, &known, 1, map);
}

static void check_put(struct kho_image *img, uint64_t at, uint64_t v, enum kb_status code)
{
	uint64_t old = kho_image_get(img, at);
	struct kho_map map;

	kho_image_put(img, at, v);
	assert_code(img, open_at(img, img->map, &map), code);
	kho_image_put(img, at, old);
	assert_code(img, open_at(img, img->map, &map), KB_OK);
}

static void check_put32(struct kho_image *img, uint64_t at, uint32_t v, enum kb_status code)
{
	uint64_t both = kho_image_get(img, at & ~7ULL);
	unsigned int shift = at & 4 ? 32 : 0;

	check_put(img, at & ~7ULL, (both & ~(0xffffffffULL << shift)) | (uint64_t)v << shift, code);
}

#define for_each_v1(k) for_each_kind(k) if (k->format != KHO_MAP_RADIX)

static void opens(void **state)
{
	for_each_v1(k)
	{
		struct kho_image img;
		struct kho_map map;

		make(&img, k);
		assert_code(&img, open_at(&img, img.map, &map), KB_OK);
		assert_int_equal(map.format, k->format);
		assert_int_equal(map.page_shift, k->page_shift);
		assert_int_equal(map.root.addr, img.map);
		assert_int_equal(map.orders, 1 << 4 | 1 << 0);
		assert_int_equal(map.first[0], img.chunk[0]);
		assert_int_equal(map.first[4], img.chunk[img.chunks - 1]);
		kho_image_free(&img);
	}
	(void)state;
}

/* Chunks without elements are legal, and one order may have several chunks that are not full. */
static void takes_empty_chunks(void **state)
{
	for_each_v1(k)
	{
		struct kho_image img;
		struct kho_map map;

		kho_image_init(&img, k->format, k->page_shift);
		img.hint = k->format == KHO_MAP_V1_PAGE ? KHO_BITMAP_PAGE : KHO_BITMAP_SMALL;
		img.empty_chunks = KHO_EMPTY_CHUNKS;
		kho_image_finish(&img);
		assert_code(&img, kho_image_open(&img), KB_OK);
		assert_int_equal(img.kho->map.first[0], img.chunk[0]);
		assert_int_equal(img.kho->sum.nodes, KHO_EMPTY_CHUNKS + 1);
		/* One empty chunk more, after all others. */
		kho_image_put(&img, img.chunk[0], kho_image_alloc(&img, img.page, img.page));
		assert_code(&img, open_at(&img, img.map, &map), KB_KHO_CHUNK_EMPTY);
		kho_image_free(&img);
	}
	(void)state;
}

static void refuses_empty_cycle(void **state)
{
	struct kho_image img;
	struct kho_map map;
	uint64_t chunk;

	kho_image_init(&img, KHO_MAP_V1_PAGE, 12);
	kho_image_finish(&img);
	chunk = kho_image_alloc(&img, img.page, img.page);
	kho_image_put(&img, chunk, chunk);
	assert_code(&img, open_at(&img, chunk, &map), KB_KHO_CHUNK_EMPTY);
	kho_image_free(&img);
	(void)state;
}

static void refuses_chunk_place(void **state)
{
	static const uint64_t bad[] = {3 * SZ_1G, 1ULL << 52, 0xffffffffffff0000, KHO_IMAGE_DATA};

	for_each_v1(k)
	{
		struct kho_image img;
		struct kho_map map;

		make(&img, k);
		check_put(&img, img.chunk[0], img.chunk[1] + 8, KB_KHO_CHUNK_ALIGN);
		check_put(&img, img.chunk[0], img.chunk[1] + img.page / 2, KB_KHO_CHUNK_ALIGN);
		assert_code(&img, open_at(&img, img.map + 16, &map), KB_KHO_CHUNK_ALIGN);
		for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
			check_put(&img, img.chunk[0], bad[i], KB_KHO_CHUNK_RAM);
			assert_code(&img, open_at(&img, bad[i], &map), KB_KHO_CHUNK_RAM);
		}
		kho_image_free(&img);
	}
	(void)state;
}

static void refuses_chunk_header(void **state)
{
	for_each_v1(k)
	{
		struct kho_image img;
		uint64_t last;

		make(&img, k);
		last = img.chunk[img.chunks - 1];
		check_put32(&img, last + 12, (uint32_t)(img.page / 16), KB_KHO_CHUNK_ELMS);
		check_put32(&img, last + 12, UINT32_MAX, KB_KHO_CHUNK_ELMS);
		check_put32(&img, last + 8, 62 - 2 * k->page_shift, KB_KHO_CHUNK_ORDER);
		check_put32(&img, last + 8, UINT32_MAX, KB_KHO_CHUNK_ORDER);
		kho_image_free(&img);
	}
	(void)state;
}

static void refuses_bitmap_place(void **state)
{
	static const uint64_t bad[] = {3 * SZ_1G, 1ULL << 52, 0xffffffffffff0000, KHO_IMAGE_DATA};

	for_each_v1(k)
	{
		struct kho_image img;
		uint64_t bitmap;

		make(&img, k);
		bitmap = kho_image_elm(&img, 1, 0) + 8;
		check_put(&img, bitmap, kho_image_get(&img, bitmap) + 8, KB_KHO_BITMAP_ALIGN);
		check_put(&img, bitmap, kho_image_get(&img, bitmap) + 256, KB_KHO_BITMAP_ALIGN);
		for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
			check_put(&img, bitmap, bad[i], KB_KHO_BITMAP_RAM);
		kho_image_free(&img);
	}
	(void)state;
}

static const void *(*map_field)(void *ctx, uint64_t at, uint64_t len);

static const void *map_page_0(void *ctx, uint64_t at, uint64_t len)
{
	static const uint8_t page[65536];

	return at + len <= sizeof(page) ? page : map_field(ctx, at, len);
}

/* It is RAM, and can be read, but no kernel would: KHOSER_LOAD_PTR(). */
static void there_is_no_bitmap_at_address_0(void **state)
{
	(void)state;
	for_each_v1(k)
	{
		struct kho_image img;

		make(&img, k);
		map_field = img.mem.map;
		img.mem.map = map_page_0;
		check_put(&img, kho_image_elm(&img, 1, 0) + 8, 0, KB_KHO_BITMAP_RAM);
		kho_image_free(&img);
	}
}

static void refuses_bitmap_start(void **state)
{
	for_each_v1(k)
	{
		struct kho_image img;
		uint64_t elm, block;

		make(&img, k);
		elm = kho_image_elm(&img, img.chunks - 1, 0);
		block = img.page << 4;
		check_put(&img, elm, kho_image_get(&img, elm) + img.page, KB_KHO_BITMAP_START);
		check_put(&img, elm, kho_image_get(&img, elm) + block, KB_KHO_BITMAP_START);
		check_put(&img, elm, 1ULL << 63, KB_KHO_BITMAP_OUTSIDE);
		check_put(&img, elm, 16 * KHO_IMAGE_PAGES * img.page, KB_KHO_BITMAP_OUTSIDE);
		kho_image_free(&img);
	}
	(void)state;
}

static void refuses_a_bitmap_of_a_hole(void **state)
{
	for_each_v1(k)
	{
		struct kho_image img;

		if (k->page_shift != 12) /* larger pages: no strip fits in the hole */
			continue;
		make(&img, k);
		check_put(&img, kho_image_elm(&img, 0, 1), 3 * SZ_1G + SZ_1G / 2,
			  KB_KHO_BITMAP_OUTSIDE);
		kho_image_free(&img);
	}
	(void)state;
}

/* Elements that do not ascend; that includes every cycle with elements. */
static void refuses_disorder(void **state)
{
	for_each_v1(k)
	{
		struct kho_image img;
		uint64_t first, last;

		make(&img, k);
		first = kho_image_elm(&img, 0, 0);
		last = img.chunk[img.chunks - 1];
		check_put(&img, kho_image_elm(&img, 0, 1), kho_image_get(&img, first),
			  KB_KHO_BITMAP_SORT);
		check_put(&img, kho_image_elm(&img, 0, 1), 0, KB_KHO_BITMAP_SORT);
		check_put(&img, last, img.chunk[0], KB_KHO_BITMAP_SORT);
		check_put(&img, last, last, KB_KHO_BITMAP_SORT);
		kho_image_free(&img);
	}
	(void)state;
}

/* Orders ascend, whatever the addresses do. */
static void refuses_a_lower_order_behind(void **state)
{
	for_each_v1(k)
	{
		struct kho_image img;
		struct kho_map map;
		uint64_t chunk;

		make(&img, k);
		chunk = kho_image_alloc(&img, img.page, img.page);
		kho_image_put(&img, img.chunk[img.chunks - 1], chunk);
		kho_image_put32(&img, chunk + 12, 1);
		kho_image_put(&img, chunk + 16, KHO_IMAGE_PAGES * img.page - 8 * SZ_1G);
		kho_image_put(&img, chunk + 24, kho_image_alloc(&img, img.page, img.page));
		if (k->page_shift == 16) /* a strip is 32 GiB */
			kho_image_put(&img, chunk + 16, 64 * SZ_1G);
		assert_code(&img, open_at(&img, img.map, &map), KB_KHO_BITMAP_SORT);
		kho_image_put32(&img, chunk + 8, 9);
		kho_image_put(&img, chunk + 16, 0);
		assert_code(&img, open_at(&img, img.map, &map), KB_OK);
		kho_image_free(&img);
	}
	(void)state;
}

/* ---- which bitmap size? ---- */

/* An image of page-size bitmaps; block @at is beyond what a small one describes, or not. */
static void make_page(struct kho_image *img, uint64_t at, enum kho_bitmap_hint hint)
{
	kho_image_init_sized(img, KHO_MAP_V1_PAGE, 12, 32 * SZ_1M);
	kho_image_preserve(img, at, 0);
	img->hint = hint;
	kho_image_finish(img);
}

static enum kb_status count_page(void *ctx, const struct kho_meta *meta)
{
	(void)meta;
	++*(unsigned int *)ctx;
	return KB_OK;
}

static void begin_ram_at_base(struct kho_image *img)
{
	img->ram[1] = (struct range){KHO_IMAGE_BASE, 2 * SZ_1G};
	img->mem.ram = (struct range_list){img->ram + 1, 2, 2};
}

/*
 * Where RAM begins at 1 GiB, as on most arm64 machines, the strip of a large order begins below it,
 * and the small one that it is first taken for has no RAM at all.
 */
static void strips_begin_below_ram(void **state)
{
	unsigned int pages = 0;
	struct kho_image img;
	struct kho_map map;

	kho_image_init_sized(&img, KHO_MAP_V1_PAGE, 12, 32 * SZ_1M);
	kho_image_preserve(&img, KHO_IMAGE_BASE + SZ_1G / 2, 4);
	img.hint = KHO_BITMAP_PAGE;
	kho_image_finish(&img);
	begin_ram_at_base(&img);
	assert_code(&img, open_at(&img, img.map, &map), KB_OK);
	assert_int_equal(map.format, KHO_MAP_V1_PAGE);
	assert_code(&img, kho_map_each_page(&img.mem, &map, count_page, &pages), KB_OK);
	assert_int_equal(pages, 4); /* a chunk and a bitmap each for the block and the FDT */
	kho_image_free(&img);
	(void)state;
}

/* The same with small bitmaps, whose strips also end below RAM: that map is refused. */
static void refuses_small_strips_below_ram(void **state)
{
	struct kho_image img;
	struct kho_map map;

	kho_image_init_sized(&img, KHO_MAP_V1_SMALL, 12, 32 * SZ_1M);
	kho_image_preserve(&img, SZ_1G / 4, 4);
	img.hint = KHO_BITMAP_SMALL;
	kho_image_finish(&img);
	begin_ram_at_base(&img);
	assert_code(&img, open_at(&img, img.map, &map), KB_KHO_BITMAP_OUTSIDE);
	kho_image_free(&img);
	(void)state;
}

#define FAR (KHO_IMAGE_DATA + 16 * SZ_1M)

static void check_hint(uint64_t at, enum kho_bitmap_hint hint, enum kb_status code,
		       enum kho_map_format format)
{
	struct kho_image img;
	struct kho_map map;

	make_page(&img, at, hint);
	assert_code(&img, open_at(&img, img.map, &map), code);
	if (!code)
		assert_int_equal(map.format, format);
	kho_image_free(&img);
}

static void refuses_ambiguity(void **state)
{
	struct kho_image img;
	struct kho_map map;

	check_hint(FAR, KHO_BITMAP_PAGE, KB_OK, KHO_MAP_V1_PAGE);
	/* Read with small bitmaps, the block at FAR would count as free. */
	make_page(&img, FAR, KHO_BITMAP_SMALL);
	assert_code(&img, open_at(&img, img.map, &map), KB_KHO_V1_AMBIGUOUS);
	kho_image_free(&img);
	make_page(&img, FAR, KHO_BITMAP_UNKNOWN);
	assert_code(&img, open_at(&img, img.map, &map), KB_KHO_V1_AMBIGUOUS);
	kho_image_free(&img);
	(void)state;
}

/* Where both readings have the same blocks, any will do; a hint is believed. */
static void takes_equal_readings(void **state)
{
	check_hint(KHO_IMAGE_DATA, KHO_BITMAP_UNKNOWN, KB_OK, KHO_MAP_V1_PAGE);
	check_hint(KHO_IMAGE_DATA, KHO_BITMAP_PAGE, KB_OK, KHO_MAP_V1_PAGE);
	check_hint(KHO_IMAGE_DATA, KHO_BITMAP_SMALL, KB_OK, KHO_MAP_V1_SMALL);
	(void)state;
}

/* What is known to be preserved decides: only page-size bitmaps describe it. */
static void known_ranges_decide(void **state)
{
	static const enum kho_bitmap_hint hints[] = {KHO_BITMAP_UNKNOWN, KHO_BITMAP_PAGE};
	struct kho_image img;
	struct kho_map map;

	kho_image_init_sized(&img, KHO_MAP_V1_PAGE, 12, 32 * SZ_1M);
	kho_image_alloc(&img, 16 * SZ_1M, img.page);
	kho_image_blob_fdt(&img, "far", "far-v1");
	kho_image_finish(&img);
	for (size_t i = 0; i < ARRAY_SIZE(hints); i++) {
		img.hint = hints[i];
		assert_code(&img, kho_image_open(&img), KB_OK);
		assert_int_equal(img.kho->map.format, KHO_MAP_V1_PAGE);
	}
	img.hint = KHO_BITMAP_SMALL;
	assert_code(&img, kho_image_open(&img), KB_KHO_V1_HINT);
	img.blobs = 0; /* nothing known but the FDT: not certain any more */
	kho_image_write_root(&img);
	assert_code(&img, open_at(&img, img.map, &map), KB_KHO_V1_AMBIGUOUS);
	kho_image_free(&img);
	(void)state;
}

/* Each sign of small bitmaps alone; the hint for page-size ones is then refused. */
static void check_small(struct kho_image *img)
{
	struct kho_map map;

	img->hint = KHO_BITMAP_UNKNOWN;
	assert_code(img, open_at(img, img->map, &map), KB_OK);
	assert_int_equal(map.format, KHO_MAP_V1_SMALL);
	img->hint = KHO_BITMAP_SMALL;
	assert_code(img, open_at(img, img->map, &map), KB_OK);
	assert_int_equal(map.format, KHO_MAP_V1_SMALL);
	img->hint = KHO_BITMAP_PAGE;
	assert_code(img, open_at(img, img->map, &map), KB_KHO_V1_HINT);
}

static void signs_of_small_bitmaps(void **state)
{
	struct kho_image img;
	uint64_t elm;

	make_page(&img, KHO_IMAGE_DATA, KHO_BITMAP_UNKNOWN);
	elm = kho_image_elm(&img, 0, 1);
	/* Not page-aligned. */
	kho_image_put(&img, elm + 8, kho_image_get(&img, elm + 8) + 512);
	check_small(&img);
	kho_image_put(&img, elm + 8, kho_image_get(&img, elm + 8) - 512);
	/* Not where a page-size bitmap begins. */
	kho_image_put(&img, elm, KHO_IMAGE_DATA + 16 * SZ_1M);
	check_small(&img);
	kho_image_free(&img);
	(void)state;
}

/* Page-aligned, but the page is not all RAM: it cannot be a page-size one. */
static void a_cut_page_is_a_small_bitmap(void **state)
{
	struct kho_image img;

	kho_image_init(&img, KHO_MAP_V1_PAGE, 12);
	kho_image_finish(&img);
	kho_image_put(&img, kho_image_elm(&img, 0, 0) + 8,
		      kho_image_alloc(&img, img.page, img.page));
	img.ram[1].size = KHO_IMAGE_BASE + img.used - img.page + 512 - SZ_1M;
	check_small(&img);
	kho_image_free(&img);
	(void)state;
}

/* A map of many small bitmaps, which lie side by side, needs no hint. */
static void small_maps_need_no_hint(void **state)
{
	for_each_v1(k)
	{
		struct kho_image img;
		struct kho_map map;

		if (k->format != KHO_MAP_V1_SMALL)
			continue;
		make(&img, k);
		img.hint = KHO_BITMAP_UNKNOWN;
		assert_code(&img, open_at(&img, img.map, &map), KB_OK);
		assert_int_equal(map.format, KHO_MAP_V1_SMALL);
		kho_image_free(&img);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens),
		cmocka_unit_test(takes_empty_chunks),
		cmocka_unit_test(refuses_empty_cycle),
		cmocka_unit_test(refuses_chunk_place),
		cmocka_unit_test(refuses_chunk_header),
		cmocka_unit_test(refuses_bitmap_place),
		cmocka_unit_test(there_is_no_bitmap_at_address_0),
		cmocka_unit_test(refuses_bitmap_start),
		cmocka_unit_test(refuses_a_bitmap_of_a_hole),
		cmocka_unit_test(refuses_disorder),
		cmocka_unit_test(refuses_a_lower_order_behind),
		cmocka_unit_test(refuses_ambiguity),
		cmocka_unit_test(strips_begin_below_ram),
		cmocka_unit_test(refuses_small_strips_below_ram),
		cmocka_unit_test(takes_equal_readings),
		cmocka_unit_test(known_ranges_decide),
		cmocka_unit_test(signs_of_small_bitmaps),
		cmocka_unit_test(a_cut_page_is_a_small_bitmap),
		cmocka_unit_test(small_maps_need_no_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
