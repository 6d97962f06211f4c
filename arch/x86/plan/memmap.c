// SPDX-License-Identifier: BSD-2-Clause
/* E820 and UEFI memory maps; see the header. */
#include <arch/memmap.h>

#include <string.h>

/* UEFI 2.10 table 7.10 */
enum efi_memory_type {
	EFI_RESERVED,
	EFI_LOADER_CODE,
	EFI_LOADER_DATA,
	EFI_BS_CODE,
	EFI_BS_DATA,
	EFI_RT_CODE,
	EFI_RT_DATA,
	EFI_CONVENTIONAL,
	EFI_UNUSABLE,
	EFI_ACPI_RECLAIM,
	EFI_ACPI_NVS,
	EFI_MMIO,
	EFI_MMIO_PORT,
	EFI_PAL_CODE,
	EFI_PERSISTENT,
	EFI_UNACCEPTED,
};

#define EFI_ATTR_SP 0x40000ULL

enum kb_status memmap_add(struct memmap *m, const struct e820_entry *e, size_t n)
{
	if (n > m->max - m->count)
		return KB_E820_FULL;
	memcpy(m->e + m->count, e, n * sizeof(*e));
	m->count += n;
	return KB_OK;
}

enum kb_status memmap_ram(const struct memmap *m, struct range_list *ret)
{
	ret->count = 0;
	for (size_t i = 0; i < m->count; i++) {
		struct range r = {m->e[i].addr, m->e[i].size};
		enum kb_status st;

		if (range_wraps(r))
			return KB_E820_WRAP;
		st = m->e[i].type == E820_RAM ? range_list_add(ret, r) : KB_OK;
		if (st)
			return st;
	}
	range_list_sort(ret);
	for (size_t i = 0; i < m->count; i++) {
		struct range r = {m->e[i].addr, m->e[i].size};
		enum kb_status st = m->e[i].type == E820_RAM ? KB_OK : range_list_subtract(ret, r);

		if (st)
			return st;
	}
	return ret->count ? KB_OK : KB_E820_NO_RAM;
}

enum kb_status memmap_tables(const struct memmap *m, struct range_list *ret)
{
	ret->count = 0;
	for (size_t i = 0; i < m->count; i++) {
		struct range r = {m->e[i].addr, m->e[i].size};
		enum kb_status st = range_wraps(r) ? KB_E820_WRAP : range_list_add(ret, r);

		if (st)
			return st;
	}
	range_list_sort(ret);
	return KB_OK;
}

static uint32_t e820_type(const struct efi_descriptor *d)
{
	switch (d->type) {
	case EFI_LOADER_CODE:
	case EFI_LOADER_DATA:
	case EFI_BS_CODE:
	case EFI_BS_DATA:
	case EFI_CONVENTIONAL:
		return d->attribute & EFI_ATTR_SP ? E820_SOFT_RESERVED : E820_RAM;
	case EFI_UNUSABLE:
		return E820_UNUSABLE;
	case EFI_ACPI_RECLAIM:
		return E820_ACPI;
	case EFI_ACPI_NVS:
		return E820_NVS;
	case EFI_PERSISTENT:
		return E820_PMEM;
	default:
		return E820_RESERVED;
	}
}

static enum kb_status append(struct memmap *m, uint64_t addr, uint64_t size, uint32_t type)
{
	struct e820_entry *last = m->count ? &m->e[m->count - 1] : NULL;

	if (last && last->type == type && last->addr + last->size == addr) {
		last->size += size;
		return KB_OK;
	}
	return memmap_add(m, &(struct e820_entry){addr, size, type}, 1);
}

static bool efi_map_sane(const struct efi_map *map)
{
	return map->desc_size >= sizeof(struct efi_descriptor) && map->size % map->desc_size == 0;
}

/* Descriptor @i, and its size in bytes; KB_EFI_MAP when that passes 2^64. */
static enum kb_status descriptor(const struct efi_map *map, uint64_t i, struct efi_descriptor *d,
				 uint64_t *bytes)
{
	uint64_t end;

	memcpy(d, (const uint8_t *)map->data + i * map->desc_size, sizeof(*d));
	if (mul_overflow(d->pages, SZ_4K, bytes) || add_overflow(d->phys, *bytes, &end))
		return KB_EFI_MAP;
	return KB_OK;
}

enum kb_status memmap_from_efi(const struct efi_map *map, struct memmap *ret)
{
	if (!efi_map_sane(map))
		return KB_EFI_MAP;
	for (uint64_t i = 0; i < map->size / map->desc_size; i++) {
		struct efi_descriptor d;
		uint64_t bytes;
		enum kb_status st = descriptor(map, i, &d, &bytes);

		if (st)
			return st;
		if (d.type == EFI_UNACCEPTED)
			return KB_EFI_UNACCEPTED;
		st = append(ret, d.phys, bytes, e820_type(&d));
		if (st)
			return st;
	}
	return KB_OK;
}

static bool want_free(const struct efi_descriptor *d)
{
	return d->type == EFI_CONVENTIONAL && !(d->attribute & EFI_ATTR_SP);
}

static bool want_ram(const struct efi_descriptor *d)
{
	return e820_type(d) == E820_RAM;
}

static bool want_memory(const struct efi_descriptor *d)
{
	return d->type != EFI_MMIO && d->type != EFI_MMIO_PORT && d->type != EFI_UNUSABLE;
}

/* Neighbours become one at once: the storage may be a stack. */
static enum kb_status add_piece(struct range_list *l, struct range r)
{
	struct range *last = l->count ? &l->r[l->count - 1] : NULL;

	if (!last || range_end(*last) != r.base)
		return range_list_add(l, r);
	last->size += r.size;
	return KB_OK;
}

static enum kb_status select_ranges(const struct efi_map *map, struct range_list *ret,
				    bool (*want)(const struct efi_descriptor *d))
{
	if (!efi_map_sane(map))
		return KB_EFI_MAP;
	ret->count = 0;
	for (uint64_t i = 0; i < map->size / map->desc_size; i++) {
		struct efi_descriptor d;
		uint64_t bytes;
		enum kb_status st = descriptor(map, i, &d, &bytes);

		if (!st && want(&d))
			st = add_piece(ret, (struct range){d.phys, bytes});
		if (st)
			return st;
	}
	range_list_sort(ret);
	return KB_OK;
}

enum kb_status efi_map_free(const struct efi_map *map, struct range_list *ret)
{
	return select_ranges(map, ret, want_free);
}

enum kb_status efi_map_all(const struct efi_map *map, struct range_list *ret)
{
	return select_ranges(map, ret, want_memory);
}

enum kb_status efi_map_ram(const struct efi_map *map, struct range_list *ret)
{
	return select_ranges(map, ret, want_ram);
}

enum kb_status efi_map_claims(const struct efi_map *map, const struct range_list *keep,
			      struct range_list *ret)
{
	if (!efi_map_sane(map))
		return KB_EFI_MAP;
	ret->count = 0;
	for (uint64_t i = 0; i < map->size / map->desc_size; i++) {
		struct range_list rest = {ret->r + ret->count, 1, ret->max - ret->count};
		struct efi_descriptor d;
		uint64_t bytes;
		enum kb_status st = descriptor(map, i, &d, &bytes);

		if (st)
			return st;
		if (!want_free(&d) || !bytes)
			continue;
		if (!rest.max)
			return KB_RANGE_FULL;
		rest.r[0] = (struct range){d.phys, bytes};
		st = range_list_subtract(&rest, (struct range){0, SZ_1M});
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
			put_u32((uint8_t *)data + at, EFI_LOADER_DATA);
	}
}
