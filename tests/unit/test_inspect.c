// SPDX-License-Identifier: BSD-2-Clause
/*
 * The reader that shows what can be read: where data are sound it counts what a naive count says,
 * and each kind of damage hides no more than it has to.
 */
#include "kho_test.h"
#include "luo_kernel.h"

#include <inspect/inspect.h>

#include <libfdt.h>
#include <stdlib.h>

static const struct inspect_lister no_list;

static struct inspect_faults faults;

static bool has_fault(enum kb_status st)
{
	for (uint64_t i = 0; i < faults.count && i < INSPECT_FAULTS; i++)
		if (faults.first[i].status == st)
			return true;
	return false;
}

#define assert_fault(status) assert_true(has_fault(status))

static void read_root(struct kho_image *img, struct kho_root *ret)
{
	memset(&faults, 0, sizeof(faults));
	memset(ret, 0xa5, sizeof(*ret));
	assert_int_equal(inspect_root(&img->mem, kho_image_at(img, img->h.fdt.addr, img->page),
				      img->h.fdt.addr, img->page, ret, &faults),
			 KB_OK);
}

/* With the page size known, and without scratch. */
static void read_map(struct kho_image *img, struct inspect_map *ret)
{
	struct range none[1];
	const struct range_list scratch = {none, 0, 1};
	struct kho_root root;

	read_root(img, &root);
	root.page_shift = img->page_shift;
	kho_image_seal(img);
	inspect_map(&img->mem, &root, img->hint, &scratch, &no_list, ret, &faults);
}

/* ---- the map, counted in another way: every block in an array ---- */

