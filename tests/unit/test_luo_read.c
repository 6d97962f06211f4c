// SPDX-License-Identifier: BSD-2-Clause
/* The reader of live update data: what is counted, and each way in which they can be damaged. */
#include "unit.h"

#include "luo_kernel.h"

#include <libfdt.h>
#include <luo/luo.h>
#include <luo/memfd.h>
#include <stdlib.h>

struct data {
	struct kho_image img;
	struct model *m;
	uint64_t at, size;
	struct kb_diag diag;
};

static void data_write(struct data *d, enum linux_release v, unsigned int page_shift,
		       unsigned int sessions, unsigned int files)
{
	uint64_t random = 5;

	*d = (struct data){0};
	kho_image_init_sized(&d->img, KHO_MAP_RADIX, page_shift, 64 * SZ_1M);
	d->m = model_make(&d->img, &random, sessions, files, v != LINUX_6_19, true);
	d->at = linux_write(v, &d->img, d->m, &d->size);
}

static void data_free(struct data *d)
{
	model_free(d->m);
	kho_image_free(&d->img);
}

static enum kb_status open_data(struct data *d, struct luo *ret)
{
	enum kb_status st;

	d->diag = (struct kb_diag){0};
	memset(ret, 0xa5, sizeof(*ret));
	kho_image_seal(&d->img);
	st = luo_open(&d->img.mem, phys(d->at), d->size, d->img.page_shift, ret, &d->diag);
	assert_int_equal(d->diag.status, st);
	if (st)
		for (size_t i = 0; i < sizeof(*ret); i++)
			assert_int_equal(((uint8_t *)ret)[i], 0xa5);
	return st;
}

/* Put @v at @at; open gives @st; as it was. */
static void damage(struct data *d, uint64_t at, uint64_t v, enum kb_status st)
{
	uint64_t old = kho_image_get(&d->img, at);
	struct luo l;

	kho_image_put(&d->img, at, v);
	assert_int_equal(open_data(d, &l), st);
	kho_image_put(&d->img, at, old);
	ok(open_data(d, &l));
}

/* What the visitor saw, as a model again. */
struct seen {
	const struct model *m;
	unsigned int session, file, shared;
};

static enum kb_status see_session(void *ctx, const struct luo_session *s)
{
	struct seen *seen = ctx;
	const struct model_session *expect = &seen->m->session[seen->session++];

	assert_string_equal(s->name, expect->name);
	assert_int_equal(s->files, expect->files);
	seen->file = 0;
	return KB_OK;
}

static enum kb_status see_file(void *ctx, const struct luo_file *f)
{
	struct seen *seen = ctx;
	const struct model_session *s = &seen->m->session[seen->session - 1];
	const struct model_file *expect = &s->file[seen->file++];

	assert_string_equal(f->session->name, s->name);
	assert_string_equal(f->handler, expect->handler);
	assert_int_equal(f->data, expect->data);
	assert_int_equal(f->token, expect->token);
	return KB_OK;
}

static enum kb_status see_shared(void *ctx, const struct luo_shared *s)
{
	struct seen *seen = ctx;

	assert_string_equal(s->name, seen->m->shared[seen->shared].name);
	assert_int_equal(s->data, seen->m->shared[seen->shared].data);
	assert_int_equal(s->count, seen->m->shared[seen->shared].count);
	seen->shared++;
	return KB_OK;
}

static void all_is_visited_in_order(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3 * LINUXES; i++) {
		struct seen seen = {0};
		const struct luo_visitor v = {NULL, see_session, see_file, see_shared, &seen, NULL};
		struct data d;
		struct luo l;

		data_write(&d, i % LINUXES, 12 + i / LINUXES * 2, 60, 5);
		seen.m = d.m;
		ok(open_data(&d, &l));
		assert_int_equal(l.form, i % LINUXES == LINUX_7_2 ? LUO_BLOCKS : LUO_TREE);
		assert_int_equal(l.number, d.m->number);
		assert_int_equal(l.sessions, 60);
		assert_int_equal(l.shares, d.m->shares);
		assert_false(l.empty_block);
		ok(luo_visit(&l, &v, NULL));
		assert_int_equal(seen.session, 60);
		assert_int_equal(seen.shared, d.m->shares);
		data_free(&d);
	}
}

/* Each allocation of the writer is named once, with its order. */
static enum kb_status take_memory(void *ctx, const struct luo_memory *a)
{
	assert_true(entries_take(ctx, a->at.addr, a->order));
	return KB_OK;
}

