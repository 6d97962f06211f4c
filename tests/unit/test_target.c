// SPDX-License-Identifier: BSD-2-Clause
/* Which kernels take which data, and which options this version honours. */
#include "unit.h"

#include <fdt/kho_target.h>

#include "random.h"

#define assert_ok(call) assert_int_equal(call, KB_OK)

static enum kb_status check(const char *text, enum kho_abi abi, unsigned int page_shift,
			    struct kb_diag *diag)
{
	struct kho_root root = {.abi = abi, .page_shift = page_shift};
	struct uki_part section = {text, 0, text ? strlen(text) : 0};

	*diag = (struct kb_diag){0};
	return kho_target_check(&section, &root, diag);
}

static void the_same_version_and_page_size_are_taken(void **state)
{
	struct kb_diag diag;
	(void)state;

	assert_ok(check("kho=kho-v4\npage=4096\n", KHO_ABI_V4, 12, &diag));
	assert_ok(check("kho=kho-v1\npage=4096\n", KHO_ABI_V1, 12, &diag));
	assert_ok(check("kho=kho-v3 kho-v4\npage=65536\n", KHO_ABI_V3, 16, &diag));
}

static void all_else_is_refused(void **state)
{
	struct kb_diag diag;
	(void)state;

	assert_int_equal(check(NULL, KHO_ABI_V4, 12, &diag), KB_KERNEL_UNKNOWN);
	assert_int_equal(check("kho=none\npage=4096\n", KHO_ABI_V4, 12, &diag), KB_KERNEL_NO_KHO);
	assert_int_equal(check("kho=kho-v3\npage=4096\n", KHO_ABI_V4, 12, &diag),
			 KB_KERNEL_EXPECTS);
	assert_int_equal(diag.at, 1 << 3);
	assert_int_equal(diag.value, 4);
	assert_int_equal(check("kho=kho-v4\npage=16384\n", KHO_ABI_V4, 12, &diag), KB_PAGE_SIZE);
	assert_int_equal(diag.at, 16384);
	assert_int_equal(diag.value, 4096);
	assert_int_equal(check("kho\n", KHO_ABI_V4, 12, &diag), KB_UKI_KHO);
	assert_int_equal(check("kho=kho-v4\npage=4096\n", KHO_ABI_UNKNOWN, 12, &diag),
			 KB_KHO_VERSION);
}

/* Refused by name, also where the kernel names a known version beside the new one. */
static void versions_to_come_are_refused_by_name(void **state)
{
	static const char *const text[] = {
		"kho=none\npage=4096\nunknown=kho-v4;radix-v1;vmalloc-v1\n",
		"kho=kho-v4\npage=4096\nunknown=kho-v4;radix-v1;vmalloc-v1\n",
	};
	struct kb_diag diag;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(text); i++) {
		struct uki_part section = {text[i], 0, strlen(text[i])};

		assert_int_equal(check(text[i], KHO_ABI_V4, 12, &diag), KB_KERNEL_NEW);
		assert_true(text_is(kho_target_name(&section), "kho-v4;radix-v1;vmalloc-v1"));
	}
	assert_int_equal(kho_target_name(&(struct uki_part){0}).len, 0);
	assert_int_equal(kho_target_name(&(struct uki_part){"unknown=x\n", 0, 10}).len, 0);
}

/* Of each page size: the largest order whose bytes an int holds, and the next one. */
static void blocks_that_old_receivers_lose_are_refused(void **state)
{
	static const struct {
		unsigned int page_shift, largest;
	} t[] = {{12, 18}, {14, 16}, {16, 14}};
	struct kb_diag diag;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		for (unsigned int order = 0; order < KHO_ORDERS; order++) {
			struct kho_root root = {.page_shift = t[i].page_shift};
			struct kho_summary sum = {.blocks = {[0] = 1}};
			enum kb_status want = order > t[i].largest ? KB_BLOCK_HUGE : KB_OK;

			sum.blocks[order] = 3;
			diag = (struct kb_diag){0};
			root.abi = KHO_ABI_V4;
			assert_ok(kho_target_blocks(&root, &sum, &diag));
			root.abi = KHO_ABI_V1;
			assert_int_equal(kho_target_blocks(&root, &sum, &diag), want);
			root.abi = KHO_ABI_V3;
			assert_int_equal(kho_target_blocks(&root, &sum, &diag), want);
			assert_int_equal(diag.at, want ? order : 0);
			assert_int_equal(diag.value, want ? 3 : 0);
		}
	}
}

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
		cmocka_unit_test(the_same_version_and_page_size_are_taken),
		cmocka_unit_test(all_else_is_refused),
		cmocka_unit_test(versions_to_come_are_refused_by_name),
		cmocka_unit_test(blocks_that_old_receivers_lose_are_refused),
		cmocka_unit_test(scratch_cuts_ram),
		cmocka_unit_test(crash_kernels_take_nothing),
		cmocka_unit_test(words_that_encrypt_are_refused),
		cmocka_unit_test(words_that_write_are_refused),
		cmocka_unit_test(the_release_tells_the_bitmaps_of_v1),
		cmocka_unit_test(other_releases_tell_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
