/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pieces of text, and the numbers in them. A piece is a value that points into a text owned by the
 * caller. It is not NUL-terminated. Taking text off a piece moves its beginning.
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

bool text_equal(struct kb_text a, struct kb_text b);

/* Take @prefix off the beginning of @t; false, and @t untouched, if @t begins otherwise. */
bool text_skip(struct kb_text *t, const char *prefix);

/* Cut @t at the first @sep: returns what stands before it, @t becomes what follows it. */
struct kb_text text_cut(struct kb_text *t, char sep);

/* Is @word one of the words of @list, which have single blanks between them? */
bool text_lists(struct kb_text list, struct kb_text word);

/* Value of a hexadecimal digit, 16 for any other character. */
unsigned int text_digit(char c);

/*
 * text_take_number - the number that @t begins with
 * @base: 8, 10 or 16; a prefix "0x" is not skipped
 *
 * The digits are always taken off. False, and @ret untouched, if there are no digits or the number
 * does not fit.
 */
bool text_take_number(struct kb_text *t, unsigned int base, uint64_t *ret);

/*
 * text_take_size - a size as the kernel reads it (lib/cmdline.c:memparse)
 *
 * Hexadecimal after "0x", octal after "0", else decimal; then perhaps one of K, M, G, T, P, E. What
 * was read is taken off. False if there are no digits or the size does not fit; @ret may be changed
 * then.
 */
bool text_take_size(struct kb_text *t, uint64_t *ret);

/*
 * text_number - @t as a number: "0x" and hexadecimal digits, or decimal ones, nothing else
 *
 * False, and @ret untouched, when it is anything else or does not fit.
 */
bool text_number(struct kb_text t, uint64_t *ret);

#endif
