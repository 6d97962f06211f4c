// SPDX-License-Identifier: BSD-2-Clause
/* kho_open(): everything handed over at once, and what is checked between its parts. */
#include "kho_test.h"

#include <fdt/internal.h>

static void set_hint(struct kho_image *img)
{
	img->hint = img->format == KHO_MAP_V1_PAGE ? KHO_BITMAP_PAGE : KHO_BITMAP_UNKNOWN;
}

/* Blobs, and blocks of several orders that overlap, touch, and lie apart. */
static void make(struct kho_image *img, const struct kho_kind *k)
{
	kho_image_init(img, k->format, k->page_shift);
	set_hint(img);
	kho_image_blob_fdt(img, "memblock", "memblock-v1");
	kho_image_preserve(img, KHO_IMAGE_DATA + img->page, 0);
	kho_image_preserve(img, KHO_IMAGE_DATA + 2 * img->page, 1);
	kho_image_preserve(img, KHO_IMAGE_DATA + 16 * img->page, 4);
	kho_image_preserve(img, KHO_IMAGE_DATA + 20 * img->page, 1);
	kho_image_preserve(img, 32 * SZ_1G, 9);
	kho_image_finish(img);
}

static void opens_each_kind(void **state)
{
	for_each_kind(k)
	{
		uint64_t random = 2;
		struct kho_naive naive;
		struct kho_image img;

		make(&img, k);
		assert_code(&img, kho_image_open(&img), KB_OK);
		assert_int_equal(img.kho->map.format, k->format);
		assert_int_equal(img.kho->root.blob_count, 1);
		assert_int_equal(img.kho->scratch.count, 2);
		assert_int_equal(img.kho->scratch_trimmed, 0);
		assert_int_equal(img.kho->sum.blocks[0], 3); /* FDT, blob, and the one above */
		assert_int_equal(img.kho->sum.blocks[1], 2);
		assert_int_equal(img.kho->sum.blocks[4], 1);
		assert_int_equal(img.kho->sum.blocks[9], 1);
		assert_int_equal(img.kho->sum.bytes, (3 + 4 + 16 + 512) * img.page);
		assert_int_equal(img.kho->sum.lowest, img.h.fdt.addr);
		assert_int_equal(img.kho->sum.end, 32 * SZ_1G + 512 * img.page);
		assert_true(naive_read(&img, k->format, &naive));
		assert_null(naive_compare(&img, img.kho, &naive, &random));
		naive_free(&naive);
		kho_image_free(&img);
	}
	(void)state;
}

static void merges_ranges(void **state)
{
	for_each_kind(k)
	{
		struct kho_image img;
		struct kho_ranges it;
		struct range r;

		make(&img, k);
		assert_code(&img, kho_image_open(&img), KB_OK);
		kho_ranges_first(&it, &img.mem, &img.kho->map, KHO_IMAGE_DATA);
		assert_true(kho_ranges_next(&it, &r));
		assert_int_equal(r.base, KHO_IMAGE_DATA + img.page);
		assert_int_equal(r.size, 3 * img.page); /* orders 0 and 1 */
		assert_true(kho_ranges_next(&it, &r));
		assert_int_equal(r.base, KHO_IMAGE_DATA + 16 * img.page);
		assert_int_equal(r.size, 16 * img.page); /* order 1 lies within order 4 */
		assert_true(kho_ranges_next(&it, &r));
		assert_int_equal(r.base, 32 * SZ_1G);
		assert_int_equal(r.size, 512 * img.page);
		assert_false(kho_ranges_next(&it, &r));
		assert_int_equal(r.base, 32 * SZ_1G); /* @r is unchanged */
		assert_int_equal(it.status, KB_OK);
		kho_image_free(&img);
	}
	(void)state;
}

