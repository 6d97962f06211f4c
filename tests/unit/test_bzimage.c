// SPDX-License-Identifier: BSD-2-Clause
/* The setup header: one good kernel, then each field wrong in each way that has a code. */
#include "unit.h"

#include "make_image.h"

#include <format/bzimage.h>

#include <stdlib.h>

static struct buffer file;

static int setup(void **state)
{
	(void)state;
	make_bzimage(&file, "packed", 6);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buffer_free(&file);
	return 0;
}

/* Parse a copy of just @size bytes, so that reading past it is seen. */
static enum kb_status parse(size_t size, struct bzimage *b, struct kb_diag *diag)
{
	uint8_t *copy = malloc(size ? size : 1);
	enum kb_status st;

	memcpy(copy, file.data, size);
	st = bzimage_parse(copy, size, b, diag);
	if (!st && b->release) {
		assert_in_range((uintptr_t)b->release, (uintptr_t)copy,
				(uintptr_t)copy + size - b->release_len);
		b->release = (char *)file.data + (b->release - (char *)copy);
	}
	free(copy);
	return st;
}

static void good_kernel(void **state)
{
	struct bzimage b;
	(void)state;

	ok(parse(file.size, &b, NULL));
	assert_int_equal(b.version, 0x20f);
	assert_int_equal(b.xloadflags, 0x63);
	assert_int_equal(b.header_offset, 0x1f1);
	assert_int_equal(b.header_size, 0x202 + 0x6a - 0x1f1);
	assert_int_equal(b.setup_size, TEST_BZ_SETUP);
	assert_int_equal(b.load_offset, TEST_BZ_SETUP);
	assert_int_equal(b.load_size, file.size - TEST_BZ_SETUP);
	assert_int_equal(b.init_size, 0x4000000);
	assert_int_equal(b.pref_address, 0x1000000);
	assert_int_equal(b.kernel_alignment, 0x200000);
	assert_int_equal(b.min_alignment, 0x200000);
	assert_int_equal(b.cmdline_size, 2047);
	assert_int_equal(b.release_len, strlen(TEST_RELEASE));
	assert_memory_equal(b.release, TEST_RELEASE, b.release_len);
}

struct wrong {
	const char *what;
	uint32_t at;
	uint8_t bytes;
	uint64_t value;
	enum kb_status want;
};

static const struct wrong wrongs[] = {
	{"no HdrS", 0x202, 4, 0, KB_BZ_MAGIC},
	{"no boot flag", 0x1fe, 2, 0x55aa, KB_BZ_MAGIC},
	{"protocol 2.11", 0x206, 2, 0x20b, KB_BZ_OLD},
	{"protocol 2.12", 0x206, 2, 0x20c, KB_OK},
	{"zImage", 0x211, 1, 0, KB_BZ_LOW},
	{"32 bits", 0x236, 2, 0x62, KB_BZ_NO_64},
	{"below 4 GiB", 0x236, 2, 0x61, KB_BZ_BELOW_4G},
	{"fixed", 0x234, 1, 0, KB_BZ_FIXED},
	{"header ends in init_size", 0x201, 1, 0x61, KB_BZ_HEADER},
	{"header ends past init_size", 0x201, 1, 0x62, KB_OK},
	{"header to its limit", 0x201, 1, 0x8e, KB_OK},
	{"header beyond its limit", 0x201, 1, 0x8f, KB_BZ_HEADER},
	{"alignment 0", 0x230, 4, 0, KB_BZ_ALIGN},
	{"alignment of 2 KiB", 0x230, 4, 0x800, KB_BZ_ALIGN},
	{"alignment of 4 KiB", 0x230, 4, 0x1000, KB_OK},
	{"alignment of 1 GiB", 0x230, 4, 0x40000000, KB_OK},
	{"alignment of 2 GiB", 0x230, 4, 0x80000000, KB_BZ_ALIGN},
	{"alignment odd", 0x230, 4, 0x201000, KB_BZ_ALIGN},
	{"min_alignment 11", 0x235, 1, 11, KB_BZ_ALIGN},
	{"min_alignment 31", 0x235, 1, 31, KB_BZ_ALIGN},
	{"min_alignment 255", 0x235, 1, 255, KB_BZ_ALIGN},
	{"init_size 0", 0x260, 4, 0, KB_BZ_INIT_SIZE},
	{"init_size below the file", 0x260, 4, 0x445, KB_BZ_INIT_SIZE},
	{"init_size of 1 GiB", 0x260, 4, 0x40000000, KB_OK},
	{"init_size over 1 GiB", 0x260, 4, 0x40000001, KB_BZ_INIT_SIZE},
	{"pref_address wraps", 0x258, 8, UINT64_MAX, KB_BZ_INIT_SIZE},
	{"pref_address wraps with size", 0x258, 8, UINT64_MAX - 0x7fffffff, KB_BZ_INIT_SIZE},
	{"pref_address just fits", 0x258, 8, UINT64_MAX - 0x80000000, KB_OK},
	{"setup longer than the file", 0x1f1, 1, 5, KB_BZ_SHORT},
	{"setup of 64 sectors", 0x1f1, 1, 63, KB_BZ_SHORT},
};

