// SPDX-License-Identifier: BSD-2-Clause
/* Will the next kernel take what was handed over? */
#include <core/diag.h>
#include <core/text.h>
#include <fdt/kho_target.h>

#define RELEASE(major, minor, patch) ((major) << 20 | (minor) << 10 | (patch))
#define RELEASE_PART_MAX             1023

/* Take one decimal number, cut to RELEASE_PART_MAX; 0 when no digit comes next. */
static uint32_t take_part(struct kb_text *t)
{
	size_t before = t->len;
	uint64_t v = 0;

	if (!text_take_number(t, 10, &v) && t->len != before)
		v = RELEASE_PART_MAX;
	return (uint32_t)min_u64(v, RELEASE_PART_MAX);
}

/* "6.18.15-amd64" or "6.18-rc1": its numbers as one value, 0 for those that are missing. */
static uint32_t parse_release(struct kb_text t)
{
	uint32_t part[3] = {0};

	for (size_t i = 0; i < ARRAY_SIZE(part); i++) {
		part[i] = take_part(&t);
		if (!text_skip(&t, "."))
			break;
	}
	return RELEASE(part[0], part[1], part[2]);
}

enum kho_bitmap_hint kho_target_bitmaps(const char *release, size_t len)
{
	uint32_t r = release ? parse_release((struct kb_text){release, len}) : 0;

	if (r >= RELEASE(6, 18, 0))
		return KHO_BITMAP_PAGE;
	if (r >= RELEASE(6, 16, 0) && r <= RELEASE(6, 17, 8))
		return KHO_BITMAP_SMALL;
	return KHO_BITMAP_UNKNOWN;
}

enum kb_status kho_target_uefi(const char *release, size_t len, struct kb_diag *diag)
{
	uint32_t r = release ? parse_release((struct kb_text){release, len}) : 0;

	if (r < RELEASE(6, 16, 0) || r >= RELEASE(6, 18, 0))
		return KB_OK;
	return kb_note(diag, KB_KERNEL_UEFI, r >> 20, r >> 10 & RELEASE_PART_MAX);
}

enum kb_status kho_target_meets(struct mem *m, const struct kho *k, struct range r,
				enum kb_status refusal)
{
	for (size_t i = 0; i < m->ram.count; i++) {
		struct range piece = m->ram.r[i];
		uint64_t base = max_u64(piece.base, r.base);
		uint64_t end = min_u64(range_end(piece), range_end(r));

		if (base < end && !kho_range_free(m, k, (struct range){base, end - base}))
			return kb_fail(m, refusal, r.base, base);
	}
	for (size_t i = 0; i < k->scratch.count; i++)
		if (ranges_overlap(k->scratch.r[i], r))
			return kb_fail(m, refusal, r.base, max_u64(k->scratch.r[i].base, r.base));
	return KB_OK;
}

enum kb_status kho_target_lost(struct mem *m, const struct kho *k, struct range lost)
{
	return kho_target_meets(m, k, lost, KB_MEM_LOST);
}

#define MARK_ENTRIES 2

/* Entries that an area adds: its own, if it is in no piece, or the cuts within one. */
static uint64_t entries_of(const struct range_list *ram, struct range area)
{
	const struct range *piece = range_list_overlap(ram, area);

	if (!piece)
		return 1;
	return (area.base > piece->base) + (range_end(area) < range_end(*piece));
}

enum kb_status kho_target_regions(const struct range_list *ram, const struct range_list *scratch,
				  uint64_t most, struct kb_diag *diag)
{
	uint64_t n = ram->count;

	for (size_t i = 0; i < scratch->count; i++)
		n += entries_of(ram, scratch->r[i]);
	return n + MARK_ENTRIES <= most ? KB_OK : kb_note(diag, KB_KERNEL_REGIONS, most, n);
}
