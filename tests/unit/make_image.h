/* SPDX-License-Identifier: BSD-2-Clause */
/* Images made by hand: written from the format's documents, not with the code under test. */
#ifndef TEST_MAKE_IMAGE_H
#define TEST_MAKE_IMAGE_H

#include "../../tools/buffer.h"

#include <format/pe.h>

/* File offsets in what make_stub() writes; stub_at() has those of any stub. */
#define STUB_COFF       0x1400u
#define STUB_OPT        0x1418u
#define STUB_TABLE      0x1508u /* five sections */
#define STUB_SECTION(i) (STUB_TABLE + 40u * (i))
#define STUB_SIZE       0x7000u

/* Fields of a section, from its place in the table. */
enum { SEC_VSIZE = 8, SEC_VA = 12, SEC_RAW_SIZE = 16, SEC_RAW = 20, SEC_FLAGS = 36 };

/* A khoboot.efi without code: .text .rodata .data .reloc .sbat, a page each, from 0x2000 on. */
void make_stub(struct buffer *b);

/* The same for arm64: an Image header, PE headers right after it, .text from 0x1000 on. */
void make_arm64_stub(struct buffer *b);

/* @x86 is the offset of a part of the PE headers in an x86_64 stub; returns its offset in @b. */
uint32_t stub_at(const struct buffer *b, uint32_t x86);

/*
 * One more section, as tools that know nothing of kexec add it: the file grows by 512-byte steps.
 */
void make_section(struct buffer *b, const char *name, const void *data, size_t size);

/* Offsets in what make_bzimage() writes. */
#define TEST_BZ_SETUP   2048u
#define TEST_BZ_PAYLOAD (TEST_BZ_SETUP + 0x400u)
#define TEST_RELEASE    "7.3.4-test"

/* A bzImage of protocol 2.15 whose packed kernel is @payload. */
void make_bzimage(struct buffer *b, const void *payload, size_t size);

/* Fields of an arm64 Image's header. */
#define IMG_TEXT_OFFSET 8u
#define IMG_SIZE        16u
#define IMG_FLAGS       24u
#define IMG_MAGIC       56u

/*
 * An arm64 Image of 7.3.4-test with 16 KiB pages: @content from 0x1000 on, and another 64 KiB of
 * .bss that is not in the file. Without EFI stub.
 */
void make_arm64_image(struct buffer *b, const void *content, size_t size);

#define TEST_ZBOOT_PAYLOAD 0x2000u

/* An EFI zboot image of @payload; four bytes follow it that are not part of it. */
void make_zboot(struct buffer *b, const char *packing, const void *payload, size_t size);

#endif