static void every_allocation_is_named(void **state)
{
	(void)state;
	for (enum linux_release v = 0; v < LINUXES; v++) {
		struct entries before = {0}, after = {0};
		uint64_t random = 9;
		const struct luo_visitor visitor = {take_memory, NULL, NULL, NULL, &after, NULL};
		struct data d = {0};
		struct luo l;

		kho_image_init_sized(&d.img, KHO_MAP_RADIX, 12, 64 * SZ_1M);
		d.m = model_make(&d.img, &random, 80, 0, false, false);
		entries_of(&before, &d.img);
		d.at = linux_write(v, &d.img, d.m, &d.size);
		entries_of(&after, &d.img);
		ok(open_data(&d, &l));
		ok(luo_visit(&l, &visitor, NULL));
		assert_true(entries_equal(&before, &after));
		entries_free(&before);
		entries_free(&after);
		data_free(&d);
	}
}

static enum kb_status refuse_file(void *ctx, const struct luo_file *f)
{
	(void)f;
	++*(unsigned int *)ctx;
	return KB_ARENA;
}

static void a_visitor_can_end_it(void **state)
{
	unsigned int calls = 0;
	const struct luo_visitor v = {.file = refuse_file, .ctx = &calls};
	struct data d;
	struct luo l;
	(void)state;

	data_write(&d, LINUX_7_2, 12, 20, 5);
	ok(open_data(&d, &l));
	assert_int_equal(luo_visit(&l, &v, NULL), KB_ARENA);
	assert_int_equal(calls, 1);
	data_free(&d);
}

static void versions_that_are_not_known(void **state)
{
	static const char *const words[] = {"luo-v1", "luo-session-v2", "luo-flb-v1"};
	struct data d;
	struct luo l;
	(void)state;

	data_write(&d, LINUX_7_1, 12, 3, 2);
	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
		char *fdt = (char *)kho_image_at(&d.img, d.at, d.size);
		char *p = memmem(fdt, d.size, words[i], strlen(words[i]) + 1);

		p[strlen(words[i]) - 1] ^= 8;
		assert_int_equal(open_data(&d, &l), KB_KERNEL_LUO);
		kho_image_at(&d.img, d.at, d.size);
		p[strlen(words[i]) - 1] ^= 8;
	}
	data_free(&d);
	data_write(&d, LINUX_7_2, 12, 3, 2);
	damage(&d, d.at, 0x36762d6f756c, KB_KERNEL_LUO);      /* luo-v6 */
	damage(&d, d.at, 0x7835762d6f756cULL, KB_KERNEL_LUO); /* luo-v5x */
	d.size = 7;
	assert_int_equal(open_data(&d, &l), KB_KERNEL_LUO);
	data_free(&d);
}

static void roots_that_are_damaged(void **state)
{
	struct data d;
	struct luo l;
	uint64_t at;
	(void)state;

	data_write(&d, LINUX_7_2, 12, 3, 2);
	at = d.at;
	d.size = 31;
	assert_int_equal(open_data(&d, &l), KB_LUO_DATA);
	d.size = 32;
	d.at = KHO_IMAGE_DATA; /* cannot be mapped */
	assert_int_equal(open_data(&d, &l), KB_LUO_DATA);
	d.at = at + 8;
	assert_int_equal(open_data(&d, &l), KB_LUO_DATA);
	data_free(&d);
	data_write(&d, LINUX_7_1, 12, 3, 2);
	d.size -= 4;
	assert_int_equal(open_data(&d, &l), KB_LUO_DATA);
	data_free(&d);
}

/* Properties that are not there, or of another length: by another name. */
static void trees_that_are_damaged(void **state)
{
	static const char *const words[] = {"liveupdate-number", "luo-session-header",
					    "luo-flb-header", "luo-session"};
	struct data d;
	struct luo l;
	(void)state;

	data_write(&d, LINUX_7_1, 12, 3, 2);
	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
		char *fdt = (char *)kho_image_at(&d.img, d.at, d.size);
		char *p = memmem(fdt, d.size, words[i], strlen(words[i]) + 1);

		p[0] = 'x';
		assert_int_equal(open_data(&d, &l), KB_LUO_DATA);
		kho_image_at(&d.img, d.at, d.size);
		p[0] = words[i][0];
	}
	ok(open_data(&d, &l));
	data_free(&d);
}

