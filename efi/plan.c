// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door: where everything goes, and the page tables to leave with. */
#include <arch/cpu.h>
#include <arch/uart.h>
#include <core/log.h>
#include <format/screen_info.h>
#include <stage/map.h>
#include <stage/pagetable.h>

#include <string.h>

#include "uefi.h"

static enum kb_status new_list(struct uefi *u, size_t max, struct range_list *ret)
{
	void *store;
	enum kb_status st = fw_alloc(&u->fw, max * sizeof(struct range), &store);

	if (!st)
		*ret = (struct range_list){store, 0, max};
	return st;
}

enum kb_status uefi_alloc_lists(struct uefi *u)
{
	/* More than the map has descriptors: its buffer has room for what is allocated later. */
	size_t max = fw_map_pieces(&u->map);
	enum kb_status st = new_list(u, max, &u->ram);

	/* A list of its own: the map is read as long as things are placed; u->ram is reused. */
	if (!st)
		st = new_list(u, max, &u->s.mem.ram);
	/* Free memory may be cut into the pieces of scratch. */
	if (!st)
		st = new_list(u, max + KHO_SCRATCH_PIECES, &u->s.free);
	u->s.tables = cpu_tables(NULL, 0);
	return st ? kb_refuse("efi", st, NULL) : KB_OK;
}

/*
 * One initrd stays where it is. Several become one; and with KHO all that the kernel gets has to
 * lie in scratch.
 */
static enum kb_status copy_initrd(struct uefi *u)
{
	size_t count = u->s.initrds.count;
	enum kb_status st;
	void *copy;

	if (!count || (count == 1 && !u->s.kho))
		return KB_OK;
	st = fw_alloc(&u->fw, stage_initrd_size(&u->s), &copy);
	if (st)
		return st;
	stage_join_initrds(&u->s, copy);
	return KB_OK;
}

/* The free memory of firmware's map; with KHO, only the part of it in scratch. */
static enum kb_status list_free(struct uefi *u)
{
	struct efi_map map;
	enum kb_status st = fw_map_refresh(&u->fw, &u->map);

	if (st)
		return st;
	map = uefi_map(u);
	st = efi_map_free(&map, u->s.kho ? &u->ram : &u->s.free);
	if (!st && u->s.kho)
		st = range_list_intersect(&u->ram, &u->s.kho->scratch, &u->s.free);
	return st ? st : pt_clip(&u->s.tables, &u->s.free);
}

static struct range our_image(const struct uefi *u)
{
	return (struct range){(uintptr_t)u->s.image, align_up_page(u->fw.loaded->ImageSize)};
}

/* Pieces that are mapped besides those of the memory map, with other rights; see build_tables(). */
#define PIECES 8

/* One list of the memory map, in whole pages, as far as the tables reach. */
static enum kb_status pages_of(const struct uefi *u, struct range_list *l)
{
	enum kb_status st = pt_clip(&u->s.tables, l);

	for (size_t i = 0; i < l->count; i++)
		l->r[i] = range_pages(l->r[i]);
	range_list_sort(l);
	return st;
}

/* How many pages build_tables() takes: homes may split each 2 MiB of the image. */
static enum kb_status count_tables(struct uefi *u, uint64_t *ret)
{
	struct efi_map map = uefi_map(u);
	uint64_t pages = PIECES * PT_MORE + our_image(u).size / SZ_2M + 2;
	enum kb_status st = efi_map_tables(&map, &u->ram);

	if (!st)
		st = pages_of(u, &u->ram);
	pages += pt_pages(&u->s.tables, &u->ram);
	if (!st)
		st = efi_map_ram(&map, &u->ram);
	if (!st)
		st = pages_of(u, &u->ram);
	*ret = pages + pt_pages(&u->s.tables, &u->ram);
	return st;
}

/* The pool of the page tables, as large as this machine's memory map wants it. */
static enum kb_status alloc_tables(struct uefi *u)
{
	uint64_t pages;
	void *pool;
	enum kb_status st = count_tables(u, &pages);

	if (!st)
		st = fw_alloc(&u->fw, pages * SZ_4K, &pool);
	if (!st)
		u->s.tables = cpu_tables(pool, pages);
	return st;
}

static enum kb_status describe_boot(struct uefi *u)
{
	stage_describe_boot(&u->s);
	u->s.boot.efi_map_max = min_u64(u->map.capacity, BOOT_EFI_MAP_MAX);
	return uefi_describe_boot(u);
}

/*
 * The block, which is small, first: an allocation may make edk2 take a page for its own bookkeeping
 * from the top of free memory, where the block has to lie.
 */
static enum kb_status claim_places(struct uefi *u)
{
	enum kb_status st = fw_claim(&u->fw, u->s.place.block);

	return st ? st : fw_claim(&u->fw, u->s.place.window);
}

static enum kb_status take_places(struct uefi *u)
{
	enum kb_status st = list_free(u);

	if (!st)
		st = stage_place(&u->s);
	return st ? st : claim_places(u);
}

/*
 * Find places in what firmware has left. A random window may be where that page is taken, which the
 * lowest one is not; what was claimed the first time is the next kernel's to free.
 */
static enum kb_status search_places(struct uefi *u)
{
	enum kb_status st = copy_initrd(u);

	if (st)
		return st;
	u->s.boot.initrd = u->s.initrd;
	st = take_places(u);
	return st && kernel_fix_place(&u->s.kernel) ? take_places(u) : st;
}