static void answers_queries(void **state)
{
	for_each_kind(k)
	{
		struct kho_image img;
		const struct kho *kho;
		uint64_t page, data = KHO_IMAGE_DATA;

		make(&img, k);
		assert_code(&img, kho_image_open(&img), KB_OK);
		kho = img.kho;
		page = img.page;
		assert_true(kho_range_free(&img.mem, kho, (struct range){data, page}));
		assert_false(kho_range_free(&img.mem, kho, (struct range){data, page + 1}));
		assert_true(kho_range_free(&img.mem, kho, (struct range){data + 4 * page, page}));
		assert_false(kho_range_free(&img.mem, kho, (struct range){img.map + 8, 1}));
		assert_true(kho_range_free(&img.mem, kho, (struct range){img.map, 0}));
		assert_false(kho_range_free(&img.mem, kho, (struct range){data, UINT64_MAX}));
		assert_true(
			kho_map_covers(&img.mem, &kho->map, (struct range){data + page, 3 * page}));
		assert_false(kho_map_covers(&img.mem, &kho->map,
					    (struct range){data + page, 3 * page + 1}));
		assert_false(kho_map_covers(&img.mem, &kho->map, (struct range){data + page, 0}));
		assert_false(kho_map_covers(&img.mem, &kho->map,
					    (struct range){data + page, UINT64_MAX}));
		assert_false(kho_map_touches(&img.mem, &kho->map, (struct range){data + page, 0}));
		assert_true(kho_map_touches(&img.mem, &kho->map,
					    (struct range){data + page, UINT64_MAX}));
		kho_image_free(&img);
	}
	(void)state;
}

/* What one part finds wrong is what kho_open() returns. */
static void returns_codes_of_its_parts(void **state)
{
	struct kho_image img;

	make(&img, &kinds[2]);
	img.h.fdt_size = 1;
	assert_code(&img, kho_image_open(&img), KB_KHO_FDT_SIZE);
	img.h.fdt_size = img.page;
	img.h.scratch_size = 1;
	assert_code(&img, kho_image_open(&img), KB_KHO_SCRATCH_SIZE);
	img.h.scratch_size = 32;
	kho_image_put(&img, img.map, 1);
	assert_code(&img, kho_image_open(&img), KB_KHO_NODE_ALIGN);
	kho_image_free(&img);
	(void)state;
}

static void refuses_what_lies_in_scratch(void **state)
{
	for_each_kind(k)
	{
		struct kho_image img;

		make(&img, k);
		img.area[1] = (struct range){img.h.fdt.addr, img.page};
		kho_image_write_scratch(&img);
		assert_code(&img, kho_image_open(&img), KB_KHO_FDT_SCRATCH);
		img.area[1].base = img.blob[0].at;
		kho_image_write_scratch(&img);
		assert_code(&img, kho_image_open(&img), KB_KHO_BLOB_SCRATCH);
		assert_diag(&img, img.blob[0].at, 0);
		kho_image_free(&img);
	}
	(void)state;
}

/* Take block @at of order 0 out of the map. */
static void forget(struct kho_image *img, uint64_t at)
{
	uint64_t bit = (at >> img->page_shift) % kho_image_strip_blocks(img);

	kho_image_bits(img, at, 0)[bit / 8] &= (uint8_t) ~(1U << bit % 8);
}

static void refuses_unpreserved_fdt(void **state)
{
	for_each_kind(k)
	{
		struct kho_image img;

		make(&img, k);
		forget(&img, img.h.fdt.addr);
		assert_code(&img, kho_image_open(&img), KB_KHO_FDT_UNPRESERVED);
		kho_image_free(&img);
	}
	(void)state;
}

static void refuses_unpreserved_blob(void **state)
{
	for_each_kind(k)
	{
		struct kho_image img;

		make(&img, k);
		forget(&img, img.blob[0].at);
		assert_code(&img, kho_image_open(&img), KB_KHO_BLOB_UNPRESERVED);
		assert_diag(&img, img.blob[0].at, 0);
		kho_image_free(&img);
	}
	(void)state;
}

/* A blob of several pages of which the last is missing. */
static void refuses_half_preserved_blob(void **state)
{
	struct kho_image img;
	uint8_t data[3 * 4096] = {0};
	uint64_t at;

	kho_image_init(&img, KHO_MAP_RADIX, 12);
	at = kho_image_blob(&img, "big", data, sizeof(data));
	kho_image_finish(&img);
	assert_code(&img, kho_image_open(&img), KB_OK);
	forget(&img, at + 2 * img.page);
	assert_code(&img, kho_image_open(&img), KB_KHO_BLOB_UNPRESERVED);
	kho_image_free(&img);
	(void)state;
}

/* ---- the walk ---- */

