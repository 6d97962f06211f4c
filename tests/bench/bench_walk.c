// SPDX-License-Identifier: BSD-2-Clause
/*
 * bench_walk --case NAME [--to FORMAT] - open one made-up KHO map and go through its ranges, once;
 * with --to, write it in that format as the bridge does, in a rehearsal and for real
 *
 * Prints what there was and what it took: "leaves N runs N ranges N memory N limit N us N". Memory
 * is all that kho_open() and the iteration use: work memory, results, and stack (the same code
 * links without a C library, so there is no heap). Instructions are counted from outside
 * (tests/bench/walk).
 */
#include "../unit/kho_image.h"

#include <bridge/map.h>

#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define DENSE   (4 * SZ_1G) /* where the preserved blocks begin */
#define TIB     (1ULL << 40)
#define STACK   (256 * 1024)
#define PAINT   0xa5
#define PAGE(n) (DENSE + (n)*SZ_4K)

/* In firmware this is the identity: what it costs here should be next to nothing as well. */
static const void *map_all(void *ctx, uint64_t at, uint64_t len)
{
	(void)len;
	return ((struct kho_image *)ctx)->buf + (at - KHO_IMAGE_BASE);
}

struct bench_case {
	const char *name;
	enum kho_map_format format;
	void (*fill)(struct kho_image *img);
};

/* ---- what is preserved ---- */

/* @count whole leaves, all preserved. */
static void fill_leaves(struct kho_image *img, uint64_t first, uint64_t count)
{
	uint64_t bytes = kho_image_strip_blocks(img) / 8;

	for (uint64_t i = first; i < first + count; i++)
		memset(kho_image_bits(img, PAGE(i * bytes * 8), 0), 0xff, bytes);
}

static void fill_dense_1t(struct kho_image *img)
{
	fill_leaves(img, 0, TIB / SZ_4K / kho_image_strip_blocks(img));
}

static void fill_uniform(struct kho_image *img)
{
	fill_leaves(img, 0, 64);
	for (uint64_t i = 64; i < 128; i++) /* preserved earlier, and given up again */
		kho_image_bits(img, PAGE(i * kho_image_strip_blocks(img)), 0);
}

static void set_page(struct kho_image *img, uint64_t n)
{
	uint64_t blocks = kho_image_strip_blocks(img);

	n += DENSE / SZ_4K;
	kho_image_bits(img, n * SZ_4K, 0)[n % blocks / 8] |= (uint8_t)(1U << n % 8);
}

/* @runs runs of 1 to @longest pages, one in each @period pages, at a random place. */
static void fill_runs(struct kho_image *img, uint64_t runs, uint64_t period, uint64_t longest)
{
	uint64_t random = 1;

	for (uint64_t i = 0; i < runs; i++) {
		uint64_t len = 1 + random_below(&random, longest);
		uint64_t at = period * i + random_below(&random, period - len);

		while (len--)
			set_page(img, at++);
	}
}

/* A leaf in 64 GiB has some 1,950 runs. */
static void fill_scattered_1m(struct kho_image *img)
{
	fill_runs(img, 1000000, 16, 7);
}

/* As many over all of 1 TiB: some 120 in a leaf. */
static void fill_sparse_1m(struct kho_image *img)
{
	fill_runs(img, 1000000, 268, 7);
}

/* Every other page: as many runs as there can be. */
static void fill_fragmented(struct kho_image *img)
{
	for (uint64_t i = 0; i < 16; i++)
		memset(kho_image_bits(img, PAGE(i * kho_image_strip_blocks(img)), 0), 0x55,
		       kho_image_strip_blocks(img) / 8);
}

/* Each page with chance one half. */
static void fill_random(struct kho_image *img)
{
	uint64_t random = 1;
	uint64_t bytes = kho_image_strip_blocks(img) / 8;

	for (uint64_t i = 0; i < 16; i++) {
		uint8_t *bits = kho_image_bits(img, PAGE(i * bytes * 8), 0);

		for (uint64_t off = 0; off < bytes; off += 8)
			put_u64(bits + off, random_next(&random));
	}
}

/* Only what every image has: what remains is what the walk costs before it reads anything. */
static void fill_nothing(struct kho_image *img)
{
	(void)img;
}

static const char *const formats[] = {
	[KHO_MAP_V1_SMALL] = "small", [KHO_MAP_V1_PAGE] = "v1", [KHO_MAP_RADIX] = "radix"};

static const struct bench_case cases[] = {
	{"empty", KHO_MAP_RADIX, fill_nothing},
	{"empty-v1", KHO_MAP_V1_PAGE, fill_nothing},
	{"dense-1t", KHO_MAP_RADIX, fill_dense_1t},
	{"dense-1t-v1", KHO_MAP_V1_PAGE, fill_dense_1t},
	{"uniform", KHO_MAP_RADIX, fill_uniform},
	{"scattered-1m", KHO_MAP_RADIX, fill_scattered_1m},
	{"scattered-1m-v1", KHO_MAP_V1_PAGE, fill_scattered_1m},
	{"sparse-1m", KHO_MAP_RADIX, fill_sparse_1m},
	{"fragmented", KHO_MAP_RADIX, fill_fragmented},
	{"random", KHO_MAP_RADIX, fill_random},
};

