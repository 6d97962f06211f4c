/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first instructions of both doors, the switch of page tables, exception vectors, and the jump
 * to the next kernel. Registers and instructions: Arm Architecture Reference Manual, DDI 0487.
 */
#include <arch/early.h>
#include <arch/pagetable_bits.h>

#define SCTLR_M	    (1 << 0)
#define SCTLR_C	    (1 << 2)
#define SCTLR_SA    (1 << 3)
#define SCTLR_I	    (1 << 12)
/* Bits that are RES1 somewhere, little endian, MMU and caches off. */
#define SCTLR_EL1_OFF 0x30d00800
#define SCTLR_EL2_OFF 0x30c50830

#define CURRENT_EL2 (2 << 2)
#define HCR_E2H	    34		/* the bit's number */
#define CPTR_TFP    (1 << 10)
#define CPACR_FPEN  (3 << 20)

#define CREW_SEAT   0x4000		/* <arch/crew.h> */

#define L1_FIRST    0x1000	/* offsets of the tables that are built here; L0 is at 0 */
#define L1_LAST	    0x2000
#define L2_FIRST    0x3000
#define L2_LAST	    0x4000
#define L3_LAST	    0x5000

	.section .text.entry, "ax"

.macro	cache_line bytes, tmp
	mrs	\tmp, ctr_el0
	ubfx	\tmp, \tmp, #16, #4		/* DminLine: log2 of words */
	mov	\bytes, #4
	lsl	\bytes, \bytes, \tmp
.endm

/* ---- exceptions: first, where the alignment of 2 KiB costs nothing -------------------------- */
.macro	stub vector
	.balign	128
	msr	tpidr_el0, x0			/* nothing else uses it, nor tpidrro_el0 */
	mov	x0, #\vector
	b	trap_common
.endm

	.altmacro
	.globl	trap_vectors
	.balign	2048
trap_vectors:
	.set	v, 0
	.rept	16
	stub	%v
	.set	v, v + 1
	.endr
	.balign	128

/*
 * Bare-metal door: primary CPU of the arm64 boot protocol. x0 = device tree; MMU and D-cache off,
 * interrupts masked, EL1 or EL2, at which we stay; image and device tree are clean to the point of
 * coherency, and the memory that the Image header asks for is ours, from a 2 MiB boundary on.
 *
 * With the MMU off, loads and stores bypass the caches and must be aligned. KHO data may so far
 * exist only in caches. So nothing but the page tables is made with the MMU off, in registers and
 * without a stack. Everything else is done with the MMU on.
 */
	.globl	bare_entry
