// SPDX-License-Identifier: BSD-2-Clause
/* The bridge as a whole: every form into every other one, and what happens to the sub-blobs. */
#include "kho_test.h"

#include <bridge/bridge.h>

#include <stdlib.h>

#define ok(call) assert_int_equal(call, KB_OK)

#define DATA_BLOCKS 40

struct bridge_case {
	struct kho_image img;
	struct kho_dialect to;
	struct range from_store[8];
	struct range_list from;
	struct bridge bridge;
	struct kho_edit edit[64];
	uint8_t *trial;
	uint8_t *before; /* the field as it was */
	uint64_t opened; /* pieces that were opened to be written */
	bool closed;     /* nothing can be opened */
};

static uint8_t *open_piece(void *ctx, struct range piece)
{
	struct bridge_case *c = ctx;

	c->opened++;
	return c->closed ? NULL : kho_image_at(&c->img, piece.base, piece.size);
}

static struct bridge_case *new_case(const struct kho_kind *from)
{
	struct bridge_case *c = calloc(1, sizeof(*c));

	kho_image_init_sized(&c->img, from->format, from->page_shift, 64 * SZ_1M);
	c->img.hint = hint_of(from->format);
	kho_image_blob_fdt(&c->img, "memblock", "memblock-v1");
	kho_image_blob_fdt(&c->img, "kho_test", "kho-test-v1");
	for (uint64_t i = 0; i < DATA_BLOCKS; i++)
		kho_image_preserve(&c->img, KHO_IMAGE_DATA + (i << 20), 0);
	kho_image_preserve(&c->img, KHO_IMAGE_DATA + SZ_1G / 2, 3);
	return c;
}

/* The rest of the field is free memory. */
static void open_case(struct bridge_case *c, enum kho_abi abi, enum kho_map_format format)
{
	const uint64_t page = c->img.page;
	uint64_t at;

	if (!c->img.map)
		kho_image_finish(&c->img);
	ok(kho_image_open(&c->img));
	at = (KHO_IMAGE_BASE + c->img.used + 2 * SZ_2M) & ~(SZ_2M - 1);
	c->from = (struct range_list){c->from_store, 0, ARRAY_SIZE(c->from_store)};
	ok(range_list_add(&c->from, (struct range){at, KHO_IMAGE_BASE + c->img.size - at}));
	c->trial = calloc(1, page << KHO_PAGES_ORDER_MAX);
	c->to = (struct kho_dialect){.abi = abi, .format = format, .page_shift = c->img.page_shift};
	c->to.compatible = (struct kb_text){kho_abi_name(abi), strlen(kho_abi_name(abi))};
	c->bridge.to = &c->to;
	c->bridge.pages = (struct kho_pages){
		.m = &c->img.mem,
		.k = c->img.kho,
		.from = &c->from,
		.trial = c->trial,
		.open = open_piece,
		.ctx = c,
	};
	kho_image_find(&c->img, KHO_IMAGE_BASE, 1);
	c->before = malloc(c->img.size);
	memcpy(c->before, c->img.buf, c->img.size);
}

static void free_case(struct bridge_case *c)
{
	free(c->trial);
	free(c->before);
	kho_image_free(&c->img);
	free(c);
}

static bool unchanged(struct bridge_case *c)
{
	kho_image_find(&c->img, KHO_IMAGE_BASE, 1);
	return !memcmp(c->before, c->img.buf, c->img.size);
}

static enum kb_status plan(struct bridge_case *c)
{
	size_t edits;
	enum kb_status st = bridge_count(&c->bridge, &edits);

	if (st)
		return st;
	assert_in_range(edits, 1, ARRAY_SIZE(c->edit));
	c->bridge.pages.edit = c->edit;
	c->bridge.pages.edit_max = edits;
	return bridge_plan(&c->bridge);
}

static void write_all(struct bridge_case *c)
{
	ok(plan(c));
	assert_true(unchanged(c));
	ok(bridge_write(&c->bridge));
	ok(bridge_adopt(&c->bridge, c->img.kho, &c->img.h));
}

/* What was adopted is what a reader finds that knows nothing of the bridge. */
static void assert_read_alike(struct bridge_case *c)
{
	const struct kho adopted = *c->img.kho;
	const struct kho *k = c->img.kho;

	c->img.hint = hint_of(c->to.format);
	ok(kho_image_open(&c->img));
	assert_int_equal(k->root.abi, c->to.abi);
	assert_int_equal(k->map.format, c->to.format);
	assert_int_equal(k->map.root.addr, adopted.map.root.addr);
	assert_int_equal(k->map.orders, adopted.map.orders);
	assert_memory_equal(k->map.first, adopted.map.first, sizeof(k->map.first));
	assert_memory_equal(k->sum.blocks, adopted.sum.blocks, sizeof(k->sum.blocks));
	assert_int_equal(k->sum.bytes, adopted.sum.bytes);
	assert_int_equal(k->sum.leaves, adopted.sum.leaves);
	assert_int_equal(k->sum.nodes, adopted.sum.nodes);
	assert_in_range(k->sum.lowest, adopted.sum.lowest, UINT64_MAX);
	assert_in_range(k->sum.end, 0, adopted.sum.end);
}

static void assert_blob(const struct bridge_case *c, const char *name, uint64_t at)
{
	const struct kho_blob *b = kho_root_blob(&c->img.kho->root, name);

	assert_non_null(b);
	assert_int_equal(b->at.addr, at);
}

static const struct {
	enum kho_abi abi;
	enum kho_map_format format;
} targets[] = {
	{KHO_ABI_V1, KHO_MAP_V1_SMALL},
	{KHO_ABI_V1, KHO_MAP_V1_PAGE},
	{KHO_ABI_V3, KHO_MAP_RADIX},
	{KHO_ABI_V4, KHO_MAP_RADIX},
};

