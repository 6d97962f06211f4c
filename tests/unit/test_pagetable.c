// SPDX-License-Identifier: BSD-2-Clause
/* Page tables against a model with one entry per page, and against the bits of the manual. */
#include "unit.h"

#include <arch/pte.h>
#include <khoboot/layout.h>
#include <stage/pagetable.h>

#define POOL  64
#define PAGES 4096 /* of the address space that the model covers: 16 MiB */
#define NONE  (-1)

static _Alignas(4096) uint64_t pool[POOL * 512];

static struct pagetable fresh(unsigned int levels, bool gbpages)
{
	struct pagetable pt = {.pool = pool,
			       .pool_addr = 0x7000000,
			       .pages = POOL,
			       .levels = levels,
			       .gbpages = gbpages};

	memset(pool, 0xff, sizeof(pool));
	ok(pt_init(&pt));
	return pt;
}

static int lookup(const struct pagetable *pt, uint64_t addr)
{
	enum pt_flags flags;

	return pt_lookup(pt, addr, &flags) ? (int)flags : NONE;
}

/* Around a boundary of 1 GiB and 512 GiB, where all levels change. */
static void maps_match_model(unsigned int levels, bool gbpages)
{
	const uint64_t origin = (1ULL << 39) - PAGES / 2 * SZ_4K;
	uint64_t seed = 31 + levels;

	for (int round = 0; round < 300; round++) {
		struct pagetable pt = fresh(levels, gbpages);
		static int want[PAGES];

		for (int i = 0; i < PAGES; i++)
			want[i] = NONE;
		for (int n = 0; n < 6; n++) {
			uint64_t at = random_below(&seed, PAGES);
			uint64_t count = random_below(&seed, PAGES - at + 1);
			int flags = (int)random_below(&seed, 8);

			/* Half of the ranges begin and end where large pages do. */
			if (random_below(&seed, 2))
				at &= ~511ULL, count &= ~511ULL;
			ok(pt_map(&pt, (struct range){origin + at * SZ_4K, count * SZ_4K},
				  (enum pt_flags)flags));
			for (uint64_t i = at; i < at + count; i++)
				want[i] = flags;
		}
		for (uint64_t i = 0; i < PAGES; i++)
			assert_int_equal(lookup(&pt, origin + i * SZ_4K), want[i]);
	}
}

static void four_levels_match_model(void **state)
{
	(void)state;
	maps_match_model(4, false);
	maps_match_model(4, true);
}

static void five_levels_match_model(void **state)
{
	(void)state;
	maps_match_model(5, true);
}

static void the_largest_pages_are_used(void **state)
{
	struct pagetable pt = fresh(4, true);
	(void)state;

	ok(pt_map(&pt, (struct range){0, 64 * SZ_1G}, PT_READ));
	assert_int_equal(pt.used, 2);
	assert_int_equal(lookup(&pt, 64 * SZ_1G - 1), PT_READ);
	assert_int_equal(lookup(&pt, 64 * SZ_1G), NONE);
	pt = fresh(4, false);
	ok(pt_map(&pt, (struct range){0, SZ_1G}, PT_READ));
	assert_int_equal(pt.used, 3);
}

/* Intel SDM 3A tables 4-15 to 4-20: P, R/W, PWT, PCD, PS, NX. */
static void entries_are_what_the_cpu_reads(void **state)
{
	struct pagetable pt = fresh(4, true);
	(void)state;

	ok(pt_map(&pt, (struct range){0, SZ_2M}, PT_READ));
	ok(pt_map(&pt, (struct range){SZ_2M, SZ_4K}, PT_WRITE));
	ok(pt_map(&pt, (struct range){SZ_2M + SZ_4K, SZ_4K}, PT_EXEC));
	ok(pt_map(&pt, (struct range){SZ_2M + 2 * SZ_4K, SZ_4K}, PT_WRITE | PT_DEVICE));
	assert_int_equal(pool[0], 0x7001003);
	assert_int_equal(pool[512], 0x7002003);
	assert_int_equal(pool[1024], 0x8000000000000081ULL);
	assert_int_equal(pool[1025], 0x7003003);
	assert_int_equal(pool[1536], 0x8000000000200003ULL);
	assert_int_equal(pool[1537], 0x201001);
	assert_int_equal(pool[1538], 0x800000000020201bULL);
	assert_int_equal(pool[1539], 0);
}

static void split_pages_keep_their_rights(void **state)
{
	struct pagetable pt = fresh(4, true);
	(void)state;

	ok(pt_map(&pt, (struct range){0, SZ_1G}, PT_WRITE | PT_EXEC));
	ok(pt_map(&pt, (struct range){0x12345000, SZ_4K}, PT_READ));
	assert_int_equal(lookup(&pt, 0x12345000), PT_READ);
	assert_int_equal(lookup(&pt, 0x12344fff), PT_WRITE | PT_EXEC);
	assert_int_equal(lookup(&pt, 0x12346000), PT_WRITE | PT_EXEC);
	assert_int_equal(lookup(&pt, SZ_1G - 1), PT_WRITE | PT_EXEC);
	assert_int_equal(lookup(&pt, SZ_1G), NONE);
}