static void refuses_blocks_outside_ram(void **state)
{
	for_each_kind(k)
	{
		struct kho_image img;

		/* In the small hole below 1 MiB, between RAM on both sides. */
		kho_image_init(&img, k->format, k->page_shift);
		set_hint(&img);
		kho_image_preserve(&img, 0xa0000 & ~(img.page - 1), 0);
		kho_image_finish(&img);
		assert_code(&img, kho_image_open(&img), KB_KHO_BLOCK_RAM);
		assert_diag(&img, 0xa0000, 0);
		kho_image_free(&img);
		/* A large block around the hole. */
		kho_image_init(&img, k->format, k->page_shift);
		set_hint(&img);
		kho_image_preserve(&img, 0, 9);
		kho_image_finish(&img);
		assert_code(&img, kho_image_open(&img), KB_KHO_BLOCK_RAM);
		assert_diag(&img, 0, 9);
		kho_image_free(&img);
	}
	(void)state;
}

/* Blocks at both ends of RAM are fine, until RAM is a byte shorter. */
static void looks_at_the_ends_of_ram(void **state)
{
	for_each_kind(k)
	{
		struct kho_image img;
		uint64_t end;

		kho_image_init(&img, k->format, k->page_shift);
		set_hint(&img);
		end = KHO_IMAGE_PAGES * img.page;
		kho_image_preserve(&img, 0, 0);
		kho_image_preserve(&img, end - img.page, 0);
		kho_image_finish(&img);
		assert_code(&img, kho_image_open(&img), KB_OK);
		assert_int_equal(img.kho->sum.lowest, 0);
		assert_int_equal(img.kho->sum.end, end);
		img.ram[2].size--;
		assert_code(&img, kho_image_open(&img), KB_KHO_BLOCK_RAM);
		assert_diag(&img, end - img.page, 0);
		img.ram[2].size++;
		img.ram[0].base++;
		assert_code(&img, kho_image_open(&img), KB_KHO_BLOCK_RAM);
		assert_diag(&img, 0, 0);
		kho_image_free(&img);
	}
	(void)state;
}

static void check_scratch_block(const struct kho_kind *k, uint64_t at, unsigned int order,
				enum kb_status code)
{
	struct kho_image img;

	kho_image_init(&img, k->format, k->page_shift);
	set_hint(&img);
	img.area[0] = (struct range){256 * SZ_1M, 64 * SZ_1M};
	kho_image_preserve(&img, at, order);
	kho_image_finish(&img);
	assert_code(&img, kho_image_open(&img), code);
	if (code)
		assert_diag(&img, at, order);
	kho_image_free(&img);
}

static void refuses_blocks_in_scratch(void **state)
{
	for_each_kind(k)
	{
		uint64_t page = 1ULL << k->page_shift;

		check_scratch_block(k, 256 * SZ_1M - page, 0, KB_OK);
		check_scratch_block(k, 256 * SZ_1M, 0, KB_KHO_BLOCK_SCRATCH);
		check_scratch_block(k, 320 * SZ_1M - page, 0, KB_KHO_BLOCK_SCRATCH);
		check_scratch_block(k, 320 * SZ_1M, 0, KB_OK);
		/* Larger than the area, around it. */
		check_scratch_block(k, 256 * SZ_1M, 28 - k->page_shift, KB_KHO_BLOCK_SCRATCH);
		check_scratch_block(k, 8 * SZ_1G, 32 - k->page_shift, KB_KHO_BLOCK_SCRATCH);
	}
	(void)state;
}

/* Each page of the map in turn becomes scratch. */
static void refuses_map_in_scratch(void **state)
{
	for_each_kind(k)
	{
		struct kho_naive naive;
		struct kho_image img;

		make(&img, k);
		assert_true(naive_read(&img, k->format, &naive));
		for (size_t i = 0; i < naive.metas; i++) {
			uint64_t page = naive.meta[i].base & ~(img.page - 1);

			img.area[1] = (struct range){page, img.page};
			kho_image_write_scratch(&img);
			assert_code(&img, kho_image_open(&img), KB_KHO_META_SCRATCH);
			assert_in_range(img.mem.diag.at, page, page + img.page - 1);
		}
		naive_free(&naive);
		kho_image_free(&img);
	}
	(void)state;
}

