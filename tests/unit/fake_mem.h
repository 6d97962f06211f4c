/* SPDX-License-Identifier: BSD-2-Clause */
/* A small memory of the outgoing kernel: 64 KiB of RAM from FAKE_BASE on. */
#ifndef TEST_FAKE_MEM_H
#define TEST_FAKE_MEM_H

#include <core/mem.h>

#define FAKE_BASE 0x40000000ULL
#define FAKE_SIZE 0x10000ULL

struct fake_mem {
	struct mem m;
	struct range ram;
	_Alignas(4096) uint8_t bytes[FAKE_SIZE];
};

static inline const void *fake_map(void *ctx, uint64_t pa, uint64_t len)
{
	(void)len;
	return (const uint8_t *)ctx + (pa - FAKE_BASE);
}

static inline void fake_init(struct fake_mem *f)
{
	memset(f, 0, sizeof(*f));
	f->ram = (struct range){FAKE_BASE, FAKE_SIZE};
	f->m = (struct mem){.ram = {&f->ram, 1, 1}, .map = fake_map, .ctx = f->bytes};
}

/* Pointer to the byte at physical address @pa. */
static inline uint8_t *fake_at(struct fake_mem *f, uint64_t pa)
{
	return f->bytes + (pa - FAKE_BASE);
}

#endif
