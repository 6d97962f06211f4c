// SPDX-License-Identifier: BSD-2-Clause
/* Maps of kho-v3 and kho-v4: the structure of the tree, and each way in which it can be wrong. */
#include "kho_test.h"

/* Blocks of every image here. */
#define BLOCK_A KHO_IMAGE_DATA /* order 0 */
#define BLOCK_B (32 * SZ_1G)   /* order 9, in a subtree of its own */

static void make(struct kho_image *img, unsigned int page_shift)
{
	kho_image_init(img, KHO_MAP_RADIX, page_shift);
	kho_image_preserve(img, BLOCK_A, 0);
	kho_image_preserve(img, BLOCK_B, 9);
	kho_image_finish(img);
}

static enum kb_status open_at(struct kho_image *img, uint64_t root)
{
	struct kho_map map;

	kho_image_seal(img);
	return kho_map_open_radix(&img->mem, img->page_shift, phys(root), &map);
}

/* With @v in @slot, opening ends in @code, which names the slot and the value. */
static void check_slot(struct kho_image *img, uint64_t slot, uint64_t v, enum kb_status code)
{
	uint64_t old = kho_image_get(img, slot);

	kho_image_put(img, slot, v);
	assert_int_equal(open_at(img, img->map), code);
	assert_int_equal(img->mem.diag.status, code);
	if (code)
		assert_int_equal(img->mem.diag.at, slot);
	kho_image_put(img, slot, old);
	img->mem.diag = (struct kb_diag){0};
	assert_int_equal(open_at(img, img->map), KB_OK);
}

#define for_each_page_shift(s) for (unsigned int s = 12; s <= 16; s += 2)

static void opens(void **state)
{
	for_each_page_shift(shift)
	{
		struct kho_image img;
		struct kho_map map;

		make(&img, shift);
		kho_image_seal(&img);
		assert_code(&img, kho_map_open_radix(&img.mem, shift, phys(img.map), &map), KB_OK);
		assert_int_equal(map.format, KHO_MAP_RADIX);
		assert_int_equal(map.page_shift, shift);
		assert_int_equal(map.root.addr, img.map);
		assert_int_equal(map.orders, 1 << 9 | 1 << 0);
		kho_image_free(&img);
	}
	(void)state;
}

static void takes_empty_nodes_and_leaves(void **state)
{
	for_each_page_shift(shift)
	{
		struct kho_image img;
		struct kho_ranges it;
		struct kho_map map;
		struct range r;
		uint64_t root;

		make(&img, shift);
		root = kho_image_alloc(&img, img.page, img.page); /* all zero */
		assert_code(&img, kho_map_open_radix(&img.mem, shift, phys(root), &map), KB_OK);
		assert_int_equal(map.orders, 0);
		kho_ranges_first(&it, &img.mem, &map, 0);
		assert_false(kho_ranges_next(&it, &r));
		assert_int_equal(it.status, KB_OK);

		kho_image_put(&img, kho_image_slot(&img, kho_image_key(&img, BLOCK_A, 0), 1),
			      kho_image_alloc(&img, img.page, img.page)); /* leaf of no bits */
		kho_image_put(&img, kho_image_slot(&img, kho_image_key(&img, BLOCK_B, 9), 2),
			      kho_image_alloc(&img, img.page, img.page)); /* node of no leaves */
		assert_code(&img, open_at(&img, img.map), KB_OK);
		kho_image_free(&img);
	}
	(void)state;
}

/* The tree of one block, put together from literal indices: root first, then the bit. */
static void check_vector(const unsigned int path[5], unsigned int bit, uint64_t at,
			 unsigned int order)
{
	struct kho_image img;
	struct kho_ranges it;
	struct kho_map map;
	struct range r;
	uint64_t root, node;

	kho_image_init(&img, KHO_MAP_RADIX, 12);
	root = node = kho_image_alloc(&img, img.page, img.page);
	for (unsigned int i = 0; i < 5; i++) {
		uint64_t child = kho_image_alloc(&img, img.page, img.page);

		kho_image_put(&img, node + 8 * path[i], child);
		node = child;
	}
	*kho_image_at(&img, node + bit / 8, 1) = (uint8_t)(1U << bit % 8);
	assert_code(&img, kho_map_open_radix(&img.mem, 12, phys(root), &map), KB_OK);
	assert_int_equal(map.orders, 1ULL << order);
	kho_ranges_first(&it, &img.mem, &map, 0);
	assert_true(kho_ranges_next(&it, &r));
	assert_int_equal(r.base, at);
	assert_int_equal(r.size, SZ_4K << order);
	assert_false(kho_ranges_next(&it, &r));
	kho_image_free(&img);
}

