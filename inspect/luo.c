// SPDX-License-Identifier: BSD-2-Clause
/* Live update data as far as they can be read: sessions, their files, and the folios of memfds. */
#include <inspect/inspect.h>

#define FOLIO_BYTES 16
#define PFN_BITS    52

struct visit {
	const struct mem *m;
	unsigned int page_shift;
	const struct inspect_luo_see *see;
	struct luo *luo;
	struct inspect_faults *f;
	struct kb_diag diag;
};

static enum kb_status see_session(void *ctx, const struct luo_session *s)
{
	struct visit *v = ctx;

	v->luo->sessions++;
	if (v->see->session)
		v->see->session(v->see->ctx, s);
	return KB_OK;
}

static void read_memfd(struct visit *v, const struct luo_file *f, struct inspect_memfd *ret)
{
	struct kb_diag diag = {0};

	ret->read = !luo_memfd_read(v->m, v->page_shift, ret->version, phys(f->data), &ret->file,
				    &diag);
	if (!ret->read)
		inspect_note(v->f, "LUO", diag.status, diag.at, diag.value);
}

static enum kb_status see_file(void *ctx, const struct luo_file *f)
{
	struct visit *v = ctx;
	struct inspect_memfd memfd = {.version = luo_memfd_version(f->handler)};

	v->luo->files++;
	if (memfd.version)
		read_memfd(v, f, &memfd);
	if (v->see->file)
		v->see->file(v->see->ctx, f, memfd.version ? &memfd : NULL);
	return KB_OK;
}

static enum kb_status see_shared(void *ctx, const struct luo_shared *s)
{
	struct visit *v = ctx;

	v->luo->shares++;
	if (v->see->shared)
		v->see->shared(v->see->ctx, s);
	return KB_OK;
}

static enum kb_status see_memory(void *ctx, const struct luo_memory *a)
{
	struct visit *v = ctx;

	if (v->luo->form == LUO_BLOCKS && !a->entries &&
	    (a->part == LUO_SESSION_LIST || a->part == LUO_FILE_LIST))
		v->luo->empty_block = true;
	return KB_OK;
}

static enum kb_status see_fault(void *ctx, enum kb_status st)
{
	struct visit *v = ctx;

	inspect_note(v->f, "LUO", st, v->diag.at, v->diag.value);
	v->diag = (struct kb_diag){0};
	return KB_OK;
}

enum kb_status inspect_luo(const struct mem *m, const struct kho_blob *b, unsigned int page_shift,
			   const struct inspect_luo_see *see, struct luo *ret,
			   struct inspect_faults *f)
{
	struct visit v = {m, page_shift, see, ret, f, {0}};
	const struct luo_visitor visitor = {see_memory, see_session, see_file,
					    see_shared, &v,          see_fault};
	struct luo root;
	enum kb_status st = luo_find(m, b->at, b->size, page_shift, &root, &v.diag);

	if (st) {
		inspect_note(f, "LUO", st, v.diag.at, v.diag.value);
		return st;
	}
	*ret = root;
	return luo_visit(&root, &visitor, &v.diag);
}

/* ---- folios ---- */

struct folios {
	const struct mem *m;
	const struct luo_memfd *file;
	unsigned int page_shift;
	void (*see)(void *ctx, const struct inspect_folio *folio);
	void *ctx;
	struct inspect_faults *f;
	uint64_t pages;          /* of the file */
	uint64_t left;           /* entries of the list */
	uint64_t seen;           /* pages */
	struct inspect_folio is; /* waits for the one after it */
	bool any;
};

/* The folio that waits ends at page @end of the file. */
static void end_folio(struct folios *w, uint64_t end)
{
	if (!w->any)
		return;
	w->is.pages = end - w->is.index;
	w->seen += w->is.pages;
	w->see(w->ctx, &w->is);
	w->any = false;
}

/* What follows it is not known, and so not how long it is; it has a page in any case. */
static void cut_folio(struct folios *w)
{
	end_folio(w, w->is.index + 1);
}

static void see_folio(struct folios *w, uint64_t at, const uint8_t *p)
{
	uint64_t word = get_u64(p), index = get_u64(p + 8);
	uint64_t pfn = word & ((1ULL << PFN_BITS) - 1);

	w->left--;
	if (index >= w->pages || (w->any && index <= w->is.index) || pfn >> (64 - w->page_shift)) {
		inspect_note(w->f, "LUO", KB_LUO_MEMFD, at,
			     pfn >> (64 - w->page_shift) ? pfn : index);
		cut_folio(w);
		return;
	}
	end_folio(w, index);
	w->is = (struct inspect_folio){index, pfn << w->page_shift, 0,
				       (unsigned int)(word >> PFN_BITS)};
	w->any = true;
}

static enum kb_status see_page(void *ctx, bool entry, struct range r)
{
	struct folios *w = ctx;
	const uint8_t *p = entry ? mem_get(w->m, phys(r.base), r.size) : NULL;

	if (!entry)
		return KB_OK;
	if (!p) {
		inspect_note(w->f, "LUO", KB_INSPECT_MISSING, r.base, 1);
		cut_folio(w);
		w->left -= min_u64(w->left, r.size / FOLIO_BYTES);
		return KB_OK;
	}
	for (uint64_t i = 0; i + FOLIO_BYTES <= r.size && w->left; i += FOLIO_BYTES)
		see_folio(w, r.base + i, p + i);
	return KB_OK;
}

uint64_t inspect_folios(const struct mem *m, unsigned int page_shift, const struct luo_memfd *file,
			void (*see)(void *ctx, const struct inspect_folio *folio), void *ctx,
			struct inspect_faults *f)
{
	uint64_t page = 1ULL << page_shift;
	struct folios w = {.m = m,
			   .file = file,
			   .page_shift = page_shift,
			   .see = see,
			   .ctx = ctx,
			   .f = f,
			   .pages = file->size / page + (file->size % page != 0),
			   .left = file->folios};
	struct kb_diag diag = {0};
	enum kb_status st;

	if (!file->folios)
		return 0;
	st = luo_vmalloc_each(m, page_shift, &file->array, see_page, &w, &diag);
	if (st)
		inspect_note(f, "LUO", st, diag.at, diag.value);
	/* Where not all was read it is not known how long the last one is. */
	if (!w.left)
		end_folio(&w, w.pages);
	else if (!st)
		inspect_note(f, "LUO", KB_LUO_MEMFD, file->array.first.addr, w.left);
	return w.seen;
}
