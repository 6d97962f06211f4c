/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the KHO data model share: cmocka, and the nine kinds of image. */
#ifndef TESTS_KHO_TEST_H
#define TESTS_KHO_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "kho_image.h"
#include "kho_naive.h"

/* @expr returns @code, and the diagnosis of @img says the same (which is cleared first). */
#define assert_code(img, expr, code)                                                               \
	do {                                                                                       \
		(img)->mem.diag = (struct kb_diag){0};                                             \
		assert_int_equal((expr), (code));                                                  \
		assert_int_equal((img)->mem.diag.status, (code));                                  \
	} while (0)

/* The diagnosis names @address and @v. */
#define assert_diag(img, address, v)                                                               \
	do {                                                                                       \
		assert_int_equal((img)->mem.diag.at, (address));                                   \
		assert_int_equal((img)->mem.diag.value, (v));                                      \
	} while (0)

struct kho_kind {
	enum kho_map_format format;
	unsigned int page_shift;
};

static const struct kho_kind kinds[] = {
	{KHO_MAP_V1_SMALL, 12}, {KHO_MAP_V1_PAGE, 12}, {KHO_MAP_RADIX, 12},
	{KHO_MAP_V1_SMALL, 14}, {KHO_MAP_V1_PAGE, 14}, {KHO_MAP_RADIX, 14},
	{KHO_MAP_V1_SMALL, 16}, {KHO_MAP_V1_PAGE, 16}, {KHO_MAP_RADIX, 16},
};

/* The hint that names the bitmaps of @format; none is needed for a radix tree. */
static inline enum kho_bitmap_hint hint_of(enum kho_map_format format)
{
	if (format == KHO_MAP_RADIX)
		return KHO_BITMAP_UNKNOWN;
	return format == KHO_MAP_V1_PAGE ? KHO_BITMAP_PAGE : KHO_BITMAP_SMALL;
}

#define for_each_kind(k) for (const struct kho_kind *k = kinds; k < kinds + ARRAY_SIZE(kinds); k++)

#endif