static void lists_of_a_tree_that_are_damaged(void **state)
{
	struct data d;
	struct luo l;
	uint64_t session, files;
	unsigned int i = 0;
	(void)state;

	data_write(&d, LINUX_7_1, 12, 8, 4);
	ok(open_data(&d, &l));
	while (!d.m->session[i].files)
		i++;
	session = l.session.addr + 8 + 80 * i;
	files = kho_image_get(&d.img, session + 64);
	damage(&d, l.session.addr, 820, KB_LUO_SESSIONS);
	damage(&d, l.session.addr, UINT64_MAX, KB_LUO_SESSIONS);
	damage(&d, session + 72, 129, KB_LUO_FILES);
	damage(&d, session + 72, UINT64_MAX, KB_LUO_FILES);
	damage(&d, session + 64, 0, KB_LUO_FILES);
	damage(&d, session + 64, files + SZ_4K, KB_LUO_FILES);
	damage(&d, session + 64, KHO_IMAGE_DATA, KB_LUO_FILES);
	damage(&d, session + 64, 3ULL << 30, KB_LUO_FILES); /* no RAM */
	damage(&d, session + 64, UINT64_MAX & ~0x1fffULL, KB_LUO_FILES);
	damage(&d, l.shared.addr + 8, 64, KB_LUO_SHARED);
	damage(&d, l.shared.addr + 8, UINT64_MAX, KB_LUO_SHARED);
	memset(kho_image_at(&d.img, session, 64), 'n', 64);
	assert_int_equal(open_data(&d, &l), KB_LUO_NAME);
	assert_int_equal(d.diag.at, session);
	strcpy((char *)kho_image_at(&d.img, session, 64), "n");
	memset(kho_image_at(&d.img, files, 48), 'n', 48);
	assert_int_equal(open_data(&d, &l), KB_LUO_NAME);
	assert_int_equal(d.diag.at, files);
	data_free(&d);
}

static void lists_of_blocks_that_are_damaged(void **state)
{
	struct data d;
	struct luo l;
	uint64_t session, files, second, shared;
	unsigned int i = 0;
	(void)state;

	data_write(&d, LINUX_7_2, 12, 70, 4);
	ok(open_data(&d, &l));
	while (!d.m->session[i].files)
		i++;
	session = l.session.addr + 16 + 80 * i;
	files = kho_image_get(&d.img, session + 64);
	second = kho_image_get(&d.img, l.session.addr);
	shared = l.shared.addr;
	damage(&d, d.at + 16, l.session.addr + 8, KB_LUO_SESSIONS);
	damage(&d, d.at + 16, KHO_IMAGE_DATA, KB_LUO_SESSIONS);
	damage(&d, l.session.addr + 8, 52, KB_LUO_SESSIONS);
	damage(&d, l.session.addr, 3ULL << 30, KB_LUO_SESSIONS);
	damage(&d, second, l.session.addr, KB_LUO_SESSIONS); /* a circle */
	damage(&d, l.session.addr, l.session.addr, KB_LUO_SESSIONS);
	damage(&d, session + 72, 5, KB_LUO_FILES);
	damage(&d, session + 64, 0, KB_LUO_FILES);
	damage(&d, files + 8, 64, KB_LUO_FILES);
	damage(&d, files, files, KB_LUO_FILES);
	kho_image_put(&d.img, d.at + 24, 8);
	assert_int_equal(open_data(&d, &l), KB_LUO_SHARED);
	kho_image_put(&d.img, d.at + 24, shared);
	memset(kho_image_at(&d.img, shared + 16, 48), 's', 48);
	assert_int_equal(open_data(&d, &l), KB_LUO_NAME);
	data_free(&d);
}

/* @blocks of sessions, the last of them with @last, the others with one. */
static enum kb_status open_blocks(unsigned int blocks, unsigned int last, struct luo *l)
{
	struct data d;
	enum kb_status st;
	uint64_t at = 0;

	data_write(&d, LINUX_7_2, 12, 0, 0);
	for (unsigned int i = 0; i < blocks; i++) {
		uint64_t b = kho_image_alloc(&d.img, SZ_4K, SZ_4K);

		kho_image_put(&d.img, b, at);
		kho_image_put(&d.img, b + 8, i ? 1 : last);
		at = b;
	}
	kho_image_put(&d.img, d.at + 16, at);
	st = open_data(&d, l);
	data_free(&d);
	return st;
}

static void as_many_blocks_as_a_kernel_takes(void **state)
{
	struct luo l;
	(void)state;

	ok(open_blocks(10000, 51, &l));
	assert_int_equal(l.sessions, 9999 + 51);
	assert_false(l.empty_block);
	assert_int_equal(open_blocks(10001, 1, &l), KB_LUO_SESSIONS);
	ok(open_blocks(2, 0, &l));
	assert_true(l.empty_block);
	ok(open_blocks(1, 0, &l));
	assert_true(l.empty_block);
	ok(open_blocks(0, 0, &l));
	assert_false(l.empty_block);
}

