/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bridge: KHO data of one kernel in the form that another one reads.
 *
 *	outgoing kernel's                     new, in free memory
 *	root FDT "kho-v1" --+                 root FDT "kho-v4" --+
 *	  | map             |                   | map             |
 *	  v                 v                   v                 v
 *	chunks            sub-blobs           radix nodes       converted sub-blobs,
 *	  |                                     |               or the old ones
 *	  +------> bitmaps <--------------------+
 *
 * Nothing of the old is changed: until the next kernel has run, the data can be handed to one that
 * reads them as they are.
 *
 *	bridge_count()		how much work memory the plan takes
 *	bridge_plan()		rehearses all of it: every refusal is found here, nothing is written
 *	bridge_write()		does it
 *	bridge_adopt()		the new data take the place of the old ones in a struct kho
 */
#ifndef BRIDGE_BRIDGE_H
#define BRIDGE_BRIDGE_H

#include <fdt/kho_dialect.h>
#include <fdt/kho_pages.h>

/* Must not be copied. About 7 KiB. */
struct bridge {
	struct kho_pages pages; /* the caller fills in its first part, but for edit and edit_max */
	const struct kho_dialect *to;
	struct kb_diag diag; /* where the refusal is */
	/* The result of the last pass. */
	phys_t fdt;
	uint8_t *fdt_bytes;
	struct kho_blob blob[KHO_BLOBS + 1];
	unsigned int blobs;
	struct kho_map map;
	struct kho_summary sum;
	uint64_t pages_taken;
	bool luo_differs;                /* live update data were rewritten, or left out */
	bool luo_converted;              /* rewritten */
	char left_out[KHO_NAME_MAX + 1]; /* the last sub-blob that is not handed over, or "" */
};

/*
 * bridge_count - the number of edits
 *
 * Returns KB_OK; KB_BRIDGE_FDT when the root FDT would not fit into a page; what bridge_write_luo()
 * and kho_pages_preserve() return. @ret is untouched on failure.
 */
__must_check enum kb_status bridge_count(struct bridge *b, size_t *ret);

/*
 * bridge_plan - rehearse
 *
 * b->pages.edit has room for as many edits as bridge_count() said. Returns KB_OK, what
 * bridge_count() and bridge_write_map() return.
 */
__must_check enum kb_status bridge_plan(struct bridge *b);

/*
 * bridge_write - write it all, after bridge_plan()
 *
 * It fails only if memory changed since: KB_BRIDGE_EDITS, KB_KHO_CHANGED.
 */
__must_check enum kb_status bridge_write(struct bridge *b);

/*
 * bridge_adopt - after bridge_write(): let @k and @h be the new data
 *
 * Of the summary, runs, lowest and end are bounds from now on: exact but for the new pages. Returns
 * KB_OK or a code of kho_root_parse(); then neither has changed.
 */
__must_check enum kb_status bridge_adopt(const struct bridge *b, struct kho *k,
					 struct kho_handover *h);

#endif
