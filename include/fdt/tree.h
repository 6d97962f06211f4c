/* SPDX-License-Identifier: BSD-2-Clause */
/* Device trees from outside: checked whole before anything is taken from them. */
#ifndef FDT_TREE_H
#define FDT_TREE_H

#include <khoboot/compiler.h>

/*
 * tree_check - is @fdt a whole and sound tree of at most @max bytes?
 * @fdt: aligned to 8 bytes; @max bytes are readable, at least the 40 of a header
 *
 * Trees before version 17 are refused. They are no longer written, and in those before version 16
 * libfdt 1.6 can follow a null pointer during its check. Returns 0 or libfdt's error, which is
 * negative.
 */
__must_check int tree_check(const void *fdt, uint64_t max);

/*
 * tree_number - a property of exactly 8 bytes, in the byte order of the CPU as KHO writes it
 *
 * False, and @ret untouched, when there is no such property.
 */
bool tree_number(const void *fdt, int node, const char *name, uint64_t *ret);

#endif
