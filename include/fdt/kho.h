/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kexec Handover as khoboot sees it: what the outgoing kernel left, read and proven sound.
 *
 * kho_open() is the gather step. It trusts nothing, and writes only to its work memory and result.
 * Each distinct fault has its own code, and m->diag says where it is. After KB_OK all this holds:
 *   - the FDT, the sub-blobs, every preserved block and every page of the map are RAM;
 *   - none of them shares a byte with scratch (after kho_open_stray() parts of the map may);
 *   - the FDT and the sub-blobs are preserved, the pages of the map are used once each;
 *   - every walk over the map comes to an end.
 */
#ifndef FDT_KHO_H
#define FDT_KHO_H

#include <core/mem.h>
#include <core/range.h>
#include <core/text.h>
#include <fdt/kho_map.h>
#include <khoboot/compiler.h>
#include <khoboot/status.h>

/* x86: struct kho_data of SETUP_KEXEC_KHO. arm64: /chosen linux,kho-fdt and linux,kho-scratch. */
struct kho_handover {
	phys_t fdt;
	uint64_t fdt_size;     /* bytes; the page size of the writer: 4096, 16384 or 65536 */
	phys_t scratch;        /* the array of areas, not an area */
	uint64_t scratch_size; /* bytes of the array: 16 per area */
};

/* ---- root FDT ---- */

#define KHO_BLOBS     64
#define KHO_NAME_MAX  63
#define KHO_BLOB_MAX  SZ_1G /* largest sub-blob taken, bytes; kernels stay below 4 MiB */
#define KHO_FDT_DEPTH 4     /* nodes below the root; kernels write one level */
#define KHO_FDT_NODES 512

enum kho_abi {
	KHO_ABI_UNKNOWN = 0, /* what a running kernel may say; never in data that were opened */
	KHO_ABI_V1 = 1,      /* 6.16 to 7.0 */
	KHO_ABI_V3 = 3,      /* 7.1 */
	KHO_ABI_V4 = 4,      /* 7.2, 7.3 */
};

/*
 * kho_abi_parse - the version that a string like "kho-v4" or "kho-v4;radix-v1" names
 * @unknown: may be NULL; the part that is not known, in @name; untouched unless KHO_ABI_UNKNOWN
 *
 * Parts after the first are versions of pieces that kernels so far do not name: known is the one
 * that they have. A kernel compares the whole string, so who writes one writes it unchanged.
 */
enum kho_abi kho_abi_parse(struct kb_text name, struct kb_text *unknown);

/* "kho-v4"; "" for an unknown one */
const char *kho_abi_name(enum kho_abi abi);

struct kho_blob {
	char name[KHO_NAME_MAX + 1]; /* node name as written (may be unprintable), with NUL */
	phys_t at;
	uint64_t size; /* bytes */
};

/* Sub-blob "kexec-metadata" (7.1+, include/linux/kho/abi/kexec_metadata.h). */
struct kho_metadata {
	bool present;     /* false: no such blob, or a version other than 1 */
	char release[65]; /* uname -r of the writer, NUL-terminated, unprintable bytes as '?' */
	uint32_t count;   /* kexecs since the last cold boot, this one included */
};

/* A plain value: copying it is fine. */
struct kho_root {
	enum kho_abi abi;
	const char *compatible; /* "kho-vN" of @abi, a constant string */
	struct kb_text version; /* as written, in the FDT: the same, or with more parts */
	unsigned int page_shift;
	struct range fdt; /* the page(s) of the FDT: base and page size */
	uint32_t fdt_totalsize;
	phys_t map;
	unsigned int blob_count;
	struct kho_blob blob[KHO_BLOBS];
	struct kho_metadata metadata;
};

/*
 * kho_root_parse - check and read the root FDT
 *
 * The blob is checked whole with fdt_check_full() before anything is taken from it. When
 * `compatible` lists several versions, the newest known one counts. kho-v1: the size of a sub-blob
 * is the totalsize of the FDT it points to. Whether FDT and blobs are preserved is not checked
 * here. FDTs of versions before 17 are refused; kernels write 17.
 *
 * Returns KB_OK, KB_KHO_FDT_SIZE, KB_KHO_FDT_ALIGN, KB_KHO_FDT_RAM, KB_KHO_FDT_BAD,
 * KB_KHO_FDT_SHAPE, KB_KHO_FDT_DUPLICATE, KB_KHO_COMPATIBLE, KB_KHO_V2, KB_KHO_VERSION,
 * KB_KHO_MAP_PROP, KB_KHO_NOT_FINALIZED (v1 only; nothing is preserved, boot without KHO),
 * KB_KHO_MAP_NULL, KB_KHO_BLOB_COUNT, KB_KHO_BLOB_ADDR, KB_KHO_BLOB_SIZE, KB_KHO_BLOB_NAME,
 * KB_KHO_BLOB_ALIGN, KB_KHO_BLOB_RAM, KB_KHO_BLOB_FDT.
 */
