/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arm64 kernel image, as needed to start it: `Image`, or an `Image` packed with gzip or
 * Zstandard, bare (Image.gz, Image.zst) or in an EFI zboot image (vmlinuz.efi).
 *
 * What distributions ship as vmlinuz: Debian an Image (12 and 13, signed: a PE file with the
 * signature at its end), Ubuntu an Image.gz, Fedora a zboot image.
 *
 * Sources: Linux Documentation/arch/arm64/booting.rst; arch/arm64/include/asm/image.h;
 * drivers/firmware/efi/libstub/zboot-header.S and Makefile.zboot; the checks are those of
 * arch/arm64/kernel/kexec_image.c:image_load, and some more.
 */
#ifndef FORMAT_ARM64_IMAGE_H
#define FORMAT_ARM64_IMAGE_H

#include <format/unpack.h>

#define ARM64_HEADER_SIZE 64
/* Offsets in the header (booting.rst, "Call the kernel image"). All fields are little endian. */
#define ARM64_TEXT_OFFSET 8
#define ARM64_IMAGE_SIZE  16
#define ARM64_FLAGS       24
#define ARM64_MAGIC       56 /* "ARM\x64" */

#define ARM64_FLAG_BIG_ENDIAN 0x1 /* the kernel runs big endian */
#define ARM64_FLAG_PAGE_SHIFT 1   /* 0 not specified, 1 4K, 2 16K, 3 64K */
#define ARM64_FLAG_PAGE_MASK  0x3 /* after shifting */
#define ARM64_FLAG_ANYWHERE   0x8 /* may be anywhere in RAM, not only near its start */

/* Longest command line that the kernel reads, without NUL (COMMAND_LINE_SIZE). */
#define ARM64_CMDLINE_MAX 2047
/* The kernel's address is a multiple of this, plus text_offset (MIN_KIMG_ALIGN). */
#define ARM64_KERNEL_ALIGN SZ_2M

struct arm64_image {
	uint64_t text_offset; /* bytes from a multiple of 2 MiB; less than 2 MiB */
	uint64_t image_size; /* bytes that the kernel uses from its first byte on, including .bss */
	uint32_t page_size;  /* bytes; 0: the kernel does not say */
};

/*
 * arm64_image_parse - read and check the ARM64_HEADER_SIZE bytes of an unpacked kernel's header
 * @diag: at = offset of the offending field
 *
 * After KB_OK: image_size is at least the header's and at most 1 GiB, text_offset a multiple of
 * 4 KiB.
 *
 * Returns KB_OK, KB_ARM64_MAGIC, KB_ARM64_OLD, KB_ARM64_SIZE, KB_ARM64_OFFSET,
 * KB_ARM64_BIG_ENDIAN, KB_ARM64_FIXED. @ret is untouched on failure.
 */
__must_check enum kb_status arm64_image_parse(const void *header, struct arm64_image *ret,
					      struct kb_diag *diag);

/*
 * arm64_image_find - the Image in a file of @size bytes, as it is or packed
 * @ret: points into @data
 * @diag: at = offset in the file
 *
 * Returns KB_OK; KB_ARM64_SHORT; KB_ARM64_MAGIC for another kind of file; KB_ZBOOT_PAYLOAD,
 * KB_ZBOOT_PACKING. @ret is untouched on failure.
 */
__must_check enum kb_status arm64_image_find(const void *data, uint64_t size, struct packed *ret,
					     struct kb_diag *diag);

/* A kernel in a file. Points into it. */
struct arm64_kernel {
	struct packed packed; /* with PACKING_NONE: the Image and what may follow it */
	struct arm64_image image;
};

/*
 * arm64_kernel_open - find the kernel in a file and read its header
 * @work: UNPACK_WORK_SIZE bytes, as for unpack_head()
 *
 * Of a packed kernel, only the header is unpacked.
 *
 * Returns what arm64_image_find(), unpack_head() and arm64_image_parse() return, and
 * KB_ARM64_SIZE when an unpacked kernel is longer than its image_size by more than a signature
 * (1 MiB). @ret is untouched on failure.
 */
__must_check enum kb_status arm64_kernel_open(const void *data, uint64_t size, struct range work,
					      struct arm64_kernel *ret, struct kb_diag *diag);

/*
 * arm64_kernel_load - copy or unpack the kernel to @out, where image.image_size bytes are writable
 * @ret: bytes of kernel; the rest up to image_size is undefined, and the kernel clears it
 *
 * The header at @out is compared with the one read before.
 *
 * Returns KB_OK, KB_UNPACK, KB_UNPACK_WORK, KB_UNPACK_ROOM, or KB_ARM64_CHANGED.
 */
__must_check enum kb_status arm64_kernel_load(const struct arm64_kernel *k, void *out,
					      struct range work, uint64_t *ret,
					      struct kb_diag *diag);

#endif
