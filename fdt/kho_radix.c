// SPDX-License-Identifier: BSD-2-Clause
/*
 * Maps of kho-v3 and kho-v4: a radix tree over keys that hold order and address. (linux 7.1.13
 * kho_radix_encode_key, __kho_radix_walk_tree)
 *
 *	key = 1 << (64 - page_shift - order) | address >> (page_shift + order)
 *
 * The highest set bit is the marker and tells the order. The bits below it are the address, counted
 * in blocks of that order. With pages of 4 KiB, each character one bit (a: a bit of the address):
 *
 *	     bit 52 50        41        32        23        14            0
 *	        +--+---------+---------+---------+---------+---------------+
 *	order  0|1a|aaaaaaaaa|aaaaaaaaa|aaaaaaaaa|aaaaaaaaa|aaaaaaaaaaaaaaa|  marker 52, a: >> 12
 *	order  9|00|00000001a|aaaaaaaaa|aaaaaaaaa|aaaaaaaaa|aaaaaaaaaaaaaaa|  marker 43, a: >> 21
 *	order 37|00|000000000|000000000|000000000|000000001|aaaaaaaaaaaaaaa|  marker 15, a: >> 49
 *	        +--+---------+---------+---------+---------+---------------+
 *	index of L5    L4        L3        L2        L1      bit of a leaf
 *
 *	root = L5 node --> L4 node --> L3 node --> L2 node --> L1 node --> leaf
 *	       512 physical addresses, 0 for no entry                      32768 bits, each a block
 *
 * Each node and each leaf is one page. Which of them a page is follows from its depth alone.
 *
 *	pages of   key bits   levels of nodes   bits of an index   bits of a leaf   largest order
 *	 4 KiB        53             5                 9              2^15               37
 *	16 KiB        51             4                11              2^17               33
 *	64 KiB        49             3                13              2^19               29
 */
#include <core/bits.h>
#include <fdt/internal.h>

/* Bit number of the marker of @order. */
static unsigned int marker_bit(const struct kho_map *map, unsigned int order)
{
	return 64 - map->page_shift - order;
}

struct visit {
	struct mem *m;
	const struct kho_map *map;
	kho_meta_fn *fn;
	void *ctx;
	uint64_t orders;
	struct range page_hint; /* RAM that the last page lay in */
	struct range span_hint; /* RAM that the last subtree described */
};

static enum kb_status check_page(struct visit *v, uint64_t slot, uint64_t pa)
{
	struct range page = {pa, 1ULL << v->map->page_shift};

	if (!is_aligned(pa, page.size))
		return kb_fail(v->m, KB_KHO_NODE_ALIGN, slot, pa);
	if (!range_list_contains_near(&v->m->ram, &v->page_hint, page))
		return kb_fail(v->m, KB_KHO_NODE_RAM, slot, pa);
	return KB_OK;
}

/* A subtree of the 2^@shift keys from @key on must describe some RAM. */
static enum kb_status check_key(struct visit *v, uint64_t slot, uint64_t key, unsigned int shift)
{
	unsigned int marker, unit;
	struct range span;
	uint64_t base;

	if (key >> kho_radix_key_width(v->map->page_shift))
		return kb_fail(v->m, KB_KHO_KEY_WIDTH, slot, key);
	if (!key) /* keys of several orders: nothing to check yet */
		return KB_OK;
	marker = highest_bit(key);
	unit = 64 - marker;
	base = (key ^ (1ULL << marker)) << unit;
	span = kho_span(base, base | (((1ULL << shift) << unit) - 1));
	if (!range_list_overlaps_near(&v->m->ram, &v->span_hint, span))
		return kb_fail(v->m, KB_KHO_KEY_OUTSIDE, slot, base);
	if (shift == kho_radix_leaf_bits(v->map->page_shift))
		v->orders |= 1ULL << (unit - v->map->page_shift);
	return KB_OK;
}

static enum kb_status report(struct visit *v, enum kho_meta_kind kind, uint64_t pa)
{
	struct range page = {pa, 1ULL << v->map->page_shift};
	struct kho_meta meta = {kind, page, page};

	return v->fn ? v->fn(v->ctx, &meta) : KB_OK;
}

/* The leaf of the smallest keys has several orders, all too large to be taken: it must be empty. */
static enum kb_status check_first_leaf(struct visit *v, uint64_t pa)
{
	const uint8_t *bits = mem_get(v->m, phys(pa), 1ULL << v->map->page_shift);

	if (!bits)
		return kb_fail(v->m, KB_KHO_NODE_RAM, pa, pa);
	if (bits[0] & 1)
		return kb_fail(v->m, KB_KHO_KEY_ZERO, pa, 0);
	for (uint64_t i = 0; i < 1ULL << v->map->page_shift; i += 8)
		if (get_u64(bits + i))
			return kb_fail(v->m, KB_KHO_KEY_ORDER, pa + i, get_u64(bits + i));
	return KB_OK;
}

static enum kb_status visit_leaf(struct visit *v, uint64_t pa, uint64_t key)
{
	enum kb_status st = key ? KB_OK : check_first_leaf(v, pa);

	/* A dump may lack RAM. Checked once, when the map is opened: then there is no @fn. */
	if (!st && !v->fn && !mem_get(v->m, phys(pa), 1ULL << v->map->page_shift))
		return kb_fail(v->m, KB_KHO_NODE_RAM, pa, pa);
	return st ? st : report(v, KHO_META_LEAF, pa);
}

static enum kb_status visit_node(struct visit *v, unsigned int level, uint64_t pa, uint64_t key);

