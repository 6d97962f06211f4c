// SPDX-License-Identifier: BSD-2-Clause
/* The map in another form: every direction, with edits and splits. */
#include "kho_test.h"

#include "bridge_rig.h"

#define SETS 1000

#define ok(call) assert_int_equal(call, KB_OK)

static struct rig rig;

static void random_sets_stay_the_same(void **state)
{
	uint64_t conversions = 0;
	(void)state;

	for (uint64_t seed = 1; seed <= SETS; seed++) {
		const char *differs = rig_random_set(seed, &conversions);

		if (differs)
			fail_msg("set %llu: %s", (unsigned long long)seed, differs);
	}
	assert_true(conversions >= 3 * SETS);
}

/* One hop that must succeed. */
static void hop(enum kho_map_format format, unsigned int orders)
{
	const char *differs = rig_convert(&rig, format, orders);

	if (differs)
		fail_msg("%s", differs);
	assert_int_equal(rig.st, KB_OK);
}

#define for_each_format(f)                                                                         \
	for (enum kho_map_format f = KHO_MAP_V1_SMALL; f <= KHO_MAP_RADIX;                         \
	     f = (enum kho_map_format)(f + 1))

/* ---- what is linked, and what is copied ---- */

struct seen {
	uint64_t at[64];
	size_t count;
};

static enum kb_status see_bitmap(void *ctx, const struct kho_meta *meta)
{
	struct seen *s = ctx;

	if (meta->kind == KHO_META_LEAF || meta->kind == KHO_META_BITMAP)
		s->at[s->count++] = meta->bytes.base;
	return KB_OK;
}

static struct seen bitmaps(void)
{
	struct seen s = {.count = 0};

	ok(kho_map_each_page(&rig.img.mem, &rig.img.kho->map, see_bitmap, &s));
	return s;
}

static size_t common(const struct seen *a, const struct seen *b)
{
	size_t n = 0;

	for (size_t i = 0; i < a->count; i++)
		for (size_t j = 0; j < b->count; j++)
			n += a->at[i] == b->at[j];
	return n;
}

/* Ten bitmaps of page size, of two orders. */
static void make(const struct kho_kind *k)
{
	uint64_t middle, strip;

	rig_init(&rig, k->format, k->page_shift);
	middle = KHO_IMAGE_PAGES / 2 * rig.img.page;
	strip = rig.img.page * rig.img.page * 8;
	for (uint64_t i = 0; i < 5; i++) {
		rig_preserve(&rig, middle + i * strip, 0);
		rig_preserve(&rig, middle + i * strip + rig.img.page * 4097, 0);
		rig_preserve(&rig, middle - (i + 1) * 2 * strip, 1);
	}
}

static void page_bitmaps_and_leaves_are_linked(void **state)
{
	(void)state;
	for_each_kind(k) for_each_format(to)
	{
		struct seen before, after;

		make(k);
		rig_finish(&rig);
		before = bitmaps();
		hop(to, kho_orders(k->page_shift));
		after = bitmaps();
		if (k->format != KHO_MAP_V1_SMALL && to != KHO_MAP_V1_SMALL) {
			assert_int_equal(common(&before, &after), before.count);
			assert_int_equal(rig.taken, rig.sum.nodes);
		} else if (k->format == KHO_MAP_V1_SMALL && to == KHO_MAP_V1_SMALL) {
			assert_int_equal(common(&before, &after), before.count - 1);
			assert_int_equal(rig.taken, rig.sum.nodes + 1);
		} else if (to == KHO_MAP_V1_SMALL) { /* slices, and zero ones left out */
			assert_int_equal(rig.taken, rig.sum.nodes + 1);
			assert_int_equal(rig.sum.leaves, 16);
		} else {
			assert_int_equal(common(&before, &after), 0);
			assert_int_equal(rig.taken, rig.sum.nodes + rig.sum.leaves);
		}
		rig_free(&rig);
	}
}

/* Every bitmap in turn lies in scratch; the others are linked as before. */
static void what_is_in_scratch_is_copied(void **state)
{
	(void)state;
	for_each_kind(k) for_each_format(to) for (unsigned int i = 0; i < 3; i++)
	{
		struct seen before, after;

		make(k);
		rig.scratch = (struct range){KHO_IMAGE_BASE + (1 + i) * rig.img.page, rig.img.page};
		rig_finish(&rig);
		before = bitmaps();
		hop(to, kho_orders(k->page_shift));
		after = bitmaps();
		if (k->format != KHO_MAP_V1_SMALL && to != KHO_MAP_V1_SMALL)
			assert_int_equal(common(&before, &after), before.count - 1);
		rig_free(&rig);
	}
}

