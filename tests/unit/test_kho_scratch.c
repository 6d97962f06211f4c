// SPDX-License-Identifier: BSD-2-Clause
/* The scratch array: trimmed to RAM, and each way in which it can be wrong. */
#include "kho_test.h"

struct scratch {
	struct range r[KHO_SCRATCH_PIECES];
	struct range_list list;
	uint64_t trimmed;
};

static enum kb_status parse(struct kho_image *img, struct scratch *s)
{
	s->list = (struct range_list){s->r, 0, KHO_SCRATCH_PIECES};
	s->trimmed = 77;
	kho_image_seal(img);
	return kho_scratch_parse(&img->mem, &img->h, &s->list, &s->trimmed);
}

static void make(struct kho_image *img)
{
	kho_image_init(img, KHO_MAP_RADIX, 12);
	kho_image_finish(img);
}

#define assert_area(img, b, s, code)                                                               \
	do {                                                                                       \
		struct scratch scratch_;                                                           \
		(img)->area[1] = (struct range){(b), (s)};                                         \
		kho_image_write_scratch(img);                                                      \
		assert_code(img, parse(img, &scratch_), code);                                     \
	} while (0)

#define assert_piece(s, i, b, e)                                                                   \
	do {                                                                                       \
		assert_int_equal((s)->r[i].base, (b));                                             \
		assert_int_equal(range_end((s)->r[i]), (e));                                       \
	} while (0)

static void reads_each_kind(void **state)
{
	for_each_kind(k)
	{
		struct kho_image img;
		struct scratch s;

		kho_image_init(&img, k->format, k->page_shift);
		kho_image_finish(&img);
		assert_code(&img, parse(&img, &s), KB_OK);
		assert_int_equal(s.list.count, 2);
		assert_piece(&s, 0, 128 * SZ_1M, 192 * SZ_1M);
		assert_piece(&s, 1, 8 * SZ_1G, 9 * SZ_1G);
		assert_int_equal(s.trimmed, 0);
		kho_image_free(&img);
	}
	(void)state;
}

/*
 *           62M 64M 66M    1G     8G      9G
 *           |   |   |      |      |       |
 *   areas   ......................00000000.
 *           ....1111.......................
 *           2222...........................
 *           ...............................    the fourth is empty, at 1G
 *   pieces  aaaaaaaa..............bbbbbbbb.
 */
static void sorts_and_merges(void **state)
{
	struct kho_image img;
	struct scratch s;

	make(&img);
	img.area[0] = (struct range){8 * SZ_1G, SZ_1G};
	img.area[1] = (struct range){64 * SZ_1M, SZ_2M};
	img.area[2] = (struct range){62 * SZ_1M, SZ_2M};
	img.area[3] = (struct range){SZ_1G, 0}; /* skipped */
	img.areas = 4;
	kho_image_write_scratch(&img);
	assert_code(&img, parse(&img, &s), KB_OK);
	assert_int_equal(s.list.count, 2);
	assert_piece(&s, 0, 62 * SZ_1M, 66 * SZ_1M);
	assert_piece(&s, 1, 8 * SZ_1G, 9 * SZ_1G);
	assert_int_equal(s.trimmed, 0);
	kho_image_free(&img);
	(void)state;
}

/*
 * From the first to the last piece of RAM: two holes are cut out.
 *
 *           0    0x9f000  1M           3G     4G          6G
 *           |    |        |            |      |           |
 *   area    aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa....
 *   RAM     rrrrr.........rrrrrrrrrrrrr.......rrrrrrrrrrrrrrrr
 *   pieces  aaaaa.........bbbbbbbbbbbbb.......cccccccccccc....
 */
static void trims_to_ram(void **state)
{
	struct kho_image img;
	struct scratch s;

	make(&img);
	img.area[0] = (struct range){0, 6 * SZ_1G};
	img.areas = 1;
	kho_image_write_scratch(&img);
	assert_code(&img, parse(&img, &s), KB_OK);
	assert_int_equal(s.list.count, 3);
	assert_piece(&s, 0, 0, 0x9f000);
	assert_piece(&s, 1, SZ_1M, 3 * SZ_1G);
	assert_piece(&s, 2, SZ_4G, 6 * SZ_1G);
	assert_int_equal(s.trimmed, SZ_1G + SZ_1M - 0x9f000);
	kho_image_free(&img);
	(void)state;
}

