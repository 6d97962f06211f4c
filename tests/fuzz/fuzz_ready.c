// SPDX-License-Identifier: BSD-2-Clause
/*
 * Ready kernels. The first byte chooses one of two sound ones; the rest is laid over it
 * by exclusive or: 2 bytes cut the end off, then a place of 16 bits and a byte, again and again.
 */
#include "../unit/make_image.h"

#include <arch/kernel.h>
#include <format/ready.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What <format/ready.h> promises: all that is relocated lies in the image. */
static void check_kernel(const uint8_t *file, size_t size)
{
	struct kernel_cpu cpu = {.random = {size, size}};
	struct kb_diag diag = {0};
	struct kernel k;
	enum kb_status st = kernel_open(file, size, (struct range){0, 0}, &k, &diag);
	uint8_t *window;

	if (st != diag.status)
		abort();
	if (st || !k.is_ready)
		return;
	if (kernel_choose(&k, (struct kb_text){"quiet", 5}, &cpu, NULL) || !k.is_ready)
		abort();
	window = malloc(k.window_size);
	if (kernel_load(&k, window, (struct range){0, 0}) || k.ready.entry >= k.window_size)
		abort();
	free(window);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct buffer sound[2];
	const struct buffer *from;
	uint8_t *file;
	size_t end;

	if (!sound[0].size) {
		make_ready(&sound[0], false);
		make_ready(&sound[1], true);
	}
	if (size < 3)
		return 0;
	from = &sound[data[0] & 1];
	end = from->size - get_u16(data + 1) % (from->size + 1);
	file = malloc(end ? end : 1);
	memcpy(file, from->data, end);
	for (size_t i = 3; i + 3 <= size; i += 3)
		if (get_u16(data + i) < end)
			file[get_u16(data + i)] ^= data[i + 2];
	check_kernel(file, end);
	free(file);
	return 0;
}