__must_check enum kb_status kho_root_parse(struct mem *m, const struct kho_handover *h,
					   struct kho_root *ret);

/*
 * The two parts of it that hold of a damaged root as well, for who reads one as far as it goes.
 *
 * kho_root_version - set abi, version and compatible
 * @list: the strings of the property `compatible`, @len bytes, the last of which is 0
 *
 * Returns KB_OK, KB_KHO_COMPATIBLE, KB_KHO_V2, KB_KHO_VERSION.
 *
 * kho_root_read_metadata - set metadata, from the blobs that @root has
 *
 * Informative only: what cannot be read is left out.
 */
__must_check enum kb_status kho_root_version(struct kho_root *root, const char *list, int len);
void kho_root_read_metadata(struct kho_root *root, const struct mem *m);

/* The blob of that name, or NULL. */
const struct kho_blob *kho_root_blob(const struct kho_root *root, const char *name);

/* ---- scratch ---- */

#define KHO_SCRATCH_AREAS  1026 /* low, global, and one per NUMA node (MAX_NUMNODES 1024) */
#define KHO_SCRATCH_PIECES 1280 /* areas after holes in RAM split them */

/*
 * kho_scratch_parse - check and read the scratch array
 * @out: cleared, then the parts of the areas that are RAM, in whole pages, sorted and merged
 * @trimmed: bytes of the areas that are not in @out; not 0 is worth a warning
 *
 * Areas of size 0 are skipped (kho_scratch=0,...). The kernel checks none of this.
 * Returns KB_OK, KB_KHO_SCRATCH_SIZE, KB_KHO_SCRATCH_COUNT, KB_KHO_SCRATCH_RAM (the array),
 * KB_KHO_SCRATCH_ALIGN, KB_KHO_SCRATCH_WRAP, KB_KHO_SCRATCH_OVERLAP, KB_KHO_SCRATCH_NONE,
 * KB_RANGE_FULL. On failure @out may have been changed.
 */
__must_check enum kb_status kho_scratch_parse(struct mem *m, const struct kho_handover *h,
					      struct range_list *out, uint64_t *trimmed);

/*
 * kho_scratch_meets - does any area of the scratch array have a byte of @r?
 *
 * Looks at the array only, which has to be RAM: its areas need not be. Returns KB_OK,
 * KB_KHO_SCRATCH_SIZE, KB_KHO_SCRATCH_COUNT or KB_KHO_SCRATCH_RAM, with @ret untouched.
 */
__must_check enum kb_status kho_scratch_meets(struct mem *m, const struct kho_handover *h,
					      struct range r, bool *ret);

/* What kernels align areas to: the pageblock up to 7.1, the largest order's size from 7.2 on. */
#define KHO_SCRATCH_ALIGN_MIN SZ_2M
#define KHO_SCRATCH_ALIGN     (4 * SZ_1M)

/*
 * kho_scratch_align - cut areas that were trimmed down to what a kernel may use as scratch
 *
 * The kernel gives whole pageblocks of scratch to CMA (include/linux/kexec_handover.h:
 * kho_scratch_migratetype). Pieces aligned to KHO_SCRATCH_ALIGN_MIN are as a kernel made them, and
 * stay. Others are cut to KHO_SCRATCH_ALIGN; what is too small for that is dropped. For pages of
 * 4 KiB.
 */
void kho_scratch_align(struct range_list *l);

/* ---- occupancy: one bit per 2 MiB granule touched by preserved blocks or metadata ---- */

#define KHO_GRANULE_SHIFT 21

/*
 * Words of the bitmap are numbered by address, 64 granules each. Only those that hold RAM exist:
 * there are machines with 1 TiB of RAM of which half begins at 32 TiB.
 */
#define KHO_WORD_SHIFT (KHO_GRANULE_SHIFT + 6)

struct kho_span {
	uint64_t first; /* number of the first word */
	uint64_t words;
	uint64_t *bits;
};

struct kho_occupancy {
	struct kho_span *span; /* sorted; it and the bits are in the work memory of kho_open() */
	size_t spans;
	struct kho_span near; /* used last */
	uint64_t outside;     /* takes marks of what is not RAM; never read */
};

/* True when no granule of @r is touched. False proves nothing: see kho_range_free(). */
bool kho_occupancy_free(const struct kho_occupancy *occ, struct range r);

/* Mark all granules of @r that hold RAM. */
void kho_occupancy_mark(struct kho_occupancy *occ, struct range r);

/* ---- the walk ---- */

