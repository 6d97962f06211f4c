// SPDX-License-Identifier: BSD-2-Clause
/* What was sealed before the reset, compared with what is there after it. */
#include <arch/cpu.h>
#include <core/log.h>
#include <route/route.h>

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

/* Damage as it is found: windows that touch are one range. */
struct damage {
	struct range range;
	uint64_t bytes;
	uint64_t ranges;
};

static void report_damage(struct damage *x)
{
	if (x->range.size && x->ranges++ < DAMAGE_MAX)
		kb_error(AREA, "damaged: 0x%llx-0x%llx, %llu bytes preserved there",
			 (unsigned long long)x->range.base, (unsigned long long)range_end(x->range),
			 (unsigned long long)x->bytes);
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

enum kb_status uefi_verify(struct uefi *u, const struct kho *k)
{
	struct damage x = {.range = {0, 0}};
	uint64_t start = cpu_clock(), damaged;
	enum kb_status st;

	st = route_verify(&u->s.mem, k, u->s.record, &u->homes, on_damage, &x, &damaged);
	report_damage(&x);
	if (st)
		kb_error(AREA, "%llu of %llu preserved bytes in %llu damaged ranges",
			 (unsigned long long)damaged, (unsigned long long)k->sum.bytes,
			 (unsigned long long)x.ranges);
	else
		kb_info(AREA, "verified in %llu us: nothing changed",
			(unsigned long long)cpu_clock_us(cpu_clock() - start));
	return st;
}
