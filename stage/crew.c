// SPDX-License-Identifier: BSD-2-Clause
/* Other CPUs that make digests, too. */
#include <arch/cache.h>
#include <arch/cpu.h>
#include <arch/vectors.h>
#include <core/log.h>
#include <stage/crew.h>

#define AREA "route"

unsigned int stage_crew_wanted(const struct kb_options *o, unsigned int all)
{
	unsigned int limit = o->cpus ? o->cpus : KB_CPUS_MAX;

	return all ? (all < limit ? all : limit) - 1 : 0;
}

static uint64_t seats_size(unsigned int cpus)
{
	return CREW_FIXED + (uint64_t)cpus * CREW_SEAT;
}

uint64_t stage_crew_size(unsigned int cpus, uint64_t tiles)
{
	return align_up_page(seats_size(cpus) + share_work_size(tiles, cpus));
}

void stage_crew_work(void *crew, unsigned int number)
{
	struct cpu_vectors before;

	cpu_vectors_enable(&before);
	share_take(((struct stage_crew *)crew)->share, number);
	cpu_vectors_restore(&before);
}

static void start(void *ctx, struct share *s)
{
	struct stage_crew *c = ctx;

	c->share = s;
	crew_start(&c->crew);
}

static void stop(void *ctx)
{
	struct stage_crew *c = ctx;

	c->stuck = !crew_stop(&c->crew);
}

void stage_crew_open(struct stage_crew *c, void *area, unsigned int cpus, uint64_t tiles)
{
	c->crew.area = area;
	c->crew.max = cpus;
	c->crew.work = stage_crew_work;
	c->crew.ctx = c;
	c->help = (struct share_help){
		.work = c->crew.area + seats_size(cpus),
		.work_size = stage_crew_size(cpus, tiles) - seats_size(cpus),
		.start = start,
		.stop = stop,
		.ctx = c,
		.settle = cache_wait,
		.relax = cpu_relax,
		.clock = cpu_clock,
	};
}

void stage_crew_ready(struct stage_crew *c)
{
	c->help.cpus = c->crew.count;
}

void stage_crew_report(const struct stage_crew *c)
{
	if (!c->help.cpus)
		return;
	kb_info(AREA, "digests by %u of %u CPUs", c->help.took_part, c->help.cpus + 1);
	if (c->help.again || c->crew.came < c->crew.count || c->stuck)
		kb_warn(AREA, "KB-%03d %s", KB_CPU_LATE, kb_cause(KB_CPU_LATE));
}