/* Make the map use @at for the bitmap of @from. */
static void redirect(struct kho_image *img, uint64_t from, unsigned int order, uint64_t at)
{
	uint64_t bits = kho_image_bits_at(img, from, order);

	if (img->format == KHO_MAP_RADIX) {
		kho_image_put(img, kho_image_slot(img, kho_image_key(img, from, order), 1), at);
		return;
	}
	for (size_t i = 0; i < img->chunks; i++)
		for (uint64_t slot = kho_image_elm(img, i, 0) + 8; slot < img->chunk[i] + img->page;
		     slot += 16)
			if (kho_image_get(img, slot) == bits)
				kho_image_put(img, slot, at);
}

static void refuses_shared_pages(void **state)
{
	for_each_kind(k)
	{
		struct kho_image img;
		uint64_t other, chunk;

		make(&img, k);
		other = kho_image_bits_at(&img, KHO_IMAGE_DATA, 1);
		chunk = k->format == KHO_MAP_RADIX ? img.map : img.chunk[1];
		redirect(&img, 32 * SZ_1G, 9, other); /* two bitmaps in one */
		assert_code(&img, kho_image_open(&img), KB_KHO_META_SHARED);
		kho_image_free(&img);
		make(&img, k);
		redirect(&img, 32 * SZ_1G, 9, chunk); /* a bitmap that is a chunk or node */
		assert_code(&img, kho_image_open(&img), KB_KHO_META_SHARED);
		kho_image_free(&img);
		make(&img, k);
		redirect(&img, 32 * SZ_1G, 9, img.h.fdt.addr); /* a bitmap that is the FDT */
		assert_code(&img, kho_image_open(&img), KB_KHO_META_SHARED);
		kho_image_free(&img);
	}
	(void)state;
}

/* A small bitmap in the middle of a chunk, and in the last bytes of one. */
static void refuses_small_bitmaps_within_chunks(void **state)
{
	struct kho_image img;

	make(&img, &kinds[0]);
	redirect(&img, 32 * SZ_1G, 9, img.chunk[0] + 1024);
	assert_code(&img, kho_image_open(&img), KB_KHO_META_SHARED);
	kho_image_free(&img);
	make(&img, &kinds[0]);
	redirect(&img, 32 * SZ_1G, 9, img.chunk[0] + 4096 - 512);
	assert_code(&img, kho_image_open(&img), KB_KHO_META_SHARED);
	kho_image_free(&img);
	(void)state;
}

/* Less room than a full sort needs, down to two: more passes, the same answer. */
static void sharing_is_found_in_any_memory(void **state)
{
	for_each_kind(k)
	{
		struct kho_image img;
		uint64_t buf[16];

		make(&img, k);
		assert_code(&img, kho_image_open(&img), KB_OK);
		for (size_t cap = 2; cap <= ARRAY_SIZE(buf); cap++)
			assert_code(&img,
				    kho_unique(&img.mem, &img.kho->map, img.kho->root.fdt, NULL,
					       NULL, buf, cap),
				    KB_OK);
		redirect(&img, 32 * SZ_1G, 9, kho_image_bits_at(&img, KHO_IMAGE_DATA, 4));
		for (size_t cap = 2; cap <= ARRAY_SIZE(buf); cap++)
			assert_code(&img,
				    kho_unique(&img.mem, &img.kho->map, img.kho->root.fdt, NULL,
					       NULL, buf, cap),
				    KB_KHO_META_SHARED);
		kho_image_free(&img);
	}
	(void)state;
}

static void refuses_work_memory(void **state)
{
	struct kho_image img;
	struct kho_work work;

	make(&img, &kinds[2]);
	assert_code(&img, kho_image_open(&img), KB_OK);
	work = img.work;
	work.size--;
	assert_code(&img, kho_open(&img.mem, &img.h, img.hint, work, img.kho), KB_KHO_WORK);
	work = (struct kho_work){(uint8_t *)img.work.base + 4, img.work.size};
	assert_code(&img, kho_open(&img.mem, &img.h, img.hint, work, img.kho), KB_KHO_WORK);
	work = (struct kho_work){NULL, img.work.size};
	assert_code(&img, kho_open(&img.mem, &img.h, img.hint, work, img.kho), KB_KHO_WORK);
	kho_image_free(&img);
	(void)state;
}

