// SPDX-License-Identifier: BSD-2-Clause
/* A line every few seconds while all preserved memory is read. */
#include "progress.h"

#include <arch/cpu.h>
#include <core/log.h>
#include <route/progress.h>

#define INTERVAL 3000000 /* microseconds */

void stage_progress_begin(struct stage_progress *p, const char *area, uint64_t total)
{
	*p = (struct stage_progress){.area = area,
				     .total = total,
				     .begun = cpu_clock(),
				     .next = INTERVAL};
}

void stage_progress_tick(void *ctx)
{
	struct stage_progress *p = ctx;
	uint64_t us = cpu_clock_us(cpu_clock() - p->begun);
	struct route_progress now;

	if (us < p->next)
		return;
	p->next = us + INTERVAL;
	now = route_progress(__atomic_load_n(&p->done, __ATOMIC_RELAXED), p->total, us);
	kb_log_show(p->area, "%u %% of %" PRIu64 " %s, %" PRIu64 " s left", now.percent, now.size,
		    now.unit, now.left_s);
}
