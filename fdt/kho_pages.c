// SPDX-License-Identifier: BSD-2-Clause
/* Free pages for new KHO data, the same ones in a rehearsal and for real. */
#include <core/bits.h>
#include <fdt/kho_pages.h>

#include <string.h>

#define GRANULE (1ULL << KHO_GRANULE_SHIFT)

static uint64_t page_size(const struct kho_pages *p)
{
	return 1ULL << p->k->map.page_shift;
}

void kho_pages_begin(struct kho_pages *p, bool rehearsal)
{
	p->rehearsal = rehearsal;
	p->exact = false;
	p->edits = 0;
	p->at = page_size(p); /* address 0 means that there is nothing */
	p->piece[0].r.size = 0;
	p->piece[1].r.size = 0;
	p->taken = 0;
}

/* ---- pages of one piece ---------------------------------------------------------------------- */

/* Number of the page at @at in its granule. */
static unsigned int page_of(const struct kho_pages *p, uint64_t at)
{
	return (unsigned int)((at & (GRANULE - 1)) >> p->k->map.page_shift);
}

/* All pages of @piece that share a byte with @r are busy. */
static void set_busy(const struct kho_pages *p, struct kho_piece *piece, struct range r)
{
	struct range in = range_intersect(piece->r, r);

	if (!in.size)
		return;
	for (unsigned int i = page_of(p, in.base); i <= page_of(p, range_end(in) - 1); i++)
		piece->busy[i / 64] |= 1ULL << i % 64;
}

/* Only the pages of piece->r are free. */
static void set_free(const struct kho_pages *p, struct kho_piece *piece)
{
	memset(piece->busy, 0xff, sizeof(piece->busy));
	for (uint64_t at = piece->r.base; at < range_end(piece->r); at += page_size(p))
		piece->busy[page_of(p, at) / 64] &= ~(1ULL << page_of(p, at) % 64);
}

/* The lowest bit of each row of 2^@order bits of @free, aligned to its length, that are all set. */
static uint64_t free_folios(uint64_t free, unsigned int order)
{
	for (unsigned int i = 0; i < order; i++)
		free &= free >> (1U << i);
	return free & ~0ULL / ((1ULL << (1U << order)) - 1);
}

/* The first of 2^@order free pages, aligned to their size; false when there are none. */
static bool find_folio(const struct kho_piece *piece, unsigned int order, unsigned int *ret)
{
	for (unsigned int i = 0; piece->r.size && i < ARRAY_SIZE(piece->busy); i++) {
		uint64_t free = free_folios(~piece->busy[i], order);

		if (free) {
			*ret = 64 * i + lowest_bit(free);
			return true;
		}
	}
	return false;
}

static bool fits(const struct kho_piece *piece, unsigned int order)
{
	unsigned int i;

	return find_folio(piece, order, &i);
}

/* ---- the next piece -------------------------------------------------------------------------- */

/* The next part of @p->from that lies in one granule, in whole pages. */
static bool next_part(struct kho_pages *p, struct range *ret)
{
	const struct range *r;

	while ((r = range_list_overlap(p->from, (struct range){p->at, UINT64_MAX - p->at}))) {
		uint64_t base = align_up(max_u64(p->at, r->base), page_size(p));
		uint64_t end = min_u64(range_end(*r), align_down(base, GRANULE) + GRANULE);

		p->at = max_u64(end, base);
		end = align_down(end, page_size(p));
		if (base < end) {
			*ret = (struct range){base, end - base};
			return true;
		}
	}
	return false;
}

/* Is @r a whole granule that KHO does not touch? */
static bool untouched(const struct kho_pages *p, struct range r)
{
	return r.size == GRANULE && kho_occupancy_free(&p->k->occ, r);
}

/* A folio of any order fits, so none is passed over. */
static bool next_untouched(struct kho_pages *p, struct kho_piece *piece)
{
	while (next_part(p, &piece->r))
		if (untouched(p, piece->r)) {
			set_free(p, piece);
			return true;
		}
	return false;
}

struct metadata {
	const struct kho_pages *p;
	struct kho_piece *piece;
};

static enum kb_status see_metadata(void *ctx, const struct kho_meta *meta)
{
	struct metadata *s = ctx;

	set_busy(s->p, s->piece, meta->page);
	return KB_OK;
}

/* The walk over the pages of the map is long, so it comes only where nothing else is in the way. */
static bool fits_beside_map(const struct kho_pages *p, struct kho_piece *piece, unsigned int order)
{
	struct metadata s = {p, piece};

	if (!fits(piece, order) || kho_occupancy_free(&p->k->occ, piece->r))
		return fits(piece, order);
	return !kho_map_each_page(p->m, &p->k->map, see_metadata, &s) && fits(piece, order);
}

/* Goes over the preserved ranges once, however many granules have no room. */
static bool next_exact(struct kho_pages *p, struct kho_piece *piece, unsigned int order)
{
	struct kho_ranges it;
	struct range r = {0, 0};

	kho_ranges_first(&it, p->m, &p->k->map, p->at);
	while (next_part(p, &piece->r) && !it.status) {
		if (untouched(p, piece->r))
			continue;
		set_free(p, piece);
		do
			set_busy(p, piece, r);
		while (range_end(r) < range_end(piece->r) && kho_ranges_next(&it, &r));
		if (!it.status && fits_beside_map(p, piece, order))
			return true;
	}
	return false;
}

/* False when there is no more; then @piece is as it was. */
static bool next_piece(struct kho_pages *p, struct kho_piece *piece, unsigned int order)
{
	struct kho_piece next = {.bytes = NULL};

	if (!p->exact && next_untouched(p, &next)) {
		next.bytes = p->open(p->ctx, next.r);
	} else {
		if (!p->exact)
			p->at = page_size(p);
		p->exact = true;
		if (!next_exact(p, &next, order))
			return false;
	}
	*piece = next;
	return true;
}

