// SPDX-License-Identifier: BSD-2-Clause
/* JSON that khoctl prints: forms, texts that are not UTF-8, numbers of 64 bits. */
#include "unit.h"

#include "../../tools/json.h"

#include <stdio.h>
#include <stdlib.h>

static char *print(const struct json_object *o, enum json_form form)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(json_print(o, form, out), 0);
	fclose(out);
	return text;
}

static void assert_printed(struct json_object *o, enum json_form form, const char *want)
{
	char *text = print(o, form);

	assert_string_equal(text, want);
	free(text);
	json_free(o);
}

static void everything_on_one_line(void **state)
{
	struct json_object *o = json_new("khoboot/x/1"), *list, *in;
	(void)state;

	json_add_text(o, "text", "a/b");
	json_add_text(o, "no_text", NULL);
	json_add_bytes(o, "bytes", "abcd", 3);
	json_add_number(o, "most", UINT64_MAX);
	json_add_signed(o, "least", INT64_MIN);
	json_add_known(o, "known", true, 0);
	json_add_known(o, "unknown", false, 1);
	json_add_bool(o, "yes", true);
	json_add_null(o, "null");
	in = json_add_object(o, "in");
	json_add_number(in, "n", 1);
	list = json_add_list(o, "list");
	json_list_text(list, "t");
	json_list_number(list, 2);
	json_add_bool(json_list_object(list), "no", false);
	assert_printed(o, JSON_SHORT,
		       "{\"schema\":\"khoboot/x/1\",\"text\":\"a/b\",\"no_text\":null,"
		       "\"bytes\":\"abc\",\"most\":18446744073709551615,"
		       "\"least\":-9223372036854775808,\"known\":0,\"unknown\":null,\"yes\":true,"
		       "\"null\":null,\"in\":{\"n\":1},\"list\":[\"t\",2,{\"no\":false}]}\n");
}

static void pretty_is_indented(void **state)
{
	struct json_object *o = json_new("s");
	(void)state;

	json_add_number(json_add_object(o, "in"), "n", 1);
	assert_printed(o, JSON_PRETTY,
		       "{\n  \"schema\": \"s\",\n  \"in\": {\n    \"n\": 1\n  }\n}\n");
}

/* Names of files may hold any byte. */
static void texts_are_utf8(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\xa7", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\xa7"},
		{"\"\\\n\x01", "\\\"\\\\\\n\\u0001"},
		{"a\xff"
		 "b",
		 "a\xef\xbf\xbd"
		 "b"},
		{"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},                 /* overlong */
		{"\xe0\x80\xaf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* overlong */
		{"\xf0\x80\x80\xaf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* too */
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* surrogate */
		{"\xf4\x90\x80\x80",
		 "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* after */
		{"\xf5\x80\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"}, /* cut off */
		{"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"}, /* the last one */
	};
	char want[128];
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_object *o = json_new("s");

		json_add_text(o, "t", cases[i].text);
		snprintf(want, sizeof(want), "{\"schema\":\"s\",\"t\":\"%s\"}\n", cases[i].want);
		assert_printed(o, JSON_SHORT, want);
	}
}

static void forms_are_words(void **state)
{
	enum json_form form = JSON_OFF;
	(void)state;

	assert_true(json_form_parse(NULL, &form));
	assert_int_equal(form, JSON_PRETTY);
	assert_true(json_form_parse("short", &form));
	assert_int_equal(form, JSON_SHORT);
	assert_false(json_form_parse("shorter", &form));
	assert_false(json_form_parse("", &form));
	assert_int_equal(form, JSON_SHORT);
	assert_true(json_form_parse("off", &form));
	assert_int_equal(form, JSON_OFF);
	assert_true(json_form_parse("pretty", &form));
	assert_int_equal(form, JSON_PRETTY);
}

static void a_full_disk_is_an_error(void **state)
{
	struct json_object *o = json_new("s");
	FILE *out = fopen("/dev/full", "w");
	(void)state;

	assert_non_null(out);
	assert_int_equal(json_print(o, JSON_SHORT, out), -1);
	fclose(out);
	json_free(o);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_on_one_line),  cmocka_unit_test(pretty_is_indented),
		cmocka_unit_test(texts_are_utf8),          cmocka_unit_test(forms_are_words),
		cmocka_unit_test(a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
