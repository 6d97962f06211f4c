// SPDX-License-Identifier: BSD-2-Clause
/* arm64 kernels: the header, the ways they are packed, and what is wrong with them. */
#include "unit.h"

#include "make_image.h"
#include "pack.h"

#include <format/arm64_image.h>

#include <stdlib.h>

#define CONTENT 300000u

static uint8_t content[CONTENT];
static struct buffer image, file, work, window;

static int setup(void **state)
{
	uint64_t seed = 1;
	(void)state;

	for (size_t i = 0; i < CONTENT; i++)
		content[i] = i % 32 < 28 ? (uint8_t)(i / 32) : (uint8_t)random_next(&seed);
	make_arm64_image(&image, content, CONTENT);
	buffer_reserve(&work, UNPACK_WORK_SIZE);
	buffer_reserve(&window, image.size + 0x10000 + 1);
	file.size = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buffer_free(&image);
	buffer_free(&file);
	buffer_free(&work);
	buffer_free(&window);
	return 0;
}

static struct range work_area(void)
{
	return (struct range){(uintptr_t)work.data, UNPACK_WORK_SIZE};
}

static enum kb_status open_kernel(const struct buffer *b, struct arm64_kernel *k,
				  struct kb_diag *diag)
{
	return arm64_kernel_open(b->data, b->size, work_area(), k, diag);
}

/* ---- the header ------------------------------------------------------------------------------ */

static void header_is_read(void **state)
{
	static const uint32_t pages[] = {0, 4096, 16384, 65536};
	struct arm64_image i;
	(void)state;

	for (size_t n = 0; n < ARRAY_SIZE(pages); n++) {
		put_u64(image.data + IMG_FLAGS, 8 | n << 1);
		put_u64(image.data + IMG_TEXT_OFFSET, 0x80000 * n);
		ok(arm64_image_parse(image.data, &i, NULL));
		assert_int_equal(i.page_size, pages[n]);
		assert_int_equal(i.image_size, CONTENT + 0x1000 + 0x10000);
		assert_int_equal(i.text_offset, 0x80000 * n);
	}
	/* Flags that are not defined yet. */
	put_u64(image.data + IMG_FLAGS, ~6ull);
	put_u64(image.data + IMG_FLAGS, get_u64(image.data + IMG_FLAGS) & ~1ull);
	ok(arm64_image_parse(image.data, &i, NULL));
}

static void defects_of_the_header(void **state)
{
	static const struct {
		uint32_t at;
		uint64_t value;
		enum kb_status want;
	} t[] = {
		{IMG_SIZE, 0, KB_ARM64_OLD},
		{IMG_SIZE, 63, KB_ARM64_SIZE},
		{IMG_SIZE, 64, KB_OK},
		{IMG_SIZE, SZ_1G, KB_OK},
		{IMG_SIZE, SZ_1G + 1, KB_ARM64_SIZE},
		{IMG_SIZE, UINT64_MAX, KB_ARM64_SIZE},
		{IMG_TEXT_OFFSET, SZ_2M - 4096, KB_OK},
		{IMG_TEXT_OFFSET, SZ_2M, KB_ARM64_OFFSET},
		{IMG_TEXT_OFFSET, 0x80800, KB_ARM64_OFFSET},
		{IMG_TEXT_OFFSET, UINT64_MAX, KB_ARM64_OFFSET},
		{IMG_FLAGS, 9, KB_ARM64_BIG_ENDIAN},
		{IMG_FLAGS, 2, KB_ARM64_FIXED},
		{IMG_MAGIC, 0x644d5242, KB_ARM64_MAGIC},
	};
	(void)state;

	for (size_t n = 0; n < ARRAY_SIZE(t); n++) {
		struct kb_diag diag = {0};
		struct arm64_image i;

		make_arm64_image(&image, content, CONTENT);
		put_u64(image.data + t[n].at, t[n].value);
		assert_int_equal(arm64_image_parse(image.data, &i, &diag), t[n].want);
		assert_int_equal(diag.status, t[n].want);
		assert_int_equal(diag.at, t[n].want ? t[n].at : 0);
	}
}

