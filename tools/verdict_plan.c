// SPDX-License-Identifier: BSD-2-Clause
/* What khoboot will translate for the next kernel, and how many pages that takes at most. */
#include "verdict.h"

#include <core/bits.h>

/* Orders that folios have with 64K pages; other blocks are those of reserve_mem=. */
#define FOLIO_ORDERS 14

const char *verdict_map_name(enum kho_map_format format)
{
	static const char *const names[] = {
		[KHO_MAP_V1_SMALL] = "small bitmaps",
		[KHO_MAP_V1_PAGE] = "page bitmaps",
		[KHO_MAP_RADIX] = "radix tree",
	};

	return names[format];
}

/* How many aligned windows of 2^@shift bytes hold any RAM? */
static uint64_t windows(const struct range_list *ram, unsigned int shift)
{
	uint64_t n = 0, next = 0; /* first window not counted yet */

	for (size_t i = 0; i < ram->count; i++) {
		const uint64_t first = shift < 64 ? ram->r[i].base >> shift : 0;
		const uint64_t last = shift < 64 ? (range_end(ram->r[i]) - 1) >> shift : 0;

		if (!ram->r[i].size || last + 1 <= next)
			continue;
		n += last + 1 - max_u64(first, next);
		next = last + 1;
	}
	return n;
}

/* Bitmaps of page size that the blocks of @order may take. */
static uint64_t bitmaps(const struct range_list *ram, unsigned int page_shift, unsigned int order)
{
	return windows(ram, 2 * page_shift + 3 + order);
}

/* Tables above the leaves of @order; the tree has 5 levels at most, and each may be its own. */
static uint64_t tables(const struct range_list *ram, unsigned int page_shift, unsigned int order)
{
	uint64_t n = 0;

	for (unsigned int level = 1; level <= 5; level++)
		n += windows(ram, 2 * page_shift + 3 + order + level * (page_shift - 3));
	return n;
}

/* Chunks of a kho-v1 list for @elements: an order begins a new one. */
static uint64_t chunks(uint64_t elements, unsigned int page_shift)
{
	const uint64_t each = ((1ULL << page_shift) - 16) / 16;

	return (elements + each - 1) / each;
}

static uint64_t map_pages(const struct range_list *ram, const struct kho_offer *from,
			  const struct kho_dialect *to, unsigned int order)
{
	const unsigned int shift = to->page_shift;
	const bool from_small = !from->map_known || from->format == KHO_MAP_V1_SMALL;
	uint64_t n = 0;

	if (to->format == KHO_MAP_V1_SMALL)
		return chunks(windows(ram, shift + 12 + order), shift);
	if (from_small)
		n += bitmaps(ram, shift, order);
	return n + (to->format == KHO_MAP_RADIX ? tables(ram, shift, order)
						: chunks(bitmaps(ram, shift, order), shift));
}

/* The root FDT and the metadata are new entries, the old root is none any more. */
#define EDITS 3

static uint64_t all_pages(const struct facts *f, const struct kho_offer *from,
			  const struct kho_dialect *to, unsigned int changes)
{
	const unsigned int shift = to->page_shift;
	const uint64_t largest = f->reserve_maybe >> shift;
	unsigned int orders = largest ? highest_bit(largest) + 1 : 1;
	uint64_t n = 1 + !!(changes & KHO_CHANGE_METADATA) + EDITS;

	if (orders < FOLIO_ORDERS)
		orders = FOLIO_ORDERS;
	for (unsigned int order = 0; order < orders && order < KHO_ORDERS; order++)
		n += map_pages(&f->ram, from, to, order);
	/* Those of the largest order that the next kernel takes get the pieces of all others. */
	if (changes & KHO_CHANGE_BLOCKS)
		n += bitmaps(&f->ram, shift, kho_dialect_orders(to) - 1);
	return n;
}

void verdict_plan(const struct facts *f, const struct kho_offer *from, const struct kho_dialect *to,
		  struct bridge_plan *ret)
{
	const unsigned int changes = kho_target_changes(from, to);

	*ret = (struct bridge_plan){
		.known = true,
		.changes = changes,
		.from = kho_abi_name(from->root->abi),
		.to = kho_abi_name(to->abi),
		.from_map = from->map_known ? verdict_map_name(from->format) : NULL,
		.to_map = verdict_map_name(to->format),
		.pages = changes ? all_pages(f, from, to, changes) : 0,
		.luo = from->luo_size,
	};
}
