/* SPDX-License-Identifier: BSD-2-Clause */
/* What <arch/digest.h> needs to know about an arm64 CPU. */
#ifndef ARCH_ARM64_DIGEST_CPU_H
#define ARCH_ARM64_DIGEST_CPU_H

#include <khoboot/compiler.h>

enum digest_xxh128 { DIGEST_XXH128_C, DIGEST_XXH128_NEON };

struct digest_cpu {
	uint64_t pfr0;  /* ID_AA64PFR0_EL1 */
	uint64_t isar0; /* ID_AA64ISAR0_EL1 */
};

#endif
