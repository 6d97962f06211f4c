// SPDX-License-Identifier: BSD-2-Clause
/*
 * Live update data in the form of another kernel. What comes out is read by a model of that kernel
 * (luo_kernel.c), which must find the same sessions, panic nowhere, and leave nothing reserved that
 * it would not leave after an update from its own kind.
 */
#include "unit.h"

#include "luo_kernel.h"

#include <bridge/luo.h>
#include <core/log.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>

#define FIELD (192 * SZ_1M)
#define HOPS  4
#define EDITS 20000

struct world {
	struct kho_image img;
	struct kho_pages p;
	struct range room; /* new pages of one conversion */
	struct range_list from;
	struct entries e;
	uint64_t random;
	struct model *m;
	struct kho_blob blob;
	struct kho_dialect to;
	struct kb_diag diag;
	struct kho_edit *edit;
	uint8_t *field; /* a copy */
};

static uint8_t *open_piece(void *ctx, struct range piece)
{
	struct world *w = ctx;

	return w->img.buf + (piece.base - KHO_IMAGE_BASE);
}

static void world_init(struct world *w, unsigned int page_shift, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->random = seed;
	kho_image_init_sized(&w->img, KHO_MAP_RADIX, page_shift, FIELD);
	w->edit = calloc(EDITS, sizeof(*w->edit));
	w->from = (struct range_list){&w->room, 1, 1};
	w->p = (struct kho_pages){.m = &w->img.mem,
				  .from = &w->from,
				  .trial = malloc(w->img.page << KHO_PAGES_ORDER_MAX),
				  .open = open_piece,
				  .ctx = w,
				  .edit = w->edit,
				  .edit_max = EDITS};
	w->to = (struct kho_dialect){.abi = KHO_ABI_V4,
				     .format = KHO_MAP_RADIX,
				     .page_shift = page_shift};
}

/* Written by @v; nothing can be preserved afterwards. */
static void world_write(struct world *w, enum linux_release v, struct model *m)
{
	w->m = m;
	strcpy(w->blob.name, "LUO");
	w->blob.at = phys(linux_write(v, &w->img, m, &w->blob.size));
	kho_image_finish(&w->img);
	assert_int_equal(kho_image_open(&w->img), KB_OK);
	w->p.k = w->img.kho;
	entries_of(&w->e, &w->img);
}

static void world_free(struct world *w)
{
	free(w->field);
	free(w->edit);
	free(w->p.trial);
	entries_free(&w->e);
	model_free(w->m);
	kho_image_free(&w->img);
}

static void make_edits(struct world *w)
{
	for (size_t i = 0; i < w->p.edits; i++) {
		const struct kho_edit *e = &w->edit[i];

		if (e->add)
			entries_add(&w->e, e->base, e->order);
		else
			assert_true(entries_take(&w->e, e->base, e->order));
	}
}

static void keep_field(struct world *w)
{
	free(w->field);
	w->field = malloc(w->img.used);
	memcpy(w->field, kho_image_at(&w->img, KHO_IMAGE_BASE, w->img.used), w->img.used);
}

/* Nothing of the outgoing kernel changed; in a rehearsal, nothing at all. */
static void check_field(struct world *w)
{
	assert_memory_equal(w->field, kho_image_at(&w->img, KHO_IMAGE_BASE, w->img.used),
			    w->img.used);
}

static enum kb_status write_once(struct world *w, bool rehearsal, struct kho_blob *out)
{
	enum kb_status st;

	w->diag = (struct kb_diag){0};
	kho_pages_begin(&w->p, rehearsal);
	kho_image_seal(&w->img);
	st = bridge_write_luo(&w->p, &w->blob, &w->to, out, &w->diag);
	if (st != KB_BRIDGE_ROOM && st != KB_BRIDGE_EDITS)
		assert_int_equal(st, w->diag.status);
	return st;
}

/* Convert for a kernel with these names; room number @hop. */
static enum kb_status convert(struct world *w, const char *names, unsigned int hop)
{
	uint64_t half = FIELD / 2, part = half / HOPS;
	struct kho_blob first = {.size = 7}, trial = first, out = first;
	enum kb_status st;
	size_t edits, counted;