/* The limits that the header promises: 512 KiB, 64 KiB per TiB of RAM, 40 bytes for each piece. */
static void work_memory_keeps_its_limit(void **state)
{
	struct range r[600] = {{0, 1ULL << 40}};
	struct range_list ram = {r, 1, ARRAY_SIZE(r)};

	assert_int_equal(kho_work_size(&ram), 0x80000 + 24 + SZ_64K);
	r[0].size = 64ULL << 40;
	assert_int_equal(kho_work_size(&ram), 0x80000 + 24 + 64 * SZ_64K);
	r[0] = (struct range){1ULL << 41, 1};
	assert_int_equal(kho_work_size(&ram), 0x80000 + 32);
	r[0] = (struct range){(1ULL << 41) - 1, 2};
	assert_int_equal(kho_work_size(&ram), 0x80000 + 40);
	/* Two sockets, as on Kunpeng 920: the second one's memory begins at 32 TiB. */
	r[0] = (struct range){0, 512 * SZ_1G};
	r[1] = (struct range){0x202000000000, 512 * SZ_1G};
	ram.count = 2;
	assert_int_equal(kho_work_size(&ram), 0x80000 + 48 + SZ_64K);
	for (ram.count = 0; ram.count < ARRAY_SIZE(r); ram.count++)
		r[ram.count] = (struct range){ram.count << 33, SZ_4K};
	assert_int_equal(kho_work_size(&ram), 0x80000 + 600 * 32);
	ram.count = 0;
	assert_int_equal(kho_work_size(&ram), 0x80000);
	(void)state;
}

/* RAM of a second socket, far above that of the first, and not where words of the bitmap begin. */
static void numbers_granules_by_ram(void **state)
{
	static const uint64_t far[] = {0x202000000000, 14ULL << 40, 0x202000000000 - SZ_64K};

	for_each_kind(k)
	{
		for (size_t i = 0; i < ARRAY_SIZE(far); i++) {
			uint64_t random = 3, at = align_up_page(far[i]) + SZ_1G;
			struct kho_naive naive;
			struct kho_image img;

			kho_image_init(&img, k->format, k->page_shift);
			set_hint(&img);
			img.ram[img.mem.ram.count++] = (struct range){far[i], 4 * SZ_1G};
			kho_image_preserve(&img, align_down(at, img.page), 0);
			kho_image_preserve(&img, 0x200000000 + (SZ_1G << 1), 4);
			kho_image_preserve(&img, align_down(far[i] + 2 * SZ_1G, img.page << 9), 9);
			kho_image_preserve(&img, align_down(far[i] + 3 * SZ_1G, img.page << 2), 2);
			kho_image_finish(&img);
			assert_code(&img, kho_image_open(&img), KB_OK);
			assert_true(img.work.size < 0x80000 + SZ_64K + 4 * SZ_4K);
			assert_true(naive_read(&img, k->format, &naive));
			assert_null(naive_compare(&img, img.kho, &naive, &random));
			naive_free(&naive);
			kho_image_free(&img);
		}
	}
	(void)state;
}

/* ---- memory that changes while it is read ---- */

/* After the structure was checked a page of the map becomes unreadable. */
static void notices_lost_bitmaps(void **state)
{
	for_each_kind(k)
	{
		struct kho_image img;
		struct kho_ranges it;
		struct kho_strips strips;
		struct range r;

		make(&img, k);
		assert_code(&img, kho_image_open(&img), KB_OK);
		redirect(&img, 32 * SZ_1G, 9, 3 * SZ_1G);
		assert_false(kho_strip_seek(&strips, &img.mem, &img.kho->map, 9, 0));
		assert_int_equal(strips.status, KB_KHO_CHANGED);
		kho_ranges_first(&it, &img.mem, &img.kho->map, 0);
		assert_int_equal(it.status, KB_KHO_CHANGED);
		assert_false(kho_ranges_next(&it, &r));
		/* What cannot be read is not free. */
		assert_false(kho_range_free(&img.mem, img.kho,
					    (struct range){KHO_IMAGE_DATA, img.page}));
		assert_true(kho_map_touches(&img.mem, &img.kho->map,
					    (struct range){KHO_IMAGE_DATA, img.page}));
		kho_image_free(&img);
	}
	(void)state;
}

