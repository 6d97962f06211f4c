/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UEFI device paths: the two things that a boot stub wants to know of them. A path is a sequence
 * of nodes that ends with an end node; it may be NULL, and it may be damaged: no more than
 * EFI_PATH_MAX bytes of it are read, and a node of impossible size ends it.
 */
#ifndef FORMAT_DEVICE_PATH_H
#define FORMAT_DEVICE_PATH_H

#include <khoboot/compiler.h>

#define EFI_PATH_MAX 4096 /* bytes */

/* The GUID of the GPT partition that @path names. False, and @ret untouched, if there is none. */
bool efi_path_partition(const void *path, uint8_t ret[16]);

/*
 * efi_path_file - the file that a path of file nodes names
 * @buf: @max units of UTF-16; what does not fit is cut off, a NUL follows
 *
 * Returns the number of units before the NUL; 0 for a path that has other nodes, too: images that
 * were loaded from memory may have such.
 */
size_t efi_path_file(const void *path, uint16_t *buf, size_t max);

#endif
