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
	uint32_t known; /* bit N: kho-vN, which khoboot can hand over to */
	/*
	 * Another one, in the data looked through; len 0: none. First one that is not known, cut
	 * after UKI_KHO_NAME_MAX characters; else a known one with more parts.
	 */
	struct kb_text unknown;
};

/*
 * kernel_abi_versions - the KHO versions named in @size bytes at @data
 *
 * Only strings of their own count, "test-kho-v1" does not. Versions to come may have more parts
 * ("kho-v4;radix-v1"), see kho_abi_parse(); a kernel compares the whole string.
 */
struct kernel_versions kernel_abi_versions(const void *data, size_t size);

/* Versions of what lies in sub-blobs. All zero is empty; the list has to be freed. */
struct kernel_names {
	struct buffer list;      /* separated by spaces, UKI_KHO_ABI_MAX characters at most */
	struct kb_text left_out; /* the first for which there was no room; len 0: none */
};

/*
 * kernel_abi_names - add the names found in @size bytes at @data to @ret
 *
 * Strings of their own like "luo-session-v2", "memblock-v1" and "reserve-mem-v1", each once (Linux
 * include/linux/kho/abi/luo.h, memblock.h, memfd.h; before 7.0 mm/memblock.c), and the file
 * handlers of live update: all that the kernel lists in .liveupdate_versions, which no release up
 * to 7.3 has; without it strings like "memfd-v2".
 */
void kernel_abi_names(const void *data, size_t size, struct kernel_names *ret);

/*
 * kernel_abi_banner - append the release that @size bytes of kernel at @data name in their banner
 *
 * The first "Linux version 7.3.4 (" (Linux init/version-timestamp.c). Without one nothing is
 * appended.
 */
void kernel_abi_banner(const void *data, size_t size, struct buffer *out);

/* All that .kho says. */
struct kernel_speaks {
	struct kernel_versions versions;
	struct kernel_names names;
	uint32_t page_size;
	struct kb_text release; /* left out if it is not one of a kernel */
};

/* Append the text of the .kho section (<format/uki.h>). */
void kernel_abi_write(const struct kernel_speaks *s, struct buffer *out);

#endif
