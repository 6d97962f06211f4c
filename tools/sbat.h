/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * .sbat: generations of what an image is made of, by which shim and firmware revoke it. Lines of
 * CSV; the first one, "sbat,1,...", says what they are.
 */
#ifndef KHOCTL_SBAT_H
#define KHOCTL_SBAT_H

#include <core/text.h>

#include "buffer.h"

/* Of any unified kernel image, as ukify writes it. */
extern const struct kb_text sbat_uki;

/* The list in @size bytes, which may end with zeros. Empty if its first line is another. */
struct kb_text sbat_text(const void *data, size_t size);

/* The list of a PE file, in that file; empty if there is none, or if it is no PE file. */
struct kb_text sbat_of_file(const void *file, size_t size);

/*
 * sbat_add - add the lines of a list
 * @except: a list whose lines are left out; its first line is not
 *
 * Lines that @out has already are left out, and so is a second first line.
 */
void sbat_add(struct buffer *out, struct kb_text list, struct kb_text except);

#endif
