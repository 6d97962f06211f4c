/* SPDX-License-Identifier: BSD-2-Clause */
/* What KHO data say of memory, for a picture: preserved memory, its owners, the map. */
#ifndef KHOCTL_PLOT_KHO_H
#define KHOCTL_PLOT_KHO_H

#include "plot.h"

#include <inspect/inspect.h>

/* Data that inspect_root() has read. */
struct plot_kho {
	const struct mem *m;
	const struct kho_root *root; /* with page_shift */
	enum kho_bitmap_hint hint;
	const struct range_list *scratch; /* sorted; empty if it is not known */
};

/*
 * plot_kho_count - count all that is preserved, after plot_layout()
 *
 * The contents of live update's memfds and of reserve_mem= have an owner; the rest, also what
 * describes them, is somebody else's. What cannot be read is left out and noted in @faults.
 */
void plot_kho_count(struct plot *p, const struct plot_kho *k, struct inspect_faults *faults);

/* ---- the RAM of a dump */

#define PLOT_COVER 64

/*
 * All that was added, in few ranges: those with less than 2 MiB between them are one, and so are
 * the nearest ones when there are more than PLOT_COVER.
 */
struct plot_cover {
	struct range r[PLOT_COVER + 1]; /* sorted */
	size_t count;
};

/* Nothing is added of a range that is empty or wraps. */
void plot_cover_add(struct plot_cover *c, struct range r);

/* Add what is preserved: a dump need not have it, but the machine has. */
void plot_kho_cover(struct plot_cover *c, const struct plot_kho *k);

#endif
