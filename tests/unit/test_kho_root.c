// SPDX-License-Identifier: BSD-2-Clause
/* The root FDT: versions, sub-blobs, and each way in which it can be wrong. */
#include "kho_test.h"

#include <libfdt.h>
#include <stdio.h>

static enum kb_status parse(struct kho_image *img, struct kho_root *root)
{
	kho_image_seal(img);
	return kho_root_parse(&img->mem, &img->h, root);
}

/* A finished v4 image with one blob, and a v1 image with one FDT blob. */
static void make(struct kho_image *img, enum kho_map_format format)
{
	kho_image_init(img, format, 12);
	kho_image_blob_fdt(img, "memblock", "memblock-v1");
	kho_image_finish(img);
}

/* Write the FDT again, with the knobs of @img as they are now, and expect @code. */
#define assert_root(img, code)                                                                     \
	do {                                                                                       \
		struct kho_root root_;                                                             \
		kho_image_write_root(img);                                                         \
		assert_code(img, parse(img, &root_), code);                                        \
	} while (0)

static void reads_each_kind(void **state)
{
	for_each_kind(k)
	{
		struct kho_image img;
		struct kho_root root;
		uint64_t at;

		kho_image_init(&img, k->format, k->page_shift);
		at = kho_image_blob_fdt(&img, "memblock", "memblock-v1");
		kho_image_blob_fdt(&img, "LUO", "luo-v1");
		kho_image_finish(&img);
		assert_code(&img, parse(&img, &root), KB_OK);
		assert_int_equal(root.abi, img.abi);
		assert_int_equal(root.page_shift, k->page_shift);
		assert_int_equal(root.fdt.base, img.h.fdt.addr);
		assert_int_equal(root.fdt.size, img.page);
		assert_int_equal(root.map.addr, img.map);
		assert_int_equal(root.blob_count, 2);
		assert_string_equal(root.blob[0].name, "memblock");
		assert_int_equal(root.blob[0].at.addr, at);
		assert_int_equal(root.blob[0].size, img.blob[0].size);
		assert_ptr_equal(kho_root_blob(&root, "LUO"), &root.blob[1]);
		assert_null(kho_root_blob(&root, "LU"));
		assert_null(kho_root_blob(&root, "LUO1"));
		assert_false(root.metadata.present);
		kho_image_free(&img);
	}
	(void)state;
}

static void reads_totalsize(void **state)
{
	struct kho_image img;
	struct kho_root root;

	make(&img, KHO_MAP_RADIX);
	assert_code(&img, parse(&img, &root), KB_OK);
	assert_int_equal(root.fdt_totalsize,
			 fdt_totalsize(kho_image_at(&img, img.h.fdt.addr, img.page)));
	kho_image_free(&img);
	(void)state;
}

static void check_version(const char *list, unsigned int len, enum kho_abi abi, const char *name)
{
	struct kho_image img;
	struct kho_root root;

	make(&img, abi == KHO_ABI_V1 ? KHO_MAP_V1_PAGE : KHO_MAP_RADIX);
	img.compatible = list;
	img.compatible_len = len;
	kho_image_write_root(&img);
	assert_code(&img, parse(&img, &root), KB_OK);
	assert_int_equal(root.abi, abi);
	assert_string_equal(root.compatible, name);
	kho_image_free(&img);
}

static void knows_versions(void **state)
{
	check_version("kho-v1", 0, KHO_ABI_V1, "kho-v1");
	check_version("kho-v3", 0, KHO_ABI_V3, "kho-v3");
	check_version("kho-v4", 0, KHO_ABI_V4, "kho-v4");
	(void)state;
}

static void newest_of_a_list_counts(void **state)
{
	static const char older_first[] = "kho-v3\0kho-v4", future[] = "kho-v9\0kho-v3";

	check_version(older_first, sizeof(older_first), KHO_ABI_V4, "kho-v4");
	check_version(future, sizeof(future), KHO_ABI_V3, "kho-v3");
	check_version("kho-v4;radix-v1", 0, KHO_ABI_V4, "kho-v4");
	(void)state;
}

static void refuses_versions(void **state)
{
	struct kho_image img;

	make(&img, KHO_MAP_RADIX);
	img.compatible = "kho-v2";
	assert_root(&img, KB_KHO_V2);
	img.compatible = "kho-v5";
	assert_root(&img, KB_KHO_VERSION);
	img.compatible = "kho-v40"; /* not v4 */
	assert_root(&img, KB_KHO_VERSION);
	img.compatible = "kho-v4;radix-v2";
	assert_root(&img, KB_KHO_VERSION);
	kho_image_free(&img);
	(void)state;
}

