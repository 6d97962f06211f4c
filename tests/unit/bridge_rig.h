/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Made-up maps on their way through bridge_write_map(), hop by hop, as in a chain of kernels:
 *
 *	rig_init(&rig, format, page_shift);
 *	rig_preserve(&rig, at, order);
 *	rig_finish(&rig);
 *	differs = rig_convert(&rig, KHO_MAP_RADIX, orders);	NULL, or what is wrong
 *	rig_free(&rig);
 *
 * The blocks that have to be there after a hop are kept in a list of their own, which is edited and
 * split block by block. After each hop kho_open(), the reader of the placement proof and the model
 * of the receiving kernel must all find exactly these.
 */
#ifndef TESTS_BRIDGE_RIG_H
#define TESTS_BRIDGE_RIG_H

#include <bridge/map.h>

#include "kho_receiver.h"

#define RIG_EDITS 64
#define RIG_FROM  8

/* One change for the next hop. */
struct rig_edit {
	uint64_t at; /* of what is dropped, or added by hand; 0: a new folio from the bridge */
	unsigned int order;
	bool add;
};

struct rig {
	struct kho_image img;
	struct kho_pages pages;
	struct kho_edit store[RIG_EDITS];
	struct range from[RIG_FROM];
	struct range_list from_list;
	uint8_t *trial;
	struct rig_edit edit[RIG_EDITS];
	unsigned int edits;
	/* What must be preserved. */
	struct kho_block *want;
	size_t wanted, want_max;
	/* An area of scratch in the field, where metadata may lie already; size 0: none. */
	struct range scratch;
	bool closed; /* no piece can be opened */
	bool digest; /* compare all of the field before and after the rehearsal */
	/* Results of the last hop. */
	enum kb_status st;
	struct kho_map map;
	struct kho_summary sum;
	uint64_t taken;
	uint64_t conversions;
};

void rig_init(struct rig *rig, enum kho_map_format format, unsigned int page_shift);
void rig_free(struct rig *rig);

/* Preserve a block, once. */
void rig_preserve(struct rig *rig, uint64_t at, unsigned int order);

/* Write the first map and open it. */
void rig_finish(struct rig *rig);

/* A random set of blocks; small sets if @small. Before rig_finish(). */
void rig_fill(struct rig *rig, uint64_t *random, bool small);

/* Changes for the next hop: of blocks that are there, of others, and new folios. */
void rig_edits(struct rig *rig, uint64_t *random);

/* Fill in rig->pages, for what rig_convert() does by itself. */
void rig_prepare(struct rig *rig);

/* One hop. On a refusal rig->st is not KB_OK, and NULL is returned. */
const char *rig_convert(struct rig *rig, enum kho_map_format format, unsigned int orders);

/* Random sets through random hops, from the set of @seed on; NULL, or what is wrong. */
const char *rig_random_set(uint64_t seed, uint64_t *conversions);

#endif
