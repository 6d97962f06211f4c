/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of bridge/ share. */
#ifndef BRIDGE_INTERNAL_H
#define BRIDGE_INTERNAL_H

#include <bridge/bridge.h>

/*
 * bridge_write_root - write the root FDT @b->to reads, with b->blob and the map at @map
 * @bytes: a page of the outgoing kernel
 *
 * Returns KB_OK or KB_BRIDGE_FDT.
 */
__must_check enum kb_status bridge_write_root(const struct bridge *b, phys_t map, uint8_t *bytes);

/* Fill b->blob with the sub-blobs in the form that the next kernel reads. */
__must_check enum kb_status bridge_write_blobs(struct bridge *b);

#endif
