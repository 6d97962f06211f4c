/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk over a map that may be damaged, between walk.c and map.c. */
#ifndef INSPECT_WALK_H
#define INSPECT_WALK_H

#include <inspect/inspect.h>

struct walk {
	const struct mem *m;
	unsigned int page_shift;
	enum kho_map_format format;
	struct inspect_faults *f;
	void (*strip)(void *ctx, const struct kho_strip *s);
	void (*meta)(void *ctx, const struct kho_meta *meta);
	void *ctx;
	/* Of the walk itself. */
	struct inspect_set seen;
};

/*
 * Visit every strip and every piece of the map that can be read; both functions are needed. Strips
 * of one order come in ascending order if the map is sound. Each piece is visited once.
 */
void walk_radix(struct walk *w, phys_t root);
void walk_chunks(struct walk *w, phys_t root);

/* Is page @at preserved at order 0? Only what lies on the way is read; no fault is noted. */
bool walk_tree_has(const struct mem *m, unsigned int page_shift, phys_t root, uint64_t at);
bool walk_list_has(const struct mem *m, unsigned int page_shift, phys_t root, uint64_t at);

/* Are all chunks of the list where pages of this size may be? */
bool walk_list_ends(const struct mem *m, unsigned int page_shift, phys_t root);

/*
 * Are the bitmaps of this list small ones? By the elements: of those that can be read, has at least
 * one in four a bitmap or a start that a page-size one cannot have?
 */
bool walk_is_small(const struct mem *m, unsigned int page_shift, phys_t root);

#endif
