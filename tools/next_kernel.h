/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel of an image, of either architecture, and what the image says about it. */
#ifndef KHOCTL_NEXT_KERNEL_H
#define KHOCTL_NEXT_KERNEL_H

#include <format/arm64_image.h>
#include <format/bzimage.h>
#include <format/ready.h>

#include "buffer.h"

struct next_kernel {
	uint16_t machine; /* PE_MACHINE_AMD64: bz is set; PE_MACHINE_ARM64: arm64 is set */
	const void *data; /* the file */
	size_t size;
	uint32_t cmdline_size; /* longest command line, without NUL */
	struct bzimage bz;
	bool is_ready; /* x86_64: @data is a ready kernel, @ready; bz is of its setup sectors */
	struct ready ready;
	struct arm64_kernel arm64;
};

/*
 * next_kernel_open - read the headers of the kernel in @size bytes at @data
 * @machine: of the image that it is for
 *
 * Returns KB_OK; what bzimage_parse(), ready_open() or arm64_kernel_open() return; KB_CTL_ARCH for
 * a kernel of the other architecture. @ret is untouched on failure.
 */
__must_check enum kb_status next_kernel_open(const void *data, size_t size, uint16_t machine,
					     struct next_kernel *ret, struct kb_diag *diag);

/*
 * next_kernel_unpack - arm64: the Image with its .bss, so that it can run where it lies
 * @out: an empty buffer; not to be used on failure
 *
 * Returns what arm64_kernel_load() returns.
 */
__must_check enum kb_status next_kernel_unpack(const struct next_kernel *k, struct buffer *out,
					       struct kb_diag *diag);

/* What a kernel tells when it is unpacked. Owns the texts; all zero is empty. */
struct next_kernel_abi {
	struct buffer kho;     /* the .kho section (<format/uki.h>) */
	struct buffer release; /* empty when the kernel does not say */
	struct buffer sbat;    /* lines of an arm64 Image that may be packed; see sbat.h */
};

void next_kernel_abi_free(struct next_kernel_abi *a);

/*
 * next_kernel_abi - unpack the kernel and look for what it speaks
 * @ret: all zero; to be freed also on failure
 *
 * Returns KB_OK, what kernel_abi_unpack() or arm64_kernel_load() return, and KB_ARM64_PAGES.
 */
__must_check enum kb_status next_kernel_abi(const struct next_kernel *k,
					    struct next_kernel_abi *ret, struct kb_diag *diag);

/* Can the running system's CPU start kernels of @machine? */
bool next_kernel_is_native(uint16_t machine);

#endif
