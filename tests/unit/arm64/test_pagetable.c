// SPDX-License-Identifier: BSD-2-Clause
/* Page tables against a walker that reads entries as the manual describes them. */
#include "../unit.h"

#include <arch/pagetable_bits.h>
#include <stage/pagetable.h>

#define POOL      64
#define POOL_ADDR 0x7000000ULL
#define PAGES     4096 /* of the address space that the model covers: 16 MiB */
#define NONE      (-1)

static _Alignas(4096) uint64_t pool[POOL * 512];

static struct pagetable fresh(bool one_level)
{
	struct pagetable pt = {.pool = pool,
			       .pool_addr = POOL_ADDR,
			       .pages = POOL,
			       .levels = 4,
			       .one_level = one_level};

	memset(pool, 0xff, sizeof(pool));
	ok(pt_init(&pt));
	return pt;
}

static int lookup(const struct pagetable *pt, uint64_t addr)
{
	enum pt_flags flags;

	return pt_lookup(pt, addr, &flags) ? (int)flags : NONE;
}

/* Translate @addr as the hardware does. L0: 512 GiB an entry, no blocks; L3: only pages. */
static uint64_t walk(uint64_t addr, uint64_t *size)
{
	uint64_t table = POOL_ADDR;

	for (unsigned int level = 0; level < 4; level++) {
		unsigned int shift = 39 - 9 * level;
		uint64_t e = pool[(table - POOL_ADDR) / 8 + (addr >> shift & 511)];

		if (!(e & 1))
			return 0;
		*size = 1ULL << shift;
		if (level == 3 || !(e & 2)) {
			assert_true(level == 3 ? e & 2 : level > 0);
			/* The output address: nothing between the page's size and bit 47. */
			assert_int_equal(e & 0xfffffffff000 & (*size - 1), 0);
			assert_int_equal((e & 0xfffffffff000) | (addr & (*size - 1)), addr);
			return e;
		}
		/* A table gives all rights: attributes of tables are bits 63 to 59. */
		assert_int_equal(e & ~0xfffffffff000, 3);
		table = e & 0xfffffffff000;
		assert_in_range(table, POOL_ADDR, POOL_ADDR + (POOL - 1) * SZ_4K);
	}
	return 0;
}

static void check_leaf(uint64_t e, bool one_level, int flags)
{
	uint64_t mair = MAIR_VALUE >> 8 * (e >> 2 & 7) & 0xff;
	bool exec = !(e >> (one_level ? 54 : 53) & 1);

	assert_int_equal(e >> 10 & 1, 1);                       /* AF */
	assert_int_equal(e >> 11 & 1, 0);                       /* nG */
	assert_int_equal(e >> 7 & 1, flags & PT_WRITE ? 0 : 1); /* AP[2] */
	assert_int_equal(e >> 6 & 1, one_level);                /* AP[1] */
	assert_int_equal(exec, !!(flags & PT_EXEC));
	if (one_level)
		assert_int_equal(e >> 53 & 1, 0); /* RES0 */
	else
		assert_int_equal(e >> 54 & 1, 1); /* UXN: EL0 executes nothing */
	assert_int_equal(mair, flags & PT_DEVICE ? 0x04 : 0xff);
	if (!(flags & PT_DEVICE))
		assert_int_equal(e >> 8 & 3, 3); /* inner shareable */
}

/* Around a boundary of 512 GiB, where all levels change. */
static void maps_match_model(bool one_level)
{
	const uint64_t origin = (1ULL << 39) - PAGES / 2 * SZ_4K;
	uint64_t seed = 77 + one_level, size;

	for (int round = 0; round < 200; round++) {
		struct pagetable pt = fresh(one_level);
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
		for (uint64_t i = 0; i < PAGES; i++) {
			uint64_t e = walk(origin + i * SZ_4K, &size);

			assert_int_equal(lookup(&pt, origin + i * SZ_4K), want[i]);
			assert_int_equal(!e, want[i] == NONE);
			if (e)
				check_leaf(e, one_level, want[i]);
		}
	}
}

