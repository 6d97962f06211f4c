// SPDX-License-Identifier: BSD-2-Clause
/* UEFI variables as files of efivarfs; see efivars.h. */
#include "efivars.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PREFIX sizeof(uint32_t) /* the attributes, before the value */

static const char *variable_path(const struct running *r, const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s" EFIVARS "/%s", r->root, name);
	return path;
}

void efivar_free(struct efivar *v)
{
	buffer_free(&v->value);
	*v = (struct efivar){0};
}

bool efivar_read(const struct running *r, const char *name, struct efivar *ret)
{
	struct buffer file = {0};
	char path[PATH_MAX];
	bool found;

	found = !buffer_read(&file, variable_path(r, name, path)) && file.size >= PREFIX;
	if (found) {
		*ret = (struct efivar){.attributes = get_u32(file.data)};
		buffer_append(&ret->value, file.data + PREFIX, file.size - PREFIX);
	}
	buffer_free(&file);
	return found;
}

uint64_t efivar_number(const struct running *r, const char *name, size_t size, uint64_t otherwise)
{
	uint64_t number = 0;
	struct efivar v;

	if (!efivar_read(r, name, &v))
		return otherwise;
	if (v.value.size == size)
		memcpy(&number, v.value.data, size);
	else
		number = otherwise;
	efivar_free(&v);
	return number;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Other file systems, as in a test, may not have the flag: then nothing is to be done. */
static void make_mutable(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), flags = 0;

	if (fd < 0)
		return;
	if (!ioctl(fd, FS_IOC_GETFLAGS, &flags) && flags & FS_IMMUTABLE_FL) {
		flags &= ~FS_IMMUTABLE_FL;
		(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
	}
	close(fd);
}

static int write_once(const char *path, const struct buffer *file)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	ssize_t n;
	int error;

	if (fd < 0)
		return -1;
	n = write(fd, file->data, file->size);
	error = n < 0 ? errno : EIO;
	close(fd);
	errno = error;
	return n == (ssize_t)file->size ? 0 : -1;
}

/* A new variable that firmware refuses leaves an empty file, which is removed. */
static int set(const char *path, const struct buffer *file)
{
	bool made = access(path, F_OK);
	int error;

	make_mutable(path);
	if (!write_once(path, file))
		return 0;
	error = errno;
	if (made)
		unlink(path);
	errno = error;
	return -1;
}

static bool is_so(const struct running *r, const char *name, uint32_t attributes, const void *value,
		  size_t size)
{
	struct efivar v;
	bool same;

	if (!efivar_read(r, name, &v))
		return false;
	same = v.attributes == attributes && v.value.size == size &&
	       !memcmp(v.value.data, value, size);
	efivar_free(&v);
	return same;
}

int efivar_write(const struct running *r, const char *name, uint32_t attributes, const void *value,
		 size_t size)
{
	struct buffer file = {0};
	char path[PATH_MAX];
	int ret;

	if (is_so(r, name, attributes, value, size))
		return 0;
	buffer_append(&file, &attributes, PREFIX);
	buffer_append(&file, value, size);
	ret = set(variable_path(r, name, path), &file);
	buffer_free(&file);
	return ret;
}

int efivar_delete(const struct running *r, const char *name)
{
	char path[PATH_MAX];

	make_mutable(variable_path(r, name, path));
	return unlink(path) && errno != ENOENT ? -1 : 0;
}

/* ---- all of them ----------------------------------------------------------------------------- */

bool efivar_each(const struct running *r, bool (*visit)(void *ctx, const char *name), void *ctx)
{
	char path[PATH_MAX];
	DIR *dir = opendir(running_path(r, EFIVARS, path));
	struct dirent *e;
	bool stop = false;

	if (!dir)
		return false;
	while (!stop && (e = readdir(dir)))
		stop = e->d_name[0] != '.' && visit(ctx, e->d_name);
	closedir(dir);
	return stop;
}
