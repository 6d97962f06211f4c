// SPDX-License-Identifier: BSD-2-Clause
/* Which exceptions are about memory that cannot be read. */
#include <arch/trap.h>

#include "../unit.h"

static uint64_t esr(unsigned int class, unsigned int code)
{
	return (uint64_t) class << 26 | 1u << 25 | code;
}

static void external_aborts_are_of_memory(void **state)
{
	static const unsigned int memory[] = {0x10, 0x13, 0x14, 0x17, 0x18, 0x1f};
	static const unsigned int other[] = {0x04, 0x07, 0x0d, 0x0f, 0x11, 0x21, 0x30};
	(void)state;

	for (unsigned int origin = 0; origin < 16; origin += 4) {
		for (size_t i = 0; i < ARRAY_SIZE(memory); i++) {
			assert_int_equal(trap_status(origin, esr(0x25, memory[i]), true),
					 KB_MACHINE_CHECK);
			assert_int_equal(trap_status(origin, esr(0x21, memory[i]), true),
					 KB_MACHINE_CHECK);
			assert_int_equal(trap_status(origin, esr(0x22, memory[i]), true),
					 KB_CPU_FAULT);
			assert_int_equal(trap_status(origin + 1, esr(0x25, memory[i]), true),
					 KB_CPU_FAULT);
		}
		for (size_t i = 0; i < ARRAY_SIZE(other); i++)
			assert_int_equal(trap_status(origin, esr(0x25, other[i]), true),
					 KB_CPU_FAULT);
		assert_int_equal(trap_status(origin + 3, 0, false), KB_MACHINE_CHECK);
	}
}

/* An address that is no RAM may have come from outside: nothing is there, and nothing is broken. */
static void where_no_ram_is_nothing_is_broken(void **state)
{
	const uint64_t no_address = 1u << 10;
	(void)state;

	assert_int_equal(trap_status(0, esr(0x25, 0x10), false), KB_CPU_FAULT);
	assert_int_equal(trap_status(0, esr(0x21, 0x10), false), KB_CPU_FAULT);
	assert_int_equal(trap_status(0, esr(0x25, 0x10) | no_address, false), KB_MACHINE_CHECK);
	/* Tables that are read are ours; ECC is memory's. */
	assert_int_equal(trap_status(0, esr(0x25, 0x14), false), KB_MACHINE_CHECK);
	assert_int_equal(trap_status(0, esr(0x25, 0x18), false), KB_MACHINE_CHECK);
	assert_int_equal(trap_status(0, esr(0x25, 0x07), false), KB_CPU_FAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_no_ram_is_nothing_is_broken),
		cmocka_unit_test(external_aborts_are_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
