/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formatted text without libc: the part of printf that log lines need.
 *
 * Conversions: %s %c %d %i %u %x %% with an optional '0' flag, a width, and the length modifiers
 * l, ll and z. Anything else is printed unchanged.
 */
#ifndef CORE_FMT_H
#define CORE_FMT_H

#include <khoboot/compiler.h>
#include <stdarg.h>

/*
 * Write at most @size bytes including the NUL to @buf (@size may be 0). Returns the length that the
 * whole text has, as C99 vsnprintf does, so a result >= @size means that it was cut.
 */
size_t kb_vsnprintf(char *buf, size_t size, const char *fmt, va_list args);
__printf(3, 4) size_t kb_snprintf(char *buf, size_t size, const char *fmt, ...);

#endif
