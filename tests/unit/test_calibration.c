// SPDX-License-Identifier: BSD-2-Clause
/* What calibration writes, recognizes and concludes. */
#include "unit.h"

#include <route/calibration.h>

#define PAGE SZ_4K

static struct kb_calibration c;
static struct range touched_store[256], ram_store[64];
static struct range_list touched, ram;

static int setup(void **state)
{
	(void)state;
	calibration_init(&c, 3, 0x1234);
	touched = (struct range_list){touched_store, 0, ARRAY_SIZE(touched_store)};
	ram = (struct range_list){ram_store, 0, ARRAY_SIZE(ram_store)};
	ok(range_list_add(&ram, (struct range){0, SZ_1G}));
	return 0;
}

static void touch(uint64_t base, uint64_t size)
{
	ok(range_list_add(&touched, (struct range){base, size}));
}

/* A round in which the ranges @r (base, size; the last size is 0) were touched. */
static void run_round(const uint64_t (*r)[2], uint64_t silent)
{
	touched.count = 0;
	for (; (*r)[1]; r++)
		touch((*r)[0], (*r)[1]);
	ram.count = 1;
	ram.r[0] = (struct range){0, SZ_1G};
	calibration_round(&c, &touched, silent, &ram);
}

static void expect_range(struct range r, uint64_t base, uint64_t end)
{
	assert_int_equal(r.base, base);
	assert_int_equal(range_end(r), end);
}

/* ---- the pattern ---- */

static uint64_t page[PAGE / 8], other[PAGE / 8];

static void any_change_is_seen(void **state)
{
	(void)state;
	calibration_fill(&c, 0x5000, page);
	assert_true(calibration_intact(&c, 0x5000, page));
	for (size_t byte = 0; byte < PAGE; byte++) {
		((uint8_t *)page)[byte] ^= 1;
		assert_false(calibration_intact(&c, 0x5000, page));
		((uint8_t *)page)[byte] ^= 1;
	}
	assert_true(calibration_intact(&c, 0x5000, page));
}

/* A page of another address, of an earlier reset or run, or of zeros is not taken for this one. */
static void pages_are_distinct(void **state)
{
	static const uint64_t one[][2] = {{0, SZ_1M}, {0, 0}};
	struct kb_calibration again;

	(void)state;
	calibration_fill(&c, 0x5000, page);
	assert_int_not_equal(page[0], page[1]);
	assert_false(calibration_intact(&c, 0x6000, page));
	assert_false(calibration_intact(&c, 0x100005000, page));
	calibration_init(&again, 3, 0x1235);
	assert_false(calibration_intact(&again, 0x5000, page));
	run_round(one, 0);
	assert_false(calibration_intact(&c, 0x5000, page));
	assert_false(calibration_intact(&c, 0x5000, other));
}

/* ---- ranges ---- */

static void nearest_are_merged(void **state)
{
	static const uint64_t base[] = {0, 10, 13, 30, 32};
	struct range_list l = {touched_store, 0, 8};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(base); i++)
		ok(range_list_add(&l, (struct range){base[i], 1}));
	calibration_coalesce(&l, 5);
	assert_int_equal(l.count, 5);
	calibration_coalesce(&l, 4);
	assert_int_equal(l.count, 4);
	expect_range(l.r[3], 30, 33);
	calibration_coalesce(&l, 3);
	assert_int_equal(l.count, 3);
	expect_range(l.r[0], 0, 1);
	expect_range(l.r[1], 10, 14);
	calibration_coalesce(&l, 1);
	assert_int_equal(l.count, 1);
	expect_range(l.r[0], 0, 33);
	/* When all gaps have one size, only as many are closed as needed. */
	for (l.count = 0; l.count < 6;)
		ok(range_list_add(&l, (struct range){l.count * 10, 1}));
	calibration_coalesce(&l, 4);
	assert_int_equal(l.count, 4);
	expect_range(l.r[3], 30, 51);
}

