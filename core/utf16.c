// SPDX-License-Identifier: BSD-2-Clause
/* Text of firmware, which is UTF-16, as text of the kernel, which is UTF-8. */
#include <core/utf16.h>

/* The code point at @in; 0 when there is none: a NUL, the end, half of a pair. */
static uint32_t take(const uint16_t *in, size_t max, size_t *pos)
{
	uint32_t c = *pos < max ? in[(*pos)++] : 0;
	uint32_t low;

	if (c < 0xd800 || c > 0xdfff)
		return c;
	low = *pos < max && c < 0xdc00 ? in[*pos] : 0;
	if (low < 0xdc00 || low > 0xdfff)
		return UINT32_MAX;
	(*pos)++;
	return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

/* @c as UTF-8; returns the number of bytes. */
static size_t encode(uint32_t c, char out[4])
{
	static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(n == 1 ? c : lead[n] | c);
	return n;
}

bool text_from_utf16(const uint16_t *in, size_t max, char *buf, size_t size)
{
	size_t pos = 0, len = 0;
	uint32_t c;

	while ((c = take(in, max, &pos))) {
		char out[4];
		size_t n;

		if (c < ' ' || c == 0x7f || c > 0x10ffff)
			return false;
		n = encode(c, out);
		if (n >= size - len)
			return false;
		for (size_t i = 0; i < n; i++)
			buf[len++] = out[i];
	}
	buf[len] = '\0';
	return true;
}