static void maps_of_two_levels_match_model(void **state)
{
	(void)state;
	maps_match_model(false);
}

static void maps_of_one_level_match_model(void **state)
{
	(void)state;
	maps_match_model(true);
}

static void the_largest_pages_are_used(void **state)
{
	struct pagetable pt = fresh(false);
	uint64_t size;
	(void)state;

	ok(pt_map(&pt, (struct range){0, 64 * SZ_1G}, PT_READ));
	assert_int_equal(pt.used, 2);
	assert_true(walk(64 * SZ_1G - 1, &size));
	assert_int_equal(size, SZ_1G);
	assert_false(walk(64 * SZ_1G, &size));
	ok(pt_map(&pt, (struct range){64 * SZ_1G + SZ_2M, SZ_2M + SZ_4K}, PT_WRITE));
	assert_int_equal(pt.used, 4);
	assert_true(walk(64 * SZ_1G + 2 * SZ_2M - 1, &size));
	assert_int_equal(size, SZ_2M);
	assert_true(walk(64 * SZ_1G + 2 * SZ_2M, &size));
	assert_int_equal(size, SZ_4K);
	/* L0 has no blocks: 512 GiB are 512 of 1 GiB. */
	pt = fresh(false);
	ok(pt_map(&pt, (struct range){1ULL << 39, 1ULL << 39}, PT_READ));
	assert_int_equal(pt.used, 2);
	assert_true(walk((1ULL << 40) - 1, &size));
	assert_int_equal(size, SZ_1G);
}

/* Two sockets, as on Kunpeng 920: each with 512 GiB, the second one's from 32 TiB on. */
static void far_sockets_take_few_tables(void **state)
{
	const struct range second = {0x202000000000, 512 * SZ_1G};
	struct pagetable pt = fresh(false);
	uint64_t size;
	(void)state;

	ok(pt_map(&pt, (struct range){SZ_1G, 512 * SZ_1G}, PT_READ));
	ok(pt_map(&pt, second, PT_READ));
	assert_in_range(pt.used, 4, 6);
	assert_true(walk(second.base, &size));
	assert_int_equal(size, SZ_1G);
	assert_true(walk(range_end(second) - 1, &size));
	assert_false(walk(second.base - 1, &size));
	assert_false(walk(range_end(second), &size));
}

/* DDI 0487, VMSAv8-64 descriptors: the words themselves. */
static void entries_are_what_the_cpu_reads(void **state)
{
	struct pagetable pt = fresh(false);
	(void)state;

	ok(pt_map(&pt, (struct range){SZ_1G, SZ_1G}, PT_WRITE));
	ok(pt_map(&pt, (struct range){0, SZ_2M}, PT_READ));
	ok(pt_map(&pt, (struct range){SZ_2M, SZ_4K}, PT_EXEC));
	ok(pt_map(&pt, (struct range){SZ_2M + SZ_4K, SZ_4K}, PT_WRITE | PT_DEVICE));
	assert_int_equal(pool[0], 0x7001003);
	assert_int_equal(pool[512], 0x7002003);
	assert_int_equal(pool[513], 0x0060000040000705);
	assert_int_equal(pool[1024], 0x0060000000000785);
	assert_int_equal(pool[1025], 0x7003003);
	assert_int_equal(pool[1536], 0x0040000000200787);
	assert_int_equal(pool[1537], 0x0060000000201403);
	assert_int_equal(pool[1538], 0);
	pt = fresh(true);
	ok(pt_map(&pt, (struct range){0, SZ_2M}, PT_READ));
	ok(pt_map(&pt, (struct range){SZ_2M, SZ_2M}, PT_EXEC));
	assert_int_equal(pool[1024], 0x00400000000007c5);
	assert_int_equal(pool[1025], 0x00000000002007c5);
}

