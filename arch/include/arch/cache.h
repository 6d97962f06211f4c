/* SPDX-License-Identifier: BSD-2-Clause */
/* Caches: what has to be in memory before a reset, or before the MMU is off. */
#ifndef ARCH_CACHE_H
#define ARCH_CACHE_H

#include <khoboot/compiler.h>

/* Write back what the caches of all CPUs hold of @len bytes at @p. */
void cache_flush_range(const void *p, uint64_t len);

/* Write back all of this CPU's caches, where that can be done at all (ARCH_FLUSHES_ALL). */
void cache_flush_all(void);

#endif
