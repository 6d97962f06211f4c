// SPDX-License-Identifier: BSD-2-Clause
/* The last checks before anything is written, on maps of all kinds. */
#include "kho_test.h"

#include <arch/boot.h>

static void low_memory_must_be_free(void **state)
{
	(void)state;
	for_each_kind(k)
	{
		for (int low = 0; low < 2; low++) {
			struct kho_image img;

			kho_image_init(&img, k->format, k->page_shift);
			kho_image_preserve(&img, KHO_IMAGE_DATA, 0);
			/* A page below 1 MiB, of any size, or the first one above. */
			kho_image_preserve(&img, low ? 0x80000 : 0x100000, 0);
			kho_image_finish(&img);
			assert_int_equal(kho_image_open(&img), KB_OK);
			assert_int_equal(boot_check_preserved(&img.mem, img.kho),
					 low ? KB_LOW_PRESERVED : KB_OK);
			kho_image_free(&img);
		}
	}
}

static void nothing_preserved_is_written(void **state)
{
	(void)state;
	for_each_kind(k)
	{
		struct kho_image img;
		uint64_t at = KHO_IMAGE_DATA + SZ_2M;
		struct range w[2] = {{KHO_IMAGE_DATA, 0x10000}, {at - 0x10000, 0x10000}};

		kho_image_init(&img, k->format, k->page_shift);
		kho_image_preserve(&img, at, 0);
		kho_image_finish(&img);
		assert_int_equal(kho_image_open(&img), KB_OK);
		assert_int_equal(kho_check_written(&img.mem, img.kho, w, 2), KB_OK);
		/* One byte into the preserved page; a page of the map itself. */
		w[1].size++;
		assert_int_equal(kho_check_written(&img.mem, img.kho, w, 2), KB_PLACE_OVERLAP);
		w[1] = (struct range){img.kho->root.map.addr, 1};
		assert_int_equal(kho_check_written(&img.mem, img.kho, w, 2), KB_PLACE_OVERLAP);
		kho_image_free(&img);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(low_memory_must_be_free),
		cmocka_unit_test(nothing_preserved_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
