// SPDX-License-Identifier: BSD-2-Clause
/* The memory and string functions that the compiler, libraries and our code call, in plain C. */
#include <khoboot/compiler.h>

#include <string.h>

#define LINE 64 /* bytes of a cache line on nearly every CPU */

/*
 * A whole line is read before any of it is written, by @to and @from that may overlap: a compiler
 * must not assume otherwise, so these two are not restrict. Word by word (rep movs) an emulator
 * takes four times as long where both have the same place in its direct-mapped TLB; a CPU takes as
 * long as memory does.
 */
static void copy_line(uint8_t *to, const uint8_t *from)
{
	uint64_t a = get_u64(from), b = get_u64(from + 8);
	uint64_t c = get_u64(from + 16), d = get_u64(from + 24);
	uint64_t e = get_u64(from + 32), f = get_u64(from + 40);
	uint64_t g = get_u64(from + 48), h = get_u64(from + 56);

	put_u64(to, a);
	put_u64(to + 8, b);
	put_u64(to + 16, c);
	put_u64(to + 24, d);
	put_u64(to + 32, e);
	put_u64(to + 40, f);
	put_u64(to + 48, g);
	put_u64(to + 56, h);
}

/* @to may be below @from and overlap it: what is overwritten was read before. */
static void copy_up(uint8_t *to, const uint8_t *from, size_t n)
{
	for (; n >= LINE; n -= LINE, to += LINE, from += LINE)
		copy_line(to, from);
	for (; n >= 8; n -= 8, to += 8, from += 8)
		put_u64(to, get_u64(from));
	for (; n; n--)
		*to++ = *from++;
}

/* @to may be above @from and overlap it. */
static void copy_down(uint8_t *to, const uint8_t *from, size_t n)
{
	for (; n >= LINE; n -= LINE)
		copy_line(to + n - LINE, from + n - LINE);
	while (n--)
		to[n] = from[n];
}

/* May be called as memmove() when @dst is below @src, whatever its declaration says. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	copy_up(dst, src, n);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	if ((uintptr_t)dst - (uintptr_t)src >= n)
		copy_up(dst, src, n);
	else
		copy_down(dst, src, n);
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

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

void *memchr(const void *p, int c, size_t n)
{
	const unsigned char *s = p;

	for (; n; n--, s++)
		if (*s == (unsigned char)c)
			return (void *)(uintptr_t)s;
	return NULL;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && *a == *b; n--) {
		a++;
		b++;
	}
	return n ? (unsigned char)*a - (unsigned char)*b : 0;
}

char *strchr(const char *s, int c)
{
	return memchr(s, c, strlen(s) + 1);
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	for (; *s; s++)
		if (*s == (char)c)
			last = s;
	return (char *)(uintptr_t)last;
}

void *__memcpy_chk(void *to, const void *from, size_t len, size_t room);

/* Called by Debian's libraries, which are built with _FORTIFY_SOURCE. There is no check here. */
void *__memcpy_chk(void *to, const void *from, size_t len, size_t room)
{
	(void)room;
	return memcpy(to, from, len);
}
