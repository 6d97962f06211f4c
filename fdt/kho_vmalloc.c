// SPDX-License-Identifier: BSD-2-Clause
/*
 * Preserved vmalloc areas: a list of chunks of one page, next u64 @0, then addresses up to a 0 or
 * to the end of the page. (linux 6.18.15 struct kho_vmalloc, kho_restore_vmalloc)
 */
#include <khoboot/kho.h>

#define KNOWN_FLAGS 3

enum kb_status kho_vmalloc_read(struct mem *m, phys_t at, struct kho_vmalloc *ret)
{
	const uint8_t *p = mem_get(m, at, 16);

	if (!p)
		return kb_fail(m, KB_KHO_VMALLOC_DESC, at.addr, 0);
	*ret = (struct kho_vmalloc){phys(get_u64(p)), get_u32(p + 8), get_u16(p + 12),
				    get_u16(p + 14)};
	return KB_OK;
}

struct walk {
	struct mem *m;
	const struct kho_map *map;
	uint64_t page;
	unsigned int order;
	uint64_t left; /* entries still to come */
	kho_vmalloc_fn *fn;
	void *ctx;
};

static enum kb_status check_head(struct mem *m, unsigned int page_shift,
				 const struct kho_vmalloc *v)
{
	uint64_t pages = v->total_pages;

	if (v->flags & ~KNOWN_FLAGS)
		return kb_fail(m, KB_KHO_VMALLOC_FLAGS, v->first.addr, v->flags);
	if (v->order >= kho_orders(page_shift))
		return kb_fail(m, KB_KHO_VMALLOC_ORDER, v->first.addr, v->order);
	if (!pages || !is_aligned(pages, 1ULL << v->order) ||
	    pages > range_list_bytes(&m->ram) >> page_shift)
		return kb_fail(m, KB_KHO_VMALLOC_PAGES, v->first.addr, pages);
	return KB_OK;
}

/* One chunk or entry found in the slot at @slot. */
static enum kb_status see(struct walk *w, bool entry, uint64_t slot, struct range r)
{
	if (!is_aligned(r.base, r.size) || !range_list_contains(&w->m->ram, r))
		return kb_fail(w->m, entry ? KB_KHO_VMALLOC_ENTRY : KB_KHO_VMALLOC_CHUNK, slot,
			       r.base);
	if (w->map && !kho_map_covers(w->m, w->map, r))
		return kb_fail(w->m, KB_KHO_VMALLOC_UNPRESERVED, slot, r.base);
	return w->fn ? w->fn(w->ctx, entry, r) : KB_OK;
}

static enum kb_status walk_entries(struct walk *w, uint64_t at, const uint8_t *chunk,
				   uint64_t *found)
{
	enum kb_status st = KB_OK;

	*found = 0;
	for (uint64_t off = 8; off < w->page && !st; off += 8) {
		uint64_t pa = get_u64(chunk + off);

		if (!pa)
			break;
		if (!w->left)
			return kb_fail(w->m, KB_KHO_VMALLOC_LENGTH, at + off, pa);
		w->left--;
		++*found;
		st = see(w, true, at + off, (struct range){pa, w->page << w->order});
	}
	return st;
}

/* One chunk; *next gets the address of the one behind. */
static enum kb_status walk_chunk(struct walk *w, uint64_t slot, uint64_t at, uint64_t *next)
{
	enum kb_status st = see(w, false, slot, (struct range){at, w->page});
	const uint8_t *chunk;
	uint64_t found;

	if (st)
		return st;
	chunk = mem_get(w->m, phys(at), w->page);
	if (!chunk)
		return kb_fail(w->m, KB_KHO_VMALLOC_CHUNK, slot, at);
	*next = get_u64(chunk);
	st = walk_entries(w, at, chunk, &found);
	if (!st && !found && *next)
		st = kb_fail(w->m, KB_KHO_VMALLOC_EMPTY, at, *next);
	return st;
}

/* Finds a cycle of chunks within three rounds of it, without a set of those seen (Brent). */
struct cycle {
	uint64_t mark; /* a chunk seen before; 0 is none */
	uint64_t steps, limit;
};

static bool comes_back(struct cycle *c, uint64_t at)
{
	if (at == c->mark)
		return true;
	if (c->steps++ == c->limit) {
		c->mark = at;
		c->steps = 0;
		c->limit = 2 * c->limit + 1;
	}
	return false;
}

enum kb_status kho_vmalloc_walk(struct mem *m, const struct kho_map *map, unsigned int page_shift,
				const struct kho_vmalloc *v, kho_vmalloc_fn *fn, void *ctx)
{
	struct walk w = {m, map, 1ULL << page_shift, v->order, 0, fn, ctx};
	struct cycle cycle = {0, 0, 0};
	uint64_t slot = v->first.addr, at = v->first.addr;
	enum kb_status st = check_head(m, page_shift, v);

	if (!st)
		w.left = v->total_pages >> v->order;
	while (!st && at) {
		uint64_t next = 0;

		if (comes_back(&cycle, at))
			return kb_fail(m, KB_KHO_VMALLOC_LENGTH, slot, at);
		st = walk_chunk(&w, slot, at, &next);
		slot = at;
		at = next;
	}
	if (!st && w.left)
		st = kb_fail(m, KB_KHO_VMALLOC_LENGTH, slot, w.left);
	return st;
}
