// SPDX-License-Identifier: BSD-2-Clause
/*
 * Marks by which KHO data are found in memory whose content is not known otherwise: the root FDT
 * itself, and what a kernel is told of it. (linux 7.3.4 kexec-bzimage64.c:setup_kho,
 * drivers/of/kexec.c:kho_add_chosen)
 */
#include <fdt/tree.h>
#include <inspect/inspect.h>

#include <libfdt.h>
#include <string.h>

#define SETUP_KEXEC_KHO 10
#define KHO_DATA_BYTES  32

/*
 * A root FDT begins a page, is no longer than one, and begins with the property `compatible`, as
 * kernels write it first: the string is at a fixed distance from the beginning of the structure.
 */
bool inspect_is_root(const uint8_t *p, uint64_t size)
{
	static const char begin[] = "kho-v";
	uint64_t off, total;

	if (size < 64 || fdt32_ld((const fdt32_t *)(const void *)p) != FDT_MAGIC)
		return false;
	total = fdt32_ld((const fdt32_t *)(const void *)(p + 4));
	off = fdt32_ld((const fdt32_t *)(const void *)(p + 8));
	if (total > SZ_64K || off > size)
		return false;
	/* Somewhere in the first properties: node, its empty name, property, length, name. */
	for (uint64_t i = off; i + sizeof(begin) <= size && i < off + 1024; i += 4)
		if (!memcmp(p + i, begin, sizeof(begin) - 1))
			return true;
	return false;
}

static bool is_page_size(uint64_t size)
{
	return size == 0x1000 || size == 0x4000 || size == 0x10000;
}

static bool is_sane(const struct kho_handover *h)
{
	return is_page_size(h->fdt_size) && h->fdt.addr && is_aligned(h->fdt.addr, h->fdt_size) &&
	       h->scratch_size && h->scratch_size % 16 == 0 &&
	       h->scratch_size / 16 <= KHO_SCRATCH_AREAS && is_aligned(h->scratch.addr, 8);
}

bool inspect_setup_data(const uint8_t *p, struct kho_handover *ret)
{
	struct kho_handover h = {phys(get_u64(p + 16)), get_u64(p + 24), phys(get_u64(p + 32)),
				 get_u64(p + 40)};

	if (get_u32(p + 8) != SETUP_KEXEC_KHO || get_u32(p + 12) < KHO_DATA_BYTES || !is_sane(&h))
		return false;
	*ret = h;
	return true;
}

/* Two cells of address and two of size, as kernels write them. */
static bool get_pair(const void *fdt, int node, const char *name, uint64_t *at, uint64_t *size)
{
	int len = 0;
	const uint8_t *v = fdt_getprop(fdt, node, name, &len);

	if (!v || len != 16)
		return false;
	*at = fdt64_ld((const fdt64_t *)(const void *)v);
	*size = fdt64_ld((const fdt64_t *)(const void *)(v + 8));
	return true;
}

bool inspect_tree(const uint8_t *p, uint64_t size, struct kho_handover *ret)
{
	struct kho_handover h;
	int chosen;

	if (size < 64 || tree_check(p, size))
		return false;
	chosen = fdt_path_offset(p, "/chosen");
	if (chosen < 0 || !get_pair(p, chosen, "linux,kho-fdt", &h.fdt.addr, &h.fdt_size) ||
	    !get_pair(p, chosen, "linux,kho-scratch", &h.scratch.addr, &h.scratch_size) ||
	    !is_sane(&h))
		return false;
	*ret = h;
	return true;
}

bool inspect_area(const struct mem *m, const struct kho_handover *h, uint64_t i, struct range *ret)
{
	const uint8_t *p;

	if (i >= h->scratch_size / 16 || i >= KHO_SCRATCH_AREAS)
		return false;
	p = mem_get(m, phys(h->scratch.addr + 16 * i), 16);
	if (p)
		*ret = (struct range){get_u64(p), get_u64(p + 8)};
	return p;
}
