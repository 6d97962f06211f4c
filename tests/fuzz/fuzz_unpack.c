// SPDX-License-Identifier: BSD-2-Clause
/*
 * Packed data. The first byte chooses the packing, and whether the rest is the packed data or is
 * laid over sound ones by exclusive or; two bytes say how much room there is. The result of
 * unpack() has to begin with that of unpack_head().
 */
#include "../unit/pack.h"

#include <format/unpack.h>

#include <stdlib.h>
#include <string.h>

#define USED  3
#define PLAIN 3000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct buffer sound[2];
static uint8_t *work;

static void make_sound(void)
{
	uint8_t plain[PLAIN];

	for (size_t i = 0; i < PLAIN; i++)
		plain[i] = (uint8_t)(i * i >> 5);
	pack_zstd_to(&sound[0], plain, PLAIN);
	pack_gzip_to(&sound[1], plain, PLAIN);
	work = malloc(UNPACK_WORK_SIZE);
}

static struct range work_area(void)
{
	return (struct range){(uintptr_t)work, UNPACK_WORK_SIZE};
}

static void unpack_all(const struct packed *p, size_t room, const uint8_t *head, size_t head_size)
{
	uint8_t *out = malloc(room ? room : 1);
	struct kb_diag diag = {0};
	uint64_t got;
	enum kb_status st = unpack(p, out, room, work_area(), &got, &diag);

	if (st != diag.status || st == KB_UNPACK_WORK || (!st && got > room))
		abort();
	if (!st && (got < head_size || memcmp(out, head, head_size)))
		abort();
	free(out);
}

static void run(const struct packed *p, size_t room)
{
	uint8_t head[64];
	size_t have = sizeof(head);

	if (unpack_head(p, head, have, work_area(), NULL))
		have = 0;
	unpack_all(p, room, head, have);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct buffer *base;
	struct packed p;
	uint8_t *copy;

	if (!work)
		make_sound();
	if (size < USED)
		return 0;
	base = &sound[data[0] & 1];
	p.packing = data[0] & 1 ? PACKING_GZIP : PACKING_ZSTD;
	p.size = data[0] & 2 ? base->size : size - USED;
	copy = calloc(1, p.size + 1);
	if (data[0] & 2)
		memcpy(copy, base->data, p.size);
	for (size_t i = 0; i < p.size && i + USED < size; i++)
		copy[i] ^= data[i + USED];
	p.data = copy;
	run(&p, (size_t)get_u16(data + 1) * 64);
	free(copy);
	return 0;
}
