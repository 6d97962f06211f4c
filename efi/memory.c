// SPDX-License-Identifier: BSD-2-Clause
/* Firmware's answers, its memory map, allocation, and the exit from boot services. */
#include <core/log.h>

#include <string.h>

#include "firmware.h"

/* Descriptors that allocations between two fetches may add: each splits one into three at most. */
#define SLACK 64

enum kb_status fw_fail(enum kb_status status, const char *call, EFI_STATUS answer)
{
	kb_error("efi", "%s answered 0x%" PRIx64, call, answer);
	return status;
}

enum kb_status fw_map_refresh(struct firmware *fw, struct fw_map *map)
{
	UINTN size = map->capacity;
	EFI_STATUS st = fw->bs->GetMemoryMap(&size, map->buffer, &map->key, &map->desc_size,
					     &map->desc_version);

	if (st)
		return fw_fail(KB_FW_MAP, "GetMemoryMap", st);
	map->size = size;
	return KB_OK;
}

enum kb_status fw_map_ask(struct firmware *fw, struct fw_map *ret)
{
	struct fw_map map = {.buffer = NULL};
	EFI_STATUS st =
		fw->bs->GetMemoryMap(&map.size, NULL, &map.key, &map.desc_size, &map.desc_version);

	if (st != EFI_BUFFER_TOO_SMALL || map.desc_size < sizeof(EFI_MEMORY_DESCRIPTOR))
		return fw_fail(KB_FW_MAP, "GetMemoryMap", st);
	map.capacity = map.size + SLACK * map.desc_size;
	map.size = 0;
	*ret = map;
	return KB_OK;
}

enum kb_status fw_map_get(struct firmware *fw, struct fw_map *ret)
{
	struct fw_map map;
	enum kb_status kb = fw_map_ask(fw, &map);
	void *buffer;

	if (!kb)
		kb = fw_alloc(fw, map.capacity, &buffer);
	if (kb)
		return kb;
	map.buffer = buffer;
	kb = fw_map_refresh(fw, &map);
	if (!kb)
		*ret = map;
	return kb;
}

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

void fw_watchdog_off(struct firmware *fw)
{
	fw->bs->SetWatchdogTimer(0, 0, 0, NULL);
}

enum kb_status fw_claim(struct firmware *fw, struct range r)
{
	EFI_PHYSICAL_ADDRESS at = r.base;
	EFI_STATUS st = fw->bs->AllocatePages(AllocateAddress, EfiLoaderData, r.size / SZ_4K, &at);

	return st ? fw_fail(KB_FW_MEMORY, "AllocatePages", st) : KB_OK;
}

static enum kb_status allocate(struct firmware *fw, EFI_MEMORY_TYPE type, EFI_ALLOCATE_TYPE how,
			       EFI_PHYSICAL_ADDRESS at, uint64_t bytes, void **ret)
{
	uint64_t size;
	EFI_STATUS st;

	if (align_up_overflow(bytes, SZ_4K, &size))
		return KB_FW_MEMORY;
	st = fw->bs->AllocatePages(how, type, size / SZ_4K, &at);
	if (st)
		return fw_fail(KB_FW_MEMORY, "AllocatePages", st);
	*ret = memset((void *)(uintptr_t)at, 0, size);
	return KB_OK;
}

enum kb_status fw_alloc(struct firmware *fw, uint64_t bytes, void **ret)
{
	return allocate(fw, EfiLoaderData, AllocateAnyPages, 0, bytes, ret);
}

enum kb_status fw_alloc_kept(struct firmware *fw, uint64_t bytes, void **ret)
{
	return allocate(fw, EfiACPIReclaimMemory, AllocateAnyPages, 0, bytes, ret);
}

enum kb_status fw_alloc_low(struct firmware *fw, uint64_t bytes, void **ret)
{
	return allocate(fw, EfiLoaderData, AllocateMaxAddress, SZ_1M - 1, bytes, ret);
}

enum kb_status fw_exit(struct firmware *fw, struct fw_map *map, fw_map_fn *use, void *ctx)
{
	EFI_STATUS st = EFI_INVALID_PARAMETER;

	for (unsigned int i = 0; i < 3 && st == EFI_INVALID_PARAMETER; i++) {
		enum kb_status kb = fw_map_refresh(fw, map);

		if (!kb && use)
			kb = use(ctx);
		if (kb)
			return kb;
		st = fw->bs->ExitBootServices(fw->image, map->key);
	}
	return st ? KB_FW_EXIT : KB_OK;
}
