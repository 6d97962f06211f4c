// SPDX-License-Identifier: BSD-2-Clause
/* A report as text and as JSON; see report.h. */
#include "report.h"
#include "status.h"

#include <stdlib.h>
#include <time.h>

#define TEXT(t) (int)(t).len, (t).len ? (t).text : ""

/* ---- text ------------------------------------------------------------------------------------ */

static void print_outcome(const struct report *r, FILE *out)
{
	static const char *const texts[] = {
		[REPORT_NONE] = "nothing was handed over to this kernel, as far as is known",
		[REPORT_DONE] = "handed over",
		[REPORT_DIRECT] = "handed over, by the direct route instead of the reset",
		[REPORT_FALLBACK] = "handed over to the second kernel of the image",
		[REPORT_DISCARDED] = "the data were given up, as the options of khoboot say",
		[REPORT_LOST] = "NOT handed over: this boot is without the data",
		[REPORT_PAST] = "handed over from kernel to kernel: khoboot was not in the way",
		[REPORT_UNKNOWN] = "not known: the log ends before the jump",
	};
	const struct log_facts *f = &r->facts;
	const enum kb_status st = f->fallback ? f->fallback : f->direct ? f->direct : f->refused;

	fprintf(out, "outcome:   %s\n", texts[report_outcome(r)]);
	if (st)
		fprintf(out, "why:       KB-%03d %s\n           remedy: %s\n", (int)st,
			ctl_cause(st), ctl_remedy(st));
	else if (report_outcome(r) == REPORT_LOST)
		fputs("why:       not known here: khoboot said it on its console, and the machine "
		      "was "
		      "reset\n",
		      out);
}

static void print_way(const struct report *r, FILE *out)
{
	const struct log_facts *f = &r->facts;

	if (f->from.len)
		fprintf(out, "from:      Linux %.*s, kexec number %" PRIu64 "\n", TEXT(f->from),
			f->kexecs.value);
	else if (r->asked)
		fprintf(out, "from:      Linux %s\n", r->a.release);
	if (f->version.len)
		fprintf(out, "by:        khoboot %.*s, %s, %s (%.*s)\n", TEXT(f->version),
			f->uefi ? "UEFI door" : "bare-metal door",
			f->reset && f->taken.len ? "through a reset of the machine"
			: f->taken.len           ? "direct route"
						 : "a boot without data",
			TEXT(f->start));
	fprintf(out, "to:        Linux %s\n", r->release);
	if (f->taken.len)
		fprintf(out, "data:      %.*s, %" PRIu64 " ranges, %" PRIu64 " bytes%s%.*s\n",
			TEXT(f->taken), f->ranges.value, f->bytes.value,
			f->given.len && !text_equal(f->given, f->taken) ? ", translated from " : "",
			text_equal(f->given, f->taken) ? 0 : (int)f->given.len,
			f->given.len ? f->given.text : "");
	if (f->proven)
		fputs("verified:  digests of what was sealed, after the reset: nothing changed\n",
		      out);
	else if (f->taken.len)
		fputs("verified:  the map of preserved memory, and that nothing lies over it\n",
		      out);
}

static void print_time(const char *what, struct log_number us, FILE *out)
{
	if (us.known)
		fprintf(out, "%-34s %12.6f s\n", what, (double)us.value / 1e6);
}

