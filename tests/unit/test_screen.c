// SPDX-License-Identifier: BSD-2-Clause
/* Text on a frame buffer: which are used, what is drawn; how firmware and kernels describe one. */
#include "unit.h"

#include <core/log.h>
#include <format/screen_info.h>

#include <stdio.h>
#include <stdlib.h>

#define GUARD 0xa5

/* ---- a frame buffer in memory ---------------------------------------------------------------- */

/* Its lines are longer than the picture is wide, and it lies between guards, at an odd address. */
struct fake {
	struct screen s;
	uint8_t *memory, *picture;
	size_t size;
};

#define MARGIN 64

static struct fake new_screen(uint32_t width, uint32_t height, uint32_t pixel, size_t shift)
{
	struct fake f = {.s = {.base = SZ_1M,
			       .width = width,
			       .height = height,
			       .pitch = width * pixel + 12,
			       .pixel = pixel,
			       .ink = pixel == 2 ? 0xffff : 0xffffff}};

	f.size = (size_t)f.s.pitch * height;
	f.memory = aligned_alloc(64, (f.size + 3 * MARGIN) / 64 * 64);
	memset(f.memory, GUARD, (f.size + 3 * MARGIN) / 64 * 64);
	f.picture = f.memory + MARGIN + shift;
	return f;
}

static uint32_t pixel_at(const struct fake *f, uint32_t x, uint32_t y)
{
	uint32_t v = 0;

	memcpy(&v, f->picture + (size_t)y * f->s.pitch + (size_t)x * f->s.pixel, f->s.pixel);
	return v;
}

static bool untouched(const struct fake *f, uint32_t row, uint32_t zoom)
{
	for (uint32_t y = row * 16 * zoom; y < f->s.height; y++)
		for (uint32_t x = 0; x < f->s.pitch; x++)
			if (f->picture[(size_t)y * f->s.pitch + x] != GUARD)
				return false;
	return true;
}

/* Every byte that is no pixel is as it was. */
static void assert_guards(const struct fake *f)
{
	for (size_t i = 0; i < MARGIN; i++) {
		assert_int_equal(f->picture[-(ptrdiff_t)i - 1], GUARD);
		assert_int_equal(f->picture[f->size + i], GUARD);
	}
	for (uint32_t y = 0; y < f->s.height; y++)
		for (uint32_t x = f->s.width * f->s.pixel; x < f->s.pitch; x++)
			assert_int_equal(f->picture[(size_t)y * f->s.pitch + x], GUARD);
}

/* The character drawn there, or 0. */
static char read_cell(const struct fake *f, uint32_t row, uint32_t column, uint32_t zoom)
{
	for (char c = ' '; c <= '~'; c++) {
		const uint8_t *g = screen_glyph(c);
		bool same = true;

		for (uint32_t i = 0; i < 16 * 8 * zoom * zoom && same; i++) {
			uint32_t y = i / (8 * zoom), x = i % (8 * zoom);
			bool ink = g[y / zoom] >> (7 - x / zoom) & 1;

			same = pixel_at(f, column * 8 * zoom + x, row * 16 * zoom + y) ==
			       (ink ? f->s.ink : 0);
		}
		if (same)
			return c;
	}
	return 0;
}

/* Row @row has @text and blanks after it. */
static void assert_row(const struct fake *f, uint32_t row, const char *text, uint32_t zoom)
{
	uint32_t columns = f->s.width / (8 * zoom);

	for (uint32_t i = 0; i < columns; i++)
		assert_int_equal(read_cell(f, row, i, zoom), i < strlen(text) ? text[i] : ' ');
}

static void draw(struct fake *f, const char *text)
{
	screen_draw(&f->s, f->picture, text, strlen(text));
	assert_guards(f);
}

/* ---- drawing --------------------------------------------------------------------------------- */

static void glyphs_differ(void **state)
{
	(void)state;
	for (char a = ' '; a <= '~'; a++)
		for (char b = ' '; b < a; b++)
			assert_memory_not_equal(screen_glyph(a), screen_glyph(b), FONT_HEIGHT);
	assert_ptr_equal(screen_glyph('\x1b'), screen_glyph('?'));
	assert_ptr_equal(screen_glyph((char)0xe4), screen_glyph('?'));
}

