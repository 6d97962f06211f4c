/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A read-only view of the outgoing kernel's memory, and the diagnosis of the first refusal.
 *
 * Every address found in memory of the outgoing kernel is untrusted. mem_get() is the one place
 * where such an address becomes a pointer: it proves first that all bytes are RAM.
 */
#ifndef CORE_MEM_H
#define CORE_MEM_H

#include <core/diag.h>
#include <core/range.h>

struct mem {
	/* RAM according to the memory map received; sorted and merged. */
	struct range_list ram;
	/*
	 * @map returns a pointer to @len bytes at @pa, which were proven to lie in one RAM range;
	 * NULL when it cannot (a dump with holes). In firmware memory is mapped 1:1 and @map is
	 * mem_map_identity(). The bytes stay readable as long as the view lives.
	 */
	const void *(*map)(void *ctx, uint64_t pa, uint64_t len);
	void *ctx;
	struct kb_diag diag;
};

/* The 1:1 mapping of firmware and of the bare-metal door. */
const void *mem_map_identity(void *ctx, uint64_t pa, uint64_t len);

/*
 * mem_get - pointer to @len bytes of RAM at @pa
 *
 * Returns NULL when the range is empty, wraps, leaves RAM, or cannot be mapped. Does not touch the
 * diagnosis: the caller knows what the pointer was for.
 */
const void *mem_get(const struct mem *m, phys_t pa, uint64_t len);

/* Record a refusal in @m's diagnosis (the first one wins) and return @status. */
enum kb_status kb_fail(struct mem *m, enum kb_status status, uint64_t at, uint64_t value);

#endif
