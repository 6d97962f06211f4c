// SPDX-License-Identifier: BSD-2-Clause
/* E820 memory maps; see the header. */
#include <arch/memmap.h>
#include <core/cmdline.h>

#include <string.h>

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
	return ret->count ? KB_OK : KB_NO_RAM;
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

static bool has_address(const struct memmap *m, uint64_t addr)
{
	for (size_t i = 0; i < m->count; i++)
		if (addr >= m->e[i].addr && addr - m->e[i].addr < m->e[i].size)
			return true;
	return false;
}

static bool take_crash_word(const struct memmap *m, struct kb_text *t, const char *name)
{
	struct kb_text rest = *t;
	uint64_t addr;

	if (!cmdline_take_address(&rest, name, &addr) || has_address(m, addr))
		return false;
	*t = rest;
	return true;
}

bool memmap_crash(const struct memmap *m, struct kb_text *t, struct kb_text *ret)
{
	struct kb_text rest = *t, found = *t;

	if (!take_crash_word(m, &rest, "elfcorehdr"))
		return false;
	(void)take_crash_word(m, &rest, "dmcryptkeys");
	found.len = (size_t)(rest.text - t->text);
	if (found.text[found.len - 1] == ' ')
		found.len--;
	*t = rest;
	*ret = found;
	return true;
}

static uint32_t e820_type(const struct efi_descriptor *d)
{
	switch (d->type) {
	case EFI_LOADER_CODE:
	case EFI_LOADER_DATA:
	case EFI_BS_CODE:
	case EFI_BS_DATA:
	case EFI_CONVENTIONAL:
		return efi_descriptor_is_ram(d) ? E820_RAM : E820_SOFT_RESERVED;
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

enum kb_status memmap_from_efi(const struct efi_map *map, struct memmap *ret)
{
	if (!efi_map_sane(map))
		return KB_EFI_MAP;
	for (uint64_t i = 0; i < map->size / map->desc_size; i++) {
		struct efi_descriptor d;
		uint64_t bytes;
		enum kb_status st;

		efi_map_descriptor(map, i, &d, &bytes);
		if (!bytes)
			continue;
		if (d.type == EFI_UNACCEPTED)
			return KB_EFI_UNACCEPTED;
		st = append(ret, d.phys, bytes, e820_type(&d));
		if (st)
			return st;
	}
	return KB_OK;
}
