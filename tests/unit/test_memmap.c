// SPDX-License-Identifier: BSD-2-Clause
/* E820 and UEFI memory maps, checked against one type per page of a small address space. */
#include "unit.h"

#include <arch/memmap.h>

#define PAGES 64
#define MAX   64

static struct e820_entry entries[MAX];
static struct range ranges[MAX];

static struct memmap empty_map(void)
{
	return (struct memmap){entries, 0, MAX};
}

static struct range_list empty_list(void)
{
	return (struct range_list){ranges, 0, MAX};
}

static bool has_page(const struct range_list *l, uint64_t page)
{
	return range_list_contains(l, (struct range){page * SZ_4K, SZ_4K});
}

/* Overlapping entries: a page is RAM when an entry says so and no other says otherwise. */
static void ram_matches_model(void **state)
{
	uint64_t seed = 21;
	(void)state;

	for (int round = 0; round < 5000; round++) {
		struct memmap m = empty_map();
		struct range_list ram = empty_list();
		int type[PAGES] = {0};
		bool any = false;
		enum kb_status st;

		for (size_t n = random_below(&seed, 10); n; n--) {
			uint64_t base = random_below(&seed, PAGES);
			uint64_t count = random_below(&seed, PAGES - base) / 2;
			uint32_t t = random_below(&seed, 2) ? E820_RAM : E820_RESERVED;
			struct e820_entry e = {base * SZ_4K, count * SZ_4K, t};

			ok(memmap_add(&m, &e, 1));
			for (uint64_t i = base; i < base + count; i++)
				type[i] |= t == E820_RAM ? 1 : 2;
		}
		for (int i = 0; i < PAGES; i++)
			any |= type[i] == 1;
		st = memmap_ram(&m, &ram);
		assert_int_equal(st, any ? KB_OK : KB_NO_RAM);
		for (uint64_t i = 0; any && i < PAGES; i++)
			assert_int_equal(has_page(&ram, i), type[i] == 1);
	}
}

static void damaged_maps_are_refused(void **state)
{
	struct e820_entry wrap = {UINT64_MAX - 10, 20, E820_RAM};
	struct memmap m = empty_map();
	struct range_list ram = empty_list();
	(void)state;

	ok(memmap_add(&m, &wrap, 1));
	assert_int_equal(memmap_ram(&m, &ram), KB_E820_WRAP);
	m.e[0].type = E820_RESERVED;
	assert_int_equal(memmap_ram(&m, &ram), KB_E820_WRAP);
	m.max = 2;
	assert_int_equal(memmap_add(&m, (struct e820_entry[2]){{0}}, 2), KB_E820_FULL);
	assert_int_equal(m.count, 1);
	m = empty_map();
	ok(memmap_add(&m, (struct e820_entry[2]){{0, 4096, 1}, {8192, 4096, 1}}, 2));
	ram.max = 1;
	assert_int_equal(memmap_ram(&m, &ram), KB_RANGE_FULL);
}

/* ---- UEFI ----------------------------------------------------------------------------------- */

/* Descriptors as firmware gives them: larger than the structure. */
#define DESC 48

static uint8_t buffer[32 * DESC];

static struct efi_map put_descriptors(const struct efi_descriptor *d, size_t n)
{
	memset(buffer, 0xee, sizeof(buffer));
	for (size_t i = 0; i < n; i++)
		memcpy(buffer + i * DESC, &d[i], sizeof(*d));
	return (struct efi_map){buffer, n * DESC, DESC};
}

/* Types of UEFI 2.10 table 7.10 and what Linux makes of them. */
static const struct {
	uint32_t efi;
	uint64_t attribute;
	uint32_t e820;
} types[] = {
	{0, 0, E820_RESERVED},  {1, 0, E820_RAM},       {2, 0, E820_RAM},
	{3, 0, E820_RAM},       {4, 0, E820_RAM},       {5, 0, E820_RESERVED},
	{6, 0, E820_RESERVED},  {7, 0, E820_RAM},       {7, 0x40000, E820_SOFT_RESERVED},
	{8, 0, E820_UNUSABLE},  {9, 0, E820_ACPI},      {10, 0, E820_NVS},
	{11, 0, E820_RESERVED}, {12, 0, E820_RESERVED}, {13, 0, E820_RESERVED},
	{14, 0, E820_PMEM},
};

