// SPDX-License-Identifier: BSD-2-Clause
/* What an x86 kernel would leave out of its memory; arm64's are in arm64/test_receiver.c. */
#include "one_page.h"

#include <arch/kernel.h>

static enum kb_status check_with(const char *cmdline, uint16_t flags)
{
	struct kernel k = {.bz.xloadflags = flags};

	img.mem.diag = (struct kb_diag){0};
	return kernel_check_memory(&k, (struct kb_text){cmdline, strlen(cmdline)}, &img.mem,
				   img.kho);
}

static void check(const char *cmdline, enum kb_status want)
{
	if (check_with(cmdline, XLF_5LEVEL | XLF_5LEVEL_ENABLED) != want)
		fail_msg("%s: not KB-%03d", cmdline, want);
}

/* Of 128 entries two must be free: 124 pieces, and two cuts of an area in one of them. */
static void pieces_of_ram_are_counted(void **state)
{
	struct range pieces[125], area = {SZ_1G + SZ_4K, SZ_4K};
	const struct range_list ram = img.mem.ram, scratch = img.kho->scratch;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
		pieces[i] = (struct range){SZ_1G + i * (4 * SZ_1M), SZ_2M};
	img.mem.ram = (struct range_list){pieces, 124, 125};
	img.kho->scratch = (struct range_list){&area, 1, 1};
	check("", KB_OK);
	img.mem.ram.count = 125;
	check("", KB_KERNEL_REGIONS);
	img.mem.ram = ram;
	img.kho->scratch = scratch;
}

static void limits_above_all_are_taken(void **state)
{
	static const char *const good[] = {
		"",
		"quiet mem=nopentium",
		"mem=0x400001000",
		"mem=17G",
		"mem=1T",
		"xmem=1G",
		"memmap=17G",
		"memmap=4K@16G",
		"memmap=4K$17G",
		"memmap=4K#0x400001000",
		"memmap=1G!20G,4K$30G",
		"no5lvl",
		"MEM=1G",
		"memmap=4K%17G-1+2",
		"memmap=4K$0xc000000", /* after scratch */
		"ro -- mem=1G",        /* init's */
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		check(good[i], KB_OK);
}

static void what_takes_preserved_memory_is_refused(void **state)
{
	static const char *const bad[] = {
		"mem=16G",
		"quiet mem=16g ro",
		"mem=512M",
		"mem=x",
		"mem=\"1073741824 x\"", /* bytes: a blank is no unit */
		"mem=0x400000fff",
		"\"mem=1G\"",
		"mem=99999999999999999999",
		"mem=32G mem=8G",
		"memmap=exactmap",
		"memmap=exactmap,20G@0",
		"memmap=16G",
		"memmap=4K$16G",
		"memmap=1G!0x3fff00000",
		"memmap=4K#16G",
		"memmap=4K$30G,4K$16G",
		"memmap=4K%16G-1+2",
		"memmap=4K$x",
		"root=\xc3\xa0 mem=1G",
		"root=\xc3\xa0mem=1G", /* 0xa0 is a space */
		"memmap=0xffffffffffffffff$1G",
		"memmap=4K$8G",        /* scratch */
		"memmap=4K$0xbfff000", /* its last page */
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check(bad[i], KB_MEM_LOST);
	check("mem=16G", KB_MEM_LOST);
	assert_diag(&img, AT, AT);
	check("memmap=4K$8G", KB_MEM_LOST);
	assert_diag(&img, 8 * SZ_1G, 8 * SZ_1G);
}

static void four_levels_end_at_64_tib(void **state)
{
	const uint16_t five = XLF_5LEVEL | XLF_5LEVEL_ENABLED;
	struct range *last;
	(void)state;

	assert_int_equal(check_with("", 0), KB_OK);
	kho_image_free(&img);
	kho_image_init(&img, KHO_MAP_RADIX, 12);
	last = &img.mem.ram.r[img.mem.ram.count - 1];
	last->size = (1ULL << 46) + SZ_1G - last->base;
	kho_image_preserve(&img, 1ULL << 46, 0);
	kho_image_finish(&img);
	assert_int_equal(kho_image_open(&img), KB_OK);
	assert_int_equal(check_with("no5lv", five), KB_OK);
	assert_int_equal(check_with("\"a no5lvl b\"", five), KB_MEM_LOST);
	assert_int_equal(check_with("a -- no5lvl", five), KB_MEM_LOST);
	assert_int_equal(check_with("no5lvl", five), KB_MEM_LOST);
	assert_int_equal(check_with("", XLF_5LEVEL), KB_MEM_LOST);
	assert_diag(&img, 1ULL << 46, 1ULL << 46);
}

static void pages_are_of_4k(void **state)
{
	struct kho_root root = {.page_shift = 12};
	struct kernel k = {0};
	struct kb_diag diag = {0};
	(void)state;

	assert_int_equal(kernel_check_kho(&k, &root, true, &diag), KB_OK);
	root.page_shift = 16;
	assert_int_equal(kernel_check_kho(&k, &root, true, &diag), KB_PAGE_SIZE);
	assert_int_equal(diag.value, 65536);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(limits_above_all_are_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(what_takes_preserved_memory_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(pieces_of_ram_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(four_levels_end_at_64_tib, setup, teardown),
		cmocka_unit_test(pages_are_of_4k),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
