// SPDX-License-Identifier: BSD-2-Clause
/*
 * The clock of a guest that was moved (tests/guest/clock.c): it goes on to the cycle where the host
 * has counted on, and to the second where the host began anew; it never goes back.
 */
#include "unit.h"

#include "../guest/clock.h"

#define KHZ   2600000U /* 2.6 GHz */
#define SEC   1000000000UL
#define CYCLE (KHZ * 1000UL) /* cycles of a second */

static const struct clock_state then = {
	.host_tsc = 100 * CYCLE,
	.real_ns = 1700000000 * SEC,
	.guest_tsc = 40 * CYCLE,
	.tsc_khz = KHZ,
};

/* What the guest reads when the host's clocks show these. */
static uint64_t guest_at(uint64_t host_tsc, uint64_t boot_ns, uint64_t real_ns)
{
	uint64_t offset = then.guest_tsc - then.host_tsc;

	return host_tsc + offset + clock_shift(&then, host_tsc, boot_ns, real_ns);
}

static void a_counter_that_went_on_is_trusted(void **state)
{
	(void)state;
	assert_int_equal(guest_at(104 * CYCLE, 3 * SEC, then.real_ns + 4 * SEC), 44 * CYCLE);
	assert_int_equal(guest_at(104 * CYCLE + 7, 3 * SEC, then.real_ns + 4 * SEC),
			 44 * CYCLE + 7);
	/* Whatever time of day it is: it may be wrong, or in another zone. */
	assert_int_equal(guest_at(104 * CYCLE, 3 * SEC, then.real_ns + 3604 * SEC), 44 * CYCLE);
	assert_int_equal(guest_at(104 * CYCLE, 3 * SEC, then.real_ns - 3596 * SEC), 44 * CYCLE);
	assert_int_equal(guest_at(104 * CYCLE, 3 * SEC, 0), 44 * CYCLE);
}

static void a_counter_that_began_anew_is_not(void **state)
{
	(void)state;
	assert_int_equal(guest_at(13 * CYCLE, 3 * SEC, then.real_ns + 20 * SEC), 60 * CYCLE);
	/* Even where it has counted past the old one, because this kernel is old, too. */
	assert_int_equal(guest_at(510 * CYCLE, 500 * SEC, then.real_ns + 520 * SEC), 560 * CYCLE);
}

static void the_clock_never_goes_back(void **state)
{
	(void)state;
	/* The time of day was set back, or there is none: it goes on where it stopped. */
	assert_int_equal(guest_at(3 * CYCLE, SEC, then.real_ns - 1000 * SEC), 40 * CYCLE);
	assert_int_equal(guest_at(3 * CYCLE, SEC, 0), 40 * CYCLE);
	for (uint64_t host = 0; host < 300; host += 3)
		for (uint64_t boot = 0; boot < 300; boot += 7)
			for (uint64_t real = 0; real < 300; real += 11)
				assert_true(guest_at(host * CYCLE, boot * SEC,
						     then.real_ns - 100 * SEC + real * SEC) >=
					    then.guest_tsc);
}

static void a_long_absence_does_not_overflow(void **state)
{
	(void)state;
	assert_int_equal(guest_at(CYCLE, SEC, then.real_ns + 86400 * 365 * SEC),
			 40 * CYCLE + 86400 * 365 * CYCLE);
	assert_int_equal(guest_at(CYCLE, UINT64_MAX, then.real_ns), 40 * CYCLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_counter_that_went_on_is_trusted),
		cmocka_unit_test(a_counter_that_began_anew_is_not),
		cmocka_unit_test(the_clock_never_goes_back),
		cmocka_unit_test(a_long_absence_does_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
