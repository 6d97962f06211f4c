// SPDX-License-Identifier: BSD-2-Clause
/*
 * One bit for each 2 MiB of RAM that KHO touches. Holes between pieces of RAM take no memory, so
 * the size depends neither on where RAM is nor on what is preserved.
 */
#include <core/bits.h>
#include <fdt/internal.h>
#include <fdt/kho.h>

/* ---- spans: the words of the bitmap that stand for RAM --------------------------------------- */

static struct kho_span span_of(struct range r)
{
	uint64_t first = r.base >> KHO_WORD_SHIFT;

	return (struct kho_span){first, ((r.base + (r.size - 1)) >> KHO_WORD_SHIFT) - first + 1,
				 NULL};
}

/* The span that begins with the piece *i of @ram; *i then names the piece after it. */
static bool next_span(const struct range_list *ram, size_t *i, struct kho_span *ret)
{
	if (*i >= ram->count)
		return false;
	for (*ret = span_of(ram->r[(*i)++]); *i < ram->count; (*i)++) {
		struct kho_span s = span_of(ram->r[*i]);

		if (s.first > ret->first + ret->words)
			break;
		ret->words = max_u64(ret->words, s.first + s.words - ret->first);
	}
	return true;
}

uint64_t kho_occupancy_size(const struct range_list *ram)
{
	struct kho_span s;
	uint64_t size = 0;

	for (size_t i = 0; next_span(ram, &i, &s);)
		size += sizeof(s) + 8 * s.words;
	return size;
}

uint64_t *kho_occupancy_init(struct kho_occupancy *occ, const struct range_list *ram, void *memory)
{
	struct kho_span s;
	uint64_t *bits;

	*occ = (struct kho_occupancy){.span = memory};
	for (size_t i = 0; next_span(ram, &i, &s);)
		occ->span[occ->spans++] = s;
	bits = (uint64_t *)&occ->span[occ->spans];
	for (size_t i = 0; i < occ->spans; i++) {
		occ->span[i].bits = bits;
		for (uint64_t n = occ->span[i].words; n; n--)
			*bits++ = 0;
	}
	return bits;
}

/* Index of the first span that ends after @word. */
static size_t first_after(const struct kho_occupancy *occ, uint64_t word)
{
	size_t lo = 0, hi = occ->spans;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (occ->span[mid].first + occ->span[mid].words > word)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

uint64_t *kho_occupancy_find(struct kho_occupancy *occ, uint64_t word)
{
	size_t i = first_after(occ, word);

	if (i == occ->spans || occ->span[i].first > word)
		return &occ->outside;
	occ->near = occ->span[i];
	return kho_occupancy_word(occ, word);
}

/* ---- ranges ---------------------------------------------------------------------------------- */

/* The bits of word @i that stand for granules from @first to @last, both included. */
static uint64_t word_part(uint64_t i, uint64_t first, uint64_t last)
{
	unsigned int lo = i == first / 64 ? first % 64 : 0;
	unsigned int hi = i == last / 64 ? last % 64 : 63;

	return bit_mask(lo, hi);
}

static bool span_free(const struct kho_span *s, uint64_t first, uint64_t last)
{
	uint64_t end = min_u64(last / 64 + 1, s->first + s->words);

	for (uint64_t i = max_u64(first / 64, s->first); i < end; i++)
		if (s->bits[i - s->first] & word_part(i, first, last))
			return false;
	return true;
}

bool kho_occupancy_free(const struct kho_occupancy *occ, struct range r)
{
	uint64_t first = r.base >> KHO_GRANULE_SHIFT, last;
	bool free = true;

	if (!r.size)
		return true;
	if (range_wraps(r))
		return false;
	last = (range_end(r) - 1) >> KHO_GRANULE_SHIFT;
	/* Nothing is preserved outside RAM. */
	for (size_t i = first_after(occ, first / 64);
	     i < occ->spans && occ->span[i].first <= last / 64 && free; i++)
		free = span_free(&occ->span[i], first, last);
	return free;
}

void kho_occupancy_mark(struct kho_occupancy *occ, struct range r)
{
	uint64_t first = r.base >> KHO_GRANULE_SHIFT;
	uint64_t last = (r.base + (r.size - 1)) >> KHO_GRANULE_SHIFT;

	if (!r.size)
		return;
	if (first == last) { /* the usual case */
		*kho_occupancy_word(occ, first / 64) |= 1ULL << first % 64;
		return;
	}
	for (uint64_t i = first / 64; i <= last / 64; i++)
		*kho_occupancy_word(occ, i) |= word_part(i, first, last);
}
