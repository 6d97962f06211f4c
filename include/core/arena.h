/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for gather and plan: a bump allocator over one piece of memory. Nothing is ever freed.
 * Before the commit the arena is locked: from then on, every allocation fails.
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

/* @size zeroed bytes aligned to @align (a power of two). NULL: no room, or locked. */
void *arena_alloc(struct arena *a, uint64_t size, uint64_t align);

/* The same, but not zeroed: the caller clears what it needs. */
void *arena_take(struct arena *a, uint64_t size, uint64_t align);

void arena_lock(struct arena *a);

#endif
