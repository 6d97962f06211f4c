// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door: other CPUs to compare digests, in scratch, for as long as that takes. */
#include <core/log.h>
#include <stage/stop.h>

#include "uefi.h"

#include <string.h>

#define AREA "route"

static uint64_t pages(const struct stage_crew *c, const struct kb_record *rec)
{
	return stage_crew_size(c->crew.max, rec->tiles_count) / SZ_4K;
}

/*
 * An attempt that ends in a reset may have done so because of another CPU: only the first one calls
 * them.
 */
void uefi_call_crew(struct uefi *u, struct stage_crew *c)
{
	const struct kb_record *rec = u->s.record;
	EFI_PHYSICAL_ADDRESS at = 0;

	if (rec->attempts > 1)
		return;
	c->crew.max = stage_crew_wanted(&u->s.options, uefi_count_cpus(u, c));
	/* Without memory this CPU is enough. */
	if (!c->crew.max ||
	    u->fw.bs->AllocatePages(AllocateAnyPages, EfiLoaderData, pages(c, rec), &at))
		return;
	memset((void *)(uintptr_t)at, 0, pages(c, rec) * SZ_4K);
	stage_crew_open(c, (void *)(uintptr_t)at, c->crew.max, rec->tiles_count);
	uefi_ready_crew(u, c);
	stage_crew_ready(c);
}

void uefi_dismiss_crew(struct uefi *u, struct stage_crew *c)
{
	stage_crew_report(c);
	if (c->stuck) {
		stop_set_policy(KB_ON_ERROR_RESET);
		stop_refused(kb_refuse(AREA, KB_CPU_STUCK, NULL));
	}
	if (c->crew.area)
		u->fw.bs->FreePages((uintptr_t)c->crew.area, pages(c, u->s.record));
}
