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

/* What make_ready() writes: a kernel of two pages, with relocations of all three kinds. */
#define TEST_READY_RELOCS 5u
#define TEST_READY_IMAGE  0x1000u
#define TEST_READY_MEMORY 0x2000u
#define TEST_READY_LOADED 0x1800u
#define TEST_READY_ENTRY  0x40u
/* Offsets of header fields of 64 bits. */
enum {
	READY_AT_BZIMAGE = 16,
	READY_AT_BZIMAGE_SIZE = 24,
	READY_AT_RELOCS = 32,
	READY_AT_RELOCS32 = 40,
	READY_AT_RELOCS64 = 48,
	READY_AT_INVERSE = 56,
	READY_AT_IMAGE = 64,
	READY_AT_MEMORY = 72,
	READY_AT_LOADED = 80,
	READY_AT_ENTRY = 88,
	READY_AT_FLAGS = 96,
};

/* A ready kernel; with @packed the whole bzImage is in it, else its setup sectors. */
void make_ready(struct buffer *b, bool packed);

/*
 * A kernel as bzImages pack it: an ELF file of two program segments from 16 MiB on, the second at
 * 17 MiB, and behind its section headers @words relocations. The kernel's bytes are @fill.
 */
#define TEST_ELF_LINK   0x1000000u
#define TEST_ELF_FIRST  0x3000u /* bytes of the first segment in the file */
#define TEST_ELF_SECOND 0x2000u /* and of the second, which has as much .bss */
#define TEST_ELF_ENTRY  0x80u
#define TEST_ELF_PHDR   64u
void make_vmlinux(struct buffer *b, const uint32_t *relocs, size_t words);

#endif
