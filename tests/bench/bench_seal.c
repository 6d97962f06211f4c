// SPDX-License-Identifier: BSD-2-Clause
/*
 * bench_seal - digest 1 GiB of preserved memory and compare it again, beside reading it
 *
 * What digests, walks and writes back is the image's own objects, compiled with the image's flags;
 * sealing includes writing back, as before a reset. Every instruction set that this CPU has is
 * measured. Plain reading, by this program, seal and verification take turns; what counts are the
 * medians of their times and the ratios of these. Exit status 1 when a ratio is below its limit;
 * limits are for the instructions that khoboot would choose here.
 */
#include "../../tools/running_cpu.h"
#include "../unit/kho_image.h"

#include <arch/cache.h>
#include <route/seal.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BYTES  SZ_1G
#define ROUNDS 7
#define CODES  3

#ifdef __SSE2__
#include <emmintrin.h>

#define READ_BY "SSE2"

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
#define READ_BY "words"

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
	double limit; /* of the speed of reading */
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
	{"whole", preserve_whole, 0.6},
	{"scattered", preserve_scattered, 0.45},
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

static void write_back(void *ctx, const void *bytes, uint64_t len)
{
	(void)ctx;
	cache_write_back(bytes, len);
}

static void do_seal(struct run *run)
{
	run->scope.ahead = write_back;
	if (seal_data(&run->img.mem, run->img.kho, &run->scope, run->digest, run->max, &run->count))
		abort();
	cache_wait();
	run->scope.ahead = NULL;
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

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
	what(run);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
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

static bool print_ratio(const struct bench_case *c, const char *code, const char *what,
			double value, double of, bool limited)
{
	printf("bench: seal %s %s, image code, %s: GB/s %.2f\n", c->name, what, code, value);
	printf("bench: seal %s %s, image code, %s: of reading %.2f", c->name, what, code,
	       value / of);
	printf(limited ? " limit %.2f\n" : "\n", c->limit);
	return !limited || value / of >= c->limit;
}

/* ---- instruction sets ---- */

struct code {
	const char *name;
	struct kb_digest_code code;
	double t_seal[ROUNDS], t_verify[ROUNDS];
};

/* All that this CPU can run; the last one is khoboot's choice. */
static unsigned int list_codes(struct code *codes)
{
	struct digest_cpu cpu = running_cpu();
	struct digest_choice best = digest_choose(&cpu);
	unsigned int n = 0;

	for (unsigned int x = DIGEST_XXH128_C; x <= (unsigned int)best.xxh128; x++, n++) {
		struct digest_choice c = {(enum digest_xxh128)x, false};

		codes[n].name = digest_name(c);
		codes[n].code = digest_code(c);
	}
	return n;
}

static void one_round(struct run *run, struct code *codes, unsigned int n, unsigned int round)
{
	for (unsigned int i = 0; i < n; i++) {
		kb_digest_use(&codes[i].code);
		codes[i].t_seal[round] = time_of(do_seal, run);
		codes[i].t_verify[round] = time_of(do_verify, run);
	}
}

static bool print(const struct run *run, const struct bench_case *c, struct code *codes,
		  unsigned int n, double reading)
{
	uint64_t bytes = run->img.kho->sum.bytes;
	bool fast = true;

	printf("bench: seal %s preserved MiB %llu\n", c->name, (unsigned long long)(bytes >> 20));
	printf("bench: seal %s digests %llu\n", c->name, (unsigned long long)run->count);
	printf("bench: seal %s reading, this program, %s: GB/s %.2f\n", c->name, READ_BY, reading);
	for (unsigned int i = 0; i < n; i++) {
		bool best = i == n - 1;

		fast &= print_ratio(c, codes[i].name, "seal", speed(codes[i].t_seal, bytes),
				    reading, best);
		fast &= print_ratio(c, codes[i].name, "verify", speed(codes[i].t_verify, bytes),
				    reading, best);
	}
	return fast;
}

static bool measure(const struct bench_case *c)
{
	static struct run run;
	static struct code codes[CODES];
	unsigned int n = list_codes(codes);
	double t_read[ROUNDS];
	bool fast;

	make(&run, c);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		t_read[i] = time_of(do_read, &run);
		one_round(&run, codes, n, i);
	}
	fast = print(&run, c, codes, n, speed(t_read, BYTES));
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
