// SPDX-License-Identifier: BSD-2-Clause
/* The kernel as the doors of arm64 place and load it; its formats are in test_arm64_image.c. */
#include "../unit.h"

#include <stage/stage.h>

#include <stdlib.h>

static uint8_t file[0x3000];
static uint8_t *work;

static int setup(void **state)
{
	(void)state;
	memset(file, 0x5a, sizeof(file));
	memset(file, 0, ARM64_HEADER_SIZE);
	put_u64(file + ARM64_TEXT_OFFSET, 0x80000);
	put_u64(file + ARM64_IMAGE_SIZE, 0x7ff001);
	put_u64(file + ARM64_FLAGS, 8 | 1 << 1);
	memcpy(file + ARM64_MAGIC, "ARM\x64", 4);
	work = malloc(KERNEL_WORK_SIZE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(work);
	return 0;
}

static enum kb_status open_kernel(struct kernel *k, struct kb_diag *diag)
{
	struct range area = {(uintptr_t)work, KERNEL_WORK_SIZE};

	return kernel_open(file, sizeof(file), area, k, diag);
}

static void window_holds_offset_and_bss(void **state)
{
	struct kernel k;
	(void)state;

	ok(open_kernel(&k, NULL));
	assert_int_equal(k.window_size, 0x880000);
	assert_int_equal(k.window_align, 0x200000);
	assert_int_equal(k.text_offset, 0x80000);
	assert_int_equal(k.page_size, 4096);
	assert_ptr_equal(k.file, file);
	assert_int_equal(k.size, sizeof(file));
	assert_null(k.release);
	put_u64(file + ARM64_TEXT_OFFSET, 0);
	put_u64(file + ARM64_IMAGE_SIZE, 0x800000);
	ok(open_kernel(&k, NULL));
	assert_int_equal(k.window_size, 0x800000);
}

static void loads_behind_the_offset(void **state)
{
	struct range area = {(uintptr_t)work, KERNEL_WORK_SIZE};
	struct kernel k;
	uint8_t *window;
	(void)state;

	put_u64(file + ARM64_IMAGE_SIZE, 0x4000);
	ok(open_kernel(&k, NULL));
	window = calloc(1, k.window_size);
	ok(kernel_load(&k, window, area));
	assert_memory_equal(window + 0x80000, file, sizeof(file));
	assert_int_equal(window[0x7ffff], 0);
	assert_int_equal(window[0x80000 + sizeof(file)], 0);
	file[ARM64_MAGIC] = 0;
	assert_int_equal(kernel_load(&k, window, area), KB_ARM64_CHANGED);
	free(window);
}

static void refusals_go_through(void **state)
{
	struct kernel k = {.size = 77};
	struct kb_diag diag = {0};
	(void)state;

	put_u64(file + ARM64_IMAGE_SIZE, 0);
	assert_int_equal(open_kernel(&k, &diag), KB_ARM64_OLD);
	assert_int_equal(diag.status, KB_ARM64_OLD);
	assert_int_equal(k.size, 77);
}

static void release_for_the_log(void **state)
{
	struct kernel k = {.release = "7.3.4-test (user@host)", .release_len = 22};
	char text[32], small[5];
	(void)state;

	stage_release(&k, text, sizeof(text));
	assert_string_equal(text, "7.3.4-test");
	stage_release(&k, small, sizeof(small));
	assert_string_equal(small, "7.3.");
	k.release_len = 3;
	stage_release(&k, text, sizeof(text));
	assert_string_equal(text, "7.3");
	k = (struct kernel){0};
	stage_release(&k, text, sizeof(text));
	assert_string_equal(text, "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(window_holds_offset_and_bss, setup, teardown),
		cmocka_unit_test_setup_teardown(loads_behind_the_offset, setup, teardown),
		cmocka_unit_test_setup_teardown(refusals_go_through, setup, teardown),
		cmocka_unit_test(release_for_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
