// SPDX-License-Identifier: BSD-2-Clause
/* The choice of instructions for digests, and that what this CPU can run digests like plain C. */
#include "../../tools/running_cpu.h"

#include "unit.h"
#include "variants.h"

#ifdef __x86_64__
/* CPUID of a CPU with all of it. */
#define LEAF1  (1u << 9 | 1u << 19 | 1u << 26 | 1u << 28)
#define LEAF7  (1u << 5 | 1u << 29)
#define STATES 0x2e7

static struct digest_choice choose(uint32_t leaf1, uint32_t leaf7, uint32_t xcr0)
{
	struct digest_cpu cpu = {leaf1, leaf7, xcr0};

	return digest_choose(&cpu);
}

static void chooses_by_what_there_is(void **state)
{
	struct digest_choice c = choose(LEAF1, LEAF7, STATES);

	assert_int_equal(c.xxh128, DIGEST_XXH128_AVX2);
	assert_true(c.sha256);
	assert_string_equal(digest_name(c), "XXH3 by AVX2, SHA-256 by SHA-NI");
	c = choose(0, 0, 0);
	assert_int_equal(c.xxh128, DIGEST_XXH128_SSE2);
	assert_false(c.sha256);
	assert_string_equal(digest_name(c), "XXH3 by SSE2");
	(void)state;
}

/* Whatever one bit of all that is needed is missing. */
static void needs_every_bit(void **state)
{
	for (unsigned int i = 0; i < 32; i++) {
		uint32_t bit = 1u << i, leaf1 = LEAF1 & ~bit, leaf7 = LEAF7 & ~bit;

		bool avx = (leaf1 & (1u << 26 | 1u << 28)) == (1u << 26 | 1u << 28);
		bool ssse = (leaf1 & (1u << 9 | 1u << 19)) == (1u << 9 | 1u << 19);

		assert_int_equal(choose(leaf1, LEAF7, STATES).xxh128,
				 avx ? DIGEST_XXH128_AVX2 : DIGEST_XXH128_SSE2);
		assert_int_equal(choose(leaf1, LEAF7, STATES).sha256, ssse);
		assert_int_equal(choose(LEAF1, leaf7, STATES).xxh128,
				 i == 5 ? DIGEST_XXH128_SSE2 : DIGEST_XXH128_AVX2);
		assert_int_equal(choose(LEAF1, leaf7, STATES).sha256, i != 29);
		assert_int_equal(choose(LEAF1, LEAF7, STATES & ~bit).xxh128,
				 i == 1 || i == 2 ? DIGEST_XXH128_SSE2 : DIGEST_XXH128_AVX2);
		assert_true(choose(LEAF1, LEAF7, STATES & ~bit).sha256);
	}
	(void)state;
}
#endif

/* Every choice that this CPU can run, not only the fastest. */
static void vectors_digest_like_plain_c(void **state)
{
	struct digest_cpu cpu = running_cpu();
	struct digest_choice best = digest_choose(&cpu), c = best;
	unsigned int tested = 0;

	for (unsigned int x = DIGEST_XXH128_C; x <= (unsigned int)best.xxh128; x++) {
		for (unsigned int sha = x == DIGEST_XXH128_C; sha <= best.sha256; sha++, tested++) {
			struct kb_digest_code code;
			const char *problem;

			c = (struct digest_choice){(enum digest_xxh128)x, sha};
			code = digest_code(c);
			assert_int_equal(!code.xxh128, x == DIGEST_XXH128_C);
			assert_int_equal(!code.sha256, !sha);
			problem = variants_agree(&code);
			print_message("%s: %s\n", digest_name(c), problem ? problem : "agrees");
			assert_null(problem);
		}
	}
	assert_true(tested >= 1);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef __x86_64__
		cmocka_unit_test(chooses_by_what_there_is),
		cmocka_unit_test(needs_every_bit),
#endif
		cmocka_unit_test(vectors_digest_like_plain_c),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
