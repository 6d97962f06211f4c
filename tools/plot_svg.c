// SPDX-License-Identifier: BSD-2-Clause
/* A picture of memory as SVG, with no other file: see plot.h. */
#include "plot.h"

#include <inttypes.h>

/* ---- sizes, in pixels ------------------------------------------------------------------------ */

#define LEFT    76 /* of the lanes: names of the bars are there */
#define WIDTH   880
#define RIGHT   20
#define TOP     40 /* of the title */
#define FONT    11 /* of labels; 6 is the width of a character of 10 in most monospaced fonts */
#define LEGEND  20 /* of a line */
#define ROW     15 /* of labels */
#define BAR     30
#define BETWEEN 6 /* bars */

const struct plot_scale plot_svg_scale = {
	.width = WIDTH, .least = 5, .gap = 12, .character = 7, .space = 8};

static const char *const colours[PLOT_KINDS] = {
	[PLOT_RAM] = "#e8ecef",      [PLOT_FIRMWARE] = "#8d99a6",  [PLOT_SCRATCH] = "#bfe3c0",
	[PLOT_IMAGE] = "#2e7d32",    [PLOT_WINDOW] = "#1565c0",    [PLOT_BLOCK] = "#00acc1",
	[PLOT_INITRD] = "#7e57c2",   [PLOT_META] = "#d81b60",      [PLOT_MEMFD] = "#f4511e",
	[PLOT_RESERVED] = "#8d6e63", [PLOT_PRESERVED] = "#fb8c00",
};

/* ---- elements -------------------------------------------------------------------------------- */

static void text(FILE *out, unsigned int x, unsigned int y, unsigned int size, const char *more,
		 const char *what)
{
	fprintf(out, "<text x=\"%u\" y=\"%u\" font-size=\"%u\"%s>", x, y, size, more);
	for (; *what; what++)
		switch (*what) {
		case '<':
			fputs("&lt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		default:
			fputc((unsigned char)*what < ' ' || (unsigned char)*what > '~' ? '?'
										       : *what,
			      out);
		}
	fputs("</text>\n", out);
}

static void box(FILE *out, unsigned int x, unsigned int y, unsigned int width, unsigned int height,
		enum plot_kind kind)
{
	if (width && height)
		fprintf(out, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" fill=\"%s\"/>\n",
			x, y, width, height, colours[kind]);
}

/* ---- parts ----------------------------------------------------------------------------------- */

static bool is_shown(const struct plot *p, enum plot_kind kind)
{
	return p->sum[kind] && (p->after || plot_kind_at(kind, PLOT_BEFORE));
}

#define COLUMN (WIDTH / 3)

/* Kinds and their bytes, three in a line. Returns the height. */
static unsigned int draw_legend(const struct plot *p, unsigned int y, FILE *out)
{
	unsigned int n = 0;

	for (enum plot_kind k = 0; k < PLOT_KINDS; k++) {
		const unsigned int x = LEFT + n % 3 * COLUMN, at = y + n / 3 * LEGEND;
		char line[64], size[24];

		if (!is_shown(p, k))
			continue;
		snprintf(line, sizeof(line), "%s, %s", k ? plot_kind_name(k) : "RAM",
			 plot_size(p->sum[k], size));
		box(out, x, at, 12, 12, k);
		text(out, x + 18, at + 11, FONT, "", line);
		n++;
	}
	return (n + 2) / 3 * LEGEND;
}

/* A hole: two slanted lines. */
static void draw_break(const struct plot_cell *c, unsigned int y, FILE *out)
{
	const unsigned int x = LEFT + c->x, middle = x + c->width / 2;

	fprintf(out, "<path d=\"M%u %u l4 -%u M%u %u l4 -%u\" stroke=\"#607080\" fill=\"none\"/>\n",
		middle - 4, y + BAR, BAR, middle, y + BAR, BAR);
}

static void draw_bar(const struct plot_lane *lane, enum plot_time time, unsigned int y, FILE *out)
{
	for (size_t i = 0; i < lane->cells; i++) {
		const struct plot_cell *c = &lane->cell[i];
		unsigned int part[PLOT_KINDS], at = y;

		plot_stack(c, time, BAR, part);
		if (c->gap)
			draw_break(c, y, out);
		for (enum plot_kind k = 0; k < PLOT_KINDS; k++) {
			box(out, LEFT + c->x, at, c->width, part[k], k);
			at += part[k];
		}
	}
}

static void draw_labels(const struct plot_lane *lane, unsigned int y, FILE *out)
{
	for (size_t i = 0; i < lane->labels; i++)
		text(out, LEFT + lane->label[i].x, y - lane->label[i].row * ROW, FONT, "",
		     lane->label[i].text);
}

static unsigned int draw_lane(const struct plot *p, const struct plot_lane *lane, unsigned int y,
			      FILE *out)
{
	const unsigned int bars = p->after ? PLOT_TIMES : 1, top = y + 20 + plot_rows(lane) * ROW;
	char line[64], size[24];

	snprintf(line, sizeof(line), "node %u: %s of addresses", lane->node,
		 plot_size(lane->span.size, size));
	text(out, LEFT, y + 12, FONT, " font-weight=\"bold\"", line);
	draw_labels(lane, top - 5, out);
	for (unsigned int t = 0; t < bars; t++) {
		text(out, 12, top + t * (BAR + BETWEEN) + 19, FONT, "", t ? "after" : "before");
		draw_bar(lane, t, top + t * (BAR + BETWEEN), out);
	}
	y = top + bars * (BAR + BETWEEN);
	for (size_t i = 0; i < lane->marks; i++)
		text(out, LEFT + lane->mark[i].x, y + 10, FONT, " fill=\"#405060\"",
		     lane->mark[i].text);
	return y + 30;
}

static unsigned int lanes_height(const struct plot *p)
{
	const unsigned int bars = p->after ? PLOT_TIMES : 1;
	unsigned int sum = 0;

	for (size_t i = 0; i < p->lanes; i++)
		sum += 20 + plot_rows(&p->lane[i]) * ROW + bars * (BAR + BETWEEN) + 30;
	return sum;
}

void plot_svg(const struct plot *p, const char *title, FILE *out)
{
	unsigned int n = 0, y = TOP, height;

	for (enum plot_kind k = 0; k < PLOT_KINDS; k++)
		n += is_shown(p, k);
	height = TOP + (n + 2) / 3 * LEGEND + 10 + lanes_height(p);
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %u %u\" width=\"%u\" "
		"height=\"%u\" font-family=\"monospace\">\n",
		LEFT + WIDTH + RIGHT, height, LEFT + WIDTH + RIGHT, height);
	fputs("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n", out);
	text(out, 12, 24, 14, " font-weight=\"bold\"", title);
	y += draw_legend(p, y, out) + 10;
	for (size_t i = 0; i < p->lanes; i++)
		y = draw_lane(p, &p->lane[i], y, out);
	fputs("</svg>\n", out);
}
