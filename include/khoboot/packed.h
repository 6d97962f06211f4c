/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Texts packed by byte pairs (P. Gage, "A New Algorithm for Data Compression", 1994): a byte of
 * 0x80 or more stands for two others. tools/texts/pack.c packs; nothing here is untrusted.
 */
#ifndef KHOBOOT_PACKED_H
#define KHOBOOT_PACKED_H

#include <khoboot/compiler.h>

#define PACKED_FIRST 0x80 /* the first byte that is a pair */
#define PACKED_PAIRS 128
/* Bytes of the longest text, with its NUL; the packer takes no longer one. */
#define PACKED_TEXT  256

/*
 * unpack_text - the text @index of the packed texts at @data, each of which ends with a NUL
 * @pairs: the two bytes that each byte from PACKED_FIRST on stands for: lower ones, and no NUL
 * @out: @size bytes, for the text, NUL-terminated and perhaps cut
 */
void unpack_text(const uint8_t *pairs, const uint8_t *data, size_t index, char *out, size_t size);

#endif
