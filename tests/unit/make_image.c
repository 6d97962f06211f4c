// SPDX-License-Identifier: BSD-2-Clause
/* Images made by hand, byte by byte; see make_image.h. */
#include "make_image.h"

#include <khoboot/layout.h>
#include <string.h>

static void grow(struct buffer *b, size_t size)
{
	static const uint8_t zeros[4096];

	while (b->size < size)
		buffer_append(b, zeros,
			      size - b->size < sizeof(zeros) ? size - b->size : sizeof(zeros));
}

/* The setup header that the kernel of both files shares: protocol 2.15, 64 bits, relocatable. */
static void setup_header(uint8_t *d, uint8_t sects, uint32_t loaded, uint32_t init_size)
{
	memcpy(d, "MZ", 2);
	d[0x1f1] = sects;
	put_u32(d + 0x1f4, loaded / 16);
	put_u16(d + 0x1fe, 0xaa55);
	memcpy(d + 0x200,
	       "\xeb\x6a"
	       "HdrS",
	       6);
	put_u16(d + 0x206, 0x020f);
	d[0x211] = 1;
	put_u32(d + 0x230, 0x200000);
	d[0x234] = 1;
	d[0x235] = 21;
	put_u16(d + 0x236, 0x63);
	put_u32(d + 0x238, 2047);
	put_u64(d + 0x258, 0x1000000);
	put_u32(d + 0x260, init_size);
}

static void section(uint8_t *e, const char *name, uint32_t at, uint32_t size, uint32_t flags)
{
	memcpy(e, name, strlen(name));
	put_u32(e + SEC_VSIZE, size);
	put_u32(e + SEC_VA, at);
	put_u32(e + SEC_RAW_SIZE, 0x1000);
	put_u32(e + SEC_RAW, at);
	put_u32(e + SEC_FLAGS, flags);
}

static void pe_header(uint8_t *d)
{
	uint8_t *opt = d + STUB_OPT;

	put_u32(d + 0x3c, STUB_COFF);
	memcpy(d + STUB_COFF, "PE\0\0\x64\x86\x05", 8);
	put_u16(d + STUB_COFF + 20, 240);
	put_u16(d + STUB_COFF + 22, 0x226);
	put_u16(opt, 0x20b);
	put_u32(opt + 16, 0x2000);
	put_u32(opt + 32, 0x1000);
	put_u32(opt + 36, 0x200);
	put_u32(opt + 56, STUB_SIZE);
	put_u32(opt + 60, 0x2000);
	put_u16(opt + 68, 10);
	put_u16(opt + 70, 0x100);
	put_u32(opt + 108, 16);
}

void make_stub(struct buffer *b)
{
	uint8_t *d;

	b->size = 0;
	grow(b, STUB_SIZE);
	d = b->data;
	setup_header(d, 7, STUB_SIZE - 0x1000, STUB_SIZE - 0x1000 + KB_ARENA_SIZE);
	put_u16(d + 0x20e, 0x100);
	memcpy(d + 0x300, "khoboot 0.1", 12);
	pe_header(d);
	section(d + STUB_SECTION(0), ".text", 0x2000, 0x1000, 0x60000020);
	section(d + STUB_SECTION(1), ".rodata", 0x3000, 0xf00, 0x40000040);
	section(d + STUB_SECTION(2), ".data", 0x4000, 0x1000, 0xc0000040);
	section(d + STUB_SECTION(3), ".reloc", 0x5000, 0x200, 0x42000040);
	section(d + STUB_SECTION(4), ".sbat", 0x6000, 0x80, 0x40000040);
	for (size_t i = 0x2000; i < STUB_SIZE; i++)
		d[i] = (uint8_t)(i * 7 + i / 256);
}

uint32_t stub_at(const struct buffer *b, uint32_t x86)
{
	return get_u32(b->data + 0x3c) + x86 - STUB_COFF;
}