/* Pixels of 2, 3 and 4 bytes, aligned and not. */
static void text_can_be_read_in_every_pixel_size(void **state)
{
	(void)state;
	for (uint32_t pixel = 2; pixel <= 4; pixel++)
		for (size_t shift = 0; shift < 4; shift++) {
			struct fake f = new_screen(203, 67, pixel, shift);

			draw(&f, "khoboot: KB-123\n@#~ \x01\n");
			assert_row(&f, 0, "khoboot: KB-123", 1);
			assert_row(&f, 1, "@#~ ?", 1);
			assert_row(&f, 2, "", 1);
			assert_true(untouched(&f, 3, 1));
			free(f.memory);
		}
}

static void long_lines_go_on_in_the_next_row(void **state)
{
	struct fake f = new_screen(80, 96, 4, 0);
	(void)state;

	draw(&f, "0123456789\nabcdefghijkl\n\nx");
	assert_row(&f, 0, "0123456789", 1);
	assert_row(&f, 1, "abcdefghij", 1);
	assert_row(&f, 2, "kl", 1);
	assert_row(&f, 3, "", 1);
	assert_row(&f, 4, "x", 1);
	assert_row(&f, 5, "", 1);
	free(f.memory);
}

static void what_does_not_fit_is_left_out_from_the_start(void **state)
{
	struct fake f = new_screen(80, 50, 4, 0);
	(void)state;

	draw(&f, "one\ntwo\n0123456789AB\nfour\n");
	assert_row(&f, 0, "0123456789", 1);
	assert_row(&f, 1, "AB", 1);
	assert_row(&f, 2, "four", 1);
	free(f.memory);
}

static void nothing_is_drawn_twice_over(void **state)
{
	struct fake f = new_screen(160, 64, 4, 0);
	(void)state;

	draw(&f, "");
	assert_row(&f, 0, "", 1);
	assert_true(untouched(&f, 1, 1));
	draw(&f, "a longer line\n");
	draw(&f, "short\n");
	assert_row(&f, 0, "short", 1);
	free(f.memory);
}

static void large_screens_get_large_letters(void **state)
{
	struct fake f = new_screen(2560, 100, 4, 0);
	struct fake flat = new_screen(2560, 20, 4, 0);
	(void)state;

	draw(&f, "KB-500\nnext");
	assert_row(&f, 0, "KB-500", 2);
	assert_row(&f, 1, "next", 2);
	/* Unless they would be too high. */
	draw(&flat, "KB-500");
	assert_row(&flat, 0, "KB-500", 1);
	free(f.memory);
	free(flat.memory);
}

/* ---- which may be used ----------------------------------------------------------------------- */

static const struct screen good = {
	.base = 0xc0000000, .width = 1024, .height = 768, .pitch = 4096, .pixel = 4, .ink = 1};

static struct range two[] = {{0x100000, 0xbff00000}, {0x100000000, 0x40000000}};
static const struct range_list ram = {two, 2, 2};

#define REFUSES(field, value)                                                                      \
	do {                                                                                       \
		struct screen bad = good;                                                          \
		bad.field = value;                                                                 \
		assert_false(screen_usable(&bad, &ram));                                           \
	} while (0)

static void impossible_screens_are_not_used(void **state)
{
	(void)state;
	assert_true(screen_usable(&good, &ram));
	assert_int_equal(screen_pages(&good).base, good.base);
	assert_int_equal(screen_pages(&good).size, 768 * 4096);
	REFUSES(base, 0);
	REFUSES(base, UINT64_MAX);
	REFUSES(base, UINT64_MAX - 768 * 4096 + 1);
	REFUSES(width, 0);
	REFUSES(width, 7);
	REFUSES(width, 1025);
	REFUSES(width, UINT32_MAX);
	REFUSES(height, 0);
	REFUSES(height, 15);
	REFUSES(height, UINT32_MAX);
	REFUSES(pitch, 0);
	REFUSES(pitch, 4095);
	REFUSES(pixel, 0);
	REFUSES(pixel, 1);
	REFUSES(pixel, 5);
	REFUSES(pixel, UINT32_MAX);
}

/* Drawing there would overwrite what is preserved. */
static void a_screen_in_ram_is_not_used(void **state)
{
	struct screen s = good;
	(void)state;

	REFUSES(base, 0x200000);
	REFUSES(base, 0xbfffffff); /* one byte, the last one of RAM */
	REFUSES(base, 0xc0000000 - 768 * 4096 + 4);
	REFUSES(base, 0x140000000 - 4);
	REFUSES(base, 0x100000000 - 768 * 4096 + 4); /* part of a page */
	s.base = 0x140000000;
	assert_true(screen_usable(&s, &ram));
	s.base = 0x100000000 - 768 * 4096;
	assert_true(screen_usable(&s, &ram));
	/* It shares a page with RAM that ends inside of it. */
	two[0].size -= 0x10;
	s.base = 0xbffffff8;
	assert_false(screen_usable(&s, &ram));
	two[0].size += 0x10;
}

