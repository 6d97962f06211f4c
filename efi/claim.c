// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door: the inverse claim, which makes all free memory but scratch ours. */
#include <arch/cpu.h>
#include <core/log.h>
#include <route/route.h>

#include "uefi.h"

/*
 * An allocation may make edk2 take pages for its own bookkeeping out of the middle of free memory.
 * The piece around them can then not be claimed as a whole: the next round claims what is left of
 * it.
 */
#define ROUNDS 4

static bool claim_piece(struct firmware *fw, struct range r)
{
	EFI_PHYSICAL_ADDRESS at = r.base;

	return !fw->bs->AllocatePages(AllocateAddress, EfiLoaderData, r.size / SZ_4K, &at);
}

/* Claim each piece; true when firmware gave them all. */
static bool claim_pieces(struct firmware *fw, const struct range_list *pieces,
			 struct range_list *ours)
{
	size_t before = ours->count;

	for (size_t i = 0; i < pieces->count && ours->count < ours->max; i++)
		if (claim_piece(fw, pieces->r[i]))
			ours->r[ours->count++] = pieces->r[i];
	return ours->count - before == pieces->count;
}

static enum kb_status claim_all(struct firmware *fw, struct fw_map *map,
				const struct range_list *keep, struct range_list *work,
				struct range_list *ours)
{
	uint64_t calls = 0, start = cpu_clock();
	bool done = false;

	ours->count = 0;
	for (unsigned int round = 0; round < ROUNDS && !done; round++) {
		enum kb_status st = round ? fw_map_refresh(fw, map) : KB_OK;
		struct efi_map view = fw_map_view(map);

		if (!st)
			st = efi_map_claims(&view, ARCH_LOW_MEMORY, keep, work);
		if (st)
			return st;
		calls += work->count;
		done = claim_pieces(fw, work, ours);
	}
	range_list_sort(ours);
	kb_info("claim", "%" PRIu64 " bytes in %" PRIu64 " calls, %" PRIu64 " us",
		range_list_bytes(ours), calls, cpu_clock_us(cpu_clock() - start));
	return KB_OK;
}

/* Scratch without record and copies: the memory that firmware may still give away. */
static enum kb_status list_keep(struct uefi *u, struct uefi_early *e, const struct range_list *ram,
				struct range_list *keep)
{
	struct mem m = {.ram = *ram, .map = mem_map_identity};
	struct range_list ours = {e->keep, 0, UEFI_KEEP_MAX};
	uint64_t trimmed;
	enum kb_status st = kho_scratch_parse(&m, &u->s.handover, keep, &trimmed);

	if (st)
		return kb_refuse("route", st, &m.diag);
	if (u->s.record)
		st = route_keep(u->s.record, &ours);
	for (size_t i = 0; i < ours.count && !st; i++)
		st = range_list_subtract(keep, ours.r[i]);
	return st ? kb_refuse("route", st, NULL) : KB_OK;
}

enum kb_status uefi_claim(struct uefi *u, struct uefi_early *e, struct fw_map *map,
			  const struct range_list *ram)
{
	struct range_list keep = {e->scratch, 0, e->pieces};
	struct range_list work = {e->claims, 0, e->pieces};
	struct range_list ours = {e->claimed, 0, e->pieces};
	enum kb_status st = list_keep(u, e, ram, &keep);
	void *store;

	if (st)
		return st;
	st = claim_all(&u->fw, map, &keep, &work, &ours);
	if (st)
		return kb_refuse("claim", st, NULL);
	/* From here on firmware can only give scratch. Later the homes are added to this list. */
	u->claimed.max = ours.count + u->s.moves.count;
	st = fw_alloc(&u->fw, (u->claimed.max + 1) * sizeof(struct range), &store);
	if (st)
		return kb_refuse("claim", st, NULL);
	u->claimed.r = store;
	return range_list_copy(&ours, &u->claimed);
}

enum kb_status uefi_check_claims(struct uefi *u, const struct kho *k)
{
	enum kb_status st = KB_OK;

	if (u->s.record)
		st = route_kept(&u->s.mem, u->s.record, &u->claimed);
	if (!st && u->s.record)
		st = route_homes(u->s.record, &u->claimed);
	return st ? st : route_covered(&u->s.mem, k, &u->claimed);
}
