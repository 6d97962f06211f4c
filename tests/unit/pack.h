/* SPDX-License-Identifier: BSD-2-Clause */
/* Packing as kernels and initrds are packed. A failure ends the program. */
#ifndef TEST_PACK_H
#define TEST_PACK_H

#include "../../tools/buffer.h"

/* gzip -n: appended to @out. */
void pack_gzip_to(struct buffer *out, const void *data, size_t size);

/* zstd in a pipe: a frame without its size, with a checksum. */
void pack_zstd_to(struct buffer *out, const void *data, size_t size);

/* xz --check=crc32 */
void pack_xz_to(struct buffer *out, const void *data, size_t size);

/* lz4 -l: blocks of 8 MiB, and no end. */
void pack_lz4_to(struct buffer *out, const void *data, size_t size);

#endif
