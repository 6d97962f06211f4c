// SPDX-License-Identifier: BSD-2-Clause
/*
 * bench_share - digest 1 GiB of preserved memory by all CPUs, and compare it again, beside reading
 * it by all of them: a thread stands for each other CPU
 *
 * The three take turns; what counts are the medians of their times. Exit status 1 when one is below
 * its limit.
 */
#include "../unit/kho_image.h"

#include <arch/digest.h>
#include <route/share.h>
#include <tools/running_cpu.h>

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BYTES  SZ_1G
#define ROUNDS 9
#define LIMIT  0.8 /* of the speed of reading */
#define CPUS   64

struct run {
	struct kho_image img;
	uint8_t *data;
	struct seal_scope scope;
	struct kb_xxh128 *digest;
	uint64_t max, count;
	struct share_help help;
	struct share *share;
	pthread_t thread[CPUS];
	unsigned int cpus; /* all of them */
};

static struct run run;

/* In firmware this is the identity. */
static const void *map_all(void *ctx, uint64_t at, uint64_t len)
{
	(void)len;
	return ((struct kho_image *)ctx)->buf + (at - KHO_IMAGE_BASE);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t ticks(void)
{
	return (uint64_t)(now() * 1e9);
}

static void relax(void)
{
	sched_yield();
}

/* ---- threads in the place of CPUs ---- */

static void *help(void *number)
{
	share_take(run.share, (unsigned int)(uintptr_t)number);
	return NULL;
}

static void start(void *ctx, struct share *s)
{
	(void)ctx;
	run.share = s;
	for (unsigned int i = 1; i < run.cpus; i++)
		if (pthread_create(&run.thread[i], NULL, help, (void *)(uintptr_t)i))
			abort();
}

static void stop(void *ctx)
{
	(void)ctx;
	for (unsigned int i = 1; i < run.cpus; i++)
		pthread_join(run.thread[i], NULL);
}

static void *read_part(void *number)
{
	uint64_t size = BYTES / run.cpus & ~63ULL;
	const uint64_t *v = (const void *)(run.data + (uintptr_t)number * size);
	uint64_t sum[8] = {0};

	for (const uint64_t *end = v + size / 8; v < end; v += 8)
		for (unsigned int i = 0; i < 8; i++)
			sum[i] += v[i];
	return (void *)(uintptr_t)(sum[0] + sum[1] + sum[2] + sum[3] + sum[4] + sum[5] + sum[6] +
				   sum[7]);
}

/* ---- what is measured ---- */

static void do_read(void)
{
	uint64_t sum;

	for (unsigned int i = 1; i < run.cpus; i++)
		if (pthread_create(&run.thread[i], NULL, read_part, (void *)(uintptr_t)i))
			abort();
	sum = (uintptr_t)read_part(NULL);
	for (unsigned int i = 1; i < run.cpus; i++) {
		void *part;

		pthread_join(run.thread[i], &part);
		sum += (uintptr_t)part;
	}
	if (!sum) /* so that reading is not left out */
		abort();
}

static void do_seal(void)
{
	if (share_data(&run.img.mem, run.img.kho, &run.scope, &run.help, run.digest, run.max,
		       &run.count))
		abort();
}

static void do_verify(void)
{
	uint64_t damaged;

	if (share_verify(&run.img.mem, run.img.kho, &run.scope, &run.help, run.digest, run.count,
			 NULL, NULL, &damaged))
		abort();
}

static double time_of(void (*what)(void))
{
	double begun = now();

	what();
	return now() - begun;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* GB/s, from the median of the times. */
static double speed(double *seconds)
{
	qsort(seconds, ROUNDS, sizeof(*seconds), by_value);
	return BYTES / 1e9 / seconds[ROUNDS / 2];
}

static void make(void)
{
	struct kho_image *img = &run.img;
	uint64_t random = 2, at;

	kho_image_init_sized(img, KHO_MAP_RADIX, 12, BYTES + 64 * SZ_1M);
	img->mem.map = map_all;
	at = kho_image_alloc(img, BYTES, SZ_2M);
	run.data = kho_image_at(img, at, BYTES);
	for (uint64_t i = 0; i < BYTES; i += 8)
		put_u64(run.data + i, random_next(&random));
	kho_image_preserve_range(img, (struct range){at, BYTES});
	kho_image_finish(img);
	if (kho_image_open(img))
		abort();
	run.scope.shift = seal_shift(img->kho->sum.end);
	if (seal_count(&img->mem, img->kho, &run.scope, &run.max))
		abort();
	run.digest = calloc(run.max, sizeof(*run.digest));
}

static void call_up(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	run.cpus = n < 1 ? 1 : n > CPUS ? CPUS : (unsigned int)n;
	run.help = (struct share_help){
		.cpus = run.cpus - 1, .start = start, .stop = stop, .relax = relax, .clock = ticks};
	run.help.work_size = share_work_size(run.max, run.help.cpus);
	run.help.work = aligned_alloc(64, run.help.work_size);
	if (!run.digest || !run.help.work)
		abort();
}

static bool print_ratio(const char *what, double value, double of)
{
	printf("bench: share %s GB/s %.2f\n", what, value);
	printf("bench: share %s / reading %.2f limit %.1f\n", what, value / of, LIMIT);
	return value / of >= LIMIT;
}

/* By the instructions that the image would choose on this CPU. */
static void use_vectors(void)
{
	struct digest_cpu cpu = running_cpu();
	struct digest_choice choice = digest_choose(&cpu);
	struct kb_digest_code code = digest_code(choice);

	kb_digest_use(&code);
	printf("bench: share code: %s\n", digest_name(choice));
}

int main(void)
{
	double t_read[ROUNDS], t_seal[ROUNDS], t_verify[ROUNDS], reading;
	bool fast;

	use_vectors();
	make();
	call_up();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		t_read[i] = time_of(do_read);
		t_seal[i] = time_of(do_seal);
		t_verify[i] = time_of(do_verify);
	}
	reading = speed(t_read);
	printf("bench: share CPUs %u of %u\n", run.help.took_part, run.cpus);
	printf("bench: share reading GB/s %.2f\n", reading);
	fast = print_ratio("seal", speed(t_seal), reading);
	fast &= print_ratio("verify", speed(t_verify), reading);
	if (!fast)
		fprintf(stderr, "bench_share: below its limit\n");
	return !fast;
}
