// SPDX-License-Identifier: BSD-2-Clause
/*
 * UEFI's tables and the list of reserved memory. Memory at BASE is the input; the UEFI map has one
 * descriptor, for that memory. The system table is at its start, the list where a table says or at
 * LIST.
 */
#include <format/efi_tables.h>
#include <khoboot/compiler.h>

#include <stdlib.h>
#include <string.h>

#define BASE 0x40000000ULL
#define VIRT 0x20000000ULL
#define LIST 120 /* bytes from BASE */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const void *map_input(void *ctx, uint64_t pa, uint64_t len)
{
	(void)len;
	return (const uint8_t *)ctx + (pa - BASE);
}

static void check_list(const struct range_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (!l->r[i].size || range_wraps(l->r[i]))
			__builtin_trap();
}

static void read_map(const uint8_t *data, size_t size, uint64_t desc_size)
{
	struct efi_map map = {data, size, desc_size};
	struct range store[2][16];
	struct range_list ram = {store[0], 0, 16}, reserved = {store[1], 0, 16};

	if (efi_map_kernel_ram(&map, &ram, &reserved))
		return;
	check_list(&ram);
	check_list(&reserved);
	/* What is reserved is RAM. */
	for (size_t i = 0; i < reserved.count; i++)
		if (!range_list_contains(&ram, reserved.r[i]))
			__builtin_trap();
	(void)efi_map_to_phys(&map, get_u64(data));
}

static void read_tables(struct mem *m, uint8_t *p, size_t size)
{
	const struct efi_descriptor d = {.type = EFI_RT_DATA,
					 .phys = BASE,
					 .virt = VIRT,
					 .pages = 16,
					 .attribute = EFI_ATTR_RT | EFI_ATTR_WB};
	struct efi_map map = {&d, sizeof(d), sizeof(d)};
	struct range store[64];
	struct range_list busy = {store, 0, 64};
	struct efi_tables t = {.memreserve = BASE + LIST};

	if (size >= 8)
		memcpy(p, "IBI SYST", 8);
	(void)efi_find_tables(m, &map, BASE, &t);
	if (!efi_reserved(m, t.memreserve, &busy))
		check_list(&busy);
	busy.count = 0;
	if (!efi_reserved(m, BASE + LIST, &busy))
		check_list(&busy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct range memory = {BASE, size};
	struct mem m = {.ram = {&memory, 1, 1}, .map = map_input};
	uint8_t *p = malloc(size + 1);

	if (!p)
		abort();
	m.ctx = memcpy(p, data, size);
	if (size > 8) {
		read_map(p + 1, size - 1, p[0]);
		read_map(p, size / 48 * 48, 48);
	}
	read_tables(&m, p, size);
	free(p);
	return 0;
}
