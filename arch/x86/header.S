/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The headers that make one file a PE32+ application and a bzImage.
 *
 * bzImage side: Linux Documentation/arch/x86/boot.rst; the checks are those of
 * arch/x86/kernel/kexec-bzimage64.c:bzImage64_probe and bzImage64_load. kexec loads only what lies
 * after the setup sectors, so the PE header and the section table are in the loaded part.
 * PE side: <arch/pe_header.inc>.
 */
#include <arch/pe_header.inc>
#include <khoboot/layout.h>

	.section .header, "a"
	.code16
dos_header:
	.ascii	"MZ"
	.org	0x3c
	.long	pe_header - dos_header

/* ---- setup header -------------------------------------------------------------------------- */
	.org	0x1f1
	.byte	KB_SETUP_SIZE / 512 - 1	/* setup_sects */
	.word	0	/* root_flags */
	.long	image_syssize - dos_header	/* syssize, 16-byte units; khoctl corrects it */
	.word	0
	.word	0xffff	/* vid_mode: normal */
	.word	0
	.word	0xaa55	/* boot_flag */
	.org	0x200
	.byte	0xeb, setup_code - 1f	/* jump; its length byte says where the header ends */
1:	.ascii	"HdrS"
	.word	0x020f	/* version */
	.long	0	/* realmode_swtch */
	.word	0
	.word	version_string - dos_header - 0x200	/* kernel_version */
	.byte	0	/* type_of_loader */
	.byte	1	/* loadflags: LOADED_HIGH */
	.word	0
	.long	0x100000	/* code32_start */
	.long	0, 0	/* ramdisk_image, ramdisk_size */
	.long	0
	.word	0
	.byte	0, 0
	.long	0	/* cmd_line_ptr */
	.long	0x7fffffff	/* initrd_addr_max */
	.long	0x1000	/* kernel_alignment: any page will do */
	.byte	1	/* relocatable_kernel */
	.byte	12	/* min_alignment, log2 */
	/* xloadflags: KERNEL_64, CAN_BE_LOADED_ABOVE_4G, 5LEVEL, 5LEVEL_ENABLED */
	.word	0x0063
	.long	KB_CMDLINE_MAX	/* cmdline_size */
	.long	0	/* hardware_subarch */
	.quad	0
	.long	0, 0	/* payload_offset, payload_length: nothing packed */
	.quad	0	/* setup_data: kexec starts its list from this value */
	.quad	0x100000	/* pref_address */
	.long	image_init_size - dos_header	/* init_size; khoctl corrects it */
	.long	0	/* handover_offset: no EFI handover entry */
	.long	0	/* kernel_info_offset */

/* Started as a boot sector or by a BIOS loader: say so on the screen and stop. */
setup_code:
	cld
	push	%cs
	pop	%ds
	movw	$(bios_message - dos_header - 0x200), %si
1:	lodsb
	testb	%al, %al
	jz	2f
	movb	$0x0e, %ah
	movw	$7, %bx
	int	$0x10
	jmp	1b
2:	hlt
	jmp	2b
bios_message:
	.asciz	"khoboot: no 16-bit entry. Start it from UEFI firmware or with kexec.\r\n"
version_string:
	.asciz	KB_VERSION_STRING

/* ---- protected-mode part: the first byte that kexec loads ----------------------------------- */
	.org	KB_SETUP_SIZE
	.code32
	/*
	 * The 32-bit entry, %esi = boot_params: of BIOS loaders, and of GRUB where it does not
	 * start kernels through EFI. Memory is flat, but nothing else is known, so the address of
	 * the text comes from a call, with the scratch field of boot_params (0x1e4) as its stack.
	 * The text goes to COM1 and, where there is one, to the VGA text screen.
	 */
	cld
	leal	0x1e8(%esi), %esp
	call	1f
1:	popl	%ebp
	movl	$0xb8000, %edi
	addl	$entry32_message - 1b, %ebp
2:	movzbl	(%ebp), %ebx
	testl	%ebx, %ebx
	jz	5f
	movl	$0x10000, %ecx			/* a port that is not there is never ready */
3:	movw	$0x3fd, %dx
	inb	%dx, %al
	testb	$0x20, %al
	loopz	3b
	movb	%bl, %al
	movw	$0x3f8, %dx
	outb	%al, %dx
	cmpb	$' ', %bl
	jb	4f				/* the line's end is for the serial port */
	movb	$7, %bh				/* grey on black */
	movw	%bx, (%edi)
	addl	$2, %edi
4:	incl	%ebp
	jmp	2b
5:	hlt
	jmp	5b
entry32_message:
	.asciz	"khoboot: no 32-bit entry. Use UEFI (GRUB: chainloader) or kexec.\r\n"
	.org	KB_SETUP_SIZE + 0x200
	.code64
	jmp	bare_entry			/* the 64-bit entry, %rsi = boot_params */

/* ---- PE header ------------------------------------------------------------------------------ */
	.org	KB_PE_OFFSET
	pe_headers 0x8664, KB_HEADERS_SIZE_X86
	.org	KB_HEADERS_SIZE_X86

	pe_contents
