/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line every few seconds while all preserved memory is read: "khoboot: seal: 37 % of 812 GiB,
 * 14 s left". It goes to the consoles only, as it is old news for the next system.
 */
#ifndef STAGE_PROGRESS_H
#define STAGE_PROGRESS_H

#include <khoboot/compiler.h>

struct stage_progress {
	const char *area;
	uint64_t total;
	uint64_t done; /* counted up by all CPUs that read */
	uint64_t begun, next;
};

/* @total: bytes that will be read. */
void stage_progress_begin(struct stage_progress *p, const char *area, uint64_t total);

/* Time for a line? @ctx: the struct stage_progress. For one CPU only. */
void stage_progress_tick(void *ctx);

#endif
