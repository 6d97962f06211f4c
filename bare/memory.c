// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door: arena and page tables. */
#include <arch/cpu.h>
#include <arch/uart.h>
#include <bare/bare.h>
#include <core/log.h>
#include <khoboot/layout.h>
#include <stage/map.h>
#include <stage/pagetable.h>

#define TABLES_MIN 16 /* pages; the pool gets what work memory and log leave of the arena */

/* Left for the bridge to plan in, where there is enough; else it takes scratch. */
#define BRIDGE_WORK (256 * 1024ULL)

bool bare_new_list(struct bare *b, struct range_list *l, unsigned int shares)
{
	l->count = 0;
	l->max = b->arena.size / KB_ARENA_SHARES * shares / sizeof(struct range);
	l->r = arena_take(&b->arena, l->max * sizeof(struct range), 16);
	return l->r;
}

enum kb_status bare_open_arena(struct bare *b)
{
	uint64_t used = align_up_page(b->image_size) + KB_STACK_SIZE;
	struct arena *a = &b->arena;
	void *work;

	a->base = (uint8_t *)(uintptr_t)(b->segment.base + used);
	a->size = b->segment.size - used;
	work = arena_alloc(a, KERNEL_WORK_SIZE, 64);
	b->kho_room = arena_alloc(a, sizeof(*b->kho_room), 16);
	b->s.kernel_work = (struct range){(uintptr_t)work, KERNEL_WORK_SIZE};
	b->s.mem.map = mem_map_identity;
	/* An arm64 kernel may reserve a piece of memory for each CPU: busy is the longest list. */
	if (!bare_new_list(b, &b->s.mem.ram, 1) || !bare_new_list(b, &b->fresh, 1) ||
	    !bare_new_list(b, &b->busy, 2) || !bare_new_list(b, &b->s.free, 1) || !work ||
	    !b->kho_room)
		return kb_refuse("memory", KB_ARENA, NULL);
	return KB_OK;
}

/* All whole pages of @ram, read-only. */
static enum kb_status map_ram(struct bare *b, const struct range_list *ram)
{
	enum kb_status st = KB_OK;

	for (size_t i = 0; i < ram->count && !st; i++) {
		struct range r = range_inner_pages(ram->r[i]);

		if (r.size)
			st = pt_map(&b->s.tables, r, PT_READ);
	}
	return st;
}

/* @known is left alone: our own segment in it is mapped writable. */
enum kb_status bare_map_new_ram(struct bare *b, const struct range_list *known)
{
	struct range_list *fresh = &b->fresh;
	enum kb_status st = pt_clip(&b->s.tables, &b->s.mem.ram);

	if (!st)
		st = range_list_copy(&b->s.mem.ram, fresh);
	if (!st)
		st = range_list_subtract_all(fresh, known);
	bare_edit_tables();
	if (!st)
		st = map_ram(b, fresh);
	cpu_use_tables(&b->s.tables);
	return st;
}

enum kb_status bare_own_tables(struct bare *b)
{
	uint64_t work = kho_work_size(&b->s.mem.ram);
	uint64_t left = b->arena.size - b->arena.used;
	struct range arena = {(uintptr_t)b->arena.base - KB_STACK_SIZE,
			      align_down(b->arena.size + KB_STACK_SIZE, SZ_4K)};
	enum kb_status st;
	size_t pages;

	/* What the work memory and the log leave of the arena becomes page tables. */
	if (left < work + STAGE_LOG_SIZE + (TABLES_MIN + 2) * SZ_4K)
		return kb_refuse("memory", KB_ARENA, NULL);
	pages = (left - work - STAGE_LOG_SIZE) / SZ_4K - 2;
	if (pages > 4 * BRIDGE_WORK / SZ_4K)
		pages -= BRIDGE_WORK / SZ_4K;
	b->s.tables = cpu_tables(arena_take(&b->arena, pages * SZ_4K, SZ_4K), pages);
	st = pt_init(&b->s.tables);
	if (!st)
		st = pt_clip(&b->s.tables, &b->s.mem.ram);
	if (!st)
		st = map_ram(b, &b->s.mem.ram);
	if (!st)
		st = map_image(&b->s.tables, b->segment);
	if (!st)
		st = pt_map(&b->s.tables, arena, PT_WRITE);
	if (!st)
		st = map_uart(&b->s.tables, bare_console(b));
	if (st)
		return kb_refuse("memory", st, NULL);
	cpu_use_tables(&b->s.tables);
	return KB_OK;
}

enum kb_status bare_open_log(struct bare *b)
{
	char *text = arena_take(&b->arena, STAGE_LOG_SIZE, 16);

	if (!text)
		return kb_refuse("memory", KB_ARENA, NULL);
	kb_log_buffer(text, STAGE_LOG_SIZE);
	return KB_OK;
}

enum kb_status bare_map(struct bare *b, struct range r, enum pt_flags flags)
{
	enum kb_status st;

	bare_edit_tables();
	st = pt_map(&b->s.tables, r, flags);
	cpu_use_tables(&b->s.tables);
	return st;
}

const void *bare_map_table(void *ctx, uint64_t pa, uint64_t len)
{
	struct bare *b = ctx;
	uint64_t at = align_down(pa, SZ_4K);
	enum pt_flags flags;

	for (; at < pa + len; at += SZ_4K) {
		if (!pt_lookup(&b->s.tables, at, &flags) &&
		    bare_map(b, (struct range){at, SZ_4K}, PT_READ))
			return NULL;
	}
	return (const void *)(uintptr_t)pa;
}
