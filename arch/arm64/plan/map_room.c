// SPDX-License-Identifier: BSD-2-Clause
/* Memory outside scratch for UEFI's memory map; see the header. */
#include <arch/boot.h>

struct search {
	struct mem *m;
	const struct kho *k;
	const struct range_list *scratch, *homes;
	uint64_t size; /* whole pages of the outgoing kernel */
};

/* Where something ends that is in the way of @r; @r's own base if nothing is. */
static enum kb_status busy_end(const struct search *s, struct range r, uint64_t *ret)
{
	const struct range *in = range_list_overlap(s->scratch, r);

	if (!in)
		in = range_list_overlap(s->homes, r);
	if (!in)
		return kho_meta_end(s->m, s->k, r, ret);
	*ret = range_end(*in);
	return KB_OK;
}

/* Goes up from one thing in the way to the next; nothing is preserved in @gap. */
static enum kb_status find_in_gap(const struct search *s, struct range gap, struct range *ret)
{
	uint64_t page = 1ULL << s->k->map.page_shift, at = gap.base;

	while (!align_up_overflow(at, page, &at) && at <= range_end(gap) &&
	       range_end(gap) - at >= s->size) {
		struct range r = {at, s->size};
		enum kb_status st = busy_end(s, r, &at);

		if (st)
			return st;
		if (at == r.base) {
			*ret = r;
			return KB_OK;
		}
	}
	return KB_RANGE_NO_ROOM;
}

/*
 *	in     |------------------------------------------------|
 *	          pppp        pp              ppppp
 *	gaps   |-|    |------|  |------------|     |------------|	in one pass over the map
 */
static enum kb_status find_in(const struct search *s, struct range in, struct range *ret)
{
	struct range p = {in.base, 0}, gap = {in.base, 0};
	enum kb_status st = KB_RANGE_NO_ROOM;
	struct kho_ranges it;

	kho_ranges_first(&it, s->m, &s->k->map, in.base);
	while (st == KB_RANGE_NO_ROOM && gap.base < range_end(in)) {
		if (!kho_ranges_next(&it, &p))
			p = (struct range){range_end(in), 0};
		if (it.status)
			return it.status;
		gap.size = min_u64(max_u64(p.base, gap.base), range_end(in)) - gap.base;
		st = find_in_gap(s, gap, ret);
		gap.base = range_end(p);
	}
	return st;
}

/* The highest granule where nothing lies: without a look at the map. */
static bool find_granule(const struct search *s, struct range in, struct range *ret)
{
	const uint64_t granule = 1ULL << KHO_GRANULE_SHIFT;
	struct range r = {align_down(range_end(in), granule), s->size};

	while (r.base >= granule && r.base - granule >= in.base) {
		r.base -= granule;
		if (range_contains(in, r) && !range_list_overlap(s->homes, r) &&
		    !range_list_overlap(s->scratch, r) && kho_occupancy_free(&s->k->occ, r)) {
			*ret = r;
			return true;
		}
	}
	return false;
}

enum kb_status boot_find_room(struct mem *m, const struct kho *k, const struct range_list *scratch,
			      const struct range_list *claimed, const struct range_list *homes,
			      uint64_t size, struct range *ret)
{
	struct search s = {m, k, scratch, homes, 0};
	enum kb_status st = KB_RANGE_NO_ROOM;

	if (align_up_overflow(size, 1ULL << k->map.page_shift, &s.size))
		return st;
	for (size_t i = claimed->count; i-- > 0;)
		if (find_granule(&s, claimed->r[i], ret))
			return KB_OK;
	for (size_t i = claimed->count; i-- > 0 && st == KB_RANGE_NO_ROOM;)
		st = find_in(&s, claimed->r[i], ret);
	return st;
}

enum kb_status boot_check_map_room(struct mem *m, const struct kho *k,
				   const struct range_list *claimed)
{
	const struct range_list homes = {NULL, 0, 0}; /* they lie in the zone */
	struct range room;

	return boot_find_room(m, k, &k->scratch, claimed, &homes, BOOT_EFI_MAP_MAX, &room);
}
