// SPDX-License-Identifier: BSD-2-Clause
/*
 * The root FDT: version, address of the map, named sub-blobs. (linux 6.18.15 and 7.1.13
 * kho_populate, kho_add_subtree, kho_retrieve_subtree)
 *
 * Values are 8 bytes in the byte order of the CPU, inside a big-endian container, and aligned to 4.
 */
#include <libfdt.h>

#include <fdt/kho.h>
#include <fdt/tree.h>

#define METADATA_VERSION 1
#define METADATA_BYTES   73
#define RELEASE_BYTES    65

struct parse {
	struct mem *m;
	const void *fdt;
	uint64_t at; /* physical address of the FDT, for the diagnosis */
	struct kho_root *root;
};

static enum kb_status fail(struct parse *p, enum kb_status st, int node, uint64_t value)
{
	return kb_fail(p->m, st, p->at + (node > 0 ? (uint64_t)node : 0), value);
}

static enum kb_status find_fdt(struct parse *p, const struct kho_handover *h)
{
	if (h->fdt_size != 0x1000 && h->fdt_size != 0x4000 && h->fdt_size != 0x10000)
		return fail(p, KB_KHO_FDT_SIZE, 0, h->fdt_size);
	if (!is_aligned(h->fdt.addr, h->fdt_size))
		return fail(p, KB_KHO_FDT_ALIGN, 0, h->fdt.addr);
	p->fdt = mem_get(p->m, h->fdt, h->fdt_size);
	if (!p->fdt)
		return fail(p, KB_KHO_FDT_RAM, 0, h->fdt_size);
	return KB_OK;
}

/* There is a root, and what lies below it is neither too deep nor too much. */
static enum kb_status check_shape(struct parse *p)
{
	unsigned int nodes = 0;
	int depth = -1; /* before the root */

	for (int node = fdt_next_node(p->fdt, -1, &depth); node >= 0 && depth >= 0;
	     node = fdt_next_node(p->fdt, node, &depth))
		if (depth > KHO_FDT_DEPTH || ++nodes > KHO_FDT_NODES)
			return fail(p, KB_KHO_FDT_SHAPE, node, (uint64_t)depth);
	return nodes ? KB_OK : fail(p, KB_KHO_FDT_BAD, 0, 0);
}

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* libfdt finds the first property of a name and says nothing of a second one. */
static bool property_twice(const struct parse *p, int node, const char *name)
{
	unsigned int n = 0;
	int off;

	fdt_for_each_property_offset(off, p->fdt, node) {
		const char *this = NULL;

		if (fdt_getprop_by_offset(p->fdt, off, &this, NULL) && this && same(this, name))
			n++;
	}
	return n > 1;
}

static const struct {
	const char *string;
	enum kho_abi abi;
} versions[] = {{"kho-v1", KHO_ABI_V1}, {"kho-v3", KHO_ABI_V3}, {"kho-v4", KHO_ABI_V4}};

const char *kho_abi_name(enum kho_abi abi)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		if (versions[i].abi == abi)
			return versions[i].string;
	return "";
}

static enum kho_abi abi_of(struct kb_text name)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		if (text_is(name, versions[i].string))
			return versions[i].abi;
	return KHO_ABI_UNKNOWN;
}

/*
 * Pieces of kho-v4 by the names and numbers that were proposed for them ("kho: granular
 * compatibility and header decoupling", June 2026).
 */
static bool is_known_part(enum kho_abi abi, struct kb_text part)
{
	return abi == KHO_ABI_V4 && (text_is(part, "radix-v1") || text_is(part, "vmalloc-v1") ||
				     text_is(part, "block-v1"));
}

enum kho_abi kho_abi_parse(struct kb_text name, struct kb_text *unknown)
{
	const bool open_end = name.len && name.text[name.len - 1] == ';';
	struct kb_text rest = name, part = text_cut(&rest, ';');
	const enum kho_abi abi = abi_of(part);
	bool known = abi && !open_end;

