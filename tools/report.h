/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * khoctl report: what is known of the handover that led to this boot, and what it comes to. Pure:
 * facts go in.
 */
#ifndef KHOCTL_REPORT_H
#define KHOCTL_REPORT_H

#include "history.h"
#include "report_log.h"

#include <stdio.h>

enum report_outcome {
	REPORT_NONE,      /* nothing was handed over, and nobody asked for it */
	REPORT_DONE,      /* handed over */
	REPORT_DIRECT,    /* by the direct route, where a reset was asked for */
	REPORT_FALLBACK,  /* to the second kernel of the image */
	REPORT_DISCARDED, /* khoboot gave the data up, as its options say */
	REPORT_LOST,      /* it was asked for, and this is a boot without the data */
	REPORT_PAST,      /* the kernel got data, and not from khoboot */
	REPORT_UNKNOWN,   /* the log is there, and does not say */
};

struct report {
	bool has_log;
	struct kb_text log; /* of the last run of khoboot */
	const char *source; /* where it is from */
	struct log_facts facts;
	bool asked; /* the next one is set */
	struct history_switch a;
	char boot[HISTORY_ID], release[HISTORY_TEXT];
	struct log_number now_us; /* since 1970 */
	struct log_number up_us;  /* since this kernel began */
	struct json_object *hops; /* earlier ones; NULL: none */
	bool came;                /* the kernel shows data that it got */
	bool digests;             /* of sessions were asked for */
};

enum report_outcome report_outcome(const struct report *r);

/* "handed_over" */
const char *report_outcome_name(enum report_outcome outcome);

/*
 * From A's jump to the start of this kernel, by the wall clock, which starts at a whole second on
 * most machines. Not known when A did not jump at once, or a clock was set in between.
 */
struct log_number report_away(const struct report *r);

/* Why there are no digests of sessions. */
#define REPORT_NO_DIGESTS                                                                          \
	"user space can read a session's file only by taking it, once, and it is its owner's"

void report_text(const struct report *r, FILE *out);

/* docs/schema/report.json, and what hops.json keeps of it; for json_free(). */
struct json_object *report_json(const struct report *r);
struct json_object *report_hop(const struct report *r);

#endif