/*
 * Half a page of RAM is no page of scratch. One character is 512 bytes.
 *
 *          0x1000  0x2000  0x3000  0x4000  0x5000  0x6000
 *          |       |       |       |       |       |
 *   area   aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.
 *   RAM    .rrrrrrrrrrrrrrrrrrrrrrrr................
 *   piece  ........aaaaaaaaaaaaaaaa.................
 *
 *   RAM    .rrrrrrrr................................
 *   piece  .........................................    no whole page
 */
static void takes_whole_pages(void **state)
{
	struct kho_image img;
	struct scratch s;

	make(&img);
	img.ram[0] = (struct range){0x1200, 0x3000};
	img.area[0] = (struct range){0x1000, 0x5000};
	kho_image_write_scratch(&img);
	assert_code(&img, parse(&img, &s), KB_OK);
	assert_piece(&s, 0, 0x2000, 0x4000);
	assert_int_equal(s.trimmed, 0x3000);
	img.ram[0] = (struct range){0x1200, 0x1000};
	assert_code(&img, parse(&img, &s), KB_OK);
	assert_int_equal(s.list.count, 1);
	kho_image_free(&img);
	(void)state;
}

static void refuses_size(void **state)
{
	static const uint64_t sizes[] = {0, 8, 24, UINT64_MAX};
	struct kho_image img;
	struct scratch s;

	make(&img);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		img.h.scratch_size = sizes[i];
		assert_code(&img, parse(&img, &s), KB_KHO_SCRATCH_SIZE);
	}
	kho_image_free(&img);
	(void)state;
}

static void refuses_count(void **state)
{
	struct kho_image img;
	struct scratch s;

	make(&img);
	for (unsigned int i = 0; i < KHO_IMAGE_AREAS; i++)
		img.area[i] = (struct range){SZ_1G + 2 * i * SZ_4K, SZ_4K};
	img.areas = KHO_SCRATCH_AREAS;
	kho_image_write_scratch(&img);
	assert_code(&img, parse(&img, &s), KB_OK);
	assert_int_equal(s.list.count, KHO_SCRATCH_AREAS);
	img.areas++;
	kho_image_write_scratch(&img);
	assert_code(&img, parse(&img, &s), KB_KHO_SCRATCH_COUNT);
	kho_image_free(&img);
	(void)state;
}

static void refuses_array_place(void **state)
{
	static const uint64_t places[] = {KHO_IMAGE_BASE + 4, 3 * SZ_1G, 3 * SZ_1G - 16,
					  UINT64_MAX - 15, KHO_IMAGE_DATA};
	struct kho_image img;
	struct scratch s;

	make(&img);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		img.h.scratch.addr = places[i];
		assert_code(&img, parse(&img, &s), KB_KHO_SCRATCH_RAM);
	}
	kho_image_free(&img);
	(void)state;
}

/*
 *   1M       128M           192M             1G+1M
 *   |        |              |                |
 *   .........aaaaaaaaaaaaaaa...................    what is there
 *   .........#.................................    its first page: KB_KHO_SCRATCH_OVERLAP
 *   .......................####................    its last page, and more: likewise
 *   #########################################..    all of it, and more: likewise
 *   ........................###................    touching: KB_OK
 */
static void refuses_areas(void **state)
{
	struct kho_image img;

	make(&img);
	assert_area(&img, SZ_1G + 512, SZ_4K, KB_KHO_SCRATCH_ALIGN);
	assert_area(&img, SZ_1G, SZ_4K + 512, KB_KHO_SCRATCH_ALIGN);
	assert_area(&img, UINT64_MAX - 0xfff, SZ_4K, KB_KHO_SCRATCH_WRAP);
	assert_area(&img, SZ_1G, UINT64_MAX - 0xfff, KB_KHO_SCRATCH_WRAP);
	assert_area(&img, 128 * SZ_1M, SZ_4K, KB_KHO_SCRATCH_OVERLAP);
	assert_area(&img, 192 * SZ_1M - SZ_4K, SZ_2M, KB_KHO_SCRATCH_OVERLAP);
	assert_area(&img, SZ_1M, SZ_1G, KB_KHO_SCRATCH_OVERLAP);
	assert_area(&img, 192 * SZ_1M, SZ_2M, KB_OK); /* touching is not overlapping */
	kho_image_free(&img);
	(void)state;
}

