// SPDX-License-Identifier: BSD-2-Clause
/*
 * The root FDT in the form of another kernel (Linux 6.18.15 and 7.1.13 kho_out_fdt_setup,
 * kho_add_subtree). Values have the byte order of the CPU.
 */
#include <libfdt.h>

#include "internal.h"

#include <string.h>

static int add_compatible(void *fdt, struct kb_text name)
{
	char *place;
	int err = fdt_property_placeholder(fdt, "compatible", (int)name.len + 1, (void **)&place);

	if (err)
		return err;
	memcpy(place, name.text, name.len);
	place[name.len] = '\0';
	return 0;
}

static bool add_number(void *fdt, const char *name, uint64_t v)
{
	return !fdt_property(fdt, name, &v, sizeof(v));
}

static bool add_blob(void *fdt, bool v1, const struct kho_blob *b)
{
	return !fdt_begin_node(fdt, b->name) &&
	       add_number(fdt, v1 ? "fdt" : "preserved-data", b->at.addr) &&
	       (v1 || add_number(fdt, "blob-size", b->size)) && !fdt_end_node(fdt);
}

static bool begin_root(void *fdt, const struct kho_dialect *to, phys_t map)
{
	return !fdt_create(fdt, 1 << to->page_shift) && !fdt_finish_reservemap(fdt) &&
	       !fdt_begin_node(fdt, "") && !add_compatible(fdt, to->compatible) &&
	       add_number(fdt, "preserved-memory-map", map.addr);
}

enum kb_status bridge_write_root(const struct bridge *b, phys_t map, uint8_t *bytes)
{
	bool fits = begin_root(bytes, b->to, map);

	for (unsigned int i = 0; i < b->blobs && fits; i++)
		fits = add_blob(bytes, b->to->abi == KHO_ABI_V1, &b->blob[i]);
	return fits && !fdt_end_node(bytes) && !fdt_finish(bytes) ? KB_OK : KB_BRIDGE_FDT;
}
