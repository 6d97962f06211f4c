// SPDX-License-Identifier: BSD-2-Clause
/*
 * The UEFI door: what was handed over through firmware. It is found and claimed before firmware is
 * asked for any memory, and proven when the kernel is known.
 */
#include <arch/cache.h>
#include <arch/cpu.h>
#include <core/log.h>
#include <route/route.h>
#include <stage/pagetable.h>

#include "uefi.h"

/* ---- before the first allocation ------------------------------------------------------------- */

static enum kb_status read_map(struct uefi *u, struct uefi_early *e, struct fw_map *map,
			       struct range_list *free, struct range_list *ram)
{
	enum kb_status st = fw_map_early(&u->fw, e->map, e->map_size, map);
	struct efi_map view;

	*free = (struct range_list){e->conventional, 0, e->pieces};
	*ram = (struct range_list){e->ram, 0, e->pieces};
	if (st)
		return kb_refuse("efi", st, NULL);
	view = fw_map_view(map);
	st = efi_map_free(&view, free);
	if (!st)
		st = efi_map_ram(&view, ram);
	return st ? kb_refuse("efi", st, NULL) : KB_OK;
}

static void flush(void *ctx, struct range r)
{
	(void)ctx;
	cache_flush_range((const void *)(uintptr_t)r.base, r.size);
}

static enum kb_status find_and_claim(struct uefi *u, struct uefi_early *e)
{
	struct range_list free, ram, work = {e->scratch, 0, e->pieces};
	struct fw_map map;
	enum kb_status st = read_map(u, e, &map, &free, &ram);

	if (!st)
		st = uefi_find_record(u, &free, &ram);
	if (!st && !u->s.has_kho)
		st = uefi_find_carrier(u, &map, &work);
	/* A record that was not asked for. Only now is it certain that nothing is handed over. */
	if (!st && !u->s.has_kho && !u->s.options.nonce.len && route_drop(&free, flush, NULL))
		kb_refuse("route", KB_REC_UNASKED, NULL);
	if (st || !u->s.has_kho)
		return st;
	st = uefi_claim(u, e, &map, &ram);
	/*
	 * The next attempt, should this one end in a reset. Firmware only gives scratch by now; if
	 * not all could be claimed, a reset that starts something else is the greater danger.
	 */
	if (u->s.record)
		(void)fw_boot_again(&u->fw);
	return st;
}

#define LISTS 3 /* of e->pieces ranges */

/*
 * @room: the map, LISTS lists and one of UEFI_KEEP_MAX ranges; aligned to 8. What is only read
 * before the claim, and what only the claim fills, are in the same memory.
 */
static enum kb_status with_room(struct uefi *u, void *room, uint64_t map_size, size_t pieces)
{
	struct range *lists = (void *)((uint8_t *)room + map_size);
	struct uefi_early e = {
		.map = room,
		.map_size = map_size,
		.pieces = pieces,
		.conventional = lists,
		.ram = lists + pieces,
		.claims = lists + pieces,
		.claimed = lists,
		.scratch = lists + 2 * pieces,
		.keep = lists + LISTS * pieces,
	};

	return find_and_claim(u, &e);
}

static uint64_t early_size(uint64_t map_size, size_t pieces)
{
	return map_size + (LISTS * pieces + UEFI_KEEP_MAX) * sizeof(struct range);
}

typedef enum kb_status alloc_fn(struct firmware *fw, uint64_t bytes, void **ret);

/* As much as this map needs. */
static enum kb_status with_memory(struct uefi *u, const struct fw_map *map, alloc_fn *alloc)
{
	struct route_early e = route_early(map->capacity, map->desc_size, UEFI_KEEP_MAX);
	void *room;
	enum kb_status st = alloc(&u->fw, early_size(e.map, e.pieces), &room);

	/* Some machines have little free memory below 1 MiB. Who has nothing to lose takes any. */
	if (st && alloc != fw_alloc && !u->s.has_kho)
		st = fw_alloc(&u->fw, early_size(e.map, e.pieces), &room);
	return st ? kb_refuse("efi", st, NULL) : with_room(u, room, e.map, e.pieces);
}

#if ARCH_LOW_MEMORY
enum kb_status uefi_find_handover(struct uefi *u)
{
	struct fw_map map;
	enum kb_status st = fw_map_ask(&u->fw, &map);

	return st ? kb_refuse("efi", st, NULL) : with_memory(u, &map, fw_alloc_low);
}
#else
/*
 * On firmware's stack, which has 128 KiB or more (UEFI 2.10 section 2.3.6.2). Whether that is
 * enough was asked before the reset: route_early_check().
 */
static enum kb_status with_stack(struct uefi *u)
{
	uint64_t room[(ARCH_EARLY_MAP +
		       (LISTS * ARCH_EARLY_LIST + UEFI_KEEP_MAX) * sizeof(struct range)) /
		      sizeof(uint64_t)];