static void refuses_compatible(void **state)
{
	struct kho_image img;

	make(&img, KHO_MAP_RADIX);
	img.compatible = "memblock-v1";
	assert_root(&img, KB_KHO_COMPATIBLE);
	img.compatible = "kho-";
	assert_root(&img, KB_KHO_COMPATIBLE);
	img.compatible = "kho-v4";
	img.compatible_len = 6; /* no NUL */
	assert_root(&img, KB_KHO_COMPATIBLE);
	img.compatible_none = true;
	assert_root(&img, KB_KHO_COMPATIBLE);
	kho_image_free(&img);
	(void)state;
}

static void refuses_fdt_size(void **state)
{
	static const uint64_t sizes[] = {0, 4095, 8192, 0x8000, 0x20000, 1ULL << 63};
	struct kho_image img;
	struct kho_root root;

	make(&img, KHO_MAP_RADIX);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		img.h.fdt_size = sizes[i];
		assert_code(&img, parse(&img, &root), KB_KHO_FDT_SIZE);
		assert_diag(&img, img.h.fdt.addr, sizes[i]);
	}
	kho_image_free(&img);
	(void)state;
}

static void refuses_fdt_place(void **state)
{
	struct kho_image img;
	struct kho_root root;

	make(&img, KHO_MAP_RADIX);
	img.h.fdt.addr += 8;
	assert_code(&img, parse(&img, &root), KB_KHO_FDT_ALIGN);
	img.h.fdt.addr = 0x9f000; /* after the first piece of RAM */
	assert_code(&img, parse(&img, &root), KB_KHO_FDT_RAM);
	img.h.fdt.addr = UINT64_MAX - 0xfff;
	assert_code(&img, parse(&img, &root), KB_KHO_FDT_RAM);
	img.h.fdt.addr = KHO_IMAGE_DATA; /* RAM, but the dump has a hole there */
	assert_code(&img, parse(&img, &root), KB_KHO_FDT_RAM);
	kho_image_free(&img);
	(void)state;
}

/* Put @v into word @word of the FDT header and expect KB_KHO_FDT_BAD. */
static void check_header(struct kho_image *img, unsigned int word, uint32_t v)
{
	uint64_t at = img->h.fdt.addr + 4 * word;
	uint32_t old = get_u32(kho_image_at(img, at, 4));
	struct kho_root root;

	kho_image_put32(img, at, __builtin_bswap32(v));
	assert_code(img, parse(img, &root), KB_KHO_FDT_BAD);
	kho_image_put32(img, at, old);
}

static void refuses_damaged_fdt(void **state)
{
	struct kho_image img;
	struct kho_root root;

	make(&img, KHO_MAP_RADIX);
	check_header(&img, 0, 0xd00dfee0); /* magic */
	check_header(&img, 1, 0x1001);     /* totalsize beyond the page */
	check_header(&img, 1, 16);         /* totalsize below the header */
	check_header(&img, 2, 0xffffff00); /* structure block */
	check_header(&img, 3, 0xffff);     /* strings block */
	check_header(&img, 5, 1);          /* version too old */
	check_header(&img, 5, 15);         /* libfdt 1.6 crashes on it */
	check_header(&img, 5, 16);
	check_header(&img, 6, 18); /* last compatible version too new */
	assert_code(&img, parse(&img, &root), KB_OK);
	kho_image_free(&img);
	(void)state;
}

static void refuses_shape(void **state)
{
	struct kho_image img;

	make(&img, KHO_MAP_RADIX);
	img.extra_depth = KHO_FDT_DEPTH - 1; /* below a node that is 1 deep */
	assert_root(&img, KB_OK);
	img.extra_depth++;
	assert_root(&img, KB_KHO_FDT_SHAPE);
	kho_image_free(&img);

	kho_image_init(&img, KHO_MAP_RADIX, 14);
	kho_image_blob_fdt(&img, "memblock", "memblock-v1");
	img.extra_nodes = KHO_FDT_NODES - 2; /* root and blob count */
	kho_image_finish(&img);
	assert_root(&img, KB_OK);
	img.extra_nodes++;
	assert_root(&img, KB_KHO_FDT_SHAPE);
	kho_image_free(&img);
	(void)state;
}

