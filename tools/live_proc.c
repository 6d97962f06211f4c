// SPDX-License-Identifier: BSD-2-Clause
/* Sessions and memfds of the running system, by what its processes have open. */
#include "live.h"

#include <luo/luo.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SESSION "anon_inode:[luo_session] "
#define MEMFD   "/memfd:"
#define DEVICE  "/dev/liveupdate"

struct inode {
	uint64_t device, number;
};

/* Names of 64 bytes, and inodes, as often as they were found. */
struct found {
	struct buffer sessions, sealed;
	bool hidden;
};

static void see_session(struct found *f, const char *name)
{
	char entry[LUO_NAME_SIZE] = {0};

	memcpy(entry, name, strnlen(name, sizeof(entry) - 1));
	buffer_append(&f->sessions, entry, sizeof(entry));
}

static void see_memfd(struct found *f, int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct inode inode;
	struct stat s;
	int seals;

	if (fd < 0)
		return;
	seals = fcntl(fd, F_GET_SEALS);
	if (seals >= 0 && seals & ~F_SEAL_SEAL && !fstat(fd, &s)) {
		inode = (struct inode){s.st_dev, s.st_ino};
		buffer_append(&f->sealed, &inode, sizeof(inode));
	}
	close(fd);
}

static void see_fd(struct found *f, int dir, const char *name)
{
	char link[256];
	ssize_t n = readlinkat(dir, name, link, sizeof(link) - 1);

	if (n < 0)
		return;
	link[n] = 0;
	if (!strncmp(link, SESSION, strlen(SESSION)))
		see_session(f, link + strlen(SESSION));
	else if (!strncmp(link, MEMFD, strlen(MEMFD)))
		see_memfd(f, dir, name);
}

static void see_process(struct found *f, const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	if (!d) {
		f->hidden = f->hidden || errno == EACCES || errno == EPERM;
		return;
	}
	while ((e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]))
			see_fd(f, dirfd(d), e->d_name);
	closedir(d);
}

static void see_processes(struct found *f, const struct running *r)
{
	char proc[PATH_MAX], path[PATH_MAX + 300];
	DIR *d = opendir(running_path(r, "/proc", proc));
	struct dirent *e;

	f->hidden = !d;
	while (d && (e = readdir(d))) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "%s/%s/fd", proc, e->d_name);
		see_process(f, path);
	}
	if (d)
		closedir(d);
}

static int by_name(const void *a, const void *b)
{
	return memcmp(a, b, LUO_NAME_SIZE);
}

static int by_inode(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct inode));
}

/* How many different ones there are. */
static uint64_t count(struct buffer *b, size_t size, int (*compare)(const void *, const void *))
{
	size_t n = b->size / size;
	uint64_t ret = n ? 1 : 0;

	if (n)
		qsort(b->data, n, size, compare);
	for (size_t i = 1; i < n; i++)
		ret += compare(b->data + (i - 1) * size, b->data + i * size) ? 1 : 0;
	return ret;
}

void live_read(const struct running *r, struct live *ret)
{
	struct found f = {0};

	*ret = (struct live){.device = running_exists(r, DEVICE)};
	if (!ret->device)
		return;
	see_processes(&f, r);
	ret->hidden = f.hidden;
	ret->systemd = r->by_systemd;
	ret->sessions = count(&f.sessions, LUO_NAME_SIZE, by_name);
	ret->sealed = count(&f.sealed, sizeof(struct inode), by_inode);
	buffer_free(&f.sessions);
	buffer_free(&f.sealed);
}
