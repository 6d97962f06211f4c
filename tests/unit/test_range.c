// SPDX-License-Identifier: BSD-2-Clause
/*
 * Ranges, against drawings, and against a model that keeps one flag per byte of a small address
 * space.
 */
#include "unit.h"

#include <core/mem.h>
#include <core/range.h>

#define SPACE 96
#define MAX   24

struct model {
	bool has[SPACE];
};

static struct range store[4][MAX];

static struct range_list list(int i)
{
	return (struct range_list){store[i], 0, MAX};
}

static struct range random_range(uint64_t *seed)
{
	uint64_t base = random_below(seed, SPACE);

	return (struct range){base, random_below(seed, SPACE - base + 1) / 3};
}

static void model_set(struct model *m, struct range r, bool value)
{
	for (uint64_t i = r.base; i < range_end(r); i++)
		m->has[i] = value;
}

static bool model_any(const struct model *m, struct range r)
{
	for (uint64_t i = r.base; i < range_end(r); i++)
		if (m->has[i])
			return true;
	return false;
}

static bool model_all(const struct model *m, struct range r)
{
	for (uint64_t i = r.base; i < range_end(r); i++)
		if (!m->has[i])
			return false;
	return true;
}

/* The list is what the model has: sorted, without overlap and, if @merged, without touching. */
static void assert_same(const struct range_list *l, const struct model *m, bool merged)
{
	struct model got = {0};
	uint64_t bytes = 0;

	for (size_t i = 0; i < l->count; i++) {
		assert_true(l->r[i].size);
		if (i)
			assert_true(l->r[i].base >= range_end(l->r[i - 1]) + merged);
		model_set(&got, l->r[i], true);
	}
	assert_memory_equal(got.has, m->has, sizeof(got.has));
	for (size_t i = 0; i < SPACE; i++)
		bytes += m->has[i];
	assert_int_equal(range_list_bytes(l), bytes);
}

static void random_list(struct range_list *l, struct model *m, uint64_t *seed)
{
	size_t n = random_below(seed, 8);

	*m = (struct model){0};
	l->count = 0;
	while (n--) {
		struct range r = random_range(seed);

		ok(range_list_add(l, r));
		model_set(m, r, true);
	}
	range_list_sort(l);
}

/* ---- drawings -------------------------------------------------------------------------------- */

/*
 * A drawing shows a list: one character is one byte, letters are entries ('a' the first one), dots
 * are in none. What is cut out or found is drawn with '#', and what limits a search with '|'.
 */
static void read_drawing(const char *text, struct range_list *l)
{
	l->count = 0;
	for (size_t i = 0; text[i]; i++) {
		if (text[i] == '.')
			continue;
		if (i && text[i] == text[i - 1])
			l->r[l->count - 1].size++;
		else
			ok(range_list_add(l, (struct range){i, 1}));
	}
}

static struct range read_one(const char *text)
{
	struct range_list l = list(3);

	read_drawing(text, &l);
	return l.count ? l.r[0] : (struct range){0, 0};
}

static void is_drawn(const struct range_list *l, const char *want)
{
	char got[SPACE + 1] = "";

	memset(got, '.', strlen(want));
	for (size_t i = 0; i < l->count; i++)
		memset(got + l->r[i].base, 'a' + (char)i, l->r[i].size);
	assert_string_equal(got, want);
}

/* The rows are added, the last one first; under them is the sorted list. */
static void entries_that_touch_become_one(void **state)
{
	static const struct {
		const char *row[3], *sorted;
	} t[] = {
		// clang-format off
		{{"aaa.......",
		  "......aaaa"}, /* apart */
		  "aaa...bbbb"},

		{{"..aaa.....",
		  ".....aaa.."}, /* touching */
		  "..aaaaaa.."},

		{{"..aaaaa...",
		  "....aaaaa."}, /* overlapping */
		  "..aaaaaaa."},

		{{".aaaaaaaa.",
		  "...aa....."}, /* one inside the other */
		  ".aaaaaaaa."},

		{{"aa......aa",
		  "...aa.....",
		  "..aa......"},
		  "aaaaa...bb"},
		// clang-format on
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct range_list l = list(0), row = list(1);

		for (size_t n = 3; n-- > 0;) {
			read_drawing(t[i].row[n] ? t[i].row[n] : "", &row);
			for (size_t e = 0; e < row.count; e++)
				ok(range_list_add(&l, row.r[e]));
		}
		range_list_sort(&l);
		is_drawn(&l, t[i].sorted);
	}
}

