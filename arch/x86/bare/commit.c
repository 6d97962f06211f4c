// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door, commit: nothing here parses, allocates or fails. */
#include <string.h>

#include "bare.h"

struct range setup_node_range(const struct bare *b, size_t i)
{
	return (struct range){b->setup.node[i].addr, setup_node_size(b->setup.node[i].len)};
}

bool seed_to_wipe(const struct bare *b, size_t i)
{
	return b->setup.node[i].type == SETUP_RNG_SEED && b->has_kho &&
	       range_list_contains(&b->kho->scratch, setup_node_range(b, i));
}

static void copy_efi_map(struct bare *b, uint8_t *block)
{
	const struct boot_params *bp = b->bp;
	uint64_t from = bp_join(bp->efi_memmap, bp->efi_memmap_hi);

	if (!b->layout.efi_map)
		return;
	memcpy(x86_payload(block, b->layout.efi_map), (const void *)(uintptr_t)from,
	       bp->efi_memmap_size);
	x86_set_efi(&b->layout, block, b->place.block.base,
		    bp_join(bp->efi_systab, bp->efi_systab_hi), bp->efi_memmap_size,
		    bp->efi_memdesc_size, bp->efi_memdesc_version);
}

static void wipe_seeds(struct bare *b)
{
	for (size_t i = 0; i < b->setup.count; i++) {
		uint64_t at = b->setup.node[i].addr + sizeof(struct setup_data);

		if (seed_to_wipe(b, i))
			memset((void *)(uintptr_t)at, 0, b->setup.node[i].len);
	}
}

_Noreturn void commit(struct bare *b)
{
	uint8_t *block = (uint8_t *)(uintptr_t)b->place.block.base;
	struct door_exit leave = {
		.entered = b->entered,
		.kernel = &b->kernel,
		.kho = b->has_kho ? b->kho : NULL,
		.layout = &b->layout,
		.place = &b->place,
		.cr3 = b->tables.pool_addr,
	};

	memcpy((void *)(uintptr_t)b->place.window.base,
	       (const uint8_t *)b->uki.kernel.data + b->kernel.load_offset, b->kernel.load_size);
	x86_write_block(&b->boot, &b->layout, block, b->place.block.base);
	copy_efi_map(b, block);
	wipe_seeds(b);
	door_leave(&leave);
}
