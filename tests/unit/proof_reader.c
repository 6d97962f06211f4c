// SPDX-License-Identifier: BSD-2-Clause
/* What tests/proof/walk.c calls, for the field of an image in place of a guest's RAM. */
#include "proof_reader.h"

#include "../proof/proof.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

/* Blocks lie outside the field; the walk asks whether they are RAM, and reads none of them. */
const uint8_t *ram_get(const struct ram *r, uint64_t pa, uint64_t len)
{
	static const uint8_t nothing[65536];

	if (pa >= r->base && len <= r->size && pa - r->base <= r->size - len)
		return r->live + (pa - r->base);
	return nothing;
}

uint64_t ram_u64(const struct ram *r, uint64_t pa)
{
	return get_u64(ram_get(r, pa, 8));
}

uint32_t ram_u32(const struct ram *r, uint64_t pa)
{
	return get_u32(ram_get(r, pa, 4));
}

void proof_read(struct kho_image *img, struct kho_received *ret)
{
	struct ram ram = {.live = kho_image_at(img, KHO_IMAGE_BASE, img->size),
			  .size = img->size,
			  .base = KHO_IMAGE_BASE};
	struct kho_node node = {.fdt = img->h.fdt.addr, .fdt_len = img->h.fdt_size};
	struct pieces p;
	struct kho_block *block;

	walk_kho(&ram, &node, &p);
	block = calloc(p.blocks + 1, sizeof(*block));
	if (!block)
		abort();
	for (size_t i = 0; i < p.blocks; i++)
		block[i] = (struct kho_block){p.data[i].pa,
					      (unsigned int)__builtin_ctzll(p.data[i].len) -
						      img->page_shift};
	kho_received_of(block, p.blocks, img->page_shift, ret);
	free(block);
	free(p.p);
	free(p.data);
}
