/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Live update data (the sub-blob "LUO") in the form of another kernel.
 *
 *	luo-v1 without luo-flb	6.19	tree, memfd-v1
 *	luo-v1 with luo-flb	7.1	tree, memfd-v2
 *	luo-v5			7.2 on	blocks, memfd-v2
 *
 * Which page the receiver gives back, by kho_restore_free() at the order of its entry:
 *
 *	sessions, files		6.19, 7.1: 16 pages and 2; 7.2: one by one (kho_block.c)
 *	root			7.2 the struct; 6.19 and 7.1 keep the FDT
 *	shared data		never: luo_flb.c only reads the page
 *	record of a memfd	all: one page (mm/memfd_luo.c)
 *
 * So a page that is replaced is taken out of the map, as it would be reserved for good. Data of
 * handlers, folios and the arrays of folios are passed as they are, and so is the page of shared
 * data where the receiver has shared data.
 *
 * What a receiver would panic on (another version, no node luo-flb, a block without entries) is
 * written anew or refused. 7.1 and later give up every session if one file has a handler that they
 * lack: KB_LUO_HANDLER for memfd, a warning for handlers that may be in a module.
 *
 * memfd-v1 has no seals: 6.19 gives back each file with F_SEAL_SEAL alone, as one made by
 * memfd_create(name, 0) has it. So memfd-v2 gets that in its place. The other way only files
 * without seals are taken, or with F_SEAL_SEAL alone: one without gets a warning, as nobody can
 * seal it later.
 */
#ifndef BRIDGE_LUO_H
#define BRIDGE_LUO_H

#include <fdt/kho_dialect.h>
#include <fdt/kho_pages.h>

/*
 * bridge_write_luo - write the live update data of @in in the form that @to reads
 * @in: of the outgoing kernel; not changed
 * @to: its names tell the form; one without "luo-v..." has no live update, and gets @in, or nothing
 *	(@out->size 0) if that is no FDT and it takes every sub-blob for one (kho-v1)
 * @p: gives the pages; gets edits for new pages and for those that nobody will claim any more
 * @out: address and size of the new data; @in itself if nothing has to change; untouched on failure
 * @diag: at = physical address of what cannot be carried
 *
 * Sessions, files and shared data keep order, names and tokens. A line in the log names the session
 * and file of a refusal; warnings and the line on what will be written come where edits of @p are
 * only counted (p->edit NULL), which is the first run.
 *
 * Returns KB_OK; KB_LUO_DATA, KB_LUO_SESSIONS, KB_LUO_FILES, KB_LUO_SHARED, KB_LUO_NAME or
 * KB_LUO_MEMFD for what is damaged; KB_LUO_MANY_SESSIONS, KB_LUO_MANY_FILES, KB_LUO_SEALED or
 * KB_LUO_HANDLER for what cannot be carried; KB_KERNEL_LUO for a form that is not known; or what
 * kho_pages_preserve() and kho_pages_drop() return, which note it themselves.
 */
__must_check enum kb_status bridge_write_luo(struct kho_pages *p, const struct kho_blob *in,
					     const struct kho_dialect *to, struct kho_blob *out,
					     struct kb_diag *diag);

#endif
