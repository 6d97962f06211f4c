/* SPDX-License-Identifier: BSD-2-Clause */
/* Text of firmware is UTF-16, that of the kernel's command line UTF-8. */
#ifndef CORE_UTF16_H
#define CORE_UTF16_H

#include <khoboot/compiler.h>

/*
 * text_from_utf16 - text up to a NUL or the end, as UTF-8
 * @in: @max units; may be NULL if @max is 0
 * @buf: @size bytes, at least 1
 *
 * False when this is no text, but binary data that firmware has put there (control characters, half
 * of a surrogate pair), or does not fit. @buf has no meaning then.
 */
bool text_from_utf16(const uint16_t *in, size_t max, char *buf, size_t size);

#endif
