// SPDX-License-Identifier: BSD-2-Clause
/* Reading the memory map of UEFI. */
#include <format/efi_map.h>

#include <string.h>

bool efi_map_sane(const struct efi_map *map)
{
	return map->desc_size >= sizeof(struct efi_descriptor) && map->size % map->desc_size == 0;
}

void efi_map_descriptor(const struct efi_map *map, uint64_t i, struct efi_descriptor *d,
			uint64_t *bytes)
{
	uint64_t end;

	memcpy(d, (const uint8_t *)map->data + i * map->desc_size, sizeof(*d));
	if (mul_overflow(d->pages, SZ_4K, bytes) || add_overflow(d->phys, *bytes, &end))
		*bytes = 0;
}

bool efi_descriptor_is_ram(const struct efi_descriptor *d)
{
	switch (d->type) {
	case EFI_LOADER_CODE:
	case EFI_LOADER_DATA:
	case EFI_BS_CODE:
	case EFI_BS_DATA:
	case EFI_CONVENTIONAL:
		return !(d->attribute & EFI_ATTR_SP);
	default:
		return false;
	}
}

static bool is_free(const struct efi_descriptor *d)
{
	return d->type == EFI_CONVENTIONAL && !(d->attribute & EFI_ATTR_SP);
}

static bool is_memory(const struct efi_descriptor *d)
{
	return d->type != EFI_MMIO && d->type != EFI_MMIO_PORT && d->type != EFI_UNUSABLE;
}

static bool is_for_tables(const struct efi_descriptor *d)
{
	return d->type == EFI_RT_CODE || d->type == EFI_RT_DATA || d->type == EFI_ACPI_RECLAIM ||
	       d->type == EFI_ACPI_NVS;
}

/* Merges with the range before it at once: the storage of the list may be small. */
static enum kb_status add_piece(struct range_list *l, struct range r)
{
	struct range *last = l->count ? &l->r[l->count - 1] : NULL;

	if (!last || range_end(*last) != r.base)
		return range_list_add(l, r);
	last->size += r.size;
	return KB_OK;
}

static enum kb_status select_ranges(const struct efi_map *map, struct range_list *ret,
				    bool (*selects)(const struct efi_descriptor *d))
{
	if (!efi_map_sane(map))
		return KB_EFI_MAP;
	ret->count = 0;
	for (uint64_t i = 0; i < map->size / map->desc_size; i++) {
		struct efi_descriptor d;
		uint64_t bytes;
		enum kb_status st = KB_OK;

		efi_map_descriptor(map, i, &d, &bytes);
		if (bytes && selects(&d))
			st = add_piece(ret, (struct range){d.phys, bytes});
		if (st)
			return st;
	}
	range_list_sort(ret);
	return KB_OK;
}

enum kb_status efi_map_free(const struct efi_map *map, struct range_list *ret)
{
	return select_ranges(map, ret, is_free);
}

enum kb_status efi_map_all(const struct efi_map *map, struct range_list *ret)
{
	return select_ranges(map, ret, is_memory);
}

enum kb_status efi_map_tables(const struct efi_map *map, struct range_list *ret)
{
	return select_ranges(map, ret, is_for_tables);
}

enum kb_status efi_map_ram(const struct efi_map *map, struct range_list *ret)
{
	return select_ranges(map, ret, efi_descriptor_is_ram);
}

enum kb_status efi_map_claims(const struct efi_map *map, uint64_t floor,
			      const struct range_list *keep, struct range_list *ret)
{
	if (!efi_map_sane(map))
		return KB_EFI_MAP;
	ret->count = 0;
	for (uint64_t i = 0; i < map->size / map->desc_size; i++) {
		struct range_list rest = {ret->r + ret->count, 1, ret->max - ret->count};
		struct efi_descriptor d;
		uint64_t bytes;
		enum kb_status st;

		efi_map_descriptor(map, i, &d, &bytes);
		if (!is_free(&d) || !bytes)
			continue;
		if (!rest.max)
			return KB_RANGE_FULL;
		rest.r[0] = (struct range){d.phys, bytes};
		st = range_list_subtract(&rest, (struct range){0, floor});
		for (size_t n = 0; n < keep->count && !st; n++)
			st = range_list_subtract(&rest, keep->r[n]);
		if (st)
			return st;
		ret->count += rest.count;
	}
	return KB_OK;
}

void efi_map_take_over(void *data, uint64_t size, uint64_t desc_size,
		       const struct range_list *homes)
{
	for (uint64_t at = 0; at + desc_size <= size; at += desc_size) {
		struct efi_descriptor d;

		memcpy(&d, (uint8_t *)data + at, sizeof(d));
		if ((d.type == EFI_BS_CODE || d.type == EFI_BS_DATA) &&
		    range_list_overlap(homes, (struct range){d.phys, d.pages * SZ_4K}))
			put_u32((uint8_t *)data + at + offsetof(struct efi_descriptor, type),
				EFI_LOADER_DATA);
	}
}

/* ---- long after boot services ended ---------------------------------------------------------- */

static bool is_kernel_ram(const struct efi_descriptor *d)
{
	bool usable = efi_descriptor_is_ram(d) || d->type == EFI_ACPI_RECLAIM ||
		      d->type == EFI_PERSISTENT;

	return usable && (d->attribute & EFI_ATTR_WB) && !(d->attribute & EFI_ATTR_SP);
}

static enum kb_status add_descriptor(const struct efi_map *map, uint64_t i, struct range_list *ram,
				     struct range_list *reserved)
{
	struct efi_descriptor d;
	uint64_t bytes;
	enum kb_status st;

	efi_map_descriptor(map, i, &d, &bytes);
	if (!bytes || !is_kernel_ram(&d))
		return KB_OK;
	st = add_piece(ram, (struct range){d.phys, bytes});
	if (!st && (d.type == EFI_ACPI_RECLAIM || d.type == EFI_PERSISTENT))
		st = add_piece(reserved, (struct range){d.phys, bytes});
	return st;
}

enum kb_status efi_map_kernel_ram(const struct efi_map *map, struct range_list *ram,
				  struct range_list *reserved)
{
	ram->count = reserved->count = 0;
	if (!efi_map_sane(map))
		return KB_EFI_MAP;
	for (uint64_t i = 0; i < map->size / map->desc_size; i++) {
		enum kb_status st = add_descriptor(map, i, ram, reserved);

		if (st)
			return st;
	}
	range_list_sort(ram);
	range_list_sort(reserved);
	return ram->count ? KB_OK : KB_NO_RAM;
}

uint64_t efi_map_to_phys(const struct efi_map *map, uint64_t virt)
{
	for (uint64_t i = 0; i < map->size / map->desc_size; i++) {
		struct efi_descriptor d;
		uint64_t bytes;

		efi_map_descriptor(map, i, &d, &bytes);
		if (!bytes || !(d.attribute & EFI_ATTR_RT))
			continue;
		if (!d.virt)
			break;
		if (virt >= d.virt && virt - d.virt < bytes)
			return d.phys + (virt - d.virt);
	}
	return virt;
}
