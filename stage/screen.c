// SPDX-License-Identifier: BSD-2-Clause
/* The frame buffer, for the last lines before we stop. */
#include <core/log.h>
#include <stage/screen.h>

static struct screen screen; /* no lines: there is none */

void stage_screen_use(const struct screen *s)
{
	screen = *s;
}

void stage_screen_show(void)
{
	struct screen s = screen;
	const char *text;
	size_t len;

	if (!s.height)
		return;
	/* A fault while drawing leads here again. */
	screen.height = 0;
	text = kb_log_tail(&len);
	screen_draw(&s, (volatile void *)(uintptr_t)s.base, text, len);
}
