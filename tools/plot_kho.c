// SPDX-License-Identifier: BSD-2-Clause
/* What KHO data say of memory, for a picture: preserved memory and its owners; see plot_kho.h. */
#include "plot_kho.h"

#include <core/bits.h>
#include <khoboot/compiler.h>

#include <string.h>

/* ---- runs of the map ------------------------------------------------------------------------- */

/* Size 0 for a run that passes the end of the address space. */
static struct range run_range(unsigned int page_shift, unsigned int order, uint64_t at,
			      uint64_t blocks)
{
	const unsigned int shift = order + page_shift;
	uint64_t bytes;

	if (shift >= 64 || mul_overflow(blocks, 1ULL << shift, &bytes))
		bytes = 0;
	return (struct range){at, bytes};
}

/* inspect_map(), if there is a map. */
static void each_run(const struct plot_kho *k, const struct inspect_lister *list,
		     struct inspect_faults *faults)
{
	struct inspect_map map;

	if (k->root->map.addr)
		inspect_map(k->m, k->root, k->hint, k->scratch, list, &map, faults);
}

/* ---- what is preserved ----------------------------------------------------------------------- */

struct counting {
	struct plot *p;
	const struct plot_kho *k;
	struct inspect_faults *faults;
};

static void count_run(void *ctx, unsigned int order, uint64_t at, uint64_t blocks)
{
	struct counting *c = ctx;

	plot_count(c->p, PLOT_PRESERVED, run_range(c->k->root->page_shift, order, at, blocks));
}

static void count_meta(void *ctx, const struct kho_meta *meta)
{
	struct counting *c = ctx;

	plot_count(c->p, PLOT_META, meta->bytes);
}

static void count_reserved(void *ctx, const struct inspect_reserved *r)
{
	struct counting *c = ctx;

	plot_count(c->p, PLOT_RESERVED, r->range);
}

static void count_folio(void *ctx, const struct inspect_folio *f)
{
	struct counting *c = ctx;

	plot_count(c->p, PLOT_MEMFD, run_range(c->k->root->page_shift, 0, f->at, f->pages));
}

static void count_file(void *ctx, const struct luo_file *f, const struct inspect_memfd *memfd)
{
	struct counting *c = ctx;

	(void)f;
	if (memfd && memfd->read)
		inspect_folios(c->k->m, c->k->root->page_shift, &memfd->file, count_folio, c,
			       c->faults);
}

static void count_luo(struct counting *c, const struct kho_blob *b)
{
	const struct inspect_luo_see see = {.file = count_file, .ctx = c};
	struct luo luo;

	if (inspect_luo(c->k->m, b, c->k->root->page_shift, &see, &luo, c->faults))
		return; /* it is noted */
}

void plot_kho_count(struct plot *p, const struct plot_kho *k, struct inspect_faults *faults)
{
	struct counting c = {p, k, faults};
	const struct inspect_lister list = {.run = count_run, .meta = count_meta, .ctx = &c};

	each_run(k, &list, faults);
	for (size_t i = 0; i < k->root->blob_count; i++) {
		const struct kho_blob *b = &k->root->blob[i];
		const enum inspect_kind kind = inspect_kind(k->m, b);

		if (kind == INSPECT_MEMBLOCK)
			inspect_reserved(k->m, b, count_reserved, &c, faults);
		else if (kind == INSPECT_LUO)
			count_luo(&c, b);
	}
}

/* ---- the RAM of a dump ----------------------------------------------------------------------- */

#define COVER_GAP SZ_2M

/* Bytes between two ranges; 0 if they touch. */
static uint64_t distance(struct range a, struct range b)
{
	const struct range low = a.base < b.base ? a : b, high = a.base < b.base ? b : a;

	return high.base - low.base > low.size ? high.base - low.base - low.size : 0;
}

static struct range join(struct range a, struct range b)
{
	const uint64_t base = min_u64(a.base, b.base);

	return (struct range){base, max_u64(range_end(a), range_end(b)) - base};
}

/* Make one of entry @i and the next one. */
static void join_next(struct plot_cover *c, size_t i)
{
	c->r[i] = join(c->r[i], c->r[i + 1]);
	c->count--;
	memmove(&c->r[i + 1], &c->r[i + 2], (c->count - i - 1) * sizeof(*c->r));
}

static void join_nearest(struct plot_cover *c)
{
	size_t best = 0;

	for (size_t i = 1; i + 1 < c->count; i++)
		if (distance(c->r[i], c->r[i + 1]) < distance(c->r[best], c->r[best + 1]))
			best = i;
	join_next(c, best);
}

void plot_cover_add(struct plot_cover *c, struct range r)
{
	size_t at = 0;

	if (!r.size || range_wraps(r))
		return;
	while (at < c->count && c->r[at].base <= r.base)
		at++;
	/* Millions of runs lie in what is there already. */
	if (at && range_contains(c->r[at - 1], r))
		return;
	memmove(&c->r[at + 1], &c->r[at], (c->count - at) * sizeof(*c->r));
	c->r[at] = r;
	c->count++;
	if (at && distance(c->r[at - 1], r) < COVER_GAP)
		join_next(c, --at);
	while (at + 1 < c->count && distance(c->r[at], c->r[at + 1]) < COVER_GAP)
		join_next(c, at);
	if (c->count > PLOT_COVER)
		join_nearest(c);
}

struct covering {
	struct plot_cover *c;
	unsigned int page_shift;
};

static void cover_run(void *ctx, unsigned int order, uint64_t at, uint64_t blocks)
{
	const struct covering *c = ctx;

	plot_cover_add(c->c, run_range(c->page_shift, order, at, blocks));
}

void plot_kho_cover(struct plot_cover *c, const struct plot_kho *k)
{
	struct covering ctx = {c, k->root->page_shift};
	const struct inspect_lister list = {.run = cover_run, .ctx = &ctx};
	struct inspect_faults ignored = {0}; /* plot_kho_count() notes them */

	each_run(k, &list, &ignored);
}