/* Two lists, and under them what is in both. */
static void an_intersection_is_what_both_have(void **state)
{
	static const struct {
		const char *a, *b, *both;
	} t[] = {
		// clang-format off
		{"aaaaaa......",
		 "......aaaaaa", /* only touching */
		 "............"},

		{"aaaaaaa.....",
		 ".....aaaaaaa",
		 ".....aa....."},

		{".aaaaaaaaaa.", /* one over two */
		 "aaa..bb...cc",
		 ".aa..bb...c."},

		{"aaaaaabbbbbb", /* entries that touch stay two */
		 "..aaaaaaaa..",
		 "..aaaabbbb.."},
		// clang-format on
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct range_list a = list(0), b = list(1), out = list(2);

		read_drawing(t[i].a, &a);
		read_drawing(t[i].b, &b);
		ok(range_list_intersect(&a, &b, &out));
		is_drawn(&out, t[i].both);
		ok(range_list_intersect(&b, &a, &out));
		is_drawn(&out, t[i].both);
	}
}

/* The list, what is cut out, and what is left. */
static void a_cut_trims_splits_and_removes(void **state)
{
	static const struct {
		const char *list, *cut, *left;
	} t[] = {
		// clang-format off
		{"..aaaa..bbbb", /* a hole loses nothing */
		 "......##....",
		 "..aaaa..bbbb"},

		{"..aaaa..bbbb", /* the end of one, the beginning of the next */
		 "....#####...",
		 "..aa.....bbb"},

		{"..aaaaaaaaa.", /* out of the middle: one becomes two */
		 ".....###....",
		 "..aaa...bbb."},

		{".aa..bb..cc.", /* two are gone whole, and a part of the third */
		 "#########...",
		 ".........aa."},

		{".aa..bb..cc.", /* exactly one */
		 ".....##.....",
		 ".aa......bb."},
		// clang-format on
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct range_list l = list(0);

		read_drawing(t[i].list, &l);
		ok(range_list_subtract(&l, read_one(t[i].cut)));
		is_drawn(&l, t[i].left);
	}
}

/* The free memory, the limit of the search, and the lowest and the highest place in it. */
static void a_place_is_the_lowest_or_the_highest(void **state)
{
	static const struct {
		const char *free, *limit, *low, *high;
		uint64_t align;
	} t[] = {
		// clang-format off
		{"..aaaaa..bbbbb..",
		 "||||||||||||||||",
		 "..###...........",
		 "...........###..", 1},

		{"..aaaaa..bbbbb..", /* at a multiple of 4 */
		 "||||||||||||||||",
		 "....###.........",
		 "....###.........", 4},

		{".......aabbbbbbb", /* at 8 it would lie in two entries */
		 "||||||||||||||||",
		 "............###.",
		 "............###.", 4},

		{"..aaaaa..bbbbb..", /* the limit cuts both short */
		 "...|||||||||....",
		 "...###..........",
		 ".........###....", 1},

		{"..aaaaa..bbbbb..", /* two bytes of each */
		 ".....||||||.....",
		 "................",
		 "................", 1},
		// clang-format on
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct range_list l = list(0);
		struct range limit = read_one(t[i].limit);

		read_drawing(t[i].free, &l);
		for (int top_down = 0; top_down < 2; top_down++) {
			struct range want = read_one(top_down ? t[i].high : t[i].low), got;
			enum kb_status st =
				range_list_find(&l, limit, 3, t[i].align, top_down, &got);

			assert_int_equal(st, want.size ? KB_OK : KB_RANGE_NO_ROOM);
			if (want.size)
				assert_memory_equal(&got, &want, sizeof(got));
		}
	}
}

/* ---- model ----------------------------------------------------------------------------------- */

