/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inner loops of bridge_write_map(): link bitmaps that stay as they are, from a row of the old
 * map to a row of the new one. They are all that most bitmaps cost (docs/bench.md has the limit).
 *
 * Each stops before the first bitmap that does not belong to the new row, or that has to be looked
 * at. That the numbers ascend was proven by kho_open().
 */
#ifndef BRIDGE_MAP_LINK_H
#define BRIDGE_MAP_LINK_H

#include "map_parts.h"

struct bridge_link {
	unsigned int shift; /* bridge_strip_shift() */
	uint64_t first;     /* bridge_first() */
	uint64_t row;       /* number of slot 0 of the node, in a tree */
	uint64_t end;       /* slots before this one are linked */
	struct range calm;  /* bitmaps that begin here need no look */
};

/* What was linked: how many, and where the last one begins. */
struct bridge_linked {
	uint64_t count;
	uint64_t last;
};

static inline bool bridge_is_calm(const struct bridge_link *l, uint64_t bitmap)
{
	return bitmap - l->calm.base < l->calm.size;
}

static inline uint64_t bridge_slot(const struct bridge_link *l, uint64_t start)
{
	return bridge_rotate_right(start, l->shift) + (l->first - l->row);
}

static inline uint64_t bridge_start(const struct bridge_link *l, uint64_t slot)
{
	return bridge_rotate_left((l->row + slot) ^ l->first, l->shift);
}

static inline struct bridge_linked bridge_list_to_tree(const uint8_t *elm, uint64_t count,
						       uint8_t *node, struct bridge_link l)
{
	uint64_t i;

	for (i = 0; i < count; i++) {
		uint64_t slot = bridge_slot(&l, get_u64(elm + ELM_SIZE * i));
		uint64_t bitmap = get_u64(elm + ELM_SIZE * i + 8);

		if (slot >= l.end || !bridge_is_calm(&l, bitmap))
			break;
		put_u64(node + 8 * slot, bitmap);
	}
	return (struct bridge_linked){i, i ? get_u64(elm + ELM_SIZE * (i - 1)) : 0};
}

static inline struct bridge_linked bridge_list_to_list(const uint8_t *elm, uint64_t count,
						       uint8_t *to, struct bridge_link l)
{
	uint64_t i;

	for (i = 0; i < count; i++) {
		uint64_t start = get_u64(elm + ELM_SIZE * i);
		uint64_t bitmap = get_u64(elm + ELM_SIZE * i + 8);

		if (bridge_slot(&l, start) >= l.end || !bridge_is_calm(&l, bitmap))
			break;
		put_u64(to + ELM_SIZE * i, start);
		put_u64(to + ELM_SIZE * i + 8, bitmap);
	}
	return (struct bridge_linked){i, i ? get_u64(elm + ELM_SIZE * (i - 1)) : 0};
}

/* Slot @i is empty: the first one after it that may not be. */
static inline uint64_t bridge_skip_empty(const uint8_t *node, uint64_t i, uint64_t end)
{
	for (i++; i + 4 <= end; i += 4)
		if (get_u64(node + 8 * i) | get_u64(node + 8 * i + 8) | get_u64(node + 8 * i + 16) |
		    get_u64(node + 8 * i + 24))
			break;
	return i;
}

/* An empty slot is not calm either: address 0 never is. */
static inline struct bridge_linked bridge_tree_to_list(const uint8_t *node, uint64_t slot,
						       uint8_t *to, struct bridge_link l)
{
	uint64_t start = bridge_start(&l, slot), step = 1ULL << (l.shift & 63);
	struct bridge_linked done = {0, start};

	while (slot < l.end) {
		uint64_t bitmap = get_u64(node + 8 * slot);

		if (bridge_is_calm(&l, bitmap)) {
			put_u64(to, start);
			put_u64(to + 8, bitmap);
			to += ELM_SIZE;
			done.last = start;
			done.count++;
			slot++;
			start += step;
		} else if (!bitmap) {
			slot = bridge_skip_empty(node, slot, l.end);
			start = bridge_start(&l, slot);
		} else {
			break;
		}
	}
	return done;
}

static inline struct bridge_linked bridge_tree_to_tree(const uint8_t *node, uint64_t slot,
						       uint8_t *to, struct bridge_link l)
{
	struct bridge_linked done = {0, 0};

	while (slot < l.end) {
		uint64_t bitmap = get_u64(node + 8 * slot);

		if (bridge_is_calm(&l, bitmap)) {
			put_u64(to + 8 * slot, bitmap);
			done.last = slot++;
			done.count++;
		} else if (!bitmap) {
			slot = bridge_skip_empty(node, slot, l.end);
		} else {
			break;
		}
	}
	done.last = bridge_start(&l, done.last);
	return done;
}

#endif