/* A leaf that holds the edit is copied; the old one is as it was. */
static void only_what_changes_is_copied(void **state)
{
	(void)state;
	for_each_kind(k) for_each_format(to) for (unsigned int add = 0; add < 2; add++)
	{
		struct seen before, after;
		uint64_t at;

		make(k);
		at = rig.want[1].at + (add ? 7 * rig.img.page : 0);
		rig_finish(&rig);
		before = bitmaps();
		rig.edit[0] = (struct rig_edit){at, 0, add};
		rig.edits = 1;
		hop(to, kho_orders(k->page_shift));
		after = bitmaps();
		if (k->format != KHO_MAP_V1_SMALL && to != KHO_MAP_V1_SMALL) {
			assert_int_equal(common(&before, &after), before.count - 1);
			assert_int_equal(rig.taken, rig.sum.nodes + 1);
		}
		rig_free(&rig);
	}
}

/* More bitmaps of one order than a chunk or a node of level 1 holds. */
static void rows_are_continued(void **state)
{
	(void)state;
	for (size_t k = 0; k < 3; k++)
		for_each_format(to)
		{
			rig_init(&rig, kinds[k].format, 12);
			rig.img.ram[2].size = 256 * SZ_1G;
			for (uint64_t i = 0; i < 600; i++)
				rig_preserve(&rig, 16 * SZ_1G + i * 128 * SZ_1M, 0);
			rig_preserve(&rig, 128 * SZ_1G, 3);
			rig_finish(&rig);
			hop(to, kho_orders(12));
			assert_int_equal(rig.sum.leaves, 602);
			rig_free(&rig);
		}
}

/* ---- edits ---- */

static void edits_that_change_nothing(void **state)
{
	(void)state;
	for_each_kind(k) for_each_format(to)
	{
		make(k);
		rig_finish(&rig);
		rig.edit[0] = (struct rig_edit){rig.want[1].at, 0, true};
		rig.edit[1] = (struct rig_edit){rig.want[1].at + rig.img.page, 0, false};
		rig.edit[2] = (struct rig_edit){rig.img.page << 9, 9, false};
		/* In no strip, and nowhere near RAM. */
		rig.edit[3] = (struct rig_edit){1ULL << 60, 3, false};
		rig.edits = 4;
		hop(to, kho_orders(k->page_shift));
		rig_free(&rig);
	}
}

/* All that was preserved is taken out: even then there is a map. */
static void a_map_can_be_empty(void **state)
{
	(void)state;
	for_each_kind(k) for_each_format(to)
	{
		const struct bridge_map_form form = {to, 10};
		struct kho_summary sum;
		struct kho_map map, again;
		enum kb_status st;

		rig_init(&rig, k->format, k->page_shift);
		rig_finish(&rig);
		rig_prepare(&rig);
		kho_pages_begin(&rig.pages, false);
		ok(kho_pages_drop(&rig.pages, 0, rig.img.h.fdt));
		ok(bridge_write_map(&rig.pages, &rig.img.kho->map, &form, &map, &sum));
		assert_int_equal(sum.bytes, 0);
		assert_int_equal(sum.leaves, 0);
		assert_int_equal(sum.nodes, 1);
		st = to == KHO_MAP_RADIX
			     ? kho_map_open_radix(&rig.img.mem, k->page_shift, map.root, &again)
			     : kho_map_open_v1(&rig.img.mem, k->page_shift, map.root, hint_of(to),
					       NULL, 0, &again);
		ok(st);
		assert_memory_equal(map.first, again.first, sizeof(map.first));
		assert_int_equal(map.orders, again.orders);
		rig_free(&rig);
	}
}

/* ---- blocks that are too large ---- */

static void large_blocks_are_split(void **state)
{
	(void)state;
	for_each_kind(k) for_each_format(to)
	{
		unsigned int orders = 31 - k->page_shift;
		uint64_t size = 2 * SZ_1G, before;

		rig_init(&rig, k->format, k->page_shift);
		rig_preserve(&rig, 8 * size, orders);
		rig_preserve(&rig, 12 * size, orders + 2);
		rig_preserve(&rig, 10 * size, orders - 1);
		rig_preserve(&rig, 11 * size, orders);
		rig_preserve(&rig, 11 * size, orders - 1); /* in both, and counted once */
		rig_finish(&rig);
		before = rig.img.kho->sum.bytes;
		hop(to, orders);
		assert_int_equal(rig.sum.blocks[orders - 1], 2 + 8 + 1 + 2);
		assert_int_equal(rig.sum.blocks[orders] | rig.sum.blocks[orders + 2], 0);
		assert_int_equal(rig.sum.bytes, before - size / 2);
		rig_free(&rig);
	}
}