/* A page of 16K or 64K makes 4K too fine. */
static void aligns_to_the_page_of_the_writer(void **state)
{
	struct kho_image img;

	kho_image_init(&img, KHO_MAP_RADIX, 16);
	kho_image_finish(&img);
	assert_area(&img, SZ_1G, SZ_4K, KB_KHO_SCRATCH_ALIGN);
	assert_area(&img, SZ_1G, SZ_64K, KB_OK);
	kho_image_free(&img);
	(void)state;
}

static void refuses_no_scratch_at_all(void **state)
{
	struct kho_image img;
	struct scratch s;

	make(&img);
	img.area[0].size = 0;
	img.area[1] = (struct range){3 * SZ_1G, SZ_1G}; /* the hole */
	kho_image_write_scratch(&img);
	assert_code(&img, parse(&img, &s), KB_KHO_SCRATCH_NONE);
	kho_image_free(&img);
	(void)state;
}

/*
 * One area over RAM in more pieces than the list takes.
 *
 *   area    aaaaaaaaaaaaaaaaaaa
 *   RAM     r.r.r.r.r.r.r ...       a page each
 *   pieces  a.b.c.d.e.f.g ...
 */
static void refuses_too_many_pieces(void **state)
{
	static struct range ram[KHO_SCRATCH_PIECES + 2];
	struct kho_image img;
	struct scratch s;

	make(&img);
	for (size_t i = 0; i < ARRAY_SIZE(ram); i++)
		ram[i] = (struct range){SZ_1M + 2 * i * SZ_4K, SZ_4K};
	ram[ARRAY_SIZE(ram) - 1] = img.ram[1];
	ram[ARRAY_SIZE(ram) - 1].base = KHO_IMAGE_BASE;
	ram[ARRAY_SIZE(ram) - 1].size = SZ_1G;
	img.mem.ram = (struct range_list){ram, ARRAY_SIZE(ram), ARRAY_SIZE(ram)};
	img.area[0] = (struct range){SZ_1M, 128 * SZ_1M};
	img.areas = 1;
	kho_image_write_scratch(&img);
	assert_code(&img, parse(&img, &s), KB_RANGE_FULL);
	ram[0].size = 512; /* one piece less */
	assert_code(&img, parse(&img, &s), KB_OK);
	assert_int_equal(s.list.count, KHO_SCRATCH_PIECES);
	kho_image_free(&img);
	(void)state;
}

/*
 * A kernel's own areas stay; what was trimmed is cut to whole blocks of the largest order, 4 MiB.
 * One character is 1 MiB, but for the page after 24 MiB.
 *
 *   0M      8M      16M     24M     32M     40M     48M     56M
 *   |       |       |       |       |       |       |       |
 *   ..aa............bbbbbbbbb........cccc............dddddddd.    trimmed
 *   ..aa............bbbbbbbb............................cccc..    aligned
 */
static void aligns_what_was_trimmed(void **state)
{
	struct range r[] = {{SZ_2M, SZ_2M},
			    {16 * SZ_1M, 8 * SZ_1M + SZ_4K},
			    {33 * SZ_1M, 4 * SZ_1M},
			    {49 * SZ_1M, 8 * SZ_1M}};
	struct range_list l = {r, ARRAY_SIZE(r), ARRAY_SIZE(r)};

	kho_scratch_align(&l);
	assert_int_equal(l.count, 3);
	assert_int_equal(l.r[0].base, SZ_2M);
	assert_int_equal(l.r[0].size, SZ_2M);
	assert_int_equal(l.r[1].base, 16 * SZ_1M);
	assert_int_equal(l.r[1].size, 8 * SZ_1M);
	assert_int_equal(l.r[2].base, 52 * SZ_1M);
	assert_int_equal(l.r[2].size, 4 * SZ_1M);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_each_kind),
		cmocka_unit_test(sorts_and_merges),
		cmocka_unit_test(trims_to_ram),
		cmocka_unit_test(takes_whole_pages),
		cmocka_unit_test(refuses_size),
		cmocka_unit_test(refuses_count),
		cmocka_unit_test(refuses_array_place),
		cmocka_unit_test(refuses_areas),
		cmocka_unit_test(aligns_to_the_page_of_the_writer),
		cmocka_unit_test(refuses_no_scratch_at_all),
		cmocka_unit_test(refuses_too_many_pieces),
		cmocka_unit_test(aligns_what_was_trimmed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
