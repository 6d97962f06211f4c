/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * KHO data shown to people: what a kernel hands over, or left in a dump, read as far as it can be.
 *
 * khoboot's own readers (<fdt/kho.h>, <luo/luo.h>) refuse the whole for one fault, because a kernel
 * would believe the rest. Here a fault is noted, the part that has it is left out, and reading goes
 * on: one broken pointer must not hide all other sessions. Where data are sound both read the same.
 *
 * All of it is on the host: the heap is used, running out of it ends the program. Nothing is
 * trusted: loops are bounded by what the input has room for, no piece of the map is read twice.
 */
#ifndef INSPECT_INSPECT_H
#define INSPECT_INSPECT_H

#include <core/mem.h>
#include <fdt/kho.h>
#include <luo/luo.h>
#include <luo/memfd.h>

/* ---- faults ---- */

#define INSPECT_FAULTS 64 /* that are kept; all are counted */

struct inspect_fault {
	enum kb_status status;
	const char *part; /* "root", "map", "scratch", or the sub-blob: "LUO" */
	uint64_t at;      /* physical address, unless the code's table says otherwise */
	uint64_t value;
};

struct inspect_faults {
	uint64_t count;
	struct inspect_fault first[INSPECT_FAULTS];
};

void inspect_note(struct inspect_faults *f, const char *part, enum kb_status status, uint64_t at,
		  uint64_t value);

/* Codes that tell what is missing in a dump, not that something is wrong with it. */
bool inspect_is_remark(enum kb_status status);

/* ---- a set of addresses, to find what is used twice */

struct inspect_set {
	uint64_t *slot;
	size_t count, room;
};

/* False if it is in it already. */
bool inspect_set_add(struct inspect_set *s, uint64_t value);
void inspect_set_free(struct inspect_set *s);

/* ---- where the data are: marks of them in a page, or beside a pointer to them */

/* Is this the beginning of a root FDT? @size bytes of it are there, at least 64. */
bool inspect_is_root(const uint8_t *p, uint64_t size);

/*
 * The handover that a node of setup_data (x86) names. @p: 48 bytes; true if it is such a node. What
 * it names need not be there.
 */
bool inspect_setup_data(const uint8_t *p, struct kho_handover *ret);

/* The same of a device tree with linux,kho-fdt in /chosen (arm64). */
bool inspect_tree(const uint8_t *p, uint64_t size, struct kho_handover *ret);

/* ---- root FDT ---- */

/*
 * inspect_root - read the root FDT as far as it can be
 * @fdt: @size bytes of it, at least up to its end; aligned to 8 bytes
 * @at: its physical address; 0 if that is not known
 * @ret: without map (0) or without blobs where those cannot be read; page_shift 0: see below
 *
 * Of a blob that is not in @m only the size may be missing (kho-v1: 0). Returns KB_OK, or
 * KB_KHO_FDT_BAD, KB_KHO_COMPATIBLE, KB_KHO_V2 or KB_KHO_VERSION if nothing can be shown; codes of
 * kho_root_parse() are noted in @f. @ret has pointers into @fdt.
 */
__must_check enum kb_status inspect_root(const struct mem *m, const void *fdt, uint64_t at,
					 uint64_t size, struct kho_root *ret,
					 struct inspect_faults *f);

/*
 * inspect_page_shift - the page size of the kernel that wrote the data
 *
 * The one with which the map, followed from its root to one bit, says that the page of the FDT (at
 * root->fdt.base) is preserved at order 0, and so of most sub-blobs. 0 if that is so with none.
 */
unsigned int inspect_page_shift(const struct mem *m, const struct kho_root *root);

/* ---- scratch ---- */

/* Area @i of the array at h->scratch, as written; false when there is no such area, or no array. */
bool inspect_area(const struct mem *m, const struct kho_handover *h, uint64_t i, struct range *ret);

/* ---- map ---- */

struct inspect_order {
	uint64_t entries; /* blocks of this order */
	uint64_t runs;    /* rows of consecutive ones */
	uint64_t largest; /* blocks in the longest row */
};

struct inspect_map {
	enum kho_map_format format;
	struct inspect_order order[KHO_ORDERS];
	uint64_t entries, bytes, runs;
	uint64_t lowest, last; /* first and last preserved byte; meaningless without entries */
	uint64_t meta[KHO_META_BITMAP + 1]; /* pieces of the map, by kind */
	uint64_t missing;                   /* entries that are not, or not whole, in @m */
	uint64_t in_scratch;                /* entries that have a byte in scratch */
	uint64_t meta_in_scratch;           /* pieces of the map that do */
};

/* Called for each row of blocks, and each piece of the map. NULL: not wanted. */
struct inspect_lister {
	void (*run)(void *ctx, unsigned int order, uint64_t at, uint64_t blocks);
	void (*meta)(void *ctx, const struct kho_meta *meta);
	void *ctx;
};