static int by_order(const void *a, const void *b)
{
	const struct kho_block *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* @b: sorted, no block twice. */
static void count_blocks(struct kho_image *img, const struct kho_block *b, size_t n,
			 struct inspect_map *ret)
{
	uint64_t row = 0;

	*ret = (struct inspect_map){.lowest = UINT64_MAX};
	for (size_t i = 0; i < n; i++) {
		struct inspect_order *o = &ret->order[b[i].order];
		uint64_t size = img->page << b[i].order;
		bool follows = i && b[i - 1].order == b[i].order && b[i - 1].at + size == b[i].at;

		row = follows ? row + 1 : 1;
		o->entries++;
		o->runs += follows ? 0 : 1;
		o->largest = max_u64(o->largest, row);
		ret->entries++;
		ret->runs += follows ? 0 : 1;
		ret->bytes += size;
		ret->lowest = min_u64(ret->lowest, b[i].at);
		ret->last = max_u64(ret->last, b[i].at + size - 1);
	}
}

static void assert_same_count(const struct inspect_map *got, const struct inspect_map *want)
{
	for (unsigned int i = 0; i < KHO_ORDERS; i++) {
		assert_int_equal(got->order[i].entries, want->order[i].entries);
		assert_int_equal(got->order[i].runs, want->order[i].runs);
		assert_int_equal(got->order[i].largest, want->order[i].largest);
	}
	assert_int_equal(got->entries, want->entries);
	assert_int_equal(got->runs, want->runs);
	assert_int_equal(got->bytes, want->bytes);
	assert_int_equal(got->lowest, want->lowest);
	assert_int_equal(got->last, want->last);
}

struct rows {
	struct kho_image *img;
	struct kho_block *block;
	size_t blocks;
};

static void take_row(void *ctx, unsigned int order, uint64_t at, uint64_t blocks)
{
	struct rows *r = ctx;

	r->block = realloc(r->block, (r->blocks + blocks) * sizeof(*r->block));
	for (uint64_t i = 0; i < blocks; i++)
		r->block[r->blocks++] =
			(struct kho_block){at + (i << (r->img->page_shift + order)), order};
}

/* Rows of all lengths: full words, rows over words and bitmaps, single pages. */
static void preserve_at_random(struct kho_image *img, uint64_t *random)
{
	uint64_t at = KHO_IMAGE_DATA, left = 60 + random_below(random, 60);

	while (left--) {
		uint64_t n = random_below(random, 3) ? 1 + random_below(random, 5)
						     : 1 + random_below(random, 300);

		for (uint64_t i = 0; i < n; i++, at += img->page)
			kho_image_preserve(img, at, 0);
		at += img->page * (1 + random_below(random, 200));
	}
	at = 16 * SZ_1G;
	for (left = 20; left--; at += (img->page << 9) * (1 + random_below(random, 2)))
		kho_image_preserve(img, at, 9);
	/* A row from one page-size bitmap to the next one. */
	at = 32 * SZ_1G - 5 * img->page;
	for (left = 0; left < 9; left++)
		kho_image_preserve(img, at + left * img->page, 0);
}

static void a_sound_map_is_counted(void **state)
{
	uint64_t random = 4;
	(void)state;

	for_each_kind(k)
	{
		struct inspect_map want, got;
		struct range none[1];
		const struct range_list scratch = {none, 0, 1};
		struct kho_image img;
		struct rows rows = {&img, NULL, 0};
		const struct inspect_lister list = {take_row, NULL, &rows};
		struct kho_naive naive;
		struct kho_root root;

		kho_image_init(&img, k->format, k->page_shift);
		img.hint = hint_of(k->format);
		preserve_at_random(&img, &random);
		kho_image_finish(&img);
		assert_true(naive_read(&img, k->format, &naive));
		qsort(img.block, img.blocks, sizeof(*img.block), by_order);
		count_blocks(&img, img.block, img.blocks, &want);
		read_map(&img, &got);
		assert_int_equal(faults.count, 0);
		assert_int_equal(got.format, k->format);
		assert_same_count(&got, &want);
		assert_int_equal(got.meta[KHO_META_LEAF] + got.meta[KHO_META_BITMAP], naive.leaves);
		assert_int_equal(got.meta[KHO_META_NODE] + got.meta[KHO_META_CHUNK], naive.nodes);
		read_root(&img, &root);
		root.page_shift = k->page_shift;
		inspect_map(&img.mem, &root, img.hint, &scratch, &list, &got, &faults);
		assert_same_count(&got, &want);
		qsort(rows.block, rows.blocks, sizeof(*rows.block), by_order);
		assert_int_equal(rows.blocks, img.blocks);
		for (size_t i = 0; i < rows.blocks; i++)
			assert_int_equal(by_order(&rows.block[i], &img.block[i]), 0);
		free(rows.block);
		naive_free(&naive);
		kho_image_free(&img);
	}
}

/* Every word of a bitmap that a row can end in, at every distance. */
static void words_of_all_shapes(void **state)
{
	uint64_t random = 11;
	(void)state;

	for (unsigned int round = 0; round < 40; round++) {
		struct kho_image img;
		struct inspect_map want, got;
		uint8_t *bits;

		kho_image_init(&img, KHO_MAP_RADIX, 12);
		kho_image_preserve(&img, KHO_IMAGE_DATA, 0);
		bits = kho_image_bits(&img, KHO_IMAGE_DATA, 0);
		memset(bits, 0, 4096);
		for (unsigned int i = 0; i < 512; i++) {
			uint64_t w = random_next(&random);

			for (uint64_t n = random_below(&random, 5); n; n--)
				w |= random_next(&random);
			w = random_below(&random, 4) ? w : random_below(&random, 2) ? ~0ULL : 0;
			put_u64(bits + 8 * i, w);
		}
		img.blocks = 1; /* the FDT */
		for (uint64_t i = 0; i < 32768; i++)
			if (bits[i / 8] >> i % 8 & 1)
				kho_image_preserve(&img, KHO_IMAGE_DATA + i * 4096, 0);
		kho_image_finish(&img);
		qsort(img.block, img.blocks, sizeof(*img.block), by_order);
		count_blocks(&img, img.block, img.blocks, &want);
		read_map(&img, &got);
		assert_same_count(&got, &want);
		kho_image_free(&img);
	}
}

static void the_page_size_is_found(void **state)
{
	(void)state;
	for_each_kind(k)
	{
		struct kho_image img;
		struct kho_root root;

		kho_image_init(&img, k->format, k->page_shift);
		/* The FDT lies where a bitmap begins, of any page size: the blobs decide. */
		kho_image_blob_fdt(&img, "one", "one-v1");
		kho_image_blob_fdt(&img, "two", "two-v1");
		kho_image_preserve(&img, KHO_IMAGE_DATA, 3);
		kho_image_finish(&img);
		read_root(&img, &root);
		kho_image_seal(&img);
		assert_int_equal(inspect_page_shift(&img.mem, &root), k->page_shift);
		root.map = phys(img.h.scratch.addr & ~0xffffULL);
		assert_int_equal(inspect_page_shift(&img.mem, &root), 0);
		kho_image_free(&img);
	}
}

/* ---- what is missing, or in scratch ---- */

static void blocks_outside_ram_and_in_scratch(void **state)
{
	(void)state;
	for_each_kind(k)
	{
		struct inspect_map got;
		struct kho_image img;
		struct kho_root root;
		struct range area;
		struct range_list scratch = {&area, 1, 1};

		kho_image_init(&img, k->format, k->page_shift);
		area = img.area[0];
		/* The last of RAM, and after it; then two at the end of scratch, and one after. */
		kho_image_preserve(&img, 3 * SZ_1G - img.page, 0);
		kho_image_preserve(&img, 3 * SZ_1G, 0);
		kho_image_preserve(&img, 3 * SZ_1G + img.page, 0);
		for (uint64_t i = 0; i < 3; i++)
			kho_image_preserve(&img, range_end(area) + (i - 2) * img.page, 0);
		/* Half of this one is there. */
		kho_image_preserve(&img, 0, 8);
		kho_image_finish(&img);
		read_root(&img, &root);
		root.page_shift = k->page_shift;
		inspect_map(&img.mem, &root, KHO_BITMAP_PAGE, &scratch, &no_list, &got, &faults);
		assert_int_equal(got.missing, 3);
		assert_int_equal(got.in_scratch, 2);
		assert_fault(KB_INSPECT_MISSING);
		assert_fault(KB_KHO_BLOCK_SCRATCH);
		assert_false(has_fault(KB_KHO_META_SCRATCH));
		area = (struct range){img.map, img.page};
		memset(&faults, 0, sizeof(faults));
		inspect_map(&img.mem, &root, KHO_BITMAP_PAGE, &scratch, &no_list, &got, &faults);
		assert_int_equal(got.meta_in_scratch, 1);
		assert_fault(KB_KHO_META_SCRATCH);
		kho_image_free(&img);
	}
}

/* ---- damage: one word is changed, and one thing is lost ---- */

static void damage_tree(struct kho_image *img, unsigned int level, uint64_t v, enum kb_status st,
			uint64_t left)
{
	uint64_t slot = kho_image_slot(img, kho_image_key(img, KHO_IMAGE_DATA, 0), level);
	uint64_t old = kho_image_get(img, slot);
	struct inspect_map got;

	kho_image_put(img, slot, v);
	read_map(img, &got);
	assert_int_equal(faults.count, 1);
	assert_int_equal(faults.first[0].status, st);
	assert_int_equal(faults.first[0].at, slot);
	assert_int_equal(got.entries, left);
	kho_image_put(img, slot, old);
	read_map(img, &got);
	assert_int_equal(faults.count, 0);
}

static void a_broken_tree_shows_the_rest(void **state)
{
	struct kho_image img;
	struct inspect_map got;
	uint64_t leaf, slot;
	(void)state;

	kho_image_init(&img, KHO_MAP_RADIX, 12);
	kho_image_preserve(&img, KHO_IMAGE_DATA, 0);
	kho_image_preserve(&img, 16 * SZ_1G, 0);
	kho_image_preserve(&img, 16 * SZ_1G, 5);
	kho_image_finish(&img);
	/* The FDT's page and two blocks stay. */
	damage_tree(&img, 1, KHO_IMAGE_BASE + 8, KB_KHO_NODE_ALIGN, 3);
	damage_tree(&img, 1, 0xd0000000, KB_KHO_NODE_RAM, 3);
	damage_tree(&img, 2, img.map, KB_KHO_META_SHARED, 1);
	slot = kho_image_slot(&img, kho_image_key(&img, 0, 0), 5) + 8;
	leaf = kho_image_alloc(&img, 4096, 4096);
	kho_image_put(&img, slot + 8, leaf); /* index 4: a key of 54 bits */
	read_map(&img, &got);
	assert_fault(KB_KHO_KEY_WIDTH);
	assert_int_equal(got.entries, 4);
	kho_image_put(&img, slot + 8, 0);
	kho_image_free(&img);
}

static void keys_of_no_order(void **state)
{
	struct kho_image img;
	struct inspect_map got;
	uint64_t node, leaf;
	(void)state;

	kho_image_init(&img, KHO_MAP_RADIX, 12);
	kho_image_finish(&img);
	node = img.map;
	for (unsigned int level = 5; level > 1; level--) {
		uint64_t next = kho_image_get(&img, node);

		if (!next)
			kho_image_put(&img, node, next = kho_image_alloc(&img, 4096, 4096));
		node = next;
	}
	kho_image_put(&img, node, leaf = kho_image_alloc(&img, 4096, 4096));
	read_map(&img, &got);
	assert_int_equal(faults.count, 0);
	kho_image_put(&img, leaf + 64, 1);
	read_map(&img, &got);
	assert_int_equal(faults.first[0].status, KB_KHO_KEY_ORDER);
	assert_int_equal(faults.first[0].at, leaf + 64);
	kho_image_put(&img, leaf, 1);
	read_map(&img, &got);
	assert_int_equal(faults.first[0].status, KB_KHO_KEY_ZERO);
	assert_int_equal(got.entries, 1);
	kho_image_free(&img);
}

static void damage_list(struct kho_image *img, uint64_t at, uint64_t v, enum kb_status st,
			uint64_t left)
{
	uint64_t old = kho_image_get(img, at);
	struct inspect_map got;

	kho_image_put(img, at, v);
	read_map(img, &got);
	assert_int_equal(faults.count, 1);
	assert_int_equal(faults.first[0].status, st);
	assert_int_equal(got.entries, left);
	kho_image_put(img, at, old);
}

static void a_broken_list_shows_the_rest(void **state)
{
	struct kho_image img;
	(void)state;

	kho_image_init(&img, KHO_MAP_V1_PAGE, 12);
	img.chunk_elms = 2;
	for (uint64_t i = 0; i < 5; i++)
		kho_image_preserve(&img, KHO_IMAGE_DATA + i * SZ_1G / 8, 0);
	kho_image_preserve(&img, 16 * SZ_1G, 4);
	kho_image_finish(&img);
	/* Chunks of order 0: FDT and 0; 1 and 2; 3 and 4; then order 4. */
	damage_list(&img, kho_image_elm(&img, 1, 0) + 8, 0xd0000000, KB_KHO_BITMAP_RAM, 6);
	damage_list(&img, kho_image_elm(&img, 1, 0) + 8, KHO_IMAGE_BASE + 512, KB_KHO_BITMAP_ALIGN,
		    6);
	damage_list(&img, kho_image_elm(&img, 1, 0), 4096, KB_KHO_BITMAP_START, 6);
	damage_list(&img, kho_image_elm(&img, 1, 0) + 8,
		    kho_image_get(&img, kho_image_elm(&img, 1, 1) + 8), KB_KHO_META_SHARED, 6);
	damage_list(&img, img.chunk[1] + 8, 2ULL << 32 | 40, KB_KHO_CHUNK_ORDER, 5);
	damage_list(&img, img.chunk[1] + 8, 256ULL << 32, KB_KHO_CHUNK_ELMS, 5);
	damage_list(&img, img.chunk[1], img.chunk[0], KB_KHO_META_SHARED, 4);
	damage_list(&img, img.chunk[1], 0xd0000000, KB_KHO_CHUNK_RAM, 4);
	damage_list(&img, img.chunk[1], KHO_IMAGE_BASE + 8, KB_KHO_CHUNK_ALIGN, 4);
	kho_image_free(&img);
}

/* Both readings possible, and not the same: shown as khoboot's bridge reads it, with a note. */
static void two_readings_of_a_list(void **state)
{
	struct kho_image img;
	struct inspect_map got;
	(void)state;

	kho_image_init(&img, KHO_MAP_V1_PAGE, 12);
	kho_image_preserve(&img, KHO_IMAGE_DATA, 0);
	kho_image_preserve(&img, KHO_IMAGE_DATA + 8 * SZ_1M * 4, 0);
	kho_image_finish(&img);
	read_map(&img, &got);
	assert_int_equal(faults.count, 1);
	assert_fault(KB_KHO_V1_AMBIGUOUS);
	assert_int_equal(got.format, KHO_MAP_V1_PAGE);
	assert_int_equal(got.entries, 3);
	kho_image_free(&img);
}

/* ---- root FDT ---- */

static void a_sound_root_is_as_khoboot_reads_it(void **state)
{
	(void)state;
	for_each_kind(k)
	{
		struct kho_image img;
		struct kho_root a, b;

		kho_image_init(&img, k->format, k->page_shift);
		kho_image_blob_fdt(&img, "memblock", "memblock-v1");
		kho_image_blob_fdt(&img, "kho_test", "kho-test-v1");
		if (k->format == KHO_MAP_RADIX)
			kho_image_metadata(&img, "7.3.4-test", 7);
		kho_image_finish(&img);
		assert_code(&img, kho_root_parse(&img.mem, &img.h, &a), KB_OK);
		read_root(&img, &b);
		assert_int_equal(faults.count, 0);
		assert_int_equal(a.abi, b.abi);
		assert_string_equal(a.compatible, b.compatible);
		assert_true(text_equal(a.version, b.version));
		assert_int_equal(a.fdt_totalsize, b.fdt_totalsize);
		assert_int_equal(a.map.addr, b.map.addr);
		assert_int_equal(a.blob_count, b.blob_count);
		for (unsigned int i = 0; i < a.blob_count; i++)
			assert_memory_equal(&a.blob[i], &b.blob[i], sizeof(a.blob[i]));
		assert_int_equal(a.metadata.present, b.metadata.present);
		assert_string_equal(a.metadata.release, b.metadata.release);
		assert_int_equal(a.metadata.count, b.metadata.count);
		kho_image_free(&img);
	}
}

/* One blob is wrong, the others are shown. */
static void a_blob_with_a_fault(void **state)
{
	static const struct {
		unsigned int at_len, size_len;
		uint64_t at, size;
		enum kb_status st;
	} rows[] = {
		{0, 8, 0, 64, KB_KHO_BLOB_ADDR},
		{8, 0, KHO_IMAGE_BASE, 64, KB_KHO_BLOB_SIZE},
		{8, 8, KHO_IMAGE_BASE, 0, KB_KHO_BLOB_SIZE},
		{8, 8, 3, 64, KB_KHO_BLOB_ALIGN},
		{8, 8, 0xd0000000, 64, KB_KHO_BLOB_RAM},
	};
	(void)state;

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		struct kho_image img;
		struct kho_root root;

		kho_image_init(&img, KHO_MAP_RADIX, 12);
		kho_image_blob(&img, "one", "x", 1);
		kho_image_blob(&img, "two", "y", 1);
		kho_image_blob(&img, "three", "z", 1);
		img.blob[1].at_len = rows[i].at_len;
		img.blob[1].size_len = rows[i].size_len;
		img.blob[1].at = rows[i].at;
		img.blob[1].size = rows[i].size;
		kho_image_finish(&img);
		read_root(&img, &root);
		assert_int_equal(faults.count, 1);
		assert_int_equal(faults.first[0].status, rows[i].st);
		assert_int_equal(root.blob_count, 3);
		assert_non_null(kho_root_blob(&root, "one"));
		assert_non_null(kho_root_blob(&root, "three"));
		kho_image_free(&img);
	}
}

