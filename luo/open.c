// SPDX-License-Identifier: BSD-2-Clause
/* The root of the live update data, of both forms; and the count of all that it names. */
#include <fdt/tree.h>
#include <luo/luo.h>

#include <libfdt.h>
#include <string.h>

/* An address in @node, whose version is @version. A node that is not there gives 0 if it may. */
static enum kb_status get_part(const void *fdt, const char *name, const char *version,
			       const char *prop, bool needed, phys_t *ret)
{
	int node = fdt_subnode_offset(fdt, 0, name);

	if (node < 0)
		return needed ? KB_LUO_DATA : KB_OK;
	if (fdt_node_check_compatible(fdt, node, version))
		return KB_KERNEL_LUO;
	return tree_number(fdt, node, prop, &ret->addr) && ret->addr ? KB_OK : KB_LUO_DATA;
}

static enum kb_status open_tree(const void *fdt, struct luo *l)
{
	enum kb_status st;

	if (fdt_node_check_compatible(fdt, 0, "luo-v1"))
		return KB_KERNEL_LUO;
	if (!tree_number(fdt, 0, "liveupdate-number", &l->number))
		return KB_LUO_DATA;
	st = get_part(fdt, "luo-session", "luo-session-v2", "luo-session-header", true,
		      &l->session);
	if (!st)
		st = get_part(fdt, "luo-flb", "luo-flb-v1", "luo-flb-header", false, &l->shared);
	return st;
}

static enum kb_status open_struct(const uint8_t *p, uint64_t size, struct luo *l)
{
	static const char version[8] = "luo-v5";

	if (size < sizeof(version) || memcmp(p, version, sizeof(version)) != 0)
		return KB_KERNEL_LUO;
	if (size < LUO_STRUCT_BYTES)
		return KB_LUO_DATA;
	l->number = get_u64(p + 8);
	l->session = phys(get_u64(p + 16));
	l->shared = phys(get_u64(p + 24));
	return KB_OK;
}

static enum kb_status open_root(const uint8_t *p, uint64_t size, struct luo *l)
{
	bool tree = size >= 4 && get_u32(p) == cpu_to_fdt32(FDT_MAGIC);

	l->form = tree ? LUO_TREE : LUO_BLOCKS;
	if (!tree)
		return open_struct(p, size, l);
	return fdt_check_full(p, size) ? KB_LUO_DATA : open_tree(p, l);
}

static enum kb_status count_session(void *ctx, const struct luo_session *s)
{
	struct luo *l = ctx;

	l->sessions++;
	l->files += s->files;
	return KB_OK;
}

static enum kb_status count_memory(void *ctx, const struct luo_memory *a)
{
	struct luo *l = ctx;
	bool list = a->part == LUO_SESSION_LIST || a->part == LUO_FILE_LIST;

	if (l->form == LUO_BLOCKS && list && !a->entries)
		l->empty_block = true;
	return KB_OK;
}

static enum kb_status count_shared(void *ctx, const struct luo_shared *s)
{
	struct luo *l = ctx;

	(void)s;
	l->shares++;
	return KB_OK;
}

enum kb_status luo_find(const struct mem *m, phys_t at, uint64_t size, unsigned int page_shift,
			struct luo *ret, struct kb_diag *diag)
{
	struct luo l = {.m = m, .page_shift = page_shift, .root = at};
	const uint8_t *p = is_aligned(at.addr, 1ULL << page_shift) ? mem_get(m, at, size) : NULL;
	enum kb_status st = p ? open_root(p, size, &l) : KB_LUO_DATA;

	if (st)
		return kb_note(diag, st, at.addr, size);
	*ret = l;
	return KB_OK;
}

enum kb_status luo_open(const struct mem *m, phys_t at, uint64_t size, unsigned int page_shift,
			struct luo *ret, struct kb_diag *diag)
{
	struct luo l;
	struct luo_visitor count = {count_memory, count_session, NULL, count_shared, &l, NULL};
	enum kb_status st = luo_find(m, at, size, page_shift, &l, diag);

	if (st)
		return st;
	st = luo_visit(&l, &count, diag);
	if (!st)
		*ret = l;
	return st;
}
