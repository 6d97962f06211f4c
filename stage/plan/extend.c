// SPDX-License-Identifier: BSD-2-Clause
/*
 * Scratch that is too small for the next kernel gets one more area.
 *
 * All that a kernel allocates before it has read the map has to lie in scratch, and so has all that
 * it is given. The array of areas is handed over by us, and the next kernel believes it: memory of
 * the outgoing kernel that is neither preserved nor a part of the map serves as well.
 */
#include <core/log.h>
#include <stage/stage.h>

/* Beside window and block: page tables and the like of a kernel that starts; and its memmap. */
#define EARLY_BYTES  (32 * SZ_1M)
#define MEMMAP_SHARE 64 /* struct page has 64 bytes for each 4 KiB */

/* Kernels give whole blocks of their largest order to CMA: 4, 32 or 512 MiB. */
static uint64_t area_align(const struct kho *k)
{
	return (uint64_t)KHO_SCRATCH_ALIGN << (k->root.page_shift == 12   ? 0
					       : k->root.page_shift == 14 ? 3
									  : 7);
}

static bool is_new(const struct stage *s, struct range r)
{
	return s->bridge && ranges_overlap(s->bridge_pages, r);
}

/* The first place in @from where nothing was preserved. */
static bool find_area(const struct stage *s, const struct range_list *from, uint64_t size,
		      uint64_t align, struct range *ret)
{
	for (size_t i = 0; i < from->count; i++) {
		struct range r = {align_up(from->r[i].base, align), size};

		for (; r.base >= from->r[i].base && range_end(r) > r.base &&
		       range_end(r) <= range_end(from->r[i]);
		     r.base += align) {
			if (!kho_occupancy_free(&s->kho->occ, r) || is_new(s, r))
				continue;
			*ret = r;
			return true;
		}
	}
	return false;
}

enum kb_status stage_extend_scratch(struct stage *s, const struct range_list *from)
{
	const uint64_t align = s->kho ? area_align(s->kho) : 1;
	const uint64_t want = s->kernel.window_size + s->kernel.window_align + s->layout.size +
			      range_list_bytes(&s->mem.ram) / MEMMAP_SHARE + EARLY_BYTES;
	struct range area;
	enum kb_status st;

	if (!s->kho || s->options.bridge == KB_BRIDGE_OFF ||
	    !find_area(s, from, align_up(want, align), align, &area))
		return KB_RANGE_NO_ROOM;
	st = range_list_add(&s->kho->scratch, area);
	if (st)
		return st;
	range_list_sort(&s->kho->scratch);
	s->more_scratch = area;
	kb_warn("bridge",
		"scratch is too small for the next kernel: it gets %" PRIu64
		" bytes more at 0x%" PRIx64,
		area.size, area.base);
	return KB_OK;
}
