// SPDX-License-Identifier: BSD-2-Clause
/* One interface to all map formats, and runs of set bits within a strip. */
#include <core/bits.h>
#include <fdt/internal.h>

enum kb_status kho_map_each_page(struct mem *m, const struct kho_map *map, kho_meta_fn *fn,
				 void *ctx)
{
	if (map->format == KHO_MAP_RADIX)
		return kho_radix_each(m, map, fn, ctx, NULL);
	return kho_v1_each(m, map, fn, ctx);
}

bool kho_strip_seek(struct kho_strips *it, const struct mem *m, const struct kho_map *map,
		    unsigned int order, uint64_t from)
{
	*it = (struct kho_strips){.m = m, .map = map, .s = {.order = order}};
	if (order >= KHO_ORDERS || !(map->orders >> order & 1))
		return false;
	if (map->format == KHO_MAP_RADIX)
		return kho_radix_seek(it, from);
	return kho_v1_seek(it, from);
}

bool kho_strip_next(struct kho_strips *it)
{
	if (it->map->format == KHO_MAP_RADIX)
		return kho_radix_next(it);
	return kho_v1_next(it);
}

/*
 * The first bit from @bit on that is set (@skip 0) or clear (@skip ~0); s->blocks without one.
 */
static uint64_t find_bit(const struct kho_strip *s, uint64_t bit, uint64_t skip)
{
	uint64_t mask = ~0ULL << (bit & 63);

	for (bit &= ~63ULL; bit < s->blocks; bit += 64, mask = ~0ULL) {
		uint64_t w = (get_u64(s->bits + bit / 8) ^ skip) & mask;

		if (w)
			return bit + lowest_bit(w);
	}
	return s->blocks;
}

bool kho_strip_run(const struct kho_strip *s, uint64_t bit, struct kho_run *ret)
{
	uint64_t first;

	if (bit >= s->blocks)
		return false;
	first = find_bit(s, bit, 0);
	if (first >= s->blocks)
		return false;
	*ret = (struct kho_run){first, find_bit(s, first, ~0ULL) - first};
	return true;
}
