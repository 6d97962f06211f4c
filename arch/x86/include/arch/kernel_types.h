/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel to be started: on x86 a bzImage, which unpacks itself.
 */
#ifndef ARCH_X86_KERNEL_TYPES_H
#define ARCH_X86_KERNEL_TYPES_H

#include <core/range.h>
#include <format/bzimage.h>

#define KERNEL_WORK_SIZE 0 /* bytes of memory that kernel_open() and kernel_load() need */

struct kernel {
	const uint8_t *file; /* as given, whole */
	uint64_t size;
	uint64_t window_size;  /* bytes of memory, a multiple of 4 KiB */
	uint64_t window_align; /* bytes */
	const char *release;   /* not NUL-terminated; NULL when the file does not say */
	size_t release_len;
	struct bzimage bz;
};

#endif