static void reads_known_vectors(void **state)
{
	static const unsigned int a[] = {2, 0, 0, 0, 2}, b[] = {0, 2, 0, 0, 0},
				  c[] = {0, 0, 2, 0, 0};

	check_vector(a, 9029, 0x12345000, 0);
	check_vector(b, 1, 0x200000, 9);
	check_vector(c, 1, 0x40000000, 18);
	(void)state;
}

/* The builder of the tests uses the same keys. */
static void builder_uses_known_keys(void **state)
{
	struct kho_image img;

	kho_image_init(&img, KHO_MAP_RADIX, 12);
	assert_int_equal(kho_image_key(&img, 0x12345000, 0), 0x0010000000012345);
	assert_int_equal(kho_image_key(&img, 0x200000, 9), 0x0000080000000001);
	assert_int_equal(kho_image_key(&img, 0x40000000, 18), 0x0000000400000001);
	kho_image_free(&img);
	(void)state;
}

static void visits_each_page_once(void **state)
{
	for_each_page_shift(shift)
	{
		uint64_t random = 1;
		struct kho_naive naive;
		struct kho_image img;

		make(&img, shift);
		assert_code(&img, kho_image_open(&img), KB_OK);
		assert_true(naive_read(&img, KHO_MAP_RADIX, &naive));
		/* One leaf for the field, one for A (the same when pages are 64K), one for B. */
		assert_int_equal(naive.leaves, shift == 16 ? 2 : 3);
		assert_null(naive_compare(&img, img.kho, &naive, &random));
		naive_free(&naive);
		kho_image_free(&img);
	}
	(void)state;
}

static void refuses_misaligned_pages(void **state)
{
	for_each_page_shift(shift)
	{
		struct kho_image img;

		make(&img, shift);
		for (unsigned int level = 1; level <= kho_image_levels(&img); level++) {
			uint64_t slot =
				kho_image_slot(&img, kho_image_key(&img, BLOCK_B, 9), level);
			uint64_t child = kho_image_get(&img, slot);

			check_slot(&img, slot, child | 1, KB_KHO_NODE_ALIGN);
			check_slot(&img, slot, child + img.page / 2, KB_KHO_NODE_ALIGN);
		}
		assert_code(&img, open_at(&img, img.map + 8), KB_KHO_NODE_ALIGN);
		kho_image_free(&img);
	}
	(void)state;
}

static void refuses_pages_outside_ram(void **state)
{
	static const uint64_t bad[] = {3 * SZ_1G, 1ULL << 52, 0xffffffffffff0000};

	for_each_page_shift(shift)
	{
		struct kho_image img;

		make(&img, shift);
		for (unsigned int level = 1; level <= kho_image_levels(&img); level++)
			for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
				check_slot(&img,
					   kho_image_slot(&img, kho_image_key(&img, BLOCK_B, 9),
							  level),
					   bad[i], KB_KHO_NODE_RAM);
		for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
			assert_code(&img, open_at(&img, bad[i]), KB_KHO_NODE_RAM);
		kho_image_free(&img);
	}
	(void)state;
}

/* RAM that the test image does not hold. */
static void refuses_unreadable_pages(void **state)
{
	struct kho_image img;
	uint64_t slot;

	make(&img, 12);
	slot = kho_image_slot(&img, kho_image_key(&img, BLOCK_B, 9), 2);
	kho_image_put(&img, slot, KHO_IMAGE_DATA);
	assert_code(&img, open_at(&img, img.map), KB_KHO_NODE_RAM);
	kho_image_put(&img, slot, 0);
	assert_code(&img, open_at(&img, img.map), KB_OK);
	slot = kho_image_slot(&img, kho_image_key(&img, BLOCK_A, 0), 1);
	kho_image_put(&img, slot, KHO_IMAGE_DATA);
	assert_code(&img, open_at(&img, img.map), KB_KHO_NODE_RAM);
	assert_code(&img, open_at(&img, KHO_IMAGE_DATA), KB_KHO_NODE_RAM);
	kho_image_free(&img);
	(void)state;
}

