/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laying out a UKI for both doors: sections appended to a khoboot stub at file offsets that are
 * their virtual addresses, and the size fields that firmware and kexec read.
 */
#ifndef KHOCTL_IMAGE_H
#define KHOCTL_IMAGE_H

#include <core/mem.h>
#include <format/pe.h>

#include "buffer.h"

/*
 * All of an image that kexec loads: what its header asks for may not pass this (format/bzimage.c,
 * format/arm64_image.c).
 */
#define IMAGE_MAX SZ_1G

/* What firmware alone starts: sizes and offsets of PE have 32 bits. */
#define IMAGE_FILE_MAX ((4ULL << 30) - SZ_4K)

/* A section to add, or to replace by name; an empty one is taken out of the image. */
struct image_part {
	const char *name; /* at most PE_NAME_MAX characters, ".text" and the like excepted */
	const void *data;
	size_t size; /* bytes */
};

/*
 * image_open - check that @size bytes at @data are an unsigned khoboot image, laid out or not
 *
 * Of either architecture; ret->machine says of which.
 *
 * Returns KB_OK and @ret, which points into @data; what pe_open() with PE_FILE returns;
 * KB_CTL_NOT_STUB, KB_CTL_SIGNED. @ret is untouched on failure.
 */
__must_check enum kb_status image_open(const void *data, size_t size, struct pe *ret,
				       struct kb_diag *diag);

/*
 * image_check - check that @size bytes at @data start through either door as they are
 * @ret: the image in flat layout, with offsets in the file; untouched on failure
 *
 * For a finished and perhaps signed file. Returns KB_OK; KB_CTL_TOO_BIG for one that only firmware
 * starts, and all else in order; what pe_find_header(), pe_open() with
 * PE_FLAT, and bzimage_parse() or arm64_image_parse() return, or KB_CTL_NOT_STUB.
 */
__must_check enum kb_status image_check(const void *data, size_t size, struct pe *ret,
					struct kb_diag *diag);

/*
 * image_layout - write the image of @stub with @parts
 * @stub: from image_open()
 * @parts: kept in the order given when new, and in the place of the section they replace
 * @out: an empty buffer that receives the file
 *
 * Sections of the stub that @parts do not name are kept, with all their bytes. Code and data of the
 * stub stay where they were linked. The same input gives the same bytes, and a file made here is
 * not changed by doing it again.
 *
 * An image that is too large for kexec has no size in the fields that kexec reads, so that it is
 * refused there.
 *
 * Returns KB_OK, KB_CTL_ROOM, KB_CTL_FILE_SIZE, KB_CTL_NOT_STUB when the stub's own sections were
 * moved apart, or what pe_open() returns for the result. @out is not to be used on failure.
 */
__must_check enum kb_status image_layout(const struct pe *stub, const struct image_part *parts,
					 size_t count, struct buffer *out, struct kb_diag *diag);

#endif
