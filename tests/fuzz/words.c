// SPDX-License-Identifier: BSD-2-Clause
/* Fuzzer inputs as the memory of an outgoing kernel: loading and mutating them; see words.h. */
#include "words.h"

#include <libfdt.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

bool words_load(struct kho_image *img, const uint8_t *data, size_t size)
{
	if (size < WORDS_HEADER)
		return false;
	kho_image_init_sized(img, (enum kho_map_format)(data[0] % 3), 12 + data[0] / 3 % 3 * 2,
			     WORDS_FIELD);
	memset(img->buf, 0, WORDS_FIELD);
	img->used = WORDS_FIELD;
	img->hint = (enum kho_bitmap_hint)(data[1] % 3);
	img->h = (struct kho_handover){phys(get_u64(data + 2)), get_u64(data + 10),
				       phys(get_u64(data + 18)), get_u64(data + 26)};
	for (size_t at = WORDS_HEADER; at + WORDS_WORD <= size; at += WORDS_WORD)
		put_u64(img->buf + 8 * get_u16(data + at), get_u64(data + at + 2));
	return true;
}

uint64_t words_map(struct kho_image *img)
{
	const void *fdt = kho_image_find(img, img->h.fdt.addr, img->page);
	int len = 0;
	const void *p = NULL;

	if (fdt && fdt_check_header(fdt) == 0 && fdt_version(fdt) == 17 &&
	    !fdt_check_full(fdt, img->page))
		p = fdt_getprop(fdt, 0, "preserved-memory-map", &len);
	return p && len == 8 ? get_u64(p) : 0;
}

/* ---- sound images ---- */

static void build(struct kho_image *img, uint64_t *random)
{
	unsigned int n = 1 + (unsigned int)random_below(random, 3);

	img->chunk_elms = 2;
	if (random_below(random, 2) && img->page_shift == 12)
		kho_image_blob_fdt(img, "LUO", "luo-v1");
	while (n--) {
		unsigned int order = (unsigned int)random_below(random, 10);
		uint64_t at = KHO_IMAGE_DATA + random_below(random, SZ_1G / 2);

		kho_image_preserve(img,
				   at >> (img->page_shift + order) << (img->page_shift + order),
				   order);
	}
	if (random_below(random, 2) && img->page_shift == 12)
		kho_image_vmalloc(img, 3, 0, 16 * SZ_1G);
	kho_image_finish(img);
}

static size_t dump(const struct kho_image *img, uint8_t *data, size_t max)
{
	size_t at = WORDS_HEADER;

	put_u64(data + 2, img->h.fdt.addr);
	put_u64(data + 10, img->h.fdt_size);
	put_u64(data + 18, img->h.scratch.addr);
	put_u64(data + 26, img->h.scratch_size);
	for (uint64_t i = 0; i < img->used / 8; i++) {
		uint64_t v = get_u64(img->buf + 8 * i);

		if (!v)
			continue;
		if (at + WORDS_WORD > max)
			return 0;
		put_u16(data + at, (uint16_t)i);
		put_u64(data + at + 2, v);
		at += WORDS_WORD;
	}
	return at;
}

size_t words_seed(uint8_t *data, size_t max, uint64_t *random)
{
	struct kho_image img;
	size_t size;

	if (max < WORDS_HEADER)
		return 0;
	data[0] = (uint8_t)random_below(random, 9);
	data[1] = (uint8_t)random_below(random, 3);
	/* 512 KiB is too tight for some trees of 64K pages: build in more, keep what fits. */
	kho_image_init_sized(&img, (enum kho_map_format)(data[0] % 3), 12 + data[0] / 3 % 3 * 2,
			     4 * SZ_1M);
	build(&img, random);
	size = img.used <= WORDS_FIELD ? dump(&img, data, max) : 0;
	kho_image_free(&img);
	return size;
}

/* ---- mutation ---- */

static uint64_t interesting(uint64_t old, uint64_t *random)
{
	static const uint64_t values[] = {
		0,          UINT64_MAX,     1ULL << 63,  3 * SZ_1G, SZ_4G,
		1ULL << 52, KHO_IMAGE_DATA, 128 * SZ_1M, 8 * SZ_1G, 0xffffffffffff0000,
	};
	uint64_t page = SZ_4K << 2 * random_below(random, 3);

	switch (random_below(random, 5)) {
	case 0: /* a page of the field */
		return KHO_IMAGE_BASE + (random_below(random, WORDS_FIELD) & ~(page - 1));
	case 1: /* a small bitmap, or nothing aligned at all */
		return KHO_IMAGE_BASE + (random_below(random, WORDS_FIELD) & ~511ULL);
	case 2:
		return values[random_below(random, ARRAY_SIZE(values))];
	case 3:
		return old ^ 1ULL << random_below(random, 64);
	default:
		return old + (random_below(random, 2) ? page : -page);
	}
}

/* One word changes its value or its place, or is added. */
static size_t change_word(uint8_t *data, size_t size, size_t max, uint64_t *random)
{
	size_t count = (size - WORDS_HEADER) / WORDS_WORD;
	size_t i = count ? random_below(random, count) : 0;
	uint8_t *w = data + WORDS_HEADER + WORDS_WORD * i;

	if (!count || (random_below(random, 4) == 0 && size + WORDS_WORD <= max)) {
		uint8_t *add = data + WORDS_HEADER + WORDS_WORD * count;

		if (WORDS_HEADER + WORDS_WORD * (count + 1) > max)
			return size;
		put_u16(add, (uint16_t)((count ? get_u16(w) : 0) + random_below(random, 5)));
		put_u64(add + 2, interesting(count ? get_u64(w + 2) : 0, random));
		return WORDS_HEADER + WORDS_WORD * (count + 1);
	}
	if (random_below(random, 4))
		put_u64(w + 2, interesting(get_u64(w + 2), random));
	else
		put_u16(w, (uint16_t)(get_u16(w) + random_below(random, 9) - 4));
	return size;
}

size_t words_mutate(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	uint64_t random = seed;
	size_t n = 0;

	if (size < WORDS_HEADER || random_below(&random, 500) == 0)
		n = words_seed(data, max, &random);
	if (n)
		return n;
	if (size >= WORDS_HEADER && random_below(&random, 4))
		return change_word(data, size, max, &random);
	return LLVMFuzzerMutate(data, size, max);
}