static void refuses_duplicates(void **state)
{
	struct kho_image img;

	make(&img, KHO_MAP_RADIX);
	img.compatible_twice = true;
	assert_root(&img, KB_KHO_FDT_DUPLICATE);
	img.compatible_twice = false;
	img.map_twice = true;
	assert_root(&img, KB_KHO_FDT_DUPLICATE);
	img.map_twice = false;
	img.blob[0].at_twice = true;
	assert_root(&img, KB_KHO_FDT_DUPLICATE);
	img.blob[0].at_twice = false;
	img.blob[0].size_twice = true;
	assert_root(&img, KB_KHO_FDT_DUPLICATE);
	img.blob[0].size_twice = false;
	assert_root(&img, KB_OK);
	img.blob[img.blobs++] = img.blob[0]; /* a node of the same name */
	assert_root(&img, KB_KHO_FDT_DUPLICATE);
	kho_image_free(&img);
	(void)state;
}

static void refuses_map_property(void **state)
{
	static const unsigned int lens[] = {0, 4, 12, 16};
	struct kho_image img;

	make(&img, KHO_MAP_RADIX);
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		img.map_len = lens[i];
		assert_root(&img, KB_KHO_MAP_PROP);
	}
	kho_image_free(&img);
	(void)state;
}

/* Pointer 0 is normal for a kho-v1 kernel that was not told to finalize, and damage otherwise. */
static void tells_empty_from_damaged(void **state)
{
	struct kho_image img;

	make(&img, KHO_MAP_V1_PAGE);
	img.map_null = true;
	assert_root(&img, KB_KHO_NOT_FINALIZED);
	kho_image_free(&img);

	make(&img, KHO_MAP_RADIX);
	img.map_null = true;
	assert_root(&img, KB_KHO_MAP_NULL);
	kho_image_free(&img);
	(void)state;
}

static void refuses_too_many_blobs(void **state)
{
	struct kho_image img;
	char name[16];

	kho_image_init(&img, KHO_MAP_RADIX, 16);
	for (unsigned int i = 0; i < KHO_BLOBS; i++) {
		snprintf(name, sizeof(name), "b%u", i);
		kho_image_blob_fdt(&img, name, "x");
	}
	kho_image_finish(&img);
	assert_root(&img, KB_OK);
	img.blob[img.blobs] = img.blob[0];
	snprintf(img.blob[img.blobs++].name, sizeof(name), "one-more");
	assert_root(&img, KB_KHO_BLOB_COUNT);
	kho_image_free(&img);
	(void)state;
}

static void refuses_blob_address(void **state)
{
	static const unsigned int lens[] = {0, 4, 12};
	struct kho_image img;

	make(&img, KHO_MAP_RADIX);
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		img.blob[0].at_len = lens[i];
		assert_root(&img, KB_KHO_BLOB_ADDR);
	}
	img.blob[0].at_len = 8;
	img.blob[0].at = 0;
	assert_root(&img, KB_KHO_BLOB_ADDR);
	img.blob[0].at = KHO_IMAGE_BASE + 4;
	assert_root(&img, KB_KHO_BLOB_ALIGN);
	img.blob[0].at = 3 * SZ_1G;
	assert_root(&img, KB_KHO_BLOB_RAM);
	img.blob[0].at = 3 * SZ_1G - 8; /* begins in RAM */
	assert_root(&img, KB_KHO_BLOB_RAM);
	kho_image_free(&img);
	(void)state;
}

static void refuses_blob_size(void **state)
{
	static const uint64_t sizes[] = {0, KHO_BLOB_MAX + 1, UINT64_MAX};
	struct kho_image img;

	make(&img, KHO_MAP_RADIX);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		img.blob[0].size = sizes[i];
		assert_root(&img, KB_KHO_BLOB_SIZE);
	}
	img.blob[0].size = 64;
	img.blob[0].size_len = 4;
	assert_root(&img, KB_KHO_BLOB_SIZE);
	img.blob[0].size_len = 0;
	assert_root(&img, KB_KHO_BLOB_SIZE);
	kho_image_free(&img);
	(void)state;
}

static void refuses_long_names(void **state)
{
	struct kho_image img;

	make(&img, KHO_MAP_RADIX);
	memset(img.blob[0].name, 'n', KHO_NAME_MAX);
	img.blob[0].name[KHO_NAME_MAX] = 0;
	assert_root(&img, KB_OK);
	img.blob[0].name[KHO_NAME_MAX] = 'n';
	img.blob[0].name[KHO_NAME_MAX + 1] = 0;
	assert_root(&img, KB_KHO_BLOB_NAME);
	kho_image_free(&img);
	(void)state;
}