static enum kb_status root_of(struct kho_image *img)
{
	struct kho_root root;

	memset(&faults, 0, sizeof(faults));
	return inspect_root(&img->mem, kho_image_at(img, img->h.fdt.addr, img->page),
			    img->h.fdt.addr, img->page, &root, &faults);
}

static void roots_that_are_none(void **state)
{
	static const struct {
		const char *compatible;
		enum kb_status st;
	} rows[] = {{"kho-v2", KB_KHO_V2}, {"kho-v9", KB_KHO_VERSION}, {"x", KB_KHO_COMPATIBLE}};
	struct kho_image img;
	(void)state;

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		kho_image_init(&img, KHO_MAP_RADIX, 12);
		img.compatible = rows[i].compatible;
		img.compatible_len = (unsigned int)strlen(rows[i].compatible) + 1;
		kho_image_finish(&img);
		assert_int_equal(root_of(&img), rows[i].st);
		kho_image_put32(&img, img.h.fdt.addr + 8, 0x12345678);
		assert_int_equal(root_of(&img), KB_KHO_FDT_BAD);
		kho_image_free(&img);
	}
}

static void a_root_without_a_map(void **state)
{
	struct kho_image img;
	(void)state;

	for_each_kind(k)
	{
		kho_image_init(&img, k->format, k->page_shift);
		img.map_null = true;
		kho_image_finish(&img);
		assert_int_equal(root_of(&img), KB_OK);
		assert_fault(k->format == KHO_MAP_RADIX ? KB_KHO_MAP_NULL : KB_KHO_NOT_FINALIZED);
		img.map_null = false;
		img.map_len = 4;
		kho_image_write_root(&img);
		assert_int_equal(root_of(&img), KB_OK);
		assert_fault(KB_KHO_MAP_PROP);
		kho_image_free(&img);
	}
}

