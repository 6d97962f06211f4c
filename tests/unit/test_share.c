// SPDX-License-Identifier: BSD-2-Clause
/*
 * Digests by several CPUs, which are threads here, against those by one: random images, with CPUs
 * that come late, never, or hang in the middle of a piece and go on when all is over. Built a
 * second time for the thread sanitizer.
 */
#include <route/share.h>

#include "kho_test.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#define DATA  (4 * SZ_1M)
#define OTHER 7 /* CPUs but for the first */
#define CASES 4 /* of each kind of image */

enum manner { WORKS, LATE, ABSENT, HANGS };

struct cpu {
	struct team *team;
	struct share *share;
	unsigned int number;
	enum manner manner;
	unsigned int reads; /* until it hangs */
	pthread_t thread;
};

struct team {
	struct share_help help;
	struct cpu cpu[OTHER];
	bool over; /* what hung goes on */
	bool closed;
};

struct round {
	struct kho_image img;
	uint64_t random;
	uint64_t data;
	struct range only_store[2];
	struct range_list only;
	struct seal_scope scope;
	struct kb_xxh128 *one, *all;
	uint64_t count;
};

/* ---- CPUs ---- */

static __thread struct cpu *self;

static bool is_over(struct team *t)
{
	return __atomic_load_n(&t->over, __ATOMIC_ACQUIRE);
}

static void wait_for_the_end(struct team *t)
{
	while (!is_over(t))
		sched_yield();
}

/* scope.after: a CPU may hang wherever it reads. */
static void maybe_hang(void *ctx, const void *bytes, uint64_t len)
{
	if (self && self->manner == HANGS && !self->reads--)
		wait_for_the_end(self->team);
	(void)ctx;
	(void)bytes;
	(void)len;
}

static void *run_cpu(void *ctx)
{
	self = ctx;
	if (self->manner == LATE)
		wait_for_the_end(self->team);
	if (self->manner != ABSENT)
		share_take(self->share, self->number);
	return NULL;
}

static void start(void *ctx, struct share *s)
{
	struct team *t = ctx;

	for (unsigned int i = 0; i < t->help.cpus; i++) {
		t->cpu[i].share = s;
		assert_int_equal(pthread_create(&t->cpu[i].thread, NULL, run_cpu, &t->cpu[i]), 0);
	}
}

static void stop(void *ctx)
{
	((struct team *)ctx)->closed = true;
}