static void split_pages_keep_their_rights(void **state)
{
	struct pagetable pt = fresh(false);
	uint64_t size;
	(void)state;

	ok(pt_map(&pt, (struct range){0, SZ_1G}, PT_WRITE | PT_EXEC));
	ok(pt_map(&pt, (struct range){0x12345000, SZ_4K}, PT_READ));
	assert_int_equal(lookup(&pt, 0x12345000), PT_READ);
	assert_int_equal(lookup(&pt, 0x12344fff), PT_WRITE | PT_EXEC);
	assert_int_equal(lookup(&pt, 0x12346000), PT_WRITE | PT_EXEC);
	check_leaf(walk(0x12346000, &size), false, PT_WRITE | PT_EXEC);
	assert_int_equal(size, SZ_4K);
	check_leaf(walk(SZ_1G - 1, &size), false, PT_WRITE | PT_EXEC);
	assert_int_equal(size, SZ_2M);
	assert_int_equal(lookup(&pt, SZ_1G), NONE);
}

static void limits_are_kept(void **state)
{
	struct pagetable pt = fresh(false);
	(void)state;

	assert_int_equal(pt_map(&pt, (struct range){1, SZ_4K}, PT_READ), KB_PT_ALIGN);
	assert_int_equal(pt_map(&pt, (struct range){0, 1}, PT_READ), KB_PT_ALIGN);
	assert_int_equal(pt_map(&pt, (struct range){1ULL << 48, SZ_4K}, PT_READ), KB_PT_LIMIT);
	assert_int_equal(pt_map(&pt, (struct range){-SZ_4K, SZ_4K}, PT_READ), KB_PT_LIMIT);
	ok(pt_map(&pt, (struct range){(1ULL << 48) - SZ_4K, SZ_4K}, PT_READ));
	pt.pages = 0;
	assert_int_equal(pt_init(&pt), KB_PT_POOL);
	pt = fresh(false);
	pt.pages = 3;
	assert_int_equal(pt_map(&pt, (struct range){0, SZ_4K}, PT_READ), KB_PT_POOL);
}

/* Fields of the registers, one by one (DDI 0487, TCR_EL1 and TCR_EL2). */
static void registers_say_what_the_tables_are(void **state)
{
	const uint64_t el1 = TCR_EL1_VALUE, el2 = TCR_EL2_VALUE;
	(void)state;

	for (int i = 0; i < 2; i++) {
		uint64_t tcr = i ? el2 : el1;

		assert_int_equal(64 - (tcr & 63), 48); /* T0SZ */
		assert_int_equal(tcr >> 8 & 3, 1);     /* IRGN0: write-back, write allocate */
		assert_int_equal(tcr >> 10 & 3, 1);    /* ORGN0 */
		assert_int_equal(tcr >> 12 & 3, 3);    /* SH0: inner */
		assert_int_equal(tcr >> 14 & 3, 0);    /* TG0: 4 KiB */
	}
	assert_int_equal(el1 >> 7 & 1, 0);    /* EPD0 */
	assert_int_equal(el1 >> 16 & 63, 16); /* T1SZ: valid though unused */
	assert_int_equal(el1 >> 23 & 1, 1);   /* EPD1 */
	assert_int_equal(el1 >> 30 & 3, 2);   /* TG1: 4 KiB */
	assert_int_equal(el1 >> TCR_EL1_IPS_SHIFT, 0);
	assert_int_equal(el2 >> 16, 0x8080); /* RES1 bits 31 and 23, PS left free */
	assert_int_equal(TCR_EL2_PS_SHIFT, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_of_two_levels_match_model),
		cmocka_unit_test(maps_of_one_level_match_model),
		cmocka_unit_test(the_largest_pages_are_used),
		cmocka_unit_test(far_sockets_take_few_tables),
		cmocka_unit_test(entries_are_what_the_cpu_reads),
		cmocka_unit_test(split_pages_keep_their_rights),
		cmocka_unit_test(limits_are_kept),
		cmocka_unit_test(registers_say_what_the_tables_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
