// SPDX-License-Identifier: BSD-2-Clause
/* Room for UEFI's memory map between preserved pages, compared with a search of every page. */
#include "../kho_test.h"

#include <arch/boot.h>

#include <stdlib.h>

#define ok(call) assert_int_equal(call, KB_OK)
#define FIELD    0x800000ULL  /* bytes: the map itself, and free pages */
#define DATA     (32 * SZ_1M) /* bytes: preserved pages */
#define PAGES    ((FIELD + DATA) / SZ_4K)

/*
 *	page       0   1   2   3   4   5   6   7   8   9  10  11  12
 *	claimed      ccccccccccccccccccccccccccccccccccccccccccccc
 *	preserved            p               p
 *	metadata                                 m
 *	homes, scratch                                       s
 *	room               too small    [ room ]                        lowest in the highest entry
 */
struct world {
	struct kho_image img;
	uint64_t random;
	bool busy[PAGES]; /* of 4 KiB: the field's, then those of KHO_IMAGE_DATA */
	struct range store[3][4];
	struct range_list claimed, homes, scratch;
};

static uint64_t address(size_t page)
{
	uint64_t at = page * SZ_4K;

	return at < FIELD ? KHO_IMAGE_BASE + at : KHO_IMAGE_DATA + at - FIELD;
}

static uint64_t pick(struct world *w, uint64_t below)
{
	return random_below(&w->random, below);
}

/* One page in @sparse is preserved; those of every row of @period pages, too, if it is not 0. */
static void preserve(struct world *w, uint64_t sparse, uint64_t period)
{
	for (uint64_t at = 0; at < DATA; at += w->img.page)
		if (!pick(w, sparse) || (period && !(at / w->img.page % period)))
			kho_image_preserve(&w->img, KHO_IMAGE_DATA + at, 0);
}

static void mark(struct world *w, const struct range *l, size_t count, uint64_t align)
{
	for (size_t i = 0; i < count; i++) {
		struct range r = {align_down(l[i].base, align), 0};

		r.size = align_up(range_end(l[i]), align) - r.base;
		for (size_t p = 0; p < PAGES; p++)
			w->busy[p] |= ranges_overlap(r, (struct range){address(p), SZ_4K});
	}
}

/* Up to three pieces, half of them where the map lies. */
static void pick_claimed(struct world *w)
{
	w->claimed = (struct range_list){w->store[0], 0, 4};
	for (uint64_t n = 1 + pick(w, 3); n; n--) {
		uint64_t at = address(pick(w, pick(w, 2) ? 64 : PAGES));

		ok(range_list_add(&w->claimed, (struct range){at, (1 + pick(w, 800)) * SZ_4K}));
	}
	range_list_sort(&w->claimed);
}

/* Up to three pieces near the beginning of what is claimed. */
static void pick_list(struct world *w, struct range_list *l, struct range *store, uint64_t most)
{
	*l = (struct range_list){store, 0, 4};
	for (uint64_t n = pick(w, 4); n; n--) {
		uint64_t at = w->claimed.r[pick(w, w->claimed.count)].base;

		ok(range_list_add(l, (struct range){at + pick(w, 64) * SZ_4K,
						    (1 + pick(w, most)) * SZ_4K}));
	}
	range_list_sort(l);
}

static struct world *new_world(const struct kho_kind *kind, uint64_t seed)
{
	struct world *w = calloc(1, sizeof(*w));
	struct kho_naive naive;

	w->random = seed;
	kho_image_init_sized(&w->img, kind->format, kind->page_shift, FIELD);
	w->img.hint = hint_of(kind->format);
	preserve(w, 2 + pick(w, 60), pick(w, 3) ? 0 : 1 + pick(w, 64));
	kho_image_finish(&w->img);
	ok(kho_image_open(&w->img));
	assert_true(naive_read(&w->img, kind->format, &naive));
	mark(w, naive.range, naive.ranges, w->img.page);
	mark(w, naive.meta, naive.metas, w->img.page);
	naive_free(&naive);
	pick_claimed(w);
	pick_list(w, &w->homes, w->store[1], 30);
	pick_list(w, &w->scratch, w->store[2], 300);
	return w;
}