/* One block is several leaves of the smaller order. */
static void a_block_is_split_over_several_strips(void **state)
{
	(void)state;
	for_each_format(to)
	{
		rig_init(&rig, KHO_MAP_RADIX, 12);
		rig_preserve(&rig, 32 * SZ_1G, 18); /* 1 GiB: two leaves of order 2 */
		rig_preserve(&rig, 34 * SZ_1G, 17);
		rig.edit[0] = (struct rig_edit){33 * SZ_1G, 18, true};
		rig.edit[1] = (struct rig_edit){34 * SZ_1G, 17, false};
		rig.edit[2] = (struct rig_edit){33 * SZ_1G + SZ_64K, 2, true};
		rig.edit[3] = (struct rig_edit){32 * SZ_1G + SZ_64K, 2, false};
		rig.edits = 4;
		rig_finish(&rig);
		hop(to, 3);
		assert_int_equal(rig.sum.blocks[2], 2 * 65536);
		rig_free(&rig);
	}
}

/* ---- refusals ---- */

/* Less and less memory: it is refused in the rehearsal, and never later. */
static void no_room_is_known_before_anything_is_written(void **state)
{
	(void)state;
	for_each_kind(k) for_each_format(to)
	{
		uint64_t room = 0;

		do {
			make(k);
			rig_finish(&rig);
			rig.edit[0] = (struct rig_edit){0, 1, true};
			rig.edits = 1;
			rig.from[0].base = align_up(rig.from[0].base, 2 * rig.img.page);
			rig.from[0].size = room * rig.img.page;
			rig.digest = true;
			assert_null(rig_convert(&rig, to, kho_orders(k->page_shift)));
			if (rig.st)
				assert_int_equal(rig.st, KB_BRIDGE_ROOM);
			else
				assert_int_equal(rig.taken, room);
			rig_free(&rig);
		} while (rig.st && ++room < 64);
		assert_in_range(room, 3, 40);
	}
}

static void what_cannot_be_opened_is_refused(void **state)
{
	(void)state;
	make(&kinds[1]);
	rig_finish(&rig);
	rig.closed = true;
	assert_null(rig_convert(&rig, KHO_MAP_RADIX, 19));
	assert_int_equal(rig.st, KB_BRIDGE_MAP);
	rig_free(&rig);
}

/* The map changes between kho_open() and the rehearsal, or between both passes. */
static uint64_t change_at, change_to;

static void change(struct kho_image *img, uint64_t at, uint64_t len)
{
	(void)at, (void)len;
	put_u64(img->buf + (change_at - KHO_IMAGE_BASE), change_to);
}

static enum kb_status converted(enum kho_map_format to)
{
	const struct bridge_map_form form = {to, 19};
	struct kho_summary sum;
	struct kho_map map;

	rig_prepare(&rig);
	kho_pages_begin(&rig.pages, true);
	rig.img.on_read = change;
	rig.st = bridge_write_map(&rig.pages, &rig.img.kho->map, &form, &map, &sum);
	return rig.st;
}

static void changes_of_the_map_are_noticed(void **state)
{
	(void)state;
	for_each_kind(k) for_each_format(to)
	{
		if (k->page_shift != 12)
			continue;
		make(k);
		rig_finish(&rig);
		if (k->format == KHO_MAP_RADIX) { /* the root leads out of RAM */
			change_at = kho_image_slot(&rig.img, kho_image_key(&rig.img, SZ_1G, 0),
						   kho_image_levels(&rig.img));
			change_to = 3 * SZ_1G;
		} else { /* the second chunk is followed by itself */
			change_at = rig.img.chunk[0] + 0;
			change_to = rig.img.chunk[0];
		}
		assert_int_equal(converted(to), KB_KHO_CHANGED);
		assert_int_equal(rig.img.mem.diag.status, KB_KHO_CHANGED);
		rig_free(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(page_bitmaps_and_leaves_are_linked),
		cmocka_unit_test(what_is_in_scratch_is_copied),
		cmocka_unit_test(only_what_changes_is_copied),
		cmocka_unit_test(rows_are_continued),
		cmocka_unit_test(edits_that_change_nothing),
		cmocka_unit_test(a_map_can_be_empty),
		cmocka_unit_test(large_blocks_are_split),
		cmocka_unit_test(a_block_is_split_over_several_strips),
		cmocka_unit_test(no_room_is_known_before_anything_is_written),
		cmocka_unit_test(what_cannot_be_opened_is_refused),
		cmocka_unit_test(changes_of_the_map_are_noticed),
		cmocka_unit_test(random_sets_stay_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
