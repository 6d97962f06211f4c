// SPDX-License-Identifier: BSD-2-Clause
/* A radix tree (7.1 and later) that may be damaged. fdt/kho_radix.c has the drawing of a key. */
#include "walk.h"

#include <core/bits.h>

/* The page at @pa, named at @slot, if it was not visited before. */
static const uint8_t *enter(struct walk *w, uint64_t slot, uint64_t pa, enum kho_meta_kind kind)
{
	struct range r = {pa, 1ULL << w->page_shift};
	struct kho_meta meta = {kind, r, r};
	const uint8_t *p;

	if (!is_aligned(pa, r.size)) {
		inspect_note(w->f, "map", KB_KHO_NODE_ALIGN, slot, pa);
		return NULL;
	}
	p = mem_get(w->m, phys(pa), r.size);
	if (!p) {
		inspect_note(w->f, "map", KB_KHO_NODE_RAM, slot, pa);
		return NULL;
	}
	if (!inspect_set_add(&w->seen, pa)) {
		inspect_note(w->f, "map", KB_KHO_META_SHARED, slot, pa);
		return NULL;
	}
	w->meta(w->ctx, &meta);
	return p;
}

/* The leaf of the smallest keys has several orders, all too large to be taken: empty. */
static void see_first_leaf(struct walk *w, uint64_t pa, const uint8_t *bits)
{
	for (uint64_t i = 0; i < 1ULL << w->page_shift; i += 8) {
		uint64_t word = get_u64(bits + i);

		if (!word)
			continue;
		inspect_note(w->f, "map", !i && word & 1 ? KB_KHO_KEY_ZERO : KB_KHO_KEY_ORDER,
			     pa + i, word);
		return;
	}
}

static void see_leaf(struct walk *w, uint64_t slot, uint64_t pa, uint64_t key)
{
	const uint8_t *p = enter(w, slot, pa, KHO_META_LEAF);
	struct kho_strip s = {.bits = p, .at = phys(pa)};
	unsigned int marker;

	if (!p)
		return;
	if (!key) {
		see_first_leaf(w, pa, p);
		return;
	}
	marker = highest_bit(key);
	s.blocks = 1ULL << kho_radix_leaf_bits(w->page_shift);
	s.block_shift = 64 - marker;
	s.order = s.block_shift - w->page_shift;
	s.base = (key ^ (1ULL << marker)) << s.block_shift;
	w->strip(w->ctx, &s);
}

static void see_node(struct walk *w, unsigned int level, uint64_t slot, uint64_t pa, uint64_t key);

static void see_entry(struct walk *w, unsigned int level, uint64_t slot, uint64_t pa, uint64_t key)
{
	if (key >> kho_radix_key_width(w->page_shift))
		inspect_note(w->f, "map", KB_KHO_KEY_WIDTH, slot, key);
	else if (level == 1)
		see_leaf(w, slot, pa, key);
	else
		see_node(w, level - 1, slot, pa, key);
}

/* As deep as the tree: at most five. */
static void see_node(struct walk *w, unsigned int level, uint64_t slot, uint64_t pa, uint64_t key)
{
	const uint8_t *p = enter(w, slot, pa, KHO_META_NODE);

	for (uint64_t i = 0; p && i < 1ULL << kho_radix_table_bits(w->page_shift); i++) {
		uint64_t child = get_u64(p + 8 * i);

		if (child)
			see_entry(w, level, pa + 8 * i, child,
				  key | i << kho_radix_shift(w->page_shift, level));
	}
}

void walk_radix(struct walk *w, phys_t root)
{
	see_node(w, kho_radix_levels(w->page_shift), root.addr, root.addr, 0);
	inspect_set_free(&w->seen);
}

bool walk_tree_has(const struct mem *m, unsigned int page_shift, phys_t root, uint64_t at)
{
	uint64_t key = 1ULL << (64 - page_shift) | at >> page_shift, size = 1ULL << page_shift;
	uint64_t pa = root.addr, bit;
	const uint8_t *p = NULL;

	for (unsigned int level = kho_radix_levels(page_shift); level; level--) {
		p = is_aligned(pa, size) ? mem_get(m, phys(pa), size) : NULL;
		if (!p)
			return false;
		pa = get_u64(p + 8 * (key >> kho_radix_shift(page_shift, level) &
				      ((1ULL << kho_radix_table_bits(page_shift)) - 1)));
	}
	p = pa && is_aligned(pa, size) ? mem_get(m, phys(pa), size) : NULL;
	bit = key & ((1ULL << kho_radix_leaf_bits(page_shift)) - 1);
	return p && p[bit / 8] >> bit % 8 & 1;
}