/* kho-v1 names no sizes: the blob must be an FDT, and all of it must be RAM. */
static void reads_v1_blob_size(void **state)
{
	struct kho_image img;
	struct kho_root root;

	make(&img, KHO_MAP_V1_PAGE);
	assert_code(&img, parse(&img, &root), KB_OK);
	assert_int_equal(root.blob[0].size,
			 fdt_totalsize(kho_image_at(&img, img.blob[0].at, img.page)));
	kho_image_put32(&img, img.blob[0].at, 0);
	assert_root(&img, KB_KHO_BLOB_FDT);
	img.blob[0].at = KHO_IMAGE_DATA;
	assert_root(&img, KB_KHO_BLOB_RAM);
	kho_image_free(&img);
	(void)state;
}

static void v1_totalsize_must_be_ram(void **state)
{
	struct kho_image img;

	make(&img, KHO_MAP_V1_PAGE);
	kho_image_put32(&img, img.blob[0].at + 4, __builtin_bswap32(0x3fffffff));
	assert_root(&img, KB_KHO_BLOB_RAM);
	kho_image_put32(&img, img.blob[0].at + 4, __builtin_bswap32(0x7fffffff));
	assert_root(&img, KB_KHO_BLOB_SIZE);
	kho_image_free(&img);
	(void)state;
}

static void reads_metadata(void **state)
{
	struct kho_image img;
	struct kho_root root;

	kho_image_init(&img, KHO_MAP_RADIX, 12);
	kho_image_metadata(&img, "7.1.13-\x1b[2J", 3);
	kho_image_finish(&img);
	assert_code(&img, parse(&img, &root), KB_OK);
	assert_true(root.metadata.present);
	assert_string_equal(root.metadata.release, "7.1.13-?[2J");
	assert_int_equal(root.metadata.count, 3);
	kho_image_free(&img);
	(void)state;
}

/* The field has 65 bytes, and may lack a NUL. */
static void ends_long_release(void **state)
{
	struct kho_image img;
	struct kho_root root;
	uint64_t at;

	kho_image_init(&img, KHO_MAP_RADIX, 12);
	at = kho_image_metadata(&img, "", 1);
	memset(kho_image_at(&img, at + 4, 65), 'r', 65);
	kho_image_finish(&img);
	assert_code(&img, parse(&img, &root), KB_OK);
	assert_int_equal(strlen(root.metadata.release), 64);
	kho_image_free(&img);
	(void)state;
}

static void leaves_out_unknown_metadata(void **state)
{
	struct kho_image img;
	struct kho_root root;
	uint64_t at;

	kho_image_init(&img, KHO_MAP_RADIX, 12);
	at = kho_image_metadata(&img, "7.1.13", 1);
	kho_image_finish(&img);
	kho_image_put32(&img, at, 2);
	assert_code(&img, parse(&img, &root), KB_OK);
	assert_false(root.metadata.present);
	kho_image_put32(&img, at, 1);
	img.blob[0].size = 72; /* too short */
	kho_image_write_root(&img);
	assert_code(&img, parse(&img, &root), KB_OK);
	assert_false(root.metadata.present);
	kho_image_free(&img);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_each_kind),
		cmocka_unit_test(reads_totalsize),
		cmocka_unit_test(knows_versions),
		cmocka_unit_test(newest_of_a_list_counts),
		cmocka_unit_test(refuses_versions),
		cmocka_unit_test(refuses_compatible),
		cmocka_unit_test(refuses_fdt_size),
		cmocka_unit_test(refuses_fdt_place),
		cmocka_unit_test(refuses_damaged_fdt),
		cmocka_unit_test(refuses_shape),
		cmocka_unit_test(refuses_duplicates),
		cmocka_unit_test(refuses_map_property),
		cmocka_unit_test(tells_empty_from_damaged),
		cmocka_unit_test(refuses_too_many_blobs),
		cmocka_unit_test(refuses_blob_address),
		cmocka_unit_test(refuses_blob_size),
		cmocka_unit_test(refuses_long_names),
		cmocka_unit_test(reads_v1_blob_size),
		cmocka_unit_test(v1_totalsize_must_be_ram),
		cmocka_unit_test(reads_metadata),
		cmocka_unit_test(ends_long_release),
		cmocka_unit_test(leaves_out_unknown_metadata),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