	w->room = (struct range){KHO_IMAGE_BASE + half + hop * part, part};
	w->to.names = (struct kb_text){names, strlen(names)};
	keep_field(w);
	w->p.edit = NULL;
	st = write_once(w, true, &first);
	check_field(w);
	counted = w->p.edits;
	w->p.edit = w->edit;
	if (!st)
		st = write_once(w, true, &trial);
	check_field(w);
	for (uint64_t i = 0; i < 2 * SZ_1M; i++)
		assert_int_equal(w->img.buf[half + hop * part + i], 0);
	if (st) {
		assert_int_equal(trial.size, 7);
		return st;
	}
	edits = w->p.edits;
	assert_int_equal(edits, counted);
	ok(write_once(w, false, &out));
	check_field(w);
	assert_int_equal(edits, w->p.edits);
	assert_int_equal(trial.at.addr, out.at.addr);
	assert_string_equal(out.name, "LUO");
	make_edits(w);
	w->blob = out;
	return KB_OK;
}

/* Entries that kernel @v leaves: what nobody takes back. */
static void expect_left(struct world *w, enum linux_release v, struct entries *e, uint64_t shared)
{
	if (v != LINUX_7_2)
		assert_true(entries_take(e, w->blob.at.addr, 0));
	if (shared)
		assert_true(entries_take(e, shared, 0));
}

/* Where the page of shared data is now; 0: there is none. */
static uint64_t shared_page(struct world *w, enum linux_release v)
{
	const uint8_t *p = kho_image_at(&w->img, w->blob.at.addr, w->blob.size);

	if (v == LINUX_7_2)
		return get_u64(p + 24);
	if (v == LINUX_6_19)
		return 0;
	return get_u64(fdt_getprop(p, fdt_subnode_offset(p, 0, "luo-flb"), "luo-flb-header", NULL));
}

static void add_private(struct entries *base, const struct model *m)
{
	for (unsigned int i = 0; i < m->sessions; i++)
		for (unsigned int j = 0; j < m->session[i].files; j++)
			if (strncmp(m->session[i].file[j].handler, "memfd", 5))
				entries_add(base, m->session[i].file[j].data, 0);
}

/* Kernel @v finds all of the model, and nothing is left but @base and private data. */
static void check_reads(struct world *w, enum linux_release v, struct entries *base)
{
	uint64_t shared = shared_page(w, v);
	struct entries expect = {0};
	const char *differs, *wrong;
	struct model *found;

	wrong = linux_read(v, &w->img, w->blob.at.addr, w->blob.size, &w->e, &found);
	if (wrong)
		fail_msg("kernel %d: %s", v, wrong);
	differs = model_compare(w->m, found);
	if (differs)
		fail_msg("kernel %d: %s differ", v, differs);
	expect_left(w, v, &w->e, shared);
	for (size_t i = 0; i < base->count; i++)
		entries_add(&expect, base->block[i].at, base->block[i].order);
	add_private(&expect, w->m);
	assert_true(entries_equal(&w->e, &expect));
	entries_free(&expect);
	model_free(found);
}

/* From the first of @path through all others, and read by the last. */
static void run_path(unsigned int page_shift, uint64_t seed, const enum linux_release *path,
		     unsigned int hops, bool shares, bool seals)
{
	struct world w;
	struct entries base = {0};
	bool old = false;

	world_init(&w, page_shift, seed);
	entries_of(&base, &w.img);
	world_write(&w, path[0],
		    model_make(&w.img, &w.random, (unsigned int)random_below(&w.random, 12),
			       (unsigned int)random_below(&w.random, 6), shares, seals));
	for (unsigned int i = 0; i <= hops; i++)
		old = old || path[i] == LINUX_6_19;
	for (unsigned int i = 1; i <= hops; i++)
		ok(convert(&w, linux_names(path[i]), i - 1));
	if (old)
		for (unsigned int i = 0; i < w.m->sessions; i++)
			for (unsigned int j = 0; j < w.m->session[i].files; j++)
				w.m->session[i].file[j].seals = 1;
	check_reads(&w, path[hops], &base);
	entries_free(&base);
	world_free(&w);
}

