// SPDX-License-Identifier: BSD-2-Clause
/* The firmware route's plan, and the look for its record. */
#include "kho_test.h"

#include <format/stub.h>
#include <route/route.h>
#include <route/zone.h>

#include <stdlib.h>

static const struct kho_kind radix = {KHO_MAP_RADIX, 12};

/* Memory at real addresses, as the doors have it. */
#define FIELD (8 * SZ_1M)

static enum kb_status find(const struct range_list *ram, const uint8_t *nonce,
			   struct kb_record **ret)
{
	uint8_t key[KB_SHA256_SIZE];

	record_key(nonce, key);
	return route_find(ram, key, ret);
}

static struct kb_record *put_record(uint8_t *field, uint64_t at, const uint8_t *nonce)
{
	const struct kb_record_shape shape = {.cmdline = 1};
	struct kb_record *rec = (struct kb_record *)(void *)(field + at);

	record_layout(rec, &shape, nonce);
	record_seal(rec);
	record_publish(rec);
	return rec;
}

/* All answers allow the route; each one in turn is then changed. */
static const struct route_question prepared = {.nonce = true,
					       .preserved = true,
					       .secure = SECURE_OFF,
					       .uefi = true};

static void a_prepared_route_is_tried(void **state)
{
	struct route_question q = prepared;
	(void)state;

	assert_int_equal(route_asked(&q), KB_OK);
	q.secure = SECURE_UNSET;
	assert_int_equal(route_asked(&q), KB_OK);
}

static void a_route_that_was_not_prepared_is_not_tried(void **state)
{
	struct route_question q = prepared;
	(void)state;

	q.nonce = false;
	assert_int_equal(route_asked(&q), KB_ROUTE_NONCE);
	q = prepared;
	q.preserved = false;
	assert_int_equal(route_asked(&q), KB_ROUTE_NOTHING);
	q = prepared;
	q.uefi = false;
	assert_int_equal(route_asked(&q), KB_ROUTE_NO_UEFI);
	q = prepared;
	q.initrd_outside = true;
	assert_int_equal(route_asked(&q), KB_ROUTE_INITRD);
}

static void what_is_not_known_to_be_off_counts_as_on(void **state)
{
	struct route_question q = prepared;
	(void)state;

	q.secure = SECURE_ON;
	assert_int_equal(route_asked(&q), KB_ROUTE_SECURE);
	q.secure = SECURE_UNKNOWN;
	assert_int_equal(route_asked(&q), KB_ROUTE_SECURE);
}

static void the_record_is_found_once(void **state)
{
	uint8_t *field = aligned_alloc(SZ_2M, FIELD);
	struct range r = {(uintptr_t)field, FIELD};
	struct range_list ram = {&r, 1, 1};
	uint8_t nonce[KB_NONCE_SIZE] = {1, 2, 3}, other[KB_NONCE_SIZE] = {1, 2, 4};
	struct kb_record *rec = NULL, *want;

	(void)state;
	assert_non_null(field);
	memset(field, 0, FIELD);
	assert_int_equal(find(&ram, nonce, &rec), KB_REC_NONE);
	put_record(field, SZ_1M, nonce); /* not where records are */
	put_record(field, 2 * SZ_2M, other);
	assert_int_equal(find(&ram, nonce, &rec), KB_REC_NONE);
	assert_null(rec);
	want = put_record(field, 3 * SZ_2M, nonce);
	assert_int_equal(find(&ram, nonce, &rec), KB_OK);
	assert_ptr_equal(rec, want);
	/* The last page counts, a part of a page does not; what lies before is not RAM. */
	r.size = 3 * SZ_2M + SZ_4K;
	assert_int_equal(find(&ram, nonce, &rec), KB_OK);
	r.size--;
	assert_int_equal(find(&ram, nonce, &rec), KB_REC_NONE);
	r = (struct range){(uintptr_t)field + SZ_4K, FIELD - SZ_4K};
	put_record(field, 0, nonce);
	assert_int_equal(find(&ram, nonce, &rec), KB_OK);
	r = (struct range){(uintptr_t)field, FIELD};
	assert_int_equal(find(&ram, nonce, &rec), KB_REC_TWICE);
	free(field);
}

/* What is flushed is taken by then. */
static void count_flush(void *ctx, struct range r)
{
	assert_int_equal(((struct kb_record *)(uintptr_t)r.base)->state, KB_RECORD_TAKEN);
	*(uint64_t *)ctx += r.size;
}

