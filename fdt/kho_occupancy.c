// SPDX-License-Identifier: BSD-2-Clause
/* One bit for each 2 MiB that KHO touches. The size depends on RAM, not on what is preserved. */
#include <core/bits.h>
#include <fdt/kho.h>

/* The bits of word @i that stand for granules from @first to @last, both included. */
static uint64_t word_part(uint64_t i, uint64_t first, uint64_t last)
{
	unsigned int lo = i == first / 64 ? first % 64 : 0;
	unsigned int hi = i == last / 64 ? last % 64 : 63;

	return bit_mask(lo, hi);
}

bool kho_occupancy_free(const struct kho_occupancy *occ, struct range r)
{
	uint64_t first = r.base >> KHO_GRANULE_SHIFT, last;

	if (!r.size)
		return true;
	if (range_wraps(r))
		return false;
	last = (range_end(r) - 1) >> KHO_GRANULE_SHIFT;
	if (first >= occ->granules) /* nothing is preserved after the end of RAM */
		return true;
	last = min_u64(last, occ->granules - 1);
	for (uint64_t i = first / 64; i <= last / 64; i++)
		if (occ->bits[i] & word_part(i, first, last))
			return false;
	return true;
}

void kho_occupancy_mark(struct kho_occupancy *occ, struct range r)
{
	uint64_t first = r.base >> KHO_GRANULE_SHIFT;
	uint64_t last = (r.base + (r.size - 1)) >> KHO_GRANULE_SHIFT;

	if (!r.size || first >= occ->granules)
		return;
	if (first == last) { /* the usual case */
		occ->bits[first / 64] |= 1ULL << first % 64;
		return;
	}
	last = min_u64(last, occ->granules - 1);
	for (uint64_t i = first / 64; i <= last / 64; i++)
		occ->bits[i] |= word_part(i, first, last);
}
