/* SPDX-License-Identifier: BSD-2-Clause */
/* The next kernel, as both doors start it: an arm64 Image, perhaps packed. */
#ifndef ARCH_ARM64_KERNEL_H
#define ARCH_ARM64_KERNEL_H

#include <khoboot/arm64_image.h>

/* Bytes of work memory that kernel_open() and kernel_load() want. */
#define KERNEL_WORK_SIZE UNPACK_WORK_SIZE

struct kernel {
	const uint8_t *file; /* as given to kernel_open(); it has to stay until kernel_load() */
	uint64_t size;	     /* bytes of it */
	uint64_t window_size;  /* bytes that the kernel may use, a multiple of 4 KiB */
	uint64_t window_align; /* of the window's address */
	uint64_t text_offset;  /* of the kernel and its entry point in the window */
	uint32_t page_size;    /* bytes, 0 when the kernel does not say */
	const char *release;   /* not NUL-terminated; NULL when it is not known */
	size_t release_len;
	struct arm64_kernel image;
};

/*
 * kernel_open - read the header of the kernel in @size bytes at @file
 * @work: KERNEL_WORK_SIZE bytes, mapped 1:1 for reading and writing; left as rubbish
 * @ret: release is NULL: only the caller knows it, from .uname. Untouched on failure.
 *
 * Returns what arm64_kernel_open() returns.
 */
__must_check enum kb_status kernel_open(const void *file, uint64_t size, struct range work,
					struct kernel *ret, struct kb_diag *diag);

/*
 * kernel_load - put the kernel into @window, window_size bytes at a multiple of window_align
 *
 * The entry point is its first byte, at @window + text_offset. Caches are the caller's business:
 * all of the window has to be clean to the point of coherency when the MMU is off.
 *
 * Returns what arm64_kernel_load() returns. The kernel must not be started then, and the window
 * holds rubbish; nothing else was written but @work.
 */
__must_check enum kb_status kernel_load(const struct kernel *k, void *window, struct range work);

/* The first word of the release, "?" when there is none. */
void kernel_release(const struct kernel *k, char *buf, size_t size);

#endif
