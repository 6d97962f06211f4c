/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the handler of memfds keeps of a file: a record, which names an array of folios in a vmalloc
 * area of 1 page after the other.
 *
 *	        memfd-v1 (6.19)   memfd-v2 (7.1 and later)
 *	pos             @0                @0		the file's position
 *	size            @8                @8		bytes
 *	seals            -               @16		u32
 *	flags            -               @20		u32, 0 up to 7.3
 *	folios         @16               @24		entries of the array, 16 bytes each
 *	array          @24               @32		struct kho_vmalloc
 *
 * 6.19 does not keep seals: a file comes back as one that was made without MFD_ALLOW_SEALING, which
 * has F_SEAL_SEAL alone (mm/memfd.c:memfd_alloc_file).
 *
 *	struct kho_vmalloc (6.18 and later)		chunk: a page
 *	first @0, pages u32 @8, flags u16 @12,	 --->	next @0, addresses, up to a 0 or its end
 *	order u16 @14
 */
#ifndef LUO_MEMFD_H
#define LUO_MEMFD_H

#include <core/mem.h>
#include <core/text.h>

#define LUO_SEAL_SEAL 1 /* F_SEAL_SEAL: no further seals */

enum luo_memfd_version { LUO_MEMFD_NONE, LUO_MEMFD_V1, LUO_MEMFD_V2 };

struct luo_vmalloc {
	phys_t first; /* chunk; 0: none */
	uint32_t pages;
	uint16_t flags; /* 1 VM_ALLOC, 2 VM_ALLOW_HUGE_VMAP */
	uint16_t order; /* of each entry */
};

struct luo_memfd {
	uint64_t pos;
	uint64_t size;
	uint32_t seals; /* memfd-v1: F_SEAL_SEAL, as said above */
	uint32_t flags; /* memfd-v1: 0 */
	uint64_t folios;
	struct luo_vmalloc array;
};

/* By the name of the handler. LUO_MEMFD_NONE: another handler, or a version that is not known. */
enum luo_memfd_version luo_memfd_version(const char *handler);

/* The name of the handler of this version. */
const char *luo_memfd_handler(enum luo_memfd_version version);

/*
 * luo_memfd_read - read the record of a memfd
 * @at: luo_file.data; the record begins its page
 *
 * The record alone: luo_memfd_check() follows what it names. Returns KB_OK or KB_LUO_MEMFD.
 */
__must_check enum kb_status luo_memfd_read(const struct mem *m, unsigned int page_shift,
					   enum luo_memfd_version version, phys_t at,
					   struct luo_memfd *ret, struct kb_diag *diag);

/*
 * luo_memfd_check - is the array as a kernel can take it, and long enough for all folios?
 *
 * Kernels follow its chunks without any check. Returns KB_OK or KB_LUO_MEMFD.
 */
__must_check enum kb_status luo_memfd_check(const struct mem *m, unsigned int page_shift,
					    const struct luo_memfd *f, struct kb_diag *diag);

/* Write @f as a record to @bytes (48 are enough). memfd-v1 has no place for seals and flags. */
void luo_memfd_write(enum luo_memfd_version version, const struct luo_memfd *f, uint8_t *bytes);

/*
 * luo_vmalloc_each - call @fn for each chunk and each entry of a vmalloc area
 * @fn: may be NULL
 *
 * Every address is aligned, in RAM, and there are as many pages as @v says; chunks that form a
 * circle are found. Returns KB_OK, KB_LUO_MEMFD or what @fn returned.
 */
typedef enum kb_status luo_vmalloc_fn(void *ctx, bool entry, struct range r);
__must_check enum kb_status luo_vmalloc_each(const struct mem *m, unsigned int page_shift,
					     const struct luo_vmalloc *v, luo_vmalloc_fn *fn,
					     void *ctx, struct kb_diag *diag);

#endif
