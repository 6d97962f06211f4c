/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inner loops of bridge_write_map(): link bitmaps that stay as they are, from a row of the old
 * map to a row of the new one. They are all that most bitmaps cost (docs/bench.md has the limit).
 *
 * Each stops before the first bitmap that does not belong to the new row. That the numbers ascend,
 * and that no bitmap is at address 0, was proven by kho_open().
 */
#ifndef BRIDGE_MAP_LINK_H
#define BRIDGE_MAP_LINK_H

#include "map_parts.h"

struct bridge_link {
	const uint8_t *in;  /* the first element, or slot 0 of the node */
	uint64_t from;      /* the first slot of the node */
	uint64_t count;     /* elements */
	uint8_t *out;       /* place for the first element, or slot 0 of the node */
	unsigned int shift; /* bridge_strip_shift() */
	uint64_t first;     /* bridge_first() */
	uint64_t row;       /* number of slot 0, in a tree */
	uint64_t end;       /* slots before this one are linked */
};

/* What was linked: how many, and where the last one begins. */
struct bridge_linked {
	uint64_t count;
	uint64_t last;
};

struct bridge_linked bridge_list_to_tree(const struct bridge_link *l);
struct bridge_linked bridge_list_to_list(const struct bridge_link *l);
struct bridge_linked bridge_tree_to_list(const struct bridge_link *l);
struct bridge_linked bridge_tree_to_tree(const struct bridge_link *l);

#endif
