// SPDX-License-Identifier: BSD-2-Clause
/* The verdict of khoctl check as text and as JSON. */
#include "status.h"
#include "verdict.h"

static const char *const answers[] = {
	[ANSWER_OK] = "ok",           [ANSWER_BRIDGED] = "bridged", [ANSWER_REFUSED] = "refused",
	[ANSWER_DISCARD] = "discard", [ANSWER_UNKNOWN] = "unknown",
};

void verdict_text(const struct verdict *v, FILE *out)
{
	for (size_t i = 0; i < v->count; i++) {
		const struct check *c = &v->check[i];

		fprintf(out, "%-10s %s", c->name, answers[c->answer]);
		if (c->numbers)
			fprintf(out, ", have %" PRIu64 ", need %" PRIu64, c->have, c->need);
		if (c->to)
			fprintf(out, ": %s to %s", c->from ? c->from : "unknown", c->to);
		if (c->why)
			fprintf(out, ": %s", c->why);
		if (c->status)
			fprintf(out, ": KB-%03d %s", (int)c->status, ctl_cause(c->status));
		fputc('\n', out);
		if (c->status)
			fprintf(out, "%-10s remedy: %s\n", "", ctl_remedy(c->status));
	}
	fprintf(out, "verdict: %s\n", verdict_refusal(v) ? "refused" : "go");
}

/* ---- the plan -------------------------------------------------------------------------------- */

/* The name of a change in JSON. */
static const char *change_name(enum kho_change change)
{
	switch (change) {
	case KHO_CHANGE_CORE:
		return "root";
	case KHO_CHANGE_MAP:
		return "map";
	case KHO_CHANGE_BLOCKS:
		return "blocks";
	case KHO_CHANGE_LUO:
		return "luo";
	case KHO_CHANGE_MEMFD:
		return "memfd";
	default:
		return "metadata";
	}
}

#define PLAN_REFUSALS 7

/* What khoboot may find that cannot be seen here. */
static size_t plan_refusals(const struct bridge_plan *p, enum kb_status ret[PLAN_REFUSALS])
{
	size_t n = 0;

	if (!p->changes)
		return 0;
	ret[n++] = KB_BRIDGE_ROOM;
	ret[n++] = KB_BRIDGE_FDT;
	if (!p->luo || !(p->changes & (KHO_CHANGE_LUO | KHO_CHANGE_MEMFD)))
		return n;
	ret[n++] = KB_LUO_MANY_SESSIONS;
	ret[n++] = KB_LUO_MANY_FILES;
	ret[n++] = KB_LUO_HANDLER;
	if (p->changes & KHO_CHANGE_MEMFD)
		ret[n++] = KB_LUO_SEALED;
	return n;
}

static void explain_changes(const struct bridge_plan *p, const char *start, FILE *out)
{
	for (unsigned int bit = 1; bit <= p->changes; bit <<= 1)
		if (p->changes & bit)
			fprintf(out, "%s%s\n", start, kho_target_change_text((enum kho_change)bit));
	if (!p->changes) {
		fprintf(out, "%snothing is translated\n", start);
		return;
	}
	fprintf(out, "%snew pages at most: %" PRIu64 "%s\n", start, p->pages,
		p->luo ? ", and those of live update, by its sessions" : "");
	fprintf(out, "%sthe old data stay as they are\n", start);
}

void verdict_explain(const struct bridge_plan *p, const char *start, FILE *out)
{
	enum kb_status st[PLAN_REFUSALS];
	const size_t n = plan_refusals(p, st);

	if (!p->known) {
		fprintf(out, "%snot known: a version is not, or nothing is to be translated\n",
			start);
		return;
	}
	fprintf(out, "%sfrom %s (%s) to %s (%s)\n", start, p->from,
		p->from_map ? p->from_map : "form not known", p->to, p->to_map);
	explain_changes(p, start, out);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%scannot be seen here: KB-%03d %s\n", start, (int)st[i],
			ctl_cause(st[i]));
}

/* ---- JSON ------------------------------------------------------------------------------------ */

void verdict_quote(const char *text, FILE *out)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c == '"' || *c == '\\')
			fprintf(out, "\\%c", *c);
		else if (*c < ' ' || *c > '~') /* JSON is UTF-8, a file name may be anything */
			fprintf(out, "\\u%04x", *c);
		else
			fputc(*c, out);
	}
}

static void json_text(const char *name, const char *text, FILE *out)
{
	fprintf(out, ",\"%s\":", name);
	if (!text) {
		fputs("null", out);
		return;
	}
	fputc('"', out);
	verdict_quote(text, out);
	fputc('"', out);
}

static void json_number(const char *name, bool known, uint64_t v, FILE *out)
{
	if (known)
		fprintf(out, ",\"%s\":%" PRIu64, name, v);
	else
		fprintf(out, ",\"%s\":null", name);
}

static void json_check(const struct check *c, FILE *out)
{
	fprintf(out, "{\"name\":\"%s\"", c->name);
	json_text("answer", answers[c->answer], out);
	json_number("code", c->status, (uint64_t)c->status, out);
	json_text("cause", c->status ? ctl_cause(c->status) : c->why, out);
	json_text("remedy", c->status ? ctl_remedy(c->status) : NULL, out);
	json_text("from", c->from, out);
	json_text("to", c->to, out);
	json_number("have", c->numbers, c->have, out);
	json_number("need", c->numbers, c->need, out);
	fputc('}', out);
}

static void json_codes(const struct bridge_plan *p, FILE *out)
{
	enum kb_status st[PLAN_REFUSALS];
	const size_t n = plan_refusals(p, st);

	fputs(",\"refusals\":[", out);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s%d", i ? "," : "", (int)st[i]);
	fputc(']', out);
}

static void json_plan(const struct bridge_plan *p, FILE *out)
{
	const char *separator = "";

	if (!p->known) {
		fputs(",\"plan\":null", out);
		return;
	}
	fprintf(out, ",\"plan\":{\"from\":\"%s\",\"to\":\"%s\"", p->from, p->to);
	json_text("from_map", p->from_map, out);
	json_text("to_map", p->to_map, out);
	fputs(",\"changes\":[", out);
	for (unsigned int bit = 1; bit <= p->changes; bit <<= 1) {
		if (!(p->changes & bit))
			continue;
		fprintf(out, "%s\"%s\"", separator, change_name((enum kho_change)bit));
		separator = ",";
	}
	fprintf(out, "],\"pages\":%" PRIu64, p->pages);
	json_codes(p, out);
	fputc('}', out);
}

void verdict_json(const struct verdict *v, const char *file, const char *via, bool explain,
		  FILE *out)
{
	fprintf(out, "{\"verdict\":\"%s\"", verdict_refusal(v) ? "refused" : "go");
	json_text("file", file, out);
	json_text("via", via, out);
	fputs(",\"checks\":[", out);
	for (size_t i = 0; i < v->count; i++) {
		fputs(i ? "," : "", out);
		json_check(&v->check[i], out);
	}
	fputc(']', out);
	if (explain)
		json_plan(&v->plan, out);
	fputs("}\n", out);
}
