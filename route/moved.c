// SPDX-License-Identifier: BSD-2-Clause
/* Reads evacuated pages from where they are, by the addresses where they belong. */
#include <route/moved.h>

/* The first move whose home ends after @pa; count when no home does. */
static size_t first_after(const struct kb_moves *moves, uint64_t pa)
{
	size_t lo = 0, hi = moves->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (moves->m[mid].home + moves->m[mid].size > pa)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

const void *mem_map_moved(void *ctx, uint64_t pa, uint64_t len)
{
	const struct kb_moves *moves = ctx;
	size_t i = first_after(moves, pa);

	if (mem_moved_piece(moves, pa, len) < len)
		return NULL;
	if (i < moves->count && moves->m[i].home <= pa)
		pa += moves->m[i].copy - moves->m[i].home;
	return (const void *)(uintptr_t)pa;
}

uint64_t mem_moved_piece(const struct kb_moves *moves, uint64_t pa, uint64_t len)
{
	size_t i = first_after(moves, pa);

	if (i == moves->count)
		return len;
	if (moves->m[i].home > pa)
		return min_u64(len, moves->m[i].home - pa);
	return min_u64(len, moves->m[i].home + moves->m[i].size - pa);
}
