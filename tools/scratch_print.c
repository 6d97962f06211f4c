// SPDX-License-Identifier: BSD-2-Clause
/* What khoctl scratch says, as text and as JSON. */
#include "scratch.h"
#include "status.h"

#include <string.h>

static const char *const steps[] = {
	[SCRATCH_LOAD] = "loaded by kexec",
	[SCRATCH_JUMP] = "placed by khoboot beside that",
	[SCRATCH_EARLY] = "in use by the next kernel before it has read what is preserved",
};
static const char *const sums[] = {
	[SCRATCH_LOAD] = "at the load",
	[SCRATCH_JUMP] = "at the jump, with what was loaded",
	[SCRATCH_EARLY] = "in the next kernel",
};
static const char *const step_names[] = {
	[SCRATCH_LOAD] = "load",
	[SCRATCH_JUMP] = "jump",
	[SCRATCH_EARLY] = "early",
};

/* In MiB if it is whole ones, as areas are. */
static int size_word(char *text, size_t room, uint64_t bytes)
{
	const bool mib = bytes % SZ_1M == 0;
	const uint64_t n = bytes / (mib ? SZ_1M : 1024);

	return snprintf(text, room, "%" PRIu64 "%c", n, mib ? 'M' : 'K');
}

const char *scratch_word(const struct scratch_sizes *sizes, char text[64])
{
	int n = size_word(text, 20, sizes->low);

	text[n++] = ',';
	n += size_word(text + n, 20, sizes->global);
	text[n++] = ',';
	size_word(text + n, 20, sizes->node);
	return text;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void number(uint64_t bytes, const char *name, const char *basis, const char *why, FILE *out)
{
	fprintf(out, "%12" PRIu64 " KiB  %-18s", (bytes + 1023) / 1024, name);
	if (basis)
		fprintf(out, "  %-8s  %s", basis, why);
	fputc('\n', out);
}

/* Pages of the map when each page is preserved alone: a bit for each, in pages of their own. */
static uint64_t map_most(const struct facts *f)
{
	return range_list_bytes(&f->ram) / f->page_size / 8;
}

static void text_machine(const struct scratch_facts *s, FILE *out)
{
	const struct facts *f = s->f;

	fputs("what KHO costs here\n", out);
	number(range_list_bytes(&f->ram), "RAM", NULL, NULL, out);
	fprintf(out, "%16zu  %s\n", s->nodes, s->nodes == 1 ? "node" : "nodes");
	fprintf(out, "%16" PRIu64 "  processors at most\n", s->cpus);
	if (s->measured)
		number(s->measured, "kept at boot", "measured",
		       "by the running kernel: struct pages and the like", out);
	if (!f->scratch_known) {
		fputs("      scratch is not shown: KHO is off, or debugfs is not to be read\n",
		      out);
		return;
	}
	for (size_t i = 0; i < f->areas.count; i++)
		fprintf(out, "%12" PRIu64 " KiB  area at 0x%" PRIx64 "\n",
			f->areas.r[i].size / 1024, f->areas.r[i].base);
	number(range_list_bytes(&f->areas), "scratch in all", "measured",
	       "movable pages alone may use it meanwhile", out);
	number(map_most(f), "map at most", "source",
	       "a bit for each page, if each is preserved alone", out);
}

static void text_origin(const struct scratch_facts *s, FILE *out)
{
	if (s->handed)
		fputs("the areas are those of the kernel before: kho_scratch= holds from the next "
		      "cold boot on\n",
		      out);
	else if (*s->word)
		fprintf(out, "kho_scratch=%s\n", s->word);
	else if (s->f->scratch_known)
		fputs("kho_scratch= is not given: twice what the kernel kept at boot\n", out);
}

static void text_plan(const struct scratch_plan *p, FILE *out)
{
	for (enum scratch_step step = 0; step < SCRATCH_STEPS; step++) {
		fprintf(out, "\n%s\n", steps[step]);
		for (size_t i = 0; i < p->lines; i++)
			if (p->line[i].step == step)
				number(p->line[i].bytes, p->line[i].name, p->line[i].basis,
				       p->line[i].why, out);
		fprintf(out, "%12" PRIu64 " KiB  %s\n", (p->sum[step] + 1023) / 1024, sums[step]);
	}
}

static void text_now(const struct scratch_plan *p, FILE *out)
{
	if (!p->now_known)
		fputs("now: not known\n", out);
	else if (!p->now)
		fputs("now: enough\n", out);
	else
		fprintf(out, "now: too little%s%s: KB-%03d %s\n", p->lacks.name ? " for " : "",
			p->lacks.name ? p->lacks.name : "", (int)p->now, ctl_cause(p->now));
}

void scratch_text(const struct scratch_facts *s, const struct scratch_plan *p, FILE *out)
{
	char word[64];
	uint64_t align, bytes;

	text_machine(s, out);
	text_origin(s, out);
	if (!p)
		return;
	text_plan(p, out);
	align = p->align / SZ_1M;
	bytes = p->bytes / SZ_1M;
	fprintf(out, "\nareas: multiples of %" PRIu64 " MiB; below 4 GiB, anywhere, in each node\n",
		align);
	text_now(p, out);
	fprintf(out, "recommended: kho_scratch=%s (%" PRIu64 " MiB in all)\n",
		scratch_word(&p->best, word), bytes);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void json_machine(const struct scratch_facts *s, struct json_object *o)
{
	const struct facts *f = s->f;
	struct json_object *list, *area;

	json_add_number(o, "ram", range_list_bytes(&f->ram));
	list = json_add_list(o, "nodes");
	for (size_t i = 0; i < s->nodes; i++)
		json_list_number(list, s->node[i]);
	json_add_number(o, "processors", s->cpus);
	json_add_number(o, "page_size", f->page_size);
	json_add_known(o, "kept_at_boot", s->measured, s->measured);
	json_add_text(o, "kho_scratch", *s->word ? s->word : NULL);
	json_add_bool(o, "handed_over", s->handed);
	json_add_known(o, "scratch", f->scratch_known, range_list_bytes(&f->areas));
	list = json_add_list(o, "areas");
	for (size_t i = 0; i < f->areas.count; i++) {
		area = json_list_object(list);
		json_add_number(area, "address", f->areas.r[i].base);
		json_add_number(area, "size", f->areas.r[i].size);
	}
	json_add_number(o, "map_at_most", map_most(f));
}

static void json_lines(const struct scratch_plan *p, struct json_object *o)
{
	struct json_object *list = json_add_list(o, "lines"), *line, *sum;

	for (size_t i = 0; i < p->lines; i++) {
		line = json_list_object(list);
		json_add_text(line, "step", step_names[p->line[i].step]);
		json_add_text(line, "name", p->line[i].name);
		json_add_number(line, "bytes", p->line[i].bytes);
		json_add_text(line, "basis", p->line[i].basis);
		json_add_bool(line, "low", p->line[i].low);
		json_add_text(line, "why", p->line[i].why);
	}
	sum = json_add_object(o, "sums");
	for (enum scratch_step step = 0; step < SCRATCH_STEPS; step++)
		json_add_number(sum, step_names[step], p->sum[step]);
}

static void json_best(const struct scratch_plan *p, struct json_object *o)
{
	struct json_object *best = json_add_object(o, "recommended");
	char word[64];

	json_add_text(best, "kho_scratch", scratch_word(&p->best, word));
	json_add_number(best, "low", p->best.low);
	json_add_number(best, "global", p->best.global);
	json_add_number(best, "node", p->best.node);
	json_add_number(best, "bytes", p->bytes);
	json_add_number(best, "align", p->align);
}

static void json_now(const struct scratch_plan *p, struct json_object *o)
{
	struct json_object *now = json_add_object(o, "now");

	json_add_text(now, "answer", !p->now_known ? "unknown" : p->now ? "too little" : "enough");
	json_add_known(now, "code", p->now_known && p->now, (uint64_t)p->now);
	json_add_text(now, "lacks", p->lacks.name);
}

void scratch_json(const struct scratch_facts *s, const struct scratch_plan *p, const char *file,
		  struct json_object *o)
{
	json_add_text(o, "file", file);
	json_machine(s, json_add_object(o, "machine"));
	if (!p)
		return;
	json_lines(p, o);
	json_now(p, o);
	json_best(p, o);
}
