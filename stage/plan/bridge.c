// SPDX-License-Identifier: BSD-2-Clause
/*
 * KHO data in the form that the next kernel reads, for both doors. The outgoing kernel's own data
 * stay as they are; see <bridge/bridge.h>.
 */
#include <core/diag.h>
#include <core/log.h>
#include <fdt/kho_target.h>
#include <stage/stage.h>

#include <string.h>

/* For the callbacks: who asks, and whom. */
struct bridge_work {
	struct bridge bridge;
	struct stage *s;
	struct kho *k;
	struct stage_means *means;
	struct kho probe; /* as if a piece were scratch, and nothing else were there */
	size_t edits;
	struct range unfit; /* a piece that the next kernel's command line is about */
};

/* mem= may take it away, ramoops and the like would write to it. */
static bool is_unfit(struct bridge_work *w, struct range piece)
{
	struct stage *s = w->s;
	const struct kb_text cmdline = {s->cmdline, strlen(s->cmdline)};
	const struct kb_diag diag = s->mem.diag;
	enum kb_status st;

	w->probe.scratch = (struct range_list){&piece, 1, 1};
	st = kho_target_named(&s->mem, &w->probe, cmdline);
	if (!st)
		st = kernel_check_memory(&s->kernel, cmdline, &s->mem, &w->probe);
	s->mem.diag = diag;
	return st;
}

static uint8_t *open_piece(void *ctx, struct range piece)
{
	struct bridge_work *w = ctx;
	struct range *all = &w->s->bridge_pages;
	const uint64_t base = all->size ? min_u64(all->base, piece.base) : piece.base;

	if (w->bridge.pages.rehearsal && is_unfit(w, piece)) {
		w->unfit = piece;
		return NULL;
	}
	*all = (struct range){base, max_u64(range_end(*all), range_end(piece)) - base};
	/* No longer free. Whole granules are marked at the end: see kho_pages_mark(). */
	if (!w->bridge.pages.rehearsal && piece.size < 1ULL << KHO_GRANULE_SHIFT)
		kho_occupancy_mark(&w->k->occ, piece);
	return w->means->open(w->s, piece);
}

/* ---- the plan -------------------------------------------------------------------------------- */

static struct bridge_work *begin(struct stage *s, struct kho *k, struct stage_means *means)
{
	const uint64_t head = align_up_page(sizeof(struct bridge_work));
	const uint64_t trial = SZ_4K << (k->root.page_shift - 12 + KHO_PAGES_ORDER_MAX);
	struct bridge_work *w = means->work(s, k, head + trial);

	if (!w)
		return NULL;
	memset(w, 0, sizeof(*w));
	w->s = s;
	w->k = k;
	w->means = means;
	w->bridge.to = &s->reads;
	w->bridge.pages = (struct kho_pages){
		.m = &s->mem,
		.k = k,
		.from = &means->from,
		.trial = (uint8_t *)w + head,
		.open = open_piece,
		.ctx = w,
	};
	return w;
}

#define UNFIT_MAX 1024 /* pieces of 2 MiB at most that are passed over */

/* Run @pass; if it came upon a piece that is unfit, once more without that. */
static enum kb_status try_pass(struct bridge_work *w, enum kb_status (*pass)(struct bridge_work *w))
{
	enum kb_status st;

	for (unsigned int i = 0; i < UNFIT_MAX; i++) {
		w->unfit = (struct range){0, 0};
		st = pass(w);
		if (!w->unfit.size)
			return st;
		st = range_list_subtract(&w->means->from, w->unfit);
		if (st)
			return st;
	}
	return KB_BRIDGE_ROOM;
}

static enum kb_status count(struct bridge_work *w)
{
	return bridge_count(&w->bridge, &w->edits);
}

static enum kb_status rehearse(struct bridge_work *w)
{
	return bridge_plan(&w->bridge);
}

static enum kb_status plan(struct bridge_work *w, bool changes)
{
	struct kho_pages *p = &w->bridge.pages;
	enum kb_status st = try_pass(w, count);