static void types_become_those_of_linux(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct efi_descriptor d = {.type = types[i].efi,
					   .phys = 0x100000,
					   .pages = 3,
					   .attribute = types[i].attribute};
		struct efi_map map = put_descriptors(&d, 1);
		struct range_list list = empty_list();
		struct memmap m = empty_map();

		ok(memmap_from_efi(&map, &m));
		assert_int_equal(m.count, 1);
		assert_int_equal(m.e[0].type, types[i].e820);
		assert_int_equal(m.e[0].size, 0x3000);
		ok(efi_map_ram(&map, &list));
		assert_int_equal(list.count, types[i].e820 == E820_RAM);
		ok(efi_map_free(&map, &list));
		assert_int_equal(list.count, types[i].efi == 7 && !types[i].attribute);
		/* Neither broken memory nor a device. */
		ok(efi_map_all(&map, &list));
		assert_int_equal(list.count,
				 types[i].efi != 8 && types[i].efi != 11 && types[i].efi != 12);
		/* Runtime services and ACPI. */
		ok(efi_map_tables(&map, &list));
		assert_int_equal(list.count, types[i].efi == 5 || types[i].efi == 6 ||
						     types[i].efi == 9 || types[i].efi == 10);
	}
}

static void neighbours_of_one_type_are_merged(void **state)
{
	struct efi_descriptor d[] = {
		{.type = 7, .phys = 0, .pages = 16},      {.type = 4, .phys = 0x10000, .pages = 16},
		{.type = 6, .phys = 0x20000, .pages = 1}, {.type = 0, .phys = 0x21000, .pages = 1},
		{.type = 7, .phys = 0x30000, .pages = 1},
	};
	struct efi_map map = put_descriptors(d, 5);
	struct memmap m = empty_map();
	(void)state;

	ok(memmap_from_efi(&map, &m));
	assert_int_equal(m.count, 3);
	assert_int_equal(m.e[0].size, 0x20000);
	assert_int_equal(m.e[1].size, 0x2000);
	assert_int_equal(m.e[2].addr, 0x30000);
}

/* As kernels do. */
static void wrapping_descriptors_are_left_out(void **state)
{
	static const uint64_t pages[] = {1ULL << 52, (1ULL << 52) - 1, UINT64_MAX};
	struct efi_descriptor d[2] = {{.type = 7, .phys = 0x1000},
				      {.type = 7, .phys = 0x20000, .pages = 1}};
	struct efi_map map;
	struct range_list list = empty_list();
	struct memmap m;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		d[0].pages = pages[i];
		map = put_descriptors(d, 2);
		m = empty_map();
		ok(memmap_from_efi(&map, &m));
		assert_int_equal(m.count, 1);
		assert_int_equal(m.e[0].addr, 0x20000);
		ok(efi_map_free(&map, &list));
		assert_int_equal(list.count, 1);
		assert_int_equal(list.r[0].base, 0x20000);
	}
}

static void malformed_uefi_maps_are_refused(void **state)
{
	struct efi_descriptor d = {.type = 7, .phys = 0x1000, .pages = 1};
	struct efi_map map = put_descriptors(&d, 1);
	struct range_list list = empty_list();
	struct memmap m = empty_map();
	(void)state;

	map.desc_size = 39;
	assert_int_equal(memmap_from_efi(&map, &m), KB_EFI_MAP);
	assert_int_equal(efi_map_ram(&map, &list), KB_EFI_MAP);
	map.desc_size = DESC;
	map.size = DESC + 1;
	assert_int_equal(memmap_from_efi(&map, &m), KB_EFI_MAP);
	d = (struct efi_descriptor){.type = 15, .pages = 1};
	map = put_descriptors(&d, 1);
	assert_int_equal(memmap_from_efi(&map, &m), KB_EFI_UNACCEPTED);
}

