// SPDX-License-Identifier: BSD-2-Clause
/*
 * Preserved vmalloc areas: a list of chunks of one page. Facts: Linux 6.19.11 and 7.3.4
 * kernel/liveupdate/kexec_handover.c:kho_restore_vmalloc.
 */
#include <fdt/kho_map.h>
#include <luo/memfd.h>

#define KNOWN_FLAGS 3

struct walk {
	const struct mem *m;
	struct kb_diag *diag;
	uint64_t page, entry; /* bytes */
	uint64_t chunks;      /* left: each full one but the last */
	uint64_t entries;     /* left */
	luo_vmalloc_fn *fn;
	void *ctx;
};

/* A chunk or an entry, named at @slot. */
static enum kb_status see(struct walk *w, bool entry, uint64_t slot, struct range r)
{
	if (!is_aligned(r.base, r.size) || !range_list_contains(&w->m->ram, r))
		return kb_note(w->diag, KB_LUO_MEMFD, slot, r.base);
	return w->fn ? w->fn(w->ctx, entry, r) : KB_OK;
}

static enum kb_status walk_chunk(struct walk *w, uint64_t at, const uint8_t *p)
{
	enum kb_status st = KB_OK;
	uint64_t pa;

	for (uint64_t off = 8; off < w->page && !st; off += 8) {
		pa = get_u64(p + off);
		if (!pa)
			break;
		if (!w->entries--)
			return kb_note(w->diag, KB_LUO_MEMFD, at + off, pa);
		st = see(w, true, at + off, (struct range){pa, w->entry});
	}
	return st;
}

static enum kb_status walk_chunks(struct walk *w, uint64_t slot, uint64_t at)
{
	enum kb_status st = KB_OK;

	while (at && !st) {
		const uint8_t *p = w->chunks ? mem_get(w->m, phys(at), w->page) : NULL;

		if (!p)
			return kb_note(w->diag, KB_LUO_MEMFD, slot, at);
		w->chunks--;
		st = see(w, false, slot, (struct range){at, w->page});
		if (!st)
			st = walk_chunk(w, at, p);
		slot = at;
		at = get_u64(p);
	}
	return st;
}

enum kb_status luo_vmalloc_each(const struct mem *m, unsigned int page_shift,
				const struct luo_vmalloc *v, luo_vmalloc_fn *fn, void *ctx,
				struct kb_diag *diag)
{
	struct walk w = {m, diag, 1ULL << page_shift, 0, 0, 0, fn, ctx};
	enum kb_status st;

	if (v->flags & ~KNOWN_FLAGS || v->order >= kho_orders(page_shift) ||
	    !is_aligned(v->pages, 1ULL << v->order) ||
	    v->pages > range_list_bytes(&m->ram) >> page_shift)
		return kb_note(diag, KB_LUO_MEMFD, v->first.addr, v->pages);
	w.entry = w.page << v->order;
	w.entries = v->pages >> v->order;
	/* A last one without entries can exist. */
	w.chunks = w.entries / (w.page / 8 - 1) + 2;
	st = walk_chunks(&w, v->first.addr, v->first.addr);
	if (!st && w.entries)
		st = kb_note(diag, KB_LUO_MEMFD, v->first.addr, w.entries);
	return st;
}
