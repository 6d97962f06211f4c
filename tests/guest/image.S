/* SPDX-License-Identifier: BSD-2-Clause */
/* image.S - the guest's program, as a part of the VMM. */
	.section .rodata
	.globl program, program_end
program:
	.incbin GUEST_PROGRAM
program_end:
	.section .note.GNU-stack, "", @progbits
