/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ready kernel: a kernel of x86_64 that khoctl has unpacked, in the place of the bzImage that it
 * is from. All numbers are little endian; offsets are bytes from the first byte of the section.
 *
 *   | struct ready_header | bzImage | relocations | image                         |
 *                                                 ^ whole pages; 2 MiB in the file's own view
 *
 * image: memory of the kernel as it lies from its first byte (startup_64's, mostly) on: program
 *   segments at their physical addresses less @link, with zeros between them and for .bss and .brk
 *   after them. So it can run where it is.
 * relocations: offsets in the image, of 32 bits each: first those of 32-bit fields, then of 64-bit
 *   fields, then of 32-bit fields that get the negative (in kernels before 6.15, for each CPU's
 *   data). A kernel that is linked for another virtual address is made by adding the difference
 *   (Linux arch/x86/boot/compressed/misc.c:handle_relocations).
 * bzImage: the setup sectors alone; or all of it, for machines that a ready kernel does not suit.
 */
#ifndef FORMAT_READY_H
#define FORMAT_READY_H

#include <core/diag.h>
#include <khoboot/compiler.h>

#define READY_MAGIC   "KHOREADY"
#define READY_VERSION 1

/* A kernel must begin at a multiple of this (Linux arch/x86/kernel/head64.c; PMD_SIZE). */
#define READY_ALIGN SZ_2M

/* __START_KERNEL_map: virtual address of physical address 0. */
#define READY_MAP 0xffffffff80000000ULL

/* flags: the kernel's EFI stub, which is not in it, asks to have memory cleared (overwrite.h) */
#define READY_OVERWRITE 1u

struct ready_header {
	char magic[8];
	uint32_t version;
	uint32_t size;         /* of this header */
	uint64_t bzimage;      /* offset */
	uint64_t bzimage_size; /* bytes */
	uint64_t relocs;       /* offset, a multiple of 4 */
	uint64_t relocs32;     /* how many of each kind; none: the kernel is not relocatable */
	uint64_t relocs64;
	uint64_t relocs_inverse;
	uint64_t image;  /* offset, whole pages */
	uint64_t memory; /* bytes of the image, whole pages */
	uint64_t loaded; /* of these that are not zero; only they are relocated */
	uint64_t entry;  /* of the 64-bit entry, from the image's first byte on */
	uint64_t flags;  /* others than these are for later versions */
};

struct ready {
	const uint8_t *bzimage;
	uint64_t bzimage_size;
	const uint8_t *relocs;
	uint64_t relocs32, relocs64, relocs_inverse;
	const uint8_t *image;
	uint64_t memory;
	uint64_t loaded;
	uint64_t entry;
	uint64_t flags;
};

/* Is this a ready kernel, sound or not? */
bool ready_is(const void *data, uint64_t size);

/*
 * ready_open - read and check @size bytes at @data
 * @ret: points into @data; untouched on failure
 *
 * After KB_OK every part lies in @data, entry and all fields that are relocated lie in the first
 * @loaded bytes of the image. What bzimage holds is for bzimage_parse_setup() to check.
 *
 * Returns KB_OK, KB_READY_SHORT, KB_READY_VERSION, KB_READY_SHAPE, KB_READY_RELOC.
 */
__must_check enum kb_status ready_open(const void *data, uint64_t size, struct ready *ret,
				       struct kb_diag *diag);

/*
 * ready_relocate - make the kernel at @image one that is linked for @delta bytes more
 * @image: ready->loaded bytes, the kernel as ready->image has it
 */
void ready_relocate(const struct ready *r, uint8_t *image, uint64_t delta);

/* Does the kernel have an address space layout that can be randomized? */
static inline bool ready_relocatable(const struct ready *r)
{
	return r->relocs32 || r->relocs64;
}

#endif
