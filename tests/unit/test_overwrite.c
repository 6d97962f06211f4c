// SPDX-License-Identifier: BSD-2-Clause
/* Which kernels ask for the memory overwrite request. */
#include "unit.h"

#include <format/overwrite.h>
#include <stdlib.h>

#define LEN (2 * sizeof(OVERWRITE_NAME))

static void put_name(uint8_t *p)
{
	for (size_t i = 0; i < sizeof(OVERWRITE_NAME); i++) {
		p[2 * i] = (uint8_t)OVERWRITE_NAME[i];
		p[2 * i + 1] = 0;
	}
}

static void the_name_is_found_at_every_even_place(void **state)
{
	const size_t size = 3 * LEN;
	uint8_t *file = malloc(size);
	(void)state;

	for (size_t at = 0; at <= size - LEN; at += 2) {
		memset(file, 'M', size);
		assert_false(efi_asks_overwrite(file, size));
		put_name(file + at);
		assert_true(efi_asks_overwrite(file, size));
		file[at + LEN - 2] = 'L'; /* of the lock, another variable */
		assert_false(efi_asks_overwrite(file, size));
	}
	free(file);
}

static void a_file_that_ends_in_it_is_not_overrun(void **state)
{
	uint8_t *file = malloc(LEN);
	(void)state;

	put_name(file);
	assert_true(efi_asks_overwrite(file, LEN));
	for (size_t size = 0; size < LEN; size++) {
		uint8_t *cut = malloc(size ? size : 1);

		memcpy(cut, file, size);
		assert_false(efi_asks_overwrite(cut, size));
		free(cut);
	}
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_name_is_found_at_every_even_place),
		cmocka_unit_test(a_file_that_ends_in_it_is_not_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
