/* SPDX-License-Identifier: BSD-2-Clause */
/* Other CPUs that make digests, too: what both doors do with <arch/crew.h> and <route/share.h>. */
#ifndef STAGE_CREW_H
#define STAGE_CREW_H

#include <arch/crew.h>
#include <core/cmdline.h>
#include <route/share.h>

struct stage_crew {
	struct crew crew;
	struct share_help help; /* for the route; without CPUs until stage_crew_ready() */
	struct share *share;
	bool stuck; /* one of them hangs, and was not stopped */
};

/* How many others to call of @all CPUs that there are, this one counted. */
unsigned int stage_crew_wanted(const struct kb_options *o, unsigned int all);

/* Bytes of memory for so many others. */
uint64_t stage_crew_size(unsigned int cpus, uint64_t tiles);

/* Give it stage_crew_size() bytes, page aligned and zeroed. Next: crew_add() for each. */
void stage_crew_open(struct stage_crew *c, void *area, unsigned int cpus, uint64_t tiles);

/* All are listed: from now on they are called when there is work. */
void stage_crew_ready(struct stage_crew *c);

/* What share_take() is called by: the work of struct crew. */
void stage_crew_work(void *crew, unsigned int number);

/* Say who took part. */
void stage_crew_report(const struct stage_crew *c);

#endif
