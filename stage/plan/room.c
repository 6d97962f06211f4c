// SPDX-License-Identifier: BSD-2-Clause
/*
 * Room for the next kernel on the firmware route: chosen before the reset, while the direct route
 * is still open, and taken after it.
 */
#include <arch/const.h>
#include <core/log.h>
#include <stage/stage.h>

static const struct range anywhere = {0, UINT64_MAX};

/* ---- what is wanted -------------------------------------------------------------------------- */

/* Of the UEFI door: lists, the memory map and its copies, tables for the kernel. */
#define DOOR_BYTES (4 * SZ_1M)
/* Of firmware's own drivers and file systems while we run. */
#define FIRMWARE_BYTES (8 * SZ_1M)

/* Bytes of RAM in @zone. */
static uint64_t ram_in(const struct range_list *ram, const struct range_list *zone)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ram->count; i++)
		for (size_t n = 0; n < zone->count; n++)
			sum += range_intersect(ram->r[i], zone->r[n]).size;
	return sum;
}

/* At worst every other page of the zone has moved: entries of three lists, and maybe a mapping. */
static uint64_t bytes_for_homes(uint64_t zone)
{
	uint64_t lists = zone / (2 * SZ_4K) * 3 * sizeof(struct range);

	return lists + (ARCH_MAPS_HOMES ? zone / SZ_2M * SZ_4K : 0);
}

/* Page tables: at worst one for each 1 GiB of RAM, and two for each edge of a piece. */
static uint64_t bytes_for_tables(const struct range_list *ram)
{
	return (range_list_bytes(ram) / SZ_1G + 4 * (uint64_t)ram->count) * SZ_4K;
}

enum kb_status stage_want_room(const struct stage *s, const struct range_list *zone,
			       struct stage_wants *ret)
{
	const struct range_list *ram = &s->mem.ram;
	struct stage_wants w = {.kernel = &s->kernel, .initrd = stage_initrd_size(s)};
	enum kb_status st = boot_block_max(&s->boot, &w.block);

	if (st)
		return st;
	w.firmware = align_up_page(DOOR_BYTES + FIRMWARE_BYTES + KERNEL_WORK_SIZE + STAGE_LOG_SIZE +
				   kho_work_size(ram) + bytes_for_tables(ram) +
				   bytes_for_homes(ram_in(ram, zone)));
	*ret = w;
	return KB_OK;
}

/* ---- before the reset ------------------------------------------------------------------------ */

/* @r is read here, after the search that wrote it. */
static enum kb_status take(struct range_list *free, enum kb_status st, const struct range *r)
{
	return st ? st : range_list_subtract(free, *r);
}

/* The highest place for a copy of the initrd; an empty one if there is none. */
static enum kb_status take_initrd(struct range_list *free, struct range near, uint64_t size,
				  struct range *ret)
{
	*ret = (struct range){0, 0};
	if (!size)
		return KB_OK;
	return take(free, range_list_find(free, near, align_up_page(size), SZ_4K, true, ret), ret);
}

static enum kb_status take_window(struct range_list *free, const struct kernel *k,
				  struct range initrd, struct range *ret)
{
	return take(free, boot_find_window(free, k, initrd, ret), ret);
}

/* The window first, which is hard to place, then the initrd near it; or the other way round. */
static enum kb_status take_pair(struct range_list *free, const struct stage_wants *w,
				bool window_first, struct kb_room *ret)
{
	enum kb_status st;

	if (!window_first) {
		st = take_initrd(free, anywhere, w->initrd, &ret->initrd);
		return st ? st : take_window(free, w->kernel, ret->initrd, &ret->window);
	}
	st = take_window(free, w->kernel, (struct range){0, 0}, &ret->window);
	if (st)
		return st;
	return take_initrd(free, boot_near(ret->window), w->initrd, &ret->initrd);
}

/* The orders in which all is placed: what fits in one may not fit in another. */
enum way { WINDOW_FIRST, INITRD_FIRST, FIRMWARE_FIRST, WAYS };

static enum kb_status take_firmware(struct range_list *free, uint64_t size, struct range *ret)
{
	return take(free, range_list_find(free, anywhere, size, SZ_4K, true, ret), ret);
}

static enum kb_status choose(const struct range_list *from, struct range_list *work,
			     const struct stage_wants *w, enum way way, struct stage_room *ret)
{
	struct stage_room r = {.firmware = {0, 0}};
	enum kb_status st = range_list_copy(from, work);

	if (!st && way == FIRMWARE_FIRST)
		st = take_firmware(work, w->firmware, &r.firmware);
	if (!st)
		st = take_pair(work, w, way == WINDOW_FIRST, &r.kept);
	if (!st)
		st = take(work, boot_find_block(work, w->block, &r.kept.block), &r.kept.block);
	if (!st && way != FIRMWARE_FIRST)
		st = take_firmware(work, w->firmware, &r.firmware);
	if (!st)
		*ret = r;
	return st;
}