/* ---- descriptions ---------------------------------------------------------------------------- */

static const struct gop_mode mode = {
	.format = GOP_BGRX, .width = 800, .height = 600, .line = 832, .base = 0x8080000000};

static void what_firmware_says_comes_back(void **state)
{
	static const struct {
		uint32_t format, mask[4];
		uint32_t pixel, ink;
	} t[] = {
		{GOP_RGBX, {0}, 4, 0xffffff},
		{GOP_BGRX, {0}, 4, 0xffffff},
		{GOP_BITMASK, {0x3ff00000, 0xffc00, 0x3ff, 0xc0000000}, 4, 0x3fffffff},
		{GOP_BITMASK, {0xff0000, 0xff00, 0xff, 0}, 3, 0xffffff},
		{GOP_BITMASK, {0xf800, 0x7e0, 0x1f, 0}, 2, 0xffff},
		/* 15 bits take 16. */
		{GOP_BITMASK, {0x7c00, 0x3e0, 0x1f, 0}, 2, 0x7fff},
		{GOP_BITMASK, {0xff000000, 0xff0000, 0xff00, 0xff}, 4, 0xffffff00},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct screen_info si = {0};
		struct gop_mode m = mode;
		struct screen s;

		m.format = t[i].format;
		memcpy(m.mask, t[i].mask, sizeof(m.mask));
		assert_true(screen_info_fill(&m, &si));
		assert_int_equal(si.orig_video_isVGA, 0x70);
		assert_int_equal(si.lfb_depth, 8 * t[i].pixel);
		assert_true(screen_info_read(&si, &s));
		assert_int_equal(s.base, 0x8080000000);
		assert_int_equal(s.width, 800);
		assert_int_equal(s.height, 600);
		assert_int_equal(s.pixel, t[i].pixel);
		assert_int_equal(s.pitch, 832 * t[i].pixel);
		assert_int_equal(s.ink, t[i].ink);
		assert_true(screen_usable(&s, &ram));
	}
}

static void red_is_not_blue(void **state)
{
	struct screen_info si = {0};
	struct gop_mode m = mode;
	(void)state;

	assert_true(screen_info_fill(&m, &si));
	assert_int_equal(si.red_pos, 16);
	assert_int_equal(si.blue_pos, 0);
	assert_int_equal(si.capabilities, 2);
	m.format = GOP_RGBX;
	m.base = 0x80000000;
	memset(&si, 0, sizeof(si));
	assert_true(screen_info_fill(&m, &si));
	assert_int_equal(si.red_pos, 0);
	assert_int_equal(si.blue_pos, 16);
	assert_int_equal(si.rsvd_pos, 24);
	assert_int_equal(si.capabilities, 0);
}

#define NO_SCREEN(field, value)                                                                    \
	do {                                                                                       \
		struct screen_info none = {0}, was = {0};                                          \
		struct gop_mode bad = mode;                                                        \
		bad.field = value;                                                                 \
		assert_false(screen_info_fill(&bad, &none));                                       \
		assert_memory_equal(&none, &was, sizeof(was));                                     \
	} while (0)

static void modes_without_a_frame_buffer_leave_no_description(void **state)
{
	(void)state;
	NO_SCREEN(format, GOP_BLT_ONLY);
	NO_SCREEN(format, 4);
	NO_SCREEN(format, UINT32_MAX);
	NO_SCREEN(format, GOP_BITMASK); /* of no bits */
	NO_SCREEN(base, 0);
	NO_SCREEN(width, 0);
	NO_SCREEN(width, 833);
	NO_SCREEN(height, 0);
	NO_SCREEN(height, 65536);
	NO_SCREEN(line, 16384); /* 64 KiB */
	NO_SCREEN(line, UINT32_MAX);
}

