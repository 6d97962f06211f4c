// SPDX-License-Identifier: BSD-2-Clause
/* Reading one entry of an archive; see cpio.h. */
#include "cpio.h"

#include <string.h>
#include <sys/stat.h>

#define HEADER  110 /* magic of 6 characters, 13 numbers of 8 hexadecimal digits */
#define MAGIC   6
#define DIGITS  8
#define LONGEST 4096 /* PATH_MAX of Linux */

enum field { MODE = 1, BODY_SIZE = 6, NAME_SIZE = 11, FIELDS = 13 };

static bool read_digit(uint8_t c, uint32_t *ret)
{
	uint8_t letter = c | 0x20;

	if (c >= '0' && c <= '9')
		*ret = *ret << 4 | (uint32_t)(c - '0');
	else if (letter >= 'a' && letter <= 'f')
		*ret = *ret << 4 | (uint32_t)(letter - 'a' + 10);
	else
		return false;
	return true;
}

static bool read_header(const uint8_t *p, uint32_t field[FIELDS])
{
	if (memcmp(p, "070701", MAGIC) && memcmp(p, "070702", MAGIC))
		return false;
	p += MAGIC;
	for (size_t i = 0; i < FIELDS; i++) {
		field[i] = 0;
		for (size_t n = 0; n < DIGITS; n++)
			if (!read_digit(*p++, &field[i]))
				return false;
	}
	return true;
}

/* What Linux skips, and then goes on as if the entry before it had just ended. */
static bool is_skipped(const uint32_t field[FIELDS])
{
	if (!field[NAME_SIZE] || field[NAME_SIZE] > LONGEST)
		return true;
	if (S_ISLNK(field[MODE]))
		return field[BODY_SIZE] > LONGEST;
	return !S_ISREG(field[MODE]) && field[BODY_SIZE];
}

bool cpio_entry(const uint8_t *data, size_t size, size_t at, struct cpio_entry *ret)
{
	uint32_t field[FIELDS];
	uint64_t next;

	if (at > size || size - at < HEADER || !read_header(data + at, field) || is_skipped(field))
		return false;
	/* Header and name together are a multiple of 4, and so is the content. */
	next = align_up((uint64_t)at + HEADER + field[NAME_SIZE], 4);
	next = align_up(next + field[BODY_SIZE], 4);
	if (next > size || data[at + HEADER + field[NAME_SIZE] - 1])
		return false;
	*ret = (struct cpio_entry){(const char *)data + at + HEADER, next};
	return true;
}