static void sort_matches_model(void **state)
{
	uint64_t seed = 1;
	(void)state;

	for (int i = 0; i < 20000; i++) {
		struct range_list l = list(0);
		struct model m;

		random_list(&l, &m, &seed);
		assert_same(&l, &m, true);
	}
}

static void queries_match_model(void **state)
{
	uint64_t seed = 2;
	(void)state;

	for (int i = 0; i < 20000; i++) {
		struct range_list l = list(0);
		struct model m;
		struct range r = random_range(&seed);
		const struct range *hit;

		random_list(&l, &m, &seed);
		hit = range_list_overlap(&l, r);
		assert_int_equal(hit != NULL, model_any(&m, r));
		if (hit)
			assert_true(ranges_overlap(*hit, r));
		/* Entries do not touch, so a range that is all there lies in one of them. */
		if (r.size)
			assert_int_equal(range_list_contains(&l, r), model_all(&m, r));
	}
}

/* Mostly near @at, which moves on; else anywhere, or empty, or one that wraps. */
static struct range ask(uint64_t *seed, uint64_t *at)
{
	switch (random_below(seed, 8)) {
	case 0:
		return random_range(seed);
	case 1:
		return (struct range){random_below(seed, SPACE + 8), 0};
	case 2:
		return (struct range){random_below(seed, SPACE), -random_below(seed, SPACE)};
	case 3:
		return (struct range){UINT64_MAX - random_below(seed, SPACE),
				      random_below(seed, 2 * SPACE)};
	default:
		*at = (*at + random_below(seed, 4)) % SPACE;
		return (struct range){*at, 1 + random_below(seed, 4)};
	}
}

static bool in_list(const struct range_list *l, struct range r)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->r[i].base == r.base && l->r[i].size == r.size)
			return true;
	return false;
}

/*
 * One hint for all questions about a list: the answers are those of a search, and the hint is the
 * entry that the last yes came from. Only an empty range above the last entry may have another
 * answer: range_list_contains() does not find it, a hint contains it.
 */
static void a_hint_changes_no_answer(void **state)
{
	uint64_t seed = 7, yes[2] = {0, 0}, wraps = 0, empty = 0;
	(void)state;

	for (int i = 0; i < 500; i++) {
		struct range_list l = list(0);
		struct range in = {random_below(&seed, SPACE), 0}, over = in;
		uint64_t at = 0;
		struct model m;

		random_list(&l, &m, &seed);
		for (int q = 0; q < 100; q++) {
			struct range r = ask(&seed, &at);
			bool contains = range_list_contains(&l, r);
			bool overlaps = range_list_overlap(&l, r);

			if (r.size || contains)
				assert_int_equal(range_list_contains_near(&l, &in, r), contains);
			assert_int_equal(range_list_overlaps_near(&l, &over, r), overlaps);
			assert_true(!in.size || in_list(&l, in));
			assert_true(!over.size || in_list(&l, over));
			assert_true(!r.size || !contains || range_contains(in, r));
			assert_true(!overlaps || ranges_overlap(over, r));
			yes[0] += contains;
			yes[1] += overlaps;
			wraps += range_wraps(r);
			empty += !r.size;
		}
	}
	assert_true(yes[0] > 1000 && yes[1] > 1000 && wraps > 1000 && empty > 1000);
}

static void intersect_matches_model(void **state)
{
	uint64_t seed = 3;
	(void)state;

	for (int i = 0; i < 20000; i++) {
		struct range_list a = list(0), b = list(1), out = list(2);
		struct model ma, mb;

		random_list(&a, &ma, &seed);
		random_list(&b, &mb, &seed);
		ok(range_list_intersect(&a, &b, &out));
		for (size_t j = 0; j < SPACE; j++)
			ma.has[j] = ma.has[j] && mb.has[j];
		assert_same(&out, &ma, false);
	}
}

static void subtract_matches_model(void **state)
{
	uint64_t seed = 4;
	(void)state;

	for (int i = 0; i < 20000; i++) {
		struct range_list l = list(0);
		struct range cut = random_range(&seed);
		struct model m;

		random_list(&l, &m, &seed);
		ok(range_list_subtract(&l, cut));
		model_set(&m, cut, false);
		assert_same(&l, &m, false);
	}
}

