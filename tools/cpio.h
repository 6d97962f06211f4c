/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Archives as Linux unpacks them at boot: cpio "newc", and the same with checksums.
 * Sources: Documentation/driver-api/early-userspace/buffer-format.rst, init/initramfs.c.
 */
#ifndef KHOCTL_CPIO_H
#define KHOCTL_CPIO_H

#include <khoboot/compiler.h>

struct cpio_entry {
	const char *name; /* ends with NUL, within the archive */
	size_t next;      /* offset of what follows, padding included: a multiple of 4 */
};

/*
 * Read the entry at offset @at of @data, a multiple of 4. False when Linux would not unpack it as
 * it stands, or it is not there in whole; *ret is untouched then.
 */
bool cpio_entry(const uint8_t *data, size_t size, size_t at, struct cpio_entry *ret);

#endif