	return with_room(u, room, ARCH_EARLY_MAP, ARCH_EARLY_LIST);
}

enum kb_status uefi_find_handover(struct uefi *u)
{
	struct fw_map map;
	enum kb_status st = fw_map_ask(&u->fw, &map);

	if (st)
		return kb_refuse("efi", st, NULL);
	return u->s.has_kho ? with_stack(u) : with_memory(u, &map, fw_alloc);
}
#endif

/* ---- the proof ------------------------------------------------------------------------------- */

static enum kb_status open_kho(struct uefi *u, struct kho *k)
{
	struct efi_map map = uefi_map(u);
	struct kho_work work;
	enum kb_status st = efi_map_ram(&map, &u->s.mem.ram);

	/* What the tables cannot map could not be put back when we leave. */
	if (!st)
		st = pt_clip(&u->s.tables, &u->s.mem.ram);
	if (st)
		return st;
	u->s.mem.map = mem_map_moved;
	u->s.mem.ctx = &u->s.moves;
	work.size = kho_work_size(&u->s.mem.ram);
	st = fw_alloc(&u->fw, work.size, &work.base);
	if (!st)
		st = uefi_list_homes(u);
	return st ? st : stage_open_kho(&u->s, work, k);
}

static enum kb_status prove(struct uefi *u, struct kho *k)
{
	enum kb_status st = open_kho(u, k);

	/* If firmware wrote to preserved memory, the digests say where: so they come first. */
	if (!st && u->s.record)
		st = uefi_verify(u, k);
	if (!st)
		st = uefi_check_claims(u, k);
	/* Firmware could write there before the claim, and no digest would tell. */
	if (!st && !u->s.record && k->sum.stray)
		st = kb_fail(&u->s.mem, KB_KHO_META_SCRATCH, k->sum.stray_at, k->sum.stray);
	return st ? kb_refuse("kho", st, &u->s.mem.diag) : KB_OK;
}

/* ---- the bridge ------------------------------------------------------------------------------ */

static void *take_work(struct stage *s, const struct kho *k, uint64_t size)
{
	struct uefi *u = (struct uefi *)s; /* its first member */
	void *ret;

	(void)k; /* nothing of KHO lies in what firmware gives: it was claimed, or is scratch */
	return fw_alloc(&u->fw, size, &ret) ? NULL : ret;
}

static uint8_t *open_piece(struct stage *s, struct range piece)
{
	(void)s;
	return (uint8_t *)(uintptr_t)piece.base;
}

/* What was claimed, but for scratch, and the record with its copies. Homes are not free anyway. */
static enum kb_status list_new(struct uefi *u, const struct kho *k, struct range_list *kept,
			       struct range_list *ret)
{
	enum kb_status st = range_list_copy(&u->claimed, ret);

	if (!st)
		st = range_list_subtract(ret, (struct range){0, ARCH_LOW_MEMORY});
	if (!st)
		st = range_list_subtract_all(ret, &k->scratch);
	if (!st && u->s.record)
		st = route_keep(u->s.record, kept);
	return st ? st : range_list_subtract_all(ret, kept);
}

/* Nothing refuses here any more what the outgoing kernel's door has let through. */
static enum kb_status bridge(struct uefi *u, struct kho *k)
{
	const size_t max = u->claimed.max + KHO_SCRATCH_PIECES + UEFI_KEEP_MAX + 1;
	struct stage_means means = {.work = take_work, .open = open_piece};
	struct range_list kept;
	void *store;
	enum kb_status st = fw_alloc(&u->fw, (max + UEFI_KEEP_MAX) * sizeof(struct range), &store);

	means.from = (struct range_list){store, 0, max};
	kept = (struct range_list){(struct range *)store + max, 0, UEFI_KEEP_MAX};
	if (!st)
		st = list_new(u, k, &kept, &means.from);
	if (st)
		return kb_refuse("bridge", st, NULL);
	st = stage_plan_bridge(&u->s, k, &means);
	u->s.kho = k;
	if (!st)
		st = stage_write_bridge(&u->s);
	u->s.kho = NULL;
	return st;
}

enum kb_status uefi_gather_kho(struct uefi *u)
{
	struct kho *k;
	void *room;
	enum kb_status st = fw_alloc(&u->fw, sizeof(*k), &room);

	if (st)
		return kb_refuse("kho", st, NULL);
	k = room;
	st = prove(u, k);
	if (st)
		return st;
	kho_scratch_align(&k->scratch);
	if (k->scratch_trimmed)
		kb_warn("kho",
			"%" PRIu64 " bytes of scratch are the firmware's now and were left out",
			k->scratch_trimmed);
	uefi_apply_cmdline(u);
	u->s.may_encrypt = cpu_may_encrypt();
	st = stage_check_memory(&u->s, k);
	if (!st)
		st = bridge(u, k);
	if (!st)
		u->s.kho = k;
	return st;
}
