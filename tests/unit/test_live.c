// SPDX-License-Identifier: BSD-2-Clause
/* What khoctl sees of live update sessions, and says about them. */
#include "fake_root.h"

#include "../../tools/verdict.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define N619 "luo-v1 luo-session-v2 memfd-v1"
#define N72  "luo-v5 memfd-v2"

static struct live read_root(const char *root)
{
	struct running r = {.root = root};
	struct live l;

	live_read(&r, &l);
	return l;
}

static void add_fd(const char *path, const char *link)
{
	fake_dirs(path);
	assert_int_equal(symlink(link, fake_path(path)), 0);
}

static void sessions_are_counted_by_name(void **state)
{
	struct live l;
	(void)state;

	const char *root = fake_root();

	add_fd("/proc/1/fd/3", "anon_inode:[luo_session] vm-1");
	add_fd("/proc/1/fd/4", "anon_inode:[luo_session] vm-2");
	add_fd("/proc/20/fd/3", "anon_inode:[luo_session] vm-1"); /* a copy */
	add_fd("/proc/20/fd/5", "anon_inode:[eventfd]");
	add_fd("/proc/self/fd/7", "anon_inode:[luo_session] vm-3");
	l = read_root(root);
	assert_false(l.device);
	assert_int_equal(l.sessions, 0);
	fake_file("/dev/liveupdate", "");
	l = read_root(root);
	assert_true(l.device);
	assert_false(l.hidden);
	assert_int_equal(l.sessions, 2);
	assert_int_equal(l.sealed, 0);
}

static void what_may_not_be_read_is_hidden(void **state)
{
	(void)state;
	const char *root = fake_root();

	fake_file("/dev/liveupdate", "");
	assert_true(read_root(root).hidden); /* no /proc */
	fake_dirs("/proc/1/fd/");
	assert_false(read_root(root).hidden);
	if (geteuid()) {
		chmod(fake_path("/proc/1/fd"), 0);
		assert_true(read_root(root).hidden);
		chmod(fake_path("/proc/1/fd"), 0700);
	}
}

/* A process of the real /proc: this one. */
static void seals_are_asked_for(void **state)
{
	char proc[64];
	int sealed, plain, copy;
	(void)state;

	const char *root = fake_root();

	fake_file("/dev/liveupdate", "");
	fake_dirs("/proc/");
	snprintf(proc, sizeof(proc), "/proc/%d", getpid());
	assert_int_equal(symlink(proc, fake_path("/proc/7")), 0);
	plain = memfd_create("plain", 0);
	assert_int_equal(fcntl(plain, F_GET_SEALS), F_SEAL_SEAL);
	assert_int_equal(read_root(root).sealed, 0);
	sealed = memfd_create("sealed", MFD_ALLOW_SEALING);
	assert_int_equal(read_root(root).sealed, 0);
	assert_int_equal(fcntl(sealed, F_ADD_SEALS, F_SEAL_GROW), 0);
	assert_int_equal(read_root(root).sealed, 1);
	copy = dup(sealed);
	assert_int_equal(read_root(root).sealed, 1);
	close(copy);
	close(sealed);
	close(plain);
	assert_int_equal(read_root(root).sealed, 0);
}

static bool blocks = true, keeps_seals = true;

static const struct check *ask(struct verdict *v, struct live l, const char *names,
			       const char *name)
{
	*v = (struct verdict){0};
	live_ask(v, &l, (struct kb_text){names, strlen(names)}, 4096, blocks, keeps_seals);
	for (size_t i = 0; i < v->count; i++)
		if (!strcmp(v->check[i].name, name))
			return &v->check[i];
	return NULL;
}

static void no_more_sessions_than_the_next_kernel_takes(void **state)
{
	struct verdict v;
	const struct check *c;
	(void)state;

	assert_null(ask(&v, (struct live){true, false, 0, 3, false}, N619, "sessions"));
	assert_int_equal(v.count, 0);
	assert_null(ask(&v, (struct live){false, true, 0, 0, false}, N619, "sessions"));
	c = ask(&v, (struct live){true, false, 819, 0, false}, N619, "sessions");
	assert_int_equal(c->answer, ANSWER_OK);
	c = ask(&v, (struct live){true, false, 820, 0, false}, N619, "sessions");
	assert_int_equal(c->answer, ANSWER_REFUSED);
	assert_int_equal(c->status, KB_LUO_MANY_SESSIONS);
	assert_int_equal(c->have, 819);
	assert_int_equal(c->need, 820);
	c = ask(&v, (struct live){true, false, 820, 0, false}, N72, "sessions");
	assert_int_equal(c->answer, ANSWER_OK);
	c = ask(&v, (struct live){true, false, 1, 0, false}, "", "sessions");
	assert_int_equal(c->answer, ANSWER_UNKNOWN);
	c = ask(&v, (struct live){true, true, 0, 0, false}, N72, "sessions");
	assert_int_equal(c->answer, ANSWER_UNKNOWN);
}

