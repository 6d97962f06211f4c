/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a kernel reads: the format of the map, and the versions of what lies in sub-blobs. It is
 * taken from .kho (<format/uki.h>), which khoctl made from the kernel itself.
 */
#ifndef FDT_KHO_DIALECT_H
#define FDT_KHO_DIALECT_H

#include <core/text.h>
#include <fdt/kho.h>
#include <format/uki.h>

struct kho_dialect {
	enum kho_abi abi;
	/* What `compatible` of the root FDT has to be, whole: "kho-v4", or with more parts. */
	struct kb_text compatible;
	enum kho_map_format format;
	unsigned int page_shift;
	/*
	 * "luo-v1 luo-session-v2 memfd-v1": all version strings but that of the core, in .kho.
	 * Without one of a kind the kernel has none, or khoctl did not look for it (images of
	 * before 0.2 list luo-* only): in both cases nothing of this kind is to be passed.
	 */
	struct kb_text names;
	bool whole; /* khoctl looked for all kinds */
};

/* Blocks of this order and more are lost by such a kernel (see kho_target_blocks()). */
static inline unsigned int kho_dialect_orders(const struct kho_dialect *d)
{
	return d->abi >= KHO_ABI_V4 ? kho_orders(d->page_shift) : 31 - d->page_shift;
}

#endif
