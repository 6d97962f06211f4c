// SPDX-License-Identifier: BSD-2-Clause
/* Caches, by CLFLUSH and WBINVD. */
#include <arch/cache.h>
#include <arch/cpu_x86.h>

#define CLFLUSH_LINE 64

static bool has_clflush(void)
{
	return cpuid(1).d & (1u << 19);
}

/* CLFLUSH is coherent: it reaches the caches of all CPUs. */
void cache_flush_range(const void *p, uint64_t len)
{
	const char *at = (const char *)align_down((uintptr_t)p, CLFLUSH_LINE);
	const char *end = (const char *)p + len;

	if (!has_clflush())
		return;
	for (; at < end; at += CLFLUSH_LINE)
		asm volatile("clflush %0" : : "m"(*at) : "memory");
	asm volatile("mfence" : : : "memory");
}

void cache_flush_all(void)
{
	asm volatile("wbinvd" : : : "memory");
}
