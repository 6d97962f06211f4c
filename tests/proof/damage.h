/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * damage.h - for what damages: the KHO data of any machine in damage.c, the data of one
 * architecture's boot protocol in x86.c and arm64.c.
 */
#ifndef DAMAGE_H
#define DAMAGE_H

#include "proof.h"

/* Where the things lie that are damaged. */
struct scene {
	struct ram *ram;
	uint64_t argument; /* of khoboot: boot_params, or the device tree */
	struct kho_node node;
	uint64_t page;
	uint64_t map; /* root of the preserved-memory-map */
	struct pieces list;
};

struct damage {
	const char *name;
	void (*fn)(struct scene *s);
};

#define NOWHERE (1ULL << 45) /* no guest has RAM there */

/* Write to guest RAM; die when @pa is not RAM. */
void put(struct scene *s, uint64_t pa, const void *data, size_t len);
void put_u64(struct scene *s, uint64_t pa, uint64_t v);
void put_u32(struct scene *s, uint64_t pa, uint32_t v);

#endif
