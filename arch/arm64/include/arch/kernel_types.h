/* SPDX-License-Identifier: BSD-2-Clause */
/* The next kernel, as both doors start it: an arm64 Image, perhaps packed. */
#ifndef ARCH_ARM64_KERNEL_TYPES_H
#define ARCH_ARM64_KERNEL_TYPES_H

#include <format/arm64_image.h>

/* Bytes of work memory that kernel_open() and kernel_load() need. */
#define KERNEL_WORK_SIZE UNPACK_WORK_SIZE

struct kernel {
	const uint8_t *file;   /* as given to kernel_open(); it has to stay until kernel_load() */
	uint64_t size;         /* bytes of it */
	uint64_t window_size;  /* bytes that the kernel may use, a multiple of 4 KiB */
	uint64_t window_align; /* of the window's address */
	uint64_t text_offset;  /* of the kernel and its entry point in the window */
	uint32_t page_size;    /* bytes, 0 when the kernel does not say */
	const char *release;   /* not NUL-terminated; NULL when it is not known */
	size_t release_len;
	struct range own; /* memory that the kernel lies in and may run in; size 0: none */
	struct arm64_kernel image;
};

#endif
