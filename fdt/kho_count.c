// SPDX-License-Identifier: BSD-2-Clause
/*
 * Counts the set bits of a strip and marks the granules that they occupy. This goes by whole words,
 * not by runs of bits, so fragmentation cannot make the walk slow.
 */
#include <core/bits.h>
#include <fdt/internal.h>
#include <fdt/kho.h>

#define GROUP 8 /* words; 512 blocks of 4 KiB are one granule */

static uint64_t word(const uint8_t *p, uint64_t i)
{
	return get_u64(p + 8 * i);
}

static inline uint64_t any_bits(const uint8_t *p)
{
	return word(p, 0) | word(p, 1) | word(p, 2) | word(p, 3) | word(p, 4) | word(p, 5) |
	       word(p, 6) | word(p, 7);
}

static inline uint64_t all_bits(const uint8_t *p)
{
	return word(p, 0) & word(p, 1) & word(p, 2) & word(p, 3) & word(p, 4) & word(p, 5) &
	       word(p, 6) & word(p, 7);
}

/* The same for eight groups. */
static inline uint64_t any_bits_many(const uint8_t *p)
{
	return any_bits(p) | any_bits(p + 64) | any_bits(p + 128) | any_bits(p + 192) |
	       any_bits(p + 256) | any_bits(p + 320) | any_bits(p + 384) | any_bits(p + 448);
}

static inline uint64_t all_bits_many(const uint8_t *p)
{
	return all_bits(p) & all_bits(p + 64) & all_bits(p + 128) & all_bits(p + 192) &
	       all_bits(p + 256) & all_bits(p + 320) & all_bits(p + 384) & all_bits(p + 448);
}

/* How many leading words are zero, in whole groups. Looks at one group before taking big steps. */
static uint64_t zero_words(const uint8_t *p, uint64_t n)
{
	uint64_t i = 0;

	if (any_bits(p))
		return 0;
	while (n - i >= 8 * GROUP && !any_bits_many(p + 8 * i))
		i += 8 * GROUP;
	while (i < n && !any_bits(p + 8 * i))
		i += GROUP;
	return i;
}

/* How many leading words are all ones, in whole groups. */
static uint64_t full_words(const uint8_t *p, uint64_t n)
{
	uint64_t i = 0;

	if (~all_bits(p))
		return 0;
	while (n - i >= 8 * GROUP && !~all_bits_many(p + 8 * i))
		i += 8 * GROUP;
	while (i < n && !~all_bits(p + 8 * i))
		i += GROUP;
	return i;
}

/* Mark the granules of @n blocks from block @bit on. */
static void mark_blocks(struct kho_occupancy *occ, const struct kho_strip *s, uint64_t bit,
			uint64_t n)
{
	struct range r = {s->base + (bit << s->block_shift), n << s->block_shift};

	kho_occupancy_mark(occ, r);
}

/* Blocks smaller than a granule: one step per granule touched. */
static void mark_small(struct kho_occupancy *occ, const struct kho_strip *s, uint64_t bit,
		       uint64_t w)
{
	unsigned int per = 1U << (KHO_GRANULE_SHIFT - s->block_shift);
	uint64_t granule = (s->base >> KHO_GRANULE_SHIFT) + bit / per;
	uint64_t marks = 0;

	for (uint64_t mask = per == 64 ? ~0ULL : (1ULL << per) - 1; w;) {
		unsigned int n = lowest_bit(w) / per;

		marks |= 1ULL << n;
		w &= ~(mask << n * per);
	}
	/* @w covers 64 / per granules, from a multiple of that on: all marks are in one word. */
	*kho_occupancy_word(occ, granule / 64) |= marks << granule % 64;
}

/* Blocks larger than a granule: one step per run. */
static void mark_large(struct kho_occupancy *occ, const struct kho_strip *s, uint64_t bit,
		       uint64_t w)
{
	while (w) {
		unsigned int at = lowest_bit(w);
		uint64_t gap = ~(w >> at);
		unsigned int n = gap ? lowest_bit(gap) : 64;

		mark_blocks(occ, s, bit + at, n);
		w &= ~bit_mask(at, at + n - 1);
	}
}

static void mark_word(struct kho_occupancy *occ, const struct kho_strip *s, uint64_t bit,
		      uint64_t w)
{
	uint64_t granule = (s->base + (bit << s->block_shift)) >> KHO_GRANULE_SHIFT;

	if (s->block_shift + 6 <= KHO_GRANULE_SHIFT)
		*kho_occupancy_word(occ, granule / 64) |= 1ULL << granule % 64;
	else if (s->block_shift < KHO_GRANULE_SHIFT)
		mark_small(occ, s, bit, w);
	else if (s->block_shift == KHO_GRANULE_SHIFT)
		*kho_occupancy_word(occ, granule / 64) |=
			w; /* strips begin at multiples of 64 granules */
	else
		mark_large(occ, s, bit, w);
}

static void mark_group(struct kho_occupancy *occ, const struct kho_strip *s, uint64_t i)
{
	if (s->block_shift + 9 <= KHO_GRANULE_SHIFT) { /* the group lies in one granule */
		uint64_t granule = (s->base + (64 * i << s->block_shift)) >> KHO_GRANULE_SHIFT;

		*kho_occupancy_word(occ, granule / 64) |= 1ULL << granule % 64;
		return;
	}
	for (uint64_t end = i + GROUP; i < end; i++) {
		uint64_t w = word(s->bits, i);

		if (w)
			mark_word(occ, s, 64 * i, w);
	}
}

/*
 * The number of set bits of each byte of @v, in that byte. A group adds up such words, and sums the
 * bytes once.
 */
static inline uint64_t count_in_bytes(uint64_t v)
{
	v -= (v >> 1) & 0x5555555555555555ULL;
	v = (v & 0x3333333333333333ULL) + ((v >> 2) & 0x3333333333333333ULL);
	return (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
}

/* The sum of all bytes of @v. It can pass 255, so fields of 16 bits are added. */
static inline uint64_t sum_of_bytes(uint64_t v)
{
	v = (v & 0x00ff00ff00ff00ffULL) + ((v >> 8) & 0x00ff00ff00ff00ffULL);
	return (v * 0x0001000100010001ULL) >> 48;
}

static void count_group(const uint8_t *p, struct kho_tally *t)
{
	uint64_t bits = 0, runs = 0, carry = t->carry;

	for (unsigned int i = 0; i < GROUP; i++) {
		uint64_t w = word(p, i);

		if (w) {
			bits += count_in_bytes(w);
			runs += count_in_bytes(w & ~(w << 1 | carry));
		}
		carry = w >> 63;
	}
	t->bits += sum_of_bytes(bits);
	t->runs += sum_of_bytes(runs);
	t->carry = carry;
}

void kho_count_strip(const struct kho_strip *s, struct kho_tally *t, struct kho_occupancy *occ)
{
	uint64_t words = s->blocks / 64, n;

	for (uint64_t i = 0; i < words; i += n) {
		const uint8_t *p = s->bits + 8 * i;
		uint64_t first = word(p, 0);

		if (!first && (n = zero_words(p, words - i)) != 0) {
			t->carry = 0;
		} else if (first == ~0ULL && (n = full_words(p, words - i)) != 0) {
			t->bits += 64 * n;
			t->runs += !t->carry;
			t->carry = 1;
			mark_blocks(occ, s, 64 * i, 64 * n);
		} else {
			n = GROUP;
			count_group(p, t);
			mark_group(occ, s, i);
		}
	}
}
