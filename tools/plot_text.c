// SPDX-License-Identifier: BSD-2-Clause
/* A picture of memory for terminals: see plot.h. A character of a bar is a part of a cell. */
#include "plot.h"

#include <inttypes.h>
#include <string.h>

#define WIDTH 72

const struct plot_scale plot_text_scale = {
	.width = WIDTH, .least = 1, .gap = 1, .character = 1, .space = 1};

static void text_legend(const struct plot *p, FILE *out)
{
	char size[24];

	for (enum plot_kind k = 0; k < PLOT_KINDS; k++)
		if (p->sum[k] && (p->after || plot_kind_at(k, PLOT_BEFORE)))
			fprintf(out, "  %c  %-26s %12s\n", plot_kind_letter(k),
				k ? plot_kind_name(k) : "RAM; here: free",
				plot_size(p->sum[k], size));
}

/* What a cell has of each kind, from left to right; RAM fills the rest. */
static void text_cell(const struct plot_cell *c, enum plot_time time, FILE *out)
{
	unsigned int part[PLOT_KINDS];

	plot_stack(c, time, c->width, part);
	for (unsigned int i = 0; c->gap && i < c->width; i++)
		fputc('|', out);
	for (enum plot_kind k = PLOT_KINDS; k-- > 0;)
		for (unsigned int i = 0; i < part[k]; i++)
			fputc(plot_kind_letter(k), out);
}

static void text_bar(const struct plot_lane *lane, enum plot_time time, FILE *out)
{
	fprintf(out, "%-6s ", time == PLOT_BEFORE ? "before" : "after");
	for (size_t i = 0; i < lane->cells; i++)
		text_cell(&lane->cell[i], time, out);
	fputc('\n', out);
}

/* One line of labels: they are sorted by nothing, and there are few. */
static void text_row(const struct plot_label *all, size_t n, unsigned int row, FILE *out)
{
	char line[WIDTH + 1];
	unsigned int end = 0;

	memset(line, ' ', sizeof(line));
	for (size_t i = 0; i < n; i++) {
		if (all[i].row != row)
			continue;
		memcpy(line + all[i].x, all[i].text, all[i].width);
		if (all[i].x + all[i].width > end)
			end = all[i].x + all[i].width;
	}
	if (end)
		fprintf(out, "       %.*s\n", (int)end, line);
}

static void text_lane(const struct plot *p, const struct plot_lane *lane, FILE *out)
{
	char size[24];

	fprintf(out, "\nnode %u: %s of addresses\n", lane->node, plot_size(lane->span.size, size));
	for (unsigned int row = PLOT_ROWS; row-- > 0;)
		text_row(lane->label, lane->labels, row, out);
	text_bar(lane, PLOT_BEFORE, out);
	if (p->after)
		text_bar(lane, PLOT_AFTER, out);
	text_row(lane->mark, lane->marks, 0, out);
}

static void text_features(const struct plot *p, FILE *out)
{
	char size[24];

	fputc('\n', out);
	for (size_t i = 0; i < p->features; i++)
		if (p->feature[i].kind != PLOT_RAM)
			fprintf(out, "  %c  0x%012" PRIx64 " %10s  %s\n",
				plot_kind_letter(p->feature[i].kind), p->feature[i].r.base,
				plot_size(p->feature[i].r.size, size),
				plot_kind_name(p->feature[i].kind));
}

void plot_text(const struct plot *p, const char *title, FILE *out)
{
	fprintf(out, "%s\n\n", title);
	text_legend(p, out);
	for (size_t i = 0; i < p->lanes; i++)
		text_lane(p, &p->lane[i], out);
	text_features(p, out);
}
