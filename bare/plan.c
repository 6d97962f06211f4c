// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door: what memory is in use, what is free, and where everything goes. */
#include <bare/bare.h>
#include <core/log.h>

/* A crash kernel was loaded by the kernel that crashed: what it gave is complete. */
static enum stage_outside outside_trust(const struct bare *b)
{
	if (b->s.crash)
		return STAGE_OUTSIDE_ALONE;
	return bare_locked(b) ? STAGE_OUTSIDE_LOCKED : STAGE_OUTSIDE_TAKEN;
}

/* kexec puts the scratch array into scratch. An attempt with a second kernel reads it once more. */
static enum kb_status keep_array(struct bare *b)
{
	const struct range array = {b->s.handover.scratch.addr, b->s.handover.scratch_size};

	/* A size that kho_open() will refuse would leave no memory to a boot without KHO. */
	if (!b->s.has_kho || range_wraps(array) || array.size > KHO_SCRATCH_PIECES * sizeof(array))
		return KB_OK;
	return range_list_add(&b->busy, array);
}

enum kb_status bare_gather_busy(struct bare *b)
{
	enum kb_status st = range_list_add(&b->busy, b->segment);

	if (!st)
		st = keep_array(b);
	if (!st)
		st = bare_list_busy(b);
	return st ? kb_refuse("memory", st, &b->s.mem.diag) : KB_OK;
}

void bare_take_initrd(struct bare *b)
{
	stage_take_initrd(&b->s, b->initrd_outside, outside_trust(b));
}

enum kb_status bare_list_free(struct bare *b)
{
	const struct range_list *from = b->s.kho ? &b->s.kho->scratch : &b->s.mem.ram;
	enum kb_status st = range_list_copy(from, &b->s.free);

	return st ? st : range_list_subtract_all(&b->s.free, &b->busy);
}

/*
 * Memory above 4 GiB that is kept for a crash kernel comes with a little below, for devices that
 * reach no further. All of that is left to them, if @spare is set.
 */
static enum kb_status list_free(struct bare *b, bool spare)
{
	enum kb_status st = bare_list_free(b);

	return st || !spare ? st : range_list_subtract(&b->s.free, (struct range){0, SZ_4G});
}

static enum kb_status place(struct bare *b, bool spare)
{
	enum kb_status st = list_free(b, spare);

	stage_describe_boot(&b->s);
	if (!st)
		st = bare_describe_boot(b);
	if (!st)
		st = stage_place_all(&b->s);
	return st;
}

static bool no_room(enum kb_status st)
{
	return st == KB_PLACE_KERNEL || st == KB_PLACE_BLOCK || st == KB_PLACE_INITRD;
}

enum kb_status bare_plan(struct stage *s)
{
	struct bare *b = (struct bare *)s; /* its first member */
	bool spare = s->crash && b->segment.base >= SZ_4G;
	enum kb_status st = place(b, spare);

	if (st && spare)
		st = place(b, false);
	if (no_room(st) && kernel_fix_place(&s->kernel))
		st = place(b, false);
	if (no_room(st) && !stage_extend_scratch(s, &b->means.from)) {
		st = stage_check_memory(s, s->kho);
		if (st)
			return st;
		st = place(b, false);
	}
	if (st == KB_PLACE_INITRD) {
		stage_keep_one_initrd(s);
		st = place(b, false);
	}
	if (st)
		return kb_refuse("plan", st, NULL);
	st = stage_check_placement(s, &b->segment, 1);
	if (st)
		return st;
	kb_debug("plan", "khoboot at 0x%" PRIx64 ", kernel at 0x%" PRIx64 ", block at 0x%" PRIx64,
		 b->segment.base, s->place.window.base, s->place.block.base);
	stage_report_scratch(s, b->segment.size);
	return KB_OK;
}

enum kb_status bare_map_for_jump(struct bare *b)
{
	enum kb_status st = bare_map_more(b);

	if (!st)
		st = bare_map(b, b->s.place.window, PT_WRITE | PT_EXEC);
	if (!st)
		st = bare_map(b, b->s.place.block, PT_WRITE);
	if (!st && b->s.initrds.copied)
		st = bare_map(b, range_pages(b->s.initrd), PT_WRITE);
	return st ? kb_refuse("plan", st, NULL) : KB_OK;
}
