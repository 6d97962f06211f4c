/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packed kernels: gzip (RFC 1952) by zlib and Zstandard (RFC 8878) by libzstd, from memory to
 * memory with a given work area and without a heap, so that firmware can use it.
 *
 * Debian's static zlib 1.2 and 1.3 and libzstd 1.5 need these symbols: memcpy, memmove, memset,
 * memcmp; __stack_chk_fail and, on arm64, __stack_chk_guard; malloc, calloc and free, which are
 * not called on this path and may always fail. The libraries move data through floating point
 * registers and access memory unaligned: the MMU must be on, and FP access must not trap.
 */
#ifndef FORMAT_UNPACK_H
#define FORMAT_UNPACK_H

#include <core/mem.h>
#include <core/range.h>
#include <khoboot/compiler.h>
#include <khoboot/status.h>

enum packing {
	PACKING_NONE,
	PACKING_GZIP,
	PACKING_ZSTD,
};

/* Bytes that unpack_head() and unpack() need in @work. */
#define UNPACK_WORK_SIZE 0x60000
/* The most bytes that unpack_head() can unpack. */
#define UNPACK_HEAD_MAX 4096

/* Something packed. What follows the packed bytes (a size, a signature) is not looked at. */
struct packed {
	const void *data;
	uint64_t size; /* bytes */
	enum packing packing;
};

/*
 * unpack_head - unpack the first @size bytes, at most UNPACK_HEAD_MAX
 * @work: UNPACK_WORK_SIZE bytes, mapped 1:1 for reading and writing; its content is lost
 * @diag: at = bytes of packed data that were sound, value = bytes unpacked
 *
 * Reads only as much packed data as it needs: damage further on is not found. Not for
 * PACKING_NONE.
 *
 * Returns KB_OK; KB_UNPACK when the data are damaged, cut off, or not that long; KB_UNPACK_WORK
 * when @work is too small. @out must not be used on failure.
 */
__must_check enum kb_status unpack_head(const struct packed *p, void *out, size_t size,
					struct range work, struct kb_diag *diag);

/*
 * unpack - unpack everything into at most @room bytes at @out
 * @work, @diag: as above
 * @ret: bytes unpacked
 *
 * Checksums that the format has are checked. Never writes outside @out, but may write to all of it.
 * Not for PACKING_NONE.
 *
 * Returns KB_OK, KB_UNPACK, KB_UNPACK_WORK, or KB_UNPACK_ROOM when more than @room comes out. @out
 * must not be used on failure.
 */
__must_check enum kb_status unpack(const struct packed *p, void *out, uint64_t room,
				   struct range work, uint64_t *ret, struct kb_diag *diag);

#endif
