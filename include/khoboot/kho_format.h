/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the readers of the two map formats offer to the rest of fdt/. Outside fdt/ use
 * <khoboot/kho_map.h>, which does not care for the format.
 */
#ifndef KHOBOOT_KHO_FORMAT_H
#define KHOBOOT_KHO_FORMAT_H

#include <khoboot/kho_map.h>

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

/*
 * kho_unique - prove that no two pieces of metadata, and not @fdt, share a byte
 * @fn: called for each piece of metadata, once, on the way; NULL for nobody
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

#endif
