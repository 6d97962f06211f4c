// SPDX-License-Identifier: BSD-2-Clause
/*
 * notify.c - what the service manager is told, as sd_notify(3) and sd_pid_notify_with_fds(3) do it:
 * a datagram of lines NAME=VALUE, and a descriptor beside it for the manager to keep.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "vmm.h"

static void send_to(struct sockaddr_un *to, char *text, int fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec data = {.iov_base = text, .iov_len = strlen(text)};
	struct msghdr m = {.msg_name = to,
			   .msg_namelen = sizeof(*to),
			   .msg_iov = &data,
			   .msg_iovlen = 1};
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0) {
		m.msg_control = &control;
		m.msg_controllen = sizeof(control);
		*CMSG_FIRSTHDR(&m) = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)),
						      .cmsg_level = SOL_SOCKET,
						      .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &fd, sizeof(fd));
	}
	if (s < 0 || sendmsg(s, &m, MSG_NOSIGNAL) < 0)
		die("tell the service manager");
	close(s);
}

bool notify(const char *text, int fd)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	char copy[128];

	if (!path)
		return false;
	errno = 0;
	if (path[0] != '/' || strlen(path) >= sizeof(to.sun_path))
		die("NOTIFY_SOCKET=%s: must be the path of a socket", path);
	strcpy(to.sun_path, path);
	snprintf(copy, sizeof(copy), "%s", text);
	send_to(&to, copy, fd);
	return true;
}