/* ---- marks in memory ---- */

static void marks_are_found(void **state)
{
	_Alignas(8) uint8_t tree[1024] = {0}, node[48] = {0};
	struct kho_handover h, want = {phys(0x100000), 0x1000, phys(0x8000010), 32};
	struct kho_image img;
	uint64_t pair[2];
	(void)state;

	kho_image_init(&img, KHO_MAP_RADIX, 12);
	kho_image_finish(&img);
	assert_true(inspect_is_root(kho_image_at(&img, img.h.fdt.addr, img.page), img.page));
	kho_image_put32(&img, img.h.fdt.addr, 0);
	assert_false(inspect_is_root(kho_image_at(&img, img.h.fdt.addr, img.page), img.page));
	kho_image_free(&img);

	put_u32(node + 8, 10);
	put_u32(node + 12, 32);
	put_u64(node + 16, want.fdt.addr);
	put_u64(node + 24, want.fdt_size);
	put_u64(node + 32, want.scratch.addr);
	put_u64(node + 40, want.scratch_size);
	assert_true(inspect_setup_data(node, &h));
	assert_memory_equal(&h, &want, sizeof(h));
	put_u64(node + 24, 0x2000);
	assert_false(inspect_setup_data(node, &h));

	assert_int_equal(fdt_create_empty_tree(tree, sizeof(tree)), 0);
	fdt_add_subnode(tree, 0, "chosen");
	assert_false(inspect_tree(tree, sizeof(tree), &h));
	pair[0] = cpu_to_fdt64(want.fdt.addr);
	pair[1] = cpu_to_fdt64(want.fdt_size);
	fdt_setprop(tree, fdt_path_offset(tree, "/chosen"), "linux,kho-fdt", pair, 16);
	pair[0] = cpu_to_fdt64(want.scratch.addr);
	pair[1] = cpu_to_fdt64(want.scratch_size);
	fdt_setprop(tree, fdt_path_offset(tree, "/chosen"), "linux,kho-scratch", pair, 16);
	memset(&h, 0, sizeof(h));
	assert_true(inspect_tree(tree, sizeof(tree), &h));
	assert_memory_equal(&h, &want, sizeof(h));
	/* Inside a dump what follows may be missing. */
	assert_false(inspect_tree(tree, 128, &h));
}

