/* SPDX-License-Identifier: BSD-2-Clause */
/* Live update data (the sub-blob "LUO") in the form of another kernel. */
#ifndef BRIDGE_LUO_H
#define BRIDGE_LUO_H

#include <fdt/kho_dialect.h>
#include <fdt/kho_pages.h>

/*
 * bridge_write_luo - write the live update data of @in in the form that @to reads
 * @in: of the outgoing kernel; not changed
 * @to: its names tell the form; one without "luo-v..." has no live update
 * @p: gives the pages; gets edits for new pages and for those that nobody will claim any more
 * @out: address and size of the new data; @in itself if nothing has to change
 * @diag: at = physical address of what cannot be carried
 *
 * Sessions, files and shared data keep order, names and tokens. Returns KB_OK, a KB_LUO_* code for
 * what is damaged or cannot be carried, KB_KERNEL_LUO for a form that is not known, or what
 * kho_pages_preserve() returns.
 */
__must_check enum kb_status bridge_write_luo(struct kho_pages *p, const struct kho_blob *in,
					     const struct kho_dialect *to, struct kho_blob *out,
					     struct kb_diag *diag);

#endif
