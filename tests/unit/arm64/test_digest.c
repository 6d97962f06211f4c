// SPDX-License-Identifier: BSD-2-Clause
/* Which instructions of an arm64 CPU digest. That they digest right is in vectors.c. */
#include <arch/digest.h>

#include "../unit.h"

static struct digest_choice choose(uint64_t simd, uint64_t sha2)
{
	struct digest_cpu cpu = {simd << 20, sha2 << 12};

	return digest_choose(&cpu);
}

static void chooses_by_what_there_is(void **state)
{
	struct digest_choice c = choose(0, 0);

	assert_int_equal(c.xxh128, DIGEST_XXH128_NEON);
	assert_false(c.sha256);
	c = choose(1, 1); /* half precision, SHA-256 */
	assert_int_equal(c.xxh128, DIGEST_XXH128_NEON);
	assert_true(c.sha256);
	assert_string_equal(digest_name(c), "XXH3 by NEON, SHA-256 by SHA-CE");
	assert_true(choose(1, 2).sha256); /* SHA-512 too */
	c = choose(0xf, 1);
	assert_int_equal(c.xxh128, DIGEST_XXH128_C);
	assert_false(c.sha256);
	assert_string_equal(digest_name(c), "plain C");
	(void)state;
}

/* The fields beside them mean other things. */
static void reads_no_other_field(void **state)
{
	struct digest_cpu cpu = {~(0xfULL << 20), ~(0xfULL << 12)};
	struct digest_choice c = digest_choose(&cpu);

	assert_int_equal(c.xxh128, DIGEST_XXH128_NEON);
	assert_false(c.sha256);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chooses_by_what_there_is),
		cmocka_unit_test(reads_no_other_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