static void areas_are_read_as_written(void **state)
{
	struct kho_image img;
	struct range r;
	(void)state;

	kho_image_init(&img, KHO_MAP_RADIX, 12);
	kho_image_finish(&img);
	assert_true(inspect_area(&img.mem, &img.h, 1, &r));
	assert_int_equal(r.base, img.area[1].base);
	assert_int_equal(r.size, img.area[1].size);
	assert_false(inspect_area(&img.mem, &img.h, 2, &r));
	img.h.scratch = phys(0xd0000000);
	assert_false(inspect_area(&img.mem, &img.h, 0, &r));
	kho_image_free(&img);
}

/* ---- sub-blobs ---- */

/* A tree "memblock-v1" with two ranges. */
static size_t make_memblock(uint8_t *tree, size_t size)
{
	uint64_t start = 0x80000000, bytes = SZ_1M;
	int node;

	fdt_create_empty_tree(tree, (int)size);
	fdt_setprop_string(tree, 0, "compatible", "memblock-v1");
	for (unsigned int i = 0; i < 2; i++, start += SZ_1G) {
		node = fdt_add_subnode(tree, 0, i ? "guest" : "log");
		fdt_setprop_string(tree, node, "compatible", "reserve-mem-v1");
		fdt_setprop(tree, node, "start", &start, 8);
		fdt_setprop(tree, node, "size", &bytes, 8);
	}
	return size;
}

