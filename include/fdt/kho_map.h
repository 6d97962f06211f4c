/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The preserved-memory map of KHO: three formats, one reading.
 *
 * A map is a set of blocks (address, order), order counted in pages of the outgoing kernel. All
 * formats come down to strips: one bitmap each, for consecutive blocks of one order. Strips of one
 * order have ascending, disjoint addresses; strips of different orders may overlap.
 *
 *	strip of order 9, pages of 4 KiB:
 *
 *	bit      0         1         2         3            blocks - 1
 *	    +---------+---------+---------+---------+--   --+---------+
 *	    |    1    |    1    |    0    |    1    |  ...  |    0    |  1: preserved
 *	    +---------+---------+---------+---------+--   --+---------+
 *	    base      + 2 MiB   + 4 MiB   + 6 MiB                     kho_strip_last() + 1
 *	    '------- run -------'         '-- run --'
 *
 *   v1, small   6.16, 6.17     chunk list, strips of 4096 blocks
 *   v1, page    6.18 to 7.0    chunk list, strips of page size * 8 blocks
 *   radix       7.1 and later  radix tree, leaves of page size * 8 blocks
 *
 * Facts: linux 6.17.8 kernel/kexec_handover.c:kho_mem_serialize, 6.18.15
 * kernel/liveupdate/kexec_handover.c:deserialize_bitmap, 7.1.13 kho_radix_decode_key and
 * __kho_radix_walk_tree. Everything here is read-only and needs no memory but the iterators.
 */
#ifndef FDT_KHO_MAP_H
#define FDT_KHO_MAP_H

#include <core/mem.h>
#include <core/range.h>
#include <khoboot/compiler.h>
#include <khoboot/status.h>

/*
 * Orders taken: up to 61 - 2 * page shift (37, 33, 29 for 4K, 16K, 64K pages), so that one radix
 * leaf has one order. The largest block is 512, 128 or 32 TiB, more than a kernel preserves at a
 * time.
 */
#define KHO_ORDERS 38

/*
 * The shape of a radix tree, by the page size. fdt/kho_radix.c draws it. Key: an address without
 * its page offset, and the marker of order 0.
 */
static inline unsigned int kho_radix_key_width(unsigned int page_shift)
{
	return 64 - page_shift + 1;
}

/* Key bits that are the index into a node. */
static inline unsigned int kho_radix_table_bits(unsigned int page_shift)
{
	return page_shift - 3;
}

/* Key bits that are the bit of a leaf. */
static inline unsigned int kho_radix_leaf_bits(unsigned int page_shift)
{
	return page_shift + 3;
}

/* Levels of interior nodes; level 1 points to leaves. */
static inline unsigned int kho_radix_levels(unsigned int page_shift)
{
	return (kho_radix_key_width(page_shift) - kho_radix_leaf_bits(page_shift) +
		kho_radix_table_bits(page_shift) - 1) /
	       kho_radix_table_bits(page_shift);
}

/* Lowest key bit of the index into a node of @level. */
static inline unsigned int kho_radix_shift(unsigned int page_shift, unsigned int level)
{
	return kho_radix_leaf_bits(page_shift) + (level - 1) * kho_radix_table_bits(page_shift);
}

/* Chunks without elements that one v1 map may have: no kernel writes more than one per order. */
#define KHO_EMPTY_CHUNKS 64

enum kho_map_format {
	KHO_MAP_V1_SMALL,
	KHO_MAP_V1_PAGE,
	KHO_MAP_RADIX,
};

/*
 * The bitmaps that the next kernel reads in a v1 map: 6.16 and 6.17 SMALL, 6.18 to 7.0 PAGE. ANY if
 * the map is rewritten for it: then a map that can be read both ways is read with page-size ones,
 * which preserves too much rather than too little.
 */
enum kho_bitmap_hint {
	KHO_BITMAP_UNKNOWN,
	KHO_BITMAP_SMALL,
	KHO_BITMAP_PAGE,
	KHO_BITMAP_ANY,
};

/* An opened map. A plain value: copying it is fine. */
struct kho_map {
	enum kho_map_format format;
	unsigned int page_shift;
	phys_t root;                /* first chunk, or root of the radix tree */
	uint64_t orders;            /* bit n: the map has strips of order n */
	uint64_t first[KHO_ORDERS]; /* v1: address of the first chunk of the order with elements */
};

/* Number of orders taken at this page size (at most KHO_ORDERS). */
static inline unsigned int kho_orders(unsigned int page_shift)
{
	return 62 - 2 * page_shift;
}

/*
 * kho_map_open_radix - check the structure of a radix tree and make it readable
 * @root: value of preserved-memory-map, not 0
 *
 * Every page pointer is page-aligned and RAM, every subtree describes addresses of which at least
 * one is RAM (that bounds the walk), no key is too wide, none is 0, and none has an order that is
 * not taken. Not checked here, but by kho_walk(): blocks, and that pages are used once.
 * Returns KB_OK, KB_KHO_NODE_ALIGN, KB_KHO_NODE_RAM, KB_KHO_KEY_WIDTH, KB_KHO_KEY_ZERO,
 * KB_KHO_KEY_ORDER, KB_KHO_KEY_OUTSIDE.
 */
__must_check enum kb_status kho_map_open_radix(struct mem *m, unsigned int page_shift, phys_t root,
					       struct kho_map *ret);