static void every_kernel_reads_what_any_other_wrote(void **state)
{
	static const unsigned int shifts[] = {12, 14, 16};
	(void)state;

	for (unsigned int s = 0; s < ARRAY_SIZE(shifts); s++)
		for (unsigned int i = 0; i < LINUXES * LINUXES * 12; i++) {
			const enum linux_release path[] = {i % LINUXES, i / LINUXES % LINUXES};
			bool old = path[0] == LINUX_6_19 || path[1] == LINUX_6_19;

			run_path(shifts[s], i, path, 1, !old && i % 2, !old);
		}
}

static void sessions_survive_chains(void **state)
{
	static const enum linux_release up[] = {LINUX_6_19, LINUX_7_1, LINUX_7_2, LINUX_7_1};
	static const enum linux_release down[] = {LINUX_7_2, LINUX_7_1, LINUX_6_19, LINUX_7_2,
						  LINUX_6_19};
	static const enum linux_release new[] = {LINUX_7_1, LINUX_7_2, LINUX_7_1, LINUX_7_2};
	(void)state;

	for (unsigned int i = 0; i < 10; i++) {
		run_path(12 + i % 3 * 2, 100 + i, up, 3, false, false);
		run_path(12 + i % 3 * 2, 200 + i, down, 4, false, false);
		run_path(12 + i % 3 * 2, 300 + i, new, 3, true, true);
	}
}

/* ---- one by one ---------------------------------------------------------------------------- */

#define N619 "luo-session-v2 luo-v1 memfd-v1"
#define N71  "luo-v1 luo-session-v2 luo-flb-v1 memfd-v2"
#define N72  "luo-v5 memfd-v2"

static char log_text[4096];

static void listen(const char *line)
{
	size_t used = strlen(log_text);

	snprintf(log_text + used, sizeof(log_text) - used, "%s\n", line);
}

static bool said(const char *what)
{
	return strstr(log_text, what);
}

/* @sessions with one memfd each. */
static struct model *model_simple(struct world *w, unsigned int sessions)
{
	struct model *m = model_make(&w->img, &w->random, sessions, 0, false, false);

	for (unsigned int i = 0; i < sessions; i++) {
		m->session[i].file = realloc(m->session[i].file, sizeof(struct model_file));
		memset(m->session[i].file, 0, sizeof(struct model_file));
		m->session[i].files = 1;
		strcpy(m->session[i].file->handler, "memfd");
		m->session[i].file->token = 0x7000 + i;
	}
	log_text[0] = 0;
	return m;
}

static void many_files(struct model_session *s, unsigned int files)
{
	s->file = realloc(s->file, files * sizeof(*s->file));
	for (unsigned int i = s->files; i < files; i++) {
		s->file[i] = s->file[0];
		s->file[i].token = i;
	}
	s->files = files;
}

/* One session with one memfd, written by @v, for a kernel with these names. */
static enum kb_status convert_one(struct world *w, enum linux_release v, const char *names,
				  void (*change)(struct world *w, struct model *m))
{
	struct model *m;

	world_init(w, 12, 1);
	m = model_simple(w, 1);
	if (change)
		change(w, m);
	world_write(w, v, m);
	return convert(w, names, 0);
}

static void what_it_reads_passes_untouched(void **state)
{
	static const char *const names[] = {N619, "x-v3 " N71 " y-v9", N72 " luo-v1"};
	struct world w;
	(void)state;

	for (enum linux_release v = 0; v < LINUXES; v++) {
		uint64_t at;

		world_init(&w, 12, v);
		world_write(&w, v, model_make(&w.img, &w.random, 7, 3, v != LINUX_6_19, true));
		at = w.blob.at.addr;
		ok(convert(&w, names[v], 0));
		assert_int_equal(w.blob.at.addr, at);
		assert_int_equal(w.p.edits, 0);
		assert_int_equal(w.p.taken, 0);
		world_free(&w);
	}
}

