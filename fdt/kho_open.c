// SPDX-License-Identifier: BSD-2-Clause
/* The gather step: calls every reader in turn, and makes the checks that need more than one. */
#include <fdt/kho.h>

static struct range blob_range(const struct kho_blob *b)
{
	return (struct range){b->at.addr, b->size};
}

/* Before the map is read: an FDT that lies in scratch cannot be trusted to name the map. */
static enum kb_status check_scratch(struct mem *m, const struct kho *k)
{
	const struct kho_root *root = &k->root;

	if (range_list_overlap(&k->scratch, root->fdt))
		return kb_fail(m, KB_KHO_FDT_SCRATCH, root->fdt.base, root->fdt.size);
	for (unsigned int i = 0; i < root->blob_count; i++)
		if (range_list_overlap(&k->scratch, blob_range(&root->blob[i])))
			return kb_fail(m, KB_KHO_BLOB_SCRATCH, root->blob[i].at.addr, i);
	return KB_OK;
}

static enum kb_status open_map(struct mem *m, const struct kho_root *root,
			       enum kho_bitmap_hint hint, struct kho_map *ret)
{
	struct range known[1 + KHO_BLOBS];
	size_t n = 0;

	if (root->abi != KHO_ABI_V1)
		return kho_map_open_radix(m, root->page_shift, root->map, ret);
	known[n++] = root->fdt;
	for (unsigned int i = 0; i < root->blob_count; i++)
		known[n++] = blob_range(&root->blob[i]);
	return kho_map_open_v1(m, root->page_shift, root->map, hint, known, n, ret);
}

static enum kb_status check_preserved(struct mem *m, const struct kho *k)
{
	const struct kho_root *root = &k->root;

	if (!kho_map_covers(m, &k->map, root->fdt))
		return kb_fail(m, KB_KHO_FDT_UNPRESERVED, root->fdt.base, root->fdt.size);
	for (unsigned int i = 0; i < root->blob_count; i++)
		if (!kho_map_covers(m, &k->map, blob_range(&root->blob[i])))
			return kb_fail(m, KB_KHO_BLOB_UNPRESERVED, root->blob[i].at.addr, i);
	return KB_OK;
}

enum kb_status kho_open_stray(struct mem *m, const struct kho_handover *h,
			      enum kho_bitmap_hint hint, struct kho_work work, struct kho *ret)
{
	enum kb_status st = kho_root_parse(m, h, &ret->root);

	ret->scratch = (struct range_list){ret->scratch_store, 0, KHO_SCRATCH_PIECES};
	if (!st)
		st = kho_scratch_parse(m, h, &ret->scratch, &ret->scratch_trimmed);
	if (!st)
		st = check_scratch(m, ret);
	if (!st)
		st = open_map(m, &ret->root, hint, &ret->map);
	if (!st)
		st = kho_walk(m, &ret->map, &ret->scratch, ret->root.fdt, work, &ret->sum,
			      &ret->occ);
	if (!st)
		st = check_preserved(m, ret);
	return st;
}

enum kb_status kho_open(struct mem *m, const struct kho_handover *h, enum kho_bitmap_hint hint,
			struct kho_work work, struct kho *ret)
{
	enum kb_status st = kho_open_stray(m, h, hint, work, ret);

	if (!st && ret->sum.stray)
		st = kb_fail(m, KB_KHO_META_SCRATCH, ret->sum.stray_at, ret->sum.stray);
	return st;
}

struct query {
	struct range r;
	bool hit;
};

static enum kb_status see_page(void *ctx, const struct kho_meta *meta)
{
	struct query *q = ctx;

	q->hit |= ranges_overlap(meta->bytes, q->r);
	return KB_OK;
}

bool kho_range_free(struct mem *m, const struct kho *k, struct range r)
{
	struct query q = {.r = r};

	if (kho_occupancy_free(&k->occ, r))
		return true;
	if (kho_map_touches(m, &k->map, r))
		return false;
	return !kho_map_each_page(m, &k->map, see_page, &q) && !q.hit;
}

/*
 * No place of r.size bytes that begins in [r.base, end) is free. A page moves @end on if less than
 * r.size bytes lie between; others wait in @row until that is reached:
 *
 *	 r.base    end                 row
 *	 |mmmmmmmmm|.........|mmmmm|..|mmmmmmmm|......	the map's pages come in any order
 *
 * There is but one row, the last one that grew: enough for pages that follow each other upwards or
 * downwards, as kernels allocate them. What is forgotten is found in the next walk.
 */
struct meta_query {
	struct range r;
	uint64_t end;
	struct range row;
};

/* Does no place of @size bytes fit between @a and @b? */
static bool too_close(struct range a, struct range b, uint64_t size)
{
	uint64_t base = max_u64(a.base, b.base), end = min_u64(range_end(a), range_end(b));

	return base <= end || base - end < size;
}

static struct range join(struct range a, struct range b)
{
	uint64_t base = min_u64(a.base, b.base);

	return (struct range){base, max_u64(range_end(a), range_end(b)) - base};
}

static enum kb_status see_end(void *ctx, const struct kho_meta *meta)
{
	struct meta_query *q = ctx;
	struct range p = meta->page;

	if (range_end(p) <= q->end)
		return KB_OK;
	if (q->row.size && too_close(q->row, p, q->r.size))
		p = join(q->row, p);
	q->row = p;
	if (p.base <= q->end || p.base - q->end < q->r.size)
		q->end = max_u64(q->end, range_end(p));
	return KB_OK;
}

enum kb_status kho_meta_end(struct mem *m, const struct kho *k, struct range r, uint64_t *ret)
{
	struct meta_query q = {.r = r, .end = r.base};
	enum kb_status st = KB_OK;

	if (!kho_occupancy_free(&k->occ, r))
		st = kho_map_each_page(m, &k->map, see_end, &q);
	if (!st)
		*ret = q.end;
	return st;
}

enum kb_status kho_check_written(struct mem *m, const struct kho *k, const struct range *written,
				 size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!kho_range_free(m, k, written[i]))
			return KB_PLACE_OVERLAP;
	return KB_OK;
}
