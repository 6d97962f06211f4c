/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges of physical addresses: base and size in bytes, the end exclusive. A range is a value; a
 * range list is caller-owned storage, sorted by base and free of overlap after range_list_sort().
 */
#ifndef CORE_RANGE_H
#define CORE_RANGE_H

#include <khoboot/compiler.h>
#include <khoboot/status.h>

/* A physical address, not a pointer: only mem_get() in <core/mem.h> makes it one. */
typedef struct phys {
	uint64_t addr;
} phys_t;

static inline phys_t phys(uint64_t addr)
{
	return (phys_t){addr};
}

struct range {
	uint64_t base; /* physical address */
	uint64_t size; /* bytes; 0 is an empty range */
};

/* Array of ranges in storage of the caller. */
struct range_list {
	struct range *r;
	size_t count;
	size_t max;
};

/* True when base + size passes 2^64. A range that ends exactly at 2^64 counts as wrapping. */
static inline bool range_wraps(struct range r)
{
	uint64_t end;

	return add_overflow(r.base, r.size, &end);
}

/* First byte after @r, which does not wrap. */
static inline uint64_t range_end(struct range r)
{
	return r.base + r.size;
}

static inline bool ranges_overlap(struct range a, struct range b)
{
	return a.size && b.size && a.base < range_end(b) && b.base < range_end(a);
}

/* True when every byte of @in lies in @out; always true for an empty @in. */
static inline bool range_contains(struct range out, struct range in)
{
	return !in.size || (in.base >= out.base && range_end(in) <= range_end(out));
}

/* @r, grown to whole pages of 4 KiB. It must end at least one page below 2^64. */
struct range range_pages(struct range r);

/* The whole pages of 4 KiB in @r; size 0 if there is none. The same of its end. */
struct range range_inner_pages(struct range r);

/* The bytes that are in both; size 0 if they share no byte. */
struct range range_intersect(struct range a, struct range b);

/*
 * range_list_add - append @r, skipping an empty one
 *
 * Returns KB_OK, KB_RANGE_WRAP when it wraps, KB_RANGE_FULL when the storage is used up. The list
 * is unchanged on failure.
 */
__must_check enum kb_status range_list_add(struct range_list *l, struct range r);

/*
 * range_list_copy - @out = the entries of @in, in their order
 *
 * @out is cleared first and must not be @in. Returns KB_OK or KB_RANGE_FULL.
 */
__must_check enum kb_status range_list_copy(const struct range_list *in, struct range_list *out);

/* Sort by base and merge what overlaps or touches. Never fails; count can only shrink. */
void range_list_sort(struct range_list *l);

/* True when one entry of the sorted list @l contains all of @r. False if @r wraps. */
bool range_list_contains(const struct range_list *l, struct range r);

/* The first entry of the sorted list that shares a byte with @r, or NULL. */
const struct range *range_list_overlap(const struct range_list *l, struct range r);

/*
 * The same two questions, for callers that ask about many neighbours. @hint is the entry found
 * last; it is tried first and may save the search. It starts as a range of size 0 and serves one
 * list, which must not change.
 */
bool range_list_contains_near(const struct range_list *l, struct range *hint, struct range r);
bool range_list_overlaps_near(const struct range_list *l, struct range *hint, struct range r);

/*
 * range_list_intersect - @out = bytes in both sorted lists
 *
 * @out is cleared first and must not be one of the inputs. Returns KB_OK or KB_RANGE_FULL.
 */
__must_check enum kb_status range_list_intersect(const struct range_list *a,
						 const struct range_list *b,
						 struct range_list *out);

/*
 * range_list_subtract - take @cut out of the sorted list @l
 *
 * May split one entry. Returns KB_OK, KB_RANGE_WRAP if @cut wraps, or KB_RANGE_FULL. The list is
 * unchanged on failure.
 */
__must_check enum kb_status range_list_subtract(struct range_list *l, struct range cut);

/*
 * The same for each range of @cut, which need not be sorted. On failure those before the one that
 * failed are taken out.
 */
__must_check enum kb_status range_list_subtract_all(struct range_list *l,
						    const struct range_list *cut);

/*
 * range_list_find - place @size bytes inside the sorted list of free ranges @l
 * @limit: only addresses inside this range are considered
 * @align: power of two
 * @top_down: take the highest address that fits, else the lowest
 * @ret: the place found
 *
 * Returns KB_OK, or KB_RANGE_NO_ROOM with @ret untouched. The list is not changed.
 */
__must_check enum kb_status range_list_find(const struct range_list *l, struct range limit,
					    uint64_t size, uint64_t align, bool top_down,
					    struct range *ret);

/* Sum of the sizes in bytes. */
uint64_t range_list_bytes(const struct range_list *l);

#endif
