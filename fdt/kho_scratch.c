// SPDX-License-Identifier: BSD-2-Clause
/*
 * The scratch array: {addr u64, size u64} per area, no header and no terminator (linux 7.1.13
 * struct kho_scratch, kho_populate). The kernel adds every area to its RAM unchecked.
 */
#include <fdt/kho.h>

#define AREA_SIZE 16

static const uint8_t *find_array(struct mem *m, const struct kho_handover *h, enum kb_status *st)
{
	const uint8_t *array = NULL;

	if (!h->scratch_size || h->scratch_size % AREA_SIZE)
		*st = kb_fail(m, KB_KHO_SCRATCH_SIZE, h->scratch.addr, h->scratch_size);
	else if (h->scratch_size / AREA_SIZE > KHO_SCRATCH_AREAS)
		*st = kb_fail(m, KB_KHO_SCRATCH_COUNT, h->scratch.addr, h->scratch_size);
	else if (is_aligned(h->scratch.addr, 8))
		array = mem_get(m, h->scratch, h->scratch_size);
	if (!array && !*st)
		*st = kb_fail(m, KB_KHO_SCRATCH_RAM, h->scratch.addr, h->scratch_size);
	return array;
}

static struct range area_at(const uint8_t *array, uint64_t i)
{
	return (struct range){get_u64(array + AREA_SIZE * i), get_u64(array + AREA_SIZE * i + 8)};
}

/* Area @i by itself, and against the areas before it, which have been checked. */
static enum kb_status check_area(struct mem *m, const struct kho_handover *h, const uint8_t *array,
				 uint64_t i)
{
	struct range area = area_at(array, i);
	uint64_t at = h->scratch.addr + AREA_SIZE * i;

	if (range_wraps(area))
		return kb_fail(m, KB_KHO_SCRATCH_WRAP, at, area.base);
	if (!is_aligned(area.base | area.size, h->fdt_size))
		return kb_fail(m, KB_KHO_SCRATCH_ALIGN, at, area.base);
	for (uint64_t j = 0; j < i; j++)
		if (ranges_overlap(area, area_at(array, j)))
			return kb_fail(m, KB_KHO_SCRATCH_OVERLAP, at, area.base);
	return KB_OK;
}

/* The whole pages in @r. */
static struct range whole_pages(struct range r, uint64_t page)
{
	uint64_t base, end = align_down(range_end(r), page);

	if (align_up_overflow(r.base, page, &base) || base >= end)
		return (struct range){0, 0};
	return (struct range){base, end - base};
}

/* Add the parts of @area that are RAM. */
static enum kb_status add_pieces(struct mem *m, struct range area, uint64_t page,
				 struct range_list *out)
{
	const struct range *r = range_list_overlap(&m->ram, area);
	enum kb_status st = KB_OK;

	for (; r && r < m->ram.r + m->ram.count && ranges_overlap(*r, area) && !st; r++)
		st = range_list_add(out, whole_pages(range_intersect(*r, area), page));
	return st ? kb_fail(m, st, area.base, out->max) : KB_OK;
}

enum kb_status kho_scratch_parse(struct mem *m, const struct kho_handover *h,
				 struct range_list *out, uint64_t *trimmed)
{
	enum kb_status st = KB_OK;
	const uint8_t *array = find_array(m, h, &st);
	uint64_t sum = 0;

	out->count = 0;
	for (uint64_t i = 0; array && i < h->scratch_size / AREA_SIZE && !st; i++) {
		st = check_area(m, h, array, i);
		if (!st)
			st = add_pieces(m, area_at(array, i), h->fdt_size, out);
		sum += area_at(array, i).size;
	}
	if (st)
		return st;
	if (!out->count)
		return kb_fail(m, KB_KHO_SCRATCH_NONE, h->scratch.addr, sum);
	*trimmed = sum - range_list_bytes(out);
	range_list_sort(out);
	return KB_OK;
}

enum kb_status kho_scratch_meets(struct mem *m, const struct kho_handover *h, struct range r,
				 bool *ret)
{
	enum kb_status st = KB_OK;
	const uint8_t *array = find_array(m, h, &st);
	bool meets = false;

	if (st)
		return st;
	for (uint64_t i = 0; i < h->scratch_size / AREA_SIZE; i++)
		meets |= range_wraps(area_at(array, i)) || ranges_overlap(area_at(array, i), r);
	*ret = meets;
	return KB_OK;
}

void kho_scratch_align(struct range_list *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++) {
		struct range r = l->r[i];

		if (!is_aligned(r.base | r.size, KHO_SCRATCH_ALIGN_MIN))
			r = whole_pages(r, KHO_SCRATCH_ALIGN);
		if (r.size)
			l->r[kept++] = r;
	}
	l->count = kept;
}
