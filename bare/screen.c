// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door: the frame buffer that the outgoing kernel was told of. */
#include <bare/bare.h>
#include <format/screen_info.h>
#include <stage/screen.h>

#define TABLES_LEFT 16 /* pages that a screen must leave for what the boot itself maps */

/* Without a screen we boot as well, so nothing here is refused or logged. */
void bare_open_screen(struct bare *b)
{
	const struct pagetable *pt = &b->s.tables;
	struct screen_info si = bare_screen_info(b);
	struct screen s;

	if (pt->pages - pt->used < SCREEN_TABLES + TABLES_LEFT || !screen_info_read(&si, &s) ||
	    !screen_usable(&s, &b->s.mem.ram) ||
	    bare_map(b, screen_pages(&s), PT_WRITE | PT_DEVICE))
		return;
	stage_screen_use(&s);
}
