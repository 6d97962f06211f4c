// SPDX-License-Identifier: BSD-2-Clause
/* Kernels and live update data; see luo_kernel.h. */
#include "luo_kernel.h"

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIE()                                                                                      \
	do {                                                                                       \
		fprintf(stderr, "%s:%d\n", __FILE__, __LINE__);                                    \
		abort();                                                                           \
	} while (0)

#define ORDER_MAX 10

static void *make(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		DIE();
	return p;
}

/* ---- entries ------------------------------------------------------------------------------- */

void entries_add(struct entries *e, uint64_t at, unsigned int order)
{
	if (e->count == e->max) {
		e->max = e->max ? 2 * e->max : 256;
		e->block = realloc(e->block, e->max * sizeof(*e->block));
		if (!e->block)
			DIE();
	}
	e->block[e->count++] = (struct kho_block){at, order};
}

bool entries_take(struct entries *e, uint64_t at, unsigned int order)
{
	for (size_t i = 0; i < e->count; i++) {
		if (e->block[i].at != at || e->block[i].order != order)
			continue;
		e->block[i] = e->block[--e->count];
		return true;
	}
	return false;
}

void entries_of(struct entries *e, const struct kho_image *img)
{
	e->count = 0;
	for (size_t i = 0; i < img->blocks; i++)
		entries_add(e, img->block[i].at, img->block[i].order);
}

