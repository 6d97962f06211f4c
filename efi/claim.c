// SPDX-License-Identifier: BSD-2-Clause
/* The inverse claim: all free memory but scratch becomes ours, so that nobody else gets it. */
#include <arch/const.h>
#include <arch/cpu.h>
#include <khoboot/log.h>

#include "firmware.h"

/*
 * An allocation may make edk2 take pages for its own books out of the middle of what is free: the
 * piece that they belonged to cannot be had as it was. The new map has what is left of it.
 */
#define ROUNDS 4

enum kb_status fw_map_early(struct firmware *fw, void *buffer, uint64_t size, struct fw_map *ret)
{
	struct fw_map map = {.buffer = buffer, .capacity = size};
	enum kb_status st = fw_map_refresh(fw, &map);

	if (!st && map.desc_size < sizeof(EFI_MEMORY_DESCRIPTOR))
		st = KB_FW_MAP;
	if (!st)
		*ret = map;
	return st;
}

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

enum kb_status fw_claim_all(struct firmware *fw, struct fw_map *map, const struct range_list *keep,
			    struct range_list *work, struct range_list *ours)
{
	uint64_t calls = 0, start = cpu_clock();
	bool done = false;

	ours->count = 0;
	for (unsigned int round = 0; round < ROUNDS && !done; round++) {
		enum kb_status st = round ? fw_map_refresh(fw, map) : KB_OK;
		struct efi_map view = {map->buffer, map->size, map->desc_size};

		if (!st)
			st = efi_map_claims(&view, ARCH_LOW_MEMORY, keep, work);
		if (st)
			return st;
		calls += work->count;
		done = claim_pieces(fw, work, ours);
	}
	range_list_sort(ours);
	kb_info("claim", "%llu bytes in %llu calls, %llu us",
		(unsigned long long)range_list_bytes(ours), (unsigned long long)calls,
		(unsigned long long)cpu_clock_us(cpu_clock() - start));
	return KB_OK;
}