	while (known && rest.len) {
		part = text_cut(&rest, ';');
		known = is_known_part(abi, part);
	}
	if (known)
		return abi;
	if (unknown)
		*unknown = part.len && !open_end ? part : name;
	return KHO_ABI_UNKNOWN;
}

static bool begins(const char *list, int len, const char *with)
{
	int i = 0;

	while (with[i] && i < len && list[i] == with[i])
		i++;
	return !with[i];
}

/* Of several strings the newest known version counts. */
static void read_versions(struct kho_root *root, const char *list, int len)
{
	struct kb_text rest = {list, (size_t)len};

	while (rest.len) {
		const struct kb_text name = text_cut(&rest, '\0');
		const enum kho_abi abi = kho_abi_parse(name, NULL);

		if (abi <= root->abi)
			continue;
		root->abi = abi;
		root->version = name;
	}
	root->compatible = kho_abi_name(root->abi);
}

enum kb_status kho_root_version(struct kho_root *root, const char *list, int len)
{
	read_versions(root, list, len);
	if (root->abi)
		return KB_OK;
	if (fdt_stringlist_contains(list, len, "kho-v2"))
		return KB_KHO_V2;
	return begins(list, len, "kho-v") ? KB_KHO_VERSION : KB_KHO_COMPATIBLE;
}

static enum kb_status parse_compatible(struct parse *p)
{
	int len = 0;
	const char *list = fdt_getprop(p->fdt, 0, "compatible", &len);
	enum kb_status st;

	if (!list || len < 1 || list[len - 1])
		return fail(p, KB_KHO_COMPATIBLE, 0, 0);
	if (property_twice(p, 0, "compatible"))
		return fail(p, KB_KHO_FDT_DUPLICATE, 0, 0);
	st = kho_root_version(p->root, list, len);
	return st ? fail(p, st, 0, 0) : KB_OK;
}

static enum kb_status parse_map(struct parse *p)
{
	static const char name[] = "preserved-memory-map";

	if (property_twice(p, 0, name))
		return fail(p, KB_KHO_FDT_DUPLICATE, 0, 1);
	if (!tree_number(p->fdt, 0, name, &p->root->map.addr))
		return fail(p, KB_KHO_MAP_PROP, 0, 0);
	if (p->root->map.addr)
		return KB_OK;
	return fail(p, p->root->abi == KHO_ABI_V1 ? KB_KHO_NOT_FINALIZED : KB_KHO_MAP_NULL, 0, 0);
}

static enum kb_status parse_name(struct parse *p, int node, struct kho_blob *b)
{
	int len = 0;
	const char *name = fdt_get_name(p->fdt, node, &len);

	if (!name)
		return fail(p, KB_KHO_FDT_BAD, node, 0);
	if (len > KHO_NAME_MAX)
		return fail(p, KB_KHO_BLOB_NAME, node, (uint64_t)len);
	for (int i = 0; i <= len; i++)
		b->name[i] = name[i];
	for (unsigned int i = 0; i < p->root->blob_count; i++)
		if (same(p->root->blob[i].name, b->name))
			return fail(p, KB_KHO_FDT_DUPLICATE, node, i);
	return KB_OK;
}

/* kho-v1 does not give the size, but all its sub-blobs are FDTs. */
static enum kb_status size_of_fdt(struct parse *p, int node, struct kho_blob *b)
{
	const void *fdt = mem_get(p->m, b->at, sizeof(struct fdt_header));

	if (!fdt)
		return fail(p, KB_KHO_BLOB_RAM, node, b->at.addr);
	if (fdt_check_header(fdt))
		return fail(p, KB_KHO_BLOB_FDT, node, b->at.addr);
	b->size = fdt_totalsize(fdt);
	return KB_OK;
}

static enum kb_status blob_size(struct parse *p, int node, struct kho_blob *b)
{
	if (p->root->abi == KHO_ABI_V1)
		return size_of_fdt(p, node, b);
	if (property_twice(p, node, "blob-size"))
		return fail(p, KB_KHO_FDT_DUPLICATE, node, 0);
	if (!tree_number(p->fdt, node, "blob-size", &b->size))
		return fail(p, KB_KHO_BLOB_SIZE, node, 0);
	return KB_OK;
}

