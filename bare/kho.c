// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door: KHO data are taken, dropped or refused. */
#include <arch/cpu.h>
#include <bare/bare.h>
#include <core/log.h>
#include <stage/stop.h>

static enum kb_status open_kho(struct bare *b)
{
	struct kho_work work = {.size = kho_work_size(&b->s.mem.ram)};
	enum kb_status st;

	work.base = arena_alloc(&b->arena, work.size, 64);
	if (!work.base)
		return kb_refuse("kho", KB_ARENA, NULL);
	st = stage_open_kho(&b->s, work, b->kho_room);
	if (st)
		return kb_refuse("kho", st, &b->s.mem.diag);
	st = stage_check_versions(&b->s, b->kho_room);
	b->s.may_encrypt = cpu_may_encrypt();
	if (!st)
		st = stage_check_memory(&b->s, b->kho_room);
	if (!st)
		b->s.kho = b->kho_room;
	return st;
}

static void report_kho(const struct kho *k)
{
	kb_info("kho",
		"%s, %" PRIu64 " ranges, %" PRIu64 " bytes preserved, %" PRIu64 " pages of map",
		k->root.compatible, k->sum.runs, k->sum.bytes, k->sum.leaves + k->sum.nodes);
	if (k->root.metadata.present)
		kb_info("kho", "from Linux %s, kexec number %u", k->root.metadata.release,
			k->root.metadata.count);
	if (k->scratch_trimmed)
		kb_warn("kho", "%" PRIu64 " bytes of scratch are not RAM and were left out",
			k->scratch_trimmed);
}

enum kb_status bare_check_crash(struct bare *b)
{
	enum kb_status st = b->s.crash ? stage_check_crash(&b->s, b->segment) : KB_OK;

	/* What may be a handover is refused as others are: the policy decides. */
	if (st)
		stop_never_halt(false);
	if (st || !b->s.crash)
		return st;
	kb_info("crash",
		"the outgoing kernel has crashed, and left %" PRIu64 " bytes of RAM to this boot",
		range_list_bytes(&b->s.mem.ram));
	return KB_OK;
}

enum kb_status bare_gather_kho(struct bare *b)
{
	struct stage *s = &b->s;
	enum kb_status st;

	if (s->crash) {
		stage_ignore_kho(s);
		return KB_OK;
	}
	if (!s->has_kho) {
		kb_info("kho", "nothing handed over by the outgoing kernel");
		return KB_OK;
	}
	if (s->options.kho == KB_KHO_OFF) {
		kb_warn("kho", "dropped as khoboot.kho=off says");
		stage_discard_kho(s);
		return KB_OK;
	}
	st = open_kho(b);
	if (!st)
		report_kho(s->kho);
	/* Not finalized means that nothing was preserved yet. */
	if (st == KB_KHO_NOT_FINALIZED) {
		stage_discard_kho(s);
		return KB_OK;
	}
	return stage_give_up_kho(s, st);
}