/* A boot that was not asked to take a record withdraws all that there are, once. */
static void records_are_dropped_once(void **state)
{
	uint8_t *field = aligned_alloc(SZ_2M, FIELD);
	struct range r = {(uintptr_t)field, FIELD};
	struct range_list ram = {&r, 1, 1};
	uint8_t nonce[KB_NONCE_SIZE] = {1, 2, 3};
	struct kb_diag diag = {0};
	struct kb_record *rec;
	uint64_t lines = 0;

	(void)state;
	assert_non_null(field);
	memset(field, 0, FIELD);
	put_record(field, SZ_1M, nonce); /* not where records are */
	assert_false(route_drop(&ram, count_flush, &lines));
	put_record(field, SZ_2M, nonce);
	rec = put_record(field, 3 * SZ_2M, nonce);
	assert_true(route_drop(&ram, count_flush, &lines));
	assert_int_equal(record_check(rec, SZ_2M, (uintptr_t)rec, KB_RECORD_X86_64, &diag),
			 KB_REC_TAKEN);
	assert_false(route_drop(&ram, count_flush, &lines));
	assert_int_equal(lines, 2 * SZ_4K); /* a reset must not bring them back */
	free(field);
}

/* ---- caches ---------------------------------------------------------------------------------- */

#define FLUSHED_MAX 4096

static struct range flushed_store[FLUSHED_MAX];
static struct range_list flushed = {flushed_store, 0, FLUSHED_MAX};

static void note_flush(void *ctx, struct range r)
{
	(void)ctx;
	assert_int_equal(range_list_add(&flushed, r), KB_OK);
}

static void count_read(void *ctx, const void *bytes, uint64_t len)
{
	(void)bytes;
	*(uint64_t *)ctx += len;
}

/* Three of four pages, one block more, and all in the field, so that it can be read. */
static void preserve_some(struct kho_image *img)
{
	uint64_t at = kho_image_alloc(img, 64 * img->page, img->page);

	for (uint64_t i = 0; i < 64; i++)
		if (i % 4 != 3)
			kho_image_preserve(img, at + i * img->page, 0);
	kho_image_preserve(img, kho_image_alloc(img, 8 * img->page, 8 * img->page), 3);
}

static void all_is_flushed(struct kho_image *img, enum kho_map_format format, enum kb_digest seal)
{
	struct seal_scope s = {.shift = 20, .ahead = count_read};
	struct kb_xxh128 digests[256];
	struct kho_naive n;
	uint64_t read = 0, count;

	flushed.count = 0;
	assert_int_equal(route_flush(&img->mem, img->kho, seal, note_flush, NULL), KB_OK);
	range_list_sort(&flushed);
	assert_true(naive_read(img, format, &n));
	assert_true(range_list_contains(&flushed, img->kho->root.fdt));
	for (size_t i = 0; i < n.metas; i++)
		assert_true(range_list_contains(&flushed, n.meta[i]));
	for (size_t i = 0; seal != KB_DIGEST_ALL && i < n.ranges; i++)
		assert_true(range_list_contains(&flushed, n.range[i]));
	naive_free(&n);
	if (seal != KB_DIGEST_ALL)
		return;
	s.ctx = &read;
	assert_int_equal(seal_data(&img->mem, img->kho, &s, digests, ARRAY_SIZE(digests), &count),
			 KB_OK);
	assert_int_equal(read, img->kho->sum.bytes);
}

/* Each preserved byte, by its address: other CPUs' caches are reached by nothing else. */
static void what_must_survive_is_flushed_by_address(void **state)
{
	static const enum kho_map_format formats[] = {KHO_MAP_RADIX, KHO_MAP_V1_SMALL,
						      KHO_MAP_V1_PAGE};
	static const enum kb_digest seals[] = {KB_DIGEST_ALL, KB_DIGEST_ZONE, KB_DIGEST_META};
	struct kho_image img;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		kho_image_init(&img, formats[i], 12);
		preserve_some(&img);
		kho_image_finish(&img);
		assert_int_equal(kho_image_open(&img), KB_OK);
		for (size_t k = 0; k < ARRAY_SIZE(seals); k++)
			all_is_flushed(&img, formats[i], seals[k]);
		kho_image_free(&img);
	}
}

