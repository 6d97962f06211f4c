// SPDX-License-Identifier: BSD-2-Clause
/* The firmware zone: what is built in, and its text against a page by page model. */
#include "unit.h"

#include <route/zone.h>

#include <stdio.h>
#include <stdlib.h>

static struct range store[KB_ZONE_MAX];
static struct range_list zone;

static int setup(void **state)
{
	(void)state;
	zone = (struct range_list){store, 0, ARRAY_SIZE(store)};
	return 0;
}

static enum kb_status parse_into(const char *text, struct range_list *ret)
{
	size_t len = strlen(text);
	char *block =
		memcpy(malloc(len ? len : 1), text, len); /* so that reading past it is seen */
	enum kb_status st = zone_parse((struct kb_text){block, len}, ret);

	free(block);
	return st;
}

static enum kb_status parse(const char *text)
{
	return parse_into(text, &zone);
}

static void is_zone(const char *want)
{
	char text[KB_ZONE_TEXT_MAX];

	ok(zone_format(&zone, text, sizeof(text)));
	assert_string_equal(text, want);
}

/* ---- built-in -------------------------------------------------------------------------------- */

static enum kb_status builtin(uint64_t low, uint64_t high)
{
	struct range r[3] = {{0, 0x9f000}, {SZ_1M, low - SZ_1M}, {SZ_4G, high}};
	struct range_list ram = {r, high ? 3 : 2, 3};

	return zone_builtin(KB_RECORD_X86_64, &ram, &zone);
}

/*
 *   0    1M     8M      32M        top-192M    top        4G
 *   |    |      |       |          |           |          |
 *   rrrr.rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr...........rr    RAM
 *   zzzzz.......zzzzzzzz...........zzzzzzzzzzzzzzzzzzzzzzz..    zone
 *   BIOS area   PEI, DXE volume    DXE heap
 */
static void builtin_follows_the_top_of_low_memory(void **state)
{
	(void)state;

	ok(builtin(2 * SZ_1G, 0));
	is_zone("0-100000,800000-2000000,74000000-100000000");
	ok(builtin(2 * SZ_1G, 4 * SZ_1G));
	is_zone("0-100000,800000-2000000,74000000-100000000");
	/* A top that is no whole page. */
	ok(builtin(SZ_1G + 0x1234, 0));
	is_zone("0-100000,800000-2000000,34001000-100000000");
}

/*
 *   0    1M     8M      32M     128M    200M    4G
 *   |    |      |       |       |       |       |
 *   zzzzz.......zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz.    200 MiB of RAM: 192 less are 8
 *   zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz.    128 MiB of RAM: the heap is all
 */
static void builtin_in_little_memory(void **state)
{
	(void)state;

	ok(builtin(200 * SZ_1M, 0)); /* heap begins at 8 MiB */
	is_zone("0-100000,800000-100000000");
	ok(builtin(128 * SZ_1M, 0)); /* heap is all of it */
	is_zone("0-100000000");
}

/*
 * RAM that passes 4 GiB in one piece.
 *
 *   0    1M     8M      32M     4G-192M     4G    8G
 *   |    |      |       |       |           |     |
 *   rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr.    RAM
 *   zzzzz.......zzzzzzzz........zzzzzzzzzzzz.......    zone
 */
static void builtin_ends_at_4g(void **state)
{
	struct range r = {0, 8 * SZ_1G};
	struct range_list ram = {&r, 1, 1};
	(void)state;

	ok(zone_builtin(KB_RECORD_X86_64, &ram, &zone));
	is_zone("0-100000,800000-2000000,f4000000-100000000");
	zone.max = 2;
	assert_int_equal(zone_builtin(KB_RECORD_X86_64, &ram, &zone), KB_RANGE_FULL);
}

static enum kb_status arm64(size_t n, const struct range *r)
{
	struct range copy[4];
	struct range_list ram = {copy, n, 4};

	memcpy(copy, r, n * sizeof(*r));
	return zone_builtin(KB_RECORD_ARM64, &ram, &zone);
}

