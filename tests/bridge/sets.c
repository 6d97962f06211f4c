// SPDX-License-Identifier: BSD-2-Clause
/*
 * sets [--sets N] [--seed S] [--jobs J] - random sets of preserved blocks through the bridge, as in
 * the unit test test_bridge_map, but as many as wanted. Set S + n is the same in every run.
 */
#include "../unit/bridge_rig.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STEP 1000 /* sets between two progress lines */

struct job {
	uint64_t sets, seed, jobs, mine;
};

static void progress(const struct job *j, uint64_t n, uint64_t conversions, const char *end)
{
	printf("sets: job %llu: %llu of %llu, %llu conversions%s", (unsigned long long)j->mine,
	       (unsigned long long)n, (unsigned long long)j->sets / j->jobs,
	       (unsigned long long)conversions, end);
	fflush(stdout);
}

/* Every set whose number is @j->mine modulo the number of jobs. Exit status 1 when one differs. */
static int run(const struct job *j)
{
	uint64_t conversions = 0, n = 0;

	for (uint64_t i = j->mine; i < j->sets; i += j->jobs) {
		const char *differs = rig_random_set(j->seed + i, &conversions);

		if (differs) {
			printf("sets: set %llu: %s\n", (unsigned long long)(j->seed + i), differs);
			return 1;
		}
		if (++n % STEP == 0)
			progress(j, n, conversions, isatty(1) ? "\r" : "\n");
	}
	progress(j, n, conversions, "\n");
	return 0;
}

static int run_all(struct job j)
{
	time_t begin = time(NULL);
	int status, bad = 0;

	for (j.mine = 0; j.mine < j.jobs; j.mine++) {
		pid_t pid = fork();

		if (pid < 0)
			return perror("fork"), 2;
		if (!pid)
			exit(run(&j));
	}
	while (wait(&status) > 0)
		bad |= status;
	printf("sets: %llu sets from %llu on, %s, %ld s\n", (unsigned long long)j.sets,
	       (unsigned long long)j.seed, bad ? "FAILED" : "all the same",
	       (long)(time(NULL) - begin));
	return bad != 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"sets", required_argument, NULL, 'n'},
		{"seed", required_argument, NULL, 's'},
		{"jobs", required_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	struct job j = {.sets = 10000, .seed = 1, .jobs = 1};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		uint64_t value = optarg ? strtoull(optarg, NULL, 0) : 0;

		if (opt == 'n')
			j.sets = value;
		else if (opt == 's')
			j.seed = value;
		else if (opt == 'j' && value)
			j.jobs = value;
		else
			return fprintf(stderr, "usage: sets [--sets N] [--seed S] [--jobs J]\n"), 2;
	}
	return run_all(j);
}
