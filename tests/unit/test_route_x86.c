// SPDX-License-Identifier: BSD-2-Clause
#include <arch/route.h>

#include <string.h>

#include "unit.h"

static void test_plain(void **state)
{
	struct route_cpu cpu = {0};

	(void)state;
	assert_int_equal(route_cpu_check(&cpu), KB_OK);
	cpu.tme_activate = 1; /* locked, not enabled */
	assert_int_equal(route_cpu_check(&cpu), KB_OK);
}

static void test_confidential(void **state)
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

static void test_encrypted(void **state)
{
	struct route_cpu cpu = {.tme_activate = 3};

	(void)state;
	assert_int_equal(route_cpu_check(&cpu), KB_ROUTE_ENCRYPTED);
	cpu.tme_activate = 7; /* the key is restored */
	assert_int_equal(route_cpu_check(&cpu), KB_OK);
}

static void test_asked(void **state)
{
	struct boot_params bp = {.efi_loader_signature = {'E', 'L', '6', '4'}};

	(void)state;
	assert_int_equal(route_asked(&bp, true, true, false), KB_OK);
	assert_int_equal(route_asked(&bp, false, true, false), KB_ROUTE_NONCE);
	assert_int_equal(route_asked(&bp, true, false, false), KB_ROUTE_NOTHING);
	assert_int_equal(route_asked(&bp, true, true, true), KB_ROUTE_INITRD);
	bp.secure_boot = SECURE_OFF;
	assert_int_equal(route_asked(&bp, true, true, false), KB_OK);
	bp.secure_boot = SECURE_ON;
	assert_int_equal(route_asked(&bp, true, true, false), KB_ROUTE_SECURE);
	bp.secure_boot = SECURE_UNKNOWN;
	assert_int_equal(route_asked(&bp, true, true, false), KB_ROUTE_SECURE);
	bp.secure_boot = 0;
	bp.efi_loader_signature[2] = '3';
	assert_int_equal(route_asked(&bp, true, true, false), KB_ROUTE_NO_UEFI);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_confidential),
		cmocka_unit_test(test_encrypted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
