/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Evacuation: preserved pages and pages of metadata that lie in the firmware zone get a copy in
 * scratch, outside the zone, for the time of the reset. Plan only: nothing is copied here.
 */
#ifndef ROUTE_EVACUATE_H
#define ROUTE_EVACUATE_H

#include <fdt/kho.h>
#include <route/moved.h>

/*
 * The pages of the zone that have to move: one bit for each 4 KiB page of the zone, in its order.
 */
struct evacuation {
	const struct range_list *zone; /* sorted */
	uint64_t *bits;                /* evacuate_work_size() bytes, the caller's */
	uint64_t runs;                 /* rows of consecutive pages */
	uint64_t bytes;
	uint64_t page; /* bytes: the outgoing kernel's */
};

/* Bytes of work memory that evacuate_mark() needs for @zone. */
uint64_t evacuate_work_size(const struct range_list *zone);

/*
 * evacuate_mark - which pages of @zone are preserved, or hold the FDT or a part of the map?
 * @work: evacuate_work_size() bytes, aligned to 8
 *
 * @k was opened with @m. Returns KB_OK, KB_KHO_CHANGED, a code of kho_map_each_page(),
 * or KB_EVAC_WORK when @work is too small.
 */
__must_check enum kb_status evacuate_mark(struct mem *m, const struct kho *k,
					  const struct range_list *zone, struct kho_work work,
					  struct evacuation *ret);

/*
 * evacuate_place - find a place in @free for each marked page
 * @free: sorted; scratch outside the zone that nothing needs. What is taken is subtracted.
 * @ret: storage for ret->max moves; e->runs + free->count is always enough
 *
 * Copies ascend as homes do, so that record_check() needs no memory to prove that none overlap. A
 * run is split only where no later range has room for it whole, or where the rest would then not
 * fit; and only between pages of the outgoing kernel, which holds parts of the map in one piece.
 * Returns KB_OK, KB_EVAC_ROOM (then @free has changed), KB_RANGE_FULL.
 */
__must_check enum kb_status evacuate_place(const struct evacuation *e, struct range_list *free,
					   struct kb_moves *ret);

#endif