/*
 * The virt machine of QEMU: RAM from 1 GiB on, in one node. Then in two: firmware's runtime memory
 * makes a hole in the first one, which ends a page below 2 GiB, but does not divide it.
 *
 *   1G  +2M  +64M  +128M   2G-192M  2G   8G   10G-192M  10G
 *   |   |    |     |       |        |    |    |         |
 *   rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr.....................    RAM
 *   zzzz.....zzzzzz........zzzzzzzzz.....................    zone
 *
 *   rrrrrrrrrrrrrrrrrrrrrrrrrrrr.rr......rrrrrrrrrrrrrrr.    RAM
 *   zzzz.....zzzzzz.......zzzzzzzzz...........zzzzzzzzzz.    zone
 *   tree     UEFI          heap                heap
 */
static void arm64_follows_where_ram_is(void **state)
{
	const struct range virt = {SZ_1G, SZ_1G};
	/* Firmware's runtime memory makes holes in the first node, which ends at 2 GiB. */
	const struct range nodes[] = {{SZ_1G, 0x3b000000},
				      {SZ_1G + 0x3c000000, 0x3fff000},
				      {8 * SZ_1G, 2 * SZ_1G}};

	(void)state;
	ok(arm64(1, &virt));
	is_zone("40000000-40200000,44000000-48000000,74000000-80000000");
	ok(arm64(3, nodes));
	is_zone("40000000-40200000,44000000-48000000,73fff000-7ffff000,274000000-280000000");
	ok(arm64(0, nodes));
	assert_int_equal(zone.count, 0);
	zone.max = 3;
	assert_int_equal(arm64(3, nodes), KB_RANGE_FULL);
}

/*
 *   0  2M  64M  128M  1G-192M  1G   1G+64M  2G-128M  2G+64M
 *   |  |   |    |     |        |    |       |        |
 *   rrrrrrrrrrrrrrrrrrrrrrrrrrr....rrrrrrrrrrrrrrrrr....    a page less than 64 MiB
 *   zzz....zzzzz...........................zzzzzzzzz....    one node, one heap
 *
 *   rrrrrrrrrrrrrrrrrrrrrrrrrrr.....rrrrrrrrrrrrrrrrr...    exactly 64 MiB
 *   zzz....zzzzz......zzzzzzzzz.............zzzzzzzzz...    two of each
 */
static void arm64_nodes_end_at_a_hole_of_64_mib(void **state)
{
	struct range r[] = {{0, SZ_1G}, {SZ_1G + 64 * SZ_1M - SZ_4K, SZ_1G}};

	(void)state;
	ok(arm64(2, r));
	is_zone("0-200000,4000000-8000000,77fff000-83fff000");
	r[1].base += SZ_4K;
	ok(arm64(2, r));
	is_zone("0-200000,4000000-8000000,34000000-40000000,78000000-84000000");
}

static void arm64_in_little_memory(void **state)
{
	struct range r = {SZ_1G, 256 * SZ_1M + 0x123};

	(void)state;
	ok(arm64(1, &r));
	is_zone("40000000-40200000,44000000-50000000");
	/* Less than what firmware takes at the top; it begins at 0 then. */
	r = (struct range){0, 128 * SZ_1M};
	ok(arm64(1, &r));
	is_zone("0-8000000");
}

/* ---- text ------------------------------------------------------------------------------------ */

static void texts_are_read(void **state)
{
	static const struct {
		const char *text, *want;
	} t[] = {
		{"0-1000", "0-1000"},
		{"0x1000-0X2000", "1000-2000"},
		{"aB000-Ab1000,fff000-1000000", "ab000-ab1000,fff000-1000000"},
		{"0-1000,1000-2000,5000-6000", "0-2000,5000-6000"},
		{"0-fffffffffffff000", "0-fffffffffffff000"},
		{"000000000000000000001000-2000", "1000-2000"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		ok(parse(t[i].text));
		is_zone(t[i].want);
	}
}

static void malformed_texts_have_a_code(void **state)
{
	static const char *const t[] = {
		"",
		"-",
		"0",
		"0-",
		"-1000",
		"0x-1000",
		"0-1001",
		"1-1000",
		"0-1000,",
		",0-1000",
		"0-1000,,2000-3000",
		"0-1000;2000-3000",
		"0-1000 ",
		" 0-1000",
		"1000-1000",
		"2000-1000",
		"1000-3000,2000-4000",
		"4000-5000,0-1000",
		"0-1000-2000",
		"0-g000",
		"0-10000000000000000",
		"0-10000000000001000",
		"0-18446744073709551616",
		"--",
	};
	(void)state;

	zone.count = 1;
	store[0] = (struct range){7, 7};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		if (parse(t[i]) != KB_ZONE_TEXT)
			fail_msg("taken: '%s'", t[i]);
		assert_int_equal(zone.count, 1);
		assert_int_equal(store[0].base, 7);
	}
}