void make_section(struct buffer *b, const char *name, const void *data, size_t size)
{
	uint32_t count = get_u16(b->data + stub_at(b, STUB_COFF + 6));
	uint8_t *last = b->data + stub_at(b, STUB_SECTION(count - 1));
	uint32_t va = get_u32(last + SEC_VA) + get_u32(last + SEC_VSIZE);
	uint32_t raw = (uint32_t)b->size;
	uint8_t *e;

	va = (va + 0xfff) & ~0xfffu;
	buffer_append(b, data, size);
	buffer_align(b, 512);
	e = b->data + stub_at(b, STUB_SECTION(count));
	section(e, name, va, (uint32_t)size, 0x40000040);
	put_u32(e + SEC_RAW, raw);
	put_u32(e + SEC_RAW_SIZE, (uint32_t)b->size - raw);
	put_u16(b->data + stub_at(b, STUB_COFF + 6), (uint16_t)(count + 1));
	put_u32(b->data + stub_at(b, STUB_OPT + 56), (va + (uint32_t)size + 0xfff) & ~0xfffu);
}

void make_bzimage(struct buffer *b, const void *payload, size_t size)
{
	uint8_t *d;

	b->size = 0;
	grow(b, TEST_BZ_PAYLOAD);
	buffer_append(b, payload, size);
	grow(b, b->size + 64);
	d = b->data;
	setup_header(d, TEST_BZ_SETUP / 512 - 1, (uint32_t)b->size - TEST_BZ_SETUP, 0x4000000);
	put_u16(d + 0x20e, 0x100);
	memcpy(d + 0x300, TEST_RELEASE " (user@host) #1", sizeof(TEST_RELEASE) + 15);
	put_u32(d + 0x248, TEST_BZ_PAYLOAD - TEST_BZ_SETUP);
	put_u32(d + 0x24c, (uint32_t)size);
}

void make_arm64_stub(struct buffer *b)
{
	make_stub(b);
	memmove(b->data + 0x40, b->data + STUB_COFF, 0x2000 - STUB_COFF);
	memset(b->data, 0, 0x40);
	put_u32(b->data + 0x3c, 0x40);
	memset(b->data + 0x2000 - STUB_COFF + 0x40, 0, STUB_COFF - 0x40);
	section(b->data + stub_at(b, STUB_SECTION(0)), ".text", 0x1000, 0x2000, 0x60000020);
	put_u32(b->data + stub_at(b, STUB_SECTION(0) + SEC_RAW_SIZE), 0x2000);
	put_u32(b->data + stub_at(b, STUB_OPT + 60), 0x1000);
	memcpy(b->data, "MZ\x40\xfa", 4);
	put_u64(b->data + IMG_SIZE, STUB_SIZE + KB_ARENA_SIZE);
	put_u64(b->data + IMG_FLAGS, 8);
	memcpy(b->data + IMG_MAGIC, "ARM\x64", 4);
	memcpy(b->data + 0xf00, "khoboot 0.1", 12);
	put_u16(b->data + 0x44, 0xaa64);
}

void make_arm64_image(struct buffer *b, const void *content, size_t size)
{
	static const char banner[] = "Linux version " TEST_RELEASE " (user@host) #1";

	b->size = 0;
	grow(b, 0x1000);
	buffer_append(b, content, size);
	put_u64(b->data + IMG_SIZE, b->size + 0x10000);
	put_u64(b->data + IMG_FLAGS, 8 | 2 << 1);
	memcpy(b->data + IMG_MAGIC, "ARM\x64", 4);
	memcpy(b->data + 0x800, banner, sizeof(banner));
}

void make_zboot(struct buffer *b, const char *packing, const void *payload, size_t size)
{
	b->size = 0;
	grow(b, TEST_ZBOOT_PAYLOAD);
	memcpy(b->data, "MZ\0\0zimg", 8);
	put_u32(b->data + 8, TEST_ZBOOT_PAYLOAD);
	put_u32(b->data + 12, (uint32_t)size);
	strcpy((char *)b->data + 24, packing);
	put_u32(b->data + 0x38, 0x818223cd);
	buffer_append(b, payload, size);
	buffer_append(b, "size", 4);
}

