// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door: memory map, arena and page tables. */
#include <arch/cpu.h>
#include <arch/map.h>
#include <khoboot/console.h>
#include <khoboot/layout.h>
#include <khoboot/log.h>

#include "bare.h"

#define RAM_MAX    512  /* pieces of RAM; the zero page and one E820_EXT node hold fewer */
#define FREE_MAX   2048 /* free pieces of scratch */
#define E820_MAX   1024 /* entries of the memory map received */
#define TABLES_MIN 16   /* pages; the pool takes what the arena has left beside the work memory */

enum kb_status open_arena(struct bare *b)
{
	uint64_t used = align_down(b->image_size + SZ_4K - 1, SZ_4K) + KB_STACK_SIZE;

	b->arena.base = (uint8_t *)(uintptr_t)(b->segment.base + used);
	b->arena.size = b->segment.size - used;
	b->mem.ram.max = RAM_MAX;
	b->mem.ram.r = arena_alloc(&b->arena, RAM_MAX * sizeof(struct range), 16);
	b->busy.max = SETUP_NODES_MAX + 16;
	b->busy.r = arena_alloc(&b->arena, b->busy.max * sizeof(struct range), 16);
	b->fresh.max = RAM_MAX;
	b->fresh.r = arena_alloc(&b->arena, RAM_MAX * sizeof(struct range), 16);
	b->free.max = FREE_MAX;
	b->free.r = arena_alloc(&b->arena, FREE_MAX * sizeof(struct range), 16);
	b->e820.max = E820_MAX;
	b->e820.e = arena_alloc(&b->arena, E820_MAX * sizeof(struct e820_entry), 16);
	b->kho = arena_alloc(&b->arena, sizeof(*b->kho), 16);
	if (!b->mem.ram.r || !b->busy.r || !b->fresh.r || !b->free.r || !b->e820.e || !b->kho)
		return kb_refuse("memory", KB_ARENA, NULL);
	return KB_OK;
}

enum kb_status read_memory_map(struct bare *b)
{
	size_t n = b->bp->e820_entries < BP_E820_MAX ? b->bp->e820_entries : BP_E820_MAX;
	enum kb_status st = memmap_add(&b->e820, b->bp->e820_table, n);

	b->mem.map = mem_map_identity;
	if (!st)
		st = memmap_ram(&b->e820, &b->mem.ram);
	return st ? kb_refuse("memory", st, NULL) : KB_OK;
}

/* All whole pages of @ram, read-only. */
static enum kb_status map_ram(struct bare *b, const struct range_list *ram)
{
	enum kb_status st = KB_OK;

	for (size_t i = 0; i < ram->count && !st; i++) {
		uint64_t base = align_down(ram->r[i].base + SZ_4K - 1, SZ_4K);
		uint64_t end = align_down(range_end(ram->r[i]), SZ_4K);

		if (base < end)
			st = pt_map(&b->tables, (struct range){base, end - base}, PT_READ);
	}
	return st;
}

/* Map what is RAM now and was not before: what is mapped already (our segment!) stays as it is. */
static enum kb_status map_new_ram(struct bare *b)
{
	struct range_list *fresh = &b->fresh;
	enum kb_status st = range_list_copy(&b->mem.ram, fresh);

	for (size_t i = 0; i < b->free.count && !st; i++)
		st = range_list_subtract(fresh, b->free.r[i]);
	return st ? st : map_ram(b, fresh);
}

/* Add the entries of one E820_EXT node, and map the RAM that they bring. */
static enum kb_status extend_memory_map(struct bare *b, const struct e820_entry *e, size_t n)
{
	/* The list of free memory is not in use yet: it keeps the RAM known so far. */
	enum kb_status st = range_list_copy(&b->mem.ram, &b->free);

	if (!st)
		st = memmap_add(&b->e820, e, n);
	if (!st)
		st = memmap_ram(&b->e820, &b->mem.ram);
	if (st)
		return st;
	return map_new_ram(b);
}

enum kb_status read_e820_nodes(struct bare *b)
{
	for (size_t i = 0; i < b->setup.count; i++) {
		uint64_t at = b->setup.node[i].addr + sizeof(struct setup_data);
		size_t n = b->setup.node[i].len / sizeof(struct e820_entry);
		enum kb_status st;

		if (b->setup.node[i].type != SETUP_E820_EXT)
			continue;
		st = extend_memory_map(b, (const void *)(uintptr_t)at, n);
		if (st)
			return kb_refuse("memory", st, NULL);
	}
	return KB_OK;
}

/* Our own page tables, before any memory but our own is written. */
enum kb_status own_page_tables(struct bare *b)
{
	uint64_t work = kho_work_size(&b->mem.ram);
	uint64_t left = b->arena.size - b->arena.used;
	struct range arena = {(uintptr_t)b->arena.base - KB_STACK_SIZE,
			      align_down(b->arena.size + KB_STACK_SIZE, SZ_4K)};
	enum kb_status st;

	/* What the arena has left beside the work memory and the log becomes page tables. */
	if (left < work + DOOR_LOG_SIZE + (TABLES_MIN + 2) * SZ_4K)
		return kb_refuse("memory", KB_ARENA, NULL);
	b->tables.pages = (left - work - DOOR_LOG_SIZE) / SZ_4K - 2;
	b->tables.pool = arena_take(&b->arena, b->tables.pages * SZ_4K, SZ_4K);
	b->tables.pool_addr = (uintptr_t)b->tables.pool;
	b->tables.levels = cpu_la57() ? 5 : 4;
	b->tables.gbpages = cpu_gbpages();
	st = pt_init(&b->tables);
	if (!st)
		st = map_ram(b, &b->mem.ram);
	if (!st)
		st = map_image(&b->tables, b->segment);
	if (!st)
		st = pt_map(&b->tables, arena, PT_WRITE);
	if (!st)
		st = map_uart(&b->tables, console_find(b->cmdline));
	if (st)
		return kb_refuse("memory", st, NULL);
	cpu_enable_protection();
	write_cr3(b->tables.pool_addr);
	return KB_OK;
}

enum kb_status open_log(struct bare *b)
{
	char *text = arena_take(&b->arena, DOOR_LOG_SIZE, 16);

	if (!text)
		return kb_refuse("memory", KB_ARENA, NULL);
	kb_log_buffer(text, DOOR_LOG_SIZE);
	return KB_OK;
}

static struct range whole_pages(struct range r)
{
	uint64_t base = align_down(r.base, SZ_4K);

	return (struct range){base, align_down(range_end(r) - base + SZ_4K - 1, SZ_4K)};
}

/* The tables for the jump: window executable, block and low memory writable, all else as it is. */
enum kb_status map_for_jump(struct bare *b)
{
	enum kb_status st = KB_OK;

	for (size_t i = 0; i < b->setup.count && !st; i++) {
		if (seed_to_wipe(b, i))
			st = pt_map(&b->tables, whole_pages(setup_node_range(b, i)), PT_WRITE);
	}
	/* The kernel saves and uses a trampoline below 640 KiB when it switches paging modes. */
	if (!st)
		st = pt_map(&b->tables, (struct range){0, SZ_1M}, PT_WRITE | PT_EXEC);
	if (!st)
		st = pt_map(&b->tables, b->place.window, PT_WRITE | PT_EXEC);
	if (!st)
		st = pt_map(&b->tables, b->place.block, PT_WRITE);
	return st ? kb_refuse("plan", st, NULL) : KB_OK;
}
