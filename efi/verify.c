// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door: compare memory after the reset with what was sealed before it. */
#include <arch/cpu.h>
#include <arch/vectors.h>
#include <core/log.h>
#include <route/route.h>
#include <stage/progress.h>

#include "uefi.h"

#define AREA       "route"
#define DAMAGE_MAX 64 /* ranges of damage that get a line each */

enum kb_status uefi_list_homes(struct uefi *u)
{
	size_t max = u->s.moves.count + 1;
	enum kb_status st;
	void *store;

	st = fw_alloc(&u->fw, max * sizeof(struct range), &store);
	if (st)
		return st;
	u->homes = (struct range_list){store, 0, max};
	if (u->s.record)
		st = route_homes(u->s.record, &u->homes);
	return st ? st : route_homes_are_ram(&u->s.mem, &u->homes);
}

/* The damage that is being collected: data windows that touch make one range. */
struct damage {
	struct range range;
	uint64_t bytes;
	uint64_t ranges;
};

static void report_damage(struct damage *x)
{
	if (x->range.size && x->ranges++ < DAMAGE_MAX)
		kb_error(AREA,
			 "damaged: 0x%" PRIx64 "-0x%" PRIx64 ", %" PRIu64 " bytes preserved there",
			 x->range.base, range_end(x->range), x->bytes);
}

static void on_damage(void *ctx, struct range where, uint64_t preserved)
{
	struct damage *x = ctx;

	if (range_end(x->range) == where.base) {
		x->range.size += where.size;
		x->bytes += preserved;
		return;
	}
	report_damage(x);
	x->range = where;
	x->bytes = preserved;
}

static enum kb_status digest_all(struct uefi *u, const struct kho *k, struct damage *x,
				 uint64_t *damaged, struct share_help *help)
{
	struct cpu_vectors before;
	struct stage_progress progress;
	struct route_watch watch = {NULL, &progress.done, stage_progress_tick, &progress, help};
	enum kb_status st;

	stage_progress_begin(&progress, "verify",
			     route_digested(u->s.record->facts.seal, k->sum.bytes,
					    range_list_bytes(&u->homes)));
	cpu_vectors_enable(&before);
	kb_debug(AREA, "digests: %s", cpu_digest_fast());
	st = route_verify(&u->s.mem, k, u->s.record, &u->homes, on_damage, x, damaged, &watch);
	cpu_digest_plain();
	cpu_vectors_restore(&before);
	return st;
}

enum kb_status uefi_verify(struct uefi *u, const struct kho *k)
{
	struct damage x = {.range = {0, 0}};
	struct stage_crew crew = {.stuck = false};
	uint64_t start = cpu_clock(), damaged;
	enum kb_status st;

	if (route_may_call(k, (enum kb_digest)u->s.record->facts.seal))
		uefi_call_crew(u, &crew);
	st = digest_all(u, k, &x, &damaged, &crew.help);
	report_damage(&x);
	uefi_dismiss_crew(u, &crew);
	if (st)
		kb_error(AREA,
			 "%" PRIu64 " of %" PRIu64 " preserved bytes in %" PRIu64 " damaged ranges",
			 damaged, k->sum.bytes, x.ranges);
	else
		kb_info(AREA, "verified in %" PRIu64 " us: nothing changed",
			cpu_clock_us(cpu_clock() - start));
	return st;
}