/* 7.2 and 7.3 panic on what they left themselves. */
static void a_block_without_entries_is_left_out(void **state)
{
	struct entries base = {0};
	struct world w;
	uint64_t block, at;
	(void)state;

	world_init(&w, 12, 1);
	entries_of(&base, &w.img);
	block = kho_image_alloc(&w.img, SZ_4K, SZ_4K);
	kho_image_preserve(&w.img, block, 0);
	world_write(&w, LINUX_7_2, model_simple(&w, 51));
	at = w.blob.at.addr;
	kho_image_put(&w.img, kho_image_get(&w.img, at + 16), block);
	assert_string_equal(linux_read(LINUX_7_2, &w.img, at, 32, &w.e, NULL),
			    "panic: invalid entry count");
	entries_of(&w.e, &w.img);
	ok(convert(&w, N72, 0));
	check_reads(&w, LINUX_7_2, &base);
	entries_free(&base);
	world_free(&w);
}

static void no_more_sessions_than_it_takes(void **state)
{
	struct entries base = {0};
	struct world w;
	(void)state;

	for (unsigned int n = 819; n <= 820; n++) {
		world_init(&w, 12, 1);
		entries_of(&base, &w.img);
		world_write(&w, LINUX_7_2, model_simple(&w, n));
		if (n == 819) {
			ok(convert(&w, N71, 0));
			check_reads(&w, LINUX_7_1, &base);
		} else {
			assert_int_equal(convert(&w, N71, 0), KB_LUO_MANY_SESSIONS);
			assert_int_equal(w.diag.value, 820);
			assert_true(said("820 sessions, the next kernel takes 819"));
		}
		world_free(&w);
	}
	entries_free(&base);
}

static void change_files_128(struct world *w, struct model *m)
{
	(void)w;
	many_files(&m->session[0], 128);
}

static void change_files_129(struct world *w, struct model *m)
{
	(void)w;
	strcpy(m->session[0].name, "guest\n7");
	many_files(&m->session[0], 129);
}

static void no_more_files_than_it_takes(void **state)
{
	struct world w;
	(void)state;

	ok(convert_one(&w, LINUX_7_2, N71, change_files_128));
	world_free(&w);
	assert_int_equal(convert_one(&w, LINUX_7_2, N71, change_files_129), KB_LUO_MANY_FILES);
	assert_int_equal(w.diag.value, 129);
	assert_true(said("session 'guest?7' has 129 files, the next kernel takes 128"));
	world_free(&w);
	ok(convert_one(&w, LINUX_7_2, N72, change_files_129));
	world_free(&w);
}

static void change_seal_write(struct world *w, struct model *m)
{
	(void)w;
	m->session[0].file->seals = 8;
}

static void change_seal_seal(struct world *w, struct model *m)
{
	(void)w;
	m->session[0].file->seals = 1;
}

static void change_flags(struct world *w, struct model *m)
{
	(void)w;
	m->session[0].file->flags = 1;
}

static void seals_are_not_lost(void **state)
{
	struct world w;
	(void)state;

	assert_int_equal(convert_one(&w, LINUX_7_1, N619, change_seal_write), KB_LUO_SEALED);
	assert_int_equal(w.diag.at, w.m->session[0].file->data);
	assert_int_equal(w.diag.value, 8);
	assert_true(said("file 0x7000 (memfd-v2): sealed"));
	world_free(&w);
	assert_int_equal(convert_one(&w, LINUX_7_2, N619, change_flags), KB_LUO_SEALED);
	world_free(&w);
	ok(convert_one(&w, LINUX_7_1, N619, change_seal_seal));
	assert_false(said("sealed"));
	world_free(&w);
	ok(convert_one(&w, LINUX_7_1, N619, NULL));
	assert_true(said("cannot be sealed any more"));
	world_free(&w);
}

