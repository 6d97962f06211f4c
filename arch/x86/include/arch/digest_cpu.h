/* SPDX-License-Identifier: BSD-2-Clause */
/* What <arch/digest.h> needs to know about an x86 CPU. */
#ifndef ARCH_X86_DIGEST_CPU_H
#define ARCH_X86_DIGEST_CPU_H

#include <khoboot/compiler.h>

/* SSE2 is part of x86-64. */
enum digest_xxh128 { DIGEST_XXH128_C, DIGEST_XXH128_SSE2, DIGEST_XXH128_AVX2 };

/* Registers of CPUID; 0 when the CPU has no such leaf. */
struct digest_cpu {
	uint32_t leaf1_c;
	uint32_t leaf7_b; /* subleaf 0 */
	/* Bits of XCR0 that may be set: leaf 13 (subleaf 0), EAX. On a host: those that are. */
	uint32_t xcr0;
};

#define DIGEST_XCR0_AVX 0x6u /* SSE and AVX state: what AVX needs of XCR0 */

#endif