static enum kb_status visit_entry(struct visit *v, unsigned int level, uint64_t slot, uint64_t pa,
				  uint64_t key)
{
	enum kb_status st = check_page(v, slot, pa);

	if (!st)
		st = check_key(v, slot, key, kho_radix_shift(v->map->page_shift, level));
	if (st)
		return st;
	return level == 1 ? visit_leaf(v, pa, key) : visit_node(v, level - 1, pa, key);
}

/* Recursion is as deep as the tree: at most five nodes. */
static enum kb_status visit_node(struct visit *v, unsigned int level, uint64_t pa, uint64_t key)
{
	uint64_t entries = 1ULL << kho_radix_table_bits(v->map->page_shift);
	const uint8_t *node = mem_get(v->m, phys(pa), 1ULL << v->map->page_shift);
	enum kb_status st;

	if (!node)
		return kb_fail(v->m, KB_KHO_NODE_RAM, pa, pa);
	st = report(v, KHO_META_NODE, pa);
	for (uint64_t i = 0; i < entries && !st; i++) {
		uint64_t child = get_u64(node + 8 * i);

		if (child)
			st = visit_entry(v, level, pa + 8 * i, child,
					 key | i << kho_radix_shift(v->map->page_shift, level));
	}
	return st;
}

enum kb_status kho_radix_each(struct mem *m, const struct kho_map *map, kho_meta_fn *fn, void *ctx,
			      uint64_t *orders)
{
	struct visit v = {.m = m, .map = map, .fn = fn, .ctx = ctx};
	enum kb_status st = check_page(&v, map->root.addr, map->root.addr);

	if (!st)
		st = visit_node(&v, kho_radix_levels(map->page_shift), map->root.addr, 0);
	if (!st && orders)
		*orders = v.orders;
	return st;
}

enum kb_status kho_map_open_radix(struct mem *m, unsigned int page_shift, phys_t root,
				  struct kho_map *ret)
{
	struct kho_map map = {.format = KHO_MAP_RADIX, .page_shift = page_shift, .root = root};
	enum kb_status st = kho_radix_each(m, &map, NULL, NULL, &map.orders);

	if (!st)
		*ret = map;
	return st;
}

/* First key after the entry that holds @key. */
static uint64_t next_entry(uint64_t key, unsigned int shift)
{
	return ((key >> shift) + 1) << shift;
}

/*
 * In @node: move *key forward to the first entry that exists and return it. 0 when no entry comes
 * before @end or before the end of the node; *key is then the first key after it.
 */
static uint64_t find_entry(const struct kho_strips *it, unsigned int level, const uint8_t *node,
			   uint64_t *key, uint64_t end)
{
	unsigned int shift = kho_radix_shift(it->map->page_shift, level);
	uint64_t mask = (1ULL << kho_radix_table_bits(it->map->page_shift)) - 1;

	do {
		uint64_t child = get_u64(node + 8 * (*key >> shift & mask));

		if (child)
			return child;
		*key = next_entry(*key, shift);
	} while (*key < end && *key >> shift & mask);
	return 0;
}

/* The same from the root down, on one path only; it->node gets the node of level 1. */
static uint64_t descend(struct kho_strips *it, uint64_t *key, uint64_t end)
{
	uint64_t pa = it->map->root.addr;

	for (unsigned int level = kho_radix_levels(it->map->page_shift); level && pa; level--) {
		it->node = mem_get(it->m, phys(pa), 1ULL << it->map->page_shift);
		if (!it->node) {
			it->status = KB_KHO_CHANGED;
			return 0;
		}
		pa = find_entry(it, level, it->node, key, end);
	}
	return pa;
}

/*
 * Address of the first leaf from *key on and below @end, 0 without one; *key moves there.
 * @same_node: *key belongs to it->node. Most leaves have their neighbour in the same node.
 */
static uint64_t find_leaf(struct kho_strips *it, bool same_node, uint64_t *key, uint64_t end)
{
	uint64_t pa = same_node && *key < end ? find_entry(it, 1, it->node, key, end) : 0;

	while (!pa && *key < end && !it->status)
		pa = descend(it, key, end);
	return pa;
}

static bool take_leaf(struct kho_strips *it, bool same_node, uint64_t key)
{
	struct kho_strip *s = &it->s;
	unsigned int marker = marker_bit(it->map, s->order);
	uint64_t pa = find_leaf(it, same_node, &key, 2ULL << marker);

	if (!pa)
		return false;
	s->bits = mem_get(it->m, phys(pa), 1ULL << it->map->page_shift);
	if (!s->bits) {
		it->status = KB_KHO_CHANGED;
		return false;
	}
	s->at = phys(pa);
	s->block_shift = it->map->page_shift + s->order;
	s->blocks = 1ULL << kho_radix_leaf_bits(it->map->page_shift);
	s->base = (align_down(key, s->blocks) ^ (1ULL << marker)) << s->block_shift;
	return true;
}

static uint64_t key_of(const struct kho_strips *it, uint64_t addr)
{
	unsigned int unit = it->map->page_shift + it->s.order;

	return 1ULL << (64 - unit) | addr >> unit;
}

bool kho_radix_seek(struct kho_strips *it, uint64_t from)
{
	return take_leaf(it, false, key_of(it, from));
}

bool kho_radix_next(struct kho_strips *it)
{
	uint64_t last = kho_strip_last(&it->s), key;
	bool same_node;

	if (last == UINT64_MAX)
		return false;
	key = key_of(it, last + 1);
	same_node = key >> kho_radix_leaf_bits(it->map->page_shift) &
		    ((1ULL << kho_radix_table_bits(it->map->page_shift)) - 1);
	return take_leaf(it, same_node, key);
}
