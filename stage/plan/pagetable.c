// SPDX-License-Identifier: BSD-2-Clause
/* Identity page tables; see the header. Levels count from 1 (4 KiB entries) upwards. */
#include <arch/pte.h>
#include <stage/pagetable.h>

#include <string.h>

#define ENTRIES 512

static unsigned int level_shift(unsigned int level)
{
	return 12 + 9 * (level - 1);
}

/* Entries that are not leaves point only into the pool, so the result is in it. */
static uint64_t *table_of(const struct pagetable *pt, uint64_t entry)
{
	return pt->pool + (pte_addr(entry) - pt->pool_addr) / sizeof(uint64_t);
}

/* A table without entries; NULL when the pool is used up. */
static uint64_t *take_table(struct pagetable *pt)
{
	uint64_t *table = pt->pool + pt->used * ENTRIES;

	if (pt->used >= pt->pages)
		return NULL;
	pt->used++;
	memset(table, 0, SZ_4K);
	return table;
}

/* Only here can the CPU begin to use @table: it is filled by now. */
static uint64_t *publish(const struct pagetable *pt, uint64_t *entry, uint64_t *table)
{
	uint64_t addr = pt->pool_addr + (uint64_t)(table - pt->pool) * sizeof(*table);

	__atomic_store_n(entry, pte_table(addr), __ATOMIC_RELEASE);
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

/* Replace a large page by a table of smaller ones with the same rights. */
static uint64_t *split(struct pagetable *pt, uint64_t *entry, unsigned int level)
{
	uint64_t first = pte_split(*entry, level), step = 1ULL << level_shift(level - 1);
	uint64_t *table = take_table(pt);

	for (uint64_t i = 0; table && i < ENTRIES; i++)
		table[i] = first + i * step;
	return table ? publish(pt, entry, table) : NULL;
}

static uint64_t *next_table(struct pagetable *pt, uint64_t *entry, unsigned int level)
{
	uint64_t *table;

	if (!pte_present(*entry)) {
		table = take_table(pt);
		return table ? publish(pt, entry, table) : NULL;
	}
	if (pte_is_leaf(*entry, level))
		return split(pt, entry, level);
	return table_of(pt, *entry);
}

/* Map one page, as large as @r allows, at the start of @r; returns its size or 0 (pool used up). */
static uint64_t map_one(struct pagetable *pt, struct range r, uint64_t rights)
{
	uint64_t *table = pt->pool;

	for (unsigned int level = pt->levels; level; level--) {
		unsigned int shift = level_shift(level);
		uint64_t *entry = &table[(r.base >> shift) % ENTRIES];
		uint64_t size = 1ULL << shift;

		if (pte_level_has_leaves(pt, level) && is_aligned(r.base, size) && r.size >= size &&
		    (pte_is_leaf(*entry, level) || !pte_present(*entry))) {
			*entry = pte_leaf(r.base, rights, level);
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
	if (range_wraps(r) || range_end(r) > pte_limit(pt))
		return KB_PT_LIMIT;
	while (r.size) {
		uint64_t done = map_one(pt, r, pte_rights(pt, flags));

		if (!done)
			return KB_PT_POOL;
		r.base += done;
		r.size -= done;
	}
	return KB_OK;
}

/* The tables of one level below the top: of those counted so far, the last one. */
struct tables {
	unsigned int shift; /* one table maps so many bits of address */
	bool leaves;        /* what a table maps may also be one leaf of the level above */
	uint64_t next;      /* tables from this one on are not counted yet */
	uint64_t count;
};

static void count_tables(struct tables *t, uint64_t first, uint64_t last)
{
	first = max_u64(first, t->next);
	if (first > last)
		return;
	t->count += last - first + 1;
	t->next = last + 1;
}

/* Only where a piece begins or ends within a leaf of the level above does it need a table. */
static void count_piece(struct tables *t, struct range r)
{
	uint64_t first = r.base >> t->shift, last = (range_end(r) - 1) >> t->shift;
	uint64_t size = 1ULL << t->shift;

	if (!t->leaves) {
		count_tables(t, first, last);
		return;
	}
	if (!is_aligned(r.base, size))
		count_tables(t, first, first);
	if (!is_aligned(range_end(r), size))
		count_tables(t, last, last);
}

uint64_t pt_pages(const struct pagetable *pt, const struct range_list *l)
{
	uint64_t pages = 1;

	for (unsigned int level = 2; level <= pt->levels; level++) {
		struct tables t = {level_shift(level), pte_level_has_leaves(pt, level), 0, 0};

		for (size_t i = 0; i < l->count; i++)
			if (l->r[i].size)
				count_piece(&t, l->r[i]);
		pages += t.count;
	}
	return pages;
}

enum kb_status pt_clip(const struct pagetable *pt, struct range_list *l)
{
	uint64_t limit = pte_limit(pt);

	return range_list_subtract(l, (struct range){limit, UINT64_MAX - limit});
}

bool pt_lookup(const struct pagetable *pt, uint64_t addr, enum pt_flags *flags)
{
	const uint64_t *table = pt->pool;

	for (unsigned int level = pt->levels; level; level--) {
		uint64_t entry = table[(addr >> level_shift(level)) % ENTRIES];

		if (!pte_present(entry))
			return false;
		if (pte_is_leaf(entry, level)) {
			*flags = pte_flags(pt, entry);
			return true;
		}
		table = table_of(pt, entry);
	}
	return false;
}
