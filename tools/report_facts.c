// SPDX-License-Identifier: BSD-2-Clause
/* What the facts of a handover come to; see report.h. */
#include "report.h"

#define DAY_US (24ULL * 3600 * 1000000)

enum report_outcome report_outcome(const struct report *r)
{
	const struct log_facts *f = &r->facts;

	if (f->discarded)
		return REPORT_DISCARDED;
	if (f->started && f->taken.len) {
		if (f->fallback)
			return REPORT_FALLBACK;
		return f->direct ? REPORT_DIRECT : REPORT_DONE;
	}
	if (r->came && !f->started)
		return REPORT_PAST;
	if (r->asked)
		return REPORT_LOST;
	/* A record that was refused after a reset, and then a cold boot. */
	if (f->started && (f->refused || f->reset))
		return REPORT_LOST;
	return r->has_log && !f->started ? REPORT_UNKNOWN : REPORT_NONE;
}

const char *report_outcome_name(enum report_outcome outcome)
{
	static const char *const names[] = {
		[REPORT_NONE] = "none",
		[REPORT_DONE] = "handed_over",
		[REPORT_DIRECT] = "direct_instead",
		[REPORT_FALLBACK] = "fallback",
		[REPORT_DISCARDED] = "discarded",
		[REPORT_LOST] = "lost",
		[REPORT_PAST] = "past_khoboot",
		[REPORT_UNKNOWN] = "unknown",
	};

	return names[outcome];
}

struct log_number report_away(const struct report *r)
{
	const struct log_number unknown = {.known = false};
	uint64_t began;

	if (!r->asked || !r->a.jumps || !r->now_us.known || !r->up_us.known ||
	    r->now_us.value < r->up_us.value)
		return unknown;
	began = r->now_us.value - r->up_us.value;
	if (began < r->a.time_us || began - r->a.time_us > DAY_US)
		return unknown;
	return (struct log_number){true, began - r->a.time_us};
}
