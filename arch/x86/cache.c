// SPDX-License-Identifier: BSD-2-Clause
/* Caches, by CLFLUSHOPT, CLFLUSH and WBINVD. */
#include <arch/cache.h>
#include <arch/cpu_x86.h>

#define CLFLUSH_LINE 64

static bool has_clflush(void)
{
	return cpuid(1).d & (1u << 19);
}

static bool has_clflushopt(void)
{
	return cpuid(0).a >= 7 && cpuid(7).b & (1u << 23);
}

static void flush_lines(const char *at, const char *end)
{
	for (; at < end; at += CLFLUSH_LINE)
		asm volatile("clflush %0" : : "m"(*at) : "memory");
}

/* The same lines, without an order among them: many at a time. */
static void flush_lines_fast(const char *at, const char *end)
{
	for (; at < end; at += CLFLUSH_LINE)
		asm volatile("clflushopt %0" : : "m"(*at) : "memory");
}

/* Both are coherent: they reach the caches of all CPUs. */
void cache_flush_range(const void *p, uint64_t len)
{
	const char *at = (const char *)align_down((uintptr_t)p, CLFLUSH_LINE);
	const char *end = (const char *)p + len;

	if (has_clflushopt())
		flush_lines_fast(at, end);
	else if (has_clflush())
		flush_lines(at, end);
	asm volatile("mfence" : : : "memory");
}

void cache_flush_all(void)
{
	asm volatile("wbinvd" : : : "memory");
}
