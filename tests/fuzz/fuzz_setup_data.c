// SPDX-License-Identifier: BSD-2-Clause
/* The input is the outgoing kernel's memory; its first 8 bytes are where the list begins. */
#include <arch/setup_data.h>

#include <string.h>

#define BASE 0x10000ULL

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct view {
	const uint8_t *data;
	uint64_t size;
};

static const void *map(void *ctx, uint64_t pa, uint64_t len)
{
	const struct view *v = ctx;

	if (pa < BASE || len > v->size || pa - BASE > v->size - len)
		__builtin_trap();
	return v->data + (pa - BASE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct range busy_store[4], ram = {BASE, size};
	struct range_list busy = {busy_store, 0, 4};
	struct view view = {data, size};
	struct mem m = {.ram = {&ram, 1, 1}, .map = map, .ctx = &view};
	struct kho_handover h = {0};
	struct setup_list list;
	bool found = false;

	if (size < 8)
		return 0;
	if (setup_list_read(&m, get_u64(data) % (BASE + 2 * size), &list))
		return 0;
	for (size_t i = 0; i < list.count; i++)
		if (!mem_get(&m, phys(list.node[i].addr), setup_node_size(list.node[i].len)))
			__builtin_trap();
	if (!setup_find_kho(&m, &list, &found, &h) && !found && h.fdt_size)
		__builtin_trap();
	if (!setup_targets(&m, &list, &busy))
		for (size_t i = 0; i < busy.count; i++)
			if (range_wraps(busy.r[i]))
				__builtin_trap();
	return 0;
}
