// SPDX-License-Identifier: BSD-2-Clause
/* The verdict of khoctl check as text and as JSON. */
#include "explain.h"
#include "json.h"
#include "status.h"
#include "verdict.h"

static const char *const answers[] = {
	[ANSWER_OK] = "ok",           [ANSWER_BRIDGED] = "bridged", [ANSWER_REFUSED] = "refused",
	[ANSWER_DISCARD] = "discard", [ANSWER_UNKNOWN] = "unknown",
};

static void explain_check(const char *name, FILE *out)
{
	const struct explanation *e = check_explanation(name);

	if (e)
		fprintf(out, "%-10s asked because: %s\n%-10s looked at: %s\n", "", e->why, "",
			e->numbers);
}

void verdict_text(const struct verdict *v, bool explain, FILE *out)
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
		if (explain)
			explain_check(c->name, out);
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

static void json_explain(const char *name, struct json_object *o)
{
	const struct explanation *e = check_explanation(name);

	json_add_text(o, "asked_because", e ? e->why : NULL);
	json_add_text(o, "looked_at", e ? e->numbers : NULL);
}

static void json_check(const struct check *c, bool explain, struct json_object *list)
{
	struct json_object *o = json_list_object(list);

	json_add_text(o, "name", c->name);
	json_add_text(o, "answer", answers[c->answer]);
	json_add_known(o, "code", c->status, (uint64_t)c->status);
	json_add_text(o, "cause", c->status ? ctl_cause(c->status) : c->why);
	json_add_text(o, "remedy", c->status ? ctl_remedy(c->status) : NULL);
	json_add_text(o, "from", c->from);
	json_add_text(o, "to", c->to);
	json_add_known(o, "have", c->numbers, c->have);
	json_add_known(o, "need", c->numbers, c->need);
	if (explain)
		json_explain(c->name, o);
}

static void json_codes(const struct bridge_plan *p, struct json_object *o)
{
	struct json_object *list = json_add_list(o, "refusals");
	enum kb_status st[PLAN_REFUSALS];
	const size_t n = plan_refusals(p, st);

	for (size_t i = 0; i < n; i++)
		json_list_number(list, (uint64_t)st[i]);
}

static void json_changes(const struct bridge_plan *p, struct json_object *o)
{
	struct json_object *list = json_add_list(o, "changes");

	for (unsigned int bit = 1; bit <= p->changes; bit <<= 1)
		if (p->changes & bit)
			json_list_text(list, change_name((enum kho_change)bit));
}

static void json_plan(const struct bridge_plan *p, struct json_object *verdict)
{
	struct json_object *o;

	if (!p->known) {
		json_add_null(verdict, "plan");
		return;
	}
	o = json_add_object(verdict, "plan");
	json_add_text(o, "from", p->from);
	json_add_text(o, "to", p->to);
	json_add_text(o, "from_map", p->from_map);
	json_add_text(o, "to_map", p->to_map);
	json_changes(p, o);
	json_add_number(o, "pages", p->pages);
	json_codes(p, o);
}

struct json_object *verdict_json(const struct verdict *v, const char *file, const char *via,
				 bool explain)
{
	struct json_object *o = json_new("khoboot/check/1"), *list;

	json_add_text(o, "verdict", verdict_refusal(v) ? "refused" : "go");
	json_add_text(o, "file", file);
	json_add_text(o, "via", via);
	list = json_add_list(o, "checks");
	for (size_t i = 0; i < v->count; i++)
		json_check(&v->check[i], explain, list);
	if (explain)
		json_plan(&v->plan, o);
	return o;
}
