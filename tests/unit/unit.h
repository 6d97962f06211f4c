/* SPDX-License-Identifier: BSD-2-Clause */
/* What every unit test includes: cmocka in the order it wants, and random numbers. */
#ifndef TEST_UNIT_H
#define TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"

#define ok(call) assert_int_equal(call, KB_OK)

#endif
