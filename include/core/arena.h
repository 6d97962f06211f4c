/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for gather and plan: a bump allocator over one piece of memory. Nothing is ever freed, and
 * nothing can be had once it is locked, which is how commit is kept from allocating.
 */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include <khoboot/compiler.h>

struct arena {
	uint8_t *base;
	uint64_t size;
	uint64_t used;
	bool locked;
};

/* @size zeroed bytes aligned to @align (a power of two), or NULL: no room, or locked. */
void *arena_alloc(struct arena *a, uint64_t size, uint64_t align);

/* The same for memory whose user clears what it needs: not zeroed. */
void *arena_take(struct arena *a, uint64_t size, uint64_t align);

void arena_lock(struct arena *a);

#endif