static void notices_a_lost_node(void **state)
{
	struct kho_image img;
	struct kho_strips strips;

	make(&img, &kinds[2]);
	assert_code(&img, kho_image_open(&img), KB_OK);
	kho_image_put(&img, kho_image_slot(&img, kho_image_key(&img, 32 * SZ_1G, 9), 3), 3 * SZ_1G);
	assert_false(kho_strip_seek(&strips, &img.mem, &img.kho->map, 9, 0));
	assert_int_equal(strips.status, KB_KHO_CHANGED);
	kho_image_free(&img);
	(void)state;
}

/* An element that no longer ascends must not send the iteration back. */
static void notices_a_list_that_runs_backwards(void **state)
{
	struct kho_image img;
	struct kho_strips strips;
	uint64_t elm;

	kho_image_init(&img, KHO_MAP_V1_SMALL, 12);
	kho_image_preserve(&img, KHO_IMAGE_DATA, 0);
	kho_image_finish(&img);
	assert_code(&img, kho_image_open(&img), KB_OK);
	elm = kho_image_elm(&img, 0, 1);
	kho_image_put(&img, elm, 0);
	assert_true(kho_strip_seek(&strips, &img.mem, &img.kho->map, 0, 0));
	assert_false(kho_strip_next(&strips));
	assert_int_equal(strips.status, KB_KHO_CHANGED);
	kho_image_put(&img, elm, KHO_IMAGE_DATA + 4096); /* misaligned */
	assert_true(kho_strip_seek(&strips, &img.mem, &img.kho->map, 0, 0));
	assert_false(kho_strip_next(&strips));
	assert_int_equal(strips.status, KB_KHO_CHANGED);
	kho_image_free(&img);
	(void)state;
}

/*
 * Whenever the bitmap of order 9 is moved away while kho_open() reads, the end is a code or, when
 * it was moved too late, KB_OK; and some moment leads to KB_KHO_CHANGED.
 */
static uint64_t moment;

static void move_away(struct kho_image *img, uint64_t at, uint64_t len)
{
	(void)at;
	(void)len;
	if (img->reads == moment)
		redirect(img, 32 * SZ_1G, 9, 3 * SZ_1G);
}

static void notices_change_while_opening(void **state)
{
	for_each_kind(k)
	{
		unsigned int changed = 0;
		enum kb_status st = KB_OK;

		for (moment = 1; !changed || st; moment++) {
			struct kho_image img;

			make(&img, k);
			img.on_read = move_away;
			st = kho_image_open(&img);
			assert_int_equal(img.mem.diag.status, st);
			assert_true(moment <= img.reads || !st);
			changed += st == KB_KHO_CHANGED;
			kho_image_free(&img);
			assert_true(moment < 10000);
		}
		assert_true(changed);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_each_kind),
		cmocka_unit_test(merges_ranges),
		cmocka_unit_test(answers_queries),
		cmocka_unit_test(returns_codes_of_its_parts),
		cmocka_unit_test(refuses_what_lies_in_scratch),
		cmocka_unit_test(refuses_unpreserved_fdt),
		cmocka_unit_test(refuses_unpreserved_blob),
		cmocka_unit_test(refuses_half_preserved_blob),
		cmocka_unit_test(refuses_blocks_outside_ram),
		cmocka_unit_test(looks_at_the_ends_of_ram),
		cmocka_unit_test(refuses_blocks_in_scratch),
		cmocka_unit_test(refuses_map_in_scratch),
		cmocka_unit_test(refuses_shared_pages),
		cmocka_unit_test(refuses_small_bitmaps_within_chunks),
		cmocka_unit_test(sharing_is_found_in_any_memory),
		cmocka_unit_test(refuses_work_memory),
		cmocka_unit_test(work_memory_keeps_its_limit),
		cmocka_unit_test(numbers_granules_by_ram),
		cmocka_unit_test(notices_lost_bitmaps),
		cmocka_unit_test(notices_a_lost_node),
		cmocka_unit_test(notices_a_list_that_runs_backwards),
		cmocka_unit_test(notices_change_while_opening),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
