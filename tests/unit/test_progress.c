// SPDX-License-Identifier: BSD-2-Clause
/* What lines of progress say. */
#include <route/progress.h>
#include <route/route.h>

#include "unit.h"

static void says_how_far_and_how_long(void **state)
{
	struct route_progress p = route_progress(300 * SZ_1G, 812 * SZ_1G, 8 * 1000000);

	assert_int_equal(p.percent, 36);
	assert_int_equal(p.left_s, 14); /* 13.65 */
	assert_int_equal(p.size, 812);
	assert_string_equal(p.unit, "GiB");
	p = route_progress(SZ_1G, 2 * SZ_1G, 1000000);
	assert_int_equal(p.percent, 50);
	assert_int_equal(p.left_s, 1);
	assert_int_equal(p.size, 2048);
	assert_string_equal(p.unit, "MiB");
	(void)state;
}

static void has_no_bound_that_a_machine_reaches(void **state)
{
	/* 64 TiB, of which half took ten hours; then all. */
	struct route_progress p = route_progress(32ULL << 40, 64ULL << 40, 36000000000);

	assert_int_equal(p.percent, 50);
	assert_int_equal(p.left_s, 36000);
	p = route_progress(64ULL << 40, 64ULL << 40, 72000000000);
	assert_int_equal(p.percent, 100);
	assert_int_equal(p.left_s, 0);
	p = route_progress(1ULL << 52, UINT64_MAX, UINT64_MAX);
	assert_int_equal(p.left_s, 0); /* too much to say */
	(void)state;
}

/* Nothing done, nothing to do, and more done than there was. */
static void the_ends_are_sound(void **state)
{
	struct route_progress p = route_progress(0, SZ_1G, 5000000);

	assert_int_equal(p.percent, 0);
	assert_int_equal(p.left_s, 0);
	p = route_progress(0, 0, 5000000);
	assert_int_equal(p.percent, 100);
	p = route_progress(3 * SZ_1G, 2 * SZ_1G, 5000000);
	assert_int_equal(p.percent, 100);
	assert_int_equal(p.left_s, 0);
	(void)state;
}

static void counts_what_has_digests(void **state)
{
	assert_int_equal(route_digested(KB_DIGEST_ALL, 100, 7), 100);
	assert_int_equal(route_digested(KB_DIGEST_ZONE, 100, 7), 7);
	assert_int_equal(route_digested(KB_DIGEST_META, 100, 7), 0);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_how_far_and_how_long),
		cmocka_unit_test(has_no_bound_that_a_machine_reaches),
		cmocka_unit_test(the_ends_are_sound),
		cmocka_unit_test(counts_what_has_digests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
