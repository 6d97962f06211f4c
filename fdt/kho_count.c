// SPDX-License-Identifier: BSD-2-Clause
/*
 * Counting the bits of a strip and marking what they occupy, by whole words: a run of bits costs
 * nothing by itself, so fragmentation cannot make the walk slow.
 */
#include <khoboot/kho.h>
#include <khoboot/kho_bits.h>
#include <khoboot/kho_count.h>

#define GROUP 8 /* words; 512 blocks of 4 KiB are one granule */

static uint64_t word(const uint8_t *p, uint64_t i)
{
	return get_u64(p + 8 * i);
}

/* Words in leading groups that are all zero. */
static uint64_t zero_words(const uint8_t *p, uint64_t n)
{
	uint64_t i = 0;

	for (; i < n; i += GROUP) {
		uint64_t any = word(p, i) | word(p, i + 1) | word(p, i + 2) | word(p, i + 3) |
			       word(p, i + 4) | word(p, i + 5) | word(p, i + 6) | word(p, i + 7);

		if (any)
			break;
	}
	return i;
}

/* Words in leading groups that are all ones. */
static uint64_t full_words(const uint8_t *p, uint64_t n)
{
	uint64_t i = 0;

	for (; i < n; i += GROUP) {
		uint64_t all = word(p, i) & word(p, i + 1) & word(p, i + 2) & word(p, i + 3) &
			       word(p, i + 4) & word(p, i + 5) & word(p, i + 6) & word(p, i + 7);

		if (all != ~0ULL)
			break;
	}
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
	/* A word is 64 / per granules and begins at a multiple of as many: one word of marks. */
	occ->bits[granule / 64] |= marks << granule % 64;
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
		occ->bits[granule / 64] |= 1ULL << granule % 64;
	else if (s->block_shift < KHO_GRANULE_SHIFT)
		mark_small(occ, s, bit, w);
	else if (s->block_shift == KHO_GRANULE_SHIFT)
		occ->bits[granule / 64] |= w; /* strips begin at multiples of 64 granules */
	else
		mark_large(occ, s, bit, w);
}

static void mark_group(struct kho_occupancy *occ, const struct kho_strip *s, uint64_t i)
{
	if (s->block_shift + 9 <= KHO_GRANULE_SHIFT) {
		mark_word(occ, s, 64 * i, 1);
		return;
	}
	for (uint64_t end = i + GROUP; i < end; i++) {
		uint64_t w = word(s->bits, i);

		if (w)
			mark_word(occ, s, 64 * i, w);
	}
}

/* Words with one bit or one run are the common ones where memory is fragmented a little. */
static uint64_t count_few(uint64_t w)
{
	if (!(w & (w - 1)))
		return w != 0;
	return count_bits(w);
}

static void count_group(const uint8_t *p, struct kho_tally *t)
{
	uint64_t bits = t->bits, runs = t->runs, carry = t->carry;

	for (unsigned int i = 0; i < GROUP; i++) {
		uint64_t w = word(p, i);

		if (w) {
			bits += count_few(w);
			runs += count_few(w & ~(w << 1 | carry));
		}
		carry = w >> 63;
	}
	*t = (struct kho_tally){bits, runs, carry};
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
