// SPDX-License-Identifier: BSD-2-Clause
/* Which instructions digest fastest on an arm64 CPU (Arm ARM, D19.2: the ID registers). */
#include <arch/digest.h>

static unsigned int field(uint64_t reg, unsigned int shift)
{
	return reg >> shift & 0xf;
}

struct digest_choice digest_choose(const struct digest_cpu *cpu)
{
	/* AdvSIMD, bits 23:20: 15 says that there is none. SHA2, bits 15:12: from 1 on. */
	bool neon = field(cpu->pfr0, 20) != 0xf;

	return (struct digest_choice){
		.xxh128 = neon ? DIGEST_XXH128_NEON : DIGEST_XXH128_C,
		.sha256 = neon && field(cpu->isar0, 12),
	};
}

const char *digest_name(struct digest_choice c)
{
	static const char *const name[2][2] = {
		[DIGEST_XXH128_C] = {"plain C", "XXH3 by plain C, SHA-256 by SHA-CE"},
		[DIGEST_XXH128_NEON] = {"XXH3 by NEON", "XXH3 by NEON, SHA-256 by SHA-CE"},
	};

	return name[c.xxh128][c.sha256];
}
