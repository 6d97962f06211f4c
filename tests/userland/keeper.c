// SPDX-License-Identifier: BSD-2-Clause
/*
 * keeper - a service whose memory outlives the kernel, in both ways that systemd has. An example to
 * copy, and what tests/userland/run asks whether any word of it changed. It needs no privileges and
 * no library.
 *
 *	"memory"	a memfd in the file descriptor store: systemd preserves it when the machine
 *			goes down by kexec, and passes it to the service again
 *	"session"	a live update session of this service alone (LUOSession=session), which the
 *			service fills by itself. A session goes one way: filled in one kernel,
 *			emptied in the next
 *
 * A session that came over is spent, and systemd makes a new one only when it starts the service.
 * So there the service leaves its memory in the store, forgets the session and asks for a restart:
 *
 *	first start             session is new      put a new memfd into it
 *	(kexec) second start    session came over   take the memfd, store it as "between", exit 75
 *	        third start     session is new      put "between" into it, out of the store with it
 *	(kexec) ...
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../guest/liveupdate.h"

enum { FIRST_FD = 3, TOKEN = 1, RESTART_ME = 75 };
static const size_t bytes = 16 << 20;

static _Noreturn void die(const char *what)
{
	printf("keeper: FAIL %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- the service manager --------------------------------------------------------------------- */

/* As sd_pid_notify_with_fds(3) does it. @fd: a descriptor to store, or -1. */
static void notify(const char *text, int fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct iovec data = {(char *)text, strlen(text)};
	struct msghdr message = {.msg_name = &to,
				 .msg_namelen = sizeof(to),
				 .msg_iov = &data,
				 .msg_iovlen = 1};
	const char *path = getenv("NOTIFY_SOCKET");
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (!path || strlen(path) >= sizeof(to.sun_path))
		die("NOTIFY_SOCKET");
	strcpy(to.sun_path, path);
	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	if (s < 0 || sendmsg(s, &message, MSG_NOSIGNAL) < 0)
		die("notify");
	close(s);
}

/* The descriptor that systemd has passed under this name, or -1. */
static int passed(const char *name)
{
	const char *names = getenv("LISTEN_FDNAMES");
	size_t length = strlen(name);

	for (int fd = FIRST_FD; names; fd++) {
		if (!strncmp(names, name, length) && (!names[length] || names[length] == ':'))
			return fd;
		names = strchr(names, ':');
		names = names ? names + 1 : NULL;
	}
	return -1;
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* No two words, and no two generations, are alike. */
static uint64_t word(uint64_t generation, uint64_t i)
{
	return (generation << 40 | i) * 0x9e3779b97f4a7c15;
}

static uint64_t *map(int fd)
{
	uint64_t *ret = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (ret == MAP_FAILED)
		die("map a memfd");
	return ret;
}

static void fill(int fd, uint64_t generation)
{
	uint64_t *words = map(fd);

	for (size_t i = 0; i < bytes / sizeof(*words); i++)
		words[i] = word(generation, i);
	munmap(words, bytes);
}

static int new_memory(void)
{
	int ret = memfd_create("keeper", MFD_CLOEXEC);

	if (ret < 0 || ftruncate(ret, (off_t)bytes))
		die("make a memfd");
	fill(ret, 0);
	return ret;
}

/* Says whether memory that came back is what it was, and writes the next generation into it. */
static void check(const char *what, int fd)
{
	uint64_t *words = map(fd), generation, differ = 0;

	for (generation = 0; generation < 1000 && words[1] != word(generation, 1);)
		generation++;
	for (size_t i = 0; i < bytes / sizeof(*words); i++)
		differ += words[i] != word(generation, i);
	munmap(words, bytes);
	printf("keeper: %s: generation %lu, %lu of %zu words differ\n", what, generation, differ,
	       bytes / sizeof(*words));
	fill(fd, generation + 1);
}

/* ---- the two ways ---------------------------------------------------------------------------- */

static void keep_in_store(void)
{
	int fd = passed("memory");

	if (fd >= 0)
		check("memory", fd);
	else
		notify("FDSTORE=1\nFDNAME=memory", new_memory());
}

/* The session came over with a memfd in it. */
static _Noreturn void empty_session(int session, int memory)
{
	struct luo_finish finish = {.size = sizeof(finish)};

	check("session", memory);
	notify("FDSTORE=1\nFDNAME=between", memory);
	if (ioctl(session, LUO_FINISH, &finish))
		die("finish the session");
	notify("FDSTOREREMOVE=1\nFDNAME=session", -1);
	exit(RESTART_ME);
}

static void keep_in_session(void)
{
	int session = passed("session"), between = passed("between");
	struct luo_fd file = {.size = sizeof(file), .token = TOKEN};

	if (session < 0) {
		errno = ENODEV;
		die("no session (kho=on, liveupdate=on?)");
	}
	/* Not from a session of this kernel. */
	if (!ioctl(session, LUO_RETRIEVE_FD, &file))
		empty_session(session, file.fd);
	file.fd = between >= 0 ? between : new_memory();
	if (ioctl(session, LUO_PRESERVE_FD, &file))
		die("preserve a memfd");
	if (between >= 0)
		notify("FDSTOREREMOVE=1\nFDNAME=between", -1);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	keep_in_session();
	keep_in_store();
	printf("keeper: ready\n");
	notify("READY=1", -1);
	pause();
}
