// SPDX-License-Identifier: BSD-2-Clause
/*
 * guest.c - a guest of this machine (tests/guest), as a service manager sees it: started, waited
 * for until it says that it is ready, and stopped; what it wants to be kept is kept open.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"

#define VMM    "/vmm"
#define SOCKET "/run/notify"

static int manager = -1;
static pid_t vmm = -1;
static int vmm_status;
static int stored[8], stored_count;

static void open_manager(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = SOCKET};
	struct timeval second = {.tv_sec = 1};

	mkdir("/run", 0755);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (manager < 0 || bind(manager, (struct sockaddr *)&at, sizeof(at)))
		fail(SOCKET ": %s", strerror(errno));
	/* So that a VMM that has ended is noticed. */
	setsockopt(manager, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	setenv("NOTIFY_SOCKET", SOCKET, 1);
}

static void store(const struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	if (c && c->cmsg_type == SCM_RIGHTS && stored_count < (int)(sizeof(stored) / sizeof(int)))
		memcpy(&stored[stored_count++], CMSG_DATA(c), sizeof(int));
}

/* One message, if there is one within a second: is it @wanted? */
static bool told(const char *wanted)
{
	char text[256], control[CMSG_SPACE(sizeof(int))];
	struct iovec data = {.iov_base = text, .iov_len = sizeof(text) - 1};
	struct msghdr m = {.msg_iov = &data,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(manager, &m, MSG_CMSG_CLOEXEC);

	if (n < 0)
		return false;
	text[n] = '\0';
	store(&m);
	return strstr(text, wanted);
}

/* Has it ended? Its last words may still be in the socket. */
static bool ended(void)
{
	if (vmm > 0 && waitpid(vmm, &vmm_status, WNOHANG) == vmm)
		vmm = 0;
	return !vmm;
}

/* The machine has a limit of time for all it does (handover --timeout). */
static void wait_until_told(const char *wanted)
{
	bool last = false;

	while (!told(wanted)) {
		if (last)
			fail("guest: the VMM has ended without %s, status 0x%x", wanted,
			     vmm_status);
		last = ended();
	}
}

static void start(const char *const argv[])
{
	if (manager < 0)
		open_manager();
	vmm = fork();
	if (!vmm) {
		dup2(log_fd(), 1);
		dup2(log_fd(), 2);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (vmm < 0)
		fail("fork: %s", strerror(errno));
}

void guest_start(const char *what)
{
	char mem[16] = "64", cpus[16] = "1", huge[16] = "";
	const char *argv[] = {VMM, "start", "--mem", mem, "--cpus", cpus, NULL, NULL};

	sscanf(what, "%15[0-9],%15[0-9],%15s", mem, cpus, huge);
	if (!strcmp(huge, "huge")) {
		argv[6] = "--huge";
		allow_huge("always");
	}
	start(argv);
	guest_wait();
}

void guest_resume(void)
{
	const char *argv[] = {VMM, "resume", NULL};

	start(argv);
}

void guest_wait(void)
{
	wait_until_told("READY=1");
	say("guest=right");
}

void guest_check_again(void)
{
	kill(vmm, SIGHUP);
	guest_wait();
}

void guest_stop(void)
{
	say("guest=stop");
	kill(vmm, SIGTERM);
	wait_until_told("FDSTORE=1");
	/* Not by waiting for a message, which takes its second: the guest is away already. */
	if (vmm > 0)
		waitpid(vmm, &vmm_status, 0);
	vmm = 0;
	if (vmm_status)
		fail("guest: the VMM has ended with status 0x%x", vmm_status);
	if (!stored_count)
		fail("guest: there is no session to keep");
}
