/* SPDX-License-Identifier: BSD-2-Clause */
/* What the fuzzers of the two map formats share: everything that can be done with an opened map. */
#ifndef TESTS_FUZZ_MAP_H
#define TESTS_FUZZ_MAP_H

#include "words.h"

#include <fdt/internal.h>

#include <stdlib.h>

static enum kb_status map_see(void *ctx, const struct kho_meta *meta)
{
	struct mem *m = ctx;

	if (!mem_get(m, phys(meta->bytes.base), meta->bytes.size))
		abort();
	return KB_OK;
}

/* Strips of one order ascend and are disjoint. */
static void map_strips(struct kho_image *img, const struct kho_map *map)
{
	for (unsigned int order = 0; order < KHO_ORDERS; order++) {
		struct kho_strips it;
		uint64_t next = 0;
		bool found = kho_strip_seek(&it, &img->mem, map, order, 0);

		for (; found; found = kho_strip_next(&it)) {
			if (it.s.base < next || it.s.order != order)
				abort();
			next = kho_strip_last(&it.s);
		}
		if (it.status)
			abort();
	}
}

/* Walk @map, which was opened, and when it is sound go through its ranges. */
static void map_use(struct kho_image *img, const struct kho_map *map)
{
	struct range none = {0, 0}, r;
	struct range_list scratch = {&none, 0, 1};
	struct kho_ranges it;
	struct kho_summary sum;
	struct kho_occupancy occ;
	uint64_t buf[8], last = 0;

	img->work.size = kho_work_size(&img->mem.ram);
	img->work.base = malloc(img->work.size);
	map_strips(img, map);
	if (kho_map_each_page(&img->mem, map, map_see, &img->mem))
		abort();
	if (kho_unique(&img->mem, map, none, NULL, NULL, buf, ARRAY_SIZE(buf)) !=
	    kho_unique(&img->mem, map, none, NULL, NULL, img->work.base, img->work.size / 8))
		abort();
	if (kho_walk(&img->mem, map, &scratch, none, img->work, &sum, &occ))
		return;
	kho_ranges_first(&it, &img->mem, map, 0);
	while (kho_ranges_next(&it, &r)) {
		if (r.base < last || !range_list_contains(&img->mem.ram, r))
			abort();
		last = range_end(r) + 1; /* they do not touch */
	}
	if (it.status)
		abort();
}

#endif
