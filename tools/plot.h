/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * khoctl plot: a picture of memory, before the jump and after it.
 *
 * A lane for each node. Along it lie cells: parts of memory between the borders of what is known to
 * the byte (RAM, areas of scratch, what khoboot places). What may have millions of pieces, as
 * preserved memory has, only adds its bytes to cells. The width of a cell grows with the logarithm
 * of its size, so that 40 MiB can be seen beside 12 TiB; holes between pieces of RAM are breaks.
 *
 * plot_layout.c is pure: boxes come out, nothing is drawn. plot_svg.c and plot_text.c draw them.
 */
#ifndef KHOCTL_PLOT_H
#define KHOCTL_PLOT_H

#include <core/range.h>

#include <stdio.h>

enum plot_kind {
	PLOT_RAM,
	PLOT_FIRMWARE,  /* firmware's own, or what it reserves */
	PLOT_SCRATCH,   /* an area of scratch */
	PLOT_IMAGE,     /* khoboot and UKI, as kexec loads them; before */
	PLOT_WINDOW,    /* the next kernel; after */
	PLOT_BLOCK,     /* what it is given; after */
	PLOT_INITRD,    /* after */
	PLOT_META,      /* pages of the map; both */
	PLOT_MEMFD,     /* preserved, by live update; both */
	PLOT_RESERVED,  /* preserved, by reserve_mem=; both */
	PLOT_PRESERVED, /* preserved by somebody else; both */
	PLOT_KINDS
};

/* "scratch"; and a letter for terminals. */
const char *plot_kind_name(enum plot_kind kind);
char plot_kind_letter(enum plot_kind kind);

enum plot_time { PLOT_BEFORE, PLOT_AFTER, PLOT_TIMES };

/* Is @kind there at that time? */
bool plot_kind_at(enum plot_kind kind, enum plot_time time);

/* Known to the byte. */
struct plot_feature {
	struct range r;
	enum plot_kind kind;
};

struct plot_cell {
	struct range r;
	bool gap;                   /* a hole: no RAM */
	unsigned int x, width;      /* in the units of struct plot_scale */
	uint64_t bytes[PLOT_KINDS]; /* of each kind; RAM is what nobody else has */
};

/* A name beside a cell or an address below it. Boxes of one lane do not touch. */
struct plot_label {
	unsigned int x, width; /* the box */
	unsigned int row;
	char text[40];
};

#define PLOT_ROWS 3 /* of names above a lane */

struct plot_lane {
	unsigned int node;
	struct range span;
	struct plot_cell *cell;
	size_t cells;
	struct plot_label *label; /* above */
	size_t labels, labels_left_out;
	struct plot_label *mark; /* addresses, below */
	size_t marks;
};

/* What the medium can show. */
struct plot_scale {
	unsigned int width;     /* of a lane */
	unsigned int least;     /* width of a cell */
	unsigned int gap;       /* width of a break */
	unsigned int character; /* width of one in a label */
	unsigned int space;     /* between labels */
};

struct plot {
	bool after; /* there is something to tell of then */
	uint64_t sum[PLOT_KINDS];
	struct plot_feature *feature;
	size_t features, room;
	struct range *node; /* of each lane; may overlap, then the first counts */
	size_t nodes;
	struct plot_lane *lane;
	size_t lanes;
	struct plot_scale scale;
};

/* ---- making: features first, then the layout, then what has many pieces */

void plot_add(struct plot *p, enum plot_kind kind, struct range r);

/* A lane for the RAM in @r. Without any there is one lane. */
void plot_add_node(struct plot *p, struct range r);

/* Cells, and where they lie. Nothing can be added as a feature any more. */
void plot_layout(struct plot *p, const struct plot_scale *scale);

/* @r is of that kind, too. Of preserved memory all is counted as PLOT_PRESERVED first. */
void plot_count(struct plot *p, enum plot_kind kind, struct range r);

/* When all is counted: RAM becomes what is left, and owners are taken from PLOT_PRESERVED. */
void plot_finish(struct plot *p);

void plot_free(struct plot *p);

/* Bytes of a cell that are shown at that time; RAM is the rest of it. */
uint64_t plot_cell_bytes(const struct plot_cell *c, enum plot_kind kind, enum plot_time time);

/*
 * The same as parts of @height, for a stack: what is there has one at least, and what is left is
 * RAM. A gap has nothing.
 */
void plot_stack(const struct plot_cell *c, enum plot_time time, unsigned int height,
		unsigned int ret[PLOT_KINDS]);

/* Rows of labels above the lane that are in use. */
unsigned int plot_rows(const struct plot_lane *lane);

/* "40 MiB", "12 TiB", "4.5 GiB"; @text has room for 24. */
const char *plot_size(uint64_t bytes, char text[24]);

/* ---- drawing */

void plot_svg(const struct plot *p, const char *title, FILE *out);
void plot_text(const struct plot *p, const char *title, FILE *out);

/* For plot_layout(). */
extern const struct plot_scale plot_svg_scale, plot_text_scale;

#endif
