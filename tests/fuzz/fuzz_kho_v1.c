// SPDX-License-Identifier: BSD-2-Clause
/* A chunk list by itself: the root FDT only says where it begins. */
#include "map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kho_image img;
	struct kho_map map;
	struct range known;

	if (!words_load(&img, data, size))
		return 0;
	known = (struct range){KHO_IMAGE_BASE, img.page};
	kho_image_seal(&img);
	if (!kho_map_open_v1(&img.mem, img.page_shift, phys(words_map(&img)), img.hint, &known, 1,
			     &map))
		map_use(&img, &map);
	kho_image_free(&img);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	size = words_mutate(data, size, max, seed);
	if (data[0] % 3 == KHO_MAP_RADIX)
		data[0]--;
	return size;
}
