/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The preserved-memory map in the form of another kernel.
 *
 * Bitmaps are linked, not copied: a page bitmap of kho-v1 and a leaf of the radix tree are the same
 * bit for bit, and a small bitmap is an eighth of one (4K). What links them is new:
 *
 *	kho-v1                                   radix
 *	[chunk]-->[chunk]                        [root]-->[node]-->[node]...
 *	 | | |     | |                                              | | |
 *	 v v v     v v                                              v v v
 *	[bitmaps, where the outgoing kernel wrote them]------------[leaves]
 *
 * A bitmap is copied only where one of the edits changes it, where it lies in scratch, where small
 * ones are put together, and where blocks too large for the receiver are split.
 */
#ifndef BRIDGE_MAP_H
#define BRIDGE_MAP_H

#include <fdt/kho_map.h>
#include <fdt/kho_pages.h>

/* How it is to be. */
struct bridge_map_form {
	enum kho_map_format format;
	unsigned int orders; /* blocks of this order and more become blocks of order orders - 1 */
};

/*
 * bridge_write_map - write @from, with the edits of @p, in the form @to
 * @from: opened and walked; not changed
 * @p: its edits are sorted; gives the pages
 * @ret: the new map, readable as by kho_map_open_*() once written. In a rehearsal map.root is true,
 *	 and nothing can be read.
 * @sum: nodes, leaves, blocks and bytes of the new map (runs, lowest and end are the caller's)
 *
 * A block that is taken out and is not there, or put in and is there already, is no fault. Returns
 * KB_OK, KB_KHO_CHANGED, or what kho_pages_take() returns.
 */
__must_check enum kb_status bridge_write_map(struct kho_pages *p, const struct kho_map *from,
					     const struct bridge_map_form *to, struct kho_map *ret,
					     struct kho_summary *sum);

#endif