static void a_map_that_is_too_long_is_refused(void **state)
{
	struct efi_descriptor d[3] = {{.type = 7, .pages = 1},
				      {.type = 6, .phys = 0x1000, .pages = 1},
				      {.type = 7, .phys = 0x2000, .pages = 1}};
	struct efi_map map = put_descriptors(d, 3);
	struct memmap m = {entries, 0, 2};
	struct range_list list = {ranges, 0, 1};
	(void)state;

	assert_int_equal(memmap_from_efi(&map, &m), KB_E820_FULL);
	assert_int_equal(efi_map_ram(&map, &list), KB_RANGE_FULL);
	/* The list needs room for pieces, not for descriptors: these three are one piece. */
	ok(efi_map_all(&map, &list));
	assert_int_equal(list.r[0].size, 0x3000);
}

/* What is claimed is exactly the pages from 1 MiB on that are free and not kept. */
static void claims_match_model(void **state)
{
	const uint64_t first = 240; /* 16 pages below 1 MiB */
	uint64_t seed = 5;
	(void)state;

	for (int round = 0; round < 3000; round++) {
		struct range keep_store[8], claim_store[40];
		struct range_list keep = {keep_store, 0, 8}, claims = {claim_store, 0, 40};
		struct efi_descriptor d[16];
		bool want[PAGES] = {false};
		size_t n = 0;

		for (uint64_t at = 0; at < PAGES && n < 16; n++) {
			uint64_t pages = 1 + random_below(&seed, 8);

			pages = pages < PAGES - at ? pages : PAGES - at;
			d[n] = (struct efi_descriptor){.type = random_below(&seed, 3) ? 7 : 4,
						       .phys = (first + at) * SZ_4K,
						       .pages = pages};
			for (uint64_t i = at; i < at + pages; i++)
				want[i] = d[n].type == 7 && first + i >= 256;
			at += pages;
		}
		for (size_t k = random_below(&seed, 5); k; k--) {
			uint64_t at = random_below(&seed, PAGES), pages = random_below(&seed, 9);

			ok(range_list_add(&keep,
					  (struct range){(first + at) * SZ_4K, pages * SZ_4K}));
			for (uint64_t i = at; i < at + pages && i < PAGES; i++)
				want[i] = false;
		}
		range_list_sort(&keep);
		struct efi_map map = put_descriptors(d, n);

		ok(efi_map_claims(&map, SZ_1M, &keep, &claims));
		for (size_t c = 0; c < claims.count; c++) {
			bool whole = false;

			for (size_t i = 0; i < n; i++)
				whole |= range_contains((struct range){d[i].phys,
								       d[i].pages * SZ_4K},
							claims.r[c]);
			assert_true(whole); /* never across two descriptors */
		}
		range_list_sort(&claims);
		for (uint64_t i = 0; i < PAGES; i++)
			assert_int_equal(has_page(&claims, first + i), want[i]);
	}
}

static void too_many_claims_are_refused(void **state)
{
	struct efi_descriptor d[2] = {{.type = 7, .phys = SZ_1M, .pages = 4},
				      {.type = 7, .phys = SZ_2M, .pages = 4}};
	struct range hole = {SZ_1M + SZ_4K, SZ_4K}, store[3];
	struct range_list keep = {&hole, 1, 1}, claims = {store, 0, 3};
	struct efi_map map = put_descriptors(d, 2);
	(void)state;

	ok(efi_map_claims(&map, SZ_1M, &keep, &claims));
	assert_int_equal(claims.count, 3);
	claims.max = 2;
	assert_int_equal(efi_map_claims(&map, SZ_1M, &keep, &claims), KB_RANGE_FULL);
	claims.max = 1;
	assert_int_equal(efi_map_claims(&map, SZ_1M, &keep, &claims), KB_RANGE_FULL);
	map.desc_size = 39;
	assert_int_equal(efi_map_claims(&map, SZ_1M, &keep, &claims), KB_EFI_MAP);
}

