/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel that only does what kernels with CONFIG_AMD_MEM_ENCRYPT do first, before they have page
 * tables or a fault handler of their own: look through EFI's configuration table for a confidential
 * computing blob (Linux arch/x86/boot/startup, find_cc_blob_efi), and for ACPI's root pointer. Says
 * so and powers a q35 machine off. Whoever starts it must have mapped that memory.
 *
 * Flat code for the 64-bit entry of a bzImage, at most 512 bytes. %rsi = boot_params.
 */
	.code64
	.text
	cld
	movl	0x1d8(%rsi), %edi		/* efi_info: efi_systab_hi, efi_systab */
	shlq	$32, %rdi
	movl	0x1c4(%rsi), %eax
	orq	%rax, %rdi
	leaq	no_systab(%rip), %rbx
	jz	say
	movq	0x68(%rdi), %rcx		/* NumberOfTableEntries */
	movq	0x70(%rdi), %rbp		/* ConfigurationTable */
	/* That may be a virtual address by now: kexec passes the physical one in SETUP_EFI. */
	movq	0x250(%rsi), %rdx		/* setup_data */
1:	testq	%rdx, %rdx
	jz	2f
	cmpl	$4, 8(%rdx)
	jne	3f
	movq	32(%rdx), %rbp			/* efi_setup_data: tables */
3:	movq	(%rdx), %rdx
	jmp	1b
2:	imulq	$3, %rcx, %rcx			/* 24 bytes each */
4:	movq	(%rbp), %rax
	addq	$8, %rbp
	decq	%rcx
	jnz	4b
	movq	0x70(%rsi), %rdx		/* acpi_rsdp_addr */
	testq	%rdx, %rdx
	jz	5f
	movq	24(%rdx), %rdx			/* XsdtAddress */
	movq	(%rdx), %rax
5:	leaq	done(%rip), %rbx

say:	movb	(%rbx), %cl
	testb	%cl, %cl
	jz	off
	movw	$0x3fd, %dx
6:	inb	%dx, %al
	testb	$0x20, %al
	jz	6b
	movb	%cl, %al
	movw	$0x3f8, %dx
	outb	%al, %dx
	incq	%rbx
	jmp	say

off:	movw	$0x604, %dx			/* PM1a_CNT of q35: S5 */
	movw	$0x2000, %ax
	outw	%ax, %dx
	hlt

done:	.asciz	"\r\nstandin: read the tables of EFI and ACPI\r\n"
no_systab:
	.asciz	"\r\nstandin: there is no EFI system table\r\n"
