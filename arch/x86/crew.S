/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first instructions of other CPUs: after INIT and SIPI, in real mode and below 1 MiB, and when
 * firmware's MP services call us.
 */
#define MSR_EFER    0xc0000080
#define MSR_FS_BASE 0xc0000100
#define SEAT_SHIFT  14			/* CREW_SEAT */

	.section .text.crew, "ax"

/* Copied to the page that the SIPI names. crew.c fills in what begins at crew_sipi_data. */
	.globl	crew_sipi, crew_sipi_long, crew_sipi_data, crew_sipi_end
	.balign	8
	.code16
crew_sipi:
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	(sipi_gdtr - crew_sipi)
	movl	(sipi_cr4 - crew_sipi), %eax
	movl	%eax, %cr4
	movl	(sipi_low_cr3 - crew_sipi), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	xorl	%edx, %edx
	movl	(sipi_efer - crew_sipi), %eax
	wrmsr
	movl	(sipi_cr0 - crew_sipi), %eax	/* from real mode to long mode at once */
	movl	%eax, %cr0
	ljmpl	*(sipi_far - crew_sipi)
	.code64
crew_sipi_long:
	movq	sipi_cr3(%rip), %rax		/* these tables may be above 4 GiB */
	movq	%rax, %cr3
	movl	$0x18, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	jmp	*sipi_enter(%rip)

	.balign	8
crew_sipi_data:					/* struct sipi_data */
sipi_enter: .quad 0
sipi_cr3: .quad	0
sipi_gdt: .quad	0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff
sipi_gdtr: .word sipi_gdtr - sipi_gdt - 1
	.long	0				/* address of sipi_gdt */
	.word	0
sipi_far: .long	0				/* address of crew_sipi_long */
	.word	0x10, 0
sipi_low_cr3: .long 0
sipi_cr4: .long	0
sipi_cr0: .long	0
sipi_efer: .long 0
crew_sipi_end:

/* A number that nobody has, from 0 on, to %ebp, and its seat to %rbx; or on to @full. */
.macro	take_seat full
	movl	$1, %ebp
	lock xaddl %ebp, crew_next(%rip)
	cmpl	crew_seats(%rip), %ebp
	jae	\full
	movl	%ebp, %ebx
	shlq	$SEAT_SHIFT, %rbx
	addq	crew_first_seat(%rip), %rbx
.endm

.macro	set_guard
	leaq	guard_block(%rip), %rdx
	movq	%rdx, %rax
	shrq	$32, %rdx
	movl	$MSR_FS_BASE, %ecx
	wrmsr
.endm

/* With our page tables, and no stack yet. */
	.globl	crew_enter
crew_enter:
	take_seat crew_park
	leaq	1 << SEAT_SHIFT(%rbx), %rsp
	set_guard
	movq	%rbx, %rdi
	leal	1(%rbp), %esi
	xorl	%ebp, %ebp
	call	crew_run

/* Faults of other CPUs come here, too. */
	.globl	crew_park
crew_park:
	cli
	hlt
	jmp	crew_park

/* A non-maskable interrupt is about the outgoing kernel. */
	.globl	crew_ignore
crew_ignore:
	iretq

/*
 * crew_firmware(), called by firmware: Microsoft's calling convention, on firmware's stack, of
 * which little is known. The %fs base is given back. Vector registers are not: firmware keeps
 * nothing in them on a CPU that waits for work.
 */
	.globl	crew_firmware
crew_firmware:
	pushq	%rbp
	pushq	%rbx
	pushq	%rsi
	pushq	%rdi
	pushq	%r12
	pushq	%r13
	pushq	%r14
	take_seat 1f
	movl	$MSR_FS_BASE, %ecx
	rdmsr
	movl	%eax, %r12d
	movl	%edx, %r13d
	movq	%rsp, %r14
	leaq	1 << SEAT_SHIFT(%rbx), %rsp
	set_guard
	movq	%rbx, %rdi
	leal	1(%rbp), %esi
	call	crew_work
	movq	%r14, %rsp
	movl	$MSR_FS_BASE, %ecx
	movl	%r12d, %eax
	movl	%r13d, %edx
	wrmsr
1:	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rdi
	popq	%rsi
	popq	%rbx
	popq	%rbp
	ret

	.bss
	.balign	8
	.globl	crew_next, crew_seats, crew_first_seat
crew_first_seat: .skip 8
crew_next: .skip 4
crew_seats: .skip 4

	.section .note.GNU-stack, "", @progbits
