/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of an outgoing kernel, made up: RAM with holes, of which one field is really there. The
 * field holds what khoboot reads: root FDT, sub-blobs, map, scratch array, vmalloc chunks.
 *
 *	kho_image_init(&img, KHO_MAP_RADIX, 12);
 *	kho_image_preserve(&img, 0x80000000, 0);
 *	kho_image_finish(&img);
 *	st = kho_image_open(&img);		(img.kho is the result)
 *	kho_image_free(&img);
 *
 * A test damages one thing: a knob set between init and finish, or a value put into the field
 * afterwards. Under AddressSanitizer only those bytes of the field can be read that mem_get() was
 * asked for, so that reading past an object is found although objects lie side by side.
 *
 * No test library in here: fuzzers and benchmarks use it too. Whatever fails aborts.
 */
#ifndef TESTS_KHO_IMAGE_H
#define TESTS_KHO_IMAGE_H

#include <fdt/kho.h>

#include "random.h"

#define KHO_IMAGE_RAM   4
#define KHO_IMAGE_BLOBS 80   /* more than khoboot takes */
#define KHO_IMAGE_AREAS 1100 /* likewise */

#define KHO_IMAGE_BASE 0x40000000ULL /* of the field */
#define KHO_IMAGE_DATA 0x80000000ULL /* 1 GiB of RAM for preserved blocks, outside scratch */

/*
 * RAM: 0 to 0x9f000, 1 MiB to 3 GiB, and from 4 GiB on to 2^24 pages (64 GiB, 256 GiB, 1 TiB for
 * 4K, 16K, 64K pages). Scratch: 64 MiB at 128 MiB, 1 GiB at 8 GiB.
 */
#define KHO_IMAGE_PAGES (1ULL << 24)

struct kho_block {
	uint64_t at;
	unsigned int order;
};

/* A bitmap: of a v1 element, or a leaf. Block 0 of it is number index * blocks-per-bitmap. */
struct kho_image_strip {
	unsigned int order;
	uint64_t index;
	uint64_t bits; /* physical address */
};

struct kho_image_blob {
	char name[80];
	uint64_t at;
	uint64_t size;                 /* value of blob-size */
	unsigned int at_len, size_len; /* bytes of the properties: 8; 0 leaves one out */
	bool at_twice, size_twice;
};

struct kho_image {
	struct mem mem; /* hand this to the code under test */
	struct kho_handover h;
	enum kho_bitmap_hint hint;
	enum kho_map_format format;
	enum kho_abi abi;
	unsigned int page_shift;
	uint64_t page;
	struct kho *kho; /* result of kho_image_open() */
	struct kho_work work;
	struct range ram[KHO_IMAGE_RAM];

	/* The field. */
	uint8_t *buf;
	uint64_t size, used;
	bool sealed;
	/*
	 * Called before the field is read; may change it (memory that changes while it is read).
	 */
	void (*on_read)(struct kho_image *img, uint64_t at, uint64_t len);
	uint64_t reads;

	/* What was preserved, in the order of the calls; and the bitmaps, sorted. */
	struct kho_block *block;
	size_t blocks, block_max;
	struct kho_image_strip *strip;
	size_t strips, strip_max;

	/*
	 * Knobs of the map. v1: elements per chunk, and chunks without elements before the others.
	 */
	uint64_t chunk_elms;
	unsigned int empty_chunks;
	/* Results. v1: addresses of the chunks with elements. */
	uint64_t map;
	uint64_t *chunk;
	size_t chunks;

	/* Knobs of the root FDT; NULL and UNSET take what belongs to abi and map. */
	const char *compatible;
	unsigned int compatible_len;
	bool compatible_twice, compatible_none, map_twice;
	unsigned int map_len;
	bool map_null;
	unsigned int extra_depth, extra_nodes; /* below the first blob */
	struct kho_image_blob blob[KHO_IMAGE_BLOBS];
	unsigned int blobs;

	struct range area[KHO_IMAGE_AREAS];
	unsigned int areas;
};

