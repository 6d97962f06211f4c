/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first instructions of both doors, exception stubs, and the jump to the next kernel.
 */
	.section .text.entry, "ax"
	.code64

/*
 * Bare-metal door: 64-bit entry of the Linux boot protocol, from kexec's purgatory.
 * %rsi = boot_params; interrupts off; all RAM mapped 1:1 by tables of the outgoing kernel. Nothing
 * but our own image may be written until khoboot has tables of its own.
 */
	.globl	bare_entry
bare_entry:
	cli
	cld
	leaq	first_stack_top(%rip), %rsp
	xorl	%ebp, %ebp
	movq	%rsi, %rbx
	call	set_guard
	call	relocate_image
	movq	%rbx, %rdi
	leaq	image_base(%rip), %rsi
	call	bare_stack			/* does not return without one */
	movq	%rax, %rsp
	movq	%rbx, %rdi
	leaq	image_base(%rip), %rsi
	call	bare_main			/* does not return */
1:	hlt
	jmp	1b

/*
 * UEFI door: PE entry, Microsoft calling convention, %rcx = image handle, %rdx = system table.
 * Returns an EFI_STATUS; the %fs base is restored for firmware.
 */
	.globl	efi_entry
efi_entry:
	pushq	%rbp
	movq	%rsp, %rbp
	pushq	%rbx
	pushq	%rsi
	pushq	%rdi
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	subq	$8, %rsp			/* 64 bytes below %rbp: aligned */
	movq	%rcx, %r12
	movq	%rdx, %r13
	movl	$0xc0000100, %ecx		/* MSR_FS_BASE */
	rdmsr
	movl	%eax, %r14d
	movl	%edx, %r15d
	call	set_guard
	call	relocate_image
	movq	%r12, %rdi
	movq	%r13, %rsi
	leaq	image_base(%rip), %rdx
	call	efi_main
	movq	%rax, %rbx
	movl	%r14d, %eax
	movl	%r15d, %edx
	movl	$0xc0000100, %ecx
	wrmsr
	movq	%rbx, %rax
	addq	$8, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rdi
	popq	%rsi
	popq	%rbx
	popq	%rbp
	ret

/*
 * The compiler and Debian's libfdt.a find the stack guard at %fs:0x28. Make it random, from the
 * time stamp counter, which every CPU has.
 */
set_guard:
	rdtsc
	shlq	$32, %rdx
	orq	%rdx, %rax
	leaq	image_base(%rip), %rdx
	xorq	%rdx, %rax
	movabsq	$0x9e3779b97f4a7c15, %rdx
	imulq	%rdx, %rax
	xorb	%al, %al			/* a NUL byte stops string overruns */
	leaq	guard_block(%rip), %rdx
	movq	%rax, 0x28(%rdx)
	movq	%rdx, %rax
	shrq	$32, %rdx
	movl	$0xc0000100, %ecx
	wrmsr
	ret

relocate_image:
	leaq	image_base(%rip), %rdi
	leaq	_DYNAMIC(%rip), %rsi
	xorl	%edx, %edx
	xorl	%ecx, %ecx
	jmp	_relocate			/* gnu-efi */

/*
 * khoboot_jump(entry, boot_params, cr3), see <arch/cpu_x86.h>. The tables at @cr3 map the page that
 * holds this code, the kernel's window and boot_params.
 */
	.globl	khoboot_jump
khoboot_jump:
	cli
	movq	%rdx, %cr3
	xorl	%ebp, %ebp
	xorl	%ebx, %ebx
	/* tests/proof sets a breakpoint here: everything is in place, and nothing else runs. */
	.globl	khoboot_jump_point
khoboot_jump_point:
	jmp	*%rdi				/* %rsi = boot_params already */

/*
 * khoboot_restore(stub, moves, count, entry, boot_params, cr3), see <arch/cpu_x86.h>. The copy of
 * the stub, the moves and the tables lie outside all homes. From here on there is no stack.
 */
	.globl	khoboot_restore
khoboot_restore:
	cli
	movq	%r9, %cr3
	jmp	*%rdi

	.globl	restore_stub, restore_stub_end
	.set	CR0_WP, 1 << 16
/* %rsi = moves (struct kb_move), %rdx = how many, %rcx = entry, %r8 = boot_params */
restore_stub:
	movq	%rsi, %r9
	movq	%rcx, %r10
	movq	%cr0, %rax			/* a home may be where khoboot's own code is */
	movq	%rax, %r11
	andq	$~CR0_WP, %rax
	movq	%rax, %cr0
1:	testq	%rdx, %rdx
	jz	2f
	movq	(%r9), %rdi			/* home */
	movq	8(%r9), %rsi			/* copy */
	movq	16(%r9), %rcx			/* bytes, whole pages */
	shrq	$3, %rcx
	rep movsq
	addq	$24, %r9
	decq	%rdx
	jmp	1b
2:	movq	%r11, %cr0
	xorl	%ebp, %ebp
	xorl	%ebx, %ebx
	movq	%r8, %rsi
	jmp	*%r10
restore_stub_end:

	.globl	load_segments
load_segments:					/* reload all segment registers from the new GDT */
	popq	%rax
	pushq	$0x10
	pushq	%rax
	movl	$0x18, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	lretq

/* ---- exceptions ---------------------------------------------------------------------------- */
.macro	stub vector, has_code
trap_\vector:
	.if	\has_code == 0
	pushq	$0
	.endif
	pushq	$\vector
	jmp	trap_common
.endm

/*
 * A non-maskable interrupt is ignored, as by the kernel's decompressor: it is about the outgoing
 * kernel (its watchdog), and a halt here would lose the guests. It has a stack of its own, so that
 * it can come while a fault is being reported.
 */
.macro	nmi vector
trap_\vector:
	iretq
.endm

	.altmacro
	.set	v, 0
	.rept	32
	/* Vectors with an error code: 8, 10-14, 17, 21, 29, 30 (Intel SDM 3A table 6-1, AMD). */
	.if	v == 2
	nmi	%v
	.elseif	(0x60227d00 >> v) & 1
	stub	%v, 1
	.else
	stub	%v, 0
	.endif
	.balign	16
	.set	v, v + 1
	.endr

trap_common:
	pushq	%rax
	pushq	%rbx
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%rbp
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, %rdi
	andq	$-16, %rsp
	cld
	call	trap_report			/* does not return */

	.section .rodata
	.globl	trap_stubs
	.balign 8
trap_stubs:					/* offsets from this table */
	.set	v, 0
.macro	entry vector
	.long	trap_\vector - trap_stubs
.endm
	.rept	32
	entry	%v
	.set	v, v + 1
	.endr

	/*
	 * The stack of faults, and of all code until the stack in the arena is found. It is first
	 * in .data, so an overflow runs into .rodata, which is mapped read-only.
	 */
	.section .boot_stack, "aw", @progbits
	.balign 4096
	.globl	trap_stack_top
	.skip	4096
first_stack_top:
trap_stack_top:

	.bss
	.balign 16
	.globl	nmi_stack_top, guard_block
	.skip	64
nmi_stack_top:
guard_block:
	.skip	64

	.section .note.GNU-stack, "", @progbits
