// SPDX-License-Identifier: BSD-2-Clause
/* Which bank a machine check is read from. */
#include "unit.h"

#include <arch/mce.h>
#include <arch/trap.h>

#define V MCE_VALID
#define U (MCE_VALID | MCE_UNCORR)
#define A MCE_ADDRV

static void the_bank_that_says_most_is_taken(void **state)
{
	static const struct {
		struct mce_bank bank[3];
		int want;
	} t[] = {
		{{{0, 0}, {0, 0}, {0, 0}}, -1},
		{{{A, 1}, {MCE_UNCORR, 2}, {A | MCE_UNCORR, 3}}, -1}, /* not valid */
		{{{0, 0}, {V, 0}, {0, 0}}, 1},
		{{{V, 0}, {V | A, 7}, {V, 0}}, 1},
		{{{V | A, 7}, {0, 0}, {U, 0}}, 2}, /* a corrected error is an older one */
		{{{U, 0}, {V | A, 7}, {U | A, 8}}, 2},
		{{{U | A, 5}, {U | A, 6}, {U, 0}}, 0},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		const struct mce_bank *got = trap_bank(t[i].bank, 3);

		assert_ptr_equal(got, t[i].want < 0 ? NULL : &t[i].bank[t[i].want]);
	}
	assert_null(trap_bank(NULL, 0));
}

static void a_machine_check_has_its_own_code(void **state)
{
	(void)state;

	for (uint64_t vector = 0; vector < 32; vector++)
		assert_int_equal(trap_status(vector, 0, vector & 1),
				 vector == 18 ? KB_MACHINE_CHECK : KB_CPU_FAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_check_has_its_own_code),
		cmocka_unit_test(the_bank_that_says_most_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
