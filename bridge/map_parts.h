/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of bridge_write_map(): map.c goes over the old map, map_rows.c writes the new one,
 * map_changes.c knows which strips change and how.
 *
 * Strips of page-size bitmaps are numbered by their keys in a radix tree, without the bits that
 * tell a block within a leaf. So one number holds order and address, in all formats:
 *
 *	strip = 1 << (64 - shift) | address >> shift,	shift = log2 of the bytes that it describes
 */
#ifndef BRIDGE_MAP_PARTS_H
#define BRIDGE_MAP_PARTS_H

#include <bridge/map.h>

#define BRIDGE_LEVELS 5      /* of nodes, at most */
#define BRIDGE_SMALL  512ULL /* bytes of a small bitmap */
#define BRIDGE_SLICES 128    /* small bitmaps in a page of 64 KiB */
#define BRIDGE_NONE   UINT64_MAX

/* Offsets in a chunk of kho-v1, see fdt/kho_v1.c. */
#define CHUNK_NEXT   0
#define CHUNK_ORDER  8
#define CHUNK_ELMS   12
#define CHUNK_HEADER 16
#define ELM_SIZE     16

/* The map that is being written. */
struct bridge_map {
	struct kho_pages *p;
	const struct kho_map *from;
	unsigned int orders; /* the new map has blocks below this order */
	uint64_t split;      /* bit n: there may be blocks of order n, to be split */
	bool linked;         /* row by row, see map_link.h */
	struct kho_map map;
	struct kho_summary sum;
	/* The row that strips are put into now: a node of level 1, or a chunk. */
	uint8_t *row;
	unsigned int order; /* of the chunk */
	uint64_t elms;      /* in the chunk */
	/* The path to that node, by level. @id: numbers of its strips without their last bits. */
	struct {
		uint8_t *bytes; /* NULL: none yet */
		uint64_t id;
	} node[BRIDGE_LEVELS + 1];
};

/* A strip by itself, as up to 128 small bitmaps. */
struct bridge_strip {
	uint64_t number;
	uint64_t slice[BRIDGE_SLICES]; /* physical addresses, 1 added; 0: nothing preserved there */
	uint64_t page;                 /* the bitmap itself, unless it is one of small ones */
	const uint8_t *bytes;          /* of the page, if it is a copy */
};

static inline uint64_t bridge_page(const struct bridge_map *w)
{
	return 1ULL << w->map.page_shift;
}

/* log2 of the bytes of address space that a strip describes; up to 64. */
static inline unsigned int bridge_strip_shift(const struct bridge_map *w, unsigned int order)
{
	return 2 * w->map.page_shift + 3 + order;
}

/* The first number of @order. Those from twice that on are of the order below. */
static inline uint64_t bridge_first(const struct bridge_map *w, unsigned int order)
{
	return 1ULL << (64 - bridge_strip_shift(w, order));
}

/* With a shift of 64 @v is 0, and stays it. */
static inline uint64_t bridge_rotate_right(uint64_t v, unsigned int shift)
{
	return v >> (shift & 63) | v << (-shift & 63);
}

static inline uint64_t bridge_rotate_left(uint64_t v, unsigned int shift)
{
	return bridge_rotate_right(v, -shift);
}

/* The number of the strip that holds @at. */
static inline uint64_t bridge_number(const struct bridge_map *w, unsigned int order, uint64_t at)
{
	unsigned int shift = bridge_strip_shift(w, order);

	return bridge_first(w, order) | (shift < 64 ? at >> shift : 0);
}

/* The first address of a strip. */
static inline uint64_t bridge_base(const struct bridge_map *w, unsigned int order, uint64_t number)
{
	return bridge_rotate_left(number ^ bridge_first(w, order), bridge_strip_shift(w, order));
}

/* ---- map_rows.c ---- */

/* Take the pages that every map has. */
__must_check enum kb_status bridge_rows_begin(struct bridge_map *w);

/* A row with room for strip @number of @order. Numbers come in the order of the new format. */
__must_check enum kb_status bridge_row(struct bridge_map *w, unsigned int order, uint64_t number);

/* Entries of a node. */
static inline uint64_t bridge_slots(const struct bridge_map *w)
{
	return 1ULL << (w->map.page_shift - 3);
}

/* Elements of a chunk. */
static inline uint64_t bridge_chunk_room(const struct bridge_map *w)
{
	return (bridge_page(w) - CHUNK_HEADER) / ELM_SIZE;
}

/* @n bitmaps of @order were put into the row. */
void bridge_row_filled(struct bridge_map *w, unsigned int order, uint64_t n);

/* Put the bitmap at @bitmap for the blocks from @start on. */
__must_check enum kb_status bridge_put(struct bridge_map *w, unsigned int order, uint64_t start,
				       uint64_t bitmap);

/* A map without any bitmap has a row, too. */
__must_check enum kb_status bridge_rows_end(struct bridge_map *w);

/* ---- map_changes.c ---- */

/*
 * bridge_next_change - the first strip from number @from on that edits or splits change
 *
 * *ret is BRIDGE_NONE without one. Returns KB_OK or KB_KHO_CHANGED.
 */
__must_check enum kb_status bridge_next_change(const struct bridge_map *w, unsigned int order,
					       uint64_t from, uint64_t *ret);

/*
 * bridge_copy_strip - put @s together in a new page, and make the changes there are
 * @s: gets the copy
 *
 * Returns KB_OK, KB_KHO_CHANGED, or what kho_pages_take() returns.
 */
__must_check enum kb_status bridge_copy_strip(struct bridge_map *w, unsigned int order,
					      struct bridge_strip *s);

/* The bytes of slice @i, which is there; NULL when memory changed. */
const uint8_t *bridge_slice(const struct bridge_map *w, const struct bridge_strip *s, size_t i);

#endif
