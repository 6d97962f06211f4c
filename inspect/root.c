// SPDX-License-Identifier: BSD-2-Clause
/*
 * The root FDT, read as far as it can be. fdt/kho_root.c says what each fault means; here what is
 * wrong with one sub-blob does not hide the others.
 */
#include <fdt/tree.h>
#include <inspect/inspect.h>

#include <libfdt.h>
#include <string.h>

struct parse {
	const struct mem *m;
	const void *fdt;
	uint64_t at;
	struct kho_root *root;
	struct inspect_faults *f;
};

static void fault(const struct parse *p, enum kb_status st, int node, uint64_t value)
{
	inspect_note(p->f, "root", st, p->at + (node > 0 ? (uint64_t)node : 0), value);
}

static enum kb_status parse_compatible(const struct parse *p)
{
	int len = 0;
	const char *list = fdt_getprop(p->fdt, 0, "compatible", &len);

	if (!list || len < 1 || list[len - 1])
		return KB_KHO_COMPATIBLE;
	return kho_root_version(p->root, list, len);
}

static void parse_map(const struct parse *p)
{
	if (!tree_number(p->fdt, 0, "preserved-memory-map", &p->root->map.addr))
		fault(p, KB_KHO_MAP_PROP, 0, 0);
	else if (!p->root->map.addr)
		fault(p, p->root->abi == KHO_ABI_V1 ? KB_KHO_NOT_FINALIZED : KB_KHO_MAP_NULL, 0, 0);
}

/* Without a size, which kho-v1 does not give, there is only the FDT's own. */
static void parse_size(const struct parse *p, int node, struct kho_blob *b)
{
	const void *fdt;

	if (p->root->abi != KHO_ABI_V1) {
		if (!tree_number(p->fdt, node, "blob-size", &b->size) || !b->size ||
		    b->size > KHO_BLOB_MAX) {
			fault(p, KB_KHO_BLOB_SIZE, node, b->size);
			b->size = 0;
		}
		return;
	}
	fdt = mem_get(p->m, b->at, sizeof(struct fdt_header));
	if (!fdt)
		fault(p, KB_KHO_BLOB_RAM, node, b->at.addr);
	else if (fdt_check_header(fdt))
		fault(p, KB_KHO_BLOB_FDT, node, b->at.addr);
	else
		b->size = fdt_totalsize(fdt);
}

static void parse_blob(const struct parse *p, int node)
{
	struct kho_blob *b = &p->root->blob[p->root->blob_count];
	const char *prop = p->root->abi == KHO_ABI_V1 ? "fdt" : "preserved-data";
	int len = 0;
	const char *name = fdt_get_name(p->fdt, node, &len);

	*b = (struct kho_blob){0};
	if (!name || len > KHO_NAME_MAX) {
		fault(p, KB_KHO_BLOB_NAME, node, (uint64_t)len);
		return;
	}
	memcpy(b->name, name, (size_t)len);
	if (!tree_number(p->fdt, node, prop, &b->at.addr) || !b->at.addr)
		fault(p, KB_KHO_BLOB_ADDR, node, 0);
	else if (!is_aligned(b->at.addr, 8))
		fault(p, KB_KHO_BLOB_ALIGN, node, b->at.addr);
	else
		parse_size(p, node, b);
	if (b->size && !mem_get(p->m, b->at, b->size))
		fault(p, KB_KHO_BLOB_RAM, node, b->at.addr);
	p->root->blob_count++;
}

static void parse_blobs(const struct parse *p)
{
	unsigned int nodes = 0;
	int node;

	fdt_for_each_subnode(node, p->fdt, 0) {
		if (p->root->blob_count == KHO_BLOBS || ++nodes > KHO_FDT_NODES) {
			fault(p, KB_KHO_BLOB_COUNT, node, KHO_BLOBS);
			return;
		}
		parse_blob(p, node);
	}
}

enum kb_status inspect_root(const struct mem *m, const void *fdt, uint64_t at, uint64_t size,
			    struct kho_root *ret, struct inspect_faults *f)
{
	struct kho_root root = {.fdt = {at, 0}};
	const struct parse p = {m, fdt, at, &root, f};
	enum kb_status st;

	/* Only a whole and sound tree is safe to go through. */
	if (size < sizeof(struct fdt_header) || tree_check(fdt, size))
		return KB_KHO_FDT_BAD;
	st = parse_compatible(&p);
	if (st)
		return st;
	root.fdt_totalsize = fdt_totalsize(fdt);
	parse_map(&p);
	parse_blobs(&p);
	kho_root_read_metadata(&root, m);
	*ret = root;
	return KB_OK;
}
