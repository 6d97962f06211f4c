// SPDX-License-Identifier: BSD-2-Clause
/*
 * Initrds. If the first byte is even, the rest is one; else it is laid over a sound one by
 * exclusive or, at a place that two bytes name. What is made ready keeps to its limit, and is
 * ready.
 */
#include "../../tools/ready_initrd.h"
#include "../unit/pack.h"

#include <stdlib.h>
#include <string.h>

#define MOST (1u << 20)
#define USED 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct buffer sound;

static void add_entry(struct buffer *b, const char *name)
{
	static const char head[] = "070701000000010000819800000000000000000000000100000000"
				   "0000000500000000000000000000000000000000";

	buffer_append(b, head, 94);
	buffer_append(b, "00000005", 8);
	buffer_append(b, "00000000", 8);
	buffer_append(b, name, 5);
	buffer_align(b, 4);
	buffer_append(b, "12345", 5);
	buffer_align(b, 4);
}

/* A plain archive, one of each kind, and another plain one. */
static void make_sound(void)
{
	static void (*const pack[])(struct buffer *, const void *,
				    size_t) = {pack_gzip_to, pack_xz_to, pack_zstd_to, pack_lz4_to};
	struct buffer plain = {0};

	add_entry(&plain, "file");
	buffer_append(&sound, plain.data, plain.size);
	for (size_t i = 0; i < ARRAY_SIZE(pack); i++) {
		pack[i](&sound, plain.data, plain.size);
		buffer_align(&sound, 4);
	}
	/* Ends the last one. */
	buffer_append(&sound, "\0\0\0", 4);
	buffer_append(&sound, plain.data, plain.size);
	buffer_free(&plain);
}

static void run(const uint8_t *data, size_t size)
{
	struct buffer out = {0}, again = {0};
	struct kb_diag diag = {0};
	enum kb_status st = ready_initrd(data, size, MOST, &out, &diag);

	if (st != diag.status || (st && out.size) || out.size > MOST)
		abort();
	if (!st &&
	    (ready_initrd(out.data, out.size, MOST, &again, NULL) || !buffer_equal(&out, &again)))
		abort();
	buffer_free(&out);
	buffer_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;
	size_t at;

	if (!sound.size)
		make_sound();
	if (size < USED)
		return 0;
	if (!(data[0] & 1)) {
		run(data + 1, size - 1);
		return 0;
	}
	copy = malloc(sound.size);
	memcpy(copy, sound.data, sound.size);
	at = get_u16(data + 1) % sound.size;
	for (size_t i = 0; i < size - USED && i < sound.size - at; i++)
		copy[at + i] ^= data[USED + i];
	run(copy, sound.size);
	free(copy);
	return 0;
}
