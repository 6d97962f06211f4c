// SPDX-License-Identifier: BSD-2-Clause
/* Unpacking by zlib, libzstd, liblzma and liblz4; see expand.h. */
#include "expand.h"

#define ZLIB_CONST /* inflate() does not write to its input */
#include <lz4.h>
#include <lzma.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define STEP        (1u << 20) /* bytes of room for one call of a library */
#define LZMA_MEMORY (1u << 30) /* of one member; xz -9 takes a fifteenth of it */
#define LZ4_MAGIC   0x184c2102
#define LZ4_BLOCK   (8u << 20) /* unpacked bytes of a block, at most */

/* Room for up to @step bytes after the content; one more than permitted, which is too big. */
static size_t make_room(struct buffer *out, size_t most, size_t step)
{
	size_t all = most + 1, room = all - out->size < step ? all - out->size : step;
	size_t twice = out->room < all / 2 ? out->room * 2 : all;

	if (out->room - out->size < room)
		buffer_reserve(out, out->size + room > twice ? out->size + room : twice);
	return room;
}

static enum kb_status grown(struct buffer *out, size_t most, size_t by)
{
	out->size += by;
	return out->size > most ? KB_CTL_INITRD_BIG : KB_OK;
}

/* ---- gzip ------------------------------------------------------------------------------------ */

/* What is left, as much of it as fits into the fields of zlib. */
static void feed(z_stream *z, const uint8_t *data, size_t size)
{
	size_t left = size - z->total_in;

	z->next_in = data + z->total_in;
	z->avail_in = left < UINT32_MAX ? (uInt)left : UINT32_MAX;
}

static enum kb_status inflate_all(z_stream *z, const uint8_t *data, size_t size, size_t most,
				  struct buffer *out)
{
	enum kb_status st = KB_OK;
	int ret = Z_OK;
	size_t room;

	while (!st && ret == Z_OK) {
		room = make_room(out, most, STEP);
		z->next_out = out->data + out->size;
		z->avail_out = (uInt)room;
		feed(z, data, size);
		ret = inflate(z, Z_NO_FLUSH);
		st = grown(out, most, room - z->avail_out);
	}
	if (!st && ret != Z_STREAM_END)
		st = KB_CTL_INITRD_DAMAGED;
	return st;
}

static enum kb_status run_gzip(const uint8_t *data, size_t size, size_t most, struct buffer *out,
			       size_t *used)
{
	z_stream z = {0};
	enum kb_status st;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return KB_CTL_INITRD_BIG;
	st = inflate_all(&z, data, size, most, out);
	if (!st)
		*used = z.total_in;
	inflateEnd(&z);
	return st;
}

/* ---- zstd ------------------------------------------------------------------------------------ */

static enum kb_status zstd_trouble(size_t ret)
{
	switch (ZSTD_getErrorCode(ret)) {
	case ZSTD_error_frameParameter_windowTooLarge:
	case ZSTD_error_memory_allocation:
		return KB_CTL_INITRD_BIG;
	default:
		return KB_CTL_INITRD_DAMAGED;
	}
}

static enum kb_status zstd_frame(ZSTD_DCtx *d, ZSTD_inBuffer *in, size_t most, struct buffer *out)
{
	enum kb_status st = KB_OK;
	size_t ret = 1, room, before;

	while (!st && ret) {
		room = make_room(out, most, STEP);
		before = in->pos;
		ZSTD_outBuffer to = {out->data + out->size, room, 0};
		ret = ZSTD_decompressStream(d, &to, in);
		if (ZSTD_isError(ret))
			return zstd_trouble(ret);
		st = grown(out, most, to.pos);
		if (!st && ret && !to.pos && in->pos == before)
			st = KB_CTL_INITRD_DAMAGED; /* cut off */
	}
	return st;
}

static enum kb_status run_zstd(const uint8_t *data, size_t size, size_t most, struct buffer *out,
			       size_t *used)
{
	ZSTD_DCtx *d = ZSTD_createDCtx();
	ZSTD_inBuffer in = {data, size, 0};
	enum kb_status st = d ? zstd_frame(d, &in, most, out) : KB_CTL_INITRD_BIG;

	if (!st)
		*used = in.pos;
	ZSTD_freeDCtx(d);
	return st;
}

