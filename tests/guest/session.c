// SPDX-License-Identifier: BSD-2-Clause
/*
 * session.c - the live update session: what makes the kernel hand two files to the next one.
 *
 * A file may be written after it was preserved: the kernel has pinned its pages, and they go over
 * as they are at the jump. Its size is fixed, though, and no page can be added or taken out.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "liveupdate.h"
#include "vmm.h"

enum { TOKEN_MEMORY = 1, TOKEN_STATE = 2 };

/* What the session is called in the manager's store. */
#define FD_NAME "guest"

/* One process at a time may have it open, and systemd has for each service with LUOSession=. */
static int open_device(void)
{
	int fd, attempts = 1000;

	while ((fd = open(LUO_DEVICE, O_RDWR | O_CLOEXEC)) < 0 && errno == EBUSY && attempts--)
		usleep(10000);
	if (fd < 0)
		die(LUO_DEVICE " (is liveupdate=on?)");
	return fd;
}

static int open_session(unsigned long request, const char *name)
{
	struct luo_session s = {.size = sizeof(s), .fd = -1};
	int fd = open_device();

	errno = 0;
	if ((size_t)snprintf((char *)s.name, sizeof(s.name), "%s", name) >= sizeof(s.name))
		die("%s: a name has at most %zu characters", name, sizeof(s.name) - 1);
	must(fd, request, &s, name);
	close(fd);
	return s.fd;
}

static void keep(int session, int fd, uint64_t token)
{
	struct luo_fd p = {.size = sizeof(p), .fd = fd, .token = token};

	must(session, LUO_PRESERVE_FD, &p, "preserve a file");
}

static int take(int session, uint64_t token)
{
	struct luo_fd r = {.size = sizeof(r), .token = token};

	must(session, LUO_RETRIEVE_FD, &r, "take a file back");
	return r.fd;
}

int session_preserve(const char *name, const struct vm *vm)
{
	int ret = open_session(LUO_CREATE_SESSION, name);

	keep(ret, vm->memory_fd, TOKEN_MEMORY);
	keep(ret, vm->state_fd, TOKEN_STATE);
	return ret;
}

/*
 * A service manager that kept the session over the kexec passes it on, as sd_listen_fds(3) says:
 * from descriptor 3 on, with names, separated by colons, in the order of the descriptors.
 */
static int passed_session(void)
{
	const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	const char *names = getenv("LISTEN_FDNAMES");
	int last = count && pid && atoi(pid) == getpid() ? atoi(count) : 0;

	for (int i = 0; i < last && names; i++) {
		size_t len = strcspn(names, ":");

		if (len == strlen(FD_NAME) && !strncmp(names, FD_NAME, len))
			return 3 + i;
		names = names[len] ? names + len + 1 : NULL;
	}
	return -1;
}

int session_take(const char *name, struct vm *vm)
{
	int ret = passed_session();

	if (ret < 0)
		ret = open_session(LUO_RETRIEVE_SESSION, name);
	vm->memory_fd = take(ret, TOKEN_MEMORY);
	vm->state_fd = take(ret, TOKEN_STATE);
	return ret;
}

void session_finish(int session)
{
	struct luo_finish f = {.size = sizeof(f)};

	must(session, LUO_FINISH, &f, "finish the session");
	close(session);
	/* It is spent: the manager shall neither hand it over again nor count it. */
	notify("FDSTOREREMOVE=1\nFDNAME=" FD_NAME, -1);
}
