// SPDX-License-Identifier: BSD-2-Clause
/*
 * Opens a map of kho-v1: which of two bitmap sizes does it have? Both have the same version string,
 * so the answer comes from the map itself, and from what is known to be preserved.
 */
#include <fdt/internal.h>

static bool covers_all(const struct mem *m, const struct kho_map *map, const struct range *known,
		       size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!kho_map_covers(m, map, known[i]))
			return false;
	return true;
}

/*
 * Reading a page-size bitmap as a small one misses blocks, which are then overwritten. Reading a
 * small one as page-size only preserves too much.
 */
static enum kb_status decide(struct mem *m, const struct kho_v1_evidence *ev,
			     enum kho_bitmap_hint hint, bool covered, struct kho_map *map)
{
	bool certain = ev->small || !covered;

	if (certain && hint == (ev->small ? KHO_BITMAP_PAGE : KHO_BITMAP_SMALL))
		return kb_fail(m, KB_KHO_V1_HINT, map->root.addr, hint);
	if (!certain && ev->differ && hint != KHO_BITMAP_PAGE && hint != KHO_BITMAP_ANY)
		return kb_fail(m, KB_KHO_V1_AMBIGUOUS, map->root.addr, 0);
	if (!ev->small && (certain || hint != KHO_BITMAP_SMALL))
		map->format = KHO_MAP_V1_PAGE;
	return KB_OK;
}

/* The first pass also accepted a small strip outside RAM, if a page-size one would reach RAM. */
static enum kb_status check_decided(struct mem *m, const struct kho_map *map)
{
	return map->format == KHO_MAP_V1_SMALL ? kho_v1_check(m, map) : KB_OK;
}

enum kb_status kho_map_open_v1(struct mem *m, unsigned int page_shift, phys_t root,
			       enum kho_bitmap_hint hint, const struct range *known,
			       size_t known_count, struct kho_map *ret)
{
	struct kho_map map = {.format = KHO_MAP_V1_SMALL, .page_shift = page_shift, .root = root};
	struct kho_v1_evidence ev = {0};
	enum kb_status st = kho_v1_gather(m, &map, &ev);

	if (!st)
		st = decide(m, &ev, hint, ev.small || covers_all(m, &map, known, known_count),
			    &map);
	if (!st)
		st = check_decided(m, &map);
	if (!st)
		*ret = map;
	return st;
}