/* Random lists: no more ranges than allowed, and nothing is lost. */
static void coalescing_keeps_everything(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int i = 0; i < 200; i++) {
		struct range copy[256];
		struct range_list l = {touched_store, 0, 256};
		size_t max = 1 + random_below(&seed, 40), n = 1 + random_below(&seed, 255);

		for (size_t j = 0; j < n; j++)
			ok(range_list_add(&l, (struct range){random_below(&seed, 1 << 20) * PAGE,
							     PAGE}));
		range_list_sort(&l);
		n = l.count;
		memcpy(copy, l.r, n * sizeof(*copy));
		calibration_coalesce(&l, max);
		assert_true(l.count <= max &&
			    (l.count == max || n <= max || max > n - 1 || l.count >= 1));
		for (size_t j = 0; j < n; j++)
			assert_true(range_list_contains(&l, copy[j]));
	}
}

/* ---- rounds ---- */

static void rounds_are_counted(void **state)
{
	static const uint64_t first[][2] = {{0, SZ_1M}, {0x800000, 4 * PAGE}, {0, 0}};
	static const uint64_t second[][2] = {{0, SZ_1M}, {0x802000, 5 * PAGE}, {0, 0}};

	(void)state;
	run_round(first, 3);
	assert_int_equal(c.done, 1);
	assert_int_equal(c.state, KB_CALIBRATION_RUNNING);
	assert_int_equal(c.round[0].touched, 256 + 4);
	assert_int_equal(c.round[0].silent, 3);
	assert_int_equal(c.round[0].drift, 256 + 4);
	run_round(second, 0);
	assert_int_equal(c.round[1].touched, 256 + 5);
	assert_int_equal(c.round[1].drift, 3);
	assert_int_equal(c.touched_count, 2);
	expect_range(c.touched[1], 0x800000, 0x807000);
	assert_int_equal(c.zone_count, 0);
	run_round(first, 0);
	assert_int_equal(c.round[2].drift, 0);
	assert_int_equal(c.state, KB_CALIBRATION_COMPLETE);
	assert_int_equal(c.ram_count, 1);
	/* 1 MiB at each side, in whole 64 KiB, not below 0. */
	assert_int_equal(c.margin, SZ_1M);
	assert_int_equal(c.zone_count, 2);
	expect_range(c.zone[0], 0, 2 * SZ_1M);
	expect_range(c.zone[1], 7 * SZ_1M, 0x910000);
}

/* What varies between resets may vary more: the margin is twice the largest drift. */
static void drift_widens_the_margin(void **state)
{
	static const uint64_t first[][2] = {{0x10000000, PAGE}, {0, 0}};
	static const uint64_t second[][2] = {{0x10000000 - 300 * PAGE, 301 * PAGE}, {0, 0}};

	(void)state;
	run_round(first, 0);
	run_round(second, 0);
	run_round(first, 0);
	assert_int_equal(c.round[1].drift, 300);
	assert_int_equal(c.margin, 0x260000);
	assert_int_equal(c.zone_count, 1);
	expect_range(c.zone[0], 0xfc70000, 0x10270000);
}

static void lost_memory_ends_the_run(void **state)
{
	static const uint64_t half[][2] = {{0, SZ_1G / 2}, {0, 0}};
	static const uint64_t more[][2] = {{0, SZ_1G / 2 + PAGE}, {0, 0}};

	(void)state;
	run_round(half, 0);
	assert_int_equal(c.state, KB_CALIBRATION_RUNNING);
	run_round(more, 0);
	assert_int_equal(c.state, KB_CALIBRATION_LOST);
	assert_int_equal(c.zone_count, 0);
	ok(calibration_read(&c, sizeof(c), &c));
}

/* More pieces than the variable has room for: the zone is wider, never narrower. */
static void many_pieces(void **state)
{
	struct range_list zone;

	(void)state;
	calibration_init(&c, 1, 1);
	for (uint64_t i = 0; i < 200; i++)
		touch(i * 5 * SZ_1M, PAGE);
	calibration_round(&c, &touched, 0, &ram);
	assert_int_equal(c.touched_count, KB_CALIBRATION_TOUCHED);
	setup(NULL);
	calibration_init(&c, 1, 1);
	for (uint64_t i = 0; i < 200; i++)
		touch(i * i * SZ_64K, PAGE);
	calibration_round(&c, &touched, 0, &ram);
	ok(calibration_read(&c, sizeof(c), &c));
	assert_int_equal(c.touched_count, KB_CALIBRATION_TOUCHED);
	assert_true(c.zone_count > 1 && c.zone_count <= KB_ZONE_MAX);
	zone = calibration_zone(&c);
	for (uint64_t i = 0; i < 200; i++)
		assert_true(range_list_contains(&zone, (struct range){i * i * SZ_64K, PAGE}));
}

