// SPDX-License-Identifier: BSD-2-Clause
/* Packing by the libraries; see pack.h. */
#include "pack.h"

#define ZLIB_CONST
#include <lz4.h>
#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

void pack_gzip_to(struct buffer *out, const void *data, size_t size)
{
	z_stream z = {.next_in = data, .avail_in = (uInt)size};
	size_t room;

	if (deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	room = deflateBound(&z, size);
	buffer_reserve(out, out->size + room);
	z.next_out = out->data + out->size;
	z.avail_out = (uInt)room;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	out->size += z.total_out;
	deflateEnd(&z);
}

void pack_zstd_to(struct buffer *out, const void *data, size_t size)
{
	size_t room = ZSTD_compressBound(size) + 64;
	ZSTD_inBuffer in = {data, size, 0};
	ZSTD_CCtx *c = ZSTD_createCCtx();
	ZSTD_outBuffer o;

	buffer_reserve(out, out->size + room);
	o = (ZSTD_outBuffer){out->data + out->size, room, 0};
	ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, 3);
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	while (in.pos < in.size)
		if (ZSTD_isError(ZSTD_compressStream2(c, &o, &in, ZSTD_e_continue)))
			abort();
	if (ZSTD_compressStream2(c, &o, &in, ZSTD_e_end))
		abort();
	ZSTD_freeCCtx(c);
	out->size += o.pos;
}

void pack_xz_to(struct buffer *out, const void *data, size_t size)
{
	size_t room = lzma_stream_buffer_bound(size);

	buffer_reserve(out, out->size + room);
	if (lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, data, size, out->data, &out->size,
				    out->size + room) != LZMA_OK)
		abort();
}

static void append_u32(struct buffer *out, uint32_t v)
{
	buffer_append(out, &v, sizeof(v));
}

void pack_lz4_to(struct buffer *out, const void *data, size_t size)
{
	const char *p = data;
	int block, n;

	append_u32(out, 0x184c2102);
	for (; size; size -= (size_t)block, p += block) {
		block = size < 8 << 20 ? (int)size : 8 << 20;
		buffer_reserve(out, out->size + 4 + (size_t)LZ4_compressBound(block));
		n = LZ4_compress_default(p, (char *)out->data + out->size + 4, block,
					 LZ4_compressBound(block));
		append_u32(out, (uint32_t)n);
		out->size += (size_t)n;
	}
}