static void free_world(struct world *w)
{
	kho_image_free(&w->img);
	free(w);
}

static bool meets(const struct range_list *l, struct range r)
{
	for (size_t i = 0; i < l->count; i++)
		if (ranges_overlap(l->r[i], r))
			return true;
	return false;
}

/* Nothing is preserved outside field and data. */
static bool fits(const struct world *w, struct range r)
{
	for (size_t p = 0; p < PAGES; p++)
		if (w->busy[p] && ranges_overlap(r, (struct range){address(p), SZ_4K}))
			return false;
	return !meets(&w->homes, r) && !meets(&w->scratch, r);
}

static enum kb_status search(const struct world *w, uint64_t size, struct range *ret)
{
	const uint64_t page = w->img.page;

	size = align_up(size, page);
	for (size_t i = w->claimed.count; i-- > 0;) {
		struct range c = w->claimed.r[i];
		struct range r = {align_up(c.base, page), size};

		for (; range_contains(c, r); r.base += page)
			if (fits(w, r)) {
				*ret = r;
				return KB_OK;
			}
	}
	return KB_RANGE_NO_ROOM;
}

/* Room at a granule that nothing touches is looked for first. */
static bool is_quick(const struct world *w, struct range r)
{
	return kho_occupancy_free(&w->img.kho->occ, r) && is_aligned(r.base, SZ_2M);
}

static bool is_claimed(const struct world *w, struct range r)
{
	return range_list_contains(&w->claimed, r);
}

static void room_is_found_exactly(void **state)
{
	unsigned int found = 0, none = 0, tight = 0;
	(void)state;

	for (unsigned int round = 0; round < 20; round++)
		for_each_kind(kind)
		{
			struct world *w = new_world(kind, round);
			uint64_t size = 1 + pick(w, (1 + pick(w, 32)) * w->img.page);
			struct range want = {1, 1}, got = {1, 1};
			enum kb_status st = search(w, size, &want);

			assert_int_equal(boot_find_room(&w->img.mem, w->img.kho, &w->scratch,
							&w->claimed, &w->homes, size, &got),
					 st);
			if (st || !is_quick(w, got))
				assert_memory_equal(&got, &want, sizeof(got));
			else
				assert_true(is_claimed(w, got) && fits(w, got) &&
					    got.size == want.size);
			found += !st;
			none += st != KB_OK;
			tight += !st && !kho_occupancy_free(&w->img.kho->occ, got);
			free_world(w);
		}
	print_message("found %u, of them between pages %u; none %u\n", found, tight, none);
	/* All of it happens, room without a free granule most of all. */
	assert_true(found > 40 && none > 20 && tight > 20);
}

/* 1,408 pages, one in each 2 MiB and then some, left no room once. */
static void scattered_pages_leave_room(void **state)
{
	static const struct range_list nothing = {NULL, 0, 0};
	struct range ours[] = {{KHO_IMAGE_DATA, SZ_1G}}, got;
	struct range_list claimed = {ours, 1, 1};
	struct kho_image img;
	(void)state;

	kho_image_init(&img, KHO_MAP_RADIX, 12);
	for (uint64_t at = 0; at < SZ_1G; at += 64 * SZ_4K)
		kho_image_preserve(&img, KHO_IMAGE_DATA + at, 0);
	kho_image_finish(&img);
	ok(kho_image_open(&img));
	ok(boot_check_map_room(&img.mem, img.kho, &claimed));
	ok(boot_find_room(&img.mem, img.kho, &nothing, &claimed, &nothing, 63 * SZ_4K, &got));
	assert_int_equal(got.base, KHO_IMAGE_DATA + SZ_4K);
	assert_int_equal(boot_find_room(&img.mem, img.kho, &nothing, &claimed, &nothing,
					63 * SZ_4K + 1, &got),
			 KB_RANGE_NO_ROOM);
	kho_image_free(&img);
}

