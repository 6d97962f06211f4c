// SPDX-License-Identifier: BSD-2-Clause
/*
 * PE headers, in each layout. The input is laid over a sound image by exclusive or: byte 0 chooses
 * the layout, 2 bytes cut the end off, 4 change the place of the PE header, the rest the header.
 */
#include "../unit/make_image.h"

#include <stdlib.h>
#include <string.h>

#define USED 7

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct buffer sound;
static volatile uint8_t sink;

/* Every byte that an accepted image says it has can be read. */
static void read_sections(const struct pe *pe)
{
	for (uint32_t i = 0; i < pe->sections; i++) {
		struct pe_section s;
		const uint8_t *p;
		uint64_t len;

		pe_section(pe, i, &s);
		len = pe_section_size(&s);
		if (!len)
			continue;
		p = pe_view_get(&pe->view, pe_section_offset(pe, &s), len);
		if (!p)
			abort();
		sink = p[0];
		sink = p[len - 1];
	}
}

static void open_view(const struct pe_view *v, enum pe_layout layout)
{
	struct kb_diag diag = {0};
	uint64_t header = STUB_COFF;
	enum kb_status st;
	struct pe pe;

	if (!v->start && pe_find_header(v, &header, NULL))
		return;
	st = pe_open(v, header, layout, &pe, &diag);
	if (st != diag.status)
		abort();
	if (!st)
		read_sections(&pe);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pe_view v = {0};
	uint8_t *image;

	if (!sound.size)
		make_stub(&sound);
	if (size < USED || size - USED > 0x600)
		return 0;
	v.start = data[0] & 4 ? 0x1000 : 0;
	v.end = sound.size - get_u16(data + 1) % (sound.size - 0x1000);
	image = malloc(v.end - v.start);
	memcpy(image, sound.data + v.start, v.end - v.start);
	v.data = image;
	for (size_t i = 0; i < 4 && !v.start && 0x3c + i < v.end; i++)
		image[0x3c + i] ^= data[3 + i];
	for (size_t i = USED; i < size && STUB_COFF + i - USED < v.end; i++)
		image[STUB_COFF - v.start + i - USED] ^= data[i];
	open_view(&v, (enum pe_layout)(data[0] % 3));
	free(image);
	return 0;
}
