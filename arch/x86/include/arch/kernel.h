/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel to be started: on x86 a bzImage, which unpacks itself.
 */
#ifndef ARCH_X86_KERNEL_H
#define ARCH_X86_KERNEL_H

#include <khoboot/bzimage.h>
#include <khoboot/range.h>

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

/*
 * kernel_open - read and check the headers of the kernel in @file
 * @work: not used on x86
 *
 * Returns what bzimage_parse() returns; @ret, which points into @file, is untouched on failure.
 */
__must_check enum kb_status kernel_open(const void *file, uint64_t size, struct range work,
					struct kernel *ret, struct kb_diag *diag);

/* Put the kernel into its window of window_size bytes. Never fails on x86. */
__must_check enum kb_status kernel_load(const struct kernel *k, void *window, struct range work);

/* The first word of the version string, "?" when there is none. */
void kernel_release(const struct kernel *k, char *buf, size_t size);

#endif
