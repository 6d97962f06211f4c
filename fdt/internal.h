/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of fdt/ share: the readers of the two map formats, and parts of the walk. Outside
 * fdt/ use <fdt/kho_map.h>, which hides the format.
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

/* As kho_strip_seek() and kho_strip_next(). The caller has set it->m, it->map and it->s.order. */
bool kho_radix_seek(struct kho_strips *it, uint64_t from);
bool kho_radix_next(struct kho_strips *it);
bool kho_v1_seek(struct kho_strips *it, uint64_t from);
bool kho_v1_next(struct kho_strips *it);

/* What a kho-v1 list tells about the size of its bitmaps. */
struct kho_v1_evidence {
	bool small;  /* they cannot be of page size */
	bool differ; /* read as page-size ones, they have more bits set */
};

/*
 * kho_v1_gather - first pass over a list whose bitmap size is not known
 * @map: read as small; gets its orders and the first chunk of each
 *
 * Accepts every list that may be sound in one of the two readings. Returns a code of
 * kho_map_open_v1().
 */
__must_check enum kb_status kho_v1_gather(struct mem *m, struct kho_map *map,
					  struct kho_v1_evidence *ret);

/* The same checks, for the format that @map has been given since. */
__must_check enum kb_status kho_v1_check(struct mem *m, const struct kho_map *map);

/* ---- kho_unique.c */

/*
 * kho_unique - prove that no two pieces of metadata, and not @fdt, share a byte
 * @fn: called once for each piece of metadata; may be NULL
 * @buf: work memory for @cap addresses, at least 2. A smaller buffer costs more passes. Each pass
 *	 settles at least cap / 2 pieces, so a buffer of any size is enough for any map.
 *
 * Returns KB_OK, KB_KHO_META_SHARED, a code of the walk over the map, or what @fn returned.
 */
__must_check enum kb_status kho_unique(struct mem *m, const struct kho_map *map, struct range fdt,
				       kho_meta_fn *fn, void *ctx, uint64_t *buf, size_t cap);

/* The range from @base to @last, included. One that ends at 2^64 loses its last byte. */
static inline struct range kho_span(uint64_t base, uint64_t last)
{
	return (struct range){base, last - base + (last != UINT64_MAX)};
}

/* ---- kho_occupancy.c */

/* Bytes that kho_occupancy_init() takes for this RAM, which is sorted. */
uint64_t kho_occupancy_size(const struct range_list *ram);

/*
 * kho_occupancy_init - an empty occupancy bitmap for @ram
 * @memory: kho_occupancy_size() bytes, aligned to 8
 *
 * Returns the first byte after what it took.
 */
uint64_t *kho_occupancy_init(struct kho_occupancy *occ, const struct range_list *ram, void *memory);

/* The slow half of kho_occupancy_word(). */
uint64_t *kho_occupancy_find(struct kho_occupancy *occ, uint64_t word);

/* Word @word of the bitmap: granules 64 * @word and up. Outside RAM one that is never read. */
static inline uint64_t *kho_occupancy_word(struct kho_occupancy *occ, uint64_t word)
{
	if (word - occ->near.first < occ->near.words)
		return &occ->near.bits[word - occ->near.first];
	return kho_occupancy_find(occ, word);
}

/* ---- kho_luo.c: live update data, by the versions that a kernel names (.kho) */

/* Has the kernel live update at all? */
bool kho_luo_takes_any(struct kb_text names);

/* Can it read these @size bytes, or has it none? @data NULL: they cannot be read, by nobody. */
bool kho_luo_readable(const void *data, uint64_t size, struct kb_text names);

/* Are both this form of data and that of the kernel known? */
bool kho_luo_convertible(const void *data, uint64_t size, struct kb_text names);

/* ---- kho_count.c: the inner loop of the walk */

struct kho_tally {
	uint64_t bits;
	uint64_t runs;
	uint64_t carry; /* 1 when the block before the next strip is preserved, else 0 */
};

/*
 * kho_count_strip - add the set bits and the runs of @s to @t and mark them in @occ
 *
 * Set blocks outside RAM are not marked. A run that continues from the previous strip (t->carry) is
 * not counted again.
 */
void kho_count_strip(const struct kho_strip *s, struct kho_tally *t, struct kho_occupancy *occ);

#endif
