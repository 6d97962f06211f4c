/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digests over what is handed over: made before the reset, compared after it.
 *
 * Data are digested by tile, an aligned piece of the address space of 1 << shift bytes. A tile's
 * digest is XXH3-128 over all its preserved bytes in ascending order; a tile without any has no
 * digest. So the number of digests is bounded by the memory's size, however fragmented the map is.
 *
 *	address space:  |   tile 0   |   tile 1   |   tile 2   |   tile 3   |
 *	preserved (P):  | PP    P    |            |       PPPPPPPPPPP       |
 *	digests:           digest 0                  digest 1     digest 2
 */
#ifndef ROUTE_SEAL_H
#define ROUTE_SEAL_H

#include <fdt/kho.h>
#include <route/digest.h>
#include <route/moved.h>

#define KB_TILES_MAX (1u << 17)

/* log2 of the tile's bytes: at least 12, and such that KB_TILES_MAX tiles reach @end. */
unsigned int seal_shift(uint64_t end);

/*
 * seal_meta - SHA-256 over the FDT page, the sub-blobs in the order of the FDT, and every piece of
 * the map in the order of kho_map_each_page()
 *
 * Returns KB_OK, KB_KHO_CHANGED, or KB_SEAL_READ when a piece cannot be read (it crosses the edge
 * of an evacuated run).
 */
__must_check enum kb_status seal_meta(struct mem *m, const struct kho *k,
				      uint8_t out[KB_SHA256_SIZE]);

struct seal_scope {
	const struct range_list *only; /* digest only bytes in these sorted ranges; NULL: all */
	const struct kb_moves *moves;  /* where evacuated pages are read, or NULL */
	unsigned int shift;
	/* Called after bytes were read. May be NULL. */
	void (*after)(void *ctx, const void *bytes, uint64_t len);
	/*
	 * Called before bytes are read, for writing them back from caches; some may be given to it
	 * that are preserved but not read. May be NULL. Not together with @moves.
	 */
	void (*ahead)(void *ctx, const void *bytes, uint64_t len);
	uint64_t *done; /* bytes read, counted up at the end of each tile, by all CPUs; or NULL */
	/* Called at the end of each tile, by the first CPU only. May be NULL. */
	void (*tick)(void *ctx);
	void *ctx;
};

/* How many tiles have a digest in this scope. Returns KB_OK or KB_KHO_CHANGED. */
__must_check enum kb_status seal_count(struct mem *m, const struct kho *k,
				       const struct seal_scope *s, uint64_t *count);

/*
 * seal_data - digest all tiles of the scope into @out, in ascending order
 * @max: room in @out, in digests
 * @count: how many there were
 *
 * Returns KB_OK, KB_SEAL_COUNT (more than @max), KB_SEAL_READ, KB_KHO_CHANGED.
 */
__must_check enum kb_status seal_data(struct mem *m, const struct kho *k,
				      const struct seal_scope *s, struct kb_xxh128 *out,
				      uint64_t max, uint64_t *count);

/* Called for each damaged tile: its address range cut to the first and last preserved byte. */
typedef void seal_damage_fn(void *ctx, struct range where, uint64_t preserved_bytes);

/*
 * seal_verify - digest again and compare with @want
 * @damage: may be NULL
 * @damaged: preserved bytes in damaged tiles
 *
 * Goes on to the end whatever it finds. Only when the number of tiles differs, nothing is read.
 * Returns KB_OK, KB_SEAL_DATA (some tile differs), KB_SEAL_COUNT, KB_SEAL_READ, KB_KHO_CHANGED.
 */
__must_check enum kb_status seal_verify(struct mem *m, const struct kho *k,
					const struct seal_scope *s, const struct kb_xxh128 *want,
					uint64_t count, seal_damage_fn *damage, void *ctx,
					uint64_t *damaged);

/* ---- in pieces, for several CPUs: <route/share.h> ---- */

/*
 * seal_split - where the tiles 0, @per, 2 * @per, ... of the scope begin
 * @start: their addresses
 * @max: room in @start; what follows is left out
 *
 * Returns KB_OK or KB_KHO_CHANGED.
 */
__must_check enum kb_status seal_split(struct mem *m, const struct kho *k,
				       const struct seal_scope *s, uint64_t per, uint64_t *start,
				       uint64_t max);

/*
 * seal_tiles - digest the first @count tiles from @from on, which is the beginning of a tile
 *
 * Returns KB_OK, KB_SEAL_COUNT (there are not so many), KB_SEAL_READ, KB_KHO_CHANGED.
 */
__must_check enum kb_status seal_tiles(struct mem *m, const struct kho *k,
				       const struct seal_scope *s, uint64_t from,
				       struct kb_xxh128 *out, uint64_t count);

/*
 * seal_compare - say which of these tiles are damaged, as seal_verify() does, without reading them
 * @got: their digests, as seal_tiles() made them
 * @damaged: preserved bytes in damaged tiles so far; those of these tiles are added
 *
 * Returns KB_OK, damaged or not, or KB_KHO_CHANGED.
 */
__must_check enum kb_status seal_compare(struct mem *m, const struct kho *k,
					 const struct seal_scope *s, uint64_t from,
					 const struct kb_xxh128 *got, const struct kb_xxh128 *want,
					 uint64_t count, seal_damage_fn *damage, void *ctx,
					 uint64_t *damaged);

#endif