	if (st || !(changes || w->bridge.luo_differs))
		return st;
	p->edit = w->means->work(w->s, w->k, w->edits * sizeof(*p->edit));
	p->edit_max = w->edits;
	st = p->edit ? try_pass(w, rehearse) : KB_BRIDGE_WORK;
	if (!st)
		w->s->bridge = &w->bridge;
	return st;
}

/* One line for each thing that changes. */
static void report(const struct stage *s, const struct kho *k, unsigned int changes)
{
	const struct bridge *b = s->bridge;

	kb_info("bridge", "from %s to %s", k->root.compatible, kho_abi_name(s->reads.abi));
	for (unsigned int bit = 1; bit <= changes; bit <<= 1)
		if (changes & bit)
			kb_info("bridge", "%s", kho_target_change_text((enum kho_change)bit));
	if (b->luo_converted && !(changes & KHO_CHANGE_LUO))
		kb_info("bridge", "%s", kho_target_change_text(KHO_CHANGE_MEMFD));
	if (k->sum.stray)
		kb_info("bridge", "%" PRIu64 " parts of the map move out of scratch", k->sum.stray);
	kb_info("bridge", "%" PRIu64 " new pages, %zu entries of the map change", b->pages_taken,
		b->pages.edits);
}

enum kb_status stage_plan_bridge(struct stage *s, struct kho *k, struct stage_means *means)
{
	unsigned int changes = 0;
	struct bridge_work *w;
	bool core;
	enum kb_status st;

	s->bridge = NULL;
	s->bridge_pages = (struct range){0, 0};
	if (s->options.bridge == KB_BRIDGE_OFF)
		return stage_check_versions(s, k);
	st = stage_compare(s, k, false, &s->reads, &changes);
	core = changes || k->sum.stray;
	/*
	 * Only a look at all of it tells whether live update data have to be changed. What was
	 * sealed has been looked at before the reset.
	 */
	if (st || (!core && (s->record || !kho_root_blob(&k->root, "LUO"))))
		return st;
	w = begin(s, k, means);
	if (!w)
		return kb_refuse("bridge", KB_BRIDGE_WORK, NULL);
	st = plan(w, core);
	if (st)
		return kb_refuse("bridge", st, &w->bridge.diag);
	if (s->bridge)
		report(s, k, changes);
	return KB_OK;
}

/* ---- doing it -------------------------------------------------------------------------------- */

/* Bytes that the edits added, less those that they took away, if each of them changed something. */
static bool same_bytes(const struct bridge *b, uint64_t before, uint64_t after)
{
	uint64_t added = 0, dropped = 0;

	for (size_t i = 0; i < b->pages.edits; i++) {
		const struct kho_edit *e = &b->pages.edit[i];

		*(e->add ? &added : &dropped) += 1ULL << (e->order + b->to->page_shift);
	}
	return after <= before + added && after + dropped >= before + added;
}

/* As after a reset. But the array of areas that is read then is not written yet. */
static enum kb_status prove(struct stage *s)
{
	enum kb_status st = kho_open(&s->mem, &s->handover, KHO_BITMAP_ANY, s->kho_work, s->kho);

	if (!st)
		st = range_list_add(&s->kho->scratch, s->more_scratch);
	if (!st)
		range_list_sort(&s->kho->scratch);
	return st;
}

static enum kb_status write_and_adopt(struct stage *s)
{
	const struct bridge_work *w = s->bridge->pages.ctx;
	const uint64_t before = s->kho->sum.bytes;
	enum kb_status st = bridge_write(s->bridge);

	if (!st) {
		kho_pages_mark(&s->bridge->pages, &s->kho->occ);
		st = bridge_adopt(s->bridge, s->kho, &s->handover);
	}
	if (!st && w->means->prove)
		st = prove(s);
	if (!st && !same_bytes(s->bridge, before, s->kho->sum.bytes))
		st = KB_BRIDGE_DIFFERS;
	return st;
}

enum kb_status stage_write_bridge(struct stage *s)
{
	enum kb_status st = s->bridge && s->kho ? write_and_adopt(s) : KB_OK;

	return st ? kb_refuse("bridge", st, &s->mem.diag) : KB_OK;
}
