// SPDX-License-Identifier: BSD-2-Clause
/* Where an arm64 kernel and its initrd go: within 32 GiB. */
#include "../unit.h"

#include <stage/stage.h>

#define FAR (100 * SZ_1G)

#define ok(call) assert_int_equal(call, KB_OK)

static struct stage s;
static struct range store[8];

/* An initrd that kexec put at 2 GiB, where @near bytes are free; 256 MiB are free far above. */
static void start(uint64_t near)
{
	s = (struct stage){
		.kernel = {.window_size = 64 * SZ_1M, .window_align = SZ_2M, .page_size = SZ_4K}};
	s.free = (struct range_list){store, 0, ARRAY_SIZE(store)};
	ok(range_list_add(&s.free, (struct range){2 * SZ_1G + 16 * SZ_1M, near}));
	ok(range_list_add(&s.free, (struct range){FAR, 256 * SZ_1M}));
	stage_take_initrd(&s, (struct range){2 * SZ_1G, 16 * SZ_1M}, STAGE_OUTSIDE_TAKEN);
	stage_describe_boot(&s);
}

static void near_the_window_it_stays(void **state)
{
	(void)state;

	start(128 * SZ_1M);
	ok(stage_place_all(&s));
	assert_false(s.initrds.copied);
	assert_int_equal(s.boot.initrd.base, 2 * SZ_1G);
	assert_true(s.place.window.base < FAR);
}

static void far_from_the_window_it_is_copied(void **state)
{
	struct range near;
	(void)state;

	start(SZ_2M);
	assert_int_equal(stage_place(&s), KB_PLACE_KERNEL);
	start(SZ_2M);
	ok(stage_place_all(&s));
	near = boot_near(s.place.window);
	assert_true(s.initrds.copied);
	assert_true(s.place.window.base >= FAR && s.initrd.base >= FAR);
	assert_int_equal(s.initrd.size, 16 * SZ_1M);
	assert_int_equal(s.boot.initrd.base, s.initrd.base);
	assert_int_equal(range_intersect(near, s.initrd).size, s.initrd.size);
	assert_false(ranges_overlap(s.initrd, s.place.window));
	assert_false(ranges_overlap(s.initrd, s.place.block));
	/* A second attempt, as after giving up KHO, is no different. */
	s.free.count = 0;
	ok(range_list_add(&s.free, (struct range){FAR, 256 * SZ_1M}));
	stage_describe_boot(&s);
	ok(stage_place_all(&s));
	assert_true(s.initrd.base >= FAR);
}

static void without_room_for_the_copy_it_is_refused(void **state)
{
	(void)state;

	start(SZ_2M);
	s.free.r[1].size = 64 * SZ_1M + SZ_2M;
	assert_int_equal(stage_place_all(&s), KB_PLACE_KERNEL);
	start(SZ_2M);
	s.free.count = 1;
	assert_int_equal(stage_place_all(&s), KB_PLACE_KERNEL);
	/* With more memory than before, as a crash kernel tries it, it need not be copied. */
	s.free.r[0].size = 64 * SZ_1M + SZ_2M;
	stage_describe_boot(&s);
	ok(stage_place_all(&s));
	assert_false(s.initrds.copied);
	assert_int_equal(s.boot.initrd.base, 2 * SZ_1G);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(near_the_window_it_stays),
		cmocka_unit_test(far_from_the_window_it_is_copied),
		cmocka_unit_test(without_room_for_the_copy_it_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
