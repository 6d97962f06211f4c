/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Identity page tables with pages of 4 KiB, 2 MiB and 1 GiB: x86 with 4 or 5 levels (Intel SDM
 * volume 3A, chapter 4.5), arm64 with the 4 KiB granule and 4 levels (DDI 0487, chapter D8). What
 * an entry looks like is in <arch/pte.h>.
 *
 * Pure: the tables are built in a pool of the caller, who also loads them. An access to anything
 * that was not mapped with pt_map() faults.
 */
#ifndef STAGE_PAGETABLE_H
#define STAGE_PAGETABLE_H

#include <arch/pagetable.h>

/*
 * pt_init - make an empty table, whose top level is the first page of the pool
 *
 * Returns KB_OK or KB_PT_POOL when the pool has no page.
 */
__must_check enum kb_status pt_init(struct pagetable *pt);

/*
 * pt_map - map @r to itself with @flags, replacing what was mapped there
 *
 * @r must be 4 KiB aligned; the largest pages that fit are used, and larger pages that are there
 * already are split. On x86 the tables may be in use. On arm64 only additions to tables in use are
 * allowed: to split or change what is mapped, others have to be in use meanwhile (break-before-make
 * in chapter D8 of DDI 0487). Returns KB_OK, KB_PT_ALIGN, KB_PT_LIMIT (x86: beyond the canonical
 * lower half; arm64: beyond 48 bits), or KB_PT_POOL (pool used up; part of @r may be mapped then).
 */
__must_check enum kb_status pt_map(struct pagetable *pt, struct range r, enum pt_flags flags);

/*
 * pt_pages - how many pages of the pool a fresh table takes for @l
 *
 * @l is sorted and free of overlap, of whole pages, and within reach of the tables. The top level
 * counts as one. Exact when nothing else is mapped; mappings in addition split or add at most
 * PT_MORE pages for each piece.
 */
uint64_t pt_pages(const struct pagetable *pt, const struct range_list *l);

/* A table for either end of a piece, at each level below the top. */
#define PT_MORE 8

/*
 * pt_clip - take out of @l, which is sorted, what these tables cannot map
 *
 * RAM there is of use to a kernel with larger tables. x86: beyond the canonical lower half; arm64:
 * beyond 48 bits. Returns KB_OK; KB_RANGE_FULL cannot be, as nothing is split.
 */
__must_check enum kb_status pt_clip(const struct pagetable *pt, struct range_list *l);

/* True when @addr is mapped; *flags then says how. For checks and tests. */
bool pt_lookup(const struct pagetable *pt, uint64_t addr, enum pt_flags *flags);

#endif
