/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running the code of <arch/digest.h> in the image, all else of which is compiled to touch no
 * vector register. Only between enable and restore, and never from a trap handler.
 *
 * x86: kexec leaves SSE and AVX turned off (Linux relocate_kernel_64.S: CR4), firmware may have AVX
 * turned off. Interrupt handlers of firmware keep what FXSAVE does, the low halves of the AVX
 * registers, if they keep anything. So the code runs in pieces with interrupts masked, and nothing
 * is in a register between two pieces. Not masked are an NMI (ours is an IRET, and firmware's
 * stops), a machine check (not survived), and SMIs, whose handlers must preserve the AVX state of
 * any operating system. Registers and rights are put back at the end: firmware's caller of khoboot
 * has values in XMM6 to XMM15 (UEFI 2.10, 2.3.4), and the next kernel gets CR4 as it was.
 *
 * arm64: the entry code of the bare-metal door allows FP access at its exception level, firmware
 * runs with it allowed (UEFI 2.10, 2.3.6), and its interrupt handlers save all vector registers;
 * libraries in the image use them as well. D8 to D15 are saved by whoever uses them.
 */
#ifndef ARCH_VECTORS_H
#define ARCH_VECTORS_H

#include <arch/vectors_types.h>

/*
 * cpu_vectors_enable - let the CPU that calls use its vector registers
 * @before: gets what is changed, and the registers themselves
 *
 * x86: not in a confidential guest (route_cpu_check()), where XSETBV may need a handler.
 */
void cpu_vectors_enable(struct cpu_vectors *before);

/* The same CPU: as it was before. */
void cpu_vectors_restore(const struct cpu_vectors *before);

/*
 * Digest with the fastest code that the CPU that calls can run, on all CPUs; each must have called
 * cpu_vectors_enable(). Returns the code's name, for the log.
 */
const char *cpu_digest_fast(void);

/* Digest with plain C again, which needs nothing. */
void cpu_digest_plain(void);

#endif