static void files_are_not_seen(void **state)
{
	struct verdict v;
	(void)state;

	assert_int_equal(ask(&v, (struct live){true, false, 1, 0, false}, N619, "files")->answer,
			 ANSWER_UNKNOWN);
	assert_non_null(ask(&v, (struct live){true, false, 1, 0, false},
			    "luo-v1 luo-session-v2 luo-flb-v1 memfd-v2", "files"));
	assert_null(ask(&v, (struct live){true, false, 1, 0, false}, N72, "files"));
	assert_null(ask(&v, (struct live){true, false, 1, 0, false}, "memfd-v2", "files"));
	assert_null(ask(&v, (struct live){true, false, 0, 0, false}, N619, "files"));
	blocks = false; /* it takes no more itself */
	assert_null(ask(&v, (struct live){true, false, 1, 0, false}, N619, "files"));
	blocks = true;
}

static void seals_matter_to_6_19_alone(void **state)
{
	struct verdict v;
	const struct check *c;
	(void)state;

	c = ask(&v, (struct live){true, false, 1, 2, false}, N619, "seals");
	assert_int_equal(c->answer, ANSWER_UNKNOWN);
	assert_int_equal(c->need, 2);
	c = ask(&v, (struct live){true, false, 1, 0, false}, N619, "seals");
	assert_int_equal(c->answer, ANSWER_UNKNOWN);
	assert_false(c->numbers);
	assert_null(ask(&v, (struct live){true, false, 1, 2, false}, N72, "seals"));
	assert_null(ask(&v, (struct live){true, false, 0, 2, false}, N619, "seals"));
	keeps_seals = false; /* 6.19 itself */
	assert_null(ask(&v, (struct live){true, false, 1, 2, false}, N619, "seals"));
	keeps_seals = true;
	/* Of an older khoctl, which did not write down memfd. */
	assert_non_null(
		ask(&v, (struct live){true, false, 1, 2, false}, "luo-v1 luo-session-v2", "seals"));
	assert_null(ask(&v, (struct live){true, false, 1, 2, false},
			"luo-v1 luo-session-v2 luo-flb-v1", "seals"));
}

/* Its own session, with a sealed memfd, comes at shutdown: nothing of it is seen before. */
static void systemd_may_make_one_more(void **state)
{
	const struct live own = {.device = true, .systemd = true};
	const struct live full = {.device = true, .sessions = 819, .systemd = true};
	struct verdict v;
	const struct check *c;
	(void)state;

	c = ask(&v, own, N619, "seals");
	assert_int_equal(c->answer, ANSWER_UNKNOWN);
	assert_int_equal(c->need, 1);
	assert_non_null(ask(&v, own, N619, "files"));
	assert_null(ask(&v, own, N619, "systemd"));
	assert_null(ask(&v, own, N619, "sessions"));
	ask(&v, own, N72, "seals");
	assert_int_equal(v.count, 0);
	ask(&v, (struct live){.systemd = true}, N619, "seals");
	assert_int_equal(v.count, 0);
	c = ask(&v, full, N619, "sessions");
	assert_int_equal(c->answer, ANSWER_UNKNOWN);
	assert_int_equal(c->need, 820);
	assert_int_equal(ask(&v, full, N72, "sessions")->answer, ANSWER_OK);
	assert_non_null(ask(&v, full, N72, "systemd")->warn);
	assert_null(ask(&v, (struct live){true, false, 1, 0, false}, N72, "systemd"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(sessions_are_counted_by_name, fake_root_remove),
		cmocka_unit_test_teardown(what_may_not_be_read_is_hidden, fake_root_remove),
		cmocka_unit_test_teardown(seals_are_asked_for, fake_root_remove),
		cmocka_unit_test(no_more_sessions_than_the_next_kernel_takes),
		cmocka_unit_test(files_are_not_seen),
		cmocka_unit_test(seals_matter_to_6_19_alone),
		cmocka_unit_test(systemd_may_make_one_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