/* The map's pages lie in the field one after the other, in the order in which this preserves. */
static void make_long_map(struct kho_image *img, const struct kho_kind *kind, bool down)
{
	const uint64_t first = 16 * SZ_1G, n = 24;
	uint64_t step; /* bytes that a bitmap of a page stands for */

	kho_image_init(img, kind->format, kind->page_shift);
	step = 8 * img->page * img->page;
	img->hint = hint_of(kind->format);
	for (uint64_t i = 0; i < n; i++)
		kho_image_preserve(img, first + (down ? n - 1 - i : i) * step, 0);
	kho_image_finish(img);
	ok(kho_image_open(img));
}

static enum kb_status see_one(void *ctx, const struct kho_meta *meta)
{
	(void)meta;
	++*(uint64_t *)ctx;
	return KB_OK;
}

/* Reads of the field in one walk over the map. */
static uint64_t reads_of_walk(struct kho_image *img)
{
	uint64_t pages = 0, before = img->reads;

	ok(kho_map_each_page(&img->mem, &img->kho->map, see_one, &pages));
	assert_true(pages >= 24);
	return img->reads - before;
}

/* Each candidate took a walk of its own once, and the map may be as long as memory lasts. */
static void a_long_map_is_passed_at_once(void **state)
{
	static const struct range_list nothing = {NULL, 0, 0};
	(void)state;

	for (int down = 0; down < 2; down++)
		for_each_kind(kind)
		{
			struct kho_image img;
			uint64_t walk, before, end;
			struct range ours, got;
			struct range_list claimed = {&ours, 1, 1};

			make_long_map(&img, kind, down);
			end = align_up(KHO_IMAGE_BASE + img.used, img.page);
			ours = (struct range){KHO_IMAGE_BASE, end + img.page - KHO_IMAGE_BASE};
			walk = reads_of_walk(&img);
			before = img.reads;
			ok(boot_find_room(&img.mem, img.kho, &nothing, &claimed, &nothing, img.page,
					  &got));
			assert_true(img.reads - before <= 4 * walk);
			kho_image_free(&img);
		}
}

/* As on all machines but the fullest: the map is not even read. */
static void a_free_granule_needs_no_walk(void **state)
{
	static const struct range_list nothing = {NULL, 0, 0};
	struct range ours[] = {{KHO_IMAGE_BASE, SZ_1G}}, got;
	struct range_list claimed = {ours, 1, 1};
	struct kho_image img;
	uint64_t before;
	(void)state;

	make_long_map(&img, &kinds[0], false);
	before = img.reads;
	ok(boot_find_room(&img.mem, img.kho, &nothing, &claimed, &nothing, SZ_1M, &got));
	assert_int_equal(got.base, KHO_IMAGE_BASE + SZ_1G - SZ_2M);
	assert_int_equal(img.reads, before);
	kho_image_free(&img);
}

static void sizes_do_not_wrap(void **state)
{
	static const struct range_list nothing = {NULL, 0, 0};
	struct range ours[] = {{KHO_IMAGE_DATA, SZ_1G}}, got;
	struct range_list claimed = {ours, 1, 1};
	struct kho k = {.map = {.page_shift = 12}};
	(void)state;

	assert_int_equal(boot_find_room(NULL, &k, &nothing, &claimed, &nothing, UINT64_MAX, &got),
			 KB_RANGE_NO_ROOM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room_is_found_exactly),
		cmocka_unit_test(scattered_pages_leave_room),
		cmocka_unit_test(a_long_map_is_passed_at_once),
		cmocka_unit_test(a_free_granule_needs_no_walk),
		cmocka_unit_test(sizes_do_not_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