/*
 * kho_map_open_v1 - check the structure of a chunk list and find out its bitmap size
 * @root: value of preserved-memory-map, not 0
 * @known: ranges that the outgoing kernel preserved for certain (its FDT, its sub-blobs); a reading
 *	   of the map in which one of them is not preserved is wrong
 *
 * Small and page-size bitmaps have the same version string. The map has small ones when a bitmap is
 * not an aligned page of RAM, or a strip begins where no page-size strip can (and so do strips that
 * are closer together). Otherwise it has page-size ones when the small reading leaves out a @known
 * range, or when both readings give the same set of blocks. In all other cases @hint must say
 * page-size (or any): that reads too much rather than too little.
 *
 * Elements ascend by (order, address), as every kernel writes them: this bounds the walk.
 * Returns KB_OK, KB_KHO_CHUNK_ALIGN, KB_KHO_CHUNK_RAM, KB_KHO_CHUNK_ELMS, KB_KHO_CHUNK_ORDER,
 * KB_KHO_CHUNK_EMPTY, KB_KHO_BITMAP_ALIGN, KB_KHO_BITMAP_RAM, KB_KHO_BITMAP_START,
 * KB_KHO_BITMAP_SORT, KB_KHO_BITMAP_OUTSIDE, KB_KHO_V1_AMBIGUOUS (and no such hint),
 * KB_KHO_V1_HINT (the map contradicts the hint).
 */
__must_check enum kb_status kho_map_open_v1(struct mem *m, unsigned int page_shift, phys_t root,
					    enum kho_bitmap_hint hint, const struct range *known,
					    size_t known_count, struct kho_map *ret);

/* ---- metadata: the pages that hold the map itself, and which the map does not list ---- */

enum kho_meta_kind {
	KHO_META_NODE,   /* radix: interior node */
	KHO_META_LEAF,   /* radix: bitmap */
	KHO_META_CHUNK,  /* v1: chunk */
	KHO_META_BITMAP, /* v1: bitmap */
};

struct kho_meta {
	enum kho_meta_kind kind;
	struct range bytes; /* exactly this object; 512 bytes for a small bitmap */
	struct range page;  /* the page(s) of the outgoing kernel that hold it */
};

/* Called for each piece of metadata. Anything but KB_OK ends the visit and is returned. */
typedef enum kb_status kho_meta_fn(void *ctx, const struct kho_meta *meta);

/*
 * kho_map_each_page - visit every page that holds a part of the map
 *
 * Small bitmaps share pages, so such a page is visited once per bitmap. Safe on any map that was
 * opened. Returns KB_OK, what @fn returned, or a code of kho_map_open_*() if memory changed since.
 */
__must_check enum kb_status kho_map_each_page(struct mem *m, const struct kho_map *map,
					      kho_meta_fn *fn, void *ctx);

/* ---- strips ---- */

struct kho_strip {
	uint64_t base;       /* physical address of the block of bit 0 */
	const uint8_t *bits; /* blocks / 8 bytes; little-endian bit order */
	uint64_t blocks;     /* number of bits */
	unsigned int order;
	unsigned int block_shift; /* log2 of bytes per block */
	uint64_t chunk;           /* v1: address of the chunk that names it */
	uint64_t elm;             /* v1: index in that chunk */
	phys_t at;                /* physical address of the bitmap */
};

/*
 * Iterator over the strips of one order:
 *	for (found = kho_strip_seek(...); found; found = kho_strip_next(...))
 */
struct kho_strips {
	const struct mem *m;
	const struct kho_map *map;
	struct kho_strip s;    /* the strip found */
	const uint8_t *node;   /* the node or chunk that points to it */
	enum kb_status status; /* KB_KHO_CHANGED when a bad pointer ended the iteration */
};

/* The first strip of @order that ends after address @from; false when no strip does. */
bool kho_strip_seek(struct kho_strips *it, const struct mem *m, const struct kho_map *map,
		    unsigned int order, uint64_t from);

/* The next strip of the same order; false after the last one. */
bool kho_strip_next(struct kho_strips *it);

/* Address of the last byte that @s describes; the end itself can be 2^64. */
static inline uint64_t kho_strip_last(const struct kho_strip *s)
{
	return s->base + ((s->blocks << s->block_shift) - 1);
}

/*
 * kho_strip_run - next run of set bits
 * @bit: where to look first
 * @ret: bit number of the first set bit and number of bits set in a row
 *
 * Returns false when no bit from @bit on is set.
 */
struct kho_run {
	uint64_t first;
	uint64_t count;
};
bool kho_strip_run(const struct kho_strip *s, uint64_t bit, struct kho_run *ret);

/* ---- preserved ranges, merged ---- */

struct kho_cursor {
	struct kho_strips strips;
	struct range cur; /* size 0: exhausted */
	uint64_t bit;     /* where to look next in the strip */
};

/* About 5 KiB; no entry per run. Not to be copied. */
struct kho_ranges {
	enum kb_status status; /* KB_KHO_CHANGED when memory changed under the iteration */
	unsigned int count;
	struct kho_cursor c[KHO_ORDERS];
};

/*
 * kho_ranges_first - begin to iterate over preserved ranges
 * @from: ranges that end at or before this address are left out; the first range may be cut at
 *	  a block boundary below @from
 *
 * The map must have passed kho_walk() (kho_open()), else addresses may be anything.
 */
void kho_ranges_first(struct kho_ranges *it, const struct mem *m, const struct kho_map *map,
		      uint64_t from);

/*
 * kho_ranges_next - the next preserved range
 *
 * Ranges ascend and neither overlap nor touch, whatever orders and strips they came from. Returns
 * false at the end, with @ret untouched; it->status tells whether it was the end, or a fault.
 */
__must_check bool kho_ranges_next(struct kho_ranges *it, struct range *ret);

/* True when every byte of @r (not empty) is preserved, by blocks of whatever orders. */
bool kho_map_covers(const struct mem *m, const struct kho_map *map, struct range r);

/* True when some byte of @r is preserved. */
bool kho_map_touches(const struct mem *m, const struct kho_map *map, struct range r);

#endif