static enum kb_status choose_any(const struct range_list *from, struct range_list *work,
				 const struct stage_wants *w, struct stage_room *ret)
{
	enum kb_status st = KB_ROUTE_ROOM;

	for (enum way way = WINDOW_FIRST; st && st != KB_RANGE_FULL && way < WAYS; way++)
		st = choose(from, work, w, way, ret);
	return !st || st == KB_RANGE_FULL ? st : KB_ROUTE_ROOM;
}

static void report_wants(const struct range_list *from, const struct stage_wants *w)
{
	kb_warn("route",
		"wanted: %" PRIu64 " bytes for the kernel, %" PRIu64 " beside it, %" PRIu64
		" for the initrd, %" PRIu64 " for firmware; scratch outside the zone: %" PRIu64
		" in %zu pieces",
		w->kernel->window_size, w->block, w->initrd, w->firmware, range_list_bytes(from),
		from->count);
}

/* Of what the UEFI door can claim outside scratch. */
static enum kb_status check_map_room(struct stage *s, const struct range_list *zone,
				     struct range_list *claimed)
{
	enum kb_status st = range_list_copy(&s->mem.ram, claimed);

	if (!st)
		st = range_list_subtract_all(claimed, &s->kho->scratch);
	if (!st)
		st = range_list_subtract_all(claimed, zone);
	if (!st)
		st = range_list_subtract_all(claimed, &s->kept);
	if (st || !boot_check_map_room(&s->mem, s->kho, claimed))
		return st;
	kb_warn("route", "outside scratch and zone there is no room for UEFI's memory map");
	return KB_ROUTE_ROOM;
}

/* Of scratch the UEFI door may use what we occupy now, but none of the zone. */
enum kb_status stage_keep_room(struct stage *s, const struct range_list *zone,
			       struct range_list *work, struct stage_room *ret)
{
	struct stage_wants wants;
	enum kb_status st = check_map_room(s, zone, work);

	if (!st)
		st = stage_want_room(s, zone, &wants);
	if (!st)
		st = range_list_copy(&s->kho->scratch, work);
	if (!st)
		st = range_list_subtract_all(work, zone);
	if (st)
		return st;
	st = choose_any(work, &s->free, &wants, ret);
	if (st == KB_ROUTE_ROOM && kernel_fix_place(&s->kernel))
		st = choose_any(work, &s->free, &wants, ret);
	if (st == KB_ROUTE_ROOM)
		report_wants(work, &wants);
	return st;
}

enum kb_status stage_list_spare(struct stage *s, const struct range_list *busy,
				const struct range_list *zone, const struct stage_room *room)
{
	const struct range kept[] = {room->kept.window, room->kept.block, room->kept.initrd,
				     room->firmware};
	enum kb_status st = range_list_copy(&s->kho->scratch, &s->free);

	if (!st)
		st = range_list_subtract_all(&s->free, busy);
	if (!st)
		st = range_list_subtract_all(&s->free, zone);
	for (size_t i = 0; i < ARRAY_SIZE(kept) && !st; i++)
		st = range_list_subtract(&s->free, kept[i]);
	return st;
}

/* ---- after the reset ------------------------------------------------------------------------- */

static bool is_ours(const struct range_list *ours, const struct kb_room *room)
{
	return range_list_contains(ours, room->window) && range_list_contains(ours, room->block) &&
	       range_list_contains(ours, room->initrd);
}

enum kb_status stage_take_room(struct stage *s, const struct kb_room *room,
			       const struct range_list *ours, struct range *initrd)
{
	struct range w = room->window, b = room->block;
	struct range_list window = {&w, 1, 1}, block = {&b, 1, 1};
	struct range copy = {room->initrd.base, stage_initrd_size(s)};
	struct boot_placement p;
	enum kb_status st = boot_layout(&s->boot, &s->layout);

	if (st)
		return st;
	if (!is_ours(ours, room) || copy.size > room->initrd.size)
		return KB_RANGE_NO_ROOM;
	st = boot_find_window(&window, &s->kernel, copy, &p.window);
	if (!st)
		st = boot_find_block(&block, s->layout.size, &p.block);
	if (st)
		return st;
	p.entry = boot_entry(&s->kernel, p.window);
	s->place = p;
	*initrd = copy;
	return KB_OK;
}
