// SPDX-License-Identifier: BSD-2-Clause
/*
 * Rows of the new map, in the order in which they are filled. A radix tree has the highest orders
 * first and then ascending addresses, so only the rightmost path of nodes grows:
 *
 *	root ---> node ---> node of level 1 = row
 *	  |         |        [leaf][leaf][    ]
 *	  |         +-----> done
 *	  +-----> done
 *
 * A chunk list has the lowest orders first, and each order begins a chunk.
 */
#include "map_parts.h"

static unsigned int row_bits(const struct bridge_map *w)
{
	return w->map.page_shift - 3;
}

static unsigned int levels(const struct bridge_map *w)
{
	return (62 - 2 * w->map.page_shift + row_bits(w) - 1) / row_bits(w);
}

static enum kb_status take(struct bridge_map *w, phys_t *at, uint8_t **bytes)
{
	enum kb_status st = kho_pages_take(w->p, 0, at, bytes);

	if (!st)
		w->sum.nodes++;
	return st;
}

enum kb_status bridge_rows_begin(struct bridge_map *w)
{
	return w->map.format == KHO_MAP_RADIX ? take(w, &w->map.root, &w->node[levels(w)].bytes)
					      : KB_OK;
}

static enum kb_status open_node(struct bridge_map *w, unsigned int level, uint64_t number)
{
	uint64_t id = number >> level * row_bits(w);
	phys_t at;
	enum kb_status st;

	if (w->node[level].bytes && w->node[level].id == id)
		return KB_OK;
	st = take(w, &at, &w->node[level].bytes);
	if (st)
		return st;
	put_u64(w->node[level + 1].bytes + 8 * (id & (bridge_slots(w) - 1)), at.addr);
	w->node[level].id = id;
	return KB_OK;
}

static enum kb_status open_nodes(struct bridge_map *w, uint64_t number)
{
	enum kb_status st = KB_OK;

	for (unsigned int level = levels(w) - 1; level && !st; level--)
		st = open_node(w, level, number);
	w->row = w->node[1].bytes;
	return st;
}

static enum kb_status open_chunk(struct bridge_map *w, unsigned int order)
{
	uint8_t *bytes;
	phys_t at;
	enum kb_status st;

	if (w->row && w->order == order && w->elms < bridge_chunk_room(w))
		return KB_OK;
	st = take(w, &at, &bytes);
	if (st)
		return st;
	if (w->row)
		put_u64(w->row + CHUNK_NEXT, at.addr);
	else
		w->map.root = at;
	if (!w->map.first[order])
		w->map.first[order] = at.addr;
	put_u32(bytes + CHUNK_ORDER, order);
	w->row = bytes;
	w->order = order;
	w->elms = 0;
	return KB_OK;
}

enum kb_status bridge_row(struct bridge_map *w, unsigned int order, uint64_t number)
{
	return w->map.format == KHO_MAP_RADIX ? open_nodes(w, number) : open_chunk(w, order);
}

void bridge_row_filled(struct bridge_map *w, unsigned int order, uint64_t n)
{
	w->map.orders |= 1ULL << order;
	w->sum.leaves += n;
	if (w->map.format == KHO_MAP_RADIX)
		return;
	w->elms += n;
	put_u32(w->row + CHUNK_ELMS, (uint32_t)w->elms);
}

enum kb_status bridge_put(struct bridge_map *w, unsigned int order, uint64_t start, uint64_t bitmap)
{
	uint64_t number = bridge_number(w, order, start);
	enum kb_status st = bridge_row(w, order, number);
	uint8_t *elm;

	if (st)
		return st;
	if (w->map.format == KHO_MAP_RADIX) {
		put_u64(w->row + 8 * (number & (bridge_slots(w) - 1)), bitmap);
	} else {
		elm = w->row + CHUNK_HEADER + ELM_SIZE * w->elms;
		put_u64(elm, start);
		put_u64(elm + 8, bitmap);
	}
	bridge_row_filled(w, order, 1);
	return KB_OK;
}

enum kb_status bridge_rows_end(struct bridge_map *w)
{
	enum kb_status st = KB_OK;

	if (w->map.format != KHO_MAP_RADIX && !w->row) {
		st = open_chunk(w, 0);
		w->map.first[0] = 0;
	}
	return st;
}
