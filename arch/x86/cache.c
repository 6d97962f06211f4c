// SPDX-License-Identifier: BSD-2-Clause
/* Caches, by CLWB, CLFLUSHOPT, CLFLUSH and WBINVD (Intel SDM 2A). */
#include <arch/cache.h>
#include <arch/cpu_x86.h>

#define CLFLUSH_LINE 64

enum way { UNKNOWN, NONE, FLUSH, FLUSH_MANY, WRITE_BACK };

static enum way find_way(void)
{
	uint32_t leaf7 = cpuid(0).a >= 7 ? cpuid(7).b : 0;

	if (leaf7 & (1u << 24))
		return WRITE_BACK;
	if (leaf7 & (1u << 23))
		return FLUSH_MANY;
	return cpuid(1).d & (1u << 19) ? FLUSH : NONE;
}

/* Asked once: in a guest CPUID takes longer than some pages to write back. */
static enum way way(void)
{
	static enum way found;

	if (!found)
		found = find_way();
	return found;
}

/*
 * All are coherent: they reach the caches of all CPUs. CLFLUSH waits for the one before it, the
 * others do not; CLWB does not even take the line from the cache, and costs least if nobody changed
 * it.
 */
void cache_write_back(const void *p, uint64_t len)
{
	const char *at = (const char *)align_down((uintptr_t)p, CLFLUSH_LINE);
	const char *end = (const char *)p + len;

	switch (way()) {
	case WRITE_BACK:
		for (; at < end; at += CLFLUSH_LINE)
			asm volatile("clwb %0" : : "m"(*at) : "memory");
		break;
	case FLUSH_MANY:
		for (; at < end; at += CLFLUSH_LINE)
			asm volatile("clflushopt %0" : : "m"(*at) : "memory");
		break;
	case FLUSH:
		for (; at < end; at += CLFLUSH_LINE)
			asm volatile("clflush %0" : : "m"(*at) : "memory");
		break;
	default:
		break;
	}
}

void cache_wait(void)
{
	asm volatile("mfence" : : : "memory");
}

void cache_flush_range(const void *p, uint64_t len)
{
	cache_write_back(p, len);
	cache_wait();
}

void cache_flush_all(void)
{
	asm volatile("wbinvd" : : : "memory");
}
