// SPDX-License-Identifier: BSD-2-Clause
/* A log of khoboot, or of anybody: whatever is found lies inside it, and no line is lost. */
#include "../../tools/report_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct kb_text log, struct kb_text t)
{
	if (t.len &&
	    (t.text < log.text || t.len > log.len || (size_t)(t.text - log.text) > log.len - t.len))
		__builtin_trap();
}

static void count(void *ctx, struct kb_text line, bool harmless)
{
	(void)line;
	(void)harmless;
	++*(size_t *)ctx;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct kb_text log = {(const char *)data, size};
	struct log_facts f;
	size_t lines = 0, last = report_log_last(log);

	if (last > size)
		__builtin_trap();
	report_log_parse(log, &f, count, &lines);
	if (f.lines > lines || f.warnings > f.lines)
		__builtin_trap();
	inside(log, f.version);
	inside(log, f.start);
	inside(log, f.from);
	inside(log, f.given);
	inside(log, f.to);
	inside(log, f.taken);
	inside(log, f.carrier);
	return 0;
}
