/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a kernel does with a map that it gets: reads it without checking anything, and reserves each
 * block. Written from the kernels' sources, with their faults: no code of fdt/ or bridge/.
 *
 *	6.16, 6.17	kernel/kexec_handover.c: kho_mem_deserialize, deserialize_bitmap
 *	6.18 to 7.0	the same with bitmaps of a page
 *	7.1		kho_preserved_memory_reserve, __kho_radix_walk_tree: as before the size of a
 *			block is an int
 *	7.2, 7.3	the size is an unsigned long
 */
#ifndef TESTS_KHO_RECEIVER_H
#define TESTS_KHO_RECEIVER_H

#include "kho_image.h"

enum kho_receiver { RECEIVER_6_17, RECEIVER_6_18, RECEIVER_7_1, RECEIVER_7_2 };

struct kho_received {
	struct kho_block *block; /* sorted by order, then address */
	size_t blocks, block_max;
	struct range *reserved; /* sorted, merged: what memblock has as reserved */
	size_t ranges, range_max;
	bool lost; /* it would have followed a pointer to nowhere */
};

/* The map of the FDT in @img, as @by reads it. */
void kho_receive(struct kho_image *img, enum kho_receiver by, struct kho_received *ret);
void kho_received_free(struct kho_received *r);

/* As the map would be read if it had these blocks and no kernel had a fault. */
void kho_received_of(const struct kho_block *block, size_t count, unsigned int page_shift,
		     struct kho_received *ret);

/* NULL, or what differs. */
const char *kho_received_differ(const struct kho_received *a, const struct kho_received *b);

#endif
