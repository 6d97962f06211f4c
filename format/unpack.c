// SPDX-License-Identifier: BSD-2-Clause
/*
 * Unpacking of gzip and Zstandard without a heap.
 *
 * zlib allocates from the work area. libzstd makes its context there and decodes block by block
 * (its "buffer-less" functions) directly to the destination: the streaming functions would need a
 * second window, which is 128 MiB for what the kernel packs with "zstd -22 --ultra".
 */
#define ZLIB_CONST               /* inflate() does not write to its input */
#define ZSTD_STATIC_LINKING_ONLY /* contexts in given memory, decoding block by block */
#include <core/diag.h>
#include <format/unpack.h>

#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define HEAD_ROOM (ZSTD_BLOCKSIZE_MAX + UNPACK_HEAD_MAX)

/* The work area, given out from its beginning and never taken back. */
struct pool {
	uint8_t *next;
	uint64_t left;
};

/* The progress of unpacking. */
struct progress {
	const uint8_t *in;
	uint64_t in_size;
	uint8_t *out;
	uint64_t room;
	uint64_t goal; /* stop when that much is unpacked */
	uint64_t used; /* bytes of @in that were read */
	uint64_t done; /* bytes of @out that were written */
};

static void *pool_take(struct pool *p, uint64_t size)
{
	void *ret = p->next;

	size = align_down(size + 15, 16);
	if (size > p->left)
		return NULL;
	p->next += size;
	p->left -= size;
	return ret;
}

static struct pool pool_of(struct range work)
{
	uint64_t skip = -work.base & 63;

	if (work.size < skip)
		return (struct pool){0};
	return (struct pool){(uint8_t *)(uintptr_t)(work.base + skip), work.size - skip};
}

/* ---- gzip ------------------------------------------------------------------------------------ */

static voidpf pool_alloc(voidpf pool, uInt items, uInt size)
{
	return pool_take(pool, (uint64_t)items * size);
}

static void pool_free(voidpf pool, voidpf address)
{
	(void)pool, (void)address;
}

/* zlib counts in uInt: what does not fit is given in pieces. */
static uInt piece(uint64_t left)
{
	return (uInt)min_u64(left, 1u << 30);
}

/* One call of inflate(), and its result. */
static int inflate_step(z_stream *z, struct progress *p)
{
	uInt in = piece(p->in_size - p->used), out = piece(min_u64(p->goal, p->room) - p->done);
	int ret;

	z->next_in = p->in + p->used;
	z->avail_in = in;
	z->next_out = p->out + p->done;
	z->avail_out = out;
	ret = inflate(z, Z_NO_FLUSH);
	p->used += in - z->avail_in;
	p->done += out - z->avail_out;
	return ret;
}

static enum kb_status inflate_all(z_stream *z, struct progress *p)
{
	int ret;

	do
		ret = inflate_step(z, p);
	while (ret == Z_OK && p->done < p->goal);
	if (ret == Z_STREAM_END || (ret == Z_OK && p->done == p->goal))
		return KB_OK;
	/* No progress: no room is left, or no input. */
	if (ret == Z_BUF_ERROR && p->done == p->room && p->used < p->in_size)
		return KB_UNPACK_ROOM;
	return ret == Z_MEM_ERROR ? KB_UNPACK_WORK : KB_UNPACK;
}

static enum kb_status unpack_gzip(struct pool *pool, struct progress *p)
{
	z_stream z = {.zalloc = pool_alloc, .zfree = pool_free, .opaque = pool};

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return KB_UNPACK_WORK;
	return inflate_all(&z, p);
}

/* ---- Zstandard ------------------------------------------------------------------------------- */

/* One header or block of @size bytes, which is not 0. */
static enum kb_status decode_step(ZSTD_DCtx *d, struct progress *p, size_t size)
{
	size_t n;

	if (size > p->in_size - p->used)
		return KB_UNPACK;
	n = ZSTD_decompressContinue(d, p->out + p->done, p->room - p->done, p->in + p->used, size);
	if (ZSTD_isError(n))
		return ZSTD_getErrorCode(n) == ZSTD_error_dstSize_tooSmall ? KB_UNPACK_ROOM
									   : KB_UNPACK;
	p->used += size;
	p->done += n;
	return KB_OK;
}

static enum kb_status decode_all(ZSTD_DCtx *d, struct progress *p)
{
	enum kb_status st = KB_OK;
	size_t next;

	while (!st && p->done < p->goal && (next = ZSTD_nextSrcSizeToDecompress(d)))
		st = decode_step(d, p, next);
	return st;
}

static enum kb_status unpack_zstd(struct pool *pool, struct progress *p)
{
	size_t size = ZSTD_estimateDCtxSize();
	void *place = pool_take(pool, size);
	ZSTD_DCtx *d = place ? ZSTD_initStaticDCtx(place, size) : NULL;

	if (!d || ZSTD_isError(ZSTD_decompressBegin(d)))
		return KB_UNPACK_WORK;
	return decode_all(d, p);
}

/* ---- both ------------------------------------------------------------------------------------ */

static enum kb_status run(const struct packed *packed, struct pool *pool, struct progress *p,
			  struct kb_diag *diag)
{
	enum kb_status st;

	p->in = packed->data;
	p->in_size = packed->size;
	st = packed->packing == PACKING_GZIP ? unpack_gzip(pool, p) : unpack_zstd(pool, p);
	return st ? kb_note(diag, st, p->used, p->done) : KB_OK;
}

enum kb_status unpack_head(const struct packed *p, void *out, size_t size, struct range work,
			   struct kb_diag *diag)
{
	struct pool pool = pool_of(work);
	struct progress progress = {.room = HEAD_ROOM, .goal = size};
	enum kb_status st;

	progress.out = pool_take(&pool, HEAD_ROOM);
	if (!progress.out)
		return kb_note(diag, KB_UNPACK_WORK, work.base, work.size);
	st = run(p, &pool, &progress, diag);
	if (st)
		return st;
	if (progress.done < size)
		return kb_note(diag, KB_UNPACK, progress.used, progress.done);
	memcpy(out, progress.out, size);
	return KB_OK;
}

enum kb_status unpack(const struct packed *p, void *out, uint64_t room, struct range work,
		      uint64_t *ret, struct kb_diag *diag)
{
	struct progress progress = {.out = out, .room = room, .goal = UINT64_MAX};
	struct pool pool = pool_of(work);
	enum kb_status st = run(p, &pool, &progress, diag);

	if (!st)
		*ret = progress.done;
	return st;
}