static void another_machine_is_refused(void **state)
{
	uint8_t uuid[16] = {1, [15] = 9};
	struct kb_record rec = {0};

	(void)state;
	assert_int_equal(route_machine(&rec, uuid), KB_OK); /* it was not known */
	memcpy(rec.facts.machine, uuid, sizeof(uuid));
	assert_int_equal(route_machine(&rec, uuid), KB_OK);
	uuid[15]++;
	assert_int_equal(route_machine(&rec, uuid), KB_REC_MACHINE);
}

static void what_is_used_has_to_be_ram(void **state)
{
	struct range ram[] = {{SZ_1M, SZ_2M}, {16 * SZ_1M, SZ_2M}};
	struct range use[] = {{SZ_1M, SZ_4K}, {16 * SZ_1M + SZ_4K, SZ_2M - SZ_4K}};
	struct mem m = {.ram = {ram, 2, 2}};
	struct range_list l = {use, 2, 2};

	(void)state;
	assert_int_equal(route_homes_are_ram(&m, &l), KB_OK);
	assert_int_equal(route_scratch_is_ram(&l, &m.ram), KB_OK);
	use[1].size += SZ_4K;
	assert_int_equal(route_scratch_is_ram(&l, &m.ram), KB_CLAIM_SCRATCH);
	assert_int_equal(route_homes_are_ram(&m, &l), KB_EVAC_HOME);
	assert_int_equal(m.diag.at, use[1].base);
	assert_int_equal(m.diag.value, use[1].size);
}

/*
 * Firmware has allocated a page of one copy, or of the record: nothing else would notice under
 * seal=meta, and its bytes would be put home.
 */
static void copies_have_to_be_ours(void **state)
{
	const struct kb_record_shape shape = {.moves = 2, .cmdline = 1};
	const uint8_t nonce[KB_NONCE_SIZE] = {1};
	struct kb_record *rec = aligned_alloc(SZ_2M, SZ_2M);
	struct range ours[] = {{8 * SZ_2M, SZ_2M}, {(uintptr_t)rec, SZ_2M}, {0, 0}};
	struct range_list l = {ours, 2, 3};
	struct mem m = {.ram = l};

	(void)state;
	assert_non_null(rec);
	memset(rec, 0, SZ_2M);
	record_layout(rec, &shape, nonce);
	record_moves(rec)[0] = (struct kb_move){SZ_1M, 8 * SZ_2M, SZ_4K};
	record_moves(rec)[1] = (struct kb_move){2 * SZ_1M, 8 * SZ_2M + SZ_4K, 2 * SZ_4K};
	assert_int_equal(route_kept(&m, rec, &l), KB_OK);
	ours[0].size = 3 * SZ_4K - 1; /* the last byte of the last copy */
	assert_int_equal(route_kept(&m, rec, &l), KB_CLAIM);
	assert_int_equal(m.diag.at, 8 * SZ_2M + SZ_4K);
	assert_int_equal(m.diag.value, 2 * SZ_4K);
	ours[0].size++;
	ours[1].base += SZ_4K; /* the record's first page */
	m.diag = (struct kb_diag){0};
	assert_int_equal(route_kept(&m, rec, &l), KB_CLAIM);
	assert_int_equal(m.diag.at, (uintptr_t)rec);
	free(rec);
}

static void make(struct kho_image *img)
{
	kho_image_init(img, radix.format, radix.page_shift);
	kho_image_preserve_range(img, (struct range){KHO_IMAGE_DATA + SZ_1M, 3 * SZ_4K});
	kho_image_preserve_range(img, (struct range){KHO_IMAGE_DATA + SZ_2M, SZ_2M});
	kho_image_finish(img);
	assert_int_equal(kho_image_open(img), KB_OK);
}

/* A blob of two pages, and a zone of @size bytes that begins @from bytes after its start. */
static enum kb_status place_blob(int64_t from, uint64_t size, uint64_t room)
{
	uint8_t nonce[KB_NONCE_SIZE] = {0}, blob[5000] = {1};
	struct range zone_r,
		free_store[4] = {{SZ_4G, (4 * SZ_1M)}, {SZ_4G + 3 * (4 * SZ_1M), room}};
	struct range_list zone = {&zone_r, 1, 1}, free_list = {free_store, 2, 4};
	struct route r = {.zone = &zone, .cmdline = "quiet", .nonce = nonce};
	struct kho_work work;
	struct kho_image img;
	struct kb_record *rec;
	enum kb_status st;

