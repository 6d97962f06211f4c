// SPDX-License-Identifier: BSD-2-Clause
/* Evacuation: random maps and zones, compared with a look at every page. */
#include <route/evacuate.h>

#include "kho_test.h"

#include <stdlib.h>

#define ROUNDS 12
#define ZONES  5

struct round {
	struct kho_image img;
	struct kho_naive naive;
	struct range zone_store[ZONES];
	struct range_list zone;
	struct evacuation e;
	struct kho_work work;
	uint64_t random;
};

/* ---- images and zones ---- */

/* Blocks of several orders in the first 64 MiB of the data, in the field, and far away. */
static void preserve(struct kho_image *img, uint64_t *random)
{
	uint64_t field = kho_image_alloc(img, 16 * img->page, 16 * img->page);

	for (unsigned int i = 0; i < 16; i++)
		if (random_below(random, 2))
			kho_image_preserve(img, field + i * img->page, 0);
	for (unsigned int i = 0; i < 60; i++) {
		unsigned int order = (unsigned int)random_below(random, 6);
		uint64_t n = 64 * SZ_1M >> (img->page_shift + order);

		kho_image_preserve(img,
				   KHO_IMAGE_DATA +
					   (random_below(random, n) << (img->page_shift + order)),
				   order);
	}
	kho_image_preserve(img, 16 * SZ_1G, 8);
}

/* Zones in the field, at its edge and in the data, of any number of 4 KiB pages. */
static void pick_zone(struct round *r)
{
	const struct range places[] = {{KHO_IMAGE_BASE, r->img.used},
				       {KHO_IMAGE_BASE + r->img.used - SZ_64K, 16 * SZ_1M},
				       {KHO_IMAGE_DATA, 64 * SZ_1M},
				       {KHO_IMAGE_DATA, 64 * SZ_1M},
				       {16 * SZ_1G, SZ_1M}};

	r->zone = (struct range_list){r->zone_store, 0, ZONES};
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		uint64_t pages = places[i].size / SZ_4K;
		uint64_t from = random_below(&r->random, pages);
		uint64_t n = random_below(&r->random, min_u64(pages - from, 2000)) + 1;

		if (random_below(&r->random, 4))
			assert_int_equal(range_list_add(&r->zone,
							(struct range){places[i].base +
									       from * SZ_4K,
								       n * SZ_4K}),
					 KB_OK);
	}
	range_list_sort(&r->zone);
}

static void begin(struct round *r, const struct kho_kind *k, uint64_t seed)
{
	struct kho_image *img = &r->img;

	memset(r, 0, sizeof(*r));
	r->random = seed;
	kho_image_init(img, k->format, k->page_shift);
	img->hint = hint_of(k->format);
	kho_image_blob_fdt(img, "memblock", "memblock-v1");
	preserve(img, &r->random);
	kho_image_finish(img);
	assert_code(img, kho_image_open(img), KB_OK);
	assert_true(naive_read(img, k->format, &r->naive));
	pick_zone(r);
	r->work.size = evacuate_work_size(&r->zone);
	r->work.base = malloc(r->work.size);
}

static void end(struct round *r)
{
	free(r->work.base);
	naive_free(&r->naive);
	kho_image_free(&r->img);
}

/* ---- marking ---- */

static bool has_to_move(const struct round *r, uint64_t page)
{
	struct range p = {page, SZ_4K};

	return naive_touches(&r->naive, p) || naive_is_meta(&r->naive, p);
}

/*
 * Bits in the order of the zone; runs and bytes as counted page by page.
 *
 *   memory   ..xx..xxx.xx....xxx..x..    x: preserved, or metadata
 *   zone     ...[ 0 ]......[ 1 ].....
 *   bits        10011      00111         two runs and one
 */
static void check_marks(struct round *r, uint64_t *moved)
{
	uint64_t n = 0, runs = 0, pages = 0;

	for (size_t i = 0; i < r->zone.count; i++) {
		bool before = false;

		for (uint64_t at = r->zone.r[i].base; at < range_end(r->zone.r[i]); at += SZ_4K) {
			bool now = has_to_move(r, at);

			assert_int_equal(r->e.bits[n / 64] >> n % 64 & 1, now);
			runs += now && !before;
			pages += now;
			before = now;
			n++;
		}
	}
	assert_int_equal(r->e.runs, runs);
	assert_int_equal(r->e.bytes, pages * SZ_4K);
	*moved += pages;
}

