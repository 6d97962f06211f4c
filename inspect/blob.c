// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sub-blobs other than live update: what they are, and what is in them. (linux 7.3.4
 * mm/memblock.c:prepare_kho_fdt, lib/test_kho.c:kho_test_prepare_fdt)
 */
#include <fdt/tree.h>
#include <inspect/inspect.h>

#include <libfdt.h>
#include <string.h>

/* The blob as a tree that is sound, or NULL. */
static const void *get_tree(const struct mem *m, const struct kho_blob *b)
{
	const void *fdt = b->size >= sizeof(struct fdt_header) ? mem_get(m, b->at, b->size) : NULL;

	return fdt && is_aligned(b->at.addr, 8) && !tree_check(fdt, b->size) ? fdt : NULL;
}

struct kb_text inspect_compatible(const struct mem *m, const struct kho_blob *b)
{
	const void *fdt = get_tree(m, b);
	int len = 0;
	const char *s = fdt ? fdt_getprop(fdt, 0, "compatible", &len) : NULL;

	if (!s || len < 1 || s[len - 1])
		return (struct kb_text){"", 0};
	return (struct kb_text){s, strlen(s)};
}

enum inspect_kind inspect_kind(const struct mem *m, const struct kho_blob *b)
{
	const struct kb_text compatible = inspect_compatible(m, b);

	if (!strcmp(b->name, "LUO"))
		return INSPECT_LUO;
	if (!strcmp(b->name, "kexec-metadata"))
		return INSPECT_METADATA;
	if (text_is(compatible, "memblock-v1"))
		return INSPECT_MEMBLOCK;
	if (text_is(compatible, "kho-test-v1"))
		return INSPECT_TEST;
	return get_tree(m, b) ? INSPECT_TREE : INSPECT_UNKNOWN;
}

void inspect_reserved(const struct mem *m, const struct kho_blob *b,
		      void (*see)(void *ctx, const struct inspect_reserved *r), void *ctx,
		      struct inspect_faults *f)
{
	const void *fdt = get_tree(m, b);
	int node;

	if (!fdt) {
		inspect_note(f, b->name, KB_INSPECT_RESERVED, b->at.addr, b->size);
		return;
	}
	fdt_for_each_subnode(node, fdt, 0) {
		struct inspect_reserved r = {fdt_get_name(fdt, node, NULL), {0, 0}};

		if (!r.name || fdt_node_check_compatible(fdt, node, "reserve-mem-v1") ||
		    !tree_number(fdt, node, "start", &r.range.base) ||
		    !tree_number(fdt, node, "size", &r.range.size) || range_wraps(r.range))
			inspect_note(f, b->name, KB_INSPECT_RESERVED, b->at.addr + (uint64_t)node,
				     r.range.base);
		else
			see(ctx, &r);
	}
}

static enum kb_status bad_test(const struct kho_blob *b, struct inspect_faults *f)
{
	inspect_note(f, b->name, KB_INSPECT_TEST, b->at.addr, b->size);
	return KB_INSPECT_TEST;
}

enum kb_status inspect_test(const struct mem *m, const struct kho_blob *b, struct inspect_test *ret,
			    struct inspect_faults *f)
{
	const void *fdt = get_tree(m, b), *folios, *sum;
	int data = fdt ? fdt_subnode_offset(fdt, 0, "data") : -1, n[3] = {0};
	const uint8_t *list;

	if (data < 0)
		return bad_test(b, f);
	folios = fdt_getprop(fdt, data, "nr_folios", &n[0]);
	sum = fdt_getprop(fdt, data, "csum", &n[1]);
	list = fdt_getprop(fdt, data, "folios_info", &n[2]);
	if (!folios || !sum || !list || n[0] != 4 || n[1] != 4 || n[2] != 16)
		return bad_test(b, f);
	*ret = (struct inspect_test){get_u32(folios),
				     get_u32(sum),
				     {phys(get_u64(list)), get_u32(list + 8), get_u16(list + 12),
				      get_u16(list + 14)}};
	return KB_OK;
}

struct folios {
	const struct mem *m;
	uint64_t left;
	unsigned int page_shift;
	void (*see)(void *ctx, uint64_t at, unsigned int order);
	void *ctx;
};

static enum kb_status see_page(void *ctx, bool entry, struct range r)
{
	struct folios *w = ctx;
	const uint8_t *p = entry ? mem_get(w->m, phys(r.base), r.size) : NULL;
	uint64_t low = (1ULL << w->page_shift) - 1;

	for (uint64_t i = 0; p && i < r.size && w->left; i += 8, w->left--)
		w->see(w->ctx, get_u64(p + i) & ~low, (unsigned int)(get_u64(p + i) & low));
	return KB_OK;
}

void inspect_test_folios(const struct mem *m, unsigned int page_shift, const struct inspect_test *t,
			 void (*see)(void *ctx, uint64_t at, unsigned int order), void *ctx,
			 struct inspect_faults *f)
{
	struct folios w = {m, t->folios, page_shift, see, ctx};
	struct kb_diag diag = {0};
	enum kb_status st = luo_vmalloc_each(m, page_shift, &t->list, see_page, &w, &diag);

	if (!st && w.left)
		st = kb_note(&diag, KB_INSPECT_TEST, t->list.first.addr, w.left);
	if (st)
		inspect_note(f, "kho_test", st, diag.at, diag.value);
}