static void as_many_ranges_as_fit(void **state)
{
	struct range_list small = {store, 0, 2};
	char text[2048] = "";
	size_t len = 0;
	(void)state;

	for (unsigned int i = 0; i < KB_ZONE_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%x000-%x000",
					i ? "," : "", 3 * i + 1, 3 * i + 2);
	ok(parse(text));
	assert_int_equal(zone.count, KB_ZONE_MAX);
	is_zone(text);
	strcat(text, ",1000000-1001000");
	assert_int_equal(parse(text), KB_ZONE_TEXT);
	assert_int_equal(parse_into("0-1000,2000-3000,4000-5000", &small), KB_ZONE_TEXT);
	ok(parse_into("0-1000,1000-3000,4000-5000", &small));
	assert_int_equal(small.count, 2);
}

static void the_buffer_is_not_passed(void **state)
{
	char buf[16];
	(void)state;

	ok(parse("0-1000,2000-3000")); /* 16 characters and a NUL */
	memset(buf, '#', sizeof(buf));
	assert_int_equal(zone_format(&zone, buf, 16), KB_ZONE_TEXT);
	assert_int_equal(buf[0], '#');
	zone.count = 1;
	ok(zone_format(&zone, buf, 7));
	assert_memory_equal(buf, "0-1000\0#", 8);
	assert_int_equal(zone_format(&zone, buf, 6), KB_ZONE_TEXT);
	zone.count = 0;
	assert_int_equal(zone_format(&zone, buf, sizeof(buf)), KB_ZONE_TEXT);
}

/* The longest text there is fits into what the header promises. */
static void the_longest_text(void **state)
{
	char text[KB_ZONE_TEXT_MAX];
	(void)state;

	for (uint64_t i = 0; i < KB_ZONE_MAX; i++)
		store[i] = (struct range){0xf000000000000000 + i * 0x2000, 0x1000};
	zone.count = KB_ZONE_MAX;
	ok(zone_format(&zone, text, sizeof(text)));
	assert_int_equal(strlen(text), KB_ZONE_TEXT_MAX - 1);
}

/* ---- room for what firmware loads ------------------------------------------------------------ */

static void grown(enum kb_record_arch arch, const struct range *ram, size_t pieces, uint64_t bytes,
		  const char *want)
{
	struct range r[4];
	struct range_list l = {memcpy(r, ram, pieces * sizeof(*r)), pieces, 4};

	ok(zone_grow(arch, &l, &zone, bytes));
	is_zone(want);
}

/*
 *   0   1M  8M  32M         74000000    4G    8G
 *   |   |   |   |           |           |     |
 *   rrrrrrrrrrrrrrrrrrrrrrrrrrrrrr......rrrrrrr    RAM
 *   zzzz....zzzz............zzzzzzzzzzzz......z    as it was
 *   zzzz....zzzz..........zzzzzzzzzzzzzz......z    2 pages more
 */
static void the_heap_grows_downwards(void **state)
{
	static const struct range ram[] = {{0, 2 * SZ_1G}, {SZ_4G, SZ_4G + SZ_1M}};
	(void)state;

	ok(parse("0-100000,800000-2000000,74000000-100000000,200000000-200001000"));
	grown(KB_RECORD_X86_64, ram, 2, 0x1001,
	      "0-100000,800000-2000000,73ffe000-100000000,200000000-200001000");
	ok(parse("0-1000,100000-200000,80000000-80001000"));
	grown(KB_RECORD_X86_64, ram, 1, 0x2000, "0-1000,100000-200000,7fffe000-80001000");
}

/* Holes do not count, and neither do pieces that one buffer may not fit into. */
static void the_heap_grows_over_holes(void **state)
{
	static const struct range ram[] = {{SZ_1M, 511 * SZ_1M},
					   {768 * SZ_1M, 64 * SZ_1M},
					   {SZ_1G, 256 * SZ_1M}};
	(void)state;

	ok(parse("0-100000,800000-2000000,48000000-50000000"));
	grown(KB_RECORD_X86_64, ram, 3, 128 * SZ_1M, "0-100000,800000-2000000,40000000-50000000");
	ok(parse("0-100000,800000-2000000,48000000-50000000"));
	grown(KB_RECORD_X86_64, ram, 3, 129 * SZ_1M, "0-100000,800000-2000000,17f00000-50000000");
}