/* ---- ready kernels --------------------------------------------------------------------------- */

void make_ready(struct buffer *b, bool packed)
{
	static const uint32_t relocs[TEST_READY_RELOCS] = {0x0, 0x17fc, 0x10, 0x17f8, 0x20};
	struct buffer bz = {0};
	const uint32_t at = 0x800;
	uint64_t image;

	make_bzimage(&bz, "packed", 6);
	b->size = 0;
	grow(b, packed ? 0x3000 : TEST_READY_IMAGE);
	image = b->size;
	grow(b, image + TEST_READY_MEMORY);
	memset(b->data + image, 0x11, TEST_READY_LOADED);
	memcpy(b->data, "KHOREADY", 8);
	put_u32(b->data + 8, 1);
	put_u32(b->data + 12, 104);
	put_u64(b->data + READY_AT_BZIMAGE, packed ? 0x900 : 0x80);
	put_u64(b->data + READY_AT_BZIMAGE_SIZE, packed ? bz.size : TEST_BZ_SETUP);
	put_u64(b->data + READY_AT_RELOCS, packed ? at : 0x900);
	put_u64(b->data + READY_AT_RELOCS32, 2);
	put_u64(b->data + READY_AT_RELOCS64, 2);
	put_u64(b->data + READY_AT_INVERSE, 1);
	put_u64(b->data + READY_AT_IMAGE, image);
	put_u64(b->data + READY_AT_MEMORY, TEST_READY_MEMORY);
	put_u64(b->data + READY_AT_LOADED, TEST_READY_LOADED);
	put_u64(b->data + READY_AT_ENTRY, TEST_READY_ENTRY);
	memcpy(b->data + (packed ? 0x900 : 0x80), bz.data, packed ? bz.size : TEST_BZ_SETUP);
	for (size_t i = 0; i < TEST_READY_RELOCS; i++)
		put_u32(b->data + (packed ? at : 0x900) + 4 * i, relocs[i]);
	buffer_free(&bz);
}

static void segment(uint8_t *p, uint64_t offset, uint64_t address, uint64_t file, uint64_t memory)
{
	put_u32(p, 1);
	put_u64(p + 8, offset);
	put_u64(p + 16, 0xffffffff80000000ULL + address);
	put_u64(p + 24, address);
	put_u64(p + 32, file);
	put_u64(p + 40, memory);
}

void make_vmlinux(struct buffer *b, const uint32_t *relocs, size_t words)
{
	const uint32_t second = 0x1000 + TEST_ELF_FIRST, end = second + TEST_ELF_SECOND;
	uint8_t *d, *p;

	b->size = 0;
	grow(b, end + 2 * 64);
	d = b->data;
	p = d + TEST_ELF_PHDR;
	memcpy(d, "\177ELF\2\1\1", 7);
	d[16] = 2;
	d[18] = 62;
	put_u64(d + 24, TEST_ELF_LINK + TEST_ELF_ENTRY);
	put_u64(d + 32, TEST_ELF_PHDR);
	put_u64(d + 40, end);
	put_u16(d + 52, 64);
	put_u16(d + 54, 56);
	put_u16(d + 56, 3);
	put_u16(d + 58, 64);
	put_u16(d + 60, 2);
	segment(p, 0x1000, TEST_ELF_LINK, TEST_ELF_FIRST, TEST_ELF_FIRST);
	segment(p + 56, second, TEST_ELF_LINK + 0x100000, TEST_ELF_SECOND, 2 * TEST_ELF_SECOND);
	put_u32(p + 2 * 56, 4); /* PT_NOTE */
	for (uint32_t i = 0x1000; i < end; i++)
		d[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t i = 0; i < words; i++) {
		uint8_t word[4];

		put_u32(word, relocs[i]);
		buffer_append(b, word, sizeof(word));
	}
}
