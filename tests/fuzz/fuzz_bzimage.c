// SPDX-License-Identifier: BSD-2-Clause
/*
 * The setup header of a kernel. The input is laid over a sound one by exclusive or: 2 bytes cut the
 * end off, the rest changes bytes from the setup header on.
 */
#include "../unit/make_image.h"

#include <format/bzimage.h>

#include <stdlib.h>
#include <string.h>

#define USED 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct buffer sound;
static volatile char sink;

/* What <format/bzimage.h> promises of an accepted kernel. */
static void check(const struct bzimage *b, size_t size)
{
	uint64_t at, len;

	if (!b->load_size || b->load_size > b->init_size || b->load_offset + b->load_size != size ||
	    b->header_offset + b->header_size > 0x290)
		abort();
	if (!is_pow2(b->kernel_alignment) || b->kernel_alignment < 4096 ||
	    !is_pow2(b->min_alignment) || b->min_alignment < 4096)
		abort();
	if (!bzimage_payload(b, &at, &len) && (at < b->load_offset || at + len > size || !len))
		abort();
	for (size_t i = 0; i < b->release_len; i++)
		sink = b->release[i];
}

static void parse(const void *image, size_t size)
{
	struct kb_diag diag = {0};
	struct bzimage b;
	enum kb_status st;

	st = bzimage_parse(image, size, &b, &diag);
	if (st != diag.status)
		abort();
	if (!st)
		check(&b, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *image;
	size_t end;

	if (!sound.size)
		make_bzimage(&sound, "packed", 6);
	if (size < USED)
		return 0;
	end = sound.size - get_u16(data) % (sound.size + 1);
	image = malloc(end ? end : 1);
	memcpy(image, sound.data, end);
	for (size_t i = USED; i < size && BZ_SETUP_SECTS + i - USED < end; i++)
		image[BZ_SETUP_SECTS + i - USED] ^= data[i];
	parse(image, end);
	free(image);
	return 0;
}
