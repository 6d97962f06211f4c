// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door: KHO data are taken, dropped or refused. */
#include <arch/const.h>
#include <arch/cpu.h>
#include <bare/bare.h>
#include <core/log.h>
#include <stage/stop.h>

/* ---- the bridge's memory --------------------------------------------------------------------- */

/*
 * The arena, or scratch: that is nobody's by now, but for what is in use, and for parts of the map
 * that strayed in.
 */
static void *take_work(struct stage *s, const struct kho *k, uint64_t size)
{
	struct bare *b = (struct bare *)s; /* its first member */
	const uint64_t pages = align_up_page(size);
	void *in_arena = arena_alloc(&b->arena, pages, SZ_4K);
	struct range at;

	if (in_arena)
		return in_arena;
	while (!range_list_find(&s->free, (struct range){0, UINT64_MAX}, pages, SZ_4K, true, &at)) {
		if (range_list_subtract(&s->free, at))
			return NULL;
		if (!kho_range_free(&s->mem, k, at))
			continue;
		stop_set_memory(stage_memory_written(s));
		return bare_map(b, at, PT_WRITE) ? NULL : (void *)(uintptr_t)at.base;
	}
	return NULL;
}

static uint8_t *open_piece(struct stage *s, struct range piece)
{
	struct bare *b = (struct bare *)s;

	return bare_map(b, range_pages(piece), PT_WRITE) ? NULL : (uint8_t *)(uintptr_t)piece.base;
}

/* RAM that the outgoing kernel had, and that firmware frees, outside scratch. */
static enum kb_status list_new(struct bare *b, const struct kho *k, struct range_list *ret)
{
	enum kb_status st = range_list_copy(&b->s.mem.ram, ret);

	if (!st)
		st = range_list_subtract(ret, (struct range){0, ARCH_LOW_MEMORY});
	if (!st)
		st = range_list_subtract_all(ret, &k->scratch);
	if (!st)
		st = range_list_subtract_all(ret, &b->busy);
	return st ? st : range_list_subtract_all(ret, &b->s.kept);
}

/* What strayed into scratch may have been written over by what kexec put there. */
static enum kb_status check_stray(void *busy, const struct kho_meta *meta)
{
	const struct range_list *l = busy; /* not sorted */

	for (size_t i = 0; i < l->count; i++)
		if (ranges_overlap(l->r[i], meta->bytes))
			return KB_KHO_META_SCRATCH;
	return KB_OK;
}

/*
 * On x86 there is a segment that nobody names: kexec's purgatory, which it loads right after the
 * array of areas, from the top of scratch down (Linux arch/x86/kernel/kexec-bzimage64.c).
 */
#define PURGATORY_MAX SZ_1M

static enum kb_status check_strays(struct bare *b, const struct kho *k)
{
	const uint64_t array = b->s.handover.scratch.addr;
	struct range below = {array - min_u64(array, PURGATORY_MAX), min_u64(array, PURGATORY_MAX)};
	struct range_list purgatory = {&below, 1, 1};
	enum kb_status st = KB_OK;

	if (k->sum.stray)
		st = kho_map_each_page(&b->s.mem, &k->map, check_stray, &b->busy);
	if (!st && k->sum.stray)
		st = kho_map_each_page(&b->s.mem, &k->map, check_stray, &purgatory);
	return st;
}

static enum kb_status plan_bridge(struct bare *b, struct kho *k)
{
	enum kb_status st = list_new(b, k, &b->fresh);

	b->means = (struct stage_means){
		.from = b->fresh,
		.work = take_work,
		.open = open_piece,
		.prove = b->s.options.via == KB_VIA_FIRMWARE,
	};
	if (!st)
		st = range_list_copy(&k->scratch, &b->s.free);
	if (!st)
		st = range_list_subtract_all(&b->s.free, &b->busy);
	if (!st)
		st = check_strays(b, k);
	return st ? kb_refuse("bridge", st, &b->s.mem.diag)
		  : stage_plan_bridge(&b->s, k, &b->means);
}

/* ---- the data -------------------------------------------------------------------------------- */

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
	report_kho(b->kho_room);
	b->s.may_encrypt = cpu_may_encrypt();
	st = stage_check_memory(&b->s, b->kho_room);
	if (!st)
		st = plan_bridge(b, b->kho_room);
	if (!st)
		b->s.kho = b->kho_room;
	return st;
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
	if (s->given_up) /* for the first kernel already */
		return KB_OK;
	if (!s->has_kho) {
		stage_report_nothing(s);
		return KB_OK;
	}
	if (s->options.kho == KB_KHO_OFF) {
		kb_warn("kho", "dropped as khoboot.kho=off says");
		stage_discard_kho(s);
		return KB_OK;
	}
	st = open_kho(b);
	/* Not finalized means that nothing was preserved yet. */
	if (st == KB_KHO_NOT_FINALIZED) {
		stage_discard_kho(s);
		return KB_OK;
	}
	return stage_give_up_kho(s, st);
}
