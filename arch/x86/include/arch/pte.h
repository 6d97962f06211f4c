/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries of the page tables, for <stage/pagetable.h> (Intel SDM volume 3A, tables 4-15 to 4-20).
 * Levels count from 1 (4 KiB pages) upwards.
 */
#ifndef ARCH_X86_PTE_H
#define ARCH_X86_PTE_H

#include <arch/pagetable.h>

#define PTE_PRESENT (1ULL << 0)
#define PTE_WRITE   (1ULL << 1)
#define PTE_PWT     (1ULL << 3)
#define PTE_PCD     (1ULL << 4)
#define PTE_LARGE   (1ULL << 7)
#define PTE_NX      (1ULL << 63)
#define PTE_ADDR    0x000ffffffffff000ULL

static inline bool pte_present(uint64_t entry)
{
	return entry & PTE_PRESENT;
}

static inline bool pte_is_leaf(uint64_t entry, unsigned int level)
{
	return level == 1 || (entry & PTE_LARGE);
}

static inline uint64_t pte_addr(uint64_t entry)
{
	return entry & PTE_ADDR;
}

/* Rights are decided by the leaf: upper levels allow everything. */
static inline uint64_t pte_table(uint64_t addr)
{
	return addr | PTE_PRESENT | PTE_WRITE;
}

/* The bits of a leaf without its address and its size. */
static inline uint64_t pte_rights(const struct pagetable *pt, enum pt_flags flags)
{
	uint64_t bits = PTE_PRESENT;

	(void)pt; /* one format for all tables */
	if (flags & PT_WRITE)
		bits |= PTE_WRITE;
	if (!(flags & PT_EXEC))
		bits |= PTE_NX;
	if (flags & PT_DEVICE)
		bits |= PTE_PCD | PTE_PWT;
	return bits;
}

static inline uint64_t pte_leaf(uint64_t addr, uint64_t rights, unsigned int level)
{
	return addr | rights | (level > 1 ? PTE_LARGE : 0);
}

/* @entry is split into leaves one level below: returns the first of them. */
static inline uint64_t pte_split(uint64_t entry, unsigned int level)
{
	return level == 2 ? entry & ~PTE_LARGE : entry;
}

static inline bool pte_level_has_leaves(const struct pagetable *pt, unsigned int level)
{
	return level <= 2 || (level == 3 && pt->gbpages);
}

static inline enum pt_flags pte_flags(const struct pagetable *pt, uint64_t entry)
{
	(void)pt; /* one format for all tables */
	return (enum pt_flags)((entry & PTE_WRITE ? PT_WRITE : 0) | (entry & PTE_NX ? 0 : PT_EXEC) |
			       (entry & PTE_PCD ? PT_DEVICE : 0));
}

/* First address that cannot be mapped: the canonical lower half ends there. */
static inline uint64_t pte_limit(const struct pagetable *pt)
{
	return pt->levels == 5 ? 1ULL << 56 : 1ULL << 47;
}

#endif