/* ---- xz -------------------------------------------------------------------------------------- */

static enum kb_status xz_result(lzma_ret ret)
{
	switch (ret) {
	case LZMA_STREAM_END:
		return KB_OK;
	case LZMA_MEM_ERROR:
	case LZMA_MEMLIMIT_ERROR:
		return KB_CTL_INITRD_BIG;
	default:
		return KB_CTL_INITRD_DAMAGED;
	}
}

static enum kb_status xz_stream(lzma_stream *s, size_t most, struct buffer *out)
{
	enum kb_status st = KB_OK;
	lzma_ret ret = LZMA_OK;
	size_t room;

	while (!st && ret == LZMA_OK) {
		room = make_room(out, most, STEP);
		s->next_out = out->data + out->size;
		s->avail_out = room;
		ret = lzma_code(s, LZMA_FINISH);
		st = grown(out, most, room - s->avail_out);
	}
	return st ? st : xz_result(ret);
}

static enum kb_status run_xz(const uint8_t *data, size_t size, size_t most, struct buffer *out,
			     size_t *used)
{
	lzma_stream s = LZMA_STREAM_INIT;
	enum kb_status st;

	if (lzma_stream_decoder(&s, LZMA_MEMORY, 0) != LZMA_OK)
		return KB_CTL_INITRD_BIG;
	s.next_in = data;
	s.avail_in = size;
	st = xz_stream(&s, most, out);
	if (!st)
		*used = s.total_in;
	lzma_end(&s);
	return st;
}

/* ---- lz4 ------------------------------------------------------------------------------------- */

static enum kb_status lz4_block(const uint8_t *data, size_t size, size_t most, struct buffer *out)
{
	size_t room = make_room(out, most, LZ4_BLOCK);
	int n;

	if (size > INT32_MAX)
		return KB_CTL_INITRD_DAMAGED;
	n = LZ4_decompress_safe((const char *)data, (char *)out->data + out->size, (int)size,
				(int)room);
	if (n >= 0)
		return grown(out, most, (size_t)n);
	/* Damaged, or larger than the room: it does not say which. */
	return room < LZ4_BLOCK ? KB_CTL_INITRD_BIG : KB_CTL_INITRD_DAMAGED;
}

/*
 * The legacy format has no end: a length of 0, or the end of the data. Several in a row are one.
 */
static enum kb_status run_lz4(const uint8_t *data, size_t size, size_t most, struct buffer *out,
			      size_t *used)
{
	enum kb_status st = KB_OK;
	size_t at = 0, block;

	if (size < 4 || get_u32(data) != LZ4_MAGIC)
		return KB_CTL_INITRD_DAMAGED;
	while (!st && size - at >= 4 && (block = get_u32(data + at))) {
		at += 4;
		if (block == LZ4_MAGIC)
			continue;
		if (block > size - at)
			return KB_CTL_INITRD_DAMAGED;
		st = lz4_block(data + at, block, most, out);
		at += block;
	}
	if (!st)
		*used = at;
	return st;
}

/* ---- which ----------------------------------------------------------------------------------- */

const struct expand_method *expand_find(const uint8_t *data, size_t size)
{
	static const struct expand_method methods[] = {
		{{0x1f, 0x8b}, "gzip", run_gzip}, {{0x1f, 0x9e}, "gzip", run_gzip},
		{{0x42, 0x5a}, "bzip2", NULL},    {{0x5d, 0x00}, "lzma", NULL},
		{{0xfd, 0x37}, "xz", run_xz},     {{0x89, 0x4c}, "lzo", NULL},
		{{0x02, 0x21}, "lz4", run_lz4},   {{0x28, 0xb5}, "zstd", run_zstd},
	};

	for (size_t i = 0; size >= 2 && i < ARRAY_SIZE(methods); i++)
		if (!memcmp(data, methods[i].magic, 2))
			return &methods[i];
	return NULL;
}