struct kho_summary {
	uint64_t bytes;              /* preserved; pages listed at two orders count twice */
	uint64_t runs;               /* maximal rows of consecutive blocks of one order */
	uint64_t blocks[KHO_ORDERS]; /* per order */
	uint64_t leaves;             /* bitmaps (radix leaves or v1 bitmaps) */
	uint64_t nodes;              /* interior radix nodes or v1 chunks */
	uint64_t lowest;             /* first preserved byte; meaningless when bytes is 0 */
	uint64_t end;                /* first byte after the last preserved one */
	uint64_t stray;              /* parts of the map that have a byte in scratch */
	uint64_t stray_at;           /* the first of them that was met */
};

/* Scratch memory for the walk, owned by the caller; aligned to 8 bytes. */
struct kho_work {
	void *base;
	uint64_t size;
};

/*
 * Bytes kho_open() needs: 512 KiB, 64 KiB per TiB of RAM, and up to 40 for each piece of @ram,
 * wherever RAM is and whatever the map looks like. @ram is sorted.
 */
uint64_t kho_work_size(const struct range_list *ram);

/*
 * kho_walk - read the whole map once: count, mark, and check it against RAM and scratch
 * @scratch: sorted
 * @fdt: the FDT page, which no part of the map may share; size 0 for none
 * @occ: its spans and bits are part of @work and stay in use after the walk
 *
 * Parts of the map in scratch are counted, not refused. Returns KB_OK, KB_KHO_WORK,
 * KB_KHO_META_SHARED, KB_KHO_BLOCK_RAM, KB_KHO_BLOCK_SCRATCH, KB_KHO_CHANGED, or a code of
 * kho_map_open_*() if memory changed since.
 */
__must_check enum kb_status kho_walk(struct mem *m, const struct kho_map *map,
				     const struct range_list *scratch, struct range fdt,
				     struct kho_work work, struct kho_summary *sum,
				     struct kho_occupancy *occ);

/* ---- all of it ---- */

/* About 30 KiB. Holds pointers to itself (scratch.r): not to be copied or moved. */
struct kho {
	struct kho_root root;
	struct range_list scratch; /* usable scratch: trimmed to RAM, sorted, merged */
	uint64_t scratch_trimmed;  /* bytes trimmed away */
	struct kho_map map;
	struct kho_summary sum;
	struct kho_occupancy occ;
	struct range scratch_store[KHO_SCRATCH_PIECES];
};

/*
 * kho_open - gather and prove everything that was handed over
 * @hint: which kernels wrote a v1 map, when known
 * @work: at least kho_work_size(&m->ram) bytes; must outlive @ret
 * @ret: defined only on KB_OK
 *
 * Reads only RAM, through mem_get(). Returns KB_OK or a code of the functions above, or
 * KB_KHO_FDT_SCRATCH, KB_KHO_BLOB_SCRATCH, KB_KHO_FDT_UNPRESERVED, KB_KHO_BLOB_UNPRESERVED.
 */
__must_check enum kb_status kho_open(struct mem *m, const struct kho_handover *h,
				     enum kho_bitmap_hint hint, struct kho_work work,
				     struct kho *ret);

/*
 * kho_open_stray - kho_open(), but parts of the map may lie in scratch
 *
 * Slab memory of the outgoing kernel can come from a KFENCE pool, which a kernel that was started
 * by KHO has allocated in scratch: small bitmaps of 6.17, the root of the tree in 7.1 and 7.2. The
 * next kernel would write over them before it reads them. sum.stray of @ret says how many there
 * are; they have to be moved. Of the codes of kho_open() only KB_KHO_META_SCRATCH is missing.
 */
__must_check enum kb_status kho_open_stray(struct mem *m, const struct kho_handover *h,
					   enum kho_bitmap_hint hint, struct kho_work work,
					   struct kho *ret);

/*
 * kho_range_free - is every byte of @r neither preserved nor metadata? The exact answer.
 *
 * Answers from the occupancy bitmap where it can, else from the map (one walk over its interior
 * pages; for few queries). An unreadable map counts as not free. An empty @r is free.
 */
bool kho_range_free(struct mem *m, const struct kho *k, struct range r);

/*
 * kho_meta_end - where to go on with a search for r.size bytes that hold no part of the map
 * @r: not empty
 * @ret: r.base if there is none in @r; else an address after it, before which no such place begins;
 *	 may lie after @r
 *
 * Costs as much as kho_range_free(). A row of pages that lie in memory in the order of the map, or
 * against it, is passed at once. Returns KB_OK, or a code of kho_map_open_*() if memory changed
 * since.
 */
__must_check enum kb_status kho_meta_end(struct mem *m, const struct kho *k, struct range r,
					 uint64_t *ret);

/*
 * kho_check_written - does any of @count ranges that will be written hold preserved memory or
 * metadata? The last check before the commit. Returns KB_OK or KB_PLACE_OVERLAP.
 */
__must_check enum kb_status kho_check_written(struct mem *m, const struct kho *k,
					      const struct range *written, size_t count);

#endif
