/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the language lacks: checked arithmetic, alignment, small helpers. Same meaning in firmware
 * and on the host.
 */
#ifndef KHOBOOT_COMPILER_H
#define KHOBOOT_COMPILER_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define __packed       __attribute__((packed))
#define __must_check   __attribute__((warn_unused_result))
#define __printf(f, a) __attribute__((format(printf, f, a)))
#define __noreturn     __attribute__((noreturn))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* True when the result does not fit; *res must not be used then. */
#define add_overflow(a, b, res) __builtin_add_overflow(a, b, res)
#define sub_overflow(a, b, res) __builtin_sub_overflow(a, b, res)
#define mul_overflow(a, b, res) __builtin_mul_overflow(a, b, res)

#define SZ_4K  0x1000ULL
#define SZ_64K 0x10000ULL
#define SZ_1M  0x100000ULL
#define SZ_2M  0x200000ULL
#define SZ_1G  0x40000000ULL
#define SZ_4G  0x100000000ULL

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline bool is_pow2(uint64_t v)
{
	return v && !(v & (v - 1));
}

/* @align is a power of two. */
static inline bool is_aligned(uint64_t v, uint64_t align)
{
	return !(v & (align - 1));
}

static inline uint64_t align_down(uint64_t v, uint64_t align)
{
	return v & ~(align - 1);
}

/* Rounds up. @v must be at least @align - 1 below 2^64. */
static inline uint64_t align_up(uint64_t v, uint64_t align)
{
	return align_down(v + align - 1, align);
}

/* Rounds up; true when the result would pass 2^64. *res must not be used then. */
static inline bool align_up_overflow(uint64_t v, uint64_t align, uint64_t *res)
{
	if (add_overflow(v, align - 1, res))
		return true;
	*res &= ~(align - 1);
	return false;
}

/* Rounds up to pages of 4 KiB. @v must be at least one page below 2^64. */
static inline uint64_t align_up_page(uint64_t v)
{
	return align_up(v, SZ_4K);
}

/*
 * Little-endian access to unaligned memory. KHO data are stored in the byte order of the CPU, which
 * is little endian on every machine that khoboot supports.
 */
static inline uint16_t get_u16(const void *p)
{
	uint16_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t get_u32(const void *p)
{
	uint32_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t get_u64(const void *p)
{
	uint64_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static inline void put_u16(void *p, uint16_t v)
{
	__builtin_memcpy(p, &v, sizeof(v));
}

static inline void put_u32(void *p, uint32_t v)
{
	__builtin_memcpy(p, &v, sizeof(v));
}

static inline void put_u64(void *p, uint64_t v)
{
	__builtin_memcpy(p, &v, sizeof(v));
}

#endif
