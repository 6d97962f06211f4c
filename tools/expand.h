/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compressed data as Linux finds them in an initrd: one member, that is one stream or frame, and
 * after it anything. Source: lib/decompress*.c.
 */
#ifndef KHOCTL_EXPAND_H
#define KHOCTL_EXPAND_H

#include <khoboot/status.h>

#include "buffer.h"

/* One way to compress. Those without @run are Linux' and not ours. */
struct expand_method {
	uint8_t magic[2];
	const char *name;
	enum kb_status (*run)(const uint8_t *data, size_t size, size_t most, struct buffer *out,
			      size_t *used);
};

/* The method by the first two bytes, as Linux chooses it; NULL: none. */
const struct expand_method *expand_find(const uint8_t *data, size_t size);

/*
 * run(): append to @out what the member at @data unpacks to; *used is its length. @out gets at most
 * @most bytes long, which is less than SIZE_MAX and no less than it has. On failure @out may have
 * grown, and *used is untouched.
 *
 *   KB_CTL_INITRD_DAMAGED   it cannot be unpacked
 *   KB_CTL_INITRD_BIG       @out would get longer, or unpacking takes too much memory
 */

#endif
