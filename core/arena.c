// SPDX-License-Identifier: BSD-2-Clause
/* A bump allocator; see the header. */
#include <core/arena.h>

#include <string.h>

void *arena_take(struct arena *a, uint64_t size, uint64_t align)
{
	uint64_t start = (uintptr_t)a->base, at, end;

	if (a->locked || add_overflow(start, a->used, &at) || align_up_overflow(at, align, &at) ||
	    add_overflow(at, size, &end) || end - start > a->size)
		return NULL;
	a->used = end - start;
	return (void *)(uintptr_t)at;
}

void *arena_alloc(struct arena *a, uint64_t size, uint64_t align)
{
	void *p = arena_take(a, size, align);

	return p ? memset(p, 0, size) : NULL;
}

void arena_lock(struct arena *a)
{
	a->locked = true;
}
