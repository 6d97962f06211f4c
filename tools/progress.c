// SPDX-License-Identifier: BSD-2-Clause
/* Progress on standard error; see progress.h. */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#define MIB        (1024 * 1024u)
#define TELL_AFTER 0.5 /* seconds */

static double seconds(struct timespec from, struct timespec to)
{
	return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

static struct timespec now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t;
}

void progress_begin(struct progress *p, const char *what, const char *verb, uint64_t total)
{
	p->what = what;
	p->verb = verb;
	p->total = total;
	p->line = false;
	p->began = p->told = now();
}

void progress_at(void *ctx, uint64_t done)
{
	struct progress *p = ctx;
	const struct timespec t = now();

	if (!p->on || !isatty(STDERR_FILENO) || seconds(p->told, t) < TELL_AFTER)
		return;
	p->told = t;
	p->line = true;
	fprintf(stderr, "\rkhoctl: %s: %s, %" PRIu64, p->what, p->verb, done / MIB);
	if (p->total)
		fprintf(stderr, " of %" PRIu64, p->total / MIB);
	fputs(" MiB ", stderr);
}

void progress_end(struct progress *p, bool well)
{
	if (!p->on)
		return;
	fprintf(stderr, "%skhoctl: %s: %s%s in %.2f s\n", p->line ? "\r" : "", p->what, p->verb,
		well ? "" : ", which failed,", seconds(p->began, now()));
	p->line = false;
}