	kho_image_init(&img, radix.format, radix.page_shift);
	zone_r.base = kho_image_blob(&img, "LUO", blob, sizeof(blob)) + (uint64_t)from;
	zone_r.size = size;
	kho_image_finish(&img);
	assert_int_equal(kho_image_open(&img), KB_OK);
	work.size = evacuate_work_size(&zone);
	work.base = calloc(1, work.size);
	assert_int_equal(route_plan(&img.mem, img.kho, &free_list, work, &r), KB_OK);
	/* The copies are to find room in the second range only. */
	assert_int_equal(range_list_subtract(&free_list, (struct range){SZ_4G, (4 * SZ_1M)}),
			 KB_OK);
	rec = aligned_alloc(SZ_4K, r.record.size);
	st = route_place(&img.mem, img.kho, &free_list, &r, rec);
	if (!st)
		assert_true(rec->moves_count > 0);
	free(rec);
	free(work.base);
	kho_image_free(&img);
	return st;
}

static void blobs_stay_in_one_piece(void **state)
{
	(void)state;
	assert_int_equal(place_blob(0, 2 * SZ_4K, SZ_1M), KB_OK);
	assert_int_equal(place_blob(-(int64_t)SZ_4K, SZ_64K, SZ_1M), KB_OK);
	assert_int_equal(place_blob(0, SZ_4K, SZ_1M), KB_SEAL_READ);
	assert_int_equal(place_blob(SZ_4K, SZ_4K, SZ_1M), KB_SEAL_READ);
	assert_int_equal(place_blob(0, 2 * SZ_4K, SZ_4K), KB_EVAC_ROOM);
}

/* Every other page of scratch is free: copies in @n pieces. */
static enum kb_status place_scattered(uint64_t n, uint64_t descriptors)
{
	const uint8_t nonce[KB_NONCE_SIZE] = {0};
	struct range zone_r = {KHO_IMAGE_DATA, SZ_2M}, store[512], keep_store[ROUTE_KEEP_MAX];
	struct range_list zone = {&zone_r, 1, 1}, free_list = {store, 0, 512};
	struct range_list keep = {keep_store, 0, ROUTE_KEEP_MAX};
	struct route r = {.zone = &zone, .cmdline = "quiet", .nonce = nonce};
	struct kho_work work;
	struct kho_image img;
	struct kb_record *rec;
	enum kb_status st;

	kho_image_init(&img, radix.format, radix.page_shift);
	kho_image_preserve_range(&img, (struct range){KHO_IMAGE_DATA, n * SZ_4K});
	kho_image_finish(&img);
	assert_int_equal(kho_image_open(&img), KB_OK);
	assert_int_equal(range_list_add(&free_list, (struct range){SZ_4G, SZ_64K}), KB_OK);
	work.size = evacuate_work_size(&zone);
	work.base = calloc(1, work.size);
	assert_int_equal(route_plan(&img.mem, img.kho, &free_list, work, &r), KB_OK);
	free_list.count = 0;
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(range_list_add(&free_list,
						(struct range){SZ_4G + SZ_1M + i * SZ_64K, SZ_4K}),
				 KB_OK);
	r.shape.moves += n;
	r.early_max = (struct route_early){34 * 1024, 512};
	r.map_size = descriptors * 48;
	r.desc_size = descriptors ? 48 : 0;
	rec = aligned_alloc(SZ_4K, record_size(&r.shape));
	st = route_place(&img.mem, img.kho, &free_list, &r, rec);
	if (!st) {
		rec->facts.room =
			(struct kb_room){{SZ_1G, SZ_4K}, {SZ_2M, SZ_4K}, {8 * SZ_1M, SZ_4K}};
		assert_int_equal(route_keep(rec, &keep), KB_OK);
		assert_int_equal(keep.count, n + 4);
	}
	free(rec);
	free(work.base);
	kho_image_free(&img);
	return st;
}

static void more_pieces_than_the_other_door_counts_are_refused(void **state)
{
	(void)state;
	/* Record, room, and the two areas of scratch that kho_image_init() makes. */
	assert_int_equal(place_scattered(ROUTE_KEEP_MAX - 4 - 2, 0), KB_OK);
	assert_int_equal(place_scattered(ROUTE_KEEP_MAX - 3 - 2, 0), KB_RANGE_FULL);
}

