// SPDX-License-Identifier: BSD-2-Clause
/* Where evacuated pages are, for random moves, against a model with one entry per page. */
#include <route/moved.h>

#include "unit.h"

#define PAGES 64
#define BASE  0x7000000000ULL /* nothing is read: addresses only */
#define COPY  0x9000000000ULL

static struct kb_move move[PAGES];
static struct kb_moves moves = {move, 0, PAGES};
static uint64_t model[PAGES]; /* where the page is */

/* Each page moves with a chance of one half; neighbours stay together or are separated. */
static void make(uint64_t *random)
{
	uint64_t copy = COPY;

	moves.count = 0;
	for (uint64_t i = 0; i < PAGES; i++) {
		struct kb_move *last = moves.count ? &move[moves.count - 1] : NULL;
		uint64_t home = BASE + i * SZ_4K;

		model[i] = home;
		if (random_below(random, 2))
			continue;
		copy += random_below(random, 3) ? 0 : 5 * SZ_4K;
		model[i] = copy;
		if (last && last->home + last->size == home && last->copy + last->size == copy)
			last->size += SZ_4K;
		else
			move[moves.count++] = (struct kb_move){home, copy, SZ_4K};
		copy += SZ_4K;
	}
}

/* Do pages @i and @i + 1 belong to the same move, or both to none? */
static bool together(uint64_t i)
{
	uint64_t at = BASE + i * SZ_4K;

	for (size_t n = 0; n < moves.count; n++) {
		uint64_t end = move[n].home + move[n].size;
		bool first = at >= move[n].home && at < end;
		bool second = at + SZ_4K >= move[n].home && at + SZ_4K < end;

		if (first != second)
			return false;
	}
	return true;
}

static void same_as_model(void **state)
{
	uint64_t random = 5, whole = 0, cut = 0;

	for (unsigned int round = 0; round < 20000; round++) {
		uint64_t at = random_below(&random, PAGES * SZ_4K);
		uint64_t len = 1 + random_below(&random, min_u64(PAGES * SZ_4K - at, 4 * SZ_4K));
		uint64_t page = at / SZ_4K, end = (page + 1) * SZ_4K;

		if (round % 20 == 0)
			make(&random);
		while (end < at + len && together(end / SZ_4K - 1))
			end += SZ_4K;
		assert_int_equal(mem_moved_piece(&moves, BASE + at, len), min_u64(len, end - at));
		if (at + len <= end) {
			assert_int_equal((uintptr_t)mem_map_moved(&moves, BASE + at, len),
					 model[page] + at % SZ_4K);
			whole++;
		} else {
			assert_null(mem_map_moved(&moves, BASE + at, len));
			cut++;
		}
	}
	assert_true(whole > 1000 && cut > 1000);
	(void)state;
}

static void no_moves(void **state)
{
	struct kb_moves none = {NULL, 0, 0};

	assert_int_equal((uintptr_t)mem_map_moved(&none, BASE + 7, SZ_1G), BASE + 7);
	assert_int_equal(mem_moved_piece(&none, BASE, SZ_1G), SZ_1G);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_as_model),
		cmocka_unit_test(no_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
