// SPDX-License-Identifier: BSD-2-Clause
/*
 * A visit of live update data: lists of sessions, files and shared data, in one allocation or in
 * blocks.
 */
#include <luo/luo.h>

#include <string.h>

struct walk {
	const struct luo *l;
	const struct luo_visitor *v;
	struct kb_diag *diag;
	uint64_t left; /* blocks that may still come: more than RAM has pages are shared */
	const struct luo_session *session; /* whose files are visited */
};

/* A kind of list: bytes of an entry, what is before the first, the code of what is wrong. */
struct kind {
	enum luo_part part;
	enum kb_status fault;
	unsigned int bytes;
	unsigned int head, order; /* if it is one allocation */
	enum kb_status (*see)(struct walk *w, phys_t at, const uint8_t *entry);
};

static enum kb_status see_memory(struct walk *w, const struct luo_memory *a)
{
	return w->v->memory ? w->v->memory(w->v->ctx, a) : KB_OK;
}

/* After a list: may what follows it be visited? */
static enum kb_status end_list(struct walk *w, enum kb_status st)
{
	return st && w->v->fault ? w->v->fault(w->v->ctx, st) : st;
}

static enum kb_status see_entries(struct walk *w, const struct kind *k, uint64_t at,
				  const uint8_t *p, uint64_t count)
{
	enum kb_status st = KB_OK;

	for (uint64_t i = 0; i < count && !st; i++)
		st = k->see(w, phys(at + i * k->bytes), p + i * k->bytes);
	return st;
}

/* How many entries, after @head bytes, are in 2^@order pages. */
static uint64_t room(const struct luo *l, const struct kind *k, unsigned int head,
		     unsigned int order)
{
	return ((1ULL << (l->page_shift + order)) - head) / k->bytes;
}

/* The pages of an allocation, or NULL. */
static const uint8_t *get_pages(const struct walk *w, phys_t at, unsigned int order)
{
	uint64_t bytes = 1ULL << (w->l->page_shift + order);

	return is_aligned(at.addr, bytes) ? mem_get(w->l->m, at, bytes) : NULL;
}

/* One allocation with @count entries; @counted: their number is the last word before them. */
static enum kb_status walk_array(struct walk *w, const struct kind *k, phys_t at, uint64_t count,
				 bool counted)
{
	const uint8_t *p = get_pages(w, at, k->order);
	struct luo_memory a = {k->part, at, k->order, count};
	enum kb_status st;

	if (!p)
		return kb_note(w->diag, k->fault, at.addr, count);
	if (counted)
		a.entries = get_u64(p + k->head - 8);
	if (a.entries > room(w->l, k, k->head, k->order))
		return kb_note(w->diag, k->fault, at.addr, a.entries);
	st = see_memory(w, &a);
	return st ? st : see_entries(w, k, at.addr + k->head, p + k->head, a.entries);
}

static enum kb_status walk_block(struct walk *w, const struct kind *k, phys_t at, const uint8_t *p,
				 uint64_t *entries)
{
	struct luo_memory a = {k->part, at, 0, get_u64(p + 8)};
	enum kb_status st;

	if (a.entries > room(w->l, k, LUO_BLOCK_HEAD, 0))
		return kb_note(w->diag, k->fault, at.addr, a.entries);
	*entries += a.entries;
	st = see_memory(w, &a);
	return st ? st : see_entries(w, k, at.addr + LUO_BLOCK_HEAD, p + LUO_BLOCK_HEAD, a.entries);
}

static enum kb_status walk_blocks(struct walk *w, const struct kind *k, phys_t at,
				  uint64_t *entries)
{
	enum kb_status st = KB_OK;

	for (unsigned int n = 0; at.addr && !st; n++) {
		const uint8_t *p = n < LUO_BLOCKS_MAX && w->left ? get_pages(w, at, 0) : NULL;

		if (!p)
			return kb_note(w->diag, k->fault, at.addr, n);
		w->left--;
		st = walk_block(w, k, at, p, entries);
		at = phys(get_u64(p));
	}
	return st;
}

