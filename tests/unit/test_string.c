// SPDX-License-Identifier: BSD-2-Clause
/*
 * The memory and string functions of the image, under other names, optimized as in the image: on
 * random pieces of memory that overlap in every way, against a copy made byte by byte elsewhere.
 */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2")
#endif

#include "unit.h"

#define memcpy       kb_memcpy
#define memset       kb_memset
#define memmove      kb_memmove
#define memcmp       kb_memcmp
#define memchr       kb_memchr
#define strlen       kb_strlen
#define strnlen      kb_strnlen
#define strcmp       kb_strcmp
#define strncmp      kb_strncmp
#define strchr       kb_strchr
#define strrchr      kb_strrchr
#define __memcpy_chk kb_memcpy_chk
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memset(void *dst, int c, size_t n);
void *memmove(void *dst, const void *src, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *p, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
#include "../../arch/arm64/memcpy.c"
#include "../../stage/string.c"

#define SIZE 200

static void fill(uint8_t *p, uint64_t *seed)
{
	for (size_t i = 0; i < SIZE; i++)
		p[i] = (uint8_t)random_next(seed);
}

static void assert_same(const uint8_t *got, const uint8_t *want)
{
	for (size_t i = 0; i < SIZE; i++)
		assert_int_equal(got[i], want[i]);
}

/* Every distance from -40 to 40, every length up to 100. */
static void memmove_copies_what_was_there_before(void **state)
{
	uint8_t got[SIZE], want[SIZE], before[SIZE];
	uint64_t seed = 17;
	(void)state;

	for (int distance = -40; distance <= 40; distance++) {
		for (size_t n = 0; n <= 100; n++) {
			fill(before, &seed);
			for (size_t i = 0; i < SIZE; i++)
				got[i] = want[i] = before[i];
			for (size_t i = 0; i < n; i++)
				want[50 + distance + (int)i] = before[50 + i];
			assert_ptr_equal(memmove(got + 50 + distance, got + 50, n),
					 got + 50 + distance);
			assert_same(got, want);
		}
	}
}

static void memcpy_and_memset_touch_nothing_else(void **state)
{
	uint8_t got[SIZE], want[SIZE], from[SIZE];
	uint64_t seed = 18;
	(void)state;

	for (int round = 0; round < 2000; round++) {
		size_t n = random_below(&seed, 100), to = random_below(&seed, 100);
		size_t at = random_below(&seed, 100);
		int c = (int)random_next(&seed);

		fill(from, &seed);
		fill(got, &seed);
		for (size_t i = 0; i < SIZE; i++)
			want[i] = got[i];
		for (size_t i = 0; i < n; i++)
			want[to + i] = from[at + i];
		assert_ptr_equal(memcpy(got + to, from + at, n), got + to);
		assert_same(got, want);
		for (size_t i = 0; i < n; i++)
			want[at + i] = (uint8_t)c;
		assert_ptr_equal(memset(got + at, c, n), got + at);
		assert_same(got, want);
	}
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

static void bytes_are_compared_as_unsigned(void **state)
{
	static const uint8_t a[] = {1, 2, 0x80}, b[] = {1, 2, 0x7f};
	(void)state;

	assert_int_equal(sign(memcmp(a, b, 3)), 1);
	assert_int_equal(sign(memcmp(b, a, 3)), -1);
	assert_int_equal(memcmp(a, b, 2), 0);
	assert_int_equal(memcmp(a, b, 0), 0);
	assert_ptr_equal(memchr(a, 0x80, 3), a + 2);
	assert_null(memchr(a, 0x80, 2));
	assert_null(memchr(a, 1, 0));
}

static void strings_end_where_they_end(void **state)
{
	static const char s[] = "a/bc/";
	(void)state;

	assert_int_equal(strlen(s), 5);
	assert_int_equal(strlen(""), 0);
	assert_int_equal(strnlen(s, 3), 3);
	assert_int_equal(strnlen(s, 9), 5);
	assert_int_equal(sign(strcmp("ab", "ac")), -1);
	assert_int_equal(sign(strcmp("ab", "a")), 1);
	assert_int_equal(strcmp("ab", "ab"), 0);
	assert_int_equal(strncmp("abX", "abY", 2), 0);
	assert_int_equal(sign(strncmp("abY", "abX", 3)), 1);
	assert_int_equal(strncmp("a", "b", 0), 0);
	assert_ptr_equal(strchr(s, '/'), s + 1);
	assert_ptr_equal(strchr(s, 0), s + 5);
	assert_null(strchr(s, 'x'));
	assert_ptr_equal(strrchr(s, '/'), s + 4);
	assert_null(strrchr(s, 'x'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memmove_copies_what_was_there_before),
		cmocka_unit_test(memcpy_and_memset_touch_nothing_else),
		cmocka_unit_test(bytes_are_compared_as_unsigned),
		cmocka_unit_test(strings_end_where_they_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
