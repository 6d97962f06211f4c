// SPDX-License-Identifier: BSD-2-Clause
/*
 * A dump's file. makedumpfile -F writes what has to be sought as a stream: a header of 4096 bytes,
 * then records {offset, size} (both of 64 bits, big endian) and their bytes, up to an offset of -1.
 */
#include "dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLAT_HEADER 4096
#define FLAT_RECORD 16

static bool read_at(int fd, void *buf, uint64_t len, uint64_t at)
{
	uint8_t *p = buf;

	while (len) {
		ssize_t n = at > INT64_MAX ? 0 : pread(fd, p, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		at += (uint64_t)n;
		len -= (uint64_t)n;
	}
	return true;
}

static uint64_t get_be64(const uint8_t *p)
{
	return __builtin_bswap64(get_u64(p));
}

static void add_part(struct dump_file *f, struct dump_part part)
{
	if (!(f->parts & (f->parts - 1))) {
		size_t room = f->parts ? 2 * f->parts : 1;

		f->part = realloc(f->part, room * sizeof(*f->part));
		if (!f->part)
			abort();
	}
	f->part[f->parts++] = part;
}

static int by_place(const void *a, const void *b)
{
	const struct dump_part *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* Where a record overlaps the one before it, the file was made by somebody else. */
static enum kb_status sort_parts(struct dump_file *f, struct kb_diag *diag)
{
	if (f->parts)
		qsort(f->part, f->parts, sizeof(*f->part), by_place);
	f->size = f->stored = 0;
	for (size_t i = 0; i < f->parts; i++) {
		if (f->part[i].at < f->size)
			return kb_note(diag, KB_DUMP_FORMAT, f->part[i].file_at, f->part[i].at);
		f->size = f->part[i].at + f->part[i].size;
		f->stored += f->part[i].size;
	}
	return KB_OK;
}

/* A file that is cut has the records before that. */
static enum kb_status open_flat(struct dump_file *f, struct kb_diag *diag)
{
	uint64_t at = FLAT_HEADER, file_size = f->size;

	f->flat = true;
	for (;;) {
		uint8_t head[FLAT_RECORD];
		struct dump_part p;
		uint64_t end;

		if (!read_at(f->fd, head, sizeof(head), at))
			break;
		p = (struct dump_part){get_be64(head), get_be64(head + 8), at + FLAT_RECORD};
		if (p.at > INT64_MAX)
			break;
		if (!p.size || p.size > INT64_MAX || add_overflow(p.at, p.size, &end) ||
		    p.file_at > file_size)
			return kb_note(diag, KB_DUMP_FORMAT, at, p.size);
		p.size = min_u64(p.size, file_size - p.file_at);
		if (p.size)
			add_part(f, p);
		at = p.file_at + p.size;
	}
	return sort_parts(f, diag);
}

enum kb_status dump_file_open(struct dump_file *f, const char *path, struct kb_diag *diag)
{
	static const char flat[16] = "makedumpfile";
	uint8_t head[32] = {0};
	struct stat s;
	off_t end;

	*f = (struct dump_file){.fd = open(path, O_RDONLY | O_CLOEXEC)};
	if (f->fd < 0 || fstat(f->fd, &s))
		return KB_DUMP_FILE;
	if (S_ISDIR(s.st_mode)) {
		errno = EISDIR;
		return KB_DUMP_FILE;
	}
	f->regular = S_ISREG(s.st_mode) && s.st_size;
	f->size = (uint64_t)s.st_size;
	/* A block device, say, has a size that only seeking tells. */
	if (!f->size && (end = lseek(f->fd, 0, SEEK_END)) > 0)
		f->size = (uint64_t)end;
	f->stored = f->size;
	if (read_at(f->fd, head, sizeof(head), 0) && !memcmp(head, flat, sizeof(flat)) &&
	    get_be64(head + 16) == 1 && get_be64(head + 24) == 1)
		return open_flat(f, diag);
	return KB_OK;
}

void dump_file_close(struct dump_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->part);
	*f = (struct dump_file){.fd = -1};
}

/* The first part that ends after @at. */
static size_t find_part(const struct dump_file *f, uint64_t at)
{
	size_t lo = 0, hi = f->parts;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (f->part[mid].at + f->part[mid].size <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool read_flat(const struct dump_file *f, uint64_t at, uint8_t *buf, uint64_t len)
{
	for (size_t i = find_part(f, at); len; i++) {
		const struct dump_part *p;
		uint64_t gap, n;

		if (i == f->parts)
			return false;
		p = &f->part[i];
		gap = p->at > at ? min_u64(p->at - at, len) : 0;
		memset(buf, 0, gap);
		buf += gap, at += gap, len -= gap;
		if (!len)
			break;
		n = min_u64(len, p->at + p->size - at);
		if (!read_at(f->fd, buf, n, p->file_at + (at - p->at)))
			return false;
		buf += n, at += n, len -= n;
	}
	return true;
}

bool dump_file_read(const struct dump_file *f, uint64_t at, void *buf, uint64_t len)
{
	return f->flat ? read_flat(f, at, buf, len) : read_at(f->fd, buf, len, at);
}

/* Between records there are zeros, as many as the file likes to say. */
static bool next_part(const struct dump_file *f, uint64_t at, uint64_t end, struct range *ret)
{
	size_t i = find_part(f, at);
	uint64_t base;

	if (i == f->parts || f->part[i].at >= end)
		return false;
	base = max_u64(at, f->part[i].at);
	*ret = (struct range){base, min_u64(end, f->part[i].at + f->part[i].size) - base};
	return true;
}

bool dump_file_data(const struct dump_file *f, uint64_t at, uint64_t end, struct range *ret)
{
	off_t data, hole;

	if (f->regular || f->flat)
		end = min_u64(end, f->size);
	if (at >= end)
		return false;
	if (f->flat)
		return next_part(f, at, end, ret);
	*ret = (struct range){at, end - at};
	if (!f->regular)
		return true;
	data = lseek(f->fd, (off_t)at, SEEK_DATA);
	if (data < 0)
		return errno != ENXIO;
	if ((uint64_t)data >= end)
		return false;
	hole = lseek(f->fd, data, SEEK_HOLE);
	*ret = (struct range){(uint64_t)data, end - (uint64_t)data};
	if (hole > data)
		ret->size = min_u64(end, (uint64_t)hole) - (uint64_t)data;
	return true;
}
