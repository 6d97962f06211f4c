// SPDX-License-Identifier: BSD-2-Clause
/*
 * Vector code of arm64 against plain C, on a CPU of arm64, or one that qemu-aarch64 emulates.
 * Without cmocka, which there is for one architecture only; the output is like cmocka's.
 */
#include "../../../tools/running_cpu.h"
#include "../variants.h"

#include <stdio.h>

static bool test(struct digest_choice c)
{
	struct kb_digest_code code = digest_code(c);
	bool right = !code.xxh128 == (c.xxh128 == DIGEST_XXH128_C) && !code.sha256 == !c.sha256;
	const char *problem = right ? variants_agree(&code) : "the wrong code";

	if (problem)
		printf("%s: %s\n", digest_name(c), problem);
	else
		printf("[       OK ] %s\n", digest_name(c));
	return !problem;
}

int main(void)
{
	struct digest_cpu cpu = running_cpu();
	struct digest_choice best = digest_choose(&cpu);
	unsigned int failed = 0, tested = 0;

	for (unsigned int x = DIGEST_XXH128_C; x <= (unsigned int)best.xxh128; x++)
		for (unsigned int sha = x == DIGEST_XXH128_C; sha <= best.sha256; sha++, tested++)
			failed += !test((struct digest_choice){(enum digest_xxh128)x, sha});
	if (failed || tested < 3)
		printf("[  FAILED  ] %u test(s), %u could run\n", failed, tested);
	return failed || tested < 3;
}
