// SPDX-License-Identifier: BSD-2-Clause
/*
 * The root FDT in the form of another kernel (Linux 6.18.15 and 7.1.13 kho_out_fdt_setup,
 * kho_add_subtree). Values have the byte order of the CPU.
 */
#include <libfdt.h>

#include "internal.h"

#include <string.h>

static const char *compatible(const struct kho_dialect *d)
{
	switch (d->abi) {
	case KHO_ABI_V1:
		return "kho-v1";
	case KHO_ABI_V3:
		return "kho-v3";
	default:
		return "kho-v4";
	}
}

/* An error of libfdt is final: all later calls fail as well, until fdt_finish() tells. */
static void add_blob(void *fdt, const struct kho_dialect *to, const struct kho_blob *b)
{
	const bool v1 = to->abi == KHO_ABI_V1;

	(void)fdt_begin_node(fdt, b->name);
	(void)fdt_property(fdt, v1 ? "fdt" : "preserved-data", &b->at.addr, sizeof(b->at.addr));
	if (!v1)
		(void)fdt_property(fdt, "blob-size", &b->size, sizeof(b->size));
	(void)fdt_end_node(fdt);
}

enum kb_status bridge_write_root(const struct bridge *b, phys_t map, uint8_t *bytes)
{
	const int size = 1 << b->to->page_shift;
	const char *name = compatible(b->to);

	if (fdt_create(bytes, size) || fdt_finish_reservemap(bytes) || fdt_begin_node(bytes, "") ||
	    fdt_property(bytes, "compatible", name, (int)strlen(name) + 1) ||
	    fdt_property(bytes, "preserved-memory-map", &map.addr, sizeof(map.addr)))
		return KB_BRIDGE_FDT;
	for (unsigned int i = 0; i < b->blobs; i++)
		add_blob(bytes, b->to, &b->blob[i]);
	return fdt_end_node(bytes) || fdt_finish(bytes) ? KB_BRIDGE_FDT : KB_OK;
}
