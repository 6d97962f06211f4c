/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The headers that make one file a PE32+ application and an arm64 Image.
 *
 * Image side: Linux Documentation/arch/arm64/booting.rst; the checks are those of
 * arch/arm64/kernel/kexec_image.c:image_load. kexec loads the file whole.
 * PE side: Microsoft PE/COFF specification, UEFI 2.10 section 2.1.1; that both fit into one another
 * is how Linux does it, arch/arm64/kernel/efi-header.S.
 */
#include <khoboot/layout.h>

	.section .header, "a"
dos_header:
	.long	0xfa405a4d	/* code0: "MZ", and ccmp x18, #0, #0xd, pl */
	b	bare_entry	/* code1 */
	.quad	0	/* text_offset */
	/* image_size, with the arena; khoctl corrects it. */
	.quad	image_memory_size - dos_header
	.quad	8	/* flags: little endian, any page size, anywhere in RAM */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	pe_header - dos_header

/* ---- PE header ------------------------------------------------------------------------------ */
	.org	KB_PE_OFFSET
pe_header:
	.ascii	"PE\0\0"
	.short	0xaa64	/* Machine: arm64 */
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
	.long	KB_HEADERS_SIZE_ARM64	/* SizeOfHeaders */
	.long	0	/* CheckSum */
	.short	10	/* EFI application */
	.short	0x0100	/* NX_COMPAT */
	.quad	0, 0, 0, 0	/* stack and heap: unused by UEFI */
	.long	0
	.long	16	/* NumberOfRvaAndSizes */
	.quad	0, 0, 0, 0, 0	/* export, import, resource, exception, certificate */
	.long	reloc_rva - dos_header, 12	/* base relocations: one block, no zeros behind */
	.quad	0, 0, 0, 0, 0, 0, 0, 0, 0, 0

.macro section name, start, bytes, raw, flags
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
section_table:
	section	".text",   text_rva,   text_bytes,   text_bytes,   0x60000020	/* R X */
	section	".rodata", rodata_rva, rodata_bytes, rodata_bytes, 0x40000040	/* R */
	section	".data",   data_rva,   rwdata_bytes, rwdata_bytes, 0xc0000040	/* R W */
	section	".sbat",   sbat_rva,   sbat_bytes,   sbat_raw,      0x40000040	/* R */
section_table_end:
	.org	KB_VERSION_OFFSET_ARM64
	.asciz	KB_VERSION_STRING
	.org	KB_HEADERS_SIZE_ARM64

	.section .reloc, "a"
	/* One block without entries: the image relocates itself, loaders want to see the table. */
	.long	0, 12
	.short	0, 0

	.section .sbat, "a"
	.incbin	"efi/sbat.csv"

	.section .note.GNU-stack, "", %progbits