static void other_kinds_of_screens_are_not_read(void **state)
{
	struct screen_info si = {0}, bad;
	struct screen s = good;
	(void)state;

	assert_false(screen_info_read(&si, &s));
	assert_true(screen_info_fill(&mode, &si));
	bad = si, bad.orig_video_isVGA = 1; /* text */
	assert_false(screen_info_read(&bad, &s));
	bad = si, bad.red_size = 0; /* a palette */
	assert_false(screen_info_read(&bad, &s));
	bad = si, bad.green_size = 33;
	assert_false(screen_info_read(&bad, &s));
	bad = si, bad.blue_pos = 32;
	assert_false(screen_info_read(&bad, &s));
	bad = si, bad.lfb_linelength = 0;
	assert_false(screen_info_read(&bad, &s));
	assert_memory_equal(&s, &good, sizeof(s));
	/* Without the bit, the high half of the address says nothing. */
	bad = si, bad.capabilities = 0;
	assert_true(screen_info_read(&bad, &s));
	assert_int_equal(s.base, 0x80000000);
}

static void no_line_lies_beyond_what_is_there(void **state)
{
	struct screen_info si = {0};
	struct screen s;
	(void)state;

	assert_true(screen_info_fill(&mode, &si));
	si.lfb_size = 10 * si.lfb_linelength + 5;
	assert_true(screen_info_read(&si, &s));
	assert_int_equal(s.height, 10);
	assert_false(screen_usable(&s, &ram));
	/* VESA counts 64 KiB. */
	si.orig_video_isVGA = 0x23;
	si.lfb_size = 32;
	assert_true(screen_info_read(&si, &s));
	assert_int_equal(s.height, 600);
	si.lfb_size = 1;
	assert_true(screen_info_read(&si, &s));
	assert_int_equal(s.height, 65536 / (832 * 4));
}

/* Anything at all: no byte outside of what screen_pages() says may be touched. */
static void random_descriptions_stay_inside(void **state)
{
	uint64_t seed = 5;
	unsigned int drawn = 0;
	(void)state;

	for (int i = 0; i < 3000; i++) {
		struct screen_info si = {.orig_video_isVGA = 0x70};
		uint8_t *memory;
		struct screen s;
		size_t size;

		si.lfb_base = (uint32_t)random_next(&seed);
		si.lfb_width = (uint16_t)random_below(&seed, 300);
		si.lfb_height = (uint16_t)random_below(&seed, 80);
		si.lfb_depth = (uint16_t)random_below(&seed, 40);
		si.lfb_linelength = (uint16_t)random_below(&seed, 1200);
		si.lfb_size = (uint32_t)random_below(&seed, 70000);
		si.red_size = si.green_size = si.blue_size = 8;
		si.green_pos = 8;
		if (!screen_info_read(&si, &s) || !screen_usable(&s, &(struct range_list){0}))
			continue;
		size = (size_t)s.pitch * s.height;
		assert_true(size <= si.lfb_size);
		/* The sanitizer watches. */
		memory = malloc(size);
		screen_draw(&s, memory, "a\nbb\nccc\nand a line that is long enough to wrap", 44);
		free(memory);
		drawn++;
	}
	assert_in_range(drawn, 20, 3000);
}

/* ---- the lines ------------------------------------------------------------------------------- */

static void the_last_lines_are_kept_without_a_buffer(void **state)
{
	const char *text;
	size_t len;
	(void)state;

	kb_log_buffer(NULL, 0);
	for (int i = 0; i < 200; i++)
		kb_warn("area", "line %d", i);
	text = kb_log_tail(&len);
	assert_in_range(len, KB_LOG_TAIL - 30, KB_LOG_TAIL);
	assert_memory_equal(text, "khoboot: area: line ", 20);
	assert_memory_equal(text + len - 24, "khoboot: area: line 199\n", 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(glyphs_differ),
		cmocka_unit_test(text_can_be_read_in_every_pixel_size),
		cmocka_unit_test(long_lines_go_on_in_the_next_row),
		cmocka_unit_test(what_does_not_fit_is_left_out_from_the_start),
		cmocka_unit_test(nothing_is_drawn_twice_over),
		cmocka_unit_test(large_screens_get_large_letters),
		cmocka_unit_test(impossible_screens_are_not_used),
		cmocka_unit_test(a_screen_in_ram_is_not_used),
		cmocka_unit_test(what_firmware_says_comes_back),
		cmocka_unit_test(red_is_not_blue),
		cmocka_unit_test(modes_without_a_frame_buffer_leave_no_description),
		cmocka_unit_test(other_kinds_of_screens_are_not_read),
		cmocka_unit_test(no_line_lies_beyond_what_is_there),
		cmocka_unit_test(random_descriptions_stay_inside),
		cmocka_unit_test(the_last_lines_are_kept_without_a_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