/* ---- placing ---- */

#define FREE 40

static uint64_t pick_free(struct round *r, struct range_list *l)
{
	uint64_t at = 8 * SZ_1G;

	while (l->count < FREE) {
		uint64_t pages = 1 + random_below(&r->random, 12);

		at += (1 + random_below(&r->random, 5)) * SZ_4K;
		if (random_below(&r->random, 16) == 0)
			pages *= 20;
		assert_int_equal(range_list_add(l, (struct range){at, pages * SZ_4K}), KB_OK);
		at += pages * SZ_4K;
	}
	return range_list_bytes(l);
}

static bool range_list_starts_at(const struct range_list *l, uint64_t at)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->r[i].base == at)
			return true;
	return false;
}

/* Bytes that have a place in any case: of each range a part of a page may be left over. */
static uint64_t sure_room(const struct range_list *l, uint64_t page)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < l->count; i++)
		if (l->r[i].size >= page)
			sum += l->r[i].size - page + SZ_4K;
	return sum;
}

/*
 * Exactly the marked pages, in order; copies ascend, inside @before and no longer in @after.
 *
 *   zone     .aa..bbb.c...
 *   before   ---...----...--
 *   copies   aa-...bbbc...--
 *   after    ..-..........--
 */
static void check_moves(struct round *r, const struct kb_moves *moves,
			const struct range_list *before, const struct range_list *after)
{
	uint64_t sum = 0, home = 0, copy = 0;

	for (size_t i = 0; i < moves->count; i++) {
		const struct kb_move *m = &moves->m[i];
		struct range to = {m->copy, m->size};

		assert_true(m->size && m->home >= home && m->copy >= copy);
		assert_true(range_list_contains(before, to));
		assert_null(range_list_overlap(after, to));
		assert_true(range_list_contains(&r->zone, (struct range){m->home, m->size}));
		for (uint64_t at = 0; at < m->size; at += SZ_4K)
			assert_true(has_to_move(r, m->home + at));
		home = m->home + m->size;
		copy = m->copy + m->size;
		sum += m->size;
		/* Split between pages of the kernel alone: a part of the map may fill one. */
		if (i && moves->m[i - 1].home + moves->m[i - 1].size == m->home &&
		    !range_list_starts_at(&r->zone, m->home))
			assert_true(is_aligned(m->home, r->img.page));
	}
	assert_int_equal(sum, r->e.bytes);
	assert_int_equal(range_list_bytes(before) - range_list_bytes(after), sum);
	for (size_t i = 0; i < after->count; i++)
		assert_true(after->r[i].size && range_list_contains(before, after->r[i]));
}

/* All pages find a place if there are as many free bytes, however they are divided. */
static void check_place(struct round *r, uint64_t *placed, uint64_t *refused)
{
	struct range store[FREE], old_store[FREE];
	struct range_list free_list = {store, 0, FREE}, before = {old_store, 0, FREE};
	uint64_t room = pick_free(r, &free_list), sure = sure_room(&free_list, r->img.page);
	enum kb_status st;
	struct kb_moves moves = {.max = r->e.runs + free_list.count};

	moves.m = calloc(moves.max + 1, sizeof(*moves.m));
	assert_int_equal(range_list_copy(&free_list, &before), KB_OK);
	st = evacuate_place(&r->e, &free_list, &moves);
	if (room < r->e.bytes || (st && sure < r->e.bytes)) {
		assert_int_equal(st, KB_EVAC_ROOM);
		++*refused;
	} else {
		assert_int_equal(st, KB_OK);
		check_moves(r, &moves, &before, &free_list);
		++*placed;
	}
	free(moves.m);
}

static void same_as_model(void **state)
{
	uint64_t moved = 0, placed = 0, refused = 0;

	for_each_kind(k) for (unsigned int i = 0; i < ROUNDS; i++)
	{
		static struct round r;

		begin(&r, k, 1000 * (uint64_t)(k - kinds) + i);
		assert_code(&r.img, evacuate_mark(&r.img.mem, r.img.kho, &r.zone, r.work, &r.e),
			    KB_OK);
		check_marks(&r, &moved);
		for (unsigned int n = 0; n < 4; n++)
			check_place(&r, &placed, &refused);
		end(&r);
	}
	assert_true(moved > 1000 && placed > 20 && refused > 20);
	(void)state;
}

