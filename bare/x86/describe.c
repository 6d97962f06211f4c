// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of x86: what boot_params point to, and what of it the next kernel gets. */
#include <arch/const.h>
#include <bare/bare.h>
#include <core/log.h>
#include <format/efi_tables.h>
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

/* Map the ranges of the memory map that have @type, for reading. */
static enum kb_status map_type(struct bare *b, uint32_t type)
{
	const struct memmap *map = &b->arch.e820;
	enum kb_status st = KB_OK;

	for (size_t i = 0; i < map->count && !st; i++) {
		struct range r = {map->e[i].addr, map->e[i].size};

		if (map->e[i].type == type)
			st = bare_map(b, range_pages(r), PT_READ);
	}
	return st;
}

/* Map EFI's configuration table; false when it cannot be where @r says. */
static bool map_tables(struct bare *b, struct range r)
{
	return r.base && r.size <= EFI_TABLES_MAX * 24 && !range_wraps(r) &&
	       range_end(r) <= ARCH_ADDRESSES && bare_map_table(b, r.base, r.size);
}

/*
 * What kernels read before they have page tables or a fault handler of their own: with
 * CONFIG_AMD_MEM_ENCRYPT EFI's system table and configuration table, for a confidential computing
 * blob, on CPUs that can do SEV (Linux arch/x86/boot/startup: find_cc_blob_efi); and ACPI's tables.
 * Stock kexec maps them for the same reason (arch/x86/kernel/machine_kexec_64.c: map_efi_systab,
 * map_acpi_tables).
 */
static enum kb_status map_firmware_tables(struct bare *b)
{
	const struct boot_params *bp = b->arch.bp;
	uint64_t at = bp_join(bp->efi_systab, bp->efi_systab_hi);
	const uint8_t *systab = NULL;
	struct range tables;
	uint64_t given;
	enum kb_status st = map_type(b, E820_ACPI);

	if (!st)
		st = map_type(b, E820_NVS);
	if (!st && at && at < ARCH_ADDRESSES)
		systab = bare_map_table(b, at, EFI_SYSTAB_SIZE);
	if (st || !systab)
		return st;
	/* kexec gives the physical address, if the one in the system table is virtual by now. */
	tables = efi_systab_table(systab);
	given = setup_find_efi(&b->s.mem, &b->arch.setup).tables;
	if (given)
		tables.base = given;
	if (!map_tables(b, tables))
		kb_warn("plan", "EFI's configuration table is not mapped for the kernel");
	return KB_OK;
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
	if (!st)
		st = bare_map(b, (struct range){0, SZ_1M}, PT_WRITE | PT_EXEC);
	return st ? st : map_firmware_tables(b);
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
