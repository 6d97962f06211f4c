/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text on a frame buffer, for those who have no serial port: the last lines of the log, drawn once,
 * before the machine stops.
 *
 * Pure: the caller says where the picture is, has mapped it, and has let screen_usable() check it.
 * Glyphs are 8x16 pixels, twice or three times as large where a screen has that many pixels.
 */
#ifndef CORE_SCREEN_H
#define CORE_SCREEN_H

#include <core/range.h>

#define FONT_WIDTH  8
#define FONT_HEIGHT 16

/* The rows of the glyph of @c, from the top; the leftmost pixel is bit 7. Not printable: '?'. */
const uint8_t *screen_glyph(char c);

struct screen {
	uint64_t base;   /* physical address of the first pixel */
	uint32_t width;  /* pixels */
	uint32_t height; /* lines */
	uint32_t pitch;  /* bytes from one line to the next */
	uint32_t pixel;  /* bytes for each pixel: 2, 3 or 4 */
	uint32_t ink;    /* a pixel of text; the paper is 0 */
};

/*
 * screen_usable - may text be drawn on @s?
 * @ram: all RAM, sorted
 *
 * What describes a screen is untrusted. False if it is too small for text, its lines overlap, it
 * passes the end of the address space, or it touches RAM: drawing would overwrite what is there.
 */
bool screen_usable(const struct screen *s, const struct range_list *ram);

/* The whole pages that a usable screen lies in. */
struct range screen_pages(const struct screen *s);

/* Pages of page tables that mapping those may take: 3 levels at each end, and 2 above. */
#define SCREEN_TABLES 8

/*
 * screen_draw - draw the last lines of @text, of @len bytes, at the top of @s
 * @picture: the mapped first pixel, of a usable screen
 *
 * Lines end at a newline; those that are too long go on in the next row. If there are more rows
 * than the screen has, the first ones are left out. The row after the last one is cleared.
 */
void screen_draw(const struct screen *s, volatile void *picture, const char *text, size_t len);

#endif
