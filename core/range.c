// SPDX-License-Identifier: BSD-2-Clause
/* Range algebra on caller-owned arrays; see the header for the contracts. */
#include <core/range.h>

struct range range_pages(struct range r)
{
	uint64_t base = align_down(r.base, SZ_4K);

	return (struct range){base, align_up_page(range_end(r) - base)};
}

struct range range_inner_pages(struct range r)
{
	uint64_t base = align_up_page(r.base), end = align_down(range_end(r), SZ_4K);

	return base < end ? (struct range){base, end - base} : (struct range){0, 0};
}

struct range range_intersect(struct range a, struct range b)
{
	uint64_t base = max_u64(a.base, b.base);
	uint64_t end = min_u64(range_end(a), range_end(b));

	if (base >= end)
		return (struct range){0, 0};
	return (struct range){base, end - base};
}

enum kb_status range_list_add(struct range_list *l, struct range r)
{
	if (!r.size)
		return KB_OK;
	if (range_wraps(r))
		return KB_RANGE_WRAP;
	if (l->count >= l->max)
		return KB_RANGE_FULL;
	l->r[l->count++] = r;
	return KB_OK;
}

enum kb_status range_list_copy(const struct range_list *in, struct range_list *out)
{
	enum kb_status st = KB_OK;

	out->count = 0;
	for (size_t i = 0; i < in->count && !st; i++)
		st = range_list_add(out, in->r[i]);
	return st;
}

static void sift_down(struct range *r, size_t root, size_t count)
{
	for (size_t child; (child = 2 * root + 1) < count; root = child) {
		struct range tmp = r[root];

		if (child + 1 < count && r[child + 1].base > r[child].base)
			child++;
		if (tmp.base >= r[child].base)
			return;
		r[root] = r[child];
		r[child] = tmp;
	}
}

/* Heap sort: in place, no recursion, and no input that makes it slow. */
static void sort_by_base(struct range *r, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		sift_down(r, i, count);
	for (size_t end = count; end-- > 1;) {
		struct range tmp = r[0];

		r[0] = r[end];
		r[end] = tmp;
		sift_down(r, 0, end);
	}
}

void range_list_sort(struct range_list *l)
{
	size_t out = 0;

	sort_by_base(l->r, l->count);
	for (size_t i = 1; i < l->count; i++) {
		struct range *last = &l->r[out];

		if (l->r[i].base > range_end(*last))
			l->r[++out] = l->r[i];
		else
			last->size = max_u64(range_end(*last), range_end(l->r[i])) - last->base;
	}
	if (l->count)
		l->count = out + 1;
}

/* Index of the first entry that ends after @addr. */
static size_t first_after(const struct range_list *l, uint64_t addr)
{
	size_t lo = 0, hi = l->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (range_end(l->r[mid]) > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

bool range_list_contains(const struct range_list *l, struct range r)
{
	size_t i;

	if (range_wraps(r))
		return false;
	i = first_after(l, r.base);
	return i < l->count && range_contains(l->r[i], r);
}

const struct range *range_list_overlap(const struct range_list *l, struct range r)
{
	size_t i = first_after(l, r.base);

	if (i < l->count && ranges_overlap(l->r[i], r))
		return &l->r[i];
	return NULL;
}

bool range_list_contains_near(const struct range_list *l, struct range *hint, struct range r)
{
	size_t i;

	if (range_wraps(r))
		return false;
	if (r.size && range_contains(*hint, r))
		return true;
	i = first_after(l, r.base);
	if (i == l->count || !range_contains(l->r[i], r))
		return false;
	*hint = l->r[i];
	return true;
}

bool range_list_overlaps_near(const struct range_list *l, struct range *hint, struct range r)
{
	const struct range *found;

	if (ranges_overlap(*hint, r))
		return true;
	found = range_list_overlap(l, r);
	if (found)
		*hint = *found;
	return found;
}

enum kb_status range_list_intersect(const struct range_list *a, const struct range_list *b,
				    struct range_list *out)
{
	size_t i = 0, j = 0;

	out->count = 0;
	while (i < a->count && j < b->count) {
		enum kb_status st = range_list_add(out, range_intersect(a->r[i], b->r[j]));

		if (st)
			return st;
		if (range_end(a->r[i]) < range_end(b->r[j]))
			i++;
		else
			j++;
	}
	return KB_OK;
}

static void remove_entries(struct range_list *l, size_t at, size_t n)
{
	for (size_t i = at; i + n < l->count; i++)
		l->r[i] = l->r[i + n];
	l->count -= n;
}

/* Cut the middle out of entry @at, which contains @cut with something left on both sides. */
static enum kb_status split_entry(struct range_list *l, size_t at, struct range cut)
{
	uint64_t end = range_end(l->r[at]);

	if (l->count >= l->max)
		return KB_RANGE_FULL;
	for (size_t i = l->count++; i > at + 1; i--)
		l->r[i] = l->r[i - 1];
	l->r[at].size = cut.base - l->r[at].base;
	l->r[at + 1] = (struct range){range_end(cut), end - range_end(cut)};
	return KB_OK;
}

enum kb_status range_list_subtract(struct range_list *l, struct range cut)
{
	size_t i, gone = 0;

	if (!cut.size)
		return KB_OK;
	if (range_wraps(cut))
		return KB_RANGE_WRAP;
	i = first_after(l, cut.base);
	if (i < l->count && l->r[i].base < cut.base) {
		if (range_end(l->r[i]) > range_end(cut))
			return split_entry(l, i, cut);
		l->r[i].size = cut.base - l->r[i].base;
		i++;
	}
	while (i + gone < l->count && range_end(l->r[i + gone]) <= range_end(cut))
		gone++;
	remove_entries(l, i, gone);
	if (i < l->count && l->r[i].base < range_end(cut)) {
		l->r[i].size = range_end(l->r[i]) - range_end(cut);
		l->r[i].base = range_end(cut);
	}
	return KB_OK;
}

enum kb_status range_list_subtract_all(struct range_list *l, const struct range_list *cut)
{
	enum kb_status st = KB_OK;

	for (size_t i = 0; i < cut->count && !st; i++)
		st = range_list_subtract(l, cut->r[i]);
	return st;
}

/* Try to place @size bytes in @in. On success: true, and *base is the place. */
static bool fit(struct range in, uint64_t size, uint64_t align, bool top_down, uint64_t *base)
{
	uint64_t at;

	if (in.size < size)
		return false;
	if (top_down)
		at = align_down(range_end(in) - size, align);
	else if (align_up_overflow(in.base, align, &at))
		return false;
	if (at < in.base || at > range_end(in) - size)
		return false;
	*base = at;
	return true;
}

enum kb_status range_list_find(const struct range_list *l, struct range limit, uint64_t size,
			       uint64_t align, bool top_down, struct range *ret)
{
	uint64_t base;

	for (size_t n = 0; n < l->count; n++) {
		size_t i = top_down ? l->count - 1 - n : n;

		if (size && fit(range_intersect(l->r[i], limit), size, align, top_down, &base)) {
			*ret = (struct range){base, size};
			return KB_OK;
		}
	}
	return KB_RANGE_NO_ROOM;
}

uint64_t range_list_bytes(const struct range_list *l)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < l->count; i++)
		sum += l->r[i].size;
	return sum;
}
