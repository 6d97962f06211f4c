/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bits of 64-bit words. Counting is written out: on CPUs without an instruction for it, the
 * compiler's builtin calls its runtime library, which the firmware image does not have.
 */
#ifndef CORE_BITS_H
#define CORE_BITS_H

#include <khoboot/compiler.h>

static inline unsigned int count_bits(uint64_t v)
{
	v -= (v >> 1) & 0x5555555555555555ULL;
	v = (v & 0x3333333333333333ULL) + ((v >> 2) & 0x3333333333333333ULL);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return (unsigned int)((v * 0x0101010101010101ULL) >> 56);
}

/* Number of the lowest set bit; @v is not 0. One instruction on x86_64 and two on arm64. */
static inline unsigned int lowest_bit(uint64_t v)
{
	return (unsigned int)__builtin_ctzll(v);
}

/* Number of the highest set bit; @v is not 0. */
static inline unsigned int highest_bit(uint64_t v)
{
	return 63 - (unsigned int)__builtin_clzll(v);
}

/* A word in which bits lo to hi, both included, are set. */
static inline uint64_t bit_mask(unsigned int lo, unsigned int hi)
{
	return (~0ULL << lo) & (~0ULL >> (63 - hi));
}

#endif
