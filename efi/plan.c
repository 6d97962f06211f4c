// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door, plan: where everything goes, and the page tables to leave with. */
#include <arch/cpu.h>
#include <arch/map.h>
#include <arch/serial.h>
#include <khoboot/log.h>

#include <string.h>

#include "door.h"

#define RAM_MAX     1024
#define TABLE_PAGES 512 /* of page tables; grows with the pieces of RAM, not with its size */
#define EFI_MAP_MAX (250 * 1024)

enum kb_status uefi_alloc_lists(struct door *d)
{
	void *ram, *free, *tables;
	enum kb_status st = fw_alloc(&d->fw, RAM_MAX * sizeof(struct range), &ram);

	if (!st)
		st = fw_alloc(&d->fw, RAM_MAX * sizeof(struct range), &free);
	if (!st)
		st = fw_alloc(&d->fw, TABLE_PAGES * SZ_4K, &tables);
	if (st)
		return kb_refuse("efi", st, NULL);
	d->ram = (struct range_list){ram, 0, RAM_MAX};
	d->free = (struct range_list){free, 0, RAM_MAX};
	d->tables = cpu_tables(tables, TABLE_PAGES);
	return KB_OK;
}

static enum kb_status describe_boot(struct door *d)
{
	d->boot = (struct boot){
		.kernel = &d->kernel,
		.cmdline = d->cmdline,
		.initrd = d->initrd,
		.efi_map_max = min_u64(d->map.capacity, EFI_MAP_MAX),
		.kho = d->kho ? &d->handover : NULL,
		.scratch = d->kho ? &d->kho->scratch : NULL,
		.log_max = DOOR_LOG_SIZE,
	};
	return uefi_describe_machine(d);
}

/* With KHO everything that the kernel gets lies in scratch; the initrd is somewhere else as yet. */
static enum kb_status bring_initrd(struct door *d)
{
	enum kb_status st;
	void *copy;

	if (!d->kho || !d->initrd.size)
		return KB_OK;
	st = fw_alloc(&d->fw, d->initrd.size, &copy);
	if (st)
		return st;
	memcpy(copy, (const void *)(uintptr_t)d->initrd.base, d->initrd.size);
	d->initrd.base = (uintptr_t)copy;
	return KB_OK;
}

/* Free memory by firmware's word; with KHO, of that only what is scratch. */
static enum kb_status list_free(struct door *d)
{
	struct efi_map map;
	enum kb_status st = fw_map_refresh(&d->fw, &d->map);

	if (st)
		return st;
	map = door_map(d);
	if (!d->kho)
		return efi_map_free(&map, &d->free);
	st = efi_map_free(&map, &d->ram);
	return st ? st : range_list_intersect(&d->ram, &d->kho->scratch, &d->free);
}

static enum kb_status place(struct door *d)
{
	void *stub;
	enum kb_status st = bring_initrd(d);

	if (!st)
		st = fw_alloc(&d->fw, SZ_4K, &stub);
	if (st)
		return kb_refuse("plan", st, NULL);
	d->stub = (struct range){(uintptr_t)stub, SZ_4K};
	st = describe_boot(d);
	if (!st)
		st = list_free(d);
	if (!st)
		st = boot_layout(&d->boot, &d->layout);
	if (!st)
		st = boot_place(&d->free, &d->kernel, d->layout.size, d->initrd, &d->place);
	/*
	 * The small one first: an allocation may make edk2 take a page for its own books from the
	 * top of what is free, where the block lies.
	 */
	if (!st)
		st = fw_claim(&d->fw, d->place.block);
	if (!st)
		st = fw_claim(&d->fw, d->place.window);
	return st ? kb_refuse("plan", st, NULL) : KB_OK;
}

/* Nothing that is in use until the kernel runs, or goes to it, is preserved or will be put back. */
static enum kb_status check_placement(struct door *d)
{
	const struct range used[] = {
		d->place.window,
		d->place.block,
		d->initrd,
		d->stub,
		{d->tables.pool_addr, d->tables.pages * SZ_4K},
		{(uintptr_t)d->moves.m, d->moves.count * sizeof(*d->moves.m)},
	};
	enum kb_status st;

	if (!d->kho)
		return KB_OK;
	st = kho_check_written(&d->mem, d->kho, used, ARRAY_SIZE(used));
	return st ? kb_refuse("plan", st, NULL) : KB_OK;
}

static enum kb_status map_homes(struct door *d)
{
	enum kb_status st = KB_OK;

	for (size_t i = 0; i < d->moves.count && !st; i++) {
		struct range home = {d->moves.m[i].home, d->moves.m[i].size};

		st = pt_map(&d->tables, home, PT_WRITE | PT_EXEC);
	}
	return st;
}

/* Page tables for the time after boot services: RAM, what runs of us, what the kernel starts in. */
static enum kb_status build_tables(struct door *d)
{
	struct range image = {(uintptr_t)d->image, d->fw.loaded->ImageSize};
	struct efi_map map = door_map(d);
	enum kb_status st = efi_map_ram(&map, &d->ram);

	image.size = align_up_page(image.size);
	if (!st)
		st = pt_init(&d->tables);
	for (size_t i = 0; i < d->ram.count && !st; i++)
		st = pt_map(&d->tables, d->ram.r[i], PT_WRITE);
	/* Kernels of x86 run a trampoline there. */
	if (!st && ARCH_LOW_MEMORY > 0)
		st = pt_map(&d->tables, (struct range){0, ARCH_LOW_MEMORY}, PT_WRITE | PT_EXEC);
	if (!st)
		st = map_image(&d->tables, image);
	if (!st && ARCH_MAPS_HOMES)
		st = map_homes(d);
	if (!st)
		st = pt_map(&d->tables, d->place.window, PT_WRITE | PT_EXEC);
	if (!st)
		st = pt_map(&d->tables, d->stub, PT_WRITE | PT_EXEC);
	if (!st)
		st = map_uart(&d->tables, serial_named(d->cmdline));
	return st ? kb_refuse("plan", st, NULL) : KB_OK;
}

static enum kb_status bring(struct door *d)
{
	enum kb_status st =
		kernel_load(&d->kernel, (void *)(uintptr_t)d->place.window.base, d->kernel_work);

	if (st)
		return kb_refuse("kernel", st, NULL);
	d->block = (uint8_t *)(uintptr_t)d->place.block.base;
	boot_write(&d->boot, &d->layout, d->block, d->place.block.base);
	uefi_fill_block(d);
	return KB_OK;
}

static void report(const struct door *d)
{
	uint64_t taken = d->place.window.size + d->place.block.size + d->initrd.size;

	if (d->kho)
		kb_info("plan", "scratch has %llu bytes (areas: %zu), %llu taken",
			(unsigned long long)range_list_bytes(&d->kho->scratch),
			d->kho->scratch.count, (unsigned long long)taken);
}

enum kb_status uefi_plan(struct door *d)
{
	enum kb_status st = place(d);

	if (!st)
		st = check_placement(d);
	if (!st)
		st = build_tables(d);
	if (!st)
		st = bring(d);
	if (!st)
		report(d);
	return st;
}
