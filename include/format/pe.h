/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PE32+ headers and the section table, read and proven sound.
 *
 * The same code reads a whole file (khoctl), an image that UEFI firmware mapped, and an image that
 * kexec loaded: of that, on x86_64 only the part from KB_SETUP_SIZE on is in memory, so nothing
 * here reads the DOS header except pe_find_header(). Images of both architectures are read on
 * either.
 *
 * Sources: Microsoft PE/COFF specification ("COFF File Header", "Optional Header", "Section
 * Table"); UEFI 2.10 section 2.1.1.
 */
#ifndef FORMAT_PE_H
#define FORMAT_PE_H

#include <core/mem.h>
#include <khoboot/compiler.h>
#include <khoboot/status.h>

#define PE_SECTION_SIZE  40 /* bytes of one entry of the section table */
#define PE_SECTION_MAX   96 /* what firmware and Linux accept */
#define PE_NAME_MAX      8
#define PE_MACHINE_AMD64 0x8664
#define PE_MACHINE_ARM64 0xaa64

#define PE_SCN_CODE    0x00000020u
#define PE_SCN_DATA    0x00000040u /* initialized data */
#define PE_SCN_EXECUTE 0x20000000u
#define PE_SCN_READ    0x40000000u
#define PE_SCN_WRITE   0x80000000u

/* Bytes [start, end) of a file or of an image, readable through @data. Offsets count from the
 * first byte of the file, also where the beginning is not in memory. */
struct pe_view {
	const void *data; /* the byte at offset @start */
	uint64_t start;   /* 0, or KB_SETUP_SIZE when kexec loaded the image */
	uint64_t end;     /* offset behind the last byte */
};

/* Where the bytes of a section are, seen from the view. */
enum pe_layout {
	PE_FILE,   /* a file: at PointerToRawData */
	PE_MAPPED, /* firmware mapped the sections: at VirtualAddress */
	PE_FLAT,   /* kexec loaded the file as it is: both must be the same number */
};

/* A PE image whose headers and sections passed pe_open(). Points into the view. */
struct pe {
	struct pe_view view;
	enum pe_layout layout;
	uint16_t machine; /* PE_MACHINE_AMD64 or PE_MACHINE_ARM64 */
	uint64_t header;  /* offset of "PE\0\0" */
	uint64_t table;   /* offset of the section table */
	uint32_t sections;
	uint32_t section_align;
	uint32_t file_align;
	uint32_t image_size;   /* SizeOfImage, bytes */
	uint32_t headers_size; /* SizeOfHeaders, bytes */
	uint32_t entry;        /* AddressOfEntryPoint */
	uint32_t cert_offset;  /* certificate table: file offset and bytes; 0, 0 when unsigned */
	uint32_t cert_size;
};

/* One entry of the section table. */
struct pe_section {
	char name[PE_NAME_MAX + 1]; /* NUL-terminated; longer names are cut by the format */
	uint32_t va;
	uint32_t vsize;
	uint32_t raw;
	uint32_t raw_size;
	uint32_t flags;
};

/* @len bytes at @offset of the view; NULL when they are not all in it. */
const void *pe_view_get(const struct pe_view *v, uint64_t offset, uint64_t len);

/*
 * pe_find_header - offset of the PE header of a whole file (view.start is 0)
 *
 * Returns KB_OK; KB_PE_TRUNCATED, KB_PE_MAGIC when there is no "MZ". @ret is untouched on failure.
 */
__must_check enum kb_status pe_find_header(const struct pe_view *v, uint64_t *ret,
					   struct kb_diag *diag);

/*
 * pe_open - validate headers and section table
 * @v: bytes of the image; the view must outlive @ret
 * @header: offset of the PE header, from pe_find_header() or KB_PE_OFFSET
 * @layout: where sections are looked for, and against what they are checked
 * @ret: the image; untouched on failure
 * @diag: where and what, or NULL
 *
 * After KB_OK every section lies whole in the view, behind the headers, and shares no byte with
 * another. A section without bytes (VirtualSize and SizeOfRawData 0) is ignored.
 *
 * Returns KB_OK, KB_PE_TRUNCATED, KB_PE_MAGIC, KB_PE_MACHINE, KB_PE_FORMAT, KB_PE_TABLE,
 * KB_PE_ALIGN, KB_PE_OUTSIDE, KB_PE_OVERLAP, KB_PE_WX, and with PE_FLAT KB_PE_VA_RAW.
 */
__must_check enum kb_status pe_open(const struct pe_view *v, uint64_t header, enum pe_layout layout,
				    struct pe *ret, struct kb_diag *diag);

/* Section @i, less than pe->sections. */
void pe_section(const struct pe *pe, uint32_t i, struct pe_section *ret);

/* Offset in the view at which the bytes of @s begin, by the image's layout. */
uint64_t pe_section_offset(const struct pe *pe, const struct pe_section *s);

/*
 * Bytes of content of @s: VirtualSize, or SizeOfRawData when that is smaller (the rest are zeros
 * that no file holds) or when VirtualSize is 0.
 */
uint64_t pe_section_size(const struct pe_section *s);

#endif
