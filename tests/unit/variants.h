/* SPDX-License-Identifier: BSD-2-Clause */
/* Is what vector code digests the same as what plain C does? No test library in here. */
#ifndef TESTS_VARIANTS_H
#define TESTS_VARIANTS_H

#include <route/digest.h>

/*
 * variants_agree - compare @code with plain C: every length to some thousand, every alignment,
 * every place at which input can be split, pieces of any size, the two taking turns in one digest
 *
 * Returns NULL, or what differs, with its length, alignment and split.
 */
const char *variants_agree(const struct kb_digest_code *code);

#endif