static void tables_lie_in_whatever_is_named(void **state)
{
	struct e820_entry e[] = {{0, 0x9f000, E820_RAM},
				 {0x100000, 0x1000, E820_RAM},
				 {0x101000, 0x1000, E820_ACPI},
				 {0x103000, 0x1000, E820_RESERVED}};
	struct memmap m = {e, 4, 4};
	struct range_list l = empty_list();
	(void)state;

	ok(memmap_tables(&m, &l));
	assert_int_equal(l.count, 3);
	assert_true(range_list_contains(&l, (struct range){0x100000, 0x2000}));
	assert_true(has_page(&l, 0x103));
	assert_false(has_page(&l, 0x102));
	e[3].size = UINT64_MAX;
	assert_int_equal(memmap_tables(&m, &l), KB_E820_WRAP);
}

/* ---- crash kernels --------------------------------------------------------------------------- */

/* What arch/x86/kernel/crash.c leaves of the map: the two words name holes in it. */
#define HEADER "elfcorehdr=0x2f000000"
#define KEYS   "dmcryptkeys=0x3a001000"

static struct memmap crash_map(void)
{
	static struct e820_entry e[] = {
		{0x1000, 0x9e000, E820_RAM},
		{0x7ee00000, 0x10000, E820_ACPI},
		{0x7ff00000, 0x100000, E820_RESERVED},
		{0x2f001000, 0x3a001000 - 0x2f001000, E820_RAM},
		{0x3a002000, 0x3efff000 - 0x3a002000, E820_RAM},
	};

	return (struct memmap){e, ARRAY_SIZE(e), ARRAY_SIZE(e)};
}

static void crash_kernels_are_known_by_words_and_map(void **state)
{
	static const struct {
		const char *text, *words, *rest; /* words NULL: no crash kernel */
	} t[] = {
		{HEADER, HEADER, ""},
		{HEADER " ", HEADER, ""},
		{HEADER " quiet a=b", HEADER, "quiet a=b"},
		{HEADER " " KEYS, HEADER " " KEYS, ""},
		{HEADER " " KEYS " quiet", HEADER " " KEYS, "quiet"},
		/* Words that somebody else gave, who may not be trusted. */
		{"quiet " HEADER, NULL, NULL},
		{KEYS " " HEADER, NULL, NULL},
		{HEADER " quiet " KEYS, HEADER, "quiet " KEYS},
		{HEADER " dmcryptkeys=0x30000000", HEADER, "dmcryptkeys=0x30000000"},
		{HEADER " " HEADER, HEADER, HEADER},
		/* In RAM, in a table, reserved; the last byte of RAM. */
		{"elfcorehdr=0x2f001000", NULL, NULL},
		{"elfcorehdr=0x7ee00000", NULL, NULL},
		{"elfcorehdr=0x7ff80000", NULL, NULL},
		{"elfcorehdr=0x3effefff", NULL, NULL},
		{"elfcorehdr=0x3efff000", "elfcorehdr=0x3efff000", ""},
		{"elfcorehdr=", NULL, NULL},
		{"", NULL, NULL},
	};
	struct memmap m = crash_map();
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct kb_text rest = {t[i].text, strlen(t[i].text)}, words = {NULL, 7};

		assert_int_equal(memmap_crash(&m, &rest, &words), t[i].words != NULL);
		assert_true(text_is(rest, t[i].words ? t[i].rest : t[i].text));
		if (t[i].words)
			assert_true(text_is(words, t[i].words));
		else
			assert_int_equal(words.len, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ram_matches_model),
		cmocka_unit_test(damaged_maps_are_refused),
		cmocka_unit_test(types_become_those_of_linux),
		cmocka_unit_test(neighbours_of_one_type_are_merged),
		cmocka_unit_test(wrapping_descriptors_are_left_out),
		cmocka_unit_test(malformed_uefi_maps_are_refused),
		cmocka_unit_test(a_map_that_is_too_long_is_refused),
		cmocka_unit_test(claims_match_model),
		cmocka_unit_test(too_many_claims_are_refused),
		cmocka_unit_test(tables_lie_in_whatever_is_named),
		cmocka_unit_test(crash_kernels_are_known_by_words_and_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
