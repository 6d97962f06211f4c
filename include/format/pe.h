/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PE32+ headers and the section table, read and checked.
 *
 * The same code reads a whole file (khoctl), an image that UEFI firmware mapped, and an image that
 * kexec loaded. On x86_64 kexec loads only the part from KB_SETUP_SIZE on, so nothing here reads
 * the DOS header except pe_find_header(). Images of both architectures can be read on either.
 *
 * Sources: Microsoft PE/COFF specification ("COFF File Header", "Optional Header", "Section
 * Table"); UEFI 2.10 section 2.1.1.
 */
#ifndef FORMAT_PE_H
#define FORMAT_PE_H

#include <core/mem.h>
#include <khoboot/compiler.h>
#include <khoboot/status.h>

/* "MS-DOS Stub": the part of the DOS header that PE uses. */
struct pe_dos_header {
	char magic[2]; /* "MZ" */
	uint8_t pad[0x3a];
	uint32_t pe_offset; /* of "PE\0\0" in the file */
} __packed;

/* "Signature" and "COFF File Header". */
struct pe_coff_header {
	char signature[4]; /* "PE\0\0" */
	uint16_t machine;
	uint16_t sections; /* NumberOfSections */
	uint32_t timestamp;
	uint32_t symbol_table; /* PointerToSymbolTable */
	uint32_t symbols;
	uint16_t optional_size; /* SizeOfOptionalHeader; it follows, then the section table */
	uint16_t characteristics;
} __packed;

/* "Optional Header" of PE32+, up to the data directories. */
struct pe_optional_header {
	uint16_t magic;
	uint8_t linker_major, linker_minor;
	uint32_t code_size;
	uint32_t init_data_size; /* SizeOfInitializedData */
	uint32_t bss_size;
	uint32_t entry; /* AddressOfEntryPoint */
	uint32_t code_base;
	uint64_t image_base;
	uint32_t section_align;
	uint32_t file_align;
	uint16_t os_major, os_minor;
	uint16_t image_major, image_minor;
	uint16_t subsystem_major, subsystem_minor;
	uint32_t win32_version;
	uint32_t image_size;   /* SizeOfImage */
	uint32_t headers_size; /* SizeOfHeaders */
	uint32_t checksum;
	uint16_t subsystem;
	uint16_t dll_characteristics;
	uint64_t stack_reserve, stack_commit;
	uint64_t heap_reserve, heap_commit;
	uint32_t loader_flags;
	uint32_t directories; /* NumberOfRvaAndSizes */
} __packed;

/* "Optional Header Data Directories". */
struct pe_directory {
	uint32_t va; /* of the certificate table: a file offset */
	uint32_t size;
} __packed;

/* An entry of the "Section Table". */
struct pe_section_header {
	char name[8];
	uint32_t vsize;    /* VirtualSize */
	uint32_t va;       /* VirtualAddress */
	uint32_t raw_size; /* SizeOfRawData */
	uint32_t raw;      /* PointerToRawData */
	uint32_t relocations;
	uint32_t line_numbers;
	uint16_t relocation_count;
	uint16_t line_number_count;
	uint32_t flags; /* Characteristics */
} __packed;

_Static_assert(sizeof(struct pe_dos_header) == 0x40, "DOS header");
_Static_assert(offsetof(struct pe_coff_header, optional_size) == 20, "optional_size");
_Static_assert(sizeof(struct pe_coff_header) == 24, "COFF header");
_Static_assert(offsetof(struct pe_optional_header, entry) == 16, "entry");
_Static_assert(offsetof(struct pe_optional_header, section_align) == 32, "section_align");
_Static_assert(offsetof(struct pe_optional_header, image_size) == 56, "image_size");
_Static_assert(offsetof(struct pe_optional_header, checksum) == 64, "checksum");
_Static_assert(offsetof(struct pe_optional_header, directories) == 108, "directories");
_Static_assert(sizeof(struct pe_optional_header) == 112, "optional header");
_Static_assert(sizeof(struct pe_directory) == 8, "directory");
_Static_assert(offsetof(struct pe_section_header, raw) == 20, "raw");
_Static_assert(offsetof(struct pe_section_header, flags) == 36, "flags");
_Static_assert(sizeof(struct pe_section_header) == 40, "section header");

#define PE_SECTION_SIZE  40 /* bytes of struct pe_section_header */
#define PE_SECTION_MAX   96 /* what firmware and Linux accept */
#define PE_NAME_MAX      8
#define PE_MACHINE_AMD64 0x8664
#define PE_MACHINE_ARM64 0xaa64

#define PE_SCN_CODE    0x00000020u
#define PE_SCN_DATA    0x00000040u /* initialized data */
#define PE_SCN_EXECUTE 0x20000000u
#define PE_SCN_READ    0x40000000u
#define PE_SCN_WRITE   0x80000000u

/*
 * Bytes [start, end) of a file or of an image, readable through @data. Offsets always count from
 * the first byte of the file, even if that is not in memory.
 */
struct pe_view {
	const void *data; /* the byte at offset @start */
	uint64_t start;   /* 0, or KB_SETUP_SIZE when kexec loaded the image */
	uint64_t end;     /* offset of the first byte after the view */
};

/* Where the bytes of a section are in the view. */
enum pe_layout {
	PE_FILE,   /* a file: at PointerToRawData */
	PE_MAPPED, /* firmware mapped the sections: at VirtualAddress */
	PE_FLAT,   /* kexec loaded the file as it is: both must be equal */
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

/* @len bytes at @offset; NULL if the view does not contain all of them. */
const void *pe_view_get(const struct pe_view *v, uint64_t offset, uint64_t len);

/*
 * pe_find_header - offset of the PE header of a whole file (view.start is 0)
 *
 * Returns KB_OK; KB_PE_TRUNCATED, KB_PE_MAGIC without "MZ". @ret is untouched on failure.
 */
__must_check enum kb_status pe_find_header(const struct pe_view *v, uint64_t *ret,
					   struct kb_diag *diag);

/*
 * pe_open - validate headers and section table
 * @v: bytes of the image; the view must outlive @ret
 * @header: offset of the PE header, from pe_find_header() or KB_PE_OFFSET
 * @layout: where the sections are, which decides what they are checked against
 * @ret: the image; untouched on failure
 * @diag: where and what, or NULL
 *
 * After KB_OK every section lies entirely in the view, after the headers, and shares no byte with
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
 * Bytes of content of @s: VirtualSize, or SizeOfRawData if that is smaller (the rest is zeros that
 * are not in the file) or if VirtualSize is 0.
 */
uint64_t pe_section_size(const struct pe_section *s);

#endif
