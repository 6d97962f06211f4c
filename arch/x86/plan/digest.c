// SPDX-License-Identifier: BSD-2-Clause
/* Which instructions digest fastest on an x86 CPU (Intel SDM 2A, CPUID; 1, 14.3 for AVX). */
#include <arch/digest.h>

#define LEAF1_C_SSSE3  (1u << 9)
#define LEAF1_C_SSE4_1 (1u << 19)
#define LEAF1_C_XSAVE  (1u << 26)
#define LEAF1_C_AVX    (1u << 28)
#define LEAF7_B_AVX2   (1u << 5)
#define LEAF7_B_SHA    (1u << 29)

static bool has(uint32_t reg, uint32_t bits)
{
	return (reg & bits) == bits;
}

struct digest_choice digest_choose(const struct digest_cpu *cpu)
{
	bool avx2 = has(cpu->leaf1_c, LEAF1_C_XSAVE | LEAF1_C_AVX) &&
		    has(cpu->leaf7_b, LEAF7_B_AVX2) && has(cpu->xcr0, DIGEST_XCR0_AVX);

	return (struct digest_choice){
		.xxh128 = avx2 ? DIGEST_XXH128_AVX2 : DIGEST_XXH128_SSE2,
		.sha256 = has(cpu->leaf1_c, LEAF1_C_SSSE3 | LEAF1_C_SSE4_1) &&
			  has(cpu->leaf7_b, LEAF7_B_SHA),
	};
}

const char *digest_name(struct digest_choice c)
{
	static const char *const name[3][2] = {
		[DIGEST_XXH128_C] = {"plain C", "XXH3 by plain C, SHA-256 by SHA-NI"},
		[DIGEST_XXH128_SSE2] = {"XXH3 by SSE2", "XXH3 by SSE2, SHA-256 by SHA-NI"},
		[DIGEST_XXH128_AVX2] = {"XXH3 by AVX2", "XXH3 by AVX2, SHA-256 by SHA-NI"},
	};

	return name[c.xxh128][c.sha256];
}
