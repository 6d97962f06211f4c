// SPDX-License-Identifier: BSD-2-Clause
/* The one conversion from a physical address of the outgoing kernel to a pointer. */
#include <core/mem.h>

const void *mem_map_identity(void *ctx, uint64_t pa, uint64_t len)
{
	(void)ctx;
	(void)len;
	return (const void *)(uintptr_t)pa;
}

const void *mem_get(const struct mem *m, phys_t pa, uint64_t len)
{
	struct range r = {pa.addr, len};

	if (!len || !range_list_contains(&m->ram, r))
		return NULL;
	return m->map(m->ctx, pa.addr, len);
}

enum kb_status kb_fail(struct mem *m, enum kb_status status, uint64_t at, uint64_t value)
{
	return kb_note(&m->diag, status, at, value);
}