/* False when the record keeps no room for this boot. */
static bool take_room(struct uefi *u)
{
	struct range to;

	if (!u->s.kho || !u->s.record ||
	    stage_take_room(&u->s, &u->s.record->facts.room, &u->claimed, &to))
		return false;
	stage_join_initrds(&u->s, (void *)(uintptr_t)to.base);
	u->s.boot.initrd = u->s.initrd;
	return true;
}

static enum kb_status place(struct uefi *u)
{
	void *stub;
	enum kb_status st = fw_alloc(&u->fw, SZ_4K, &stub);

	if (!st)
		st = alloc_tables(u);
	if (st)
		return kb_refuse("plan", st, NULL);
	u->s.stub = (uintptr_t)stub;
	st = describe_boot(u);
	if (!st)
		st = fw_map_refresh(&u->fw, &u->map);
	if (!st && !take_room(u)) {
		if (u->s.kho && u->s.record)
			kb_warn("plan", "the room kept for this kernel cannot be used");
		st = search_places(u);
	}
	return st ? kb_refuse("plan", st, NULL) : KB_OK;
}

/* Also check the stub and the list of moves, which are in use until the end. */
static enum kb_status check_placement(struct uefi *u)
{
	const struct kb_moves *moves = &u->s.moves;
	const struct range also[] = {
		{u->s.stub, SZ_4K},
		{(uintptr_t)moves->m, moves->count * sizeof(*moves->m)},
	};

	return stage_check_placement(&u->s, also, ARRAY_SIZE(also));
}

/*
 * Homes are RAM, which is mapped writable. Only where our image was loaded over one of them is it
 * mapped otherwise; each table more than that would be one for each 2 MiB with a home.
 */
static enum kb_status map_homes(struct uefi *u)
{
	enum kb_status st = KB_OK;

	for (size_t i = 0; i < u->s.moves.count && !st; i++) {
		struct range home = {u->s.moves.m[i].home, u->s.moves.m[i].size};

		home = range_intersect(home, our_image(u));
		st = pt_map(&u->s.tables, home, PT_WRITE | PT_EXEC);
	}
	return st;
}

static enum kb_status map_list(struct uefi *u, enum pt_flags flags)
{
	enum kb_status st = pages_of(u, &u->ram);

	for (size_t i = 0; i < u->ram.count && !st; i++)
		st = pt_map(&u->s.tables, u->ram.r[i], flags);
	return st;
}

/*
 * RAM, and firmware's tables: x86 kernels read these before they have page tables of their own (see
 * map_firmware_tables() in bare/x86/describe.c).
 */
static enum kb_status map_memory(struct uefi *u)
{
	struct efi_map map = uefi_map(u);
	enum kb_status st = efi_map_tables(&map, &u->ram);

	if (!st)
		st = map_list(u, PT_READ);
	if (!st)
		st = efi_map_ram(&map, &u->ram);
	return st ? st : map_list(u, PT_WRITE);
}

/* For a refusal after boot services. Last of all: without a screen we boot as well. */
static void map_screen(struct uefi *u)
{
	struct pagetable *pt = &u->s.tables;
	struct screen_info si = {0};
	struct screen s;

	fw_describe_screen(&u->fw, &si);
	if (pt->pages - pt->used < SCREEN_TABLES || !screen_info_read(&si, &s) ||
	    !screen_usable(&s, &u->ram) || pt_map(pt, screen_pages(&s), PT_WRITE | PT_DEVICE))
		return;
	u->screen = s;
}

/* Page tables for the time after boot services: memory, our image, what the kernel starts in. */
static enum kb_status build_tables(struct uefi *u)
{
	enum kb_status st = pt_init(&u->s.tables);

	if (!st)
		st = map_memory(u);
	/* x86 kernels run a trampoline there. */
	if (!st && ARCH_LOW_MEMORY > 0)
		st = pt_map(&u->s.tables, (struct range){0, ARCH_LOW_MEMORY}, PT_WRITE | PT_EXEC);
	if (!st)
		st = map_image(&u->s.tables, our_image(u));
	if (!st && ARCH_MAPS_HOMES)
		st = map_homes(u);
	if (!st)
		st = pt_map(&u->s.tables, u->s.place.window, PT_WRITE | PT_EXEC);
	if (!st)
		st = pt_map(&u->s.tables, (struct range){u->s.stub, SZ_4K}, PT_WRITE | PT_EXEC);
	/* u->ram is all RAM by now. */
	u->console = console_outside(uart_named(u->s.cmdline), &u->ram);
	if (!st)
		st = map_uart(&u->s.tables, u->console);
	if (st)
		return kb_refuse("plan", st, NULL);
	map_screen(u);
	return KB_OK;
}

/* What is wrong with this map would be wrong with the last one, too late to go back. */
static enum kb_status rehearse_map(struct uefi *u)
{
	enum kb_status st = fw_map_refresh(&u->fw, &u->map);

	if (!st)
		st = uefi_hand_over_map(u);
	return st ? kb_refuse("plan", st, NULL) : KB_OK;
}

enum kb_status uefi_plan(struct stage *s)
{
	struct uefi *u = (struct uefi *)s; /* its first member */
	enum kb_status st = place(u);

	if (!st)
		st = check_placement(u);
	if (!st)
		st = build_tables(u);
	if (!st)
		st = stage_write(s);
	if (st)
		return st;
	uefi_fill_block(u);
	st = rehearse_map(u);
	if (!st)
		stage_report_scratch(s, s->initrd.size);
	return st;
}
