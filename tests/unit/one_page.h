/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of what a next kernel does to memory: one page is preserved, at AT; scratch is at 8 GiB. */
#ifndef TESTS_ONE_PAGE_H
#define TESTS_ONE_PAGE_H

#include "kho_test.h"

#define AT (16 * SZ_1G) /* the highest block */

static struct kho_image img;

static int setup(void **state)
{
	(void)state;
	kho_image_init(&img, KHO_MAP_RADIX, 12);
	kho_image_preserve(&img, AT, 0);
	kho_image_finish(&img);
	assert_int_equal(kho_image_open(&img), KB_OK);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kho_image_free(&img);
	return 0;
}

#endif
