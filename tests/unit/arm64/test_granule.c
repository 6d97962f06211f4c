// SPDX-License-Identifier: BSD-2-Clause
/* Which page sizes a CPU has: ID_AA64MMFR0_EL1 of real ones. */
#include <arch/granule.h>

#include "../unit.h"

/* Cortex-A57: 4 and 64 KiB; Neoverse N1: all three; a CPU with 16 KiB pages alone. */
#define A57     0x0000000000001124ULL
#define N1      0x0000000000101125ULL
#define ONLY_16 0x00000000ff101125ULL

static void a_kernel_needs_its_page_size(void **state)
{
	(void)state;
	assert_int_equal(granule_check(A57, SZ_4K), KB_OK);
	assert_int_equal(granule_check(A57, SZ_64K), KB_OK);
	assert_int_equal(granule_check(A57, 4 * SZ_4K), KB_CPU_GRANULE);
	assert_int_equal(granule_check(N1, 4 * SZ_4K), KB_OK);
	assert_int_equal(granule_check(ONLY_16, 4 * SZ_4K), KB_OK);
	assert_int_equal(granule_check(ONLY_16, SZ_4K), KB_CPU_GRANULE);
	assert_int_equal(granule_check(ONLY_16, SZ_64K), KB_CPU_GRANULE);
}

static void pages_of_52_bit_addresses_are_pages(void **state)
{
	(void)state;
	assert_int_equal(granule_check(0x10201126, SZ_4K), KB_OK);
	assert_int_equal(granule_check(0x10201126, 4 * SZ_4K), KB_OK);
}

static void a_kernel_that_does_not_say_is_not_stopped(void **state)
{
	(void)state;
	assert_int_equal(granule_check(ONLY_16, 0), KB_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_needs_its_page_size),
		cmocka_unit_test(pages_of_52_bit_addresses_are_pages),
		cmocka_unit_test(a_kernel_that_does_not_say_is_not_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
