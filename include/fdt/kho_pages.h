/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * New pages for KHO data: where they go, and which entries of the map they need.
 *
 * What the outgoing kernel left is never changed. Whoever rewrites a part of it (the root FDT, the
 * map, live update data) writes a copy to new pages, in RAM that nobody needs any more: not
 * scratch, not preserved, no part of the map.
 *
 *	RAM	|..A's..|PPP|....|m|.........|== scratch ==|....|PP|......|
 *	from	|---------------------------|             |--------------|
 *	piece	                 ^ untouched granules (see kho_occupancy_free()) come first
 *	             ^   ^ when none is left: free pages of the others, one granule after another
 *
 * Two pieces are in use at a time, one for single pages and one for larger folios, so that a folio
 * that does not fit leaves the rest of its piece to the single pages.
 *
 * All of it runs twice, by the same code: a rehearsal in which every page handed out has its true
 * address, but its bytes are one and the same trial page; and the real thing. What the rehearsal
 * did not refuse, the real one does not refuse either. Nothing is written before.
 *
 * Facts: Linux kernel/liveupdate/kexec_handover.c: kho_alloc_preserve() (a folio of some order, one
 * entry of that order), kho_restore_free().
 */
#ifndef FDT_KHO_PAGES_H
#define FDT_KHO_PAGES_H

#include <fdt/kho.h>

#define KHO_PAGES_ORDER_MAX 4 /* the largest folio that live update takes: 16 pages */

/* A change of the set of preserved blocks. */
struct kho_edit {
	uint64_t base; /* physical address, aligned to the block */
	uint8_t order;
	bool add;      /* else it is taken out */
	uint32_t turn; /* the later of two changes of one block holds */
};

/* A part of one granule. */
struct kho_piece {
	struct range r;   /* size 0: none yet */
	uint8_t *bytes;   /* of r.base; NULL: not untouched, each folio is opened by itself */
	uint64_t busy[8]; /* a bit for each page of the granule */
};

struct kho_pages {
	/* The caller's. */
	struct mem *m;
	const struct kho *k;
	const struct range_list *from; /* RAM to choose from, sorted */
	uint8_t *trial;                /* 16 pages of the outgoing kernel */
	/*
	 * A pointer to the first byte of @piece (whole pages), which will be written and must stay
	 * valid; NULL: it cannot be. Called in a rehearsal, too, so that what cannot be opened is
	 * known before anything is written; then nothing is written to it.
	 */
	uint8_t *(*open)(void *ctx, struct range piece);
	void *ctx;
	struct kho_edit *edit; /* room for @edit_max changes; NULL: they are only counted */
	size_t edit_max;
	/* Private. */
	bool rehearsal;
	bool exact; /* no untouched granule is left */
	size_t edits;
	uint64_t at; /* where the search goes on */
	struct kho_piece piece[2];
	uint64_t taken; /* pages handed out */
};

/* Begin, or begin again: a rehearsal, or the real thing after it. No edits are left. */
void kho_pages_begin(struct kho_pages *p, bool rehearsal);

/*
 * kho_pages_take - 2^@order consecutive zeroed pages, aligned to their size
 * @at: their physical address
 * @bytes: where to write them; in a rehearsal all calls give the same memory, so what was written
 *	   is gone with the next call, and it is not zeroed
 *
 * They are no entries of the map: for the map itself. Returns KB_OK; with a note in the diagnosis
 * of @p->m KB_BRIDGE_ROOM (value: bytes) or KB_BRIDGE_MAP (at: what cannot be opened).
 */
__must_check enum kb_status kho_pages_take(struct kho_pages *p, unsigned int order, phys_t *at,
					   uint8_t **bytes);

/*
 * kho_pages_take(), always zeroed, and an entry of that order in the map. Also KB_BRIDGE_EDITS: too
 * many.
 */
__must_check enum kb_status kho_pages_preserve(struct kho_pages *p, unsigned int order, phys_t *at,
					       uint8_t **bytes);

/*
 * kho_pages_drop - take the entry of @order at @at out of the map: nobody will claim it
 *
 * Its memory is free as soon as the next kernel has read the map. An entry that is not there is no
 * fault. KB_OK or KB_BRIDGE_EDITS.
 */
__must_check enum kb_status kho_pages_drop(struct kho_pages *p, unsigned int order, phys_t at);

/*
 * kho_pages_mark - after the real thing: granules that were handed out are no longer untouched
 * @occ: of @p->k
 *
 * Not before: the search tells by @occ what it has handed out. Folios from other granules are the
 * caller's to mark, as they are opened one by one.
 */
void kho_pages_mark(const struct kho_pages *p, struct kho_occupancy *occ);

/*
 * Sort the edits by order (descending), then address: the order of radix keys. Of several changes
 * of one block only the last is left. Others may follow, and then have to be sorted in again.
 */
void kho_pages_sort(struct kho_pages *p);

#endif