bare_entry:
	msr	daifset, #0xf
	mov	x19, x0
	adrp	x20, image_base
	ldr	x21, [x20, #16]			/* image_size */
	add	x21, x20, x21
	tst	x20, #0x1fffff
	b.ne	hang				/* not where the protocol says */
	sub	x22, x21, #EARLY_TABLES_SIZE
	bl	invalidate_tables		/* no old line may be written over the tables */
	bl	build_tables
	bl	invalidate_tables		/* nor be read instead of them */
	mov	x0, x22
	bl	cpu_switch_tables
	bl	allow_fp

	adrp	x0, first_stack_top
	add	sp, x0, :lo12:first_stack_top
	mov	x29, xzr
	bl	set_guard
	bl	relocate_image
	mov	x0, x19
	adrp	x1, image_base
	bl	bare_stack			/* does not return without one */
	mov	sp, x0
	mov	x0, x19
	adrp	x1, image_base
	bl	bare_main			/* does not return */
	.globl	hang
hang:
	msr	daifset, #0xf
1:	wfi
	b	1b

/* Invalidate the cache lines of x22 to x21. That memory is ours: nothing in it is lost. */
invalidate_tables:
	cache_line x1, x0
	dsb	sy
	mov	x0, x22
1:	dc	ivac, x0
	add	x0, x0, x1
	cmp	x0, x21
	b.lo	1b
	dsb	sy
	ret

/*
 * Build tables at x22 that map x20 (2 MiB aligned) to x21 (4 KiB aligned), and not one byte more:
 * what is not ours may not be RAM. Blocks of 2 MiB, the rest in pages, and blocks of 1 GiB for what
 * lies between the first and the last 1 GiB, which is all ours:
 *
 *	x20 .. x21             |----------|--------------|------|
 *	1 GiB    |           x2           |  (any count) |      x3      |
 *	in       |  L2_FIRST              |  L1          |  L2_LAST     |
 *
 * L1 has at most two tables, so the memory may cross one boundary of 512 GiB; no image is larger.
 */
build_tables:
	mov	x13, x30
	mov	x0, x22
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x21
	b.lo	1b
	mrs	x15, CurrentEL
	mov	x14, #(PTE_AF | PTE_ATTR(MAIR_NORMAL) | PTE_INNER)
	cmp	x15, #CURRENT_EL2
	b.ne	1f
	mrs	x15, hcr_el2
	tbnz	x15, #HCR_E2H, 1f
	orr	x14, x14, #PTE_AP1		/* RES1 at EL2 without E2H */
1:	sub	x1, x21, #1			/* the last byte */
	lsr	x2, x20, #30
	lsr	x3, x1, #30
	sub	x4, x3, x2
	cmp	x4, #511
	b.hi	hang

	add	x5, x22, #L1_FIRST
	add	x6, x22, #L2_FIRST
	orr	x0, x5, #PTE_TABLE
	ubfx	x4, x20, #39, #9
	str	x0, [x22, x4, lsl #3]
	orr	x0, x6, #PTE_TABLE
	ubfx	x4, x20, #30, #9
	str	x0, [x5, x4, lsl #3]
	mov	x7, x6				/* the last L2 table is the first one, */
	cmp	x2, x3
	b.eq	2f
	add	x7, x22, #L2_LAST		/* or a second one, */
	lsr	x4, x20, #39
	cmp	x4, x1, lsr #39
	b.eq	1f
	add	x5, x22, #L1_LAST		/* maybe below a second L1 table */
	orr	x0, x5, #PTE_TABLE
	ubfx	x4, x1, #39, #9
	str	x0, [x22, x4, lsl #3]
1:	orr	x0, x7, #PTE_TABLE
	ubfx	x4, x1, #30, #9
	str	x0, [x5, x4, lsl #3]
	bl	map_between

2:	mov	x0, x20
3:	cmp	x2, x0, lsr #30
	csel	x8, x6, x7, eq
	ubfx	x4, x0, #21, #9
	add	x9, x0, #0x200000
	cmp	x9, x21
	b.hi	4f
	orr	x0, x0, x14
	orr	x0, x0, #PTE_BLOCK
	str	x0, [x8, x4, lsl #3]
	mov	x0, x9
	cmp	x2, x0, lsr #30
	b.eq	1f
	lsl	x4, x3, #30			/* what lies between is mapped */
	cmp	x0, x4
	csel	x0, x0, x4, hs
1:	cmp	x0, x21
	b.lo	3b
	ret	x13

4:	add	x9, x22, #L3_LAST
	orr	x10, x9, #PTE_TABLE
	str	x10, [x8, x4, lsl #3]
5:	ubfx	x4, x0, #12, #9
	orr	x10, x0, x14
	orr	x10, x10, #PTE_PAGE
	str	x10, [x9, x4, lsl #3]
	add	x0, x0, #0x1000
	cmp	x0, x21
	b.lo	5b
	ret	x13

/* 1 GiB each, for all numbers between x2 and x3: in the first L1 table, or in the last one. */
map_between:
	add	x9, x2, #1
1:	cmp	x9, x3
	b.hs	2f
	add	x5, x22, #L1_FIRST
	add	x8, x22, #L1_LAST
	lsr	x4, x9, #9
	cmp	x4, x2, lsr #9
	csel	x5, x5, x8, eq
	lsl	x0, x9, #30
	orr	x0, x0, x14
	orr	x0, x0, #PTE_BLOCK
	and	x4, x9, #0x1ff
	str	x0, [x5, x4, lsl #3]
	add	x9, x9, #1
	b	1b
2:	ret

/*
 * Where the CPU has TCR2, the outgoing kernel may have left it set. With PIE our table entries
 * would select permissions that it put into PIR, of which index 0 allows nothing. Names of the
 * registers are newer than assemblers.
 */
#define ID_AA64MMFR3_EL1 s3_0_c0_c7_3		/* bits 3:0, TCRX: 0 where there is no TCR2 */
#define TCR2_EL1	 s3_0_c2_c0_3
#define TCR2_EL2	 s3_4_c2_c0_3
.macro	no_tcr2 register, tmp
	mrs	\tmp, ID_AA64MMFR3_EL1
	tst	\tmp, #0xf
	b.eq	.Lno_tcr2_\@
	msr	\register, xzr
.Lno_tcr2_\@:
.endm

/*
 * cpu_switch_tables(ttbr): turn MMU and caches on with the tables at @ttbr, which map this code
 * 1:1. In between the MMU is off, so that no TLB sees two mappings of one page, and TCR and MAIR
 * may change. No data are accessed while it is off. This code must be clean to the point of
 * coherency, and so must the tables if the MMU was off before.
 */
	.globl	cpu_switch_tables
cpu_switch_tables:
	dsb	sy				/* wait for all writes, also those to tables */
	mrs	x1, id_aa64mmfr0_el1
	and	x1, x1, #0xf
	cmp	x1, #PARANGE_MAX
	mov	x2, #PARANGE_MAX
	csel	x1, x1, x2, lo
	ldr	x3, =MAIR_VALUE
	mrs	x2, CurrentEL
	cmp	x2, #CURRENT_EL2
	b.eq	1f

	ldr	x4, =TCR_EL1_VALUE
	orr	x4, x4, x1, lsl #TCR_EL1_IPS_SHIFT
	ldr	w5, =SCTLR_EL1_OFF
	ldr	w6, =(SCTLR_EL1_OFF | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_I)
	msr	sctlr_el1, x5
	isb
	msr	mair_el1, x3
	msr	tcr_el1, x4
	no_tcr2	TCR2_EL1, x7
	msr	ttbr0_el1, x0
	isb
	tlbi	vmalle1
	ic	iallu
	dsb	nsh
	isb
	msr	sctlr_el1, x6
	isb
	ret

1:	ldr	x4, =TCR_EL2_VALUE
	orr	x4, x4, x1, lsl #TCR_EL2_PS_SHIFT
	mrs	x2, hcr_el2
	tbz	x2, #HCR_E2H, 2f
	ldr	x4, =TCR_EL1_VALUE
	orr	x4, x4, x1, lsl #TCR_EL1_IPS_SHIFT
2:	ldr	w5, =SCTLR_EL2_OFF
	ldr	w6, =(SCTLR_EL2_OFF | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_I)
	msr	sctlr_el2, x5
	isb
	msr	mair_el2, x3
	msr	tcr_el2, x4
	no_tcr2	TCR2_EL2, x7
	msr	ttbr0_el2, x0
	isb
	tlbi	alle2
	ic	iallu
	dsb	nsh
	isb
	msr	sctlr_el2, x6
	isb
	ret
	.ltorg
	.globl	cpu_switch_tables_end
cpu_switch_tables_end:

/*
 * crew_enter: another CPU, from PSCI CPU_ON; x0 = its seat (crew.c). MMU off, at the exception
 * level of the CPU that called it, whose registers it takes: the same tables, traps of its own.
 */
	.globl	crew_enter, crew_enter_end
	.balign	4
crew_enter:
	msr	daifset, #0xf
	mov	x19, x0
	ldr	x0, [x19]
	ldp	x1, x2, [x0]			/* struct registers: MAIR, TCR */
	ldp	x3, x4, [x0, #16]		/* TTBR, CPACR or CPTR */
	ldp	x5, x6, [x0, #32]		/* HCR, SCTLR */
	adrp	x7, crew_vectors
	add	x7, x7, :lo12:crew_vectors
	mrs	x8, CurrentEL
	cmp	x8, #CURRENT_EL2
	b.eq	1f
	msr	vbar_el1, x7
	msr	cpacr_el1, x4
	msr	mair_el1, x1
	msr	tcr_el1, x2
	no_tcr2	TCR2_EL1, x8
	msr	ttbr0_el1, x3
	isb
	tlbi	vmalle1
	ic	iallu
	dsb	nsh
	isb
	msr	sctlr_el1, x6
	isb
	b	2f
1:	msr	hcr_el2, x5
	isb
	msr	vbar_el2, x7
	msr	cptr_el2, x4
	msr	mair_el2, x1
	msr	tcr_el2, x2
	no_tcr2	TCR2_EL2, x8
	msr	ttbr0_el2, x3
	isb
	tlbi	alle2
	ic	iallu
	dsb	nsh
	isb
	msr	sctlr_el2, x6
	isb
2:	add	sp, x19, #CREW_SEAT
	mov	x29, xzr
	mov	x30, xzr
	mov	x0, x19
	bl	crew_run
crew_park:
	msr	daifset, #0xf
1:	wfi
	b	1b
crew_enter_end:

/* A fault of another CPU: it stays where it is, and no other one hears of it. */
	.balign	2048
crew_vectors:
	.rept	16
	.balign	128
	b	crew_park
	.endr
	.balign	128

/* Allow vector registers: Debian's libraries use them, as any C code for arm64 may. */
allow_fp:
	mrs	x0, CurrentEL
	cmp	x0, #CURRENT_EL2
	b.ne	2f
	mrs	x0, hcr_el2
	tbnz	x0, #HCR_E2H, 1f
	mrs	x0, cptr_el2
	bic	x0, x0, #CPTR_TFP
	msr	cptr_el2, x0
	isb
	ret
1:	mrs	x0, cptr_el2			/* has the format of CPACR_EL1 here */
	orr	x0, x0, #CPACR_FPEN
	msr	cptr_el2, x0
	isb
	ret
2:	mrs	x0, cpacr_el1
	orr	x0, x0, #CPACR_FPEN
	msr	cpacr_el1, x0
	isb
	ret

/*
 * UEFI door: PE entry, x0 = image handle, x1 = system table. MMU and caches are on, all memory is
 * mapped 1:1. Returns an EFI_STATUS.
 */
	.globl	efi_entry
efi_entry:
	stp	x29, x30, [sp, #-32]!
	mov	x29, sp
	stp	x19, x20, [sp, #16]
	mov	x19, x0
	mov	x20, x1
	bl	set_guard
	bl	relocate_image
	mov	x0, x19
	mov	x1, x20
	adrp	x2, image_base
	bl	efi_main
	ldp	x19, x20, [sp, #16]
	ldp	x29, x30, [sp], #32
	ret

/*
 * The compiler, ours and that of Debian's libraries, takes the stack guard from __stack_chk_guard.
 * Make it random, from the counter, which every CPU has.
 */
set_guard:
	adrp	x0, __stack_chk_guard
	add	x0, x0, :lo12:__stack_chk_guard
	isb
	mrs	x1, cntvct_el0
	eor	x1, x0, x1, ror #32
	ldr	x2, =0x9e3779b97f4a7c15
	mul	x1, x1, x2
	and	x1, x1, #~0xff			/* a NUL byte stops string overruns */
	str	x1, [x0]
	ret
	.ltorg

relocate_image:
	adrp	x0, image_base
	adrp	x1, _DYNAMIC
	add	x1, x1, :lo12:_DYNAMIC
	mov	x2, xzr
	mov	x3, xzr
	b	_relocate			/* gnu-efi */

/*
 * khoboot_leave(moves, count, entry, x0 of the kernel): put @count moves (struct kb_move) back, and
 * enter the next kernel as the boot protocol wants: with the MMU off, and with all that the kernel
 * reads before it turns the MMU on written back from the caches.
 *
 * Position independent and without a stack: with moves a copy of it runs, outside all homes. All
 * homes are mapped writable. This code is clean to the point of coherency.
 */
	.globl	khoboot_leave, khoboot_leave_end
khoboot_leave:
	msr	daifset, #0xf
	cache_line x9, x10
1:	cbz	x1, 4f
	ldp	x4, x5, [x0], #16		/* home, copy */
	ldr	x6, [x0], #8			/* bytes, whole pages */
	add	x6, x4, x6
	mov	x7, x4
2:	ldp	x10, x11, [x5], #16
	ldp	x12, x13, [x5], #16
	stp	x10, x11, [x7], #16
	stp	x12, x13, [x7], #16
	cmp	x7, x6
	b.lo	2b
3:	dc	civac, x4
	add	x4, x4, x9
	cmp	x4, x6
	b.lo	3b
	sub	x1, x1, #1
	b	1b

4:	dsb	sy
	ldr	w4, 8f
	ldr	w5, 9f
	mrs	x6, CurrentEL
	cmp	x6, #CURRENT_EL2
	b.eq	5f
	msr	sctlr_el1, x4
	isb
	tlbi	vmalle1
	b	6f
5:	msr	sctlr_el2, x5
	isb
	tlbi	alle2
6:	ic	iallu
	dsb	nsh
	isb
	mov	x0, x3
	mov	x4, x2
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	mov	x29, xzr
	mov	x30, xzr
	/* tests/proof sets a breakpoint here: everything is in place, and nothing else runs. */
	.globl	khoboot_jump_point
khoboot_jump_point:
	br	x4
8:	.word	SCTLR_EL1_OFF
9:	.word	SCTLR_EL2_OFF
khoboot_leave_end:

/* Fill a struct trap_frame (trap.c) on a stack of its own: the other one may be what is broken. */
#define TRAP_FRAME 304
trap_common:
	msr	tpidrro_el0, x1
	adrp	x1, trap_stack_top
	add	x1, x1, :lo12:trap_stack_top
	sub	x1, x1, #TRAP_FRAME
	stp	x2, x3, [x1, #16]
	stp	x4, x5, [x1, #32]
	stp	x6, x7, [x1, #48]
	stp	x8, x9, [x1, #64]
	stp	x10, x11, [x1, #80]
	stp	x12, x13, [x1, #96]
	stp	x14, x15, [x1, #112]
	stp	x16, x17, [x1, #128]
	stp	x18, x19, [x1, #144]
	stp	x20, x21, [x1, #160]
	stp	x22, x23, [x1, #176]
	stp	x24, x25, [x1, #192]
	stp	x26, x27, [x1, #208]
	stp	x28, x29, [x1, #224]
	mov	x2, sp
	stp	x30, x2, [x1, #240]
	mrs	x2, tpidr_el0
	mrs	x3, tpidrro_el0
	stp	x2, x3, [x1]
	mrs	x2, CurrentEL
	cmp	x2, #CURRENT_EL2
	b.eq	1f
	mrs	x2, elr_el1
	mrs	x3, esr_el1
	mrs	x4, far_el1
	mrs	x5, spsr_el1
	b	2f
1:	mrs	x2, elr_el2
	mrs	x3, esr_el2
	mrs	x4, far_el2
	mrs	x5, spsr_el2
2:	stp	x0, x2, [x1, #256]
	stp	x3, x4, [x1, #272]
	str	x5, [x1, #288]
	mov	sp, x1
	mov	x29, xzr
	mov	x0, x1
	bl	trap_report			/* does not return */

	/*
	 * The stack of faults, and of all code until the stack in the arena is found. It is first
	 * in .data, so an overflow runs into .rodata, which is mapped read-only.
	 */
	.section .boot_stack, "aw", %progbits
	.balign 4096
	.globl	trap_stack_top
	.skip	4096
first_stack_top:
trap_stack_top:

	.bss
	.balign 8
	.globl	__stack_chk_guard
	.hidden	__stack_chk_guard
__stack_chk_guard:
	.skip	8

	.section .note.GNU-stack, "", %progbits