/*
 * A UKI of 600 MB with 1 GiB of low RAM: firmware takes the top of all RAM for its buffers.
 *
 *   0   1M  8M  32M        832M   1G    4G                  6G
 *   rrrrrrrrrrrrrrrrrrrrrrrrrrrrrr......rrrrrrrrrrrrrrrrrrrr    RAM
 *   zzzz....zzzz...........zzzzzzzzzzzzz....................    built in
 *   zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz........zzzzzzzzzzzz    grown
 */
static void without_low_room_the_top_of_ram_belongs_to_the_zone(void **state)
{
	static const struct range ram[] = {{0, 0x9f000},
					   {SZ_1M, SZ_1G - SZ_1M},
					   {SZ_4G, 2 * SZ_1G}};
	struct range_list l = {(struct range *)(uintptr_t)ram, 3, 3};
	(void)state;

	ok(zone_builtin(KB_RECORD_X86_64, &l, &zone));
	grown(KB_RECORD_X86_64, ram, 3, 1800 * SZ_1M, "0-100000000,10f800000-180000000");
	/* Firmware itself lies between: [1 MiB, 832 MiB) has 800 MiB, but not in one piece. */
	ok(zone_builtin(KB_RECORD_X86_64, &l, &zone));
	grown(KB_RECORD_X86_64, ram, 3, 801 * SZ_1M, "0-100000000,14df00000-180000000");
	ok(zone_builtin(KB_RECORD_X86_64, &l, &zone));
	grown(KB_RECORD_X86_64, ram, 3, 799 * SZ_1M, "0-100000,800000-2000000,2100000-100000000");
	/* What was seen in use at the top is not room. */
	ok(parse("0-100000,800000-2000000,34000000-40000000,17f000000-180000000"));
	grown(KB_RECORD_X86_64, ram, 3, SZ_1G, "0-40000000,13f000000-180000000");
	/* No room anywhere: nothing is safe. */
	ok(zone_builtin(KB_RECORD_X86_64, &l, &zone));
	grown(KB_RECORD_X86_64, ram, 3, 3 * SZ_1G, "0-180000000");
	/* So little low RAM that no heap is to be seen. */
	ok(parse("0-100000"));
	grown(KB_RECORD_X86_64, ram, 3, SZ_1G, "0-100000,140000000-180000000");
}

static void a_full_zone_cannot_grow(void **state)
{
	struct range r = {0, SZ_4G};
	struct range_list ram = {&r, 1, 1};
	(void)state;

	ok(parse("0-100000"));
	zone.max = 1;
	assert_int_equal(zone_grow(KB_RECORD_X86_64, &ram, &zone, SZ_1G), KB_RANGE_FULL);
	is_zone("0-100000");
}

static void heaps_of_arm64_grow(void **state)
{
	static const struct range ram[] = {{SZ_1G, SZ_1G}, {8 * SZ_1G, 2 * SZ_1G}};
	(void)state;

	ok(parse("40000000-40200000,44000000-48000000,74000000-80000000,274000000-280000000"));
	grown(KB_RECORD_ARM64, ram, 2, 0x1001,
	      "40000000-40200000,44000000-48000000,73ffe000-80000000,273ffe000-280000000");
	/* Calibrated: nothing that large, and the heap is on top. */
	ok(parse("40000000-40200000,44000000-48000000,7b000000-7f000000"));
	grown(KB_RECORD_ARM64, ram, 1, 0x2000,
	      "40000000-40200000,44000000-48000000,7affe000-7f000000");
	/* There is no room below it: the top of all RAM. */
	ok(parse("40000000-40200000,44000000-48000000,7b000000-7f000000"));
	grown(KB_RECORD_ARM64, ram, 2, SZ_1G, "0-7f000000,240000000-280000000");
	ok(parse("40000000-40200000,44000000-48000000,7b000000-7f000000"));
	grown(KB_RECORD_ARM64, ram, 1, SZ_4G, "0-80000000");
}

static void edges_become_whole_pages(void **state)
{
	(void)state;

	ok(parse("1000-fff000,1001000-1002000,1100000-1200000"));
	zone_align(&zone, SZ_64K);
	is_zone("0-1010000,1100000-1200000");
	zone_align(&zone, SZ_4K);
	is_zone("0-1010000,1100000-1200000");
	ok(parse("fffffffffffe0000-ffffffffffffd000"));
	zone_align(&zone, SZ_64K);
	is_zone("fffffffffffe0000-ffffffffffffd000");
}

