// SPDX-License-Identifier: BSD-2-Clause
/* Row to row. What a loop needs is in local variables, so that the compiler has it in registers. */
#include "map_link.h"

static inline uint64_t start_of(const struct bridge_link *l, uint64_t slot)
{
	return bridge_rotate_left((l->row + slot) ^ l->first, l->shift);
}

/* @elm: after the last element that was linked. */
static struct bridge_linked linked_elms(const struct bridge_link *l, const uint8_t *elm)
{
	uint64_t n = (uint64_t)(elm - l->in) / ELM_SIZE;

	return (struct bridge_linked){n, n ? get_u64(elm - ELM_SIZE) : 0};
}

struct bridge_linked bridge_list_to_tree(const struct bridge_link *l)
{
	const uint8_t *elm = l->in, *const stop = elm + ELM_SIZE * l->count;
	const uint64_t end = l->end, add = l->first - l->row;
	const unsigned int shift = l->shift;
	uint8_t *const node = l->out;

	for (; elm != stop; elm += ELM_SIZE) {
		/* Large for a start that is not aligned. */
		uint64_t slot = bridge_rotate_right(get_u64(elm), shift) + add;

		if (slot >= end)
			break;
		put_u64(node + 8 * slot, get_u64(elm + 8));
	}
	return linked_elms(l, elm);
}

struct bridge_linked bridge_list_to_list(const struct bridge_link *l)
{
	const uint8_t *elm = l->in, *const stop = elm + ELM_SIZE * l->count;
	const uint64_t end = l->end, add = l->first - l->row;
	const unsigned int shift = l->shift;
	uint8_t *to = l->out;

	for (; elm != stop; elm += ELM_SIZE, to += ELM_SIZE) {
		uint64_t start = get_u64(elm);

		if (bridge_rotate_right(start, shift) + add >= end)
			break;
		put_u64(to, start);
		put_u64(to + 8, get_u64(elm + 8));
	}
	return linked_elms(l, elm);
}

/* Slot @i is empty: the first one after it that may not be. */
static uint64_t skip_empty(const uint8_t *node, uint64_t i, uint64_t end)
{
	for (i++; i + 4 <= end; i += 4)
		if (get_u64(node + 8 * i) | get_u64(node + 8 * i + 8) | get_u64(node + 8 * i + 16) |
		    get_u64(node + 8 * i + 24))
			break;
	return i;
}

static inline void put_elm(uint8_t *to, uint64_t start, uint64_t bitmap)
{
	put_u64(to, start);
	put_u64(to + 8, bitmap);
}

/* Two slots at a time: it is worth a fifth of the instructions. */
struct bridge_linked bridge_tree_to_list(const struct bridge_link *l)
{
	const uint64_t end = l->end, step = 1ULL << (l->shift & 63);
	const uint8_t *const node = l->in;
	uint64_t slot = l->from, start, a, b, n;
	uint8_t *to = l->out;

	while (slot < end) {
		start = start_of(l, slot);
		for (; slot + 2 <= end; slot += 2, start += 2 * step, to += 2 * ELM_SIZE) {
			a = get_u64(node + 8 * slot);
			b = get_u64(node + 8 * slot + 8);
			if (!a || !b)
				break;
			put_elm(to, start, a);
			put_elm(to + ELM_SIZE, start + step, b);
		}
		a = slot < end ? get_u64(node + 8 * slot) : 0;
		if (a) {
			put_elm(to, start, a);
			to += ELM_SIZE;
		}
		slot = a ? slot + 1 : skip_empty(node, slot, end);
	}
	n = (uint64_t)(to - l->out) / ELM_SIZE;
	return (struct bridge_linked){n, n ? get_u64(to - ELM_SIZE) : 0};
}

struct bridge_linked bridge_tree_to_tree(const struct bridge_link *l)
{
	const uint64_t end = l->end;
	uint64_t slot = l->from, n = 0, last = slot, bitmap;

	while (slot < end) {
		uint64_t begin = slot;

		for (; slot < end && (bitmap = get_u64(l->in + 8 * slot)); slot++)
			put_u64(l->out + 8 * slot, bitmap);
		n += slot - begin;
		last = slot > begin ? slot - 1 : last;
		slot = skip_empty(l->in, slot, end);
	}
	return (struct bridge_linked){n, start_of(l, last)};
}
