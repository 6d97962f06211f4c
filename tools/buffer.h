/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes on the heap, and files as such. Running out of memory ends the program. */
#ifndef KHOCTL_BUFFER_H
#define KHOCTL_BUFFER_H

#include <khoboot/compiler.h>

/* Owns @data; all zero is an empty buffer. */
struct buffer {
	uint8_t *data;
	size_t size;
	size_t room;
};

void buffer_free(struct buffer *b);

/* Make room for @room bytes at least; new bytes are undefined. */
void buffer_reserve(struct buffer *b, size_t room);

void buffer_append(struct buffer *b, const void *data, size_t size);

/* Append zeros up to the next multiple of @align, a power of two. */
void buffer_align(struct buffer *b, size_t align);

/* Put @size bytes before all others. */
void buffer_prepend(struct buffer *b, const void *data, size_t size);

/* Append a whole file; -1 with errno set when it cannot be read. */
int buffer_read(struct buffer *b, const char *path);

/* The same from where @fd stands, which stays open. */
int buffer_read_fd(struct buffer *b, int fd);

/* The same, and @tell is told again and again how many bytes were read. */
typedef void buffer_tell(void *ctx, uint64_t done);
int buffer_read_fd_told(struct buffer *b, int fd, buffer_tell *tell, void *ctx);

/* Set @b from an option: "@FILE" is the content of FILE, all else the text itself. As above. */
int buffer_from_arg(struct buffer *b, const char *arg);

bool buffer_equal(const struct buffer *a, const struct buffer *b);

/*
 * Write @b to @path so that the file is the old or the new one, never a part: a temporary file in
 * the same directory, synced, renamed. -1 with errno set on failure; nothing is left behind.
 * What is there and no regular file, like /dev/null, is written to and not replaced.
 */
int buffer_write(const struct buffer *b, const char *path);

#endif
