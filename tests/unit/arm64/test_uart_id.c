// SPDX-License-Identifier: BSD-2-Clause
/* A PL011 is told from memory before anything is written to it. */
#include <arch/machine.h>

#include "../unit.h"

static const uint32_t real[PL011_IDS] = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static void every_revision_is_known(void **state)
{
	uint32_t id[PL011_IDS];
	(void)state;

	memcpy(id, real, sizeof(id));
	for (uint32_t revision = 0; revision < 16; revision++) {
		id[2] = revision << 4 | 4;
		assert_true(uart_is_pl011(id));
	}
}

/* Any other bit, also of those that a register of 8 bits does not have. */
static void one_other_bit_is_no_pl011(void **state)
{
	(void)state;

	for (unsigned int bit = 0; bit < 32 * PL011_IDS; bit++) {
		bool revision = bit >= 2 * 32 + 4 && bit < 2 * 32 + 8;
		uint32_t id[PL011_IDS];

		memcpy(id, real, sizeof(id));
		id[bit / 32] ^= 1u << bit % 32;
		assert_int_equal(uart_is_pl011(id), revision);
	}
}

static void memory_is_no_pl011(void **state)
{
	uint32_t id[PL011_IDS];
	(void)state;

	for (unsigned int byte = 0; byte < 256; byte++) {
		memset(id, (int)byte, sizeof(id));
		assert_false(uart_is_pl011(id));
		for (size_t i = 0; i < PL011_IDS; i++)
			id[i] = byte;
		assert_false(uart_is_pl011(id));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_revision_is_known),
		cmocka_unit_test(one_other_bit_is_no_pl011),
		cmocka_unit_test(memory_is_no_pl011),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
