/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader of the placement proof (tests/proof/walk.c) on a made-up image. */
#ifndef TESTS_PROOF_READER_H
#define TESTS_PROOF_READER_H

#include "kho_receiver.h"

/* Blocks and reserved ranges of @img, whose bitmaps are of page size. It aborts where it dies. */
void proof_read(struct kho_image *img, struct kho_received *ret);

#endif
