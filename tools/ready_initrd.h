/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An initrd whose archives Linux need not decompress.
 *
 * An initrd is a row of archives (cpio.h), each plain or compressed (expand.h), with any number of
 * zeros between them. A plain one begins at a multiple of 4, counted from the start of the initrd.
 * What goes before the first compressed one is read early in the boot as well: microcode, ACPI
 * tables. A boot configuration may be at the end. Sources: init/initramfs.c:unpack_to_rootfs,
 * init/main.c:get_boot_config_from_initrd, lib/earlycpio.c.
 *
 *      [ plain | 0 ][ zstd   ][ 0 ][ plain ][ boot configuration ]     before
 *      [ plain | 0 ][ what was in it | 0 ][ plain ][ boot configuration ]     after
 */
#ifndef KHOCTL_READY_INITRD_H
#define KHOCTL_READY_INITRD_H

#include <core/diag.h>

#include "buffer.h"

/* Bytes, at most: kexec loads no image that is larger. */
#define READY_INITRD_MAX SZ_1G

/*
 * Append to @out, which is empty, the initrd at @data with all of its archives plain: Linux unpacks
 * the same from both. What is plain stays byte for byte where it is or comes later; an initrd
 * without compressed archives is appended as it is. At most @most bytes.
 *
 * On failure *out is empty. @diag says at which byte; it may be NULL.
 *
 *   KB_CTL_INITRD_DAMAGED   a compressed archive is damaged: Linux could not unpack it either
 *
 * The initrd can be used as it is:
 *
 *   KB_CTL_INITRD_METHOD    compressed by bzip2, LZMA or LZO
 *   KB_CTL_INITRD_OTHER     not all of it is archives that Linux unpacks: an image of a file system
 *   KB_CTL_INITRD_BIG       larger than @most, or unpacking takes too much memory
 *   KB_CTL_INITRD_EARLY     a compressed archive has files that Linux would find early if plain
 */
enum kb_status ready_initrd(const uint8_t *data, size_t size, size_t most, struct buffer *out,
			    struct kb_diag *diag);

#endif
