// SPDX-License-Identifier: BSD-2-Clause
/* Pieces of text, and numbers against libc's reader. */
#include "unit.h"

#include <core/text.h>
#include <core/utf16.h>
#include <khoboot/status.h>

#include <stdio.h>
#include <stdlib.h>

static struct kb_text text(const char *s)
{
	return (struct kb_text){s, strlen(s)};
}

static void a_piece_is_compared_whole(void **state)
{
	struct kb_text part = {"nonesuch", 4};
	(void)state;

	assert_true(text_is(part, "none"));
	assert_false(text_is(part, "nonesuch"));
	assert_false(text_is(part, "non"));
	assert_true(text_is(text(""), ""));
}

static void a_prefix_is_taken_off_or_nothing_is(void **state)
{
	struct kb_text t = text("kho-v4");
	(void)state;

	assert_false(text_skip(&t, "khO"));
	assert_false(text_skip(&t, "kho-v44"));
	assert_true(text_is(t, "kho-v4"));
	assert_true(text_skip(&t, "kho-"));
	assert_true(text_is(t, "v4"));
	assert_true(text_skip(&t, ""));
	assert_true(text_skip(&t, "v4"));
	assert_int_equal(t.len, 0);
}

/* "a,,b": three pieces, of which the second is empty; the separator belongs to none of them. */
static void a_text_is_cut_at_each_separator(void **state)
{
	struct kb_text t = text("a,,b");
	(void)state;

	assert_true(text_is(text_cut(&t, ','), "a"));
	assert_true(text_is(text_cut(&t, ','), ""));
	assert_true(text_is(text_cut(&t, ','), "b"));
	assert_int_equal(t.len, 0);
	assert_true(text_is(text_cut(&t, ','), ""));
	t = text("end,");
	assert_true(text_is(text_cut(&t, ','), "end"));
	assert_int_equal(t.len, 0);
}

static void numbers_begin_a_text(void **state)
{
	struct kb_text t = text("18rc1");
	uint64_t v = 7;
	(void)state;

	assert_true(text_take_number(&t, 10, &v));
	assert_int_equal(v, 18);
	assert_true(text_is(t, "rc1"));
	assert_false(text_take_number(&t, 10, &v));
	assert_true(text_is(t, "rc1"));
	t = text("fFg");
	assert_true(text_take_number(&t, 16, &v));
	assert_int_equal(v, 255);
	assert_true(text_is(t, "g"));
	/* Too large: the digits are skipped, the number is not set. */
	t = text("18446744073709551616.");
	assert_false(text_take_number(&t, 10, &v));
	assert_int_equal(v, 255);
	assert_true(text_is(t, "."));
	t = text("00000000000000000000000000000001");
	assert_true(text_take_number(&t, 16, &v));
	assert_int_equal(v, 1);
}

static void numbers_are_read_as_by_libc(void **state)
{
	uint64_t seed = 5;
	(void)state;

	for (int i = 0; i < 5000; i++) {
		uint64_t want = random_next(&seed) >> random_below(&seed, 64), got;
		char buf[32];

		snprintf(buf, sizeof(buf),
			 i & 1   ? "%llu"
			 : i & 2 ? "0x%llx"
				 : "0X%llX",
			 (unsigned long long)want);
		assert_true(text_number(text(buf), &got));
		assert_int_equal(got, want);
		assert_int_equal(got, strtoull(buf, NULL, 0));
	}
}

static void all_else_is_no_number(void **state)
{
	static const char *const bad[] = {
		"",
		"0x",
		"x1",
		"1 ",
		" 1",
		"+1",
		"-1",
		"1a",
		"0xg",
		"0x-1",
		"0x1 ",
		"1,",
		"1e3",
		"0b1",
		"18446744073709551616",
		"0x10000000000000000",
		"99999999999999999999999999",
	};
	uint64_t v = 42;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(text_number(text(bad[i]), &v));
	assert_int_equal(v, 42);
	assert_true(text_number(text("18446744073709551615"), &v));
	assert_true(v == UINT64_MAX);
	assert_true(text_number(text("0xffffffffffffffff"), &v));
	assert_true(v == UINT64_MAX);
}