/* 34 KiB hold 725 descriptors: those of firmware, 64 more, and two for each piece. */
static void a_map_too_large_for_the_other_door_is_refused(void **state)
{
	(void)state;
	assert_int_equal(place_scattered(246, 725 - 64 - 2 * 252), KB_OK);
	assert_int_equal(place_scattered(246, 725 - 64 - 2 * 252 + 1), KB_ROUTE_MAP);
	/* And the lists 512 pieces. */
	assert_int_equal(place_scattered(100, 512 - 64 - 106), KB_OK);
	assert_int_equal(place_scattered(100, 512 - 64 - 106 + 1), KB_ROUTE_MAP);
}

/* ---- kernels with large pages ---------------------------------------------------------------- */

static enum kb_status is_readable(void *ctx, const struct kho_meta *meta)
{
	struct mem *m = ctx;

	return mem_get(m, phys(meta->bytes.base), meta->bytes.size) ? KB_OK : KB_KHO_CHANGED;
}

/* @ctx: a range; its base is the page size, and its size becomes where a page of the map begins. */
static enum kb_status last_whole(void *ctx, const struct kho_meta *meta)
{
	struct range *r = ctx;

	if (meta->bytes.size == r->base)
		r->size = meta->bytes.base;
	return KB_OK;
}

/* The zone ends in the middle of a page of the map. Is the map readable after the reset? */
static enum kb_status place_cut(const struct kho_kind *kind, uint64_t room, bool align)
{
	const uint8_t nonce[KB_NONCE_SIZE] = {0};
	struct range zone_r = {1ULL << kind->page_shift, 0}, store[8];
	struct range_list zone = {&zone_r, 1, 1}, free_list = {store, 0, 8};
	struct route r = {.zone = &zone, .cmdline = "quiet", .nonce = nonce};
	struct kho_work work;
	struct kho_image img;
	struct kb_record *rec;
	enum kb_status st;

	kho_image_init(&img, kind->format, kind->page_shift);
	img.hint = hint_of(kind->format);
	for (uint64_t i = 0; i < 64; i++)
		kho_image_preserve(&img, KHO_IMAGE_DATA + i * 16 * SZ_1M, 0);
	kho_image_finish(&img);
	assert_int_equal(kho_image_open(&img), KB_OK);
	assert_int_equal(kho_map_each_page(&img.mem, &img.kho->map, last_whole, &zone_r), KB_OK);
	zone_r.size = align_down(zone_r.size + img.page / 2, SZ_4K) - KHO_IMAGE_BASE;
	zone_r.base = KHO_IMAGE_BASE;
	if (align)
		zone_align(&zone, img.page);
	work.size = evacuate_work_size(&zone);
	work.base = calloc(1, work.size);
	/* Odd pieces for the copies, so that rows have to be split. */
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(range_list_add(&free_list,
						(struct range){(8 + i) * SZ_1G, room + i * SZ_4K}),
				 KB_OK);
	assert_int_equal(range_list_add(&free_list, (struct range){16 * SZ_1G, 64 * SZ_1M}), KB_OK);
	assert_int_equal(route_plan(&img.mem, img.kho, &free_list, work, &r), KB_OK);
	rec = aligned_alloc(SZ_4K, r.record.size);
	st = route_place(&img.mem, img.kho, &free_list, &r, rec);
	if (!st) {
		struct kb_moves moves = route_moves(rec);
		struct mem m = img.mem;

		m.map = mem_map_moved;
		m.ctx = &moves;
		assert_true(moves.count);
		assert_int_equal(kho_map_each_page(&img.mem, &img.kho->map, is_readable, &m),
				 KB_OK);
	}
	free(rec);
	free(work.base);
	kho_image_free(&img);
	return st;
}

/*
 *	zone       |zzzzzzzzzzzzzz|                  its edge cuts a page
 *	pages   |   map   |   map   |   map   |
 *	aligned |zzzzzzzzzzzzzzzzzzz|
 */
static void a_page_of_the_map_is_not_cut(void **state)
{
	(void)state;

	for_each_kind(k)
	{
		uint64_t page = 1ULL << k->page_shift;

		assert_int_equal(place_cut(k, 0, true), KB_OK);
		assert_int_equal(place_cut(k, 2 * page + SZ_4K, true), KB_OK);
		if (page > SZ_4K)
			assert_int_equal(place_cut(k, 0, false), KB_SEAL_READ);
	}
}

static enum kb_status one_page(void *ctx, const struct kho_meta *meta)
{
	struct range_list *l = ctx;

	return range_list_add(l, meta->page);
}