static void print_times(const struct report *r, FILE *out)
{
	const struct log_facts *f = &r->facts;
	const time_t at = (time_t)(r->a.time_us / 1000000);
	char when[32] = "";
	struct tm tm;

	if (r->asked && gmtime_r(&at, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &tm);
	if (r->asked)
		fprintf(out, "time A:    %s %s\n",
			r->a.jumps ? (r->a.systemd ? "asked systemd to jump" : "jumped") : "loaded",
			when);
	if (r->asked)
		print_time("time A:    loading the image", (struct log_number){true, r->a.load_us},
			   out);
	print_time("time:      A's jump to B's start, wall clock", report_away(r), out);
	print_time("time:      khoboot, jump to seal", f->sealed_us, out);
	print_time("time:      khoboot, claim", f->claimed_us, out);
	print_time("time:      khoboot, verify", f->verified_us, out);
	print_time("time:      khoboot, this door", f->us, out);
	print_time("time B:    kernel to this report", r->up_us, out);
}

struct lines {
	FILE *out;
	bool harmless; /* print all lines, not only warnings */
	const char *start;
};

static void print_line(void *ctx, struct kb_text line, bool harmless)
{
	const struct lines *l = ctx;

	if (harmless && !l->harmless)
		return;
	fputs(l->start, l->out);
	fprintf(l->out, "%.*s\n", TEXT(line));
}

static void print_hops(const struct report *r, FILE *out)
{
	const size_t n = r->hops ? json_object_array_length(r->hops) : 0;
	char from[HISTORY_TEXT], to[HISTORY_TEXT], outcome[32];

	for (size_t i = 0; i < n; i++) {
		const struct json_object *o = json_object_array_get_idx(r->hops, i);

		if (!json_get_text(o, "to", to, sizeof(to)) ||
		    !json_get_text(o, "outcome", outcome, sizeof(outcome)))
			continue;
		if (!json_get_text(o, "from", from, sizeof(from)))
			from[0] = '\0';
		fprintf(out, "hop:       %s -> %s, %s\n", *from ? from : "?", to, outcome);
	}
}

static void print_all(const struct report *r, FILE *out)
{
	struct lines warnings = {out, false, "warning:   "}, all = {out, true, "log:       "};
	struct log_facts f;

	print_outcome(r, out);
	print_way(r, out);
	print_times(r, out);
	print_hops(r, out);
	if (r->digests)
		fprintf(out, "sessions:  no digests: %s\n", REPORT_NO_DIGESTS);
	if (!r->has_log) {
		fputs("log:       none of khoboot was handed over to this kernel\n", out);
		return;
	}
	report_log_parse(r->log, &f, print_line, &warnings);
	fprintf(out, "log:       from %s\n", r->source);
	report_log_parse(r->log, &f, print_line, &all);
}

/* A log may be anybody's: nothing in it, nor in what is taken from it, controls a terminal. */
void report_text(const struct report *r, FILE *out)
{
	char *text = NULL;
	size_t size = 0;
	FILE *all = open_memstream(&text, &size);

	if (!all)
		abort();
	print_all(r, all);
	if (fclose(all))
		abort();
	for (size_t i = 0; i < size; i++)
		fputc((text[i] < ' ' && text[i] != '\n') || text[i] > '~' ? '?' : text[i], out);
	free(text);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void add_piece(struct json_object *o, const char *key, struct kb_text t)
{
	if (t.len)
		json_add_bytes(o, key, t.text, t.len);
	else
		json_add_null(o, key);
}

static void add_number(struct json_object *o, const char *key, struct log_number n)
{
	json_add_known(o, key, n.known, n.value);
}

static void add_code(struct json_object *o, const char *key, enum kb_status st)
{
	json_add_known(o, key, st, (uint64_t)st);
}

static void add_asked(const struct report *r, struct json_object *report)
{
	struct json_object *o;

	if (!r->asked) {
		json_add_null(report, "asked");
		return;
	}
	o = json_add_object(report, "asked");
	json_add_text(o, "release", r->a.release);
	json_add_text(o, "file", r->a.file);
	json_add_text(o, "via", r->a.reset ? "firmware" : "direct");
	json_add_bool(o, "jumps", r->a.jumps);
	json_add_bool(o, "systemd", r->a.systemd);
	json_add_number(o, "time_us", r->a.time_us);
	json_add_number(o, "load_us", r->a.load_us);
	json_add_number(o, "size", r->a.size);
}

static void add_khoboot(const struct report *r, struct json_object *report)
{
	const struct log_facts *f = &r->facts;
	struct json_object *o;

	if (!r->has_log) {
		json_add_null(report, "khoboot");
		return;
	}
	o = json_add_object(report, "khoboot");
	add_piece(o, "version", f->version);
	json_add_text(o, "door", f->uefi ? "uefi" : "bare-metal");
	json_add_text(o, "route", !f->taken.len ? NULL : f->reset ? "firmware" : "direct");
	add_piece(o, "carrier", f->carrier);
	add_piece(o, "from", f->from);
	add_number(o, "kexecs", f->kexecs);
	add_piece(o, "to", f->to);
	add_piece(o, "given", f->given);
	add_piece(o, "taken", f->taken);
	add_number(o, "ranges", f->ranges);
	add_number(o, "bytes", f->bytes);
	json_add_bool(o, "proven", f->proven);
	add_number(o, "attempt", f->attempt);
	add_number(o, "sealed", f->sealed);
	add_number(o, "evacuated", f->evacuated);
	add_code(o, "refused", f->refused);
	add_code(o, "fallback", f->fallback);
	add_code(o, "direct_instead", f->direct);
}

static void add_times(const struct report *r, struct json_object *report)
{
	const struct log_facts *f = &r->facts;
	struct json_object *o = json_add_object(report, "times_us");

	add_number(o, "away", report_away(r));
	add_number(o, "sealed", f->sealed_us);
	add_number(o, "claimed", f->claimed_us);
	add_number(o, "verified", f->verified_us);
	add_number(o, "door", f->us);
	add_number(o, "to_report", r->up_us);
}

struct lists {
	struct json_object *warnings, *log;
};

static void add_line(void *ctx, struct kb_text line, bool harmless)
{
	const struct lists *l = ctx;

	json_list_bytes(l->log, line.text, line.len);
	if (!harmless)
		json_list_bytes(l->warnings, line.text, line.len);
}

static void add_hops(const struct report *r, struct json_object *report)
{
	struct json_object *list = json_add_list(report, "hops");
	const size_t n = r->hops ? json_object_array_length(r->hops) : 0;

	for (size_t i = 0; i < n; i++)
		json_list_take(list, json_object_get(json_object_array_get_idx(r->hops, i)));
}

struct json_object *report_json(const struct report *r)
{
	struct json_object *o = json_new("khoboot/report/1");
	struct log_facts f;
	struct lists lists;

	json_add_text(o, "outcome", report_outcome_name(report_outcome(r)));
	json_add_text(o, "boot", r->boot);
	json_add_text(o, "release", r->release);
	add_asked(r, o);
	add_khoboot(r, o);
	add_times(r, o);
	add_hops(r, o);
	if (r->digests)
		json_add_text(o, "no_digests", REPORT_NO_DIGESTS);
	json_add_text(o, "log_from", r->source);
	lists.warnings = json_add_list(o, "warnings");
	lists.log = json_add_list(o, "log");
	report_log_parse(r->log, &f, add_line, &lists);
	return o;
}

struct json_object *report_hop(const struct report *r)
{
	struct json_object *o = json_new("khoboot/hop/1");

	json_add_text(o, "boot", r->boot);
	if (r->facts.from.len)
		add_piece(o, "from", r->facts.from);
	else
		json_add_text(o, "from", r->asked ? r->a.release : NULL);
	json_add_text(o, "to", r->release);
	json_add_text(o, "outcome", report_outcome_name(report_outcome(r)));
	add_number(o, "kexecs", r->facts.kexecs);
	add_number(o, "time_us", r->now_us);
	return o;
}
