/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an architecture and <stage/pagetable.h> agree on: page tables in a pool, and how memory is
 * mapped. What an entry looks like is in the architecture's <arch/pte.h>.
 */
#ifndef ARCH_PAGETABLE_H
#define ARCH_PAGETABLE_H

#include <core/range.h>

/* How a piece of memory is mapped; PT_READ alone is read-only and not executable. */
enum pt_flags {
	PT_READ = 0,
	PT_WRITE = 1,
	PT_EXEC = 2,
	PT_DEVICE = 4, /* x86: uncached; arm64: Device-nGnRE */
};

struct pagetable {
	uint64_t *pool;     /* zeroed or not; page aligned */
	uint64_t pool_addr; /* physical address of the pool */
	size_t pages;       /* size of the pool */
	size_t used;
	unsigned int levels; /* 4; x86 also 5 */
	bool gbpages;        /* x86: CPUID 0x80000001 EDX bit 26; arm64 always has them */
	bool one_level;      /* arm64: for EL2 without E2H, see <arch/pagetable_bits.h> */
};

#endif
