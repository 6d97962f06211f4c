// SPDX-License-Identifier: BSD-2-Clause
/*
 * arm64 kernels, from the file to memory. The first byte chooses a sound file: an Image, an Image
 * with a section table, gzip or Zstandard, each bare or as EFI zboot image; two bytes cut its end
 * off, the next choose a place where the rest is laid over it by exclusive or.
 */
#include "../unit/make_image.h"
#include "../unit/pack.h"

#include <format/arm64_image.h>

#include <stdlib.h>
#include <string.h>

#define USED   5
#define KINDS  6
#define WINDOW 0x100000u /* larger ones are not tried, to save memory and time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct buffer sound[KINDS];
static uint8_t *work;
static volatile uint8_t sink;

static void make_sound(void)
{
	static uint8_t content[0x3000];
	struct buffer image = {0};

	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)(i * i >> 7);
	make_arm64_image(&image, content, sizeof(content));
	buffer_append(&sound[0], image.data, image.size);
	make_arm64_stub(&sound[1]);
	pack_gzip_to(&sound[2], image.data, image.size);
	pack_zstd_to(&sound[3], image.data, image.size);
	make_zboot(&sound[4], "gzip", sound[2].data, sound[2].size);
	make_zboot(&sound[5], "zstd", sound[3].data, sound[3].size);
	buffer_free(&image);
	work = malloc(UNPACK_WORK_SIZE);
}

static struct range work_area(void)
{
	return (struct range){(uintptr_t)work, UNPACK_WORK_SIZE};
}

/* What <format/arm64_image.h> promises of an accepted kernel. */
static void check(const struct arm64_kernel *k, const uint8_t *file, size_t size)
{
	const uint8_t *p = k->packed.data;

	if (p < file || k->packed.size > size || p + k->packed.size > file + size)
		abort();
	if (k->image.image_size < 64 || k->image.image_size > SZ_1G ||
	    k->image.text_offset >= SZ_2M || k->image.text_offset % 4096)
		abort();
}

static void load(const struct arm64_kernel *k)
{
	struct kb_diag diag = {0};
	enum kb_status st;
	uint8_t *window;
	uint64_t got;

	if (k->image.image_size > WINDOW)
		return;
	window = malloc(k->image.image_size);
	st = arm64_kernel_load(k, window, work_area(), &got, &diag);
	if (st != diag.status || (!st && (got < 64 || got > k->image.image_size)))
		abort();
	if (!st)
		sink = window[got - 1];
	free(window);
}

static void run(const uint8_t *file, size_t size)
{
	struct kb_diag diag = {0};
	struct arm64_kernel k;
	enum kb_status st;

	st = arm64_kernel_open(file, size, work_area(), &k, &diag);
	if (st != diag.status)
		abort();
	if (st)
		return;
	check(&k, file, size);
	load(&k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct buffer *s;
	size_t end, at;
	uint8_t *file;

	if (!work)
		make_sound();
	if (size < USED)
		return 0;
	s = &sound[data[0] % KINDS];
	end = s->size - get_u16(data + 1) % (s->size + 1);
	at = get_u16(data + 3) % s->size;
	file = malloc(end ? end : 1);
	memcpy(file, s->data, end);
	for (size_t i = USED; i < size && at + i - USED < end; i++)
		file[at + i - USED] ^= data[i];
	run(file, end);
	free(file);
	return 0;
}
