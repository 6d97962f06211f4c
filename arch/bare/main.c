// SPDX-License-Identifier: BSD-2-Clause
/*
 * The bare-metal door. bare_run() is the table of contents: gather what the outgoing kernel left,
 * plan every placement, commit.
 *
 * Until kho_open() has proven that nothing preserved lies in scratch, only our own segment is
 * written: all other memory is mapped read-only. After that scratch is writable, and nothing else
 * ever is, so a stray write faults instead of destroying a preserved byte.
 */
#include <arch/bare.h>
#include <arch/cpu.h>
#include <arch/stop.h>
#include <khoboot/log.h>

static enum kb_status gather(struct bare *b)
{
	enum kb_status st = bare_find_image(b);

	if (!st)
		st = read_options(b);
	if (!st)
		st = open_arena(b);
	if (!st)
		st = bare_read_memory(b);
	if (!st)
		st = own_page_tables(b);
	if (st)
		return st;
	late_console(b);
	st = open_log(b);
	if (st)
		return st;
	kb_info("start", "khoboot " KB_VERSION ", bare-metal door, %s", cpu_mode());
	st = bare_read_handover(b);
	if (!st)
		st = read_kernel(b);
	if (!st)
		st = gather_kho(b);
	return st ? st : list_busy(b);
}

/* Nothing here parses, allocates or fails. */
static _Noreturn void commit(struct bare *b)
{
	struct door_exit leave = {
		.entered = b->entered,
		.kernel = &b->kernel,
		.kho = b->has_kho ? b->kho : NULL,
		.layout = &b->layout,
		.place = &b->place,
		.initrd = b->initrd,
		.tables = &b->tables,
	};

	bare_fill(b);
	door_leave(&leave);
}

_Noreturn void bare_run(struct bare *b)
{
	enum kb_status st;

	b->entered = cpu_clock();
	cpu_init();
	st = gather(b);
	if (!st)
		st = plan(b);
	if (!st)
		route_or_direct(b);
	arena_lock(&b->arena);
	if (!st)
		st = map_for_jump(b);
	if (!st)
		st = bring(b);
	if (st)
		stop(st);
	commit(b);
}