static void relax(void)
{
	sched_yield();
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void call_up(struct team *t, struct round *r, unsigned int cpus)
{
	memset(t, 0, sizeof(*t));
	t->help = (struct share_help){
		.cpus = cpus, .start = start, .stop = stop, .ctx = t, .relax = relax, .clock = now};
	t->help.work_size = share_work_size(r->count, cpus);
	t->help.work = aligned_alloc(64, t->help.work_size);
	for (unsigned int i = 0; i < cpus; i++)
		t->cpu[i] = (struct cpu){.team = t,
					 .number = i + 1,
					 .manner = (enum manner)random_below(&r->random, 4),
					 .reads = (unsigned int)random_below(&r->random, 60)};
}

/* Whoever hung goes on, and writes to where it always did. */
static void dismiss(struct team *t)
{
	__atomic_store_n(&t->over, true, __ATOMIC_RELEASE);
	for (unsigned int i = 0; t->closed && i < t->help.cpus; i++)
		pthread_join(t->cpu[i].thread, NULL);
	free(t->help.work);
}

/* ---- images ---- */

static const void *map_all(void *ctx, uint64_t at, uint64_t len)
{
	(void)len;
	return ((struct kho_image *)ctx)->buf + (at - KHO_IMAGE_BASE);
}

static void preserve(struct round *r)
{
	struct kho_image *img = &r->img;
	uint64_t end = r->data + DATA;

	for (uint64_t at = r->data; at < end;) {
		unsigned int order = (unsigned int)random_below(&r->random, 4);
		uint64_t size = img->page << order;

		at = align_up(at, size);
		if (at + size <= end && random_below(&r->random, 3))
			kho_image_preserve(img, at, order);
		at += size;
	}
}

static void narrow(struct round *r)
{
	r->only = (struct range_list){r->only_store, 0, ARRAY_SIZE(r->only_store)};
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(range_list_add(&r->only,
						(struct range){r->data + (2 * i) * DATA / 4 +
								       3 * r->img.page,
							       DATA / 4}),
				 KB_OK);
	r->scope.only = &r->only;
}

static void seal_by_one(struct round *r)
{
	struct kho_image *img = &r->img;

	assert_code(img, seal_count(&img->mem, img->kho, &r->scope, &r->count), KB_OK);
	r->one = calloc(r->count + 1, sizeof(*r->one));
	r->all = calloc(r->count + 1, sizeof(*r->all));
	assert_code(img, seal_data(&img->mem, img->kho, &r->scope, r->one, r->count, &r->count),
		    KB_OK);
}

static void begin(struct round *r, const struct kho_kind *k, uint64_t seed)
{
	struct kho_image *img = &r->img;
	uint8_t *p;

	memset(r, 0, sizeof(*r));
	r->random = seed;
	kho_image_init_sized(img, k->format, k->page_shift, 4 * DATA + 64 * SZ_64K);
	img->hint = hint_of(k->format);
	r->data = kho_image_alloc(img, DATA, SZ_64K);
	preserve(r);
	kho_image_finish(img);
	p = kho_image_at(img, r->data, DATA);
	for (uint64_t i = 0; i < DATA; i += 8)
		put_u64(p + i, random_next(&r->random));
	assert_code(img, kho_image_open(img), KB_OK);
	kho_image_at(img, r->data, DATA); /* all may be read from here on, by any thread */
	img->mem.map = map_all;
	img->mem.ctx = img;
	r->scope.shift = k->page_shift + (unsigned int)random_below(&r->random, 3);
	r->scope.after = maybe_hang;
	if (seed % 2)
		narrow(r);
	seal_by_one(r);
}

static void end(struct round *r)
{
	free(r->one);
	free(r->all);
	kho_image_free(&r->img);
}

static void same_digests(struct round *r, const struct kb_xxh128 *what)
{
	for (uint64_t i = 0; i < r->count; i++) {
		assert_int_equal(what[i].lo, r->one[i].lo);
		assert_int_equal(what[i].hi, r->one[i].hi);
	}
}

/* ---- sealing ---- */

static void seal_by_all(struct round *r, struct team *t, unsigned int cpus)
{
	struct kho_image *img = &r->img;
	uint64_t count;

	call_up(t, r, cpus);
	memset(r->all, 0, r->count * sizeof(*r->all));
	assert_code(img,
		    share_data(&img->mem, img->kho, &r->scope, &t->help, r->all, r->count, &count),
		    KB_OK);
	assert_int_equal(count, r->count);
	same_digests(r, r->all);
}

static void whoever_makes_them(void **state)
{
	static struct round r;
	struct team t;

	for_each_kind(k) for (unsigned int i = 0; i < CASES; i++)
	{
		begin(&r, k, 1000 + CASES * (uint64_t)(k - kinds) + i);
		seal_by_all(&r, &t, i % (OTHER + 1));
		dismiss(&t);
		same_digests(&r, r.all);
		end(&r);
	}
	(void)state;
}

static void everyone_takes_part(void **state)
{
	static struct round r;
	struct team t;
	uint64_t count;

	begin(&r, &kinds[2], 2);
	call_up(&t, &r, OTHER);
	for (unsigned int i = 0; i < OTHER; i++)
		t.cpu[i].manner = WORKS;
	assert_int_equal(share_data(&r.img.mem, r.img.kho, &r.scope, &t.help, r.all, r.count,
				    &count),
			 KB_OK);
	dismiss(&t);
	/* A loaded machine may run a thread after all is done: the first CPU does not wait. */
	assert_in_range(t.help.took_part, 1, OTHER + 1);
	same_digests(&r, r.all);
	end(&r);
	(void)state;
}

/* Each hangs in its first piece: the first CPU makes all of these again. */
static void all_others_hang(void **state)
{
	static struct round r;
	struct team t;
	uint64_t count;

	begin(&r, &kinds[2], 4);
	call_up(&t, &r, OTHER);
	for (unsigned int i = 0; i < OTHER; i++) {
		t.cpu[i].manner = HANGS;
		t.cpu[i].reads = 0;
	}
	assert_int_equal(share_data(&r.img.mem, r.img.kho, &r.scope, &t.help, r.all, r.count,
				    &count),
			 KB_OK);
	assert_int_equal(t.help.took_part, 1);
	assert_int_equal(t.help.again, OTHER);
	dismiss(&t);
	same_digests(&r, r.all);
	end(&r);
	(void)state;
}

/* ---- verifying ---- */

#define CALLS 2048

struct report {
	struct range where[CALLS];
	uint64_t bytes[CALLS];
	unsigned int calls;
	uint64_t damaged;
	enum kb_status status;
	struct kb_diag diag;
};

static void note(void *ctx, struct range where, uint64_t bytes)
{
	struct report *rep = ctx;

	assert_in_range(rep->calls, 0, CALLS - 1);
	rep->where[rep->calls] = where;
	rep->bytes[rep->calls++] = bytes;
}

static void verify_by_one(struct round *r, uint64_t count, struct report *rep)
{
	struct kho_image *img = &r->img;

	memset(rep, 0, sizeof(*rep));
	img->mem.diag = (struct kb_diag){0};
	rep->status = seal_verify(&img->mem, img->kho, &r->scope, r->one, count, note, rep,
				  &rep->damaged);
	rep->diag = img->mem.diag;
}

static void verify_by_all(struct round *r, uint64_t count, struct report *rep)
{
	struct kho_image *img = &r->img;
	struct team t;

	memset(rep, 0, sizeof(*rep));
	img->mem.diag = (struct kb_diag){0};
	call_up(&t, r, (unsigned int)random_below(&r->random, OTHER + 1));
	rep->status = share_verify(&img->mem, img->kho, &r->scope, &t.help, r->one, count, note,
				   rep, &rep->damaged);
	rep->diag = img->mem.diag;
	dismiss(&t);
}

static void same_findings(struct round *r, uint64_t count, enum kb_status expected)
{
	static struct report one, all;

	verify_by_one(r, count, &one);
	verify_by_all(r, count, &all);
	assert_int_equal(one.status, expected);
	assert_memory_equal(&one, &all, sizeof(one));
}

static void damage_is_found_by_whomever(void **state)
{
	static struct round r;

	for_each_kind(k) for (unsigned int i = 0; i < CASES; i++)
	{
		uint64_t flips;

		begin(&r, k, 3000 + CASES * (uint64_t)(k - kinds) + i);
		same_findings(&r, r.count, KB_OK);
		flips = 1 + random_below(&r.random, 9);
		while (flips--)
			r.one[random_below(&r.random, r.count)].hi++;
		same_findings(&r, r.count, KB_SEAL_DATA);
		same_findings(&r, r.count - 1, KB_SEAL_COUNT);
		end(&r);
	}
	(void)state;
}

/* ---- what cannot be read ---- */

static uint64_t hole;

static const void *map_but_hole(void *ctx, uint64_t at, uint64_t len)
{
	return at <= hole && hole < at + len ? NULL : map_all(ctx, at, len);
}

static void the_first_cpu_says_what_was_wrong(void **state)
{
	static struct round r;
	struct team t;
	uint64_t count;

	for (unsigned int i = 0; i < CASES; i++) {
		struct kho_image *img = &r.img;

		begin(&r, &kinds[2], 5000 + 2 * i);
		do
			hole = r.data + random_below(&r.random, DATA);
		while (!kho_map_touches(&img->mem, &img->kho->map, (struct range){hole, 1}));
		img->mem.map = map_but_hole;
		same_findings(&r, r.count, KB_SEAL_READ);
		call_up(&t, &r, 3);
		assert_code(img,
			    share_data(&img->mem, img->kho, &r.scope, &t.help, r.all, r.count,
				       &count),
			    KB_SEAL_READ);
		dismiss(&t);
		end(&r);
	}
	(void)state;
}

/* Without room, or with nothing to share out, nobody is called. */
static void alone(void **state)
{
	static struct round r;
	struct team t;
	uint64_t count;

	begin(&r, &kinds[2], 6);
	call_up(&t, &r, 3);
	t.help.work_size--;
	assert_int_equal(share_data(&r.img.mem, r.img.kho, &r.scope, &t.help, r.all, r.count,
				    &count),
			 KB_OK);
	assert_false(t.closed);
	assert_int_equal(t.help.took_part, 1);
	same_digests(&r, r.all);
	t.help.work_size++;
	assert_int_equal(share_data(&r.img.mem, r.img.kho, &r.scope, &t.help, r.all, r.count - 1,
				    &count),
			 KB_SEAL_COUNT);
	assert_false(t.closed);
	dismiss(&t);
	end(&r);
	(void)state;
}

/* A number that was never given out does nothing. */
static void strangers_get_nothing(void **state)
{
	static struct round r;
	struct team t;

	begin(&r, &kinds[2], 8);
	seal_by_all(&r, &t, 1);
	share_take(t.cpu[0].share, 2);
	dismiss(&t);
	end(&r);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_makes_them),
		cmocka_unit_test(everyone_takes_part),
		cmocka_unit_test(all_others_hang),
		cmocka_unit_test(damage_is_found_by_whomever),
		cmocka_unit_test(the_first_cpu_says_what_was_wrong),
		cmocka_unit_test(alone),
		cmocka_unit_test(strangers_get_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