/*
 * inspect_map - count what the map lists
 * @root: with page_shift and map
 * @hint: of kho-v1; without one the map itself tells, and a map that can be read both ways is read
 *	  as KHO_BITMAP_ANY does, with a note
 * @scratch: sorted; empty if it is not known
 *
 * Rows go over from one bitmap to the next one. All codes of kho_map_open_*(), KB_KHO_META_SHARED,
 * KB_KHO_META_SCRATCH, KB_KHO_BLOCK_SCRATCH and KB_INSPECT_MISSING may be noted.
 */
void inspect_map(const struct mem *m, const struct kho_root *root, enum kho_bitmap_hint hint,
		 const struct range_list *scratch, const struct inspect_lister *list,
		 struct inspect_map *ret, struct inspect_faults *f);

/* ---- sub-blobs ---- */

enum inspect_kind {
	INSPECT_UNKNOWN,
	INSPECT_METADATA, /* "kexec-metadata" */
	INSPECT_MEMBLOCK, /* "memblock": an FDT "memblock-v1" */
	INSPECT_LUO,      /* "LUO", both forms */
	INSPECT_TEST,     /* "kho_test": an FDT "kho-test-v1" */
	INSPECT_TREE,     /* another FDT */
};

/* By name and content. INSPECT_UNKNOWN too if it is not in @m. */
enum inspect_kind inspect_kind(const struct mem *m, const struct kho_blob *b);

/* `compatible` of a blob that is an FDT, as text; "" without one. */
struct kb_text inspect_compatible(const struct mem *m, const struct kho_blob *b);

/* A range of reserve_mem=. */
struct inspect_reserved {
	const char *name;
	struct range range;
};

/*
 * inspect_reserved - the ranges in a blob of kind INSPECT_MEMBLOCK
 *
 * Those that cannot be read are noted (KB_INSPECT_RESERVED) and left out.
 */
void inspect_reserved(const struct mem *m, const struct kho_blob *b,
		      void (*see)(void *ctx, const struct inspect_reserved *r), void *ctx,
		      struct inspect_faults *f);

/* What lib/test_kho.c keeps. */
struct inspect_test {
	uint32_t folios;
	uint32_t sum;
	struct luo_vmalloc list; /* of u64: physical address | order */
};

/* KB_OK, or KB_INSPECT_TEST, noted. */
__must_check enum kb_status inspect_test(const struct mem *m, const struct kho_blob *b,
					 struct inspect_test *ret, struct inspect_faults *f);

/* Its folios, as far as the list can be read. */
void inspect_test_folios(const struct mem *m, unsigned int page_shift, const struct inspect_test *t,
			 void (*see)(void *ctx, uint64_t at, unsigned int order), void *ctx,
			 struct inspect_faults *f);

/* ---- live update ---- */

/* A row of pages of a memfd, as its list of folios has it. */
struct inspect_folio {
	uint64_t index;     /* page in the file */
	uint64_t at;        /* physical address */
	uint64_t pages;     /* up to the next folio, or the end of the file */
	unsigned int flags; /* 1 dirty, 2 up to date: without it the content is zeros */
};

#define INSPECT_FOLIO_FRESH 2U

struct inspect_memfd {
	enum luo_memfd_version version;
	struct luo_memfd file;
	bool read; /* else the record cannot be read; file is all zero */
};

struct inspect_luo_see {
	void (*session)(void *ctx, const struct luo_session *s);
	/* @memfd: NULL for files of other handlers */
	void (*file)(void *ctx, const struct luo_file *f, const struct inspect_memfd *memfd);
	void (*shared)(void *ctx, const struct luo_shared *s);
	void *ctx;
};

/*
 * inspect_luo - visit what can be read of the sub-blob "LUO"
 * @ret: form, version number and addresses; sessions, files and shares count what was visited
 *
 * Returns KB_OK, or what luo_find() says: then there is nothing. All other faults are noted.
 */
__must_check enum kb_status inspect_luo(const struct mem *m, const struct kho_blob *b,
					unsigned int page_shift, const struct inspect_luo_see *see,
					struct luo *ret, struct inspect_faults *f);

/*
 * inspect_folios - the folios of a memfd, in the order of the file
 *
 * Kernels preserve a file whole, so a folio ends where the next one begins (linux 7.3.4
 * mm/memfd_luo.c:memfd_luo_preserve_folios). What does not fit that is noted (KB_LUO_MEMFD) and
 * left out. Returns the number of pages seen.
 */
uint64_t inspect_folios(const struct mem *m, unsigned int page_shift, const struct luo_memfd *file,
			void (*see)(void *ctx, const struct inspect_folio *folio), void *ctx,
			struct inspect_faults *f);

#endif