/* If just one page that matters is unsafe, that is noticed. */
static void nothing_uncovered_goes_unnoticed(void **state)
{
	struct range pages_store[64], safe_store[64];
	struct range_list pages = {pages_store, 0, 64}, safe = {safe_store, 0, 64};
	struct kho_image img;

	(void)state;
	make(&img);
	assert_int_equal(kho_map_each_page(&img.mem, &img.kho->map, one_page, &pages), KB_OK);
	assert_true(pages.count > 5);
	pages.r[pages.count++] = (struct range){img.h.fdt.addr, SZ_4K};
	pages.r[pages.count++] = (struct range){KHO_IMAGE_DATA + SZ_1M + 2 * SZ_4K, SZ_4K};
	pages.r[pages.count++] = (struct range){KHO_IMAGE_DATA + 2 * SZ_2M - SZ_4K, SZ_4K};
	assert_int_equal(range_list_copy(&img.mem.ram, &safe), KB_OK);
	assert_int_equal(route_covered(&img.mem, img.kho, &safe), KB_OK);
	for (size_t i = 0; i < pages.count; i++) {
		assert_int_equal(range_list_copy(&img.mem.ram, &safe), KB_OK);
		assert_int_equal(range_list_subtract(&safe, pages.r[i]), KB_OK);
		assert_code(&img, route_covered(&img.mem, img.kho, &safe), KB_CLAIM);
	}
	/* No other page is asked for. */
	assert_int_equal(range_list_copy(&img.mem.ram, &safe), KB_OK);
	assert_int_equal(range_list_subtract(&safe, (struct range){KHO_IMAGE_DATA, SZ_1M}), KB_OK);
	assert_int_equal(route_covered(&img.mem, img.kho, &safe), KB_OK);
	kho_image_free(&img);
}

static void the_record_needs_room(void **state)
{
	uint8_t nonce[KB_NONCE_SIZE] = {0};
	struct range zone_r = {KHO_IMAGE_DATA, 2 * SZ_1M}, free_store[8];
	struct range_list zone = {&zone_r, 1, 1}, free_list = {free_store, 0, 8};
	struct route r = {.zone = &zone, .cmdline = "quiet", .nonce = nonce};
	struct kho_work work;
	struct kho_image img;

	(void)state;
	make(&img);
	work.size = evacuate_work_size(&zone);
	work.base = calloc(1, work.size);
	/* There is room, but not at a multiple of the alignment. */
	assert_int_equal(range_list_add(&free_list, (struct range){SZ_2M + SZ_4K, SZ_1M}), KB_OK);
	assert_int_equal(route_plan(&img.mem, img.kho, &free_list, work, &r), KB_REC_ROOM);
	assert_int_equal(range_list_add(&free_list, (struct range){2 * SZ_2M, 4 * SZ_2M}), KB_OK);
	assert_int_equal(route_plan(&img.mem, img.kho, &free_list, work, &r), KB_OK);
	assert_int_equal(r.record.base, 2 * SZ_2M);
	assert_int_equal(r.record.size, record_size(&r.shape));
	assert_null(range_list_overlap(&free_list, r.record));
	assert_int_equal(r.evacuation.bytes, 3 * SZ_4K);
	assert_true(r.shape.moves >= r.evacuation.runs);
	assert_true(r.shape.tiles > 0);
	r.seal = KB_DIGEST_META;
	assert_int_equal(route_plan(&img.mem, img.kho, &free_list, work, &r), KB_OK);
	assert_int_equal(r.shape.tiles, 0);
	free(work.base);
	kho_image_free(&img);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prepared_route_is_tried),
		cmocka_unit_test(a_route_that_was_not_prepared_is_not_tried),
		cmocka_unit_test(what_is_not_known_to_be_off_counts_as_on),
		cmocka_unit_test(the_record_is_found_once),
		cmocka_unit_test(records_are_dropped_once),
		cmocka_unit_test(what_must_survive_is_flushed_by_address),
		cmocka_unit_test(another_machine_is_refused),
		cmocka_unit_test(what_is_used_has_to_be_ram),
		cmocka_unit_test(copies_have_to_be_ours),
		cmocka_unit_test(blobs_stay_in_one_piece),
		cmocka_unit_test(a_page_of_the_map_is_not_cut),
		cmocka_unit_test(more_pieces_than_the_other_door_counts_are_refused),
		cmocka_unit_test(a_map_too_large_for_the_other_door_is_refused),
		cmocka_unit_test(nothing_uncovered_goes_unnoticed),
		cmocka_unit_test(the_record_needs_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
