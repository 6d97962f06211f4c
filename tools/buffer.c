// SPDX-License-Identifier: BSD-2-Clause
/* Bytes on the heap; reading files whole, replacing files atomically. */
#include "buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void buffer_free(struct buffer *b)
{
	free(b->data);
	*b = (struct buffer){0};
}

static void out_of_memory(void)
{
	fputs("khoctl: out of memory\n", stderr);
	exit(3);
}

void buffer_reserve(struct buffer *b, size_t room)
{
	uint8_t *data;

	if (room <= b->room)
		return;
	data = realloc(b->data, room);
	if (!data)
		out_of_memory();
	b->data = data;
	b->room = room;
}

/* Make room for @more bytes after the content; grows by doubling. */
static void grow(struct buffer *b, size_t more)
{
	size_t need;

	if (add_overflow(b->size, more, &need))
		out_of_memory();
	if (need > b->room)
		buffer_reserve(b, need > b->room * 2 ? need : b->room * 2);
}

void buffer_append(struct buffer *b, const void *data, size_t size)
{
	if (!size)
		return;
	grow(b, size);
	memcpy(b->data + b->size, data, size);
	b->size += size;
}

void buffer_align(struct buffer *b, size_t align)
{
	size_t pad = -b->size & (align - 1);

	if (!pad)
		return;
	grow(b, pad);
	memset(b->data + b->size, 0, pad);
	b->size += pad;
}

void buffer_prepend(struct buffer *b, const void *data, size_t size)
{
	struct buffer all = {0};

	buffer_append(&all, data, size);
	buffer_append(&all, b->data, b->size);
	buffer_free(b);
	*b = all;
}

/* At once: often enough to tell how far it is. */
#define READ_MOST (4u << 20)

static int read_fd(struct buffer *b, int fd, buffer_tell *tell, void *ctx)
{
	size_t room;
	ssize_t n;

	do {
		grow(b, 1 << 16);
		room = b->room - b->size;
		n = read(fd, b->data + b->size, room < READ_MOST ? room : READ_MOST);
		if (n > 0) {
			b->size += (size_t)n;
			tell(ctx, b->size);
		}
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -1 : 0;
}

int buffer_read_fd_told(struct buffer *b, int fd, buffer_tell *tell, void *ctx)
{
	struct stat st;

	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		grow(b, (size_t)st.st_size + 1);
	return read_fd(b, fd, tell, ctx);
}

static void tell_nobody(void *ctx, uint64_t done)
{
	(void)ctx;
	(void)done;
}

int buffer_read_fd(struct buffer *b, int fd)
{
	return buffer_read_fd_told(b, fd, tell_nobody, NULL);
}

int buffer_read(struct buffer *b, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -1;
	ret = buffer_read_fd(b, fd);
	close(fd);
	return ret;
}

int buffer_from_arg(struct buffer *b, const char *arg)
{
	b->size = 0;
	if (arg[0] == '@')
		return buffer_read(b, arg + 1);
	buffer_append(b, arg, strlen(arg));
	return 0;
}

bool buffer_equal(const struct buffer *a, const struct buffer *b)
{
	return a->size == b->size && (!a->size || !memcmp(a->data, b->data, a->size));
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			data += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

/* The mode that open(2) would give a new file. */
static mode_t new_file_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

static int fill_and_rename(const struct buffer *b, int fd, const char *temp, const char *path)
{
	int ret = write_all(fd, b->data, b->size);

	if (!ret)
		ret = fchmod(fd, new_file_mode());
	if (!ret)
		ret = fsync(fd);
	if (close(fd))
		ret = -1;
	return ret ? ret : rename(temp, path);
}

static int write_into(const struct buffer *b, const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = fd < 0 ? -1 : write_all(fd, b->data, b->size);

	if (fd >= 0 && close(fd))
		ret = -1;
	return ret;
}

static int replace(const struct buffer *b, const char *path)
{
	char *temp;
	int fd, ret, error;

	if (asprintf(&temp, "%s.XXXXXX", path) < 0)
		out_of_memory();
	fd = mkostemp(temp, O_CLOEXEC);
	ret = fd < 0 ? -1 : fill_and_rename(b, fd, temp, path);
	error = errno;
	if (ret && fd >= 0)
		unlink(temp);
	free(temp);
	errno = error;
	return ret;
}

int buffer_write(const struct buffer *b, const char *path)
{
	struct stat st;

	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return write_into(b, path);
	return replace(b, path);
}