/* With an FDT page, already preserved, and a scratch array. v1 formats get abi v1, radix v4. */
void kho_image_init(struct kho_image *img, enum kho_map_format format, unsigned int page_shift);

/* As kho_image_init(), with a field of @size bytes; 0 for the default. */
void kho_image_init_sized(struct kho_image *img, enum kho_map_format format,
			  unsigned int page_shift, uint64_t size);
void kho_image_free(struct kho_image *img);

/* @size zeroed bytes of the field. */
uint64_t kho_image_alloc(struct kho_image *img, uint64_t size, uint64_t align);

/* The bytes of the field from @at on; NULL when they are not all in it. */
uint8_t *kho_image_find(struct kho_image *img, uint64_t at, uint64_t len);

/* The same; aborts instead. */
uint8_t *kho_image_at(struct kho_image *img, uint64_t at, uint64_t len);

uint64_t kho_image_get(struct kho_image *img, uint64_t at);
void kho_image_put(struct kho_image *img, uint64_t at, uint64_t v);
void kho_image_put32(struct kho_image *img, uint64_t at, uint32_t v);

/* Preserve the block of @order at @at, which is aligned to it. */
void kho_image_preserve(struct kho_image *img, uint64_t at, unsigned int order);

/* Preserve @r, which is page-aligned, as the kernel does: in the largest aligned blocks. */
void kho_image_preserve_range(struct kho_image *img, struct range r);

/* The bitmap for block @at of @order, made if need be, for filling by hand. */
uint8_t *kho_image_bits(struct kho_image *img, uint64_t at, unsigned int order);
uint64_t kho_image_bits_at(struct kho_image *img, uint64_t at, unsigned int order);

/* Add a blob of whole, preserved pages. Returns its address. */
uint64_t kho_image_blob(struct kho_image *img, const char *name, const void *data, uint64_t size);

/* Add a blob that is an FDT with @compatible. */
uint64_t kho_image_blob_fdt(struct kho_image *img, const char *name, const char *compatible);

/* Add "kexec-metadata" as 7.1 writes it. */
uint64_t kho_image_metadata(struct kho_image *img, const char *release, uint32_t count);

/*
 * Preserve @entries blocks of @order from @at on as a vmalloc area, with its chunks. Returns the
 * address of the descriptor, which is in a preserved page.
 */
uint64_t kho_image_vmalloc(struct kho_image *img, uint64_t entries, unsigned int order,
			   uint64_t at);

/* Write scratch array, map and root FDT. Nothing can be preserved afterwards. */
void kho_image_finish(struct kho_image *img);

/* Write the root FDT again, after a knob was turned. */
void kho_image_write_root(struct kho_image *img);
void kho_image_write_scratch(struct kho_image *img);

/* Up to 10 areas, from 128 MiB and from 4 GiB on, each of up to @most times 4 MiB. */
void kho_image_pick_scratch(struct kho_image *img, uint64_t *random, uint64_t most);

/* kho_open(); the result is img->kho. */
enum kb_status kho_image_open(struct kho_image *img);

/* Forbid reading anything of the field but through mem_get(); kho_image_at() ends that. */
void kho_image_seal(struct kho_image *img);

/* ---- places in the map ---- */

/* Levels of interior nodes of a radix tree: 5, 4, 3. */
unsigned int kho_image_levels(const struct kho_image *img);
/* Lowest key bit of the index at @level, 1 for the nodes that point to leaves. */
unsigned int kho_image_shift(const struct kho_image *img, unsigned int level);
uint64_t kho_image_key(const struct kho_image *img, uint64_t at, unsigned int order);

/* Address of the slot of @key in the node of @level on its path; 0 when there is no such node. */
uint64_t kho_image_slot(struct kho_image *img, uint64_t key, unsigned int level);

/* Address of element @i of chunk @chunk. */
static inline uint64_t kho_image_elm(const struct kho_image *img, size_t chunk, uint64_t i)
{
	return img->chunk[chunk] + 16 + 16 * i;
}

/* Blocks described by one bitmap. */
uint64_t kho_image_strip_blocks(const struct kho_image *img);

#endif