static bool copy_name(char *to, const uint8_t *from, size_t size)
{
	memcpy(to, from, size);
	return memchr(from, 0, size);
}

static enum kb_status see_file(struct walk *w, phys_t at, const uint8_t *p)
{
	struct luo_file f = {.session = w->session,
			     .data = get_u64(p + 48),
			     .token = get_u64(p + 56),
			     .at = at};

	if (!copy_name(f.handler, p, sizeof(f.handler)))
		return kb_note(w->diag, KB_LUO_NAME, at.addr, 0);
	return w->v->file ? w->v->file(w->v->ctx, &f) : KB_OK;
}

static const struct kind file_list = {LUO_FILE_LIST,   KB_LUO_FILES, LUO_FILE_BYTES, 0,
				      LUO_FILES_ORDER, see_file};

static enum kb_status walk_files(struct walk *w, const struct luo_session *s, phys_t at)
{
	uint64_t found = 0;
	enum kb_status st;

	w->session = s;
	if (at.addr && w->l->form == LUO_TREE)
		return walk_array(w, &file_list, at, s->files, false);
	st = walk_blocks(w, &file_list, at, &found);
	if (!st && found != s->files)
		st = kb_note(w->diag, KB_LUO_FILES, s->at.addr, s->files);
	return st;
}

static enum kb_status see_session(struct walk *w, phys_t at, const uint8_t *p)
{
	struct luo_session s = {.files = get_u64(p + 72), .at = at};
	enum kb_status st = KB_OK;

	if (!copy_name(s.name, p, sizeof(s.name)))
		return kb_note(w->diag, KB_LUO_NAME, at.addr, 0);
	if (w->v->session)
		st = w->v->session(w->v->ctx, &s);
	return st ? st : end_list(w, walk_files(w, &s, phys(get_u64(p + 64))));
}

static const struct kind session_list = {LUO_SESSION_LIST,   KB_LUO_SESSIONS, LUO_SESSION_BYTES, 8,
					 LUO_SESSIONS_ORDER, see_session};

static enum kb_status see_shared(struct walk *w, phys_t at, const uint8_t *p)
{
	struct luo_shared s = {.data = get_u64(p + 48), .count = get_u64(p + 56), .at = at};

	if (!copy_name(s.name, p, sizeof(s.name)))
		return kb_note(w->diag, KB_LUO_NAME, at.addr, 0);
	return w->v->shared ? w->v->shared(w->v->ctx, &s) : KB_OK;
}

static const struct kind shared_list = {
	LUO_SHARED_LIST, KB_LUO_SHARED, LUO_SHARED_BYTES, LUO_SHARED_HEAD, 0, see_shared};

enum kb_status luo_visit(const struct luo *l, const struct luo_visitor *v, struct kb_diag *diag)
{
	struct luo_memory root = {LUO_ROOT, l->root, 0, 0};
	struct walk w = {
		.l = l,
		.v = v,
		.diag = diag,
		.left = range_list_bytes(&l->m->ram) >> l->page_shift,
	};
	uint64_t any = 0;
	enum kb_status st = see_memory(&w, &root);

	if (!st && l->form == LUO_TREE)
		st = walk_array(&w, &session_list, l->session, 0, true);
	else if (!st)
		st = walk_blocks(&w, &session_list, l->session, &any);
	st = end_list(&w, st);
	if (!st && l->shared.addr)
		st = end_list(&w, walk_array(&w, &shared_list, l->shared, 0, true));
	return st;
}

uint64_t luo_sessions_max(enum luo_form form, unsigned int page_shift)
{
	const struct luo l = {.page_shift = page_shift};

	if (form == LUO_TREE)
		return room(&l, &session_list, session_list.head, session_list.order);
	return LUO_BLOCKS_MAX * room(&l, &session_list, LUO_BLOCK_HEAD, 0);
}

uint64_t luo_files_max(enum luo_form form, unsigned int page_shift)
{
	const struct luo l = {.page_shift = page_shift};

	if (form == LUO_TREE)
		return room(&l, &file_list, file_list.head, file_list.order);
	return LUO_BLOCKS_MAX * room(&l, &file_list, LUO_BLOCK_HEAD, 0);
}