/* ---- kinds of files -------------------------------------------------------------------------- */

static void assert_loads(const struct buffer *b, enum packing packing)
{
	struct arm64_kernel k;
	uint64_t size = 0;

	ok(open_kernel(b, &k, NULL));
	assert_int_equal(k.packed.packing, packing);
	assert_int_equal(k.image.page_size, 16384);
	memset(window.data, 0xee, image.size + 0x10000 + 1);
	ok(arm64_kernel_load(&k, window.data, work_area(), &size, NULL));
	assert_int_equal(size, image.size);
	assert_memory_equal(window.data, image.data, image.size);
	assert_int_equal(window.data[image.size + 0x10000], 0xee);
}

static void every_kind_loads(void **state)
{
	struct buffer packed = {0};
	(void)state;

	assert_loads(&image, PACKING_NONE);
	pack_gzip_to(&packed, image.data, image.size);
	assert_loads(&packed, PACKING_GZIP);
	make_zboot(&file, "gzip", packed.data, packed.size);
	assert_loads(&file, PACKING_GZIP);
	packed.size = 0;
	pack_zstd_to(&packed, image.data, image.size);
	assert_loads(&packed, PACKING_ZSTD);
	make_zboot(&file, "zstd", packed.data, packed.size);
	assert_loads(&file, PACKING_ZSTD);
	make_zboot(&file, "zstd22", packed.data, packed.size); /* kernels before 6.15 */
	assert_loads(&file, PACKING_ZSTD);
	buffer_free(&packed);
}

static void other_files_are_refused(void **state)
{
	static const uint8_t zeros[4096];
	struct buffer bzimage = {0};
	struct packed p;
	(void)state;

	assert_int_equal(arm64_image_find(zeros, 63, &p, NULL), KB_ARM64_SHORT);
	assert_int_equal(arm64_image_find(zeros, 64, &p, NULL), KB_ARM64_MAGIC);
	make_bzimage(&bzimage, "packed", 6);
	assert_int_equal(arm64_image_find(bzimage.data, bzimage.size, &p, NULL), KB_ARM64_MAGIC);
	buffer_free(&bzimage);
}

static void zboot_of_other_kinds(void **state)
{
	static const char *const names[] = {"lz4", "lzma",  "lzo", "xzkern",
					    "",    "gzip2", "zst", "zstd2"};
	struct packed p;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		make_zboot(&file, names[i], image.data, image.size);
		assert_int_equal(arm64_image_find(file.data, file.size, &p, NULL),
				 KB_ZBOOT_PACKING);
	}
}

static void zboot_with_a_payload_elsewhere(void **state)
{
	static const struct {
		uint32_t offset, size;
	} t[] = {{0, 100},          {63, 100},
		 {0x2000, 0},       {0x2000, CONTENT * 2},
		 {0xffffffff, 100}, {0xffffffff, 0xffffffff}};
	struct packed p;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct kb_diag diag = {0};

		make_zboot(&file, "gzip", image.data, image.size);
		put_u32(file.data + 8, t[i].offset);
		put_u32(file.data + 12, t[i].size);
		assert_int_equal(arm64_image_find(file.data, file.size, &p, &diag),
				 KB_ZBOOT_PAYLOAD);
		assert_int_equal(diag.at, t[i].offset);
		assert_int_equal(diag.value, t[i].size);
	}
}

/* What is packed is not a kernel, or too short to be one. */
static void packed_rubbish(void **state)
{
	struct arm64_kernel k;
	(void)state;

	pack_gzip_to(&file, content, CONTENT);
	assert_int_equal(open_kernel(&file, &k, NULL), KB_ARM64_MAGIC);
	file.size = 0;
	pack_zstd_to(&file, image.data, 63);
	buffer_align(&file, 64);
	buffer_align(&file, 128);
	assert_int_equal(open_kernel(&file, &k, NULL), KB_UNPACK);
}

