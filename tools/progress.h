/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far something is that may take long: on standard error, if that was asked for. A terminal
 * gets a line that is written over while it goes on; everyone gets a line with the time it took.
 */
#ifndef KHOCTL_PROGRESS_H
#define KHOCTL_PROGRESS_H

#include <khoboot/compiler.h>

#include <time.h>

/* All zero is one that says nothing. */
struct progress {
	bool on;
	const char *what, *verb; /* "next.efi", "read" */
	uint64_t total;          /* bytes; 0: not known */
	struct timespec began, told;
	bool line; /* there is one to be written over */
};

void progress_begin(struct progress *p, const char *what, const char *verb, uint64_t total);

/* @ctx: struct progress; may be called often. For buffer_read_fd_told(). */
void progress_at(void *ctx, uint64_t done);

/* It has ended, well or not. */
void progress_end(struct progress *p, bool well);

#endif