static int by_address(const void *a, const void *b)
{
	const struct kho_block *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

bool entries_equal(struct entries *a, struct entries *b)
{
	if (a->count != b->count)
		return false;
	if (!a->count)
		return true;
	qsort(a->block, a->count, sizeof(*a->block), by_address);
	qsort(b->block, b->count, sizeof(*b->block), by_address);
	for (size_t i = 0; i < a->count; i++)
		if (by_address(&a->block[i], &b->block[i]))
			return false;
	return true;
}

void entries_free(struct entries *e)
{
	free(e->block);
	*e = (struct entries){0};
}

/* ---- models -------------------------------------------------------------------------------- */

static uint64_t pick_folio(struct kho_image *img, uint64_t *random, uint64_t *next)
{
	unsigned int order = random_below(random, 4) ? 0 : (unsigned int)random_below(random, 4);
	uint64_t bytes = img->page << order;
	uint64_t at = (*next + bytes - 1) / bytes * bytes;

	*next = at + bytes + img->page * random_below(random, 3);
	kho_image_preserve(img, at, order);
	return at >> img->page_shift;
}

static void make_memfd(struct kho_image *img, struct model_file *f, uint64_t *random,
		       uint64_t *next, bool seals)
{
	strcpy(f->handler, "memfd");
	f->pos = random_next(random);
	f->size = random_next(random);
	f->seals = (uint32_t)random_below(random, 2);
	if (seals)
		f->seals |= (uint32_t)random_below(random, 64);
	f->folios = (unsigned int)random_below(random, 8);
	if (!random_below(random, 20))
		f->folios = 1 + (unsigned int)random_below(random, MODEL_FOLIOS - 1);
	for (unsigned int i = 0; i < f->folios; i++) {
		f->pfn[i] = pick_folio(img, random, next) | 3ULL << 52;
		f->index[i] = random_next(random);
	}
}

static void make_file(struct kho_image *img, struct model_file *f, uint64_t *random, uint64_t *next,
		      bool seals)
{
	f->token = random_next(random);
	if (random_below(random, 6)) {
		make_memfd(img, f, random, next, seals);
		return;
	}
	strcpy(f->handler, "vfio-pci-v3");
	f->data = *next;
	kho_image_preserve(img, f->data, 0);
	*next += img->page;
}

struct model *model_make(struct kho_image *img, uint64_t *random, unsigned int sessions,
			 unsigned int files, bool shares, bool seals)
{
	struct model *m = make(sizeof(*m));
	uint64_t next = KHO_IMAGE_DATA;

	m->number = random_next(random);
	m->sessions = sessions;
	for (unsigned int i = 0; i < sessions; i++) {
		struct model_session *s = &m->session[i];
		unsigned int n = files ? (unsigned int)random_below(random, files + 1) : 0;

		snprintf(s->name, sizeof(s->name), "session-%u-%*d", i,
			 (int)random_below(random, 40), 7);
		s->files = n;
		s->file = make(n * sizeof(*s->file));
		for (unsigned int j = 0; j < n; j++)
			make_file(img, &s->file[j], random, &next, seals);
	}
	for (; shares && m->shares < MODEL_SHARED; m->shares++) {
		snprintf(m->shared[m->shares].name, 48, "liveupdate-test-flb-v%u", m->shares);
		m->shared[m->shares].data = random_next(random);
		m->shared[m->shares].count = random_below(random, 9);
	}
	return m;
}

void model_free(struct model *m)
{
	for (unsigned int i = 0; m && i < m->sessions; i++)
		free(m->session[i].file);
	free(m);
}

static bool is_memfd(const struct model_file *f)
{
	return !strncmp(f->handler, "memfd", 5);
}

static const char *compare_files(const struct model_file *a, const struct model_file *b)
{
	if (a->token != b->token)
		return "token";
	if (is_memfd(a) != is_memfd(b) || (!is_memfd(a) && strcmp(a->handler, b->handler)))
		return "handler";
	if (!is_memfd(a))
		return a->data == b->data ? NULL : "private data";
	if (a->pos != b->pos || a->size != b->size || a->folios != b->folios)
		return "position, size or number of folios";
	if (a->seals != b->seals || a->flags != b->flags)
		return "seals";
	if (memcmp(a->pfn, b->pfn, sizeof(a->pfn)) || memcmp(a->index, b->index, sizeof(a->index)))
		return "folios";
	return NULL;
}

const char *model_compare(const struct model *a, const struct model *b)
{
	if (a->number != b->number || a->sessions != b->sessions)
		return "number of live updates or of sessions";
	for (unsigned int i = 0; i < a->sessions; i++) {
		const struct model_session *s = &a->session[i], *t = &b->session[i];
		const char *differs = NULL;

		if (strcmp(s->name, t->name) || s->files != t->files)
			return "session";
		for (unsigned int j = 0; j < s->files && !differs; j++)
			differs = compare_files(&s->file[j], &t->file[j]);
		if (differs)
			return differs;
	}
	if (a->shares != b->shares || memcmp(a->shared, b->shared, sizeof(a->shared)))
		return "shared data";
	return NULL;
}

/* ---- writing ------------------------------------------------------------------------------- */

/* kho_alloc_preserve() */
static uint64_t alloc(struct kho_image *img, unsigned int order)
{
	uint64_t at = kho_image_alloc(img, img->page << order, img->page << order);

	kho_image_preserve(img, at, order);
	return at;
}

/* kho_preserve_vmalloc(), of pages that hold @count folios */
static void write_array(struct kho_image *img, const struct model_file *f, uint64_t desc)
{
	uint64_t per = img->page / 16, pages = (f->folios + per - 1) / per;
	uint64_t chunk = alloc(img, 0), slot = chunk + 8;

	kho_image_put(img, desc, chunk);
	kho_image_put(img, desc + 8, pages | 1ULL << 32);
	for (uint64_t i = 0; i < pages; i++, slot += 8) {
		uint64_t at = alloc(img, 0);

		if (slot % img->page == 0)
			DIE();
		kho_image_put(img, slot, at);
		for (uint64_t j = i * per; j < (i + 1) * per && j < f->folios; j++) {
			kho_image_put(img, at + j % per * 16, f->pfn[j]);
			kho_image_put(img, at + j % per * 16 + 8, f->index[j]);
		}
	}
}

static void write_memfd(enum linux_release v, struct kho_image *img, struct model_file *f)
{
	uint64_t at = alloc(img, 0), tail = at + (v == LINUX_6_19 ? 16 : 24);

	strcpy(f->handler, v == LINUX_6_19 ? "memfd-v1" : "memfd-v2");
	f->data = at;
	kho_image_put(img, at, f->pos);
	kho_image_put(img, at + 8, f->size);
	if (v != LINUX_6_19)
		kho_image_put(img, at + 16, f->seals | (uint64_t)f->flags << 32);
	kho_image_put(img, tail, f->folios);
	if (f->folios)
		write_array(img, f, tail + 8);
}

static void write_file(enum linux_release v, struct kho_image *img, struct model_file *f,
		       uint64_t at)
{
	if (is_memfd(f))
		write_memfd(v, img, f);
	memcpy(kho_image_at(img, at, 48), f->handler, 48);
	kho_image_put(img, at + 48, f->data);
	kho_image_put(img, at + 56, f->token);
}

/* Address of entry @i of a list of blocks that begins at *@head; blocks are added as needed. */
static uint64_t block_entry(struct kho_image *img, uint64_t *head, uint64_t i, uint64_t bytes)
{
	uint64_t per = (img->page - 16) / bytes, at = *head, n = i / per;

	if (!at)
		at = *head = alloc(img, 0);
	while (n--) {
		uint64_t next = kho_image_get(img, at);

		if (!next) {
			next = alloc(img, 0);
			kho_image_put(img, at, next);
		}
		at = next;
	}
	kho_image_put(img, at + 8, i % per + 1);
	return at + 16 + i % per * bytes;
}

static void write_session(enum linux_release v, struct kho_image *img, struct model_session *s,
			  uint64_t at)
{
	uint64_t files = 0;

	if (s->files && v != LINUX_7_2)
		files = alloc(img, 1);
	for (unsigned int i = 0; i < s->files; i++)
		write_file(v, img, &s->file[i],
			   v == LINUX_7_2 ? block_entry(img, &files, i, 64) : files + 64 * i);
	memcpy(kho_image_at(img, at, 64), s->name, 64);
	kho_image_put(img, at + 64, files);
	kho_image_put(img, at + 72, s->files);
}

static uint64_t write_shared(struct kho_image *img, const struct model *m)
{
	uint64_t at = alloc(img, 0);

	kho_image_put(img, at, 1);
	kho_image_put(img, at + 8, m->shares);
	for (unsigned int i = 0; i < m->shares; i++) {
		memcpy(kho_image_at(img, at + 16 + 64 * i, 48), m->shared[i].name, 48);
		kho_image_put(img, at + 16 + 64 * i + 48, m->shared[i].data);
		kho_image_put(img, at + 16 + 64 * i + 56, m->shared[i].count);
	}
	return at;
}

static uint64_t write_sessions(enum linux_release v, struct kho_image *img, struct model *m)
{
	uint64_t at = v == LINUX_7_2 ? 0 : alloc(img, 4);

	if (at)
		kho_image_put(img, at, m->sessions);
	for (unsigned int i = 0; i < m->sessions; i++)
		write_session(v, img, &m->session[i],
			      v == LINUX_7_2 ? block_entry(img, &at, i, 80) : at + 8 + 80 * i);
	return at;
}

static int put_version(void *fdt, const char *version)
{
	return fdt_property(fdt, "compatible", version, (int)strlen(version) + 1);
}

static void put_node(void *fdt, const char *name, const char *compatible, const char *prop,
		     uint64_t at)
{
	int err = fdt_begin_node(fdt, name);

	err |= put_version(fdt, compatible);
	err |= fdt_property(fdt, prop, &at, 8);
	if (err | fdt_end_node(fdt))
		DIE();
}

static uint64_t write_fdt(enum linux_release v, struct kho_image *img, struct model *m,
			  uint64_t *size)
{
	uint64_t at = alloc(img, 0), sessions = write_sessions(v, img, m);
	uint64_t shared = v == LINUX_6_19 ? 0 : write_shared(img, m);
	void *fdt = kho_image_at(img, at, img->page);
	int err = fdt_create(fdt, (int)img->page);

	err |= fdt_finish_reservemap(fdt);
	err |= fdt_begin_node(fdt, "");
	err |= put_version(fdt, "luo-v1");
	err |= fdt_property(fdt, "liveupdate-number", &m->number, 8);
	put_node(fdt, "luo-session", "luo-session-v2", "luo-session-header", sessions);
	if (shared)
		put_node(fdt, "luo-flb", "luo-flb-v1", "luo-flb-header", shared);
	if (err | fdt_end_node(fdt) | fdt_finish(fdt))
		DIE();
	*size = fdt_totalsize(fdt);
	return at;
}

uint64_t linux_write(enum linux_release v, struct kho_image *img, struct model *m, uint64_t *size)
{
	uint64_t at;

	if (v != LINUX_7_2)
		return write_fdt(v, img, m, size);
	at = alloc(img, 0);
	memcpy(kho_image_at(img, at, 8), "luo-v5\0", 8);
	kho_image_put(img, at + 8, m->number);
	kho_image_put(img, at + 16, write_sessions(v, img, m));
	kho_image_put(img, at + 24, write_shared(img, m));
	*size = 32;
	return at;
}

/* ---- reading ------------------------------------------------------------------------------- */

struct reader {
	enum linux_release v;
	struct kho_image *img;
	struct entries *e;
	struct model *m;
	const char *wrong; /* first thing */
};

static bool wrong(struct reader *r, const char *what)
{
	if (!r->wrong)
		r->wrong = what;
	return false;
}

/* @len bytes at @at; zeros if it cannot be read. */
static const uint8_t *look(struct reader *r, uint64_t at, uint64_t len)
{
	static const uint8_t none[128];
	const uint8_t *p = kho_image_find(r->img, at, len);

	if (p)
		return p;
	wrong(r, "reads what is not RAM");
	return none;
}

static uint64_t word(struct reader *r, uint64_t at)
{
	return get_u64(look(r, at, 8));
}

/* kho_restore_folio(): whatever order its entry has; @order is that which is meant to be freed */
static void restore(struct reader *r, uint64_t at, int order)
{
	for (int o = 0; o <= ORDER_MAX; o++) {
		if (!entries_take(r->e, at, (unsigned int)o))
			continue;
		if (order >= 0 && o != order)
			wrong(r, "frees more or less than it was");
		return;
	}
	wrong(r, "WARN: restores what is not preserved");
}

/* kho_restore_vmalloc(); @pages gets the addresses */
static unsigned int restore_vmalloc(struct reader *r, uint64_t desc, uint64_t *pages,
				    unsigned int max)
{
	uint64_t chunk = word(r, desc), total = (uint32_t)word(r, desc + 8);
	unsigned int n = 0;

	while (chunk && !r->wrong) {
		uint64_t next = word(r, chunk), slot = chunk + 8;

		for (; slot < chunk + r->img->page && word(r, slot); slot += 8) {
			if (n == max)
				return wrong(r, "vmalloc area too long");
			pages[n++] = word(r, slot);
			restore(r, word(r, slot), 0);
		}
		restore(r, chunk, 0);
		chunk = next;
	}
	if (n != total)
		wrong(r, "vmalloc area of another length");
	return n;
}

static void read_folios(struct reader *r, struct model_file *f, uint64_t tail)
{
	uint64_t page[MODEL_FOLIOS], per = r->img->page / 16;
	unsigned int pages = restore_vmalloc(r, tail + 8, page, MODEL_FOLIOS);

	if (f->folios > MODEL_FOLIOS || f->folios > pages * per) {
		wrong(r, "more folios than there are");
		return;
	}
	for (unsigned int i = 0; i < f->folios && !r->wrong; i++) {
		f->pfn[i] = word(r, page[i / per] + i % per * 16);
		f->index[i] = word(r, page[i / per] + i % per * 16 + 8);
		restore(r, (f->pfn[i] & ((1ULL << 52) - 1)) << r->img->page_shift, -1);
	}
}

static void read_memfd(struct reader *r, struct model_file *f)
{
	uint64_t at = f->data, tail = at + (r->v == LINUX_6_19 ? 16 : 24);

	f->pos = word(r, at);
	f->size = word(r, at + 8);
	f->seals = 1; /* memfd_alloc_file("", 0) */
	if (r->v != LINUX_6_19) {
		f->seals = (uint32_t)word(r, at + 16);
		f->flags = (uint32_t)(word(r, at + 16) >> 32);
	}
	if (f->seals & ~0x3fU)
		wrong(r, "EOPNOTSUPP: seals");
	f->folios = (unsigned int)word(r, tail);
	if (f->folios)
		read_folios(r, f, tail);
	restore(r, at, 0);
}

/* luo_file_deserialize() of one, and memfd_luo_retrieve() */
static void read_file(struct reader *r, struct model_session *s, uint64_t at)
{
	struct model_file *f;

	if (s->files == s->file_max) {
		wrong(r, "EIO: more files than were counted");
		return;
	}
	f = &s->file[s->files++];
	memset(f, 0, sizeof(*f));
	memcpy(f->handler, look(r, at, 48), 48);
	f->data = word(r, at + 48);
	f->token = word(r, at + 56);
	if (!memchr(f->handler, 0, 48))
		wrong(r, "name without end");
	else if (!strcmp(f->handler, r->v == LINUX_6_19 ? "memfd-v1" : "memfd-v2"))
		read_memfd(r, f);
	else if (strcmp(f->handler, "vfio-pci-v3"))
		wrong(r, "ENOENT: no such handler");
}

/*
 * kho_block_set_restore() and the iterator over it, then kho_block_set_destroy(). @see gets each
 * entry.
 */
static uint64_t read_blocks(struct reader *r, uint64_t at, uint64_t bytes,
			    void (*see)(struct reader *r, struct model_session *s, uint64_t at),
			    struct model_session *s)
{
	uint64_t per = (r->img->page - 16) / bytes, found = 0;
	unsigned int blocks = 0;

	for (uint64_t b = at; b && !r->wrong; b = word(r, b)) {
		if (blocks++ == 10000)
			wrong(r, "panic: blocks without end");
		if (!word(r, b + 8) || word(r, b + 8) > per)
			wrong(r, "panic: invalid entry count");
	}
	while (at && !r->wrong) {
		uint64_t n = word(r, at + 8), next = word(r, at);

		for (uint64_t i = 0; i < n && !r->wrong; i++, found++)
			see(r, s, at + 16 + i * bytes);
		restore(r, at, 0);
		at = next;
	}
	return found;
}

static void read_files(struct reader *r, struct model_session *s, uint64_t files, uint64_t count)
{
	if (!files) {
		if (count)
			wrong(r, "WARN: files without a list");
		return;
	}
	s->file_max = (unsigned int)(count < MODEL_FILES ? count : MODEL_FILES);
	s->file = make(s->file_max * sizeof(*s->file));
	if (r->v == LINUX_7_2) {
		if (read_blocks(r, files, 64, read_file, s) != count)
			wrong(r, "EIO: file count mismatch");
		return;
	}
	for (uint64_t i = 0; i < count && !r->wrong; i++)
		read_file(r, s, files + 64 * i);
	restore(r, files, 1);
}

static void read_session(struct reader *r, struct model_session *none, uint64_t at)
{
	struct model_session *s = &r->m->session[r->m->sessions];

	(void)none;
	if (r->m->sessions == MODEL_SESSIONS) {
		wrong(r, "too many sessions for the model");
		return;
	}
	r->m->sessions++;
	memcpy(s->name, look(r, at, 64), 64);
	if (!memchr(s->name, 0, 64))
		wrong(r, "name without end");
	read_files(r, s, word(r, at + 64), word(r, at + 72));
}

/* luo_flb_setup_incoming(); the page is never freed */
static void read_shared(struct reader *r, uint64_t at)
{
	r->m->shares = (unsigned int)word(r, at + 8);
	if (r->m->shares > MODEL_SHARED) {
		wrong(r, "too much shared data for the model");
		return;
	}
	for (unsigned int i = 0; i < r->m->shares; i++) {
		memcpy(r->m->shared[i].name, look(r, at + 16 + 64 * i, 48), 48);
		r->m->shared[i].data = word(r, at + 16 + 64 * i + 48);
		r->m->shared[i].count = word(r, at + 16 + 64 * i + 56);
	}
}

static bool node_word(const void *fdt, const char *name, const char *compatible, const char *prop,
		      uint64_t *ret)
{
	int len = 0, node = name ? fdt_subnode_offset(fdt, 0, name) : 0;
	const void *p;

	if (node < 0 || fdt_node_check_compatible(fdt, node, compatible))
		return false;
	p = fdt_getprop(fdt, node, prop, &len);
	if (!p || len != 8)
		return false;
	*ret = get_u64(p);
	return true;
}

static void read_fdt(struct reader *r, uint64_t at, uint64_t size)
{
	const void *fdt = kho_image_find(r->img, at, size);
	uint64_t sessions, shared;

	if (!fdt || fdt_check_full(fdt, size)) {
		wrong(r, "panic: no FDT");
		return;
	}
	if (!node_word(fdt, NULL, "luo-v1", "liveupdate-number", &r->m->number) ||
	    !node_word(fdt, "luo-session", "luo-session-v2", "luo-session-header", &sessions)) {
		wrong(r, "panic: incompatible FDT");
		return;
	}
	if (r->v == LINUX_7_1) {
		if (!node_word(fdt, "luo-flb", "luo-flb-v1", "luo-flb-header", &shared))
			wrong(r, "panic: no luo-flb");
		else
			read_shared(r, shared);
	}
	for (uint64_t i = 0; !r->wrong && i < word(r, sessions); i++)
		read_session(r, NULL, sessions + 8 + 80 * i);
	restore(r, sessions, 4);
}

static void read_struct(struct reader *r, uint64_t at, uint64_t size)
{
	if (size < 32 || memcmp(look(r, at, 8), "luo-v5\0", 8)) {
		wrong(r, "panic: incompatible struct");
		return;
	}
	r->m->number = word(r, at + 8);
	if (word(r, at + 24))
		read_shared(r, word(r, at + 24));
	if (word(r, at + 16))
		read_blocks(r, word(r, at + 16), 80, read_session, NULL);
	restore(r, at, 0);
}

const char *linux_read(enum linux_release v, struct kho_image *img, uint64_t at, uint64_t size,
		       struct entries *e, struct model **ret)
{
	struct reader r = {v, img, e, make(sizeof(*r.m)), NULL};

	if (v == LINUX_7_2)
		read_struct(&r, at, size);
	else
		read_fdt(&r, at, size);
	if (ret)
		*ret = r.m;
	else
		model_free(r.m);
	return r.wrong;
}

const char *linux_names(enum linux_release v)
{
	static const char *const names[] = {"luo-session-v2 luo-v1 memfd-v1",
					    "luo-v1 luo-session-v2 luo-flb-v1 memfd-v2",
					    "luo-v5 memfd-v2"};

	return names[v];
}