/* The piece to take 2^@order pages from; NULL when there is no more. */
static struct kho_piece *find_piece(struct kho_pages *p, unsigned int order)
{
	struct kho_piece *mine = &p->piece[order ? 1 : 0], *other = &p->piece[order ? 0 : 1];

	if (fits(mine, order) || next_piece(p, mine, order))
		return mine;
	return fits(other, order) ? other : NULL;
}

/* ---- handing out ----------------------------------------------------------------------------- */

static enum kb_status open_folio(struct kho_pages *p, const struct kho_piece *piece,
				 struct range folio, uint8_t **bytes)
{
	uint8_t *b =
		piece->bytes ? piece->bytes + (folio.base - piece->r.base) : p->open(p->ctx, folio);

	if (!b)
		return kb_fail(p->m, KB_BRIDGE_MAP, folio.base, folio.size);
	*bytes = p->rehearsal ? p->trial : b;
	return KB_OK;
}

/* Not memset(): on a host it may take one step for each byte, and instructions are counted. */
static void clear(uint8_t *p, uint64_t size)
{
	for (uint64_t i = 0; i < size; i += 64) {
		put_u64(p + i, 0);
		put_u64(p + i + 8, 0);
		put_u64(p + i + 16, 0);
		put_u64(p + i + 24, 0);
		put_u64(p + i + 32, 0);
		put_u64(p + i + 40, 0);
		put_u64(p + i + 48, 0);
		put_u64(p + i + 56, 0);
	}
}

enum kb_status kho_pages_take(struct kho_pages *p, unsigned int order, phys_t *at, uint8_t **bytes)
{
	struct range folio = {0, page_size(p) << order};
	struct kho_piece *piece = find_piece(p, order);
	unsigned int i = 0;
	enum kb_status st;

	if (!piece || !find_folio(piece, order, &i))
		return kb_fail(p->m, KB_BRIDGE_ROOM, 0, folio.size);
	folio.base = align_down(piece->r.base, GRANULE) + ((uint64_t)i << p->k->map.page_shift);
	st = open_folio(p, piece, folio, bytes);
	if (st)
		return st;
	set_busy(p, piece, folio);
	if (!p->rehearsal)
		clear(*bytes, folio.size);
	*at = phys(folio.base);
	p->taken += 1ULL << order;
	return KB_OK;
}

/* The search took every untouched granule before @end, in their order. */
void kho_pages_mark(const struct kho_pages *p, struct kho_occupancy *occ)
{
	const uint64_t end = p->exact ? UINT64_MAX : p->at;
	struct kho_pages all = *p;
	struct range r;

	all.at = page_size(p);
	while (next_part(&all, &r) && r.base < end)
		if (untouched(p, r))
			kho_occupancy_mark(occ, r);
}

/* ---- edits ----------------------------------------------------------------------------------- */

static enum kb_status edit(struct kho_pages *p, unsigned int order, uint64_t base, bool add)
{
	if (p->edit) {
		if (p->edits >= p->edit_max)
			return kb_fail(p->m, KB_BRIDGE_EDITS, base, p->edits);
		p->edit[p->edits] =
			(struct kho_edit){base, (uint8_t)order, add, (uint32_t)p->edits};
	}
	p->edits++;
	return KB_OK;
}

enum kb_status kho_pages_preserve(struct kho_pages *p, unsigned int order, phys_t *at,
				  uint8_t **bytes)
{
	phys_t a;
	uint8_t *b;
	enum kb_status st = kho_pages_take(p, order, &a, &b);

	if (!st)
		st = edit(p, order, a.addr, true);
	if (st)
		return st;
	if (p->rehearsal)
		clear(b, page_size(p) << order);
	*at = a;
	*bytes = b;
	return KB_OK;
}

enum kb_status kho_pages_drop(struct kho_pages *p, unsigned int order, phys_t at)
{
	return edit(p, order, at.addr, false);
}

static bool same_block(const struct kho_edit *a, const struct kho_edit *b)
{
	return a->order == b->order && a->base == b->base;
}

static bool before(const struct kho_edit *a, const struct kho_edit *b)
{
	if (a->order != b->order)
		return a->order > b->order;
	return a->base != b->base ? a->base < b->base : a->turn < b->turn;
}

static void swap(struct kho_edit *a, struct kho_edit *b)
{
	struct kho_edit tmp = *a;

	*a = *b;
	*b = tmp;
}

/* Both subtrees of @i are heaps, the last edit on top: make it one with @i. */
static void sift(struct kho_edit *e, size_t i, size_t n)
{
	for (size_t child = 2 * i + 1; child < n; i = child, child = 2 * i + 1) {
		if (child + 1 < n && before(&e[child], &e[child + 1]))
			child++;
		if (!before(&e[i], &e[child]))
			return;
		swap(&e[i], &e[child]);
	}
}

/* Heap sort: in place, and no order of the edits makes it slow. */
static void sort(struct kho_edit *e, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift(e, i, n);
	while (n > 1) {
		swap(&e[0], &e[--n]);
		sift(e, 0, n);
	}
}

void kho_pages_sort(struct kho_pages *p)
{
	size_t n = 0;

	if (!p->edit)
		return;
	sort(p->edit, p->edits);
	for (size_t i = 0; i < p->edits; i++) {
		if (n && same_block(&p->edit[n - 1], &p->edit[i]))
			n--;
		p->edit[n++] = p->edit[i];
	}
	p->edits = n;
}