struct ranges {
	unsigned int n;
	struct inspect_reserved r[8];
};

static void take_range(void *ctx, const struct inspect_reserved *r)
{
	struct ranges *l = ctx;

	l->r[l->n++] = *r;
}

static void ranges_of_reserve_mem(void **state)
{
	_Alignas(8) uint8_t tree[1024];
	struct ranges l = {0};
	struct kho_image img;
	struct kho_root root;
	const struct kho_blob *b;
	uint8_t *fdt;
	(void)state;

	kho_image_init(&img, KHO_MAP_RADIX, 12);
	kho_image_blob(&img, "memblock", tree, make_memblock(tree, sizeof(tree)));
	kho_image_finish(&img);
	read_root(&img, &root);
	b = kho_root_blob(&root, "memblock");
	assert_int_equal(inspect_kind(&img.mem, b), INSPECT_MEMBLOCK);
	inspect_reserved(&img.mem, b, take_range, &l, &faults);
	assert_int_equal(faults.count, 0);
	assert_int_equal(l.n, 2);
	fdt = kho_image_at(&img, b->at.addr, b->size);
	fdt_setprop_string(fdt, fdt_path_offset(fdt, "/log"), "compatible", "reserve-mem-v0");
	l.n = 0;
	inspect_reserved(&img.mem, b, take_range, &l, &faults);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.r[0].name, "guest");
	assert_int_equal(l.r[0].range.base, 0x80000000 + SZ_1G);
	assert_fault(KB_INSPECT_RESERVED);
	put_u32(fdt, 0);
	memset(&faults, 0, sizeof(faults));
	inspect_reserved(&img.mem, b, take_range, &l, &faults);
	assert_fault(KB_INSPECT_RESERVED);
	assert_int_equal(inspect_kind(&img.mem, b), INSPECT_UNKNOWN);
	kho_image_free(&img);
}

struct folio_list {
	unsigned int n;
	uint64_t at[600];
	unsigned int order[600];
};

static void take_folio(void *ctx, uint64_t at, unsigned int order)
{
	struct folio_list *l = ctx;

	l->at[l->n] = at;
	l->order[l->n++] = order;
}

static void data_of_the_kernels_test(void **state)
{
	_Alignas(8) uint8_t tree[1024];
	const uint32_t three = 3, sum = 0x1234;
	struct folio_list l = {0};
	struct inspect_test t;
	struct kho_image img;
	struct kho_blob b = {.name = "kho_test"};
	uint64_t area = KHO_IMAGE_BASE + 64 * SZ_4K, list;
	int node;
	(void)state;

	kho_image_init(&img, KHO_MAP_RADIX, 12);
	list = kho_image_vmalloc(&img, 1, 0, area);
	for (uint64_t i = 0; i < 3; i++)
		put_u64(img.buf + 64 * SZ_4K + 8 * i, KHO_IMAGE_DATA + i * SZ_1M + i);
	fdt_create_empty_tree(tree, sizeof(tree));
	fdt_setprop_string(tree, 0, "compatible", "kho-test-v1");
	node = fdt_add_subnode(tree, 0, "data");
	fdt_setprop(tree, node, "nr_folios", &three, 4);
	fdt_setprop(tree, node, "csum", &sum, 4);
	fdt_setprop(tree, node, "folios_info", kho_image_at(&img, list, 16), 16);
	b.at = phys(kho_image_blob(&img, "kho_test", tree, sizeof(tree)));
	b.size = sizeof(tree);
	img.used = max_u64(img.used, 65 * SZ_4K);
	kho_image_finish(&img);
	memset(&faults, 0, sizeof(faults));
	assert_int_equal(inspect_kind(&img.mem, &b), INSPECT_TEST);
	assert_int_equal(inspect_test(&img.mem, &b, &t, &faults), KB_OK);
	assert_int_equal(t.folios, 3);
	assert_int_equal(t.sum, sum);
	inspect_test_folios(&img.mem, 12, &t, take_folio, &l, &faults);
	assert_int_equal(faults.count, 0);
	assert_int_equal(l.n, 3);
	assert_int_equal(l.at[2], KHO_IMAGE_DATA + 2 * SZ_1M);
	assert_int_equal(l.order[2], 2);
	t.folios = 513; /* more than the list has room for */
	l.n = 0;
	inspect_test_folios(&img.mem, 12, &t, take_folio, &l, &faults);
	assert_int_equal(l.n, 512);
	assert_fault(KB_INSPECT_TEST);
	kho_image_free(&img);
}

