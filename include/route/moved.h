/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of which some pages are elsewhere for the time being: evacuated pages are read from their
 * copies, by the addresses where they belong.
 */
#ifndef ROUTE_MOVED_H
#define ROUTE_MOVED_H

#include <core/mem.h>

/* One evacuated run of pages. As in the record: little endian, all three multiples of 4 KiB. */
struct kb_move {
	uint64_t home; /* physical address where the pages belong */
	uint64_t copy; /* physical address of the copy, in scratch outside the firmware zone */
	uint64_t size; /* bytes */
};

/* Sorted by home, homes disjoint. The array is the caller's. */
struct kb_moves {
	struct kb_move *m;
	size_t count;
	size_t max;
};

/*
 * mem_map_moved - `map` of struct mem for 1:1 memory with moves; @ctx is a const struct kb_moves *
 *
 * A range that lies whole in one home is read from the copy, one that touches no home from where it
 * is. NULL for a range that crosses the edge of a home: its bytes are not in one piece.
 */
const void *mem_map_moved(void *ctx, uint64_t pa, uint64_t len);

/*
 * mem_moved_piece - how many bytes from @pa on can be read in one piece
 *
 * At most @len, at least 1 when @len is not 0.
 */
uint64_t mem_moved_piece(const struct kb_moves *moves, uint64_t pa, uint64_t len);

#endif