/* The lowest or highest place that the model knows, or none. */
static bool model_find(const struct model *m, struct range limit, uint64_t size, uint64_t align,
		       bool top_down, uint64_t *base)
{
	bool found = false;

	for (uint64_t at = 0; at + size <= SPACE; at += align) {
		struct range r = {at, size};

		if (!range_contains(limit, r) || !model_all(m, r))
			continue;
		if (!found || top_down)
			*base = at;
		found = true;
	}
	return found;
}

static void find_matches_model(void **state)
{
	uint64_t seed = 5;
	(void)state;

	for (int i = 0; i < 50000; i++) {
		struct range_list l = list(0);
		struct range limit = random_range(&seed), got = {77, 77};
		uint64_t size = 1 + random_below(&seed, 9), align = 1ULL << random_below(&seed, 4);
		bool top_down = random_below(&seed, 2);
		uint64_t want;
		struct model m;

		limit.size *= 3;
		if (range_end(limit) > SPACE)
			limit.size = SPACE - limit.base;
		random_list(&l, &m, &seed);
		if (model_find(&m, limit, size, align, top_down, &want)) {
			ok(range_list_find(&l, limit, size, align, top_down, &got));
			assert_int_equal(got.base, want);
			assert_int_equal(got.size, size);
		} else {
			assert_int_equal(range_list_find(&l, limit, size, align, top_down, &got),
					 KB_RANGE_NO_ROOM);
			assert_int_equal(got.base, 77);
		}
	}
}

/*
 *   2^64-4K               2^64-1
 *   |                     |
 *   aaaaaaaaaaaaaaaaaaaaaa.    the last byte would make it wrap
 */
static void the_end_of_the_address_space(void **state)
{
	struct range_list l = list(0);
	struct range last = {UINT64_MAX - 0xfff, 0xfff}, got;
	(void)state;

	assert_int_equal(range_list_add(&l, (struct range){UINT64_MAX - 0xfff, 0x1000}),
			 KB_RANGE_WRAP);
	assert_int_equal(l.count, 0);
	ok(range_list_add(&l, last));
	assert_true(range_list_contains(&l, (struct range){UINT64_MAX - 1, 1}));
	assert_false(range_list_contains(&l, (struct range){UINT64_MAX - 1, 2}));
	assert_int_equal(range_list_subtract(&l, (struct range){UINT64_MAX, 2}), KB_RANGE_WRAP);
	assert_int_equal(range_list_find(&l, last, 0x800, 0x1000, false, &got), KB_OK);
	assert_int_equal(range_list_find(&l, last, 0x1000, 0x1000, false, &got), KB_RANGE_NO_ROOM);
	assert_int_equal(range_list_find(&l, last, 1, 1ULL << 63, false, &got), KB_RANGE_NO_ROOM);
}

static void copies_are_the_same_or_refused(void **state)
{
	uint64_t seed = 6;
	(void)state;

	for (int i = 0; i < 2000; i++) {
		struct range_list l = list(0), out = list(1);
		struct model m;

		random_list(&l, &m, &seed);
		out.count = 3;
		ok(range_list_copy(&l, &out));
		assert_same(&out, &m, true);
		if (!l.count)
			continue;
		out.max = l.count - 1;
		assert_int_equal(range_list_copy(&l, &out), KB_RANGE_FULL);
	}
}

/*
 *   0         10        20        30        40
 *   |         |         |         |         |
 *   aaaaaaaaaa..........bbbbbbbbbb...........    a list of two, which is full
 *   ........................................#    added: refused
 *   ....##...................................    cut out: refused, three would be left
 *   ........##############...................    cut out: 8 bytes of each are left
 */
static void a_full_list_is_left_alone(void **state)
{
	struct range_list l = {store[0], 0, 2};
	(void)state;

	ok(range_list_add(&l, (struct range){0, 10}));
	ok(range_list_add(&l, (struct range){20, 10}));
	assert_int_equal(range_list_add(&l, (struct range){40, 1}), KB_RANGE_FULL);
	ok(range_list_add(&l, (struct range){40, 0}));
	assert_int_equal(range_list_subtract(&l, (struct range){4, 2}), KB_RANGE_FULL);
	assert_int_equal(range_list_bytes(&l), 20);
	ok(range_list_subtract(&l, (struct range){8, 14}));
	assert_int_equal(range_list_bytes(&l), 16);
}

