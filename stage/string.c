// SPDX-License-Identifier: BSD-2-Clause
/* The memory and string functions that the compiler, libraries and our code call, in plain C. */
#include <khoboot/compiler.h>

#include <string.h>

/*
 * Upwards, a word at a time. @to may be below @from and overlap it: what is overwritten was read
 * before. memcpy() cannot be used for that, as its arguments are restrict.
 */
static void copy_up(uint8_t *to, const uint8_t *from, size_t n)
{
	for (; n >= 8; n -= 8, to += 8, from += 8)
		put_u64(to, get_u64(from));
	for (; n; n--)
		*to++ = *from++;
}

static void copy_down(uint8_t *to, const uint8_t *from, size_t n)
{
	while (n--)
		to[n] = from[n];
}

void *memmove(void *dst, const void *src, size_t n)
{
	uintptr_t to = (uintptr_t)dst, from = (uintptr_t)src;

	if (to - from >= n && from - to >= n)
		return memcpy(dst, src, n);
	if (to < from)
		copy_up(dst, src, n);
	else
		copy_down(dst, src, n);
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
