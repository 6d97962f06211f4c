/* SPDX-License-Identifier: BSD-2-Clause */
/* Unpacking a kernel beforehand: what a bzImage packs, in the form of <format/ready.h>. */
#ifndef KHOCTL_READY_KERNEL_H
#define KHOCTL_READY_KERNEL_H

#include <format/bzimage.h>

#include "buffer.h"

/*
 * ready_kernel_x86 - make the ready form of the bzImage at @image, which bzimage_parse() read as @b
 * @packed: keep the whole bzImage in it, not only its setup sectors
 * @out: an empty buffer; not to be used on failure
 *
 * Payload: an ELF file whose program segments are the kernel, and after its end the relocations:
 * zero, those of 64-bit fields, zero, (those that get the negative, zero,) those of 32-bit fields;
 * each is the low half of a virtual address (Linux arch/x86/tools/relocs.c: emit_relocs).
 *
 * Returns KB_OK, what kernel_abi_unpack() returns, KB_CTL_READY_ELF, KB_CTL_READY_SEGMENTS,
 * KB_CTL_READY_RELOCS.
 */
__must_check enum kb_status ready_kernel_x86(const void *image, const struct bzimage *b,
					     bool packed, struct buffer *out, struct kb_diag *diag);

#endif
