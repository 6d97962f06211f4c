// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of x86: what boot_params point to, and what of it the next kernel gets. */
#include <bare/bare.h>
#include <string.h>

static struct range setup_node_range(const struct bare *b, size_t i)
{
	return (struct range){b->arch.setup.node[i].addr,
			      setup_node_size(b->arch.setup.node[i].len)};
}

static struct range efi_map(const struct bare *b)
{
	const struct boot_params *bp = b->arch.bp;

	return (struct range){bp_join(bp->efi_memmap, bp->efi_memmap_hi), bp->efi_memmap_size};
}

enum kb_status bare_list_busy(struct bare *b)
{
	const struct boot_params *bp = b->arch.bp;
	enum kb_status st;

	b->initrd_outside = (struct range){bp_join(bp->ramdisk_image, bp->ext_ramdisk_image),
					   bp_join(bp->ramdisk_size, bp->ext_ramdisk_size)};
	st = range_list_add(&b->busy, (struct range){(uintptr_t)bp, BP_SIZE});
	if (!st)
		st = range_list_add(&b->busy, b->initrd_outside);
	if (!st)
		st = range_list_add(&b->busy, efi_map(b));
	for (size_t i = 0; i < b->arch.setup.count && !st; i++)
		st = range_list_add(&b->busy, setup_node_range(b, i));
	return st ? st : setup_targets(&b->s.mem, &b->arch.setup, &b->busy);
}

enum kb_status bare_describe_boot(struct bare *b)
{
	const struct boot_params *bp = b->arch.bp;
	struct range efi = efi_map(b);

	if (memcmp(bp->efi_loader_signature, BP_EFI_64, 4))
		efi.size = 0;
	if (efi.size && !mem_get(&b->s.mem, phys(efi.base), efi.size))
		return KB_EFI_MAP_UNFIT;
	b->s.boot.from = bp;
	b->s.boot.loader = bp->type_of_loader;
	b->s.boot.mem = &b->s.mem;
	b->s.boot.carry = &b->arch.setup;
	b->s.boot.efi_map_max = efi.size;
	return KB_OK;
}

/*
 * The next kernel wipes the seed that it gets. It does not know of node @i, the one we copied from:
 * we have to wipe that, where we may write.
 */
static bool seed_to_wipe(const struct bare *b, size_t i)
{
	return b->arch.setup.node[i].type == SETUP_RNG_SEED && b->s.kho &&
	       range_list_contains(&b->s.kho->scratch, setup_node_range(b, i));
}

enum kb_status bare_map_more(struct bare *b)
{
	enum kb_status st = KB_OK;

	for (size_t i = 0; i < b->arch.setup.count && !st; i++) {
		if (seed_to_wipe(b, i))
			st = bare_map(b, range_pages(setup_node_range(b, i)), PT_WRITE);
	}
	/*
	 * To switch paging modes the kernel needs a trampoline below 640 KiB; it saves that memory.
	 */
	return st ? st : bare_map(b, (struct range){0, SZ_1M}, PT_WRITE | PT_EXEC);
}

static void copy_efi_map(struct bare *b, uint8_t *block)
{
	const struct boot_params *bp = b->arch.bp;
	struct range from = efi_map(b);
	struct efi_info efi = {
		.systab = bp_join(bp->efi_systab, bp->efi_systab_hi),
		.map = {(const void *)(uintptr_t)from.base, from.size, bp->efi_memdesc_size},
		.desc_version = bp->efi_memdesc_version,
	};

	if (!b->s.layout.efi_map)
		return;
	memcpy(boot_payload(block, b->s.layout.efi_map), efi.map.data, efi.map.size);
	boot_set_efi_info(&b->s.layout, block, b->s.place.block.base, &efi);
}

void bare_fill_block(struct bare *b)
{
	copy_efi_map(b, stage_block(&b->s));
	for (size_t i = 0; i < b->arch.setup.count; i++) {
		uint64_t at = b->arch.setup.node[i].addr + sizeof(struct setup_data);

		if (seed_to_wipe(b, i))
			memset((void *)(uintptr_t)at, 0, b->arch.setup.node[i].len);
	}
}
