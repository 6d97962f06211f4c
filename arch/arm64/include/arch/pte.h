/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries of the page tables, for <stage/pagetable.h>. Levels count from 1 (4 KiB pages, L3 in the
 * manual) to 4 (L0).
 */
#ifndef ARCH_ARM64_PTE_H
#define ARCH_ARM64_PTE_H

#include <arch/pagetable.h>
#include <arch/pagetable_bits.h>

static inline bool pte_present(uint64_t entry)
{
	return entry & PTE_VALID;
}

static inline bool pte_is_leaf(uint64_t entry, unsigned int level)
{
	return level == 1 || (entry & PTE_TYPE) == PTE_BLOCK;
}

static inline uint64_t pte_addr(uint64_t entry)
{
	return entry & PTE_ADDR;
}

static inline uint64_t pte_table(uint64_t addr)
{
	return addr | PTE_TABLE;
}

/* The bits of a leaf without its address and its type. */
static inline uint64_t pte_rights(const struct pagetable *pt, enum pt_flags flags)
{
	uint64_t bits = PTE_AF | PTE_ATTR((uint64_t)MAIR_NORMAL) | PTE_INNER;

	if (flags & PT_DEVICE)
		bits = PTE_AF | PTE_ATTR((uint64_t)MAIR_DEVICE);
	if (!(flags & PT_WRITE))
		bits |= PTE_RDONLY;
	if (pt->one_level)
		return bits | PTE_AP1 | (flags & PT_EXEC ? 0 : PTE_UXN);
	return bits | PTE_UXN | (flags & PT_EXEC ? 0 : PTE_PXN);
}

static inline uint64_t pte_leaf(uint64_t addr, uint64_t rights, unsigned int level)
{
	return addr | rights | (level == 1 ? PTE_PAGE : PTE_BLOCK);
}

/* @entry is split into leaves one level below: returns the first of them. */
static inline uint64_t pte_split(uint64_t entry, unsigned int level)
{
	return level == 2 ? entry | PTE_PAGE : entry;
}

static inline bool pte_level_has_leaves(const struct pagetable *pt, unsigned int level)
{
	(void)pt; /* with this granule every CPU has blocks of 1 GiB */
	return level <= 3;
}

static inline enum pt_flags pte_flags(const struct pagetable *pt, uint64_t entry)
{
	uint64_t never = pt->one_level ? PTE_UXN : PTE_PXN;
	unsigned int device = (entry & PTE_ATTR_MASK) == PTE_ATTR((uint64_t)MAIR_DEVICE);

	return (enum pt_flags)((entry & PTE_RDONLY ? 0 : PT_WRITE) | (entry & never ? 0 : PT_EXEC) |
			       (device ? PT_DEVICE : 0));
}

/* First address that cannot be mapped. */
static inline uint64_t pte_limit(const struct pagetable *pt)
{
	(void)pt; /* there are always four levels */
	return 1ULL << 48;
}

#endif
