// SPDX-License-Identifier: BSD-2-Clause
/* The verdict of khoctl check as text and as JSON. */
#include "verdict.h"

static const char *const answers[] = {
	[ANSWER_OK] = "ok",
	[ANSWER_REFUSED] = "refused",
	[ANSWER_DISCARD] = "discard",
	[ANSWER_UNKNOWN] = "unknown",
};

void verdict_text(const struct verdict *v, FILE *out)
{
	for (size_t i = 0; i < v->count; i++) {
		const struct check *c = &v->check[i];

		fprintf(out, "%-10s %s", c->name, answers[c->answer]);
		if (c->numbers)
			fprintf(out, ", have %" PRIu64 ", need %" PRIu64, c->have, c->need);
		if (c->why)
			fprintf(out, ": %s", c->why);
		if (c->status)
			fprintf(out, ": KB-%03d %s", (int)c->status, kb_cause(c->status));
		fputc('\n', out);
		if (c->status)
			fprintf(out, "%-10s remedy: %s\n", "", kb_remedy(c->status));
	}
	fprintf(out, "verdict: %s\n", verdict_refusal(v) ? "refused" : "go");
}

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
	json_text("cause", c->status ? kb_cause(c->status) : c->why, out);
	json_text("remedy", c->status ? kb_remedy(c->status) : NULL, out);
	json_number("have", c->numbers, c->have, out);
	json_number("need", c->numbers, c->need, out);
	fputc('}', out);
}

void verdict_json(const struct verdict *v, const char *file, const char *via, FILE *out)
{
	fprintf(out, "{\"verdict\":\"%s\"", verdict_refusal(v) ? "refused" : "go");
	json_text("file", file, out);
	json_text("via", via, out);
	fputs(",\"checks\":[", out);
	for (size_t i = 0; i < v->count; i++) {
		fputs(i ? "," : "", out);
		json_check(&v->check[i], out);
	}
	fputs("]}\n", out);
}