static void change_other(struct world *w, struct model *m)
{
	strcpy(m->session[0].file->handler, "guestmemfd-v1");
	m->session[0].file->data = KHO_IMAGE_DATA;
	kho_image_preserve(&w->img, KHO_IMAGE_DATA, 0);
}

/* Its khoctl looked for memfd. */
static void looked(struct world *w, struct model *m)
{
	(void)m;
	w->to.whole = true;
}

static unsigned int times_said(const char *what)
{
	unsigned int n = 0;

	for (const char *at = log_text; (at = strstr(at, what)); at++)
		n++;
	return n;
}

static void handlers_that_it_lacks(void **state)
{
	struct world w;
	uint64_t at;
	(void)state;

	/* Another version of memfd, which cannot be converted. */
	assert_int_equal(convert_one(&w, LINUX_7_1, "luo-v5 memfd-v3", NULL), KB_LUO_HANDLER);
	assert_int_equal(w.diag.value, 0x7000);
	assert_true(said("(memfd-v2): the next kernel has no such handler"));
	world_free(&w);
	assert_int_equal(convert_one(&w, LINUX_7_2, "luo-v5 memfd-v3", NULL), KB_LUO_HANDLER);
	world_free(&w);
	/* None listed: only what passes as it is. */
	assert_int_equal(convert_one(&w, LINUX_7_1, "luo-v5", NULL), KB_LUO_HANDLER);
	world_free(&w);
	ok(convert_one(&w, LINUX_7_2, "luo-v5", NULL));
	assert_int_equal(times_said("(memfd-v2): not known whether"), 1);
	world_free(&w);
	assert_int_equal(convert_one(&w, LINUX_7_2, "luo-v5", looked), KB_LUO_HANDLER);
	world_free(&w);
	/* It may be in a module. */
	ok(convert_one(&w, LINUX_7_1, N72, change_other));
	assert_true(said("(guestmemfd-v1): not known whether"));
	at = get_u64(kho_image_at(&w.img, w.blob.at.addr + 16, 8));
	at = get_u64(kho_image_at(&w.img, at + 16 + 64, 8));
	assert_string_equal((char *)kho_image_at(&w.img, at + 16, 48), "guestmemfd-v1");
	assert_int_equal(get_u64(kho_image_at(&w.img, at + 16 + 48, 8)), KHO_IMAGE_DATA);
	world_free(&w);
}

static void change_share(struct world *w, struct model *m)
{
	(void)w;
	strcpy(m->shared[0].name, "iommu-v1");
	m->shares = 1;
}

static void change_test_share(struct world *w, struct model *m)
{
	(void)w;
	strcpy(m->shared[0].name, "liveupdate-test-flb-v0");
	m->shares = 1;
}

static void shared_data_are_not_lost(void **state)
{
	struct world w;
	(void)state;

	/* Of the kernel's own test: a number, which may go. */
	ok(convert_one(&w, LINUX_7_1, N619, change_test_share));
	assert_false(said("shared data"));
	world_free(&w);
	assert_int_equal(convert_one(&w, LINUX_7_1, N619, change_share), KB_LUO_HANDLER);
	assert_true(said("shared data 'iommu-v1'"));
	world_free(&w);
	assert_int_equal(convert_one(&w, LINUX_7_2, N619, change_share), KB_LUO_HANDLER);
	world_free(&w);
}

static void kernels_without_live_update(void **state)
{
	static const char *const names[] = {"", "memblock-v1 reserve-mem-v1"};
	struct world w;
	(void)state;

	for (unsigned int i = 0; i < 4 * ARRAY_SIZE(names) * LINUXES; i++) {
		enum linux_release v = i / 2 % LINUXES;
		bool old = i / 2 / LINUXES % 2;
		struct model *m;
		uint64_t size;

		world_init(&w, 12, 1);
		m = model_simple(&w, i % 2 * 2);
		world_write(&w, v, m);
		w.to.abi = old ? KHO_ABI_V1 : KHO_ABI_V4;
		size = w.blob.size;
		ok(convert(&w, names[i / LINUXES / 4], 0));
		/* No struct to a kernel that takes everything for an FDT. */
		assert_int_equal(w.blob.size, v == LINUX_7_2 && old ? 0 : size);
		assert_int_equal(w.p.edits, 0);
		assert_int_equal(times_said("no live update"), i % 2);
		world_free(&w);
	}
}

