/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the reading commands print with --json, by json-c.
 *
 * Each command prints one object, whose first key, "schema", names what it is:
 * "khoboot/check/1" is described by docs/schema/check.json. The number rises when a key goes, or
 * gets another meaning; keys may be added.
 *
 * Numbers are decimal, of up to 64 bits. Texts are UTF-8: a byte of a file name, say, that is no
 * part of a character becomes U+FFFD. Running out of memory ends the program.
 */
#ifndef KHOCTL_JSON_H
#define KHOCTL_JSON_H

#include <khoboot/compiler.h>

#include <json-c/json.h>
#include <stdio.h>

/* As systemd's --json=. */
enum json_form {
	JSON_OFF,    /* text for people; the default */
	JSON_PRETTY, /* indented; --json alone */
	JSON_SHORT,  /* on one line */
};

/* @arg: what follows "--json=", NULL for nothing. False, and @ret untouched, for another word. */
bool json_form_parse(const char *arg, enum json_form *ret);

/* ---- making ---------------------------------------------------------------------------------- */

/* The outermost object, with its "schema". The caller gives it back by json_free(). */
struct json_object *json_new(const char *schema);
void json_free(struct json_object *o);

/* Add to the object @o. Keys are constant strings, not given twice. */
void json_add_text(struct json_object *o, const char *key, const char *text); /* NULL: null */
void json_add_bytes(struct json_object *o, const char *key, const char *text, size_t len);
void json_add_number(struct json_object *o, const char *key, uint64_t number);
void json_add_signed(struct json_object *o, const char *key, int64_t number);
/* null unless @known */
void json_add_known(struct json_object *o, const char *key, bool known, uint64_t number);
void json_add_bool(struct json_object *o, const char *key, bool yes);
void json_add_null(struct json_object *o, const char *key);

/* An object or a list inside @o, to which it belongs. */
struct json_object *json_add_object(struct json_object *o, const char *key);
struct json_object *json_add_list(struct json_object *o, const char *key);

/* The same for the end of a list. */
struct json_object *json_list_object(struct json_object *list);
void json_list_text(struct json_object *list, const char *text);
void json_list_number(struct json_object *list, uint64_t number);

void json_list_bytes(struct json_object *list, const char *text, size_t len);
/* @value is the list's from now on. */
void json_list_take(struct json_object *list, struct json_object *value);

/* ---- printing -------------------------------------------------------------------------------- */

/* With a newline at the end; @form is not JSON_OFF. -1 with errno set when it cannot be written. */
int json_print(const struct json_object *o, enum json_form form, FILE *out);

/* ---- reading what was printed before --------------------------------------------------------- */

/* The object in the file @path, of that schema; for json_free(). NULL when there is none. */
struct json_object *json_read(const char *path, const char *schema);

/* False, and @ret untouched, when @o is none, has no such key, or another type there. */
bool json_get_text(const struct json_object *o, const char *key, char *ret, size_t size);
bool json_get_number(const struct json_object *o, const char *key, uint64_t *ret);
bool json_get_bool(const struct json_object *o, const char *key, bool *ret);

#endif