static void each_fault_has_its_code(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(wrongs); i++) {
		const struct wrong *w = &wrongs[i];
		struct bzimage b = {.version = 77};
		struct kb_diag diag = {0};
		enum kb_status st;

		setup(state);
		memcpy(file.data + w->at, &w->value, w->bytes);
		st = parse(file.size, &b, &diag);
		if (st != w->want)
			fail_msg("%s: KB-%03d, expected KB-%03d", w->what, st, w->want);
		assert_int_equal(diag.status, st);
		assert_int_equal(b.version, st ? 77 : get_u16(file.data + 0x206));
	}
}

/* The smallest kernel has 512 bytes after the offset of its 64-bit entry. */
static void every_cut_is_refused(void **state)
{
	struct bzimage b;
	(void)state;

	for (size_t size = 0; size <= TEST_BZ_SETUP + 0x200; size++)
		assert_int_equal(parse(size, &b, NULL), KB_BZ_SHORT);
	ok(parse(TEST_BZ_SETUP + 0x201, &b, NULL));
	assert_int_equal(b.load_size, 0x201);
}

/* init_size has to hold what is loaded, to the byte. */
static void init_size_covers_the_file(void **state)
{
	uint32_t load = (uint32_t)file.size - TEST_BZ_SETUP;
	struct bzimage b;
	(void)state;

	put_u32(file.data + 0x260, load);
	ok(parse(file.size, &b, NULL));
	put_u32(file.data + 0x260, load - 1);
	assert_int_equal(parse(file.size, &b, NULL), KB_BZ_INIT_SIZE);
}

static void no_setup_sects_means_four(void **state)
{
	struct bzimage b;
	(void)state;

	file.data[0x1f1] = 0;
	ok(parse(file.size, &b, NULL));
	assert_int_equal(b.setup_size, 5 * 512);
	assert_int_equal(b.load_size, file.size - 5 * 512);
}

static void assert_release(const char *want)
{
	struct bzimage b;

	ok(parse(file.size, &b, NULL));
	if (!want) {
		assert_null(b.release);
		assert_int_equal(b.release_len, 0);
		return;
	}
	assert_non_null(b.release);
	assert_int_equal(b.release_len, strlen(want));
	assert_memory_equal(b.release, want, b.release_len);
}

static void release_is_the_first_word(void **state)
{
	char *text = (char *)file.data + 0x300;
	(void)state;

	assert_release(TEST_RELEASE);
	strcpy(text, "6.18.15");
	assert_release("6.18.15");
	strcpy(text, "6.18.15\nmore");
	assert_release("6.18.15");
	text[0] = '\0';
	assert_release(NULL);
	memset(text, 'x', 128);
	assert_release(NULL);
	text[127] = ' ';
	assert_release(memcpy((char[128]){0}, text, 127));
	put_u16(file.data + 0x20e, 0);
	assert_release(NULL);
}

/* The text may lie anywhere in the setup sectors and nowhere else. */
static void release_stays_in_setup(void **state)
{
	const uint16_t last = TEST_BZ_SETUP - 128 - 0x200;
	(void)state;

	put_u16(file.data + 0x20e, last);
	memcpy(file.data + TEST_BZ_SETUP - 128, "last", 5);
	assert_release("last");
	put_u16(file.data + 0x20e, last + 1);
	assert_release(NULL);
	put_u16(file.data + 0x20e, 0xffff);
	assert_release(NULL);
}

static void five_levels(void **state)
{
	struct bzimage b = {.xloadflags = 0x63};
	(void)state;

	ok(bzimage_check_5level(&b, true));
	ok(bzimage_check_5level(&b, false));
	b.xloadflags = 0x3;
	assert_int_equal(bzimage_check_5level(&b, true), KB_BZ_5LEVEL);
	ok(bzimage_check_5level(&b, false));
}

static void payload(void **state)
{
	uint64_t at = 77, size = 77;
	struct bzimage b;
	(void)state;

	ok(parse(file.size, &b, NULL));
	ok(bzimage_payload(&b, &at, &size));
	assert_memory_equal(file.data + at, "packed", 6);
	assert_int_equal(size, 6);
	at = size = 77;
	b.payload_length = (uint32_t)b.load_size - b.payload_offset;
	ok(bzimage_payload(&b, &at, &size));
	assert_int_equal(at + size, file.size);
	at = 77;
	b.payload_length++;
	assert_int_equal(bzimage_payload(&b, &at, &size), KB_BZ_PAYLOAD);
	b.payload_offset = b.payload_length = UINT32_MAX;
	assert_int_equal(bzimage_payload(&b, &at, &size), KB_BZ_PAYLOAD);
	b.payload_length = 0;
	assert_int_equal(bzimage_payload(&b, &at, &size), KB_BZ_PAYLOAD);
	assert_int_equal(at, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(good_kernel, setup, teardown),
		cmocka_unit_test_setup_teardown(each_fault_has_its_code, setup, teardown),
		cmocka_unit_test_setup_teardown(every_cut_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(init_size_covers_the_file, setup, teardown),
		cmocka_unit_test_setup_teardown(no_setup_sects_means_four, setup, teardown),
		cmocka_unit_test_setup_teardown(release_is_the_first_word, setup, teardown),
		cmocka_unit_test_setup_teardown(release_stays_in_setup, setup, teardown),
		cmocka_unit_test(five_levels),
		cmocka_unit_test_setup_teardown(payload, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
