// SPDX-License-Identifier: BSD-2-Clause
/* JSON on top of json-c; see json.h. */
#include "json.h"
#include "buffer.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

bool json_form_parse(const char *arg, enum json_form *ret)
{
	static const char *const names[] = {
		[JSON_OFF] = "off", [JSON_PRETTY] = "pretty", [JSON_SHORT] = "short"};

	for (size_t i = 0; arg && i < ARRAY_SIZE(names); i++) {
		if (strcmp(arg, names[i]))
			continue;
		*ret = (enum json_form)i;
		return true;
	}
	if (!arg)
		*ret = JSON_PRETTY;
	return !arg;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* Bytes of the character at @s; 0 when it is none (RFC 3629 section 4). */
static size_t utf8_length(const uint8_t *s, size_t room)
{
	const uint8_t first = s[0];
	size_t len = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (!len || len > room || first > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if (len < 3)
		return len;
	/* Too long for what it says, a surrogate, or after the last character. */
	if ((first == 0xe0 && s[1] < 0xa0) || (first == 0xed && s[1] > 0x9f) ||
	    (first == 0xf0 && s[1] < 0x90) || (first == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

static struct json_object *must(struct json_object *o)
{
	if (o)
		return o;
	fputs("khoctl: out of memory\n", stderr);
	exit(3);
}

static struct json_object *make_text(const char *text, size_t len)
{
	const uint8_t *s = (const uint8_t *)text;
	struct buffer b = {0};
	struct json_object *o;
	size_t n;

	buffer_reserve(&b, len + 1);
	for (size_t i = 0; i < len; i += n ? n : 1) {
		n = utf8_length(s + i, len - i);
		if (n)
			buffer_append(&b, s + i, n);
		else
			buffer_append(&b, "\xef\xbf\xbd", 3);
	}
	if (b.size > INT_MAX)
		must(NULL);
	o = must(json_object_new_string_len((const char *)b.data, (int)b.size));
	buffer_free(&b);
	return o;
}

/* ---- objects --------------------------------------------------------------------------------- */

static void add(struct json_object *o, const char *key, struct json_object *value)
{
	if (json_object_object_add_ex(o, key, value, JSON_C_OBJECT_ADD_CONSTANT_KEY))
		must(NULL);
}

struct json_object *json_new(const char *schema)
{
	struct json_object *o = must(json_object_new_object());

	json_add_text(o, "schema", schema);
	return o;
}

void json_free(struct json_object *o)
{
	json_object_put(o);
}

void json_add_text(struct json_object *o, const char *key, const char *text)
{
	if (text)
		json_add_bytes(o, key, text, strlen(text));
	else
		json_add_null(o, key);
}

void json_add_bytes(struct json_object *o, const char *key, const char *text, size_t len)
{
	add(o, key, make_text(text, len));
}

void json_add_number(struct json_object *o, const char *key, uint64_t number)
{
	add(o, key, must(json_object_new_uint64(number)));
}

void json_add_signed(struct json_object *o, const char *key, int64_t number)
{
	add(o, key, must(json_object_new_int64(number)));
}

void json_add_known(struct json_object *o, const char *key, bool known, uint64_t number)
{
	if (known)
		json_add_number(o, key, number);
	else
		json_add_null(o, key);
}

void json_add_bool(struct json_object *o, const char *key, bool yes)
{
	add(o, key, must(json_object_new_boolean(yes)));
}

void json_add_null(struct json_object *o, const char *key)
{
	add(o, key, NULL); /* json-c's null */
}

struct json_object *json_add_object(struct json_object *o, const char *key)
{
	struct json_object *in = must(json_object_new_object());

	add(o, key, in);
	return in;
}

struct json_object *json_add_list(struct json_object *o, const char *key)
{
	struct json_object *in = must(json_object_new_array());

	add(o, key, in);
	return in;
}

static void append(struct json_object *list, struct json_object *value)
{
	if (json_object_array_add(list, value))
		must(NULL);
}

struct json_object *json_list_object(struct json_object *list)
{
	struct json_object *in = must(json_object_new_object());

	append(list, in);
	return in;
}

void json_list_text(struct json_object *list, const char *text)
{
	json_list_bytes(list, text, strlen(text));
}

void json_list_bytes(struct json_object *list, const char *text, size_t len)
{
	append(list, make_text(text, len));
}

void json_list_take(struct json_object *list, struct json_object *value)
{
	append(list, value);
}

void json_list_number(struct json_object *list, uint64_t number)
{
	append(list, must(json_object_new_uint64(number)));
}

/* ---- printing -------------------------------------------------------------------------------- */

int json_print(const struct json_object *o, enum json_form form, FILE *out)
{
	const int how = JSON_C_TO_STRING_NOSLASHESCAPE |
			(form == JSON_PRETTY ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED
					     : JSON_C_TO_STRING_PLAIN);
	/* It keeps the text in the object. */
	const char *text = json_object_to_json_string_ext((struct json_object *)(uintptr_t)o, how);

	if (!text)
		must(NULL);
	return fputs(text, out) < 0 || fputc('\n', out) < 0 || fflush(out) ? -1 : 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

#define READ_MOST (1u << 20)
#define DEPTH     16

struct json_object *json_read(const char *path, const char *schema)
{
	struct json_tokener *t = json_tokener_new_ex(DEPTH);
	struct json_object *o = NULL;
	struct buffer b = {0};
	char name[64];

	if (!t)
		must(NULL);
	if (!buffer_read(&b, path) && b.size <= READ_MOST)
		o = json_tokener_parse_ex(t, (const char *)b.data, (int)b.size);
	if (o && (!json_get_text(o, "schema", name, sizeof(name)) || strcmp(name, schema))) {
		json_free(o);
		o = NULL;
	}
	json_tokener_free(t);
	buffer_free(&b);
	return o;
}

static struct json_object *get(const struct json_object *o, const char *key, enum json_type type)
{
	struct json_object *v = NULL;

	if (!o || !json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, type))
		return NULL;
	return v;
}

bool json_get_text(const struct json_object *o, const char *key, char *ret, size_t size)
{
	struct json_object *v = get(o, key, json_type_string);
	size_t len = v ? (size_t)json_object_get_string_len(v) : 0;

	if (!v || len >= size)
		return false;
	memcpy(ret, json_object_get_string(v), len);
	ret[len] = '\0';
	return true;
}

bool json_get_number(const struct json_object *o, const char *key, uint64_t *ret)
{
	struct json_object *v = get(o, key, json_type_int);

	if (!v)
		return false;
	*ret = json_object_get_uint64(v);
	return true;
}

bool json_get_bool(const struct json_object *o, const char *key, bool *ret)
{
	struct json_object *v = get(o, key, json_type_boolean);

	if (!v)
		return false;
	*ret = json_object_get_boolean(v);
	return true;
}