static void a_damaged_blob_of_the_test(void **state)
{
	struct kho_image img;
	struct kho_blob b = {.name = "kho_test"};
	struct inspect_test t;
	(void)state;

	kho_image_init(&img, KHO_MAP_RADIX, 12);
	b.at = phys(kho_image_blob_fdt(&img, "kho_test", "kho-test-v1"));
	b.size = img.page;
	kho_image_finish(&img);
	memset(&faults, 0, sizeof(faults));
	assert_int_equal(inspect_test(&img.mem, &b, &t, &faults), KB_INSPECT_TEST);
	assert_fault(KB_INSPECT_TEST);
	kho_image_free(&img);
}

/* ---- live update ---- */

struct seen {
	const struct model *m;
	unsigned int sessions, files, shared;
	bool check;
};

static void see_session(void *ctx, const struct luo_session *s)
{
	struct seen *seen = ctx;

	if (seen->check)
		assert_string_equal(s->name, seen->m->session[seen->sessions].name);
	seen->sessions++;
	if (seen->check)
		seen->files = 0;
}

/* Folios of the model are single pages; they end where the file does, or the next one begins. */
struct folio_check {
	const struct model_file *f;
	unsigned int n;
	uint64_t page, pages;
};

static void see_folio(void *ctx, const struct inspect_folio *folio)
{
	struct folio_check *c = ctx;

	assert_int_equal(folio->index, c->f->index[c->n]);
	assert_int_equal(folio->at / c->page, c->f->pfn[c->n] & ((1ULL << 52) - 1));
	assert_int_equal(folio->flags, c->f->pfn[c->n] >> 52);
	c->pages += folio->pages;
	c->n++;
}

static struct kho_image *luo_img;

static void see_file(void *ctx, const struct luo_file *f, const struct inspect_memfd *memfd)
{
	struct seen *seen = ctx;
	const struct model_file *want;
	struct folio_check c;

	if (!seen->check) {
		seen->files++;
		return;
	}
	want = &seen->m->session[seen->sessions - 1].file[seen->files++];
	assert_string_equal(f->handler, want->handler);
	assert_int_equal(f->token, want->token);
	assert_int_equal(memfd != NULL, !strncmp(want->handler, "memfd", 5));
	if (!memfd)
		return;
	assert_true(memfd->read);
	assert_int_equal(memfd->file.size, want->size);
	assert_int_equal(memfd->file.pos, want->pos);
	assert_int_equal(memfd->file.folios, want->folios);
	c = (struct folio_check){want, 0, luo_img->page, 0};
	/* Files of the model need not fit their folios, as those of a kernel do. */
	if (!want->folios || want->size / luo_img->page <= want->index[want->folios - 1])
		return;
	assert_int_equal(inspect_folios(&luo_img->mem, luo_img->page_shift, &memfd->file, see_folio,
					&c, &faults),
			 c.pages);
	assert_int_equal(c.n, want->folios);
}

static void see_shared(void *ctx, const struct luo_shared *s)
{
	struct seen *seen = ctx;

	assert_string_equal(s->name, seen->m->shared[seen->shared++].name);
}

static void sound_sessions_are_seen(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3 * LINUXES; i++) {
		struct kho_blob b = {.name = "LUO"};
		struct seen seen = {.check = true};
		const struct inspect_luo_see see = {see_session, see_file, see_shared, &seen};
		struct kho_image img;
		uint64_t random = i;
		struct model *m;
		struct luo l;

		kho_image_init_sized(&img, KHO_MAP_RADIX, 12 + i / LINUXES * 2, 64 * SZ_1M);
		m = model_make(&img, &random, 60, 5, i % LINUXES != LINUX_6_19, true);
		b.at = phys(linux_write(i % LINUXES, &img, m, &b.size));
		kho_image_seal(&img);
		seen.m = m;
		luo_img = &img;
		memset(&faults, 0, sizeof(faults));
		assert_int_equal(inspect_kind(&img.mem, &b), INSPECT_LUO);
		assert_int_equal(inspect_luo(&img.mem, &b, img.page_shift, &see, &l, &faults),
				 KB_OK);
		assert_int_equal(faults.count, 0);
		assert_int_equal(l.sessions, 60);
		assert_int_equal(seen.sessions, 60);
		assert_int_equal(seen.shared, m->shares);
		assert_int_equal(l.shares, m->shares);
		assert_int_equal(l.number, m->number);
		model_free(m);
		kho_image_free(&img);
	}
}