static enum kb_status parse_blob(struct parse *p, int node, struct kho_blob *b)
{
	const char *name = p->root->abi == KHO_ABI_V1 ? "fdt" : "preserved-data";
	enum kb_status st = parse_name(p, node, b);

	if (st)
		return st;
	if (property_twice(p, node, name))
		return fail(p, KB_KHO_FDT_DUPLICATE, node, 0);
	if (!tree_number(p->fdt, node, name, &b->at.addr) || !b->at.addr)
		return fail(p, KB_KHO_BLOB_ADDR, node, 0);
	if (!is_aligned(b->at.addr, 8))
		return fail(p, KB_KHO_BLOB_ALIGN, node, b->at.addr);
	st = blob_size(p, node, b);
	if (st)
		return st;
	if (!b->size || b->size > KHO_BLOB_MAX)
		return fail(p, KB_KHO_BLOB_SIZE, node, b->size);
	if (!mem_get(p->m, b->at, b->size))
		return fail(p, KB_KHO_BLOB_RAM, node, b->at.addr);
	return KB_OK;
}

static enum kb_status parse_blobs(struct parse *p)
{
	struct kho_root *root = p->root;
	int node;

	fdt_for_each_subnode(node, p->fdt, 0) {
		enum kb_status st;

		if (root->blob_count == KHO_BLOBS)
			return fail(p, KB_KHO_BLOB_COUNT, node, KHO_BLOBS);
		st = parse_blob(p, node, &root->blob[root->blob_count]);
		if (st)
			return st;
		root->blob_count++;
	}
	return KB_OK;
}

void kho_root_read_metadata(struct kho_root *root, const struct mem *m)
{
	const struct kho_blob *b = kho_root_blob(root, "kexec-metadata");
	struct kho_metadata *md = &root->metadata;
	const uint8_t *raw = b && b->size >= METADATA_BYTES ? mem_get(m, b->at, b->size) : NULL;

	if (root->abi == KHO_ABI_V1 || !raw || get_u32(raw) != METADATA_VERSION)
		return;
	for (unsigned int i = 0; i < RELEASE_BYTES - 1 && raw[4 + i]; i++)
		md->release[i] = raw[4 + i] >= ' ' && raw[4 + i] <= '~' ? (char)raw[4 + i] : '?';
	md->count = get_u32(raw + 4 + RELEASE_BYTES);
	md->present = true;
}

static enum kb_status parse_tree(struct parse *p)
{
	enum kb_status st = check_shape(p);

	if (!st)
		st = parse_compatible(p);
	if (!st)
		st = parse_map(p);
	if (!st)
		st = parse_blobs(p);
	if (!st)
		kho_root_read_metadata(p->root, p->m);
	return st;
}

enum kb_status kho_root_parse(struct mem *m, const struct kho_handover *h, struct kho_root *ret)
{
	struct kho_root root = {.fdt = {h->fdt.addr, h->fdt_size}};
	struct parse p = {.m = m, .at = h->fdt.addr, .root = &root};
	enum kb_status st = find_fdt(&p, h);
	int err;

	if (st)
		return st;
	err = tree_check(p.fdt, h->fdt_size);
	if (err)
		return fail(&p, KB_KHO_FDT_BAD, 0, (uint64_t)-err);
	root.page_shift = h->fdt_size == 0x1000 ? 12 : h->fdt_size == 0x4000 ? 14 : 16;
	root.fdt_totalsize = fdt_totalsize(p.fdt);
	st = parse_tree(&p);
	if (!st)
		*ret = root;
	return st;
}

const struct kho_blob *kho_root_blob(const struct kho_root *root, const char *name)
{
	for (unsigned int i = 0; i < root->blob_count; i++)
		if (same(root->blob[i].name, name))
			return &root->blob[i];
	return NULL;
}
