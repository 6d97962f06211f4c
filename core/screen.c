// SPDX-License-Identifier: BSD-2-Clause
/* Text on a frame buffer; see the header. */
#include <core/screen.h>

#define SIZE_MAX_PIXELS 32768 /* of width and height: all sums stay below 2^63 */
#define ZOOM_WIDTH      1280  /* pixels of width for each step of zoom */

/* ---- may it be used? ------------------------------------------------------------------------- */

struct range screen_pages(const struct screen *s)
{
	return range_pages((struct range){s->base, (uint64_t)s->pitch * s->height});
}

static bool shape_is_sane(const struct screen *s)
{
	return s->base && s->pixel >= 2 && s->pixel <= 4 && s->width >= FONT_WIDTH &&
	       s->width <= SIZE_MAX_PIXELS && s->height >= FONT_HEIGHT &&
	       s->height <= SIZE_MAX_PIXELS && s->pitch >= (uint64_t)s->width * s->pixel;
}

bool screen_usable(const struct screen *s, const struct range_list *ram)
{
	struct range r = {s->base, (uint64_t)s->pitch * s->height};

	if (!shape_is_sane(s) || r.base > UINT64_MAX - r.size - SZ_4K)
		return false;
	r = screen_pages(s);
	for (size_t i = 0; i < ram->count; i++)
		if (ranges_overlap(ram->r[i], r))
			return false;
	return true;
}

/* ---- drawing --------------------------------------------------------------------------------- */

/* What is the same for all glyphs. */
struct paper {
	const struct screen *s;
	volatile uint8_t *picture;
	uint32_t zoom;
	uint32_t columns, rows; /* of text */
	bool words;             /* every pixel may be stored at once */
};

static struct paper take_paper(const struct screen *s, volatile void *picture)
{
	struct paper p = {.s = s, .picture = picture, .zoom = s->width / ZOOM_WIDTH};
	uint64_t all = (uintptr_t)picture | s->pitch;

	if (p.zoom < 1 || s->height < FONT_HEIGHT * p.zoom)
		p.zoom = 1;
	p.columns = s->width / (FONT_WIDTH * p.zoom);
	p.rows = s->height / (FONT_HEIGHT * p.zoom);
	p.words = s->pixel != 3 && is_aligned(all, s->pixel);
	return p;
}

/* Device memory of arm64 takes no unaligned stores. */
static void put_pixel(const struct paper *p, volatile uint8_t *at, uint32_t value)
{
	if (p->words && p->s->pixel == 4) {
		*(volatile uint32_t *)at = value;
	} else if (p->words) {
		*(volatile uint16_t *)at = (uint16_t)value;
	} else {
		for (uint32_t i = 0; i < p->s->pixel; i++)
			at[i] = (uint8_t)(value >> 8 * i);
	}
}

static volatile uint8_t *line_of(const struct paper *p, uint64_t y)
{
	return p->picture + y * p->s->pitch;
}

static void clear_row(const struct paper *p, uint32_t row)
{
	uint64_t height = FONT_HEIGHT * p->zoom;

	for (uint64_t y = row * height; y < (row + 1) * height; y++)
		for (uint64_t x = 0; x < p->s->width; x++)
			put_pixel(p, line_of(p, y) + x * p->s->pixel, 0);
}

static void draw_glyph(const struct paper *p, uint32_t row, uint32_t column, char c)
{
	const uint8_t *glyph = screen_glyph(c);
	uint32_t width = FONT_WIDTH * p->zoom, height = FONT_HEIGHT * p->zoom;

	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0; x < width; x++) {
			uint64_t left = (uint64_t)column * width + x;
			uint8_t bits = glyph[y / p->zoom];

			if (bits >> (FONT_WIDTH - 1 - x / p->zoom) & 1)
				put_pixel(p,
					  line_of(p, (uint64_t)row * height + y) +
						  left * p->s->pixel,
					  p->s->ink);
		}
}

/*
 * Walk through the text, and draw the rows from @first on, if @draw. Returns the number of rows.
 */
static uint32_t each_row(const struct paper *p, const char *text, size_t len, uint32_t first,
			 bool draw)
{
	uint32_t row = 0, column = 0;

	for (size_t i = 0; i < len; i++) {
		bool end = text[i] == '\n';

		if (!end && column == p->columns) {
			row++;
			column = 0;
		}
		if (draw && row >= first && !column)
			clear_row(p, row - first);
		if (end) {
			row++;
			column = 0;
			continue;
		}
		if (draw && row >= first)
			draw_glyph(p, row - first, column, text[i]);
		column++;
	}
	return column ? row + 1 : row;
}

void screen_draw(const struct screen *s, volatile void *picture, const char *text, size_t len)
{
	struct paper p = take_paper(s, picture);
	uint32_t rows = each_row(&p, text, len, 0, false);

	each_row(&p, text, len, rows > p.rows ? rows - p.rows : 0, true);
	if (rows < p.rows)
		clear_row(&p, rows);
}
