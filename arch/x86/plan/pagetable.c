// SPDX-License-Identifier: BSD-2-Clause
/* Identity page tables; see the header. Levels count from 1 (4 KiB entries) upwards. */
#include <arch/pagetable.h>

#include <string.h>

#define ENTRIES     512
#define PTE_PRESENT (1ULL << 0)
#define PTE_WRITE   (1ULL << 1)
#define PTE_PWT     (1ULL << 3)
#define PTE_PCD     (1ULL << 4)
#define PTE_LARGE   (1ULL << 7)
#define PTE_NX      (1ULL << 63)
#define PTE_ADDR    0x000ffffffffff000ULL

static unsigned int level_shift(unsigned int level)
{
	return 12 + 9 * (level - 1);
}

static uint64_t leaf_bits(enum pt_flags flags)
{
	uint64_t bits = PTE_PRESENT;

	if (flags & PT_WRITE)
		bits |= PTE_WRITE;
	if (!(flags & PT_EXEC))
		bits |= PTE_NX;
	if (flags & PT_DEVICE)
		bits |= PTE_PCD | PTE_PWT;
	return bits;
}

/* The pool is the only memory that entries point to, so this cannot leave it. */
static uint64_t *table_of(const struct pagetable *pt, uint64_t entry)
{
	return pt->pool + ((entry & PTE_ADDR) - pt->pool_addr) / sizeof(uint64_t);
}

static uint64_t *new_table(struct pagetable *pt, uint64_t *entry)
{
	uint64_t *table;

	if (pt->used >= pt->pages)
		return NULL;
	table = pt->pool + pt->used * ENTRIES;
	memset(table, 0, SZ_4K);
	/* Rights are decided by the leaf: upper levels allow everything. */
	*entry = (pt->pool_addr + pt->used * SZ_4K) | PTE_PRESENT | PTE_WRITE;
	pt->used++;
	return table;
}

enum kb_status pt_init(struct pagetable *pt)
{
	if (!pt->pages)
		return KB_PT_POOL;
	memset(pt->pool, 0, SZ_4K);
	pt->used = 1;
	return KB_OK;
}

static bool is_leaf(uint64_t entry, unsigned int level)
{
	return level == 1 || (entry & PTE_LARGE);
}

/* Replace a large page by a table of smaller ones with the same rights. */
static uint64_t *split(struct pagetable *pt, uint64_t *entry, unsigned int level)
{
	uint64_t old = *entry, step = 1ULL << level_shift(level - 1);
	uint64_t *table = new_table(pt, entry);

	if (!table)
		return NULL;
	if (level == 2)
		old &= ~PTE_LARGE;
	for (uint64_t i = 0; i < ENTRIES; i++)
		table[i] = old + i * step;
	return table;
}

static uint64_t *next_table(struct pagetable *pt, uint64_t *entry, unsigned int level)
{
	if (!(*entry & PTE_PRESENT))
		return new_table(pt, entry);
	if (is_leaf(*entry, level))
		return split(pt, entry, level);
	return table_of(pt, *entry);
}

static bool level_has_pages(const struct pagetable *pt, unsigned int level)
{
	return level <= 2 || (level == 3 && pt->gbpages);
}

/* Map one page, as large as @r allows, at the start of @r; returns its size or 0 (pool used up). */
static uint64_t map_one(struct pagetable *pt, struct range r, uint64_t bits)
{
	uint64_t *table = pt->pool;

	for (unsigned int level = pt->levels; level; level--) {
		unsigned int shift = level_shift(level);
		uint64_t *entry = &table[(r.base >> shift) % ENTRIES];
		uint64_t size = 1ULL << shift;

		if (level_has_pages(pt, level) && is_aligned(r.base, size) && r.size >= size &&
		    (is_leaf(*entry, level) || !(*entry & PTE_PRESENT))) {
			*entry = r.base | bits | (level > 1 ? PTE_LARGE : 0);
			return size;
		}
		table = next_table(pt, entry, level);
		if (!table)
			return 0;
	}
	return 0;
}

enum kb_status pt_map(struct pagetable *pt, struct range r, enum pt_flags flags)
{
	if (!is_aligned(r.base | r.size, SZ_4K))
		return KB_PT_ALIGN;
	if (range_wraps(r) || range_end(r) > 1ULL << (level_shift(pt->levels + 1) - 1))
		return KB_PT_LIMIT;
	while (r.size) {
		uint64_t done = map_one(pt, r, leaf_bits(flags));

		if (!done)
			return KB_PT_POOL;
		r.base += done;
		r.size -= done;
	}
	return KB_OK;
}

static enum pt_flags flags_of(uint64_t entry)
{
	return (enum pt_flags)((entry & PTE_WRITE ? PT_WRITE : 0) | (entry & PTE_NX ? 0 : PT_EXEC) |
			       (entry & PTE_PCD ? PT_DEVICE : 0));
}

bool pt_lookup(const struct pagetable *pt, uint64_t addr, enum pt_flags *flags)
{
	const uint64_t *table = pt->pool;

	for (unsigned int level = pt->levels; level; level--) {
		uint64_t entry = table[(addr >> level_shift(level)) % ENTRIES];

		if (!(entry & PTE_PRESENT))
			return false;
		if (is_leaf(entry, level)) {
			*flags = flags_of(entry);
			return true;
		}
		table = table_of(pt, entry);
	}
	return false;
}
