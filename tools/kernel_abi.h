/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a kernel speaks, read from the kernel itself: khoctl unpacks it and looks for the version
 * strings that CONFIG_KEXEC_HANDOVER puts into it ("kho-v4"; Linux
 * include/linux/kho/abi/kexec_handover.h, before 7.0 kernel/kexec_handover.c).
 */
#ifndef KHOCTL_KERNEL_ABI_H
#define KHOCTL_KERNEL_ABI_H

#include <format/bzimage.h>
#include <format/uki.h>

#include "buffer.h"

/*
 * kernel_abi_unpack - unpack the kernel of the bzImage at @image, which bzimage_parse() read as @b
 * @out: an empty buffer that receives the kernel; not to be used on failure
 *
 * Returns KB_OK, KB_BZ_PAYLOAD, KB_CTL_BZIP2, KB_CTL_LZO, KB_CTL_PACKING, or KB_CTL_UNPACK also
 * when the size is not the one that the image promises.
 */
__must_check enum kb_status kernel_abi_unpack(const void *image, const struct bzimage *b,
					      struct buffer *out, struct kb_diag *diag);

struct kernel_versions {
	uint32_t known;         /* bit N: kho-vN, which khoboot can hand over to */
	struct kb_text unknown; /* the first other one, in the data looked through; len 0: none */
};

/*
 * kernel_abi_versions - the KHO versions named in @size bytes at @data
 *
 * Only strings of their own count, "test-kho-v1" does not. Versions to come have a name after the
 * number, too ("kho-v4;radix-v1"); a kernel compares the whole string.
 */
struct kernel_versions kernel_abi_versions(const void *data, size_t size);

/*
 * kernel_abi_luo - append the versions of live update named in @size bytes at @data
 *
 * Strings of their own like "luo-v5" and "luo-session-v2" (Linux include/linux/kho/abi/luo.h), each
 * once, separated by spaces; nothing if there are more than .kho has room for.
 */
void kernel_abi_luo(const void *data, size_t size, struct buffer *out);

/*
 * kernel_abi_banner - append the release that @size bytes of kernel at @data name in their banner
 *
 * The first "Linux version 7.3.4 (" (Linux init/version-timestamp.c). Without one nothing is
 * appended.
 */
void kernel_abi_banner(const void *data, size_t size, struct buffer *out);

/* Append the text of the .kho section (<format/uki.h>); @luo: of kernel_abi_luo() */
void kernel_abi_write(const struct kernel_versions *v, uint32_t page_size, const struct buffer *luo,
		      struct buffer *out);

#endif
