// SPDX-License-Identifier: BSD-2-Clause
/*
 * The memory functions that the compiler, libraries and our code call; stage/string.c has the
 * others. The MMU is on and memory is mapped as Normal: unaligned accesses are fine.
 */
#include <khoboot/compiler.h>

#include <string.h>

static const uint8_t *copy_words(uint8_t **to, const uint8_t *from, size_t n)
{
	uint8_t *d = *to;

	for (; n; n -= 16, d += 16, from += 16) {
		uint64_t a = get_u64(from), b = get_u64(from + 8);

		put_u64(d, a);
		put_u64(d + 8, b);
	}
	*to = d;
	return from;
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	uint8_t *d = dst;
	const uint8_t *s = copy_words(&d, src, n & ~(size_t)15);

	for (n &= 15; n; n--)
		*d++ = *s++;
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	uint64_t value = (unsigned char)c * 0x0101010101010101ULL;
	uint8_t *d = dst;

	for (; n >= 8; n -= 8, d += 8)
		put_u64(d, value);
	while (n--)
		*d++ = (uint8_t)c;
	return dst;
}