/* The files of one session are lost: those of all others, and shared data, are not. */
static void a_broken_session_shows_the_rest(void **state)
{
	(void)state;
	for (enum linux_release v = 0; v < LINUXES; v++) {
		struct kho_blob b = {.name = "LUO"};
		struct seen seen = {0};
		struct inspect_luo_see see = {see_session, see_file, NULL, &seen};
		uint64_t random = 3, first;
		struct kho_image img;
		struct model *m;
		struct luo l;

		kho_image_init_sized(&img, KHO_MAP_RADIX, 12, 64 * SZ_1M);
		m = model_make(&img, &random, 20, 4, v != LINUX_6_19, false);
		b.at = phys(linux_write(v, &img, m, &b.size));
		memset(&faults, 0, sizeof(faults));
		assert_int_equal(inspect_luo(&img.mem, &b, 12, &see, &l, &faults), KB_OK);
		first = l.session.addr + (v == LINUX_7_2 ? 16 : 8);
		kho_image_put(&img, first + 3 * 80 + 64, 0xd0000000);
		seen = (struct seen){0};
		assert_int_equal(inspect_luo(&img.mem, &b, 12, &see, &l, &faults), KB_OK);
		assert_int_equal(seen.sessions, 20);
		assert_int_equal(faults.count, m->session[3].files ? 1 : 0);
		if (m->session[3].files)
			assert_fault(KB_LUO_FILES);
		assert_int_equal(l.shares, m->shares);
		assert_int_equal(inspect_luo(&img.mem, &(struct kho_blob){.name = "LUO"}, 12, &see,
					     &l, &faults),
				 KB_LUO_DATA);
		model_free(m);
		kho_image_free(&img);
	}
}

/* ---- anything ---- */

/* Many faults: all are counted, some are kept. */
static void faults_without_end(void **state)
{
	(void)state;
	memset(&faults, 0, sizeof(faults));
	for (unsigned int i = 0; i < 1000; i++)
		inspect_note(&faults, "map", KB_KHO_NODE_RAM, i, 0);
	assert_int_equal(faults.count, 1000);
	assert_int_equal(faults.first[INSPECT_FAULTS - 1].at, INSPECT_FAULTS - 1);
	assert_true(inspect_is_remark(KB_INSPECT_NO_SCRATCH));
	assert_true(inspect_is_remark(KB_INSPECT_PAGE_SIZE));
	assert_false(inspect_is_remark(KB_KHO_NODE_RAM));
}

static void a_set_holds_what_was_added(void **state)
{
	struct inspect_set s = {0};
	uint64_t random = 8;
	(void)state;

	assert_true(inspect_set_add(&s, 0));
	assert_false(inspect_set_add(&s, 0));
	for (unsigned int i = 0; i < 10000; i++)
		assert_true(inspect_set_add(&s, random_next(&random) | 1));
	random = 8;
	for (unsigned int i = 0; i < 10000; i++)
		assert_false(inspect_set_add(&s, random_next(&random) | 1));
	inspect_set_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_map_is_counted),
		cmocka_unit_test(words_of_all_shapes),
		cmocka_unit_test(the_page_size_is_found),
		cmocka_unit_test(blocks_outside_ram_and_in_scratch),
		cmocka_unit_test(a_broken_tree_shows_the_rest),
		cmocka_unit_test(keys_of_no_order),
		cmocka_unit_test(a_broken_list_shows_the_rest),
		cmocka_unit_test(two_readings_of_a_list),
		cmocka_unit_test(a_sound_root_is_as_khoboot_reads_it),
		cmocka_unit_test(a_blob_with_a_fault),
		cmocka_unit_test(roots_that_are_none),
		cmocka_unit_test(a_root_without_a_map),
		cmocka_unit_test(marks_are_found),
		cmocka_unit_test(areas_are_read_as_written),
		cmocka_unit_test(ranges_of_reserve_mem),
		cmocka_unit_test(data_of_the_kernels_test),
		cmocka_unit_test(a_damaged_blob_of_the_test),
		cmocka_unit_test(sound_sessions_are_seen),
		cmocka_unit_test(a_broken_session_shows_the_rest),
		cmocka_unit_test(faults_without_end),
		cmocka_unit_test(a_set_holds_what_was_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
