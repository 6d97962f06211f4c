// SPDX-License-Identifier: BSD-2-Clause
/* The glyphs, made at build time by tools/font from a font of Debian's console-setup-linux. */
#include <core/screen.h>

#define FIRST ' '
#define LAST  '~'

static const uint8_t glyphs[LAST - FIRST + 1][FONT_HEIGHT] = {
#include <font_glyphs.inc>
};

const uint8_t *screen_glyph(char c)
{
	return glyphs[(c < FIRST || c > LAST ? '?' : c) - FIRST];
}
