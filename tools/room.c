// SPDX-License-Identifier: BSD-2-Clause
/* Is there room in scratch? See room.h. */
#include "room.h"

#include <arch/const.h>
#include <core/bits.h>
#include <khoboot/layout.h>
#include <route/zone.h>

#include <stdlib.h>
#include <string.h>

/* ---- kexec's part ---------------------------------------------------------------------------- */

static enum kb_status begin(struct room_plan *p, const struct room_question *q)
{
	const struct range_list *areas = q->areas;
	enum kb_status st;

	p->areas = areas;
	p->page = q->page_size;
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
	const uint64_t size = align_up(s->size, p->page);
	const uint64_t align = max_u64(s->align, p->page);
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

/* Work memory of room_ask(). */
struct work {
	struct room_plan plan;
	struct stage s;
	struct kho kho;
	struct range sorted[ROOM_AREAS], scratch[ROOM_AREAS], empty[ROOM_AREAS], free[ROOM_AREAS];
	struct range zone[KB_ZONE_MAX + 8];
};

/* Where a part of the image will be. Nobody reads it there. */
static struct uki_part part(const struct room_answer *a, struct range at)
{
	return (struct uki_part){.data = (const void *)(uintptr_t)(a->image.base + at.base),
				 .size = at.size};
}

/* What the bare-metal door will know when it plans. */
static void fill_stage(struct work *w, const struct room_question *q, const struct room_answer *a)
{
	struct stage *s = &w->s;

	s->kernel = *q->kernel;
	kernel_let_stay(&s->kernel);
	s->kernel.own.base = a->image.base + q->image.kernel.base;
	strcpy(s->cmdline, q->cmdline);
	s->uki.initrd = part(a, q->image.initrd);
	s->uki.ucode = part(a, q->image.ucode);
	s->has_kho = true;
	/* The root FDT is one page somewhere; only that there is one counts. */
	s->handover.fdt_size = SZ_4K;
	s->kho = &w->kho;
	stage_take_initrd(s, (struct range){0, 0}, STAGE_OUTSIDE_TAKEN);
}

/* As bare_plan() does it. */
static enum kb_status place(struct work *w, const struct room_question *q, bool most,
			    const struct range_list *free)
{
	enum kb_status st = range_list_copy(free, &w->s.free);

	stage_describe_boot(&w->s);
	room_describe(q, most, &w->s.boot);
	return st ? st : stage_place_all(&w->s);
}

static enum kb_status place_all(struct work *w, const struct room_question *q,
				const struct range_list *free, struct room_answer *a)
{
	enum kb_status st = place(w, q, true, free), least;

	if (st == KB_PLACE_INITRD) {
		a->one_initrd = true;
		stage_keep_one_initrd(&w->s);
		st = place(w, q, true, free);
	}
	a->block_size = w->s.layout.size;
	a->place = w->s.place;
	a->initrd = w->s.initrd;
	if (st != KB_PLACE_KERNEL && st != KB_PLACE_BLOCK && st != KB_DTB_BIG)
		return st;
	least = place(w, q, false, free);
	a->sure = least && least != KB_PLACE_INITRD;
	return st;
}

/* RAM outside scratch; the bare-metal door knows what firmware keeps of it, too. */
static enum kb_status list_others(const struct room_question *q, struct range_list *ret)
{
	enum kb_status st = range_list_copy(q->ram, ret);

	if (!st)
		st = range_list_subtract(ret, (struct range){0, ARCH_LOW_MEMORY});
	return st ? st : range_list_subtract_all(ret, q->areas);
}

/*
 * As bare_plan() does it, with nothing preserved yet. It takes the first area where nothing is, and
 * refuses if that will not do: which it is, is not known, so one that would do is enough.
 */
static enum kb_status extend(struct work *w, struct range_list *from)
{
	enum kb_status st = KB_OK, full = KB_OK;

	do {
		if (st)
			full = range_list_subtract(&w->kho.scratch, w->s.more_scratch);
		if (st && !full)
			full = range_list_subtract(from, w->s.more_scratch);
		st = full ? full : stage_extend_scratch(&w->s, from);
		if (st)
			return st;
		st = stage_check_memory(&w->s, &w->kho);
	} while (st);
	return KB_OK;
}

static enum kb_status grow(struct work *w, const struct room_question *q, struct range_list *from,
			   struct range_list *empty)
{
	enum kb_status st = list_others(q, from);

