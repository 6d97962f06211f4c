// SPDX-License-Identifier: BSD-2-Clause
/* Which kernels take which data, and which options this version honours. */
#include "unit.h"

#include <fdt/kho_target.h>

#include "random.h"

#define assert_ok(call) assert_int_equal(call, KB_OK)

static enum kb_status words(const char *cmdline, struct kb_diag *diag)
{
	return kho_target_words((struct kb_text){cmdline, strlen(cmdline)}, false, diag);
}

/* Only where the CPU can; the decompressor, which reads it, knows neither quotes nor "--". */
static void words_that_encrypt_are_refused(void **state)
{
	static const char *const bad[] = {"mem_encrypt=on", "quiet mem_encrypt=on ro",
					  "a -- mem_encrypt=on", "\"b mem_encrypt=on\""};
	static const char *const good[] = {"", "mem_encrypt=off", "mem_encrypt", "mem_encrypt=o"};
	struct kb_diag diag = {0};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct kb_text t = {bad[i], strlen(bad[i])};

		assert_ok(words(bad[i], &diag));
		assert_int_equal(kho_target_words(t, true, &diag), KB_KERNEL_ENCRYPTS);
	}
	assert_int_equal(diag.at, 0);
	assert_int_equal(diag.value, strlen("mem_encrypt=on"));
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_ok(
			kho_target_words((struct kb_text){good[i], strlen(good[i])}, true, &diag));
}

/* As the kernel reads it: whatever the value, wherever it is, but not after "--". */
static void crash_kernels_take_nothing(void **state)
{
	static const char *const bad[] = {"elfcorehdr=0x1000",
					  "quiet elfcorehdr=", "\"elfcorehdr=1\" ro",
					  "a elfcorehdr=x -- b", "elfcorehdr=0x1000@0x2000"};
	static const char *const good[] = {"",
					   "elfcorehdr",
					   "xelfcorehdr=1",
					   "elfcorehdrs=1",
					   "a -- elfcorehdr=0x1000",
					   "x=\"a elfcorehdr=1\""};
	struct kb_diag diag = {0};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(words(bad[i], &diag), KB_KERNEL_DUMP);
	assert_int_equal(diag.status, KB_KERNEL_DUMP);
	assert_int_equal(diag.value, strlen(bad[0]));
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_ok(words(good[i], &diag));
}

static void words_that_write_are_refused(void **state)
{
	static const char *const bad[] = {
		"memtest",
		"\"memtest\"",
		"memtest=4",
		"memtest=",
		"memtest=0x0", /* harmless, and not worth a parser */
		"cma=64M@16G",
		"cma=64M@16G-",
		"cma=1G@1G-2G",
		"cma=64M@",
		"initrd=0x1000,64M",
		"initrd=,64M",
		"initrdmem=1G,1M",
		"memory_corruption_check_size=2M",
		"memory-corruption-check-size=x",
		"a\xa0memtest",
		"quiet \"memtest=1\"",
	};
	static const char *const good[] = {
		"memtest=0",
		"xmemtest",
		"memtests=1",
		"cma=64M",
		"cma=64M@0-4G",
		"numa_cma=0:64M",
		"initrd=\\initrd.img",
		"initrd=initrd,b",
		"initrd=5",
		"memory_corruption_check_size=64K",
		"memory_corruption_check=1",
		"a -- memtest",
	};
	struct kb_diag diag = {0};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (words(bad[i], &diag) != KB_KERNEL_WRITES)
			fail_msg("%s", bad[i]);
	diag = (struct kb_diag){0};
	assert_int_equal(words("quiet memtest=1 ro", &diag), KB_KERNEL_WRITES);
	assert_int_equal(diag.at, 6);
	assert_int_equal(diag.value, 9);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (words(good[i], &diag))
			fail_msg("%s", good[i]);
}

static enum kho_bitmap_hint bitmaps(const char *release)
{
	return kho_target_bitmaps(release, release ? strlen(release) : 0);
}