/* Memory at the end of the address space. */
static void no_address_wraps(void **state)
{
	(void)state;
	calibration_init(&c, 1, 1);
	touch(UINT64_MAX - 3 * PAGE + 1, PAGE);
	calibration_round(&c, &touched, 0, &ram);
	ok(calibration_read(&c, sizeof(c), &c));
	assert_int_equal(c.zone_count, 1);
	assert_true(range_end(c.zone[0]) > UINT64_MAX - SZ_64K - PAGE);
}

/* ---- the variable ---- */

static void complete(void)
{
	static const uint64_t r[][2] = {{0, SZ_1M}, {0x800000, PAGE}, {0, 0}};

	setup(NULL);
	for (int i = 0; i < 3; i++)
		run_round(r, 1);
	ok(calibration_read(&c, sizeof(c), &c));
}

static void expect_refused(void)
{
	struct kb_calibration ret = {.seed = 99};

	assert_int_equal(calibration_read(&c, sizeof(c), &ret), KB_CAL_FORMAT);
	assert_int_equal(ret.seed, 99);
	complete();
}

static void fits_one_firmware(void **state)
{
	(void)state;
	complete();
	assert_false(calibration_fits(&c, 0)); /* neither says which it is */
	assert_false(calibration_fits(&c, 7));
	c.firmware_build = 7;
	assert_true(calibration_fits(&c, 7));
	assert_false(calibration_fits(&c, 8));
	assert_false(calibration_fits(&c, 0));
	ok(calibration_read(&c, sizeof(c), &c));
	c.state = KB_CALIBRATION_LOST;
	assert_false(calibration_fits(&c, 7));
}

static void refuses_variables(void **state)
{
	struct kb_calibration ret;

	(void)state;
	calibration_init(&c, 1, 1);
	ok(calibration_read(&c, sizeof(c), &ret));
	complete();
	assert_int_equal(calibration_read(&c, sizeof(c) - 1, &ret), KB_CAL_FORMAT);
	assert_int_equal(calibration_read(&c, 0, &ret), KB_CAL_FORMAT);
	c.magic++;
	expect_refused();
	c.version++;
	expect_refused();
	c.size--;
	expect_refused();
	c.rounds = 17;
	expect_refused();
	c.rounds = 0;
	expect_refused();
	c.done = 2;
	expect_refused();
	c.state = 4;
	expect_refused();
	c.state = KB_CALIBRATION_RUNNING;
	expect_refused();
	c.state = KB_CALIBRATION_LOST;
	expect_refused();
	memset(c.firmware_vendor, 'x', sizeof(c.firmware_vendor));
	expect_refused();
	c.zone_count = 0;
	expect_refused();
}

static void refuses_lists(void **state)
{
	(void)state;
	complete();
	c.zone_count = KB_ZONE_MAX + 1;
	expect_refused();
	c.touched_count = KB_CALIBRATION_TOUCHED + 1;
	expect_refused();
	c.ram_count = KB_CALIBRATION_RAM + 1;
	expect_refused();
	c.zone[0].size = 0;
	expect_refused();
	c.zone[0].size++;
	expect_refused();
	c.zone[1].base++;
	expect_refused();
	c.zone[1].size = align_down(UINT64_MAX, PAGE);
	expect_refused();
	c.zone[0].size = c.zone[1].base;
	expect_refused();
	c.touched[1].base = 0;
	expect_refused();
	c.ram[0].base = 1;
	expect_refused();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(any_change_is_seen, setup),
		cmocka_unit_test_setup(pages_are_distinct, setup),
		cmocka_unit_test_setup(nearest_are_merged, setup),
		cmocka_unit_test_setup(coalescing_keeps_everything, setup),
		cmocka_unit_test_setup(rounds_are_counted, setup),
		cmocka_unit_test_setup(drift_widens_the_margin, setup),
		cmocka_unit_test_setup(lost_memory_ends_the_run, setup),
		cmocka_unit_test_setup(many_pieces, setup),
		cmocka_unit_test_setup(no_address_wraps, setup),
		cmocka_unit_test_setup(fits_one_firmware, setup),
		cmocka_unit_test_setup(refuses_variables, setup),
		cmocka_unit_test_setup(refuses_lists, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
