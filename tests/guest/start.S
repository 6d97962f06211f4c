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

/* void sse_set(const void *values), sse_get(void *ret): 16 registers of 16 bytes */
	.globl sse_set, sse_get, avx_set, avx_get
sse_set:
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups 16 * \n(%rdi), %xmm\n
	.endr
	ret
sse_get:
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups %xmm\n, 16 * \n(%rdi)
	.endr
	ret

/* The same with 32 bytes each. */
avx_set:
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu 32 * \n(%rdi), %ymm\n
	.endr
	ret
avx_get:
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu %ymm\n, 32 * \n(%rdi)
	.endr
	ret

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
