// SPDX-License-Identifier: BSD-2-Clause
/*
 * The memory and string functions of the image, under other names, optimized as in the image: on
 * pieces of memory that overlap in every way, against a copy made byte by byte elsewhere.
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
#include "../../stage/string.c"

#define SIZE 640

static void fill(uint8_t *p, uint64_t *seed)
{
	for (size_t i = 0; i < SIZE; i++)
		p[i] = (uint8_t)random_next(seed);
}

static void assert_same(const uint8_t *got, const uint8_t *want)
{
	size_t i = 0;

	while (i < SIZE && got[i] == want[i])
		i++;
	assert_int_equal(i, SIZE);
}

/* @n bytes from @from to @to in the same piece of memory; @copy must do what a model does. */
static void check_copy(void *(*copy)(void *, const void *, size_t), size_t to, size_t from,
		       size_t n)
{
	static uint64_t seed = 17;
	uint8_t got[SIZE], want[SIZE], before[SIZE];

	fill(before, &seed);
	for (size_t i = 0; i < SIZE; i++)
		got[i] = want[i] = before[i];
	for (size_t i = 0; i < n; i++)
		want[to + i] = before[from + i];
	assert_ptr_equal(copy(got + to, got + from, n), got + to);
	assert_same(got, want);
}

/* Both sides of a line of 64 bytes, of a word, and of two lines. */
#define MIDDLE   (SIZE / 2 - 100)
#define FARTHEST 136
#define LONGEST  208

/* Every distance, every length, and so every alignment to each other. */
static void memmove_copies_what_was_there_before(void **state)
{
	(void)state;
	for (int distance = -FARTHEST; distance <= FARTHEST; distance++)
		for (size_t n = 0; n <= LONGEST; n++)
			check_copy(memmove, MIDDLE + distance, MIDDLE, n);
}

static void *upwards(void *to, const void *from, size_t n)
{
	return memcpy(to, from, n);
}

/* What its comment promises, though its arguments are restrict. */
static void memcpy_may_go_down_onto_itself(void **state)
{
	(void)state;
	for (int distance = 1; distance <= FARTHEST; distance++)
		for (size_t n = 0; n <= LONGEST; n++)
			check_copy(upwards, MIDDLE - distance, MIDDLE, n);
}

static void alignment_does_not_matter(void **state)
{
	(void)state;
	for (size_t to = 0; to < 64; to++)
		for (size_t from = 256; from < 256 + 8; from++)
			for (size_t n = 60; n <= 140; n += 5)
				check_copy(memmove, to, from, n);
}

static void memcpy_and_memset_touch_nothing_else(void **state)
{
	uint8_t got[SIZE], want[SIZE], from[SIZE];
	uint64_t seed = 18;
	(void)state;

	for (int round = 0; round < 4000; round++) {
		size_t n = random_below(&seed, SIZE / 2), to = random_below(&seed, SIZE / 2);
		size_t at = random_below(&seed, SIZE / 2);
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
		cmocka_unit_test(memcpy_may_go_down_onto_itself),
		cmocka_unit_test(alignment_does_not_matter),
		cmocka_unit_test(memcpy_and_memset_touch_nothing_else),
		cmocka_unit_test(bytes_are_compared_as_unsigned),
		cmocka_unit_test(strings_end_where_they_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
