/* SPDX-License-Identifier: BSD-2-Clause */
/* Caches: writing back what has to be in memory before a reset, or before the MMU is off. */
#ifndef ARCH_CACHE_H
#define ARCH_CACHE_H

#include <khoboot/compiler.h>

/* Write back what the caches of all CPUs hold of the @len bytes at @p, and wait for it. */
void cache_flush_range(const void *p, uint64_t len);

/*
 * The same for one piece of many. Nothing is sure to be in memory before this CPU has called
 * cache_wait(). What this CPU or another one wrote there must be visible to this CPU.
 */
void cache_write_back(const void *p, uint64_t len);
void cache_wait(void);

/*
 * Write back all of this CPU's caches where that is possible; else only wait. It does not reach
 * caches of other CPUs, on x86 of other cores or sockets: what must survive a reset is flushed by
 * address.
 */
void cache_flush_all(void);

#endif