static void limits_are_kept(void **state)
{
	struct pagetable pt = fresh(4, true);
	(void)state;

	assert_int_equal(pt_map(&pt, (struct range){1, SZ_4K}, PT_READ), KB_PT_ALIGN);
	assert_int_equal(pt_map(&pt, (struct range){0, 1}, PT_READ), KB_PT_ALIGN);
	assert_int_equal(pt_map(&pt, (struct range){1ULL << 47, SZ_4K}, PT_READ), KB_PT_LIMIT);
	assert_int_equal(pt_map(&pt, (struct range){-SZ_4K, SZ_4K}, PT_READ), KB_PT_LIMIT);
	ok(pt_map(&pt, (struct range){(1ULL << 47) - SZ_4K, SZ_4K}, PT_READ));
	pt = fresh(5, true);
	ok(pt_map(&pt, (struct range){(1ULL << 56) - SZ_4K, SZ_4K}, PT_READ));
	assert_int_equal(pt_map(&pt, (struct range){1ULL << 56, SZ_4K}, PT_READ), KB_PT_LIMIT);
	pt.pages = 0;
	assert_int_equal(pt_init(&pt), KB_PT_POOL);
	pt = fresh(4, true);
	pt.pages = 3;
	assert_int_equal(pt_map(&pt, (struct range){0, SZ_4K}, PT_READ), KB_PT_POOL);
}

/* Random pieces, of whole pages, many of which begin or end where larger pages do. */
static void make_ram(struct range_list *l, uint64_t *random, uint64_t span)
{
	static const unsigned int shifts[] = {12, 21, 30, 39};

	l->count = 0;
	while (l->count < 12) {
		uint64_t page = 1ULL << shifts[random_below(random, ARRAY_SIZE(shifts))];
		uint64_t unit = 1ULL << shifts[random_below(random, ARRAY_SIZE(shifts) - 1)];
		struct range r = {align_down(random_below(random, span), page),
				  (1 + random_below(random, 12)) * unit};

		if (range_end(r) <= span)
			ok(range_list_add(l, r));
	}
	range_list_sort(l);
}

static void tables_are_counted(unsigned int levels, bool gbpages)
{
	static _Alignas(4096) uint64_t many[2048 * 512];
	uint64_t seed = 77;
	struct range store[12];
	struct range_list l = {store, 0, 12};

	for (int round = 0; round < 400; round++) {
		struct pagetable pt = {.pool = many,
				       .pool_addr = 0x7000000,
				       .pages = 2048,
				       .levels = levels,
				       .gbpages = gbpages};

		make_ram(&l, &seed, round % 2 ? 1ULL << 40 : pte_limit(&pt));
		ok(pt_init(&pt));
		for (size_t i = 0; i < l.count; i++)
			ok(pt_map(&pt, l.r[i], PT_WRITE));
		assert_int_equal(pt_pages(&pt, &l), pt.used);
		for (int more = 1; more < 5; more++) {
			const struct range *r = &l.r[random_below(&seed, l.count)];

			ok(pt_map(&pt,
				  (struct range){r->base + align_down(r->size / 3, SZ_4K), SZ_4K},
				  PT_READ));
			assert_true(pt.used <= pt_pages(&pt, &l) + (uint64_t)more * PT_MORE);
		}
	}
}

static void the_pool_can_be_counted_before(void **state)
{
	(void)state;
	tables_are_counted(4, true);
	tables_are_counted(4, false);
	tables_are_counted(5, true);
}

/* Machines that had no room: what they take, and that the arena has it. */
static void large_machines_are_counted(void **state)
{
	struct pagetable pt = {.levels = 4};
	struct range r[600] = {{0, 520 * SZ_1G}};
	struct range_list l = {r, 1, ARRAY_SIZE(r)};
	(void)state;

	assert_int_equal(pt_pages(&pt, &l), 1 + 2 + 520);
	r[0].size = 1024 * SZ_1G;
	assert_int_equal(pt_pages(&pt, &l), 1 + 2 + 1024);
	assert_true(pt_pages(&pt, &l) * SZ_4K < KB_ARENA_SIZE / 4 * 3);
	pt.gbpages = true;
	assert_int_equal(pt_pages(&pt, &l), 1 + 2);
	/* Pieces off 2 MiB, 16 MiB apart: two tables of 4 KiB entries each. */
	for (l.count = 0; l.count < ARRAY_SIZE(r); l.count++)
		r[l.count] = (struct range){(l.count << 24) + SZ_4K, 8 * SZ_1M};
	assert_int_equal(pt_pages(&pt, &l), 1 + 1 + 10 + 1200);
	assert_true(pt_pages(&pt, &l) * SZ_4K < KB_ARENA_SIZE / 4 * 3);
	l.count = 0;
	assert_int_equal(pt_pages(&pt, &l), 1);
}

static void what_is_out_of_reach_is_cut_off(void **state)
{
	struct pagetable pt = {.levels = 4};
	uint64_t limit = pte_limit(&pt);
	struct range r[3] = {{0, SZ_1G}, {limit - SZ_1G, SZ_2M + SZ_1G}, {1ULL << 51, SZ_1G}};
	struct range_list l = {r, 3, 3};
	(void)state;

	ok(pt_clip(&pt, &l));
	assert_int_equal(l.count, 2);
	assert_int_equal(r[1].size, SZ_1G);
	ok(pt_clip(&pt, &l));
	assert_int_equal(l.count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_levels_match_model),
		cmocka_unit_test(five_levels_match_model),
		cmocka_unit_test(the_largest_pages_are_used),
		cmocka_unit_test(entries_are_what_the_cpu_reads),
		cmocka_unit_test(split_pages_keep_their_rights),
		cmocka_unit_test(limits_are_kept),
		cmocka_unit_test(the_pool_can_be_counted_before),
		cmocka_unit_test(large_machines_are_counted),
		cmocka_unit_test(what_is_out_of_reach_is_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
