// SPDX-License-Identifier: BSD-2-Clause
/* What an arm64 kernel would leave out of its memory, and which data it cannot take. */
#include "../one_page.h"

#include <arch/kernel.h>

/* 15 GiB less 388 KiB of RAM lie before AT. */
static void check(const char *cmdline, enum kb_status want)
{
	struct kernel k = {0};

	img.mem.diag = (struct kb_diag){0};
	if (kernel_check_memory(&k, (struct kb_text){cmdline, strlen(cmdline)}, &img.mem,
				img.kho) != want)
		fail_msg("%s: not KB-%03d", cmdline, want);
}

/* An amount; what counts is not all known, so it is taken for an address. */
static void mem_leaves_nothing_out(void **state)
{
	(void)state;

	check("", KB_OK);
	check("quiet mem=17G", KB_OK);
	check("mem=8G mem=1T", KB_OK); /* the last one counts */
	check("memmap=1G", KB_OK);     /* not of arm64 */
	check("ro -- mem=1G", KB_OK);  /* init's */
	check("mem=0x400010000", KB_OK);
	check("mem=0x40000ffff", KB_MEM_LOST); /* in the kernel's pages, at most 64 KiB */
	/* As 16 GiB of RAM without gaps end there, with a gap or firmware's memory below. */
	check("mem=16G", KB_MEM_LOST);
	check("mem=15G", KB_MEM_LOST);
	check("mem=1T mem=8G", KB_MEM_LOST);
	check("mem=x", KB_MEM_LOST);
}

/* Of 1024 entries two must be free: 1019 pieces, two cuts of an area, one of another at an end. */
static void pieces_of_ram_are_counted(void **state)
{
	static struct range pieces[1019], areas[2];
	const struct range_list ram = img.mem.ram, scratch = img.kho->scratch;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
		pieces[i] = (struct range){i * (4 * SZ_1M), SZ_2M};
	areas[0] = (struct range){SZ_4K, SZ_4K};
	areas[1] = (struct range){(4 * SZ_1M) + SZ_4K, SZ_2M - SZ_4K};
	img.mem.ram = (struct range_list){pieces, 1019, 1019};
	img.kho->scratch = (struct range_list){areas, 2, 2};
	check("", KB_OK);
	areas[1].size = SZ_4K;
	check("", KB_KERNEL_REGIONS);
	img.mem.ram = ram;
	img.kho->scratch = scratch;
}

static enum kb_status check_kho(const char *release, uint32_t kernel, unsigned int data, bool uefi)
{
	struct kho_root root = {.page_shift = data};
	struct kernel k = {.page_size = kernel, .release = release};
	struct kb_diag diag = {0};
	enum kb_status st;

	k.release_len = release ? strlen(release) : 0;
	st = kernel_check_kho(&k, &root, uefi, &diag);
	assert_int_equal(diag.status, st);
	return st;
}

static void the_header_says_the_page_size(void **state)
{
	(void)state;

	assert_int_equal(check_kho("7.3.4", 4096, 12, true), KB_OK);
	assert_int_equal(check_kho("7.3.4", 65536, 16, true), KB_OK);
	assert_int_equal(check_kho("7.3.4", 0, 14, true), KB_OK); /* it does not say */
	assert_int_equal(check_kho("7.3.4", 4096, 16, true), KB_PAGE_SIZE);
	assert_int_equal(check_kho("7.3.4", 16384, 12, false), KB_PAGE_SIZE);
}

static void early_receivers_do_not_take_uefi(void **state)
{
	static const char *const bad[] = {"6.16", "6.16.0-rc1", "6.17.8", "6.17.99-distro"};
	static const char *const good[] = {"6.18", "6.18-rc1", "6.15", "7.0.1", "custom", NULL};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(check_kho(bad[i], 4096, 12, true), KB_KERNEL_UEFI);
		assert_int_equal(check_kho(bad[i], 4096, 12, false), KB_OK);
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(check_kho(good[i], 4096, 12, true), KB_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(mem_leaves_nothing_out, setup, teardown),
		cmocka_unit_test_setup_teardown(pieces_of_ram_are_counted, setup, teardown),
		cmocka_unit_test(the_header_says_the_page_size),
		cmocka_unit_test(early_receivers_do_not_take_uefi),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
