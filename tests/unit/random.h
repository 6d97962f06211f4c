/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The random numbers of all tests: splitmix64, which takes any seed, also 0. The state is one word
 * that begins as the seed. Seeds are constants, or are printed, so that a failure can be repeated.
 *
 * No test library and nothing of khoboot in here: whatever runs on the host may include it.
 */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* A number below @limit, which is not 0. */
static inline uint64_t random_below(uint64_t *state, uint64_t limit)
{
	return random_next(state) % limit;
}

#endif
