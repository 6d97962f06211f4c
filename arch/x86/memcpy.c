// SPDX-License-Identifier: BSD-2-Clause
/* The memory functions for which the CPU has instructions; stage/string.c has the others. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Eight bytes at a time: CPUs that are fast with single bytes lose nothing, emulators gain. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	size_t words = n / 8, rest = n % 8;
	void *d = dst;

	asm volatile("rep movsq" : "+D"(d), "+S"(src), "+c"(words) : : "memory");
	asm volatile("rep movsb" : "+D"(d), "+S"(src), "+c"(rest) : : "memory");
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	uint64_t value = (unsigned char)c * 0x0101010101010101ULL;
	size_t words = n / 8, rest = n % 8;
	void *d = dst;

	asm volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(value) : "memory");
	asm volatile("rep stosb" : "+D"(d), "+c"(rest) : "a"(value) : "memory");
	return dst;
}