static const void *map_whole(void *ctx, uint64_t pa, uint64_t len)
{
	(void)len;
	return (const uint8_t *)ctx + pa;
}

static void memory_is_read_only_where_there_is_ram(void **state)
{
	static const uint8_t bytes[64];
	struct mem m = {.ram = list(0), .map = map_whole, .ctx = (void *)(uintptr_t)bytes};
	(void)state;

	ok(range_list_add(&m.ram, (struct range){8, 8}));
	ok(range_list_add(&m.ram, (struct range){16, 8}));
	ok(range_list_add(&m.ram, (struct range){32, 8}));
	range_list_sort(&m.ram);
	assert_ptr_equal(mem_get(&m, phys(8), 16), bytes + 8);
	assert_ptr_equal(mem_get(&m, phys(39), 1), bytes + 39);
	assert_null(mem_get(&m, phys(7), 2));
	assert_null(mem_get(&m, phys(23), 2));
	assert_null(mem_get(&m, phys(20), 16));
	assert_null(mem_get(&m, phys(8), 0));
	assert_null(mem_get(&m, phys(UINT64_MAX - 2), 8));
}

static void the_first_diagnosis_stays(void **state)
{
	struct mem m = {0};
	(void)state;

	assert_int_equal(kb_fail(&m, KB_SETUP_RAM, 1, 2), KB_SETUP_RAM);
	assert_int_equal(kb_fail(&m, KB_SETUP_LONG, 3, 4), KB_SETUP_LONG);
	assert_int_equal(m.diag.status, KB_SETUP_RAM);
	assert_int_equal(m.diag.at, 1);
	assert_int_equal(m.diag.value, 2);
}

static void pages_hold_every_byte(void **state)
{
	struct range r = range_pages((struct range){0x1fff, 2});
	(void)state;

	assert_int_equal(r.base, 0x1000);
	assert_int_equal(r.size, 0x2000);
	r = range_pages((struct range){0x3000, 0x1000});
	assert_int_equal(r.base, 0x3000);
	assert_int_equal(r.size, 0x1000);
	assert_int_equal(range_pages((struct range){0x3000, 0}).size, 0);
}

static void inner_pages_have_no_other_byte(void **state)
{
	struct range r = range_inner_pages((struct range){0x1fff, 0x2001});
	(void)state;

	assert_int_equal(r.base, 0x2000);
	assert_int_equal(r.size, 0x2000);
	r = range_inner_pages((struct range){0x3000, 0x1000});
	assert_int_equal(r.base, 0x3000);
	assert_int_equal(r.size, 0x1000);
	assert_int_equal(range_inner_pages((struct range){0x1fff, 0x1000}).size, 0);
	assert_int_equal(range_inner_pages((struct range){0x1001, 0xffe}).size, 0);
	assert_int_equal(range_inner_pages((struct range){0x3000, 0}).size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_that_touch_become_one),
		cmocka_unit_test(an_intersection_is_what_both_have),
		cmocka_unit_test(a_cut_trims_splits_and_removes),
		cmocka_unit_test(a_place_is_the_lowest_or_the_highest),
		cmocka_unit_test(sort_matches_model),
		cmocka_unit_test(queries_match_model),
		cmocka_unit_test(a_hint_changes_no_answer),
		cmocka_unit_test(intersect_matches_model),
		cmocka_unit_test(subtract_matches_model),
		cmocka_unit_test(find_matches_model),
		cmocka_unit_test(the_end_of_the_address_space),
		cmocka_unit_test(copies_are_the_same_or_refused),
		cmocka_unit_test(a_full_list_is_left_alone),
		cmocka_unit_test(memory_is_read_only_where_there_is_ram),
		cmocka_unit_test(the_first_diagnosis_stays),
		cmocka_unit_test(pages_hold_every_byte),
		cmocka_unit_test(inner_pages_have_no_other_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