/* Given or built in, grown by three times the file, with edges at pages. */
static void a_zone_is_chosen(void **state)
{
	static const char text[] = "40000000-40201000,7b000000-7f000000";
	struct range ram[2] = {{SZ_1G, SZ_1G}, {9 * SZ_1G, SZ_1G}}, room[KB_ZONE_MAX + 8];
	struct range_list l = {ram, 2, 2}, want = {room, 0, ARRAY_SIZE(room)};
	struct kb_text given = {text, sizeof(text) - 1};
	(void)state;

	ok(parse(text));
	ok(zone_grow(KB_RECORD_ARM64, &l, &zone, 3 * SZ_1G));
	zone_align(&zone, SZ_64K);
	ok(zone_choose(KB_RECORD_ARM64, given, &l, SZ_1G, SZ_64K, &want));
	assert_int_equal(want.count, zone.count);
	assert_memory_equal(want.r, zone.r, zone.count * sizeof(*zone.r));
	ok(zone_builtin(KB_RECORD_ARM64, &l, &zone));
	ok(zone_choose(KB_RECORD_ARM64, (struct kb_text){NULL, 0}, &l, 0, SZ_4K, &want));
	assert_int_equal(want.count, zone.count);
	assert_memory_equal(want.r, zone.r, zone.count * sizeof(*zone.r));
	assert_int_equal(zone_choose(KB_RECORD_ARM64, (struct kb_text){"x", 1}, &l, 0, SZ_4K,
				     &want),
			 KB_ZONE_TEXT);
}

/* ---- model ----------------------------------------------------------------------------------- */

#define MODEL_PAGES 64

static bool in_zone(uint64_t page)
{
	return range_list_contains(&zone, (struct range){page * SZ_4K, SZ_4K});
}

/* Random pages as a text, with touching ranges or without, and back. */
static void text_and_zone_are_the_same(void **state)
{
	uint64_t seed = 11;
	(void)state;

	for (int round = 0; round < 20000; round++) {
		bool page[MODEL_PAGES + 1] = {false};
		char text[2048] = "";
		size_t len = 0, n = 0;
		uint64_t at = random_below(&seed, 8);

		while (at < MODEL_PAGES - 8 && n++ < KB_ZONE_MAX) {
			uint64_t end = at + 1 + random_below(&seed, 7);

			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%llx000-%llx000",
						len ? "," : "", (unsigned long long)at,
						(unsigned long long)end);
			while (at < end)
				page[at++] = true;
			at += random_below(&seed, 4);
		}
		ok(parse(text));
		for (uint64_t i = 0; i <= MODEL_PAGES; i++)
			assert_int_equal(in_zone(i), page[i]);
		ok(zone_format(&zone, text, sizeof(text)));
		ok(parse(text));
		is_zone(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(builtin_follows_the_top_of_low_memory, setup),
		cmocka_unit_test_setup(builtin_in_little_memory, setup),
		cmocka_unit_test_setup(builtin_ends_at_4g, setup),
		cmocka_unit_test_setup(arm64_follows_where_ram_is, setup),
		cmocka_unit_test_setup(arm64_nodes_end_at_a_hole_of_64_mib, setup),
		cmocka_unit_test_setup(arm64_in_little_memory, setup),
		cmocka_unit_test_setup(texts_are_read, setup),
		cmocka_unit_test_setup(malformed_texts_have_a_code, setup),
		cmocka_unit_test_setup(as_many_ranges_as_fit, setup),
		cmocka_unit_test_setup(the_buffer_is_not_passed, setup),
		cmocka_unit_test_setup(a_zone_is_chosen, setup),
		cmocka_unit_test_setup(the_longest_text, setup),
		cmocka_unit_test_setup(the_heap_grows_downwards, setup),
		cmocka_unit_test_setup(heaps_of_arm64_grow, setup),
		cmocka_unit_test_setup(the_heap_grows_over_holes, setup),
		cmocka_unit_test_setup(without_low_room_the_top_of_ram_belongs_to_the_zone, setup),
		cmocka_unit_test_setup(a_full_zone_cannot_grow, setup),
		cmocka_unit_test_setup(edges_become_whole_pages, setup),
		cmocka_unit_test_setup(text_and_zone_are_the_same, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
