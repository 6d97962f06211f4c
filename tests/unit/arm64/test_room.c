// SPDX-License-Identifier: BSD-2-Clause
/* The memory of the image has to hold the file and its arena. */
#include "../unit.h"

#include <arch/image_room.h>
#include <khoboot/layout.h>

static void file_and_arena_fit(void **state)
{
	(void)state;
	ok(image_room(0x40000 + KB_ARENA_SIZE, 0x40000));
	assert_int_equal(image_room(0x40000 + KB_ARENA_SIZE - 1, 0x40000), KB_IMAGE_ROOM);
	assert_int_equal(image_room(KB_ARENA_SIZE - 1, 0), KB_IMAGE_ROOM);
	assert_int_equal(image_room(0, 0x40000), KB_IMAGE_ROOM);
	assert_int_equal(image_room(0x40000, UINT64_MAX), KB_IMAGE_ROOM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_and_arena_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