/* ---- lengths --------------------------------------------------------------------------------- */

/* A signature may follow, another file may not. */
static void what_follows_the_image(void **state)
{
	struct arm64_kernel k;
	uint64_t size = 0;
	(void)state;

	put_u64(image.data + IMG_SIZE, image.size - 512);
	ok(open_kernel(&image, &k, NULL));
	ok(arm64_kernel_load(&k, window.data, work_area(), &size, NULL));
	assert_int_equal(size, image.size - 512);
	buffer_reserve(&file, image.size + SZ_1M);
	memcpy(file.data, image.data, image.size);
	memset(file.data + image.size, 0, SZ_1M);
	file.size = image.size - 512 + SZ_1M;
	ok(open_kernel(&file, &k, NULL));
	file.size++;
	assert_int_equal(open_kernel(&file, &k, NULL), KB_ARM64_SIZE);
}

/* The header promises .bss, so only the section table of the EFI stub says how long the file is. */
static void a_cut_image_is_refused(void **state)
{
	struct arm64_kernel k;
	(void)state;

	make_arm64_stub(&file);
	ok(open_kernel(&file, &k, NULL));
	file.size = STUB_SIZE - 0x1000;
	assert_int_equal(open_kernel(&file, &k, NULL), KB_ARM64_SHORT);
	file.size = 0x1fff;
	assert_int_equal(open_kernel(&file, &k, NULL), KB_ARM64_SHORT);
}

/* ---- loading --------------------------------------------------------------------------------- */

static void assert_fails(const struct buffer *b, enum kb_status want)
{
	struct kb_diag diag = {0};
	struct arm64_kernel k;
	uint64_t size = 77;

	ok(open_kernel(b, &k, NULL));
	assert_int_equal(arm64_kernel_load(&k, window.data, work_area(), &size, &diag), want);
	assert_int_equal(diag.status, want);
	assert_int_equal(size, 77);
}

static void damage_behind_the_header(void **state)
{
	(void)state;

	pack_gzip_to(&file, image.data, image.size);
	file.data[file.size - 8] ^= 1; /* the checksum */
	assert_fails(&file, KB_UNPACK);
	file.size = 0;
	pack_zstd_to(&file, image.data, image.size);
	file.size -= 100;
	assert_fails(&file, KB_UNPACK);
}

static void more_than_the_header_says(void **state)
{
	(void)state;

	put_u64(image.data + IMG_SIZE, image.size - 1);
	pack_gzip_to(&file, image.data, image.size);
	assert_fails(&file, KB_UNPACK_ROOM);
	file.size = 0;
	pack_zstd_to(&file, image.data, image.size);
	assert_fails(&file, KB_UNPACK_ROOM);
}

/* Between the two readings the file was replaced by another one. */
static void another_kernel_is_refused(void **state)
{
	static const uint32_t fields[] = {IMG_SIZE, IMG_TEXT_OFFSET, IMG_FLAGS, IMG_MAGIC};
	struct arm64_kernel k;
	uint64_t size;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		make_arm64_image(&image, content, CONTENT);
		ok(open_kernel(&image, &k, NULL));
		image.data[fields[i] + 1] ^= 0x10;
		image.data[fields[i]] ^= 2;
		assert_int_equal(arm64_kernel_load(&k, window.data, work_area(), &size, NULL),
				 KB_ARM64_CHANGED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(header_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(defects_of_the_header, setup, teardown),
		cmocka_unit_test_setup_teardown(every_kind_loads, setup, teardown),
		cmocka_unit_test_setup_teardown(other_files_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(zboot_of_other_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(zboot_with_a_payload_elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(packed_rubbish, setup, teardown),
		cmocka_unit_test_setup_teardown(what_follows_the_image, setup, teardown),
		cmocka_unit_test_setup_teardown(a_cut_image_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(damage_behind_the_header, setup, teardown),
		cmocka_unit_test_setup_teardown(more_than_the_header_says, setup, teardown),
		cmocka_unit_test_setup_teardown(another_kernel_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
