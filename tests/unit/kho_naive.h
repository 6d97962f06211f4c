/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A second reader of preserved-memory maps, as slow and simple as it can be: one block at a time,
 * every bit looked at, everything kept in arrays. What it reads is compared with what khoboot says.
 */
#ifndef TESTS_KHO_NAIVE_H
#define TESTS_KHO_NAIVE_H

#include "kho_image.h"

#define NAIVE_BLOCKS (1U << 22) /* more are not read */

struct kho_naive {
	struct kho_block *block; /* sorted by address after naive_read() */
	size_t blocks, block_max;
	struct range *range; /* the same, overlapping and touching ones made one */
	size_t ranges;
	struct range *meta; /* pages and bitmaps of the map, sorted likewise */
	size_t metas, meta_max;
	uint64_t leaves, nodes;
};

/*
 * Read the map that the root FDT of @img names. False when something cannot be read, or when there
 * are more than NAIVE_BLOCKS blocks.
 */
bool naive_read(struct kho_image *img, enum kho_map_format format, struct kho_naive *ret);

/* The same for the map at @map. */
bool naive_read_map(struct kho_image *img, enum kho_map_format format, uint64_t map,
		    struct kho_naive *ret);
void naive_free(struct kho_naive *n);

/* Is some byte of @r preserved? Part of the map? */
bool naive_touches(const struct kho_naive *n, struct range r);
bool naive_is_meta(const struct kho_naive *n, struct range r);

/*
 * naive_compare - does the opened @k say what @n says?
 *
 * Counts, runs, ranges, metadata, occupancy, and the answers of kho_range_free(), kho_map_covers()
 * and kho_map_touches() on ranges at random. Returns NULL, or what differs.
 */
const char *naive_compare(struct kho_image *img, const struct kho *k, const struct kho_naive *n,
			  uint64_t *random);

#endif
