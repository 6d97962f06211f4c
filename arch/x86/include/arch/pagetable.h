/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Identity page tables, 4 or 5 levels (Intel SDM volume 3A, chapter 4.5).
 *
 * Pure: the tables are built in a pool of the caller; loading them is the caller's business. Only
 * what was mapped is mapped: an access to anything else faults.
 */
#ifndef ARCH_X86_PAGETABLE_H
#define ARCH_X86_PAGETABLE_H

#include <khoboot/range.h>

/* How a piece of memory is mapped; PT_READ alone is read-only and not executable. */
enum pt_flags {
	PT_READ = 0,
	PT_WRITE = 1,
	PT_EXEC = 2,
	PT_DEVICE = 4, /* uncached */
};

struct pagetable {
	uint64_t *pool;     /* zeroed or not; page aligned */
	uint64_t pool_addr; /* physical address of the pool */
	size_t pages;       /* size of the pool */
	size_t used;
	unsigned int levels; /* 4 or 5 */
	bool gbpages;        /* CPUID 0x80000001 EDX bit 26 */
};

/*
 * pt_init - an empty table whose top level is the first page of the pool
 *
 * Returns KB_OK or KB_PT_POOL when the pool has no page.
 */
__must_check enum kb_status pt_init(struct pagetable *pt);

/*
 * pt_map - map @r to itself with @flags, replacing what was mapped there
 *
 * @r must be 4 KiB aligned; the largest pages that fit are used, and larger pages that are there
 * already are split. Returns KB_OK, KB_PT_ALIGN, KB_PT_LIMIT (beyond the canonical lower half), or
 * KB_PT_POOL (pool used up; part of @r may be mapped then).
 */
__must_check enum kb_status pt_map(struct pagetable *pt, struct range r, enum pt_flags flags);

/* True when @addr is mapped; *flags then says how. For checks and tests. */
bool pt_lookup(const struct pagetable *pt, uint64_t addr, enum pt_flags *flags);

#endif
