/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * start.S - where each processor of the guest begins, and what C has no words for.
 *
 * The VMM starts every processor here, in 64-bit mode, with its number in %edi.
 */
	.code64
	.section .text.start, "ax"
	.globl start
start:
	lgdt gdt_pointer
	mov %edi, %eax
	shl $12, %rax
	mov $stacks_end, %rsp
	sub %rax, %rsp
	call guest_main
	ud2

	.text
/* The timer's interrupt: %gs is the processor's struct guest_cpu, which begins with its ticks. */
	.globl tick
tick:
	incq %gs:0
	push %rax
	push %rcx
	push %rdx
	mov $0x80b, %ecx /* x2APIC: end of interrupt */
	xor %eax, %eax
	xor %edx, %edx
	wrmsr
	pop %rdx
	pop %rcx
	pop %rax
	iretq

/* Any exception: none is expected, and none returns. */
	.globl trap
trap:
	mov %rsp, %rdi
	and $-16, %rsp
	call guest_trap
	ud2

/* void idt_load(const void *table): 256 gates of 16 bytes */
	.globl idt_load
idt_load:
	push %rdi
	sub $2, %rsp
	movw $(256 * 16 - 1), (%rsp)
	lidt (%rsp)
	add $10, %rsp
	ret

/* NAME: moves all 16 vector registers, of @size bytes each, to or from the memory at %rdi. */
	.macro vectors name, move, register, size, load
	.globl \name
\name:
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.if \load
	\move \size * \n(%rdi), %\register\n
	.else
	\move %\register\n, \size * \n(%rdi)
	.endif
	.endr
	ret
	.endm

/* void sse_set(const void *values), sse_get(void *ret), and the same for AVX */
	vectors sse_set, movups, xmm, 16, 1
	vectors sse_get, movups, xmm, 16, 0
	vectors avx_set, vmovdqu, ymm, 32, 1
	vectors avx_get, vmovdqu, ymm, 32, 0

	.section .rodata
	.balign 8
gdt:
	.quad 0
	.quad 0x00af9b000000ffff /* 0x08: 64-bit code */
	.quad 0x00cf93000000ffff /* 0x10: data */
gdt_pointer:
	.word . - gdt - 1
	.quad gdt

	.bss
	.balign 4096
stacks: .skip 16 * 4096
stacks_end:
	.section .note.GNU-stack, "", @progbits
