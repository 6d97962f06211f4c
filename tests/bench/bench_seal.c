// SPDX-License-Identifier: BSD-2-Clause
/*
 * bench_seal - digest 1 GiB of preserved memory and compare it again, beside reading it
 *
 * Seal, verification and plain reading take turns; what counts are the medians of their times and
 * the ratios of these. Exit status 1 when a ratio is below its limit.
 */
#include "../unit/kho_image.h"

#include <route/seal.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BYTES  SZ_1G
#define ROUNDS 7
#define LIMIT  0.5 /* of the speed of reading */

#ifdef __SSE2__
#include <emmintrin.h>

/* 64-bit words added up, eight at a time: the memory is slower than that. */
static uint64_t add_up(const void *p, uint64_t bytes)
{
	const __m128i *v = p, *end = v + bytes / sizeof(*v);
	__m128i a = _mm_setzero_si128(), b = a, c = a, d = a;

	for (; v < end; v += 4) {
		a = _mm_add_epi64(a, v[0]);
		b = _mm_add_epi64(b, v[1]);
		c = _mm_add_epi64(c, v[2]);
		d = _mm_add_epi64(d, v[3]);
	}
	a = _mm_add_epi64(_mm_add_epi64(a, b), _mm_add_epi64(c, d));
	return (uint64_t)_mm_cvtsi128_si64(_mm_add_epi64(a, _mm_srli_si128(a, 8)));
}
#else
static uint64_t add_up(const void *p, uint64_t bytes)
{
	const uint64_t *v = p, *end = v + bytes / sizeof(*v);
	uint64_t a = 0, b = 0, c = 0, d = 0;

	for (; v < end; v += 8) {
		a += v[0] + v[4];
		b += v[1] + v[5];
		c += v[2] + v[6];
		d += v[3] + v[7];
	}
	return a + b + c + d;
}
#endif

/* In firmware this is the identity. */
static const void *map_all(void *ctx, uint64_t at, uint64_t len)
{
	(void)len;
	return ((struct kho_image *)ctx)->buf + (at - KHO_IMAGE_BASE);
}

struct bench_case {
	const char *name;
	void (*preserve)(struct kho_image *img, struct range r);
};

/* As guest memory is: huge folios. */
static void preserve_whole(struct kho_image *img, struct range r)
{
	kho_image_preserve_range(img, r);
}

/* Runs of 1 to 15 pages with as long gaps: some 32,000 of them. */
static void preserve_scattered(struct kho_image *img, struct range r)
{
	uint64_t random = 1;
	uint64_t at = r.base;

	while (at < range_end(r)) {
		uint64_t n = 1 + random_below(&random, 15);

		for (; n && at < range_end(r); n--, at += SZ_4K)
			kho_image_preserve(img, at, 0);
		at += (1 + random_below(&random, 15)) * SZ_4K;
	}
}

static const struct bench_case cases[] = {
	{"whole", preserve_whole},
	{"scattered", preserve_scattered},
};

struct run {
	struct kho_image img;
	uint8_t *data; /* what is preserved begins here */
	struct seal_scope scope;
	struct kb_xxh128 *digest;
	uint64_t max, count;
	uint64_t sum;
};

static void make(struct run *run, const struct bench_case *c)
{
	struct kho_image *img = &run->img;
	uint64_t random = 2;
	uint64_t at;

	memset(run, 0, sizeof(*run));
	kho_image_init_sized(img, KHO_MAP_RADIX, 12, BYTES + 64 * SZ_1M);
	img->mem.map = map_all;
	at = kho_image_alloc(img, BYTES, SZ_2M);
	run->data = kho_image_at(img, at, BYTES);
	for (uint64_t i = 0; i < BYTES; i += 8)
		put_u64(run->data + i, random_next(&random));
	c->preserve(img, (struct range){at, BYTES});
	kho_image_finish(img);
	if (kho_image_open(img))
		abort();
	run->scope.shift = seal_shift(img->kho->sum.end);
	if (seal_count(&img->mem, img->kho, &run->scope, &run->max))
		abort();
	run->digest = calloc(run->max, sizeof(*run->digest));
}

static void do_read(struct run *run)
{
	run->sum += add_up(run->data, BYTES);
}

static void do_seal(struct run *run)
{
	if (seal_data(&run->img.mem, run->img.kho, &run->scope, run->digest, run->max, &run->count))
		abort();
}

static void do_verify(struct run *run)
{
	uint64_t damaged;

	if (seal_verify(&run->img.mem, run->img.kho, &run->scope, run->digest, run->count, NULL,
			NULL, &damaged))
		abort();
}

static double time_of(void (*what)(struct run *run), struct run *run)
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	what(run);
	clock_gettime(CLOCK_MONOTONIC, &b);
	return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* GB/s, from the median of the times. */
static double speed(double *seconds, uint64_t bytes)
{
	qsort(seconds, ROUNDS, sizeof(*seconds), by_value);
	return (double)bytes / 1e9 / seconds[ROUNDS / 2];
}

static bool print_ratio(const char *name, const char *what, double value, double of)
{
	printf("bench: seal %s %s GB/s %.2f\n", name, what, value);
	printf("bench: seal %s %s / reading %.2f limit %.1f\n", name, what, value / of, LIMIT);
	return value / of >= LIMIT;
}

static bool measure(const struct bench_case *c)
{
	static struct run run;
	double t_read[ROUNDS], t_seal[ROUNDS], t_verify[ROUNDS], reading;
	uint64_t bytes;
	bool fast;

	make(&run, c);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		t_read[i] = time_of(do_read, &run);
		t_seal[i] = time_of(do_seal, &run);
		t_verify[i] = time_of(do_verify, &run);
	}
	bytes = run.img.kho->sum.bytes;
	reading = speed(t_read, BYTES);
	printf("bench: seal %s preserved MiB %llu\n", c->name, (unsigned long long)(bytes >> 20));
	printf("bench: seal %s digests %llu\n", c->name, (unsigned long long)run.count);
	printf("bench: seal %s reading GB/s %.2f\n", c->name, reading);
	fast = print_ratio(c->name, "seal", speed(t_seal, bytes), reading);
	fast &= print_ratio(c->name, "verify", speed(t_verify, bytes), reading);
	if (!run.sum) /* so that reading is not left out */
		abort();
	kho_image_free(&run.img);
	free(run.digest);
	return fast;
}

int main(void)
{
	bool fast = true;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		fast &= measure(&cases[i]);
	if (!fast)
		fprintf(stderr, "bench_seal: below its limit\n");
	return !fast;
}
