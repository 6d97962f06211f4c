/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the readers of the two map formats offer to the rest of fdt/. Outside fdt/ use
 * <fdt/kho_map.h>, which does not care for the format.
 */
#ifndef FDT_INTERNAL_H
#define FDT_INTERNAL_H

#include <fdt/kho.h>
#include <fdt/kho_map.h>

/* ---- readers of the two formats: kho_radix.c, kho_v1.c */

/* Visit and check all pages of the tree or list; @orders, when not NULL, gets its orders. */
__must_check enum kb_status kho_radix_each(struct mem *m, const struct kho_map *map,
					   kho_meta_fn *fn, void *ctx, uint64_t *orders);
__must_check enum kb_status kho_v1_each(struct mem *m, const struct kho_map *map, kho_meta_fn *fn,
					void *ctx);

/* As kho_strip_seek() and kho_strip_next(); it->m, map and s.order are set. */
bool kho_radix_seek(struct kho_strips *it, uint64_t from);
bool kho_radix_next(struct kho_strips *it);
bool kho_v1_seek(struct kho_strips *it, uint64_t from);
bool kho_v1_next(struct kho_strips *it);

/* What a list of kho-v1 says of the size of its bitmaps. */
struct kho_v1_evidence {
	bool small;  /* they cannot be of page size */
	bool differ; /* read as page-size ones, they have more bits set */
};

/*
 * kho_v1_gather - first pass over a list whose bitmap size is not known
 * @map: read as small; gets its orders and the first chunk of each
 *
 * Passes what may be sound by one of the two readings. Returns a code of kho_map_open_v1().
 */
__must_check enum kb_status kho_v1_gather(struct mem *m, struct kho_map *map,
					  struct kho_v1_evidence *ret);

/* The same checks for the format that @map has by now. */
__must_check enum kb_status kho_v1_check(struct mem *m, const struct kho_map *map);

/* ---- kho_unique.c */

/*
 * kho_unique - prove that no two pieces of metadata, and not @fdt, share a byte
 * @fn: called for each piece of metadata, once, on the way; may be NULL
 * @buf: work memory for @cap addresses; cap is at least 2. Less of it costs more passes, each of
 *	 which settles cap / 2 pieces or more, so any map can be proven in any memory.
 *
 * Returns KB_OK, KB_KHO_META_SHARED, a code of the walk over the map, or what @fn returned.
 */
__must_check enum kb_status kho_unique(struct mem *m, const struct kho_map *map, struct range fdt,
				       kho_meta_fn *fn, void *ctx, uint64_t *buf, size_t cap);

/* From @base to @last, the last byte included, as a range; short of its last byte at 2^64. */
static inline struct range kho_span(uint64_t base, uint64_t last)
{
	return (struct range){base, last - base + (last != UINT64_MAX)};
}

/* ---- kho_count.c: the inner loop of the walk */

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