/* All sessions have the same files: no walk may be longer than RAM. */
static void shared_blocks_come_to_an_end(void **state)
{
	struct data d;
	struct luo l;
	uint64_t files = 0, at;
	(void)state;

	data_write(&d, LINUX_7_2, 12, 51, 0);
	d.img.ram[0] = (struct range){KHO_IMAGE_BASE, 2 * SZ_1M}; /* 512 pages */
	d.img.mem.ram.count = 1;
	ok(open_data(&d, &l));
	for (unsigned int i = 0; i < 20; i++) {
		at = kho_image_alloc(&d.img, SZ_4K, SZ_4K);
		kho_image_put(&d.img, at, files);
		kho_image_put(&d.img, at + 8, 1);
		files = at;
	}
	for (unsigned int i = 0; i < 51; i++) {
		kho_image_put(&d.img, l.session.addr + 16 + 80 * i + 64, files);
		kho_image_put(&d.img, l.session.addr + 16 + 80 * i + 72, 20);
	}
	assert_int_equal(open_data(&d, &l), KB_LUO_FILES);
	data_free(&d);
}

static void limits_are_those_of_the_kernels(void **state)
{
	(void)state;
	assert_int_equal(luo_sessions_max(LUO_TREE, 12), 819);
	assert_int_equal(luo_files_max(LUO_TREE, 12), 128);
	assert_int_equal(luo_sessions_max(LUO_TREE, 16), 13107);
	assert_int_equal(luo_files_max(LUO_TREE, 14), 512);
	assert_int_equal(luo_sessions_max(LUO_BLOCKS, 12), 510000);
	assert_int_equal(luo_files_max(LUO_BLOCKS, 12), 630000);
}

/* ---- memfd --------------------------------------------------------------------------------- */

#define FOLIOS 600

struct one {
	struct data d;
	struct luo_memfd f;
	phys_t at;
	enum luo_memfd_version version;
};

static void one_write(struct one *o, enum linux_release v)
{
	struct model_file *f;
	uint64_t random = 1;

	o->d = (struct data){0};
	kho_image_init_sized(&o->d.img, KHO_MAP_RADIX, 12, 64 * SZ_1M);
	o->d.m = model_make(&o->d.img, &random, 1, 0, false, false);
	f = o->d.m->session[0].file = realloc(o->d.m->session[0].file, sizeof(*f));
	memset(f, 0, sizeof(*f));
	o->d.m->session[0].files = 1;
	strcpy(f->handler, "memfd");
	f->pos = 11;
	f->size = 12;
	f->seals = 13;
	f->flags = 14;
	f->folios = FOLIOS;
	o->d.at = linux_write(v, &o->d.img, o->d.m, &o->d.size);
	o->at = phys(f->data);
	o->version = luo_memfd_version(f->handler);
}

static enum kb_status one_read(struct one *o)
{
	enum kb_status st;

	o->d.diag = (struct kb_diag){0};
	kho_image_seal(&o->d.img);
	st = luo_memfd_read(&o->d.img.mem, 12, o->version, o->at, &o->f, &o->d.diag);
	if (!st)
		st = luo_memfd_check(&o->d.img.mem, 12, &o->f, &o->d.diag);
	assert_int_equal(st, o->d.diag.status);
	return st;
}

static void records_of_both_versions(void **state)
{
	(void)state;
	for (enum linux_release v = 0; v < LINUXES; v++) {
		uint8_t again[48] = {0};
		struct one o;

		one_write(&o, v);
		ok(one_read(&o));
		assert_int_equal(o.version, v == LINUX_6_19 ? LUO_MEMFD_V1 : LUO_MEMFD_V2);
		assert_int_equal(o.f.pos, 11);
		assert_int_equal(o.f.size, 12);
		assert_int_equal(o.f.seals, v == LINUX_6_19 ? LUO_SEAL_SEAL : 13);
		assert_int_equal(o.f.flags, v == LINUX_6_19 ? 0 : 14);
		assert_int_equal(o.f.folios, FOLIOS);
		assert_int_equal(o.f.array.pages, 3);
		luo_memfd_write(o.version, &o.f, again);
		assert_memory_equal(again, kho_image_at(&o.d.img, o.at.addr, 48),
				    v == LINUX_6_19 ? 40 : 48);
		data_free(&o.d);
	}
	assert_int_equal(luo_memfd_version("memfd-v3"), LUO_MEMFD_NONE);
	assert_string_equal(luo_memfd_handler(LUO_MEMFD_V2), "memfd-v2");
}

