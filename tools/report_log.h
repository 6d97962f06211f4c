/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What khoboot's log says of a handover. Pure: text goes in, facts come out.
 *
 * The log is what khoboot hands to the next kernel, or a copy of a serial port, where lines of
 * others are skipped. In it khoboot may have run more than once: over a reset that it made itself
 * the facts go on, any other start begins anew.
 *
 * A line is what the log has after "khoboot: ". It has no level. Those that say that all goes as it
 * should are known here; every other one is a warning, also one that this version does not know.
 * lint compares the table with the log calls in the sources.
 */
#ifndef KHOCTL_REPORT_LOG_H
#define KHOCTL_REPORT_LOG_H

#include <core/text.h>
#include <khoboot/compiler.h>
#include <khoboot/status.h>

/* A number that the log may have. */
struct log_number {
	bool known;
	uint64_t value;
};

/* Texts point into the log; those not there have the length 0. */
struct log_facts {
	struct kb_text version;   /* of khoboot */
	struct kb_text start;     /* which door, and in which mode of the CPU or of Secure Boot */
	bool uefi;                /* the UEFI door ran last */
	bool reset;               /* through a reset: a record was found, or the reset was begun */
	struct kb_text from;      /* release of the outgoing kernel */
	struct log_number kexecs; /* its kexec number */
	struct kb_text given;     /* the KHO version it wrote: "kho-v4" */
	struct kb_text to;        /* release of the kernel that was started */
	struct kb_text taken;     /* the KHO version handed over; none: a start without KHO */
	struct kb_text carrier;   /* UEFI door: what carried the addresses */
	bool started;             /* the last line before the jump is there */
	bool discarded;           /* the data were given up */
	bool nothing;             /* there were none */
	bool proven;              /* digests were compared after the reset, and are right */
	enum kb_status fallback;  /* this refusal led to the second kernel of the image */
	enum kb_status direct;    /* this one to the direct route instead of the reset */
	enum kb_status refused;   /* the first other one */
	struct log_number ranges, bytes, us; /* of the last line */
	struct log_number sealed, sealed_us; /* bytes; since the jump */
	struct log_number evacuated;         /* bytes */
	struct log_number verified_us, claimed_us, attempt;
	size_t lines, warnings;
};

/* @line: without "khoboot: "; false: a warning */
typedef void log_line(void *ctx, struct kb_text line, bool harmless);

/* @tell is called for each line, also those of runs before the last one; NULL: nobody is told. */
void report_log_parse(struct kb_text log, struct log_facts *ret, log_line *tell, void *ctx);

/* Where the last run of khoboot begins in @log; its length if there is none. */
size_t report_log_last(struct kb_text log);

#endif
