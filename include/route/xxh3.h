/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The XXH3 of libxxhash's header, compiled into the file that includes this. Its XXH_VECTOR chooses
 * the instructions; all write the same state and give the same digest.
 */
#ifndef ROUTE_XXH3_H
#define ROUTE_XXH3_H

#include <route/digest.h>

#include <string.h>

#define XXH_INLINE_ALL
#define XXH_FORCE_MEMORY_ACCESS 1 /* memcpy() is a call in the image */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wundef"
#include <xxhash.h>
#pragma GCC diagnostic pop

_Static_assert(sizeof(struct kb_xxh128_state) >= sizeof(XXH3_state_t), "struct kb_xxh128_state");

#endif
