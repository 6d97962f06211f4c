// SPDX-License-Identifier: BSD-2-Clause
/*
 * scenes NAME svg|text - memory of machines of three sizes, drawn as khoctl plot draws it
 *
 *	1G	a virtual machine, as the tests boot it
 *	256G	two nodes, guests in memfds
 *	12T	eight nodes, guests in huge pages, crowded scratch
 */
#include "../../tools/plot.h"

#include <stdio.h>
#include <string.h>

#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

/* An area of scratch with the next kernel's parts in it. */
static void add_jump(struct plot *p, uint64_t scratch, uint64_t size)
{
	plot_add(p, PLOT_SCRATCH, (struct range){scratch, size});
	plot_add(p, PLOT_IMAGE, (struct range){scratch + size - MIB(14), MIB(13)});
	plot_add(p, PLOT_WINDOW, (struct range){scratch + MIB(2), MIB(11)});
	plot_add(p, PLOT_BLOCK, (struct range){scratch + size - MIB(1), 0x12000});
	plot_add(p, PLOT_INITRD, (struct range){scratch + size - MIB(10), MIB(1)});
}

static void small(struct plot *p)
{
	plot_add(p, PLOT_RAM, (struct range){0x1000, 0x9e000});
	plot_add(p, PLOT_FIRMWARE, (struct range){0x9f000, 0x61000});
	plot_add(p, PLOT_RAM, (struct range){MIB(1), MIB(1022)});
	plot_add(p, PLOT_FIRMWARE, (struct range){MIB(1023), MIB(1)});
	add_jump(p, MIB(932), MIB(40));
}

static void small_preserved(struct plot *p)
{
	plot_count(p, PLOT_PRESERVED, (struct range){MIB(6), MIB(8)});
	plot_count(p, PLOT_PRESERVED, (struct range){MIB(300), MIB(64)});
	plot_count(p, PLOT_MEMFD, (struct range){MIB(300), MIB(64)});
	plot_count(p, PLOT_META, (struct range){MIB(16), 44 * 4096});
}

static void nodes(struct plot *p, unsigned int n, uint64_t size)
{
	plot_add(p, PLOT_RAM, (struct range){MIB(1), GIB(2) - MIB(1)});
	plot_add(p, PLOT_FIRMWARE, (struct range){GIB(2), MIB(96)});
	for (unsigned int i = 0; i < n; i++) {
		const uint64_t base = i ? i * size : GIB(4);
		const uint64_t end = (i + 1) * size;

		plot_add(p, PLOT_RAM, (struct range){base, end - base});
		plot_add(p, PLOT_SCRATCH,
			 (struct range){end - size / 64 - GIB(1), size / 64 + MIB(64)});
		plot_add_node(p, (struct range){i ? base : MIB(1), end - (i ? base : MIB(1))});
	}
	add_jump(p, GIB(2) - MIB(200), MIB(120));
	plot_add(p, PLOT_SCRATCH, (struct range){n * size - MIB(900), MIB(700)});
}

static void nodes_preserved(struct plot *p, unsigned int n, uint64_t size, uint64_t guest)
{
	for (unsigned int i = 0; i < n; i++)
		for (uint64_t at = i * size + size / 4; at < i * size + size / 4 * 3; at += guest) {
			plot_count(p, PLOT_PRESERVED, (struct range){at, guest / 2});
			plot_count(p, PLOT_MEMFD, (struct range){at, guest / 2});
		}
	plot_count(p, PLOT_PRESERVED, (struct range){GIB(8), GIB(4)});
	plot_count(p, PLOT_RESERVED, (struct range){GIB(8), GIB(4)});
	for (uint64_t i = 0; i < 9000; i++)
		plot_count(p, PLOT_META, (struct range){GIB(5) + i * MIB(1), 4096});
}

int main(int argc, char **argv)
{
	const char *name = argc == 3 ? argv[1] : "";
	const bool text = argc == 3 && !strcmp(argv[2], "text");
	const struct plot_scale *scale = text ? &plot_text_scale : &plot_svg_scale;
	struct plot p = {.lanes = 0};

	if (!strcmp(name, "1G")) {
		small(&p);
		plot_layout(&p, scale);
		small_preserved(&p);
	} else if (!strcmp(name, "256G")) {
		nodes(&p, 2, GIB(128));
		plot_layout(&p, scale);
		nodes_preserved(&p, 2, GIB(128), GIB(8));
	} else if (!strcmp(name, "12T")) {
		nodes(&p, 8, GIB(1536));
		plot_layout(&p, scale);
		nodes_preserved(&p, 8, GIB(1536), GIB(16));
	} else {
		fputs("usage: scenes 1G|256G|12T svg|text\n", stderr);
		return 2;
	}
	plot_finish(&p);
	(text ? plot_text : plot_svg)(&p, "memory of a machine for tests, before and after",
				      stdout);
	plot_free(&p);
	return 0;
}
