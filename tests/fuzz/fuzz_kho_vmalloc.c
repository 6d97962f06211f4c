// SPDX-License-Identifier: BSD-2-Clause
/*
 * A vmalloc area, of which the input begins with the descriptor and goes on as in words.h; with the
 * map of the image when that can be opened, and without one.
 */
#include "words.h"

#include <stdlib.h>
#include <string.h>

#define DESC 16

struct seen {
	struct mem *m;
	uint64_t pages;
};

static enum kb_status see(void *ctx, bool entry, struct range r)
{
	struct seen *s = ctx;

	if (!range_list_contains(&s->m->ram, r))
		abort();
	s->pages += entry ? r.size : 0;
	return KB_OK;
}

static void walk(struct kho_image *img, const struct kho_map *map, const struct kho_vmalloc *v)
{
	struct seen s = {&img->mem, 0};

	if (kho_vmalloc_walk(&img->mem, map, img->page_shift, v, see, &s))
		return;
	if (s.pages != (uint64_t)v->total_pages << img->page_shift)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kho_image img;
	struct kho_vmalloc v;

	if (size < DESC || !words_load(&img, data + DESC, size - DESC))
		return 0;
	memcpy(img.buf + WORDS_WINDOW - DESC, data, DESC);
	if (kho_vmalloc_read(&img.mem, phys(KHO_IMAGE_BASE + WORDS_WINDOW - DESC), &v))
		abort();
	walk(&img, NULL, &v);
	if (!kho_image_open(&img))
		walk(&img, &img.kho->map, &v);
	kho_image_free(&img);
	return 0;
}

/* The builder puts a descriptor before the first chunk: any word of 3 pages, flag 1, order 0. */
static void copy_descriptor(uint8_t *data, size_t size)
{
	for (size_t at = DESC + WORDS_HEADER + WORDS_WORD; at + WORDS_WORD <= size;
	     at += WORDS_WORD)
		if (get_u64(data + at + 2) == (1ULL << 32 | 3))
			memcpy(data, data + at + 2 - WORDS_WORD, 8);
	put_u64(data + 8, 1ULL << 32 | 3);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	bool fresh = size < DESC + WORDS_HEADER;

	if (max < DESC)
		return size;
	size = words_mutate(data + DESC, size < DESC ? 0 : size - DESC, max - DESC, seed) + DESC;
	if (fresh)
		copy_descriptor(data, size);
	else if (seed % 8 == 0)
		data[seed / 8 % DESC] ^= (uint8_t)(1U << seed / 128 % 8);
	return size;
}
