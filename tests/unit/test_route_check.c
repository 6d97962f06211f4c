// SPDX-License-Identifier: BSD-2-Clause
/* Where memory does not outlive a reset: what the CPU says. */
#include "unit.h"

#include <arch/route_check.h>

static void a_plain_cpu_keeps_memory(void **state)
{
	struct route_cpu cpu = {0};

	(void)state;
	assert_int_equal(route_cpu_check(&cpu), KB_OK);
	cpu.tme_activate = 1; /* locked, not enabled */
	assert_int_equal(route_cpu_check(&cpu), KB_OK);
}

static void confidential_guests_lose_their_memory(void **state)
{
	struct route_cpu cpu = {0};

	(void)state;
	memcpy(cpu.tdx, "IntelTDX    ", 12);
	assert_int_equal(route_cpu_check(&cpu), KB_ROUTE_CONFIDENTIAL);
	cpu.tdx[2]++;
	assert_int_equal(route_cpu_check(&cpu), KB_OK);
	for (unsigned int bit = 0; bit < 3; bit++) {
		cpu.sev_status = 1u << bit;
		assert_int_equal(route_cpu_check(&cpu), KB_ROUTE_CONFIDENTIAL);
	}
	cpu.sev_status = 8;
	assert_int_equal(route_cpu_check(&cpu), KB_OK);
}

static void a_new_key_loses_memory(void **state)
{
	struct route_cpu cpu = {.tme_activate = 3};

	(void)state;
	assert_int_equal(route_cpu_check(&cpu), KB_ROUTE_ENCRYPTED);
	cpu.tme_activate = 7; /* this key was restored, after a sleep: the next one will be new */
	assert_int_equal(route_cpu_check(&cpu), KB_ROUTE_ENCRYPTED);
	cpu.tme_activate = 0x80000003; /* there, but memory of the host bypasses it */
	assert_int_equal(route_cpu_check(&cpu), KB_OK);
	cpu.tme_activate = 0x80000001;
	assert_int_equal(route_cpu_check(&cpu), KB_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_cpu_keeps_memory),
		cmocka_unit_test(confidential_guests_lose_their_memory),
		cmocka_unit_test(a_new_key_loses_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
