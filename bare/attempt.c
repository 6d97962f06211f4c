// SPDX-License-Identifier: BSD-2-Clause
/*
 * The bare-metal door: one attempt for each kernel of the image. Everything of an attempt starts
 * from a kernel, its .kho and what the outgoing kernel handed over; nothing of the one before is
 * used, not even its memory in the arena. Only what is mapped stays mapped.
 */
#include <bare/bare.h>
#include <core/log.h>
#include <stage/stop.h>

/* What an attempt may change, and the next one needs as it was. */
struct start {
	struct arena arena;
	struct kho_handover handover;
};

static enum kb_status gather(struct bare *b)
{
	enum kb_status st = bare_read_kernel(b);

	if (!st)
		st = bare_gather_kho(b);
	if (!st)
		bare_take_initrd(b);
	return st;
}

/* Parts of the map that lay in scratch are not needed there any more: they may be overwritten. */
static enum kb_status write_bridge(struct bare *b)
{
	b->overwritten = b->s.kho && b->s.kho->sum.stray;
	return stage_write_bridge(&b->s);
}

/* Until everything is in its place; what follows cannot fail. */
static enum kb_status attempt(struct bare *b)
{
	enum kb_status st = gather(b);

	if (!st)
		st = stage_plan(&b->s, bare_plan);
	if (!st)
		st = write_bridge(b);
	if (!st)
		bare_route_or_direct(b);
	arena_lock(&b->arena);
	if (!st)
		st = bare_map_for_jump(b);
	if (!st)
		stop_set_memory(stage_memory_written(&b->s));
	return st ? st : stage_write(&b->s);
}

static enum kb_status attempt_again(struct bare *b, const struct start *start)
{
	b->arena = start->arena;
	b->s.handover = start->handover;
	return attempt(b);
}

enum kb_status bare_try_kernels(struct bare *b)
{
	const struct start start = {b->arena, b->s.handover};
	enum kb_status first = attempt(b), second;

	if (b->overwritten || !stage_can_fall_back(&b->s, first))
		return first;
	stage_fall_back(&b->s, first);
	second = attempt_again(b, &start);
	if (!second)
		return KB_OK;
	kb_error("fallback", "KB-%03d refuses the first kernel, KB-%03d the second", (int)first,
		 (int)second);
	return first;
}
