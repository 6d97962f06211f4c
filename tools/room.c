// SPDX-License-Identifier: BSD-2-Clause
/* Is there room in scratch? See room.h. */
#include "room.h"

#include <stdlib.h>

/* ---- kexec's part ---------------------------------------------------------------------------- */

static enum kb_status begin(struct room_plan *p, const struct range_list *areas)
{
	enum kb_status st;

	p->areas = areas;
	p->free = (struct range_list){p->free_store, 0, ARRAY_SIZE(p->free_store)};
	p->busy = (struct range_list){p->busy_store, 0, ARRAY_SIZE(p->busy_store)};
	st = range_list_copy(areas, &p->free);
	if (!st)
		range_list_sort(&p->free);
	return st;
}

/* The part of an area that begins at @lowest or above. */
static struct range above(struct range area, uint64_t lowest)
{
	return range_intersect(area, (struct range){lowest, UINT64_MAX - lowest});
}

enum kb_status room_load(struct room_plan *p, const struct room_segment *s, struct range *ret)
{
	const uint64_t size = align_up_page(s->size), align = max_u64(s->align, SZ_4K);
	enum kb_status st = KB_RANGE_NO_ROOM;
	struct range found;

	for (size_t i = 0; i < p->areas->count && st; i++)
		st = range_list_find(&p->free, above(p->areas->r[i], s->lowest), size, align,
				     s->top_down, &found);
	if (st)
		return KB_CTL_SCRATCH;
	st = range_list_subtract(&p->free, found);
	if (!st && s->stays)
		st = range_list_add(&p->busy, found);
	if (!st)
		*ret = found;
	return st;
}

/* ---- khoboot's part -------------------------------------------------------------------------- */

/* Only as much of scratch as khoboot will take for RAM, whole areas again as they were. */
static enum kb_status usable(const struct room_question *q, const struct range_list *busy,
			     struct range_list *sorted, struct range_list *scratch,
			     struct range_list *free)
{
	enum kb_status st = range_list_copy(q->areas, sorted);

	range_list_sort(sorted);
	if (!st && q->ram)
		st = range_list_intersect(sorted, q->ram, scratch);
	else if (!st)
		st = range_list_copy(sorted, scratch);
	if (!st && !scratch->count)
		st = KB_KHO_SCRATCH_RAM;
	if (!st)
		st = range_list_copy(scratch, free);
	for (size_t i = 0; i < busy->count && !st; i++)
		st = range_list_subtract(free, busy->r[i]);
	return st;
}

static uint64_t largest(const struct range_list *l)
{
	uint64_t most = 0;

	for (size_t i = 0; i < l->count; i++)
		most = max_u64(most, l->r[i].size);
	return most;
}

static enum kb_status place(const struct room_question *q, const struct range_list *scratch,
			    struct range_list *free, struct room_answer *a)
{
	/* The root FDT is one page somewhere; only that there is one counts. */
	const struct kho_handover kho = {.fdt_size = SZ_4K};
	struct range initrd = {a->image.base + q->image.initrd.base, q->image.initrd.size};
	struct boot_layout layout;
	enum kb_status st = room_layout(q, &kho, scratch, initrd, &layout);

	a->scratch_bytes = range_list_bytes(scratch);
	a->free_bytes = range_list_bytes(free);
	a->largest = largest(free);
	if (st)
		return st;
	a->block_size = layout.size;
	return boot_place(free, q->kernel, layout.size, initrd, &a->place);
}

/* Work memory of room_ask(). */
struct work {
	struct room_plan plan;
	struct range sorted[ROOM_AREAS], scratch[ROOM_AREAS], free[ROOM_AREAS];
};

static enum kb_status ask(struct work *w, const struct room_question *q, struct room_answer *a)
{
	struct range_list sorted = {w->sorted, 0, ROOM_AREAS};
	struct range_list scratch = {w->scratch, 0, ROOM_AREAS};
	struct range_list free_list = {w->free, 0, ROOM_AREAS};
	enum kb_status st = begin(&w->plan, q->areas);

	a->scratch_bytes = range_list_bytes(q->areas);
	a->window_size = q->kernel->window_size;
	if (!st)
		st = room_load_all(&w->plan, q, &a->image);
	if (!st)
		st = usable(q, &w->plan.busy, &sorted, &scratch, &free_list);
	return st ? st : place(q, &scratch, &free_list, a);
}

enum kb_status room_ask(const struct room_question *q, struct room_answer *ret)
{
	struct work *w = calloc(1, sizeof(*w));
	enum kb_status st;

	*ret = (struct room_answer){0};
	if (!w)
		return KB_CTL_MEMORY;
	st = ask(w, q, ret);
	free(w);
	return st;
}
