/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pieces of text that somebody else owns, and the numbers in them. A piece is a value; it is not
 * NUL-terminated. What is taken off a piece moves its beginning.
 */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <khoboot/compiler.h>

struct kb_text {
	const char *text; /* NULL: absent */
	size_t len;       /* bytes */
};

/* True when @t is exactly @word. */
bool text_is(struct kb_text t, const char *word);

/* Take @prefix off the beginning of @t; false, and @t untouched, when it does not begin so. */
bool text_skip(struct kb_text *t, const char *prefix);

/* Cut @t at the first @sep: returns what stands before it, @t becomes what follows it. */
struct kb_text text_cut(struct kb_text *t, char sep);

/* Value of a hexadecimal digit, 16 for any other character. */
unsigned int text_digit(char c);

/*
 * text_take_number - the number that @t begins with
 * @base: 10 or 16; no "0x" is looked for
 *
 * The digits are taken off in any case. False, and @ret untouched, when there are none or when the
 * number does not fit.
 */
bool text_take_number(struct kb_text *t, unsigned int base, uint64_t *ret);

/*
 * text_number - @t as a number: "0x" and hexadecimal digits, or decimal ones, nothing else
 *
 * False, and @ret untouched, when it is anything else or does not fit.
 */
bool text_number(struct kb_text t, uint64_t *ret);

#endif
