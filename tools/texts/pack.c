// SPDX-License-Identifier: BSD-2-Clause
/*
 * pack - the texts of all codes as C, packed for an image that counts its bytes
 * (<khoboot/packed.h>)
 *
 * Runs when the image is built. Unpacks again what it packed, and says no when that is not the
 * same.
 */
#include <khoboot/packed.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char texts[] =
#define KB(name, number, cause, remedy) cause "\0" remedy "\0"
#include <khoboot/status.def>
#include <khoboot/status-arm64.def>
#undef KB
	;

#define SIZE (sizeof(texts) - 1) /* the last text has its NUL */

static uint8_t data[SIZE], pairs[2 * PACKED_PAIRS];
static size_t size = SIZE;
static unsigned int seen[1 << 16];

/* The first of the most frequent pairs; false when none comes twice. */
static bool find_pair(uint8_t ret[2])
{
	unsigned int best = 1;

	memset(seen, 0, sizeof(seen));
	for (size_t i = 0; i + 1 < size; i++) {
		unsigned int *n = &seen[data[i] << 8 | data[i + 1]];

		if (!data[i] || !data[i + 1] || ++*n <= best)
			continue;
		best = *n;
		ret[0] = data[i];
		ret[1] = data[i + 1];
	}
	return best > 1;
}

static void replace(const uint8_t pair[2], uint8_t by)
{
	size_t to = 0;

	for (size_t i = 0; i < size; i++) {
		bool hit = i + 1 < size && data[i] == pair[0] && data[i + 1] == pair[1];

		data[to++] = hit ? by : data[i];
		i += hit;
	}
	size = to;
}

static bool same_again(void)
{
	const char *text = texts;
	char out[PACKED_TEXT];

	for (size_t i = 0; text < texts + SIZE; i++, text += strlen(text) + 1) {
		unpack_text(pairs, data, i, out, sizeof(out));
		if (strcmp(out, text))
			return false;
	}
	return true;
}

static void print(const char *declaration, const uint8_t *bytes, size_t count)
{
	printf("%s = {", declaration);
	for (size_t i = 0; i < count; i++)
		printf("%s%u,", i % 24 ? "" : "\n\t", bytes[i]);
	printf("\n};\n");
}

int main(void)
{
	for (size_t i = 0; i < SIZE; i++)
		if ((uint8_t)texts[i] >= PACKED_FIRST)
			return fprintf(stderr, "pack: a text is not ASCII\n"), 1;
	memcpy(data, texts, SIZE);
	for (unsigned int i = 0; i < PACKED_PAIRS && find_pair(pairs + 2 * i); i++)
		replace(pairs + 2 * i, (uint8_t)(PACKED_FIRST + i));
	if (!same_again())
		return fprintf(stderr, "pack: the texts do not come back\n"), 1;
	print("static const uint8_t pairs[]", pairs, sizeof(pairs));
	print("static const uint8_t packed[]", data, size);
	return 0;
}
