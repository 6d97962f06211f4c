/* SPDX-License-Identifier: BSD-2-Clause */
/* How far a pass over preserved memory has come, and how long it will still take. Pure. */
#ifndef ROUTE_PROGRESS_H
#define ROUTE_PROGRESS_H

#include <khoboot/compiler.h>

struct route_progress {
	unsigned int percent;
	uint64_t left_s;  /* seconds, rounded up, at the speed up to now */
	uint64_t size;    /* of all, rounded down, in @unit */
	const char *unit; /* "GiB" from 10 GiB on, else "MiB" */
};

/* @done of @total bytes in @us microseconds; @done may be more, when something was done twice. */
struct route_progress route_progress(uint64_t done, uint64_t total, uint64_t us);

#endif
