/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PE headers of khoboot.efi, for assembler: Microsoft PE/COFF specification, UEFI 2.10 section
 * 2.1.1. The numbers come from image.lds. dos_header is the first byte of the file.
 */
#ifndef ARCH_PE_HEADER_H
#define ARCH_PE_HEADER_H

.macro pe_section name, start, bytes, raw, flags
	.ascii	"\name"
	.org	. - (. - section_table) % 40 + 8
	.long	\bytes - dos_header	/* VirtualSize */
	.long	\start - dos_header	/* VirtualAddress */
	.long	\raw - dos_header	/* SizeOfRawData */
	.long	\start - dos_header	/* PointerToRawData, the same */
	.long	0, 0
	.short	0, 0
	.long	\flags
.endm

/* PE header and section table; @headers: file bytes up to the first section. */
.macro	pe_headers machine, headers
pe_header:
	.ascii	"PE\0\0"
	.short	\machine
	.short	(section_table_end - section_table) / 40
	.long	0	/* TimeDateStamp: reproducible */
	.long	0, 0
	.short	section_table - optional_header
	.short	0x0226	/* EXECUTABLE, LINE_NUMS/DEBUG_STRIPPED, LARGE_ADDRESS */
optional_header:
	.short	0x020b	/* PE32+ */
	.byte	0, 0
	.long	text_bytes - dos_header	/* SizeOfCode */
	.long	data_bytes - dos_header	/* SizeOfInitializedData */
	.long	0	/* SizeOfUninitializedData */
	.long	efi_entry_rva - dos_header	/* AddressOfEntryPoint */
	.long	text_rva - dos_header	/* BaseOfCode */
	.quad	0	/* ImageBase */
	.long	0x1000	/* SectionAlignment */
	.long	0x200	/* FileAlignment */
	.short	0, 0
	.short	0, 0	/* image version */
	.short	0, 0	/* subsystem version */
	.long	0
	.long	image_end_rva - dos_header	/* SizeOfImage */
	.long	\headers	/* SizeOfHeaders */
	.long	0	/* CheckSum */
	.short	10	/* EFI application */
	.short	0x0100	/* NX_COMPAT */
	.quad	0, 0, 0, 0	/* stack and heap: unused by UEFI */
	.long	0
	.long	16	/* NumberOfRvaAndSizes */
	.quad	0, 0, 0, 0, 0	/* export, import, resource, exception, certificate */
	.long	reloc_rva - dos_header, 12	/* base relocations: one block, no zeros behind */
	.quad	0, 0, 0, 0, 0, 0, 0, 0, 0, 0
section_table:
	pe_section ".text",   text_rva,   text_bytes,   text_bytes,   0x60000020	/* R X */
	pe_section ".rodata", rodata_rva, rodata_bytes, rodata_bytes, 0x40000040	/* R */
	pe_section ".data",   data_rva,   rwdata_bytes, rwdata_bytes, 0xc0000040	/* R W */
	pe_section ".sbat",   sbat_rva,   sbat_bytes,   sbat_raw,      0x40000040	/* R */
section_table_end:
.endm

/* What they point to. */
.macro	pe_contents
	.section .reloc, "a"
	/* One block without entries: the image relocates itself, loaders want to see the table. */
	.long	0, 12
	.short	0, 0

	.section .sbat, "a"
	.incbin	"efi/sbat.csv"
.endm

#endif
