// SPDX-License-Identifier: BSD-2-Clause
/* A radix tree by itself: the root FDT only says where it begins. */
#include "map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kho_image img;
	struct kho_map map;

	if (!words_load(&img, data, size))
		return 0;
	kho_image_seal(&img);
	if (!kho_map_open_radix(&img.mem, img.page_shift, phys(words_map(&img)), &map))
		map_use(&img, &map);
	kho_image_free(&img);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	size = words_mutate(data, size, max, seed);
	data[0] = (uint8_t)(data[0] / 3 * 3 + KHO_MAP_RADIX);
	return size;
}