static void refuses_wide_keys(void **state)
{
	static const unsigned int first_bad[] = {4, 2, 16};

	for_each_page_shift(shift)
	{
		struct kho_image img;
		uint64_t slot, leaf;

		make(&img, shift);
		leaf = kho_image_alloc(&img, img.page, img.page);
		slot = img.map + 8ULL * first_bad[(shift - 12) / 2];
		check_slot(&img, slot, leaf, KB_KHO_KEY_WIDTH);
		check_slot(&img, img.map + img.page - 8, leaf, KB_KHO_KEY_WIDTH);
		kho_image_free(&img);
	}
	(void)state;
}

/* A path of zeros down to @leaf. */
static void add_first_leaf(struct kho_image *img, uint64_t leaf)
{
	uint64_t node = img->map;

	for (unsigned int level = kho_image_levels(img); level > 1; level--) {
		uint64_t child = kho_image_get(img, node);

		if (!child)
			child = kho_image_alloc(img, img->page, img->page);
		kho_image_put(img, node, child);
		node = child;
	}
	kho_image_put(img, node, leaf);
}

static void refuses_keys_without_meaning(void **state)
{
	for_each_page_shift(shift)
	{
		struct kho_image img;
		uint64_t leaf;

		make(&img, shift);
		leaf = kho_image_alloc(&img, img.page, img.page);
		add_first_leaf(&img, leaf);
		assert_code(&img, open_at(&img, img.map), KB_OK);
		kho_image_put(&img, leaf, 1);
		assert_code(&img, open_at(&img, img.map), KB_KHO_KEY_ZERO);
		kho_image_put(&img, leaf, 2); /* the largest order there is */
		assert_code(&img, open_at(&img, img.map), KB_KHO_KEY_ORDER);
		kho_image_put(&img, leaf, 0);
		kho_image_put(&img, leaf + img.page - 8, 1ULL << 63);
		assert_code(&img, open_at(&img, img.map), KB_KHO_KEY_ORDER);
		assert_diag(&img, leaf + img.page - 8, 1ULL << 63);
		kho_image_put(&img, leaf + img.page - 8, 0);
		add_first_leaf(&img, KHO_IMAGE_DATA); /* unreadable */
		assert_code(&img, open_at(&img, img.map), KB_KHO_NODE_RAM);
		kho_image_free(&img);
	}
	(void)state;
}

/* A subtree that covers no RAM is refused at its top: this is what bounds the walk. */
static void refuses_subtrees_outside_ram(void **state)
{
	for_each_page_shift(shift)
	{
		struct kho_image img;

		make(&img, shift);
		for (unsigned int level = 1; level < kho_image_levels(&img); level++) {
			uint64_t key = kho_image_key(&img, BLOCK_A, 0);
			uint64_t node = kho_image_slot(&img, key, level) & ~(img.page - 1);
			uint64_t span = 1ULL << (kho_image_shift(&img, level) + shift);
			uint64_t outside = (KHO_IMAGE_PAGES * img.page + span - 1) / span;

			/* The first slot past the end of RAM; level 1 of 4K pages has none. */
			if (outside < img.page / 8)
				check_slot(&img, node + 8 * outside, img.map, KB_KHO_KEY_OUTSIDE);
			else
				assert_int_equal(shift + level, 13);
		}
		kho_image_free(&img);
	}
	(void)state;
}

static void refuses_a_leaf_of_a_hole(void **state)
{
	struct kho_image img;
	uint64_t slot, leaf;

	make(&img, 12); /* a leaf is 128 MiB of pages: 3 GiB to 4 GiB has eight to itself */
	leaf = kho_image_alloc(&img, img.page, img.page);
	slot = kho_image_slot(&img, kho_image_key(&img, 3 * SZ_1G, 0), 1);
	check_slot(&img, slot, leaf, KB_KHO_KEY_OUTSIDE);
	check_slot(&img, slot - 8, leaf, KB_OK);
	kho_image_free(&img);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens),
		cmocka_unit_test(takes_empty_nodes_and_leaves),
		cmocka_unit_test(reads_known_vectors),
		cmocka_unit_test(builder_uses_known_keys),
		cmocka_unit_test(visits_each_page_once),
		cmocka_unit_test(refuses_misaligned_pages),
		cmocka_unit_test(refuses_pages_outside_ram),
		cmocka_unit_test(refuses_unreadable_pages),
		cmocka_unit_test(refuses_wide_keys),
		cmocka_unit_test(refuses_keys_without_meaning),
		cmocka_unit_test(refuses_subtrees_outside_ram),
		cmocka_unit_test(refuses_a_leaf_of_a_hole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
