// SPDX-License-Identifier: BSD-2-Clause
/* Cache maintenance by address, to the point of coherency. */
#include <arch/cache.h>

static uint64_t cache_line(void)
{
	uint64_t ctr;

	asm volatile("mrs %0, ctr_el0" : "=r"(ctr));
	return 4ULL << (ctr >> 16 & 0xf);
}

void cache_write_back(const void *p, uint64_t len)
{
	uint64_t line = cache_line(), end = (uintptr_t)p + len;

	for (uint64_t at = align_down((uintptr_t)p, line); at < end; at += line)
		asm volatile("dc civac, %0" : : "r"(at) : "memory");
}

void cache_wait(void)
{
	asm volatile("dsb sy" : : : "memory");
}

void cache_flush_range(const void *p, uint64_t len)
{
	cache_wait();
	cache_write_back(p, len);
	cache_wait();
}

/* Only by address can caches be flushed (ARCH_FLUSHES_ALL is false): just wait for what was. */
void cache_flush_all(void)
{
	cache_wait();
}