/* ---- */

static void every_form_becomes_every_other_one(void **state)
{
	(void)state;
	for_each_kind(k)
	{
		for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
			struct bridge_case *c = new_case(k);
			struct range fdt;
			uint64_t memblock;

			open_case(c, targets[i].abi, targets[i].format);
			fdt = c->img.kho->root.fdt;
			memblock = kho_root_blob(&c->img.kho->root, "memblock")->at.addr;
			write_all(c);
			assert_read_alike(c);
			assert_blob(c, "memblock", memblock);
			assert_non_null(kho_root_blob(&c->img.kho->root, "kho_test"));
			/* The old root FDT is nobody's. */
			assert_false(kho_map_touches(&c->img.mem, &c->img.kho->map, fdt));
			assert_true(kho_map_covers(&c->img.mem, &c->img.kho->map,
						   (struct range){KHO_IMAGE_DATA + SZ_1G / 2,
								  c->img.page * 8}));
			assert_true(c->opened);
			free_case(c);
		}
	}
}

/* The old data can be read as they were: a fallback kernel gets them. */
static void the_old_data_are_left_alone(void **state)
{
	struct bridge_case *c = new_case(&kinds[2]);
	struct kho_handover old;
	(void)state;

	open_case(c, KHO_ABI_V1, KHO_MAP_V1_PAGE);
	old = c->img.h;
	write_all(c);
	kho_image_find(&c->img, KHO_IMAGE_BASE, 1);
	assert_memory_equal(c->before, c->img.buf, c->img.used);
	c->img.h = old;
	c->img.hint = KHO_BITMAP_UNKNOWN;
	ok(kho_image_open(&c->img));
	assert_int_equal(c->img.kho->root.abi, KHO_ABI_V4);
	free_case(c);
}

static void metadata_are_made_for_those_who_have_them(void **state)
{
	struct bridge_case *c = new_case(&kinds[1]);
	(void)state;

	open_case(c, KHO_ABI_V3, KHO_MAP_RADIX);
	write_all(c);
	assert_read_alike(c);
	assert_true(c->img.kho->root.metadata.present);
	assert_int_equal(c->img.kho->root.metadata.count, 1);
	free_case(c);
}

static void metadata_are_kept_between_radix_trees(void **state)
{
	struct bridge_case *c = new_case(&kinds[2]);
	uint64_t at = kho_image_metadata(&c->img, "7.1.13", 3);
	(void)state;

	open_case(c, KHO_ABI_V3, KHO_MAP_RADIX);
	write_all(c);
	assert_read_alike(c);
	assert_blob(c, "kexec-metadata", at);
	free_case(c);
}

/* Older kernels take every sub-blob for an FDT. */
static void what_is_no_fdt_is_not_given_to_kho_v1(void **state)
{
	static const char raw[64] = "luo-v9";
	struct bridge_case *c = new_case(&kinds[2]);
	uint64_t metadata = kho_image_metadata(&c->img, "7.1.13", 3);
	uint64_t at = kho_image_blob(&c->img, "private", raw, sizeof(raw));
	(void)state;

	open_case(c, KHO_ABI_V1, KHO_MAP_V1_PAGE);
	write_all(c);
	assert_read_alike(c);
	assert_string_equal(c->bridge.left_out, "private");
	assert_null(kho_root_blob(&c->img.kho->root, "private"));
	assert_null(kho_root_blob(&c->img.kho->root, "kexec-metadata"));
	/* Its owner may have more memory preserved. */
	assert_true(kho_map_covers(&c->img.mem, &c->img.kho->map, (struct range){at, 64}));
	assert_false(kho_map_touches(&c->img.mem, &c->img.kho->map, (struct range){metadata, 64}));
	free_case(c);
}

/* 40 names of 60 characters fit with an address each, but not with a size, too. */
static void a_root_that_is_too_large_is_refused_before_anything_is_written(void **state)
{
	struct bridge_case *c = new_case(&kinds[1]);
	(void)state;

	for (unsigned int i = 0; i < 38; i++) {
		char name[64];

		memset(name, 'x', sizeof(name));
		name[0] = (char)('A' + i / 10);
		name[1] = (char)('0' + i % 10);
		name[60] = '\0';
		kho_image_blob_fdt(&c->img, name, "x");
	}
	open_case(c, KHO_ABI_V4, KHO_MAP_RADIX);
	assert_int_equal(plan(c), KB_BRIDGE_FDT);
	assert_true(unchanged(c));
	free_case(c);
}

static void no_free_memory_is_refused_before_anything_is_written(void **state)
{
	struct bridge_case *c = new_case(&kinds[1]);
	(void)state;

	open_case(c, KHO_ABI_V4, KHO_MAP_RADIX);
	c->closed = true;
	assert_int_equal(plan(c), KB_BRIDGE_MAP);
	c->closed = false;
	c->from.r[0].size = c->img.page * 2;
	assert_int_equal(plan(c), KB_BRIDGE_ROOM);
	assert_true(unchanged(c));
	free_case(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_becomes_every_other_one),
		cmocka_unit_test(the_old_data_are_left_alone),
		cmocka_unit_test(metadata_are_made_for_those_who_have_them),
		cmocka_unit_test(metadata_are_kept_between_radix_trees),
		cmocka_unit_test(what_is_no_fdt_is_not_given_to_kho_v1),
		cmocka_unit_test(a_root_that_is_too_large_is_refused_before_anything_is_written),
		cmocka_unit_test(no_free_memory_is_refused_before_anything_is_written),
	};

	return cmocka_run_group_tests_name("bridge", tests, NULL, NULL);
}