static void damage_one(struct one *o, uint64_t at, uint64_t v)
{
	uint64_t old = kho_image_get(&o->d.img, at);

	kho_image_put(&o->d.img, at, v);
	assert_int_equal(one_read(o), KB_LUO_MEMFD);
	kho_image_put(&o->d.img, at, old);
	ok(one_read(o));
}

static void records_that_are_damaged(void **state)
{
	struct one o;
	uint64_t at, chunk, head;
	(void)state;

	one_write(&o, LINUX_7_2);
	ok(one_read(&o));
	at = o.at.addr;
	chunk = o.f.array.first.addr;
	head = kho_image_get(&o.d.img, at + 40);
	damage_one(&o, at + 24, 3 * 256 + 1); /* folios */
	damage_one(&o, at + 24, UINT64_MAX);
	damage_one(&o, at + 32, 0); /* chunk */
	damage_one(&o, at + 32, chunk + 8);
	damage_one(&o, at + 32, KHO_IMAGE_DATA);
	damage_one(&o, at + 40, head + 1); /* pages */
	damage_one(&o, at + 40, (head & ~0xffffffffULL) | UINT32_MAX);
	damage_one(&o, at + 40, head | 4ULL << 32); /* flags */
	damage_one(&o, at + 40, head | 1ULL << 48); /* order: 3 pages are not even */
	damage_one(&o, at + 40, head | 38ULL << 48);
	damage_one(&o, at + 40, head | 0xffffULL << 48);
	damage_one(&o, chunk, chunk);          /* a circle */
	damage_one(&o, chunk + 8, 3ULL << 30); /* entries */
	damage_one(&o, chunk + 8, chunk + 8);
	damage_one(&o, chunk + 8, 0);
	damage_one(&o, chunk + 32, chunk);
	o.at.addr += 8;
	assert_int_equal(one_read(&o), KB_LUO_MEMFD);
	o.at.addr = KHO_IMAGE_DATA;
	assert_int_equal(one_read(&o), KB_LUO_MEMFD);
	data_free(&o.d);
}

struct tally {
	unsigned int chunks, entries;
};

static enum kb_status count(void *ctx, bool entry, struct range r)
{
	struct tally *t = ctx;

	(void)r;
	if (entry)
		t->entries++;
	else
		t->chunks++;
	return KB_OK;
}

/* Full chunks, a last one without entries, larger entries: as kho_image makes vmalloc areas. */
static void vmalloc_areas_of_any_length(void **state)
{
	static const unsigned int lengths[] = {0, 1, 510, 511, 512, 1022, 1023, 3000};
	(void)state;

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(lengths); i++) {
		struct tally t = {0, 0};
		struct kho_image img;
		struct luo_vmalloc v;
		unsigned int order = i % 2 ? 9 : 0, n = lengths[i / 2];
		uint64_t desc;

		kho_image_init(&img, KHO_MAP_RADIX, 12);
		desc = kho_image_vmalloc(&img, n, order, 4 * SZ_1G);
		v = (struct luo_vmalloc){phys(kho_image_get(&img, desc)), n << order, 1,
					 (uint16_t)order};
		kho_image_seal(&img);
		ok(luo_vmalloc_each(&img.mem, 12, &v, count, &t, NULL));
		assert_int_equal(t.entries, n);
		assert_in_range(t.chunks, (n + 510) / 511, n / 511 + 1);
		kho_image_free(&img);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_visited_in_order),
		cmocka_unit_test(every_allocation_is_named),
		cmocka_unit_test(a_visitor_can_end_it),
		cmocka_unit_test(versions_that_are_not_known),
		cmocka_unit_test(roots_that_are_damaged),
		cmocka_unit_test(trees_that_are_damaged),
		cmocka_unit_test(lists_of_a_tree_that_are_damaged),
		cmocka_unit_test(lists_of_blocks_that_are_damaged),
		cmocka_unit_test(as_many_blocks_as_a_kernel_takes),
		cmocka_unit_test(shared_blocks_come_to_an_end),
		cmocka_unit_test(limits_are_those_of_the_kernels),
		cmocka_unit_test(records_of_both_versions),
		cmocka_unit_test(records_that_are_damaged),
		cmocka_unit_test(vmalloc_areas_of_any_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