/* ---- one case each ---- */

/* A small map whose pages from PLACE on are preserved as @pattern says ('x' preserved). */
#define PLACE (KHO_IMAGE_DATA + SZ_1M)

static void begin_pattern(struct round *r, const char *pattern)
{
	struct kho_image *img = &r->img;

	memset(r, 0, sizeof(*r));
	kho_image_init(img, KHO_MAP_RADIX, 12);
	for (size_t i = 0; pattern[i]; i++)
		if (pattern[i] == 'x')
			kho_image_preserve(img, PLACE + i * SZ_4K, 0);
	kho_image_finish(img);
	assert_code(img, kho_image_open(img), KB_OK);
	r->zone_store[0] = (struct range){PLACE, strlen(pattern) * SZ_4K};
	r->zone = (struct range_list){r->zone_store, 1, ZONES};
	r->work.size = evacuate_work_size(&r->zone);
	r->work.base = malloc(r->work.size);
	assert_code(img, evacuate_mark(&img->mem, img->kho, &r->zone, r->work, &r->e), KB_OK);
}

static void assert_places(struct round *r, const struct range *free_ranges, size_t n,
			  const struct kb_move *want, size_t count)
{
	struct range store[4];
	struct range_list list = {store, n, 4};
	struct kb_move m[8];
	struct kb_moves moves = {m, 0, 8};

	memcpy(store, free_ranges, n * sizeof(*store));
	assert_int_equal(evacuate_place(&r->e, &list, &moves), KB_OK);
	assert_int_equal(moves.count, count);
	assert_memory_equal(m, want, count * sizeof(*m));
}

/*
 * One character is one page; letters are runs of marked pages and their copies, '-' is free.
 *
 *   zone      free           copies
 *   aa.bbb    ---..----      aa-..bbb-        what is placed no longer counts as what is left
 *   a.bbb     --..--------   a-..bbb-----     whole, in the next range that has room for it
 *   a.bbb     --..--         ab..bb           no range has: split
 *   aaa.bb    --..---        aa..abb          the second one has, but then bb would not fit
 */
static void rows_stay_whole_where_there_is_room(void **state)
{
	const struct range roomy[] = {{SZ_4G, 2 * SZ_4K}, {SZ_4G + SZ_1M, 8 * SZ_4K}};
	const struct kb_move whole[] = {{PLACE, SZ_4G, SZ_4K},
					{PLACE + 2 * SZ_4K, SZ_4G + SZ_1M, 3 * SZ_4K}};
	const struct range tight[] = {{SZ_4G, 2 * SZ_4K}, {SZ_4G + SZ_1M, 2 * SZ_4K}};
	const struct kb_move split[] = {{PLACE, SZ_4G, SZ_4K},
					{PLACE + 2 * SZ_4K, SZ_4G + SZ_4K, SZ_4K},
					{PLACE + 3 * SZ_4K, SZ_4G + SZ_1M, 2 * SZ_4K}};
	/* It would fit whole into the second range, but then the rest would not. */
	const struct range exact[] = {{SZ_4G, 2 * SZ_4K}, {SZ_4G + SZ_1M, 3 * SZ_4K}};
	const struct kb_move both[] = {{PLACE, SZ_4G, 2 * SZ_4K},
				       {PLACE + 2 * SZ_4K, SZ_4G + SZ_1M, SZ_4K},
				       {PLACE + 4 * SZ_4K, SZ_4G + SZ_1M + SZ_4K, 2 * SZ_4K}};
	/* What is placed no longer counts as part of what is left. */
	const struct range rest[] = {{SZ_4G, 3 * SZ_4K}, {SZ_4G + SZ_1M, 4 * SZ_4K}};
	const struct kb_move last[] = {{PLACE, SZ_4G, 2 * SZ_4K},
				       {PLACE + 3 * SZ_4K, SZ_4G + SZ_1M, 3 * SZ_4K}};
	struct round r;

	begin_pattern(&r, "xx.xxx");
	assert_places(&r, rest, 2, last, 2);
	end(&r);
	begin_pattern(&r, "x.xxx");
	assert_places(&r, roomy, 2, whole, 2);
	assert_places(&r, tight, 2, split, 3);
	end(&r);
	begin_pattern(&r, "xxx.xx");
	assert_places(&r, exact, 2, both, 3);
	end(&r);
	(void)state;
}