static void sizes_are_read_as_by_the_kernel(void **state)
{
	static const struct {
		const char *text, *rest;
		uint64_t want;
	} t[] = {
		{"0", "", 0},           {"17", "", 17},           {"4k", "", 4096},
		{"0x10K", "", 16384},   {"010M", "", SZ_1M * 8},  {"3G@x", "@x", 3 * SZ_1G},
		{"1T", "", 1ULL << 40}, {"2p$", "$", 1ULL << 51}, {"15E", "", 15ULL << 60},
		{"8Q", "Q", 8},         {"1@", "@", 1},           {"1KK", "K", 1024},
		{"16 x", " x", 16},
	};
	struct kb_text none = text(""), word = text("x1"), much = text("16E");
	uint64_t v;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct kb_text left = text(t[i].text);

		assert_true(text_take_size(&left, &v));
		assert_true(v == t[i].want);
		assert_true(text_is(left, t[i].rest));
	}
	assert_false(text_take_size(&none, &v));
	assert_false(text_take_size(&word, &v));
	assert_false(text_take_size(&much, &v));
}

static void digits_have_their_values(void **state)
{
	(void)state;
	for (int c = -128; c < 128; c++) {
		char s[2] = {(char)c, 0}, *end;
		unsigned long want = strtoul(s, &end, 16);

		assert_int_equal(text_digit((char)c), *end || !*s ? 16 : want);
	}
}

/* Words in letters of any script, and what firmware leaves that is no text. */
static void utf16_becomes_utf8(void **state)
{
	static const struct {
		uint16_t in[5];
		const char *want; /* NULL: no text */
	} t[] = {
		{{'a', ' ', 'b', '~', 0}, "a b~"},
		{{0xfc, 0x7ff, 0x800, 0xffff, 0}, "\xc3\xbc\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"},
		{{0xd83d, 0xde00, 'x', 0, 0x1}, "\xf0\x9f\x98\x80x"},
		{{0xdbff, 0xdfff}, "\xf4\x8f\xbf\xbf"},
		{{0}, ""},
		{{'a', '\n', 0}, NULL},
		{{0x7f}, NULL},
		{{0xd83d, 'x'}, NULL},
		{{0xd83d}, NULL},
		{{0xde00, 0xd83d}, NULL},
	};
	char buf[16];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(text_from_utf16(t[i].in, 5, buf, sizeof(buf)), !!t[i].want);
		if (t[i].want)
			assert_string_equal(buf, t[i].want);
	}
	assert_true(text_from_utf16(NULL, 0, buf, 1));
	assert_true(text_from_utf16(t[0].in, 3, buf, 4));
	assert_string_equal(buf, "a b");
	assert_false(text_from_utf16(t[0].in, 3, buf, 3));
	/* Half of a pair at the end of what may be read. */
	assert_false(text_from_utf16(t[2].in, 1, buf, sizeof(buf)));
}

static bool in_list(const char *list, const char *word)
{
	return text_lists((struct kb_text){list, strlen(list)},
			  (struct kb_text){word, strlen(word)});
}

static void a_word_is_found_whole(void **state)
{
	(void)state;

	assert_true(in_list("a", "a"));
	assert_true(in_list("a bc d", "a"));
	assert_true(in_list("a bc d", "bc"));
	assert_true(in_list("a bc d", "d"));
	assert_false(in_list("a bc d", "b"));
	assert_false(in_list("a bc d", "bcd"));
	assert_false(in_list("a bc d", "a bc"));
	assert_false(in_list("", "a"));
	assert_false(in_list("a", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_piece_is_compared_whole),
		cmocka_unit_test(a_prefix_is_taken_off_or_nothing_is),
		cmocka_unit_test(a_text_is_cut_at_each_separator),
		cmocka_unit_test(numbers_begin_a_text),
		cmocka_unit_test(numbers_are_read_as_by_libc),
		cmocka_unit_test(all_else_is_no_number),
		cmocka_unit_test(sizes_are_read_as_by_the_kernel),
		cmocka_unit_test(digits_have_their_values),
		cmocka_unit_test(utf16_becomes_utf8),
		cmocka_unit_test(a_word_is_found_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
