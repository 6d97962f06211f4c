// SPDX-License-Identifier: BSD-2-Clause
/*
 * readscreen PICTURE - the text on a picture of the screen (PPM, as QEMU's screendump makes it)
 *
 * Compares each cell of 8x16 pixels with khoboot's font; what matches no glyph is a blank.
 */
#include <core/screen.h>

#include <stdio.h>
#include <stdlib.h>

static unsigned char *pixels;
static unsigned int width, height;

static void die(const char *what)
{
	fprintf(stderr, "readscreen: %s\n", what);
	exit(1);
}

static void read_picture(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t size;

	if (!f || fscanf(f, "P6 %u %u 255", &width, &height) != 2 || fgetc(f) == EOF ||
	    width > 16384 || height > 16384)
		die("no picture");
	size = (size_t)width * height * 3;
	pixels = malloc(size);
	if (!pixels || fread(pixels, 1, size, f) != size)
		die("the picture is not complete");
	fclose(f);
}

/* Ink is white and paper is black; -1 for any other colour. */
static int ink(unsigned int x, unsigned int y)
{
	const unsigned char *p = pixels + ((size_t)y * width + x) * 3;

	if (p[0] != p[1] || p[1] != p[2])
		return -1;
	return p[0] == 0 ? 0 : p[0] == 255 ? 1 : -1;
}

static char read_cell(unsigned int column, unsigned int row)
{
	for (char c = ' '; c <= '~'; c++) {
		unsigned int i = 0;

		while (i < 128 && ink(column * 8 + i % 8, row * 16 + i / 8) ==
					  (screen_glyph(c)[i / 8] >> (7 - i % 8) & 1))
			i++;
		if (i == 128)
			return c;
	}
	return ' ';
}

int main(int argc, char **argv)
{
	if (argc != 2)
		die("usage: readscreen PICTURE");
	read_picture(argv[1]);
	for (unsigned int row = 0; row < height / 16; row++) {
		for (unsigned int column = 0; column < width / 8; column++)
			putchar(read_cell(column, row));
		putchar('\n');
	}
	return 0;
}
