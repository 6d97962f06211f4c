// SPDX-License-Identifier: BSD-2-Clause
/*
 * The bare-metal door. bare_run() is the table of contents: gather what the outgoing kernel left,
 * plan every placement for a kernel (bare/attempt.c), commit.
 *
 * Until kho_open() has proven that nothing preserved lies in scratch, only our own segment is
 * written: all other memory is mapped read-only. After that, memory in scratch is made writable,
 * and nothing else, so a stray write faults instead of destroying a preserved byte.
 */
#include <arch/cpu.h>
#include <bare/bare.h>
#include <core/log.h>
#include <khoboot/layout.h>
#include <stage/stop.h>

/* Find the image and the options. */
static enum kb_status read_image(struct bare *b)
{
	enum kb_status st = bare_read_image(b);

	return st ? st : bare_read_options(b);
}

/* Find all RAM. After this we have our own page tables, a console, and maybe a screen. */
static enum kb_status set_up(struct bare *b)
{
	enum kb_status st = bare_open_arena(b);

	if (!st)
		st = bare_read_memory(b);
	stop_set_ram(&b->s.mem.ram);
	if (!st)
		st = bare_own_tables(b);
	if (!st)
		st = bare_open_log(b);
	if (st)
		return st;
	kb_info("start", "khoboot " KB_VERSION ", bare-metal door, %s", cpu_mode());
	st = bare_read_handover(b);
	if (!st)
		st = bare_extend_memory(b);
	if (st)
		return st;
	bare_late_console(b);
	bare_open_screen(b);
	return bare_check_crash(b);
}

/* Image or options that are refused do not end this at once: the screen should show why. */
static enum kb_status gather(struct bare *b)
{
	enum kb_status st = bare_detect_machine(b), image;

	stop_never_halt(b->s.crash);
	if (st)
		return st;
	image = read_image(b);
	st = set_up(b);
	if (image || st)
		return image ? image : st;
	return bare_gather_busy(b);
}

_Noreturn void bare_run(struct bare *b)
{
	enum kb_status st;

	b->s.entered = cpu_clock();
	cpu_init();
	st = gather(b);
	if (!st)
		st = bare_try_kernels(b);
	if (st)
		stop_refused(st);
	if (b->s.initrds.copied)
		stage_join_initrds(&b->s, (void *)(uintptr_t)b->s.initrd.base);
	/* Nothing from here on parses, allocates or fails. */
	bare_fill_block(b);
	stage_leave(&b->s);
}