	w->s.mem.ram = *q->ram;
	w->kho.root.page_shift = highest_bit(q->page_size);
	if (!st)
		st = extend(w, from);
	if (!st)
		st = range_list_add(empty, w->s.more_scratch);
	range_list_sort(empty);
	return st ? st : place(w, q, true, empty);
}

static bool may_grow(struct work *w, const struct room_question *q, struct range_list *empty)
{
	struct range_list from = {.count = 0};
	enum kb_status st;

	if (q->bridge_off || !q->ram)
		return !q->bridge_off;
	from.max = q->ram->count + q->areas->count + 1;
	from.r = calloc(from.max, sizeof(*from.r));
	st = from.r ? grow(w, q, &from, empty) : KB_OK;
	free(from.r);
	return !st || st == KB_PLACE_INITRD;
}

/* The bare-metal door's question before the reset, with nothing preserved yet. */
static enum kb_status ask_reset(struct work *w, const struct room_question *q,
				struct room_answer *a)
{
	struct range_list zone = {w->zone, 0, ARRAY_SIZE(w->zone)};
	struct range_list list = {w->empty, 0, ROOM_AREAS};
	struct stage_room room;
	enum kb_status st = zone_choose(ARCH_RECORD, q->zone, q->ram,
					q->image.flat_size + KB_SETUP_SIZE, q->page_size, &zone);

	for (size_t i = 0; i < q->ram->count && !st; i++)
		for (size_t n = 0; n < zone.count; n++)
			a->zone += range_intersect(q->ram->r[i], zone.r[n]).size;
	w->s.mem.ram = *q->ram;
	if (!st)
		st = stage_keep_room(&w->s, &zone, &list, &room);
	if (!st)
		a->firmware = room.firmware.size;
	return st;
}

/* First of all segments (Linux kernel/kexec_file.c); kexec goes on when there is no room for it. */
static enum kb_status load_ima(struct work *w, const struct room_question *q)
{
	const struct room_segment list = {"IMA", q->ima_size, q->page_size, 0, true, true};
	struct range ignored;
	enum kb_status st = q->ima_size ? room_load(&w->plan, &list, &ignored) : KB_OK;

	return st == KB_CTL_SCRATCH ? KB_OK : st;
}

static enum kb_status ask(struct work *w, const struct room_question *q, struct room_answer *a)
{
	struct range_list sorted = {w->sorted, 0, ROOM_AREAS};
	struct range_list empty = {w->empty, 0, ROOM_AREAS};
	struct range_list *scratch = &w->kho.scratch;
	enum kb_status st = begin(&w->plan, q);

	*scratch = (struct range_list){w->scratch, 0, ROOM_AREAS};
	w->s.free = (struct range_list){w->free, 0, ROOM_AREAS};
	a->scratch_bytes = range_list_bytes(q->areas);
	a->window_size = q->kernel->window_size;
	if (!st)
		st = load_ima(w, q);
	if (!st)
		st = room_load_all(&w->plan, q, &a->image);
	if (!st)
		st = usable(q, &w->plan.busy, &sorted, scratch, &empty);
	if (st)
		return st;
	a->scratch_bytes = range_list_bytes(scratch);
	a->free_bytes = range_list_bytes(&empty);
	a->largest = largest(&empty);
	fill_stage(w, q, a);
	st = place_all(w, q, &empty, a);
	if (st == KB_PLACE_KERNEL || st == KB_PLACE_BLOCK)
		a->may_grow = may_grow(w, q, &empty);
	if (!st && q->reset && q->ram)
		a->reset = ask_reset(w, q, a);
	return st;
}

enum kb_status room_ask(const struct room_question *q, struct room_answer *ret)
{
	struct work *w = calloc(1, sizeof(*w));
	enum kb_status st;

	*ret = (struct room_answer){.sure = true};
	if (!w)
		return KB_CTL_MEMORY;
	st = ask(w, q, ret);
	free(w);
	return st;
}