/*
 *   zone     free        copies
 *   a.b.c    -------     abc----     three moves, but storage for two: KB_RANGE_FULL
 */
static void storage_runs_out(void **state)
{
	struct range store[1] = {{SZ_4G, SZ_1M}};
	struct range_list list = {store, 1, 1};
	struct kb_move m[3];
	struct kb_moves moves = {m, 0, 2};
	struct round r;

	begin_pattern(&r, "x.x.x");
	assert_int_equal(evacuate_place(&r.e, &list, &moves), KB_RANGE_FULL);
	moves.max = 3;
	assert_int_equal(evacuate_place(&r.e, &list, &moves), KB_OK);
	list.count = 0;
	assert_int_equal(evacuate_place(&r.e, &list, &moves), KB_EVAC_ROOM);
	end(&r);
	(void)state;
}

static void work_is_checked(void **state)
{
	struct round r;

	begin(&r, &kinds[2], 3);
	r.work.size--;
	assert_code(&r.img, evacuate_mark(&r.img.mem, r.img.kho, &r.zone, r.work, &r.e),
		    KB_EVAC_WORK);
	assert_diag(&r.img, r.work.size, r.work.size + 1);
	end(&r);
	(void)state;
}

static void nothing_in_the_zone(void **state)
{
	struct range_list none = {NULL, 0, 0};
	struct kb_moves moves = {NULL, 9, 0};
	struct round r;

	begin(&r, &kinds[2], 4);
	assert_int_equal(evacuate_work_size(&none), 0);
	assert_code(&r.img, evacuate_mark(&r.img.mem, r.img.kho, &none, r.work, &r.e), KB_OK);
	assert_int_equal(r.e.runs, 0);
	assert_int_equal(r.e.bytes, 0);
	assert_int_equal(evacuate_place(&r.e, &none, &moves), KB_OK);
	assert_int_equal(moves.count, 0);
	end(&r);
	(void)state;
}

/* The map is no longer what was opened. */
static void change_is_noticed(void **state)
{
	for_each_kind(k)
	{
		struct round r;
		size_t i = 0;

		begin(&r, k, 5);
		while (kho_image_get(&r.img, r.img.map + 8 * i) == 0)
			i++;
		if (k->format == KHO_MAP_RADIX)
			kho_image_put(&r.img, r.img.map + 8 * i, 3 * SZ_1G);
		else /* the bitmap of the first element */
			kho_image_put(&r.img, r.img.map + 24, 3 * SZ_1G);
		r.img.mem.diag = (struct kb_diag){0};
		assert_true(evacuate_mark(&r.img.mem, r.img.kho, &r.zone, r.work, &r.e) != KB_OK);
		assert_true(r.img.mem.diag.status != KB_OK);
		end(&r);
	}
	(void)state;
}

static const void *fail_once(void *ctx, uint64_t at, uint64_t len)
{
	struct kho_image *img = ctx;

	return img->reads++ ? kho_image_find(img, at, len) : NULL;
}

/* Even when the map is whole again at the second look. */
static void passing_change_is_noticed(void **state)
{
	struct round r;

	begin(&r, &kinds[2], 6);
	r.img.mem.map = fail_once;
	r.img.reads = 0;
	assert_code(&r.img, evacuate_mark(&r.img.mem, r.img.kho, &r.zone, r.work, &r.e),
		    KB_KHO_CHANGED);
	end(&r);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_as_model),
		cmocka_unit_test(rows_stay_whole_where_there_is_room),
		cmocka_unit_test(storage_runs_out),
		cmocka_unit_test(work_is_checked),
		cmocka_unit_test(nothing_in_the_zone),
		cmocka_unit_test(change_is_noticed),
		cmocka_unit_test(passing_change_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
