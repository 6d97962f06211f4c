/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the walk and its inner loop; of no use outside fdt/ and its tests. */
#ifndef KHOBOOT_KHO_COUNT_H
#define KHOBOOT_KHO_COUNT_H

#include <khoboot/kho.h>

struct kho_tally {
	uint64_t bits;
	uint64_t runs;
	uint64_t carry; /* 1 when the block before the next strip is preserved, else 0 */
};

/*
 * kho_count_strip - add the set bits and the runs of @s to @t and mark them in @occ
 *
 * All blocks whose bits are set lie below the end of @occ. A run that goes on from the strip before
 * (t->carry) is not counted again.
 */
void kho_count_strip(const struct kho_strip *s, struct kho_tally *t, struct kho_occupancy *occ);

#endif
