// SPDX-License-Identifier: BSD-2-Clause
/*
 * tsc - prints how many thousand times a second the time stamp counter of this machine counts.
 *
 * An emulated machine shows its kernels this counter. They measure it against an emulated timer at
 * each boot, and on a busy host they are wrong, now and then by a factor of five; so they are told.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

struct moment {
	uint64_t ns, cycles;
};

static uint64_t ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Both clocks at once: of some tries the one in which nothing came between. */
static struct moment now(void)
{
	struct moment ret = {0};
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 100; i++) {
		uint64_t before = __builtin_ia32_rdtsc(), at = ns(), after = __builtin_ia32_rdtsc();

		if (after - before < best) {
			best = after - before;
			ret = (struct moment){.ns = at, .cycles = before + best / 2};
		}
	}
	return ret;
}

int main(void)
{
	const struct timespec interval = {.tv_nsec = 100000000};
	struct moment from = now(), to;

	nanosleep(&interval, NULL);
	to = now();
	printf("%.0f\n", (double)(to.cycles - from.cycles) * 1e6 / (double)(to.ns - from.ns));
	return 0;
}
