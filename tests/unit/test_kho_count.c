// SPDX-License-Identifier: BSD-2-Clause
/*
 * The inner loop of the walk against counting bit by bit: strips put together from stretches that
 * are zero, full, or mixed, with edges at and beside words and groups of words, for blocks smaller
 * and larger than a granule.
 */
#include "kho_test.h"

#include <fdt/internal.h>

#define WORDS 512
#define SPAN  (1ULL << 26) /* granules of the model: 128 TiB */

static uint8_t granules[SPAN / 8] __attribute__((aligned(8)));
static uint8_t model[SPAN / 8];

static uint64_t stretch_word(uint64_t *random, uint64_t kind)
{
	switch (kind) {
	case 0:
		return 0;
	case 1:
		return ~0ULL;
	case 2:
		return random_next(random);
	case 3:
		return 1ULL << random_below(random, 64);
	case 4:
		return 1;
	case 5:
		return 1ULL << 63;
	case 6:
		return ~(1ULL << random_below(random, 64));
	default:
		return 1ULL << 63 | 1;
	}
}

static void fill(uint8_t *bits, uint64_t words, uint64_t *random)
{
	static const uint64_t lengths[] = {1, 1, 7, 8, 8, 9, 56, 63, 64, 64, 72, 200};

	for (uint64_t i = 0; i < words;) {
		uint64_t n = lengths[random_below(random, ARRAY_SIZE(lengths))];
		uint64_t kind = random_below(random, 8);

		for (; n && i < words; n--, i++)
			put_u64(bits + 8 * i, stretch_word(random, kind));
	}
}

/* As the header says, one bit at a time. */
static void count(const struct kho_strip *s, struct kho_tally *t)
{
	for (uint64_t i = 0; i < s->blocks; i++) {
		bool set = s->bits[i / 8] >> i % 8 & 1;
		uint64_t at = s->base + (i << s->block_shift);
		uint64_t last = (at + ((1ULL << s->block_shift) - 1)) >> KHO_GRANULE_SHIFT;

		t->bits += set;
		t->runs += set && !t->carry;
		t->carry = set;
		for (uint64_t g = at >> KHO_GRANULE_SHIFT; set && g <= last; g++)
			model[g / 8] |= (uint8_t)(1U << g % 8);
	}
}

static void check_strip(uint64_t words, unsigned int shift, uint64_t *random)
{
	static uint8_t bits[8 * WORDS];
	uint64_t span = 64 * words << shift;
	struct kho_strip s = {.bits = bits, .blocks = 64 * words, .block_shift = shift};
	struct kho_span all = {0, SPAN / 64, (uint64_t *)(void *)granules};
	struct kho_occupancy occ = {.span = &all, .spans = 1};
	struct kho_tally got = {5, 3, random_below(random, 2)}, want = got;
	uint64_t first, bytes;

	s.base = span * random_below(random, (SPAN << KHO_GRANULE_SHIFT) / span);
	first = s.base >> KHO_GRANULE_SHIFT & ~63ULL;
	bytes = min_u64((span >> KHO_GRANULE_SHIFT) / 8 + 16, SPAN / 8 - first / 8);
	memset(granules + first / 8, 0, bytes);
	memset(model + first / 8, 0, bytes);
	fill(bits, words, random);
	count(&s, &want);
	kho_count_strip(&s, &got, &occ);
	assert_int_equal(got.bits, want.bits);
	assert_int_equal(got.runs, want.runs);
	assert_int_equal(got.carry, want.carry);
	assert_memory_equal(granules + first / 8, model + first / 8, bytes);
}

static void counts_as_bit_by_bit(void **state)
{
	uint64_t random = 7;

	for (unsigned int shift = 12; shift <= 26; shift++) {
		for (unsigned int i = 0; i < 60; i++) {
			check_strip(WORDS, shift, &random);
			check_strip(64, shift, &random); /* a small bitmap */
		}
	}
	(void)state;
}

/* Bits of strips in a row: a run that goes on is one run. */
static void carries_runs(void **state)
{
	uint8_t bits[64] = {0};
	struct kho_strip s = {.bits = bits, .blocks = 512, .block_shift = 12};
	struct kho_span all = {0, SPAN / 64, (uint64_t *)(void *)granules};
	struct kho_occupancy occ = {.span = &all, .spans = 1};
	struct kho_tally t = {0, 0, 0};

	bits[63] = 0x80; /* the last block */
	kho_count_strip(&s, &t, &occ);
	assert_int_equal(t.runs, 1);
	assert_int_equal(t.carry, 1);
	memset(bits, 0, sizeof(bits));
	bits[0] = 1; /* goes on with it */
	kho_count_strip(&s, &t, &occ);
	assert_int_equal(t.bits, 2);
	assert_int_equal(t.runs, 1);
	assert_int_equal(t.carry, 0);
	memset(bits, 0xff, sizeof(bits));
	kho_count_strip(&s, &t, &occ);
	kho_count_strip(&s, &t, &occ);
	assert_int_equal(t.bits, 2 + 2 * 512);
	assert_int_equal(t.runs, 2);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_as_bit_by_bit),
		cmocka_unit_test(carries_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
