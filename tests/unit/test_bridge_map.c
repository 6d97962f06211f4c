// SPDX-License-Identifier: BSD-2-Clause
/* The map in another form: every direction, with edits and splits. */
#include "kho_test.h"

#include "bridge_rig.h"

#define SETS 2000

static void random_sets_stay_the_same(void **state)
{
	uint64_t conversions = 0;
	(void)state;

	for (uint64_t seed = 1; seed <= SETS; seed++) {
		const char *differs = rig_random_set(seed, &conversions);

		if (differs)
			fail_msg("set %llu: %s", (unsigned long long)seed, differs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_sets_stay_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