static void forms_that_are_not_known(void **state)
{
	struct world w;
	(void)state;

	world_init(&w, 12, 1);
	world_write(&w, LINUX_7_2, model_simple(&w, 1));
	kho_image_put(&w.img, w.blob.at.addr, 0x36762d6f756c); /* luo-v6 */
	ok(convert(&w, "luo-v6 memfd-v2", 0));
	assert_int_equal(w.p.edits, 0);
	assert_int_equal(convert(&w, N72, 0), KB_KERNEL_LUO);
	assert_int_equal(convert(&w, N71, 0), KB_KERNEL_LUO);
	kho_image_put(&w.img, w.blob.at.addr, 0x35762d6f756c);
	assert_int_equal(convert(&w, "luo-v6 memfd-v2", 0), KB_KERNEL_LUO);
	assert_int_equal(convert(&w, "luo-v1 luo-session-v3 memfd-v2", 0), KB_KERNEL_LUO);
	assert_int_equal(convert(&w, "luo-v1 luo-session-v2 luo-flb-v2 memfd-v2", 0),
			 KB_KERNEL_LUO);
	world_free(&w);
}

static void what_is_damaged_is_refused(void **state)
{
	struct world w;
	uint64_t session, file, folios;
	(void)state;

	world_init(&w, 12, 1);
	world_write(&w, LINUX_7_2, model_simple(&w, 1));
	session = kho_image_get(&w.img, w.blob.at.addr + 16) + 16;
	file = kho_image_get(&w.img, session + 64) + 16;
	kho_image_put(&w.img, session + 72, 2);
	assert_int_equal(convert(&w, N72, 0), KB_LUO_FILES);
	assert_int_equal(convert(&w, N71, 0), KB_LUO_FILES);
	kho_image_put(&w.img, session + 72, 1);
	folios = kho_image_get(&w.img, file + 48) + 24;
	kho_image_put(&w.img, folios, 1);
	assert_int_equal(convert(&w, N619, 0), KB_LUO_MEMFD);
	ok(convert(&w, N72, 0)); /* the record is not looked at */
	w.blob.at.addr = KHO_IMAGE_DATA;
	assert_int_equal(convert(&w, N72, 0), KB_LUO_DATA);
	world_free(&w);
}

static void no_room_is_refused_in_the_rehearsal(void **state)
{
	unsigned int refused = 0;
	enum kb_status st;
	struct world w;
	(void)state;

	do {
		world_init(&w, 12, 1);
		world_write(&w, LINUX_6_19, model_simple(&w, 3));
		w.p.edit_max = refused;
		st = convert(&w, N72, 0);
		if (st)
			assert_int_equal(st, KB_BRIDGE_EDITS);
		world_free(&w);
	} while (st && refused++ < 100);
	/* Root, list, 3 arrays, 3 records: out and in. */
	assert_int_equal(refused, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kernel_reads_what_any_other_wrote),
		cmocka_unit_test(sessions_survive_chains),
		cmocka_unit_test(what_it_reads_passes_untouched),
		cmocka_unit_test(a_block_without_entries_is_left_out),
		cmocka_unit_test(no_more_sessions_than_it_takes),
		cmocka_unit_test(no_more_files_than_it_takes),
		cmocka_unit_test(seals_are_not_lost),
		cmocka_unit_test(handlers_that_it_lacks),
		cmocka_unit_test(shared_data_are_not_lost),
		cmocka_unit_test(kernels_without_live_update),
		cmocka_unit_test(forms_that_are_not_known),
		cmocka_unit_test(what_is_damaged_is_refused),
		cmocka_unit_test(no_room_is_refused_in_the_rehearsal),
	};

	kb_log_add_sink(listen);

	return cmocka_run_group_tests(tests, NULL, NULL);
}