static void the_release_tells_the_bitmaps_of_v1(void **state)
{
	(void)state;

	assert_int_equal(bitmaps("6.16.0"), KHO_BITMAP_SMALL);
	assert_int_equal(bitmaps("6.17.8"), KHO_BITMAP_SMALL);
	assert_int_equal(bitmaps("6.17.8-1-amd64"), KHO_BITMAP_SMALL);
	assert_int_equal(bitmaps("6.18-rc1"), KHO_BITMAP_PAGE);
	assert_int_equal(bitmaps("6.18.15+deb13-amd64"), KHO_BITMAP_PAGE);
	assert_int_equal(bitmaps("7.0.1"), KHO_BITMAP_PAGE);
	assert_int_equal(bitmaps("10.0"), KHO_BITMAP_PAGE);
	/* Only the given number of characters is read. */
	assert_int_equal(kho_target_bitmaps("6.189", 4), KHO_BITMAP_PAGE);
	assert_int_equal(kho_target_bitmaps("6.18", 3), KHO_BITMAP_UNKNOWN);
}

static void other_releases_tell_nothing(void **state)
{
	(void)state;

	assert_int_equal(bitmaps(NULL), KHO_BITMAP_UNKNOWN);
	assert_int_equal(bitmaps(""), KHO_BITMAP_UNKNOWN);
	assert_int_equal(bitmaps("custom"), KHO_BITMAP_UNKNOWN);
	assert_int_equal(bitmaps("v6.18"), KHO_BITMAP_UNKNOWN);
	assert_int_equal(bitmaps("6.17.9"), KHO_BITMAP_UNKNOWN);
	assert_int_equal(bitmaps("6.17.999999999999"), KHO_BITMAP_UNKNOWN);
	assert_int_equal(bitmaps("6.15.9"), KHO_BITMAP_UNKNOWN);
}

static uint64_t regions(const struct range_list *ram, const struct range_list *scratch)
{
	struct kb_diag diag = {0};

	assert_ok(kho_target_regions(ram, scratch, 1000, NULL));
	assert_int_equal(kho_target_regions(ram, scratch, 0, &diag), KB_KERNEL_REGIONS);
	/* Two more must be free. */
	assert_ok(kho_target_regions(ram, scratch, diag.value + 2, NULL));
	assert_int_equal(kho_target_regions(ram, scratch, diag.value + 1, NULL), KB_KERNEL_REGIONS);
	return diag.value;
}

#define PAGES 96

/* A page is 0: no RAM, 1: RAM, 2: scratch. Entries are the runs of one kind. */
static void scratch_cuts_ram(void **state)
{
	struct range ram_store[PAGES], scratch_store[PAGES];
	uint64_t random = 7;
	(void)state;

	for (int round = 0; round < 2000; round++) {
		struct range_list ram = {ram_store, 0, PAGES}, scratch = {scratch_store, 0, PAGES};
		uint8_t kind[PAGES + 1] = {0};
		uint64_t runs = 0;

		for (int i = 1; i < PAGES; i++)
			kind[i] = random_below(&random, 3) ? kind[i - 1]
							   : (uint8_t)random_below(&random, 3);
		for (int i = 0; i < PAGES; i++) {
			struct range page = {(uint64_t)i * SZ_4K, SZ_4K};

			runs += kind[i] && (!i || kind[i] != kind[i - 1]);
			if (kind[i])
				assert_ok(range_list_add(&ram, page));
			if (kind[i] == 2)
				assert_ok(range_list_add(&scratch, page));
		}
		range_list_sort(&ram);
		range_list_sort(&scratch);
		if (runs)
			assert_int_equal(regions(&ram, &scratch), runs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scratch_cuts_ram),
		cmocka_unit_test(crash_kernels_take_nothing),
		cmocka_unit_test(words_that_encrypt_are_refused),
		cmocka_unit_test(words_that_write_are_refused),
		cmocka_unit_test(the_release_tells_the_bitmaps_of_v1),
		cmocka_unit_test(other_releases_tell_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