/* ---- what is measured ---- */

struct run {
	struct kho_image img;
	enum kb_status st;
	uint64_t ranges;
	double us;
};

static void iterate(struct run *run)
{
	struct kho_ranges it;
	struct range r;

	kho_ranges_first(&it, &run->img.mem, &run->img.kho->map, 0);
	while (kho_ranges_next(&it, &r))
		run->ranges++;
}

static void *open_and_iterate(void *arg)
{
	struct run *run = arg;
	struct kho_image *img = &run->img;
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	run->st = kho_open(&img->mem, &img->h, img->hint, img->work, img->kho);
	clock_gettime(CLOCK_MONOTONIC, &b);
	run->us = (double)(b.tv_sec - a.tv_sec) * 1e6 + (double)(b.tv_nsec - a.tv_nsec) / 1e3;
	if (!run->st)
		iterate(run);
	return NULL;
}

/* Run on a stack filled with a pattern; returns how many bytes of it were used. */
static uint64_t measure_stack(struct run *run)
{
	uint8_t *stack =
		mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t untouched = 0;
	pthread_attr_t attr;
	pthread_t thread;

	memset(stack, PAINT, STACK);
	pthread_attr_init(&attr);
	if (pthread_attr_setstack(&attr, stack, STACK) ||
	    pthread_create(&thread, &attr, open_and_iterate, run) || pthread_join(thread, NULL))
		abort();
	while (untouched < STACK && stack[untouched] == PAINT)
		untouched++;
	munmap(stack, STACK);
	return STACK - untouched;
}

static void make(struct kho_image *img, const struct bench_case *c)
{
	kho_image_init_sized(img, c->format, 12, 64 * SZ_1M);
	img->hint = c->format == KHO_MAP_V1_PAGE ? KHO_BITMAP_PAGE : KHO_BITMAP_UNKNOWN;
	img->mem.map = map_all;
	img->ram[2].size = TIB;
	img->areas = 1; /* the second one would lie where the blocks go */
	c->fill(img);
	kho_image_finish(img);
	img->work.size = kho_work_size(&img->mem.ram);
	img->work.base = malloc(img->work.size);
}

static uint8_t *open_piece(void *ctx, struct range piece)
{
	return kho_image_at(ctx, piece.base, piece.size);
}

/* Into the field, after all that it holds. Returns how many pages that took. */
static uint64_t convert(struct kho_image *img, enum kho_map_format to)
{
	const struct bridge_map_form form = {to, kho_orders(12)};
	struct range rest = {KHO_IMAGE_BASE + img->used, img->size - img->used};
	struct range_list from = {&rest, 1, 1};
	struct kho_pages p = {.m = &img->mem,
			      .k = img->kho,
			      .from = &from,
			      .trial = malloc(16 * SZ_4K),
			      .open = open_piece,
			      .ctx = img};
	struct kho_summary sum;
	struct kho_map map;

	for (unsigned int rehearsal = 2; rehearsal--;) {
		kho_pages_begin(&p, rehearsal);
		if (bridge_write_map(&p, &img->kho->map, &form, &map, &sum))
			abort();
	}
	free(p.trial);
	if (sum.bytes != img->kho->sum.bytes)
		abort();
	return p.taken;
}

/* @to: a format, or none of them. */
static int measure(const struct bench_case *c, size_t to)
{
	static struct run run;
	uint64_t memory, stack, end;

	make(&run.img, c);
	end = range_end(run.img.ram[2]);
	stack = measure_stack(&run);
	memory = run.img.work.size + sizeof(struct kho) + stack;
	if (!run.st && to < ARRAY_SIZE(formats))
		printf("pages %llu ",
		       (unsigned long long)convert(&run.img, (enum kho_map_format)to));
	if (run.st) {
		fprintf(stderr, "bench_walk: KB-%03d %s\n", run.st, kb_cause(run.st));
		return 1;
	}
	printf("leaves %llu runs %llu ranges %llu memory %llu limit %llu us %.0f\n",
	       (unsigned long long)run.img.kho->sum.leaves,
	       (unsigned long long)run.img.kho->sum.runs, (unsigned long long)run.ranges,
	       (unsigned long long)memory,
	       (unsigned long long)(SZ_1M + (end + TIB - 1) / TIB * SZ_64K), run.us);
	kho_image_free(&run.img);
	return 0;
}

static int usage(FILE *f)
{
	fprintf(f, "usage: bench_walk --case NAME [--to small|v1|radix]\n\ncases:");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		fprintf(f, " %s", cases[i].name);
	fprintf(f, "\n");
	return f == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"case", required_argument, NULL, 'c'},
		{"to", required_argument, NULL, 't'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *name = "", *to = "";
	size_t format = 0;
	int opt;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (opt == 'h')
			return usage(stdout);
		if (opt == 'c')
			name = optarg;
		else if (opt == 't')
			to = optarg;
		else
			return usage(stderr);
	}
	while (format < ARRAY_SIZE(formats) && strcmp(formats[format], to))
		format++;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (!strcmp(cases[i].name, name))
			return measure(&cases[i], format);
	return usage(stderr);
}
