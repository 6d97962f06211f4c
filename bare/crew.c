// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door: other CPUs to make digests, in memory that nothing else has asked for. */
#include <bare/bare.h>
#include <core/log.h>

#include <string.h>

#define AREA "route"

static void count(void *ctx, uint64_t id)
{
	(void)id;
	++*(unsigned int *)ctx;
}

static void add(void *ctx, uint64_t id)
{
	crew_add(ctx, id);
}

static unsigned int wanted(struct bare *b)
{
	unsigned int all = 0;
	enum kb_status st = bare_each_cpu(b, count, &all);

	if (st)
		kb_warn(AREA, "KB-%03d %s; digests are made by this CPU alone", (int)st,
			kb_cause(st));
	return st ? 0 : stage_crew_wanted(&b->s.options, all);
}

/* Fewer CPUs where there is not so much memory in one piece. */
static bool find_area(struct bare *b, uint64_t tiles, unsigned int *cpus, struct range *ret)
{
	for (; *cpus; *cpus /= 2)
		if (!range_list_find(&b->s.free, (struct range){0, UINT64_MAX},
				     stage_crew_size(*cpus, tiles), SZ_4K, true, ret))
			return true;
	return false;
}

static bool take_area(struct bare *b, uint64_t tiles, unsigned int cpus, struct stage_crew *c)
{
	struct range at;

	if (!find_area(b, tiles, &cpus, &at) || range_list_subtract(&b->s.free, at) ||
	    bare_map(b, at, PT_WRITE))
		return false;
	stage_crew_open(c, memset((void *)(uintptr_t)at.base, 0, at.size), cpus, tiles);
	return true;
}

void bare_call_crew(struct bare *b, uint64_t tiles, struct stage_crew *c)
{
	unsigned int cpus = wanted(b);

	if (cpus && bare_ready_crew(b, &c->crew) && take_area(b, tiles, cpus, c) &&
	    !bare_each_cpu(b, add, &c->crew))
		stage_crew_ready(c);
}
