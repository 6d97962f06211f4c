/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The headers that make one file a PE32+ application and an arm64 Image.
 *
 * Image side: Linux Documentation/arch/arm64/booting.rst; the checks are those of
 * arch/arm64/kernel/kexec_image.c:image_load. kexec loads the file whole.
 * PE side: <arch/pe_header.inc>; Linux combines both headers in the same way,
 * arch/arm64/kernel/efi-header.S.
 */
#include <arch/pe_header.inc>
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
	pe_headers 0xaa64, KB_HEADERS_SIZE_ARM64
	.org	KB_VERSION_OFFSET_ARM64
	.asciz	KB_VERSION_STRING
	.org	KB_HEADERS_SIZE_ARM64

	pe_contents

	.section .note.GNU-stack, "", %progbits
