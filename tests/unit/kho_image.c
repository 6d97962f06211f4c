// SPDX-License-Identifier: BSD-2-Clause
/*
 * Made-up memory of an outgoing kernel; see kho_image.h. Written from the description of the
 * formats, not from fdt/.
 */
#include "kho_image.h"

#include <libfdt.h>
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FAIL(text)                                                                                 \
	do {                                                                                       \
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, text);                          \
		abort();                                                                           \
	} while (0)

/* Room for one more element in a growing array. */
#define GROW(array, count, max)                                                                    \
	do {                                                                                       \
		if ((count) == (max)) {                                                            \
			(max) = (max) ? 2 * (max) : 64;                                            \
			(array) = realloc((array), (max) * sizeof(*(array)));                      \
			if (!(array))                                                              \
				FAIL("out of memory");                                             \
		}                                                                                  \
	} while (0)

/* ---- the field ---- */

/* Bytes of the field that are in use, and one page after them. */
static uint64_t seal_size(const struct kho_image *img)
{
	return min_u64(img->used + img->page, img->size);
}

void kho_image_seal(struct kho_image *img)
{
	ASAN_POISON_MEMORY_REGION(img->buf, seal_size(img));
	img->sealed = true;
}

static void unseal(struct kho_image *img)
{
	ASAN_UNPOISON_MEMORY_REGION(img->buf, seal_size(img));
	img->sealed = false;
}

static bool in_window(const struct kho_image *img, uint64_t at, uint64_t len)
{
	return at >= KHO_IMAGE_BASE && len <= img->size && at - KHO_IMAGE_BASE <= img->size - len;
}

static const void *map_window(void *ctx, uint64_t at, uint64_t len)
{
	struct kho_image *img = ctx;
	uint8_t *p;

	if (!in_window(img, at, len))
		return NULL;
	img->reads++;
	if (img->on_read)
		img->on_read(img, at, len);
	p = img->buf + (at - KHO_IMAGE_BASE);
	if (img->sealed)
		ASAN_UNPOISON_MEMORY_REGION(p, len);
	return p;
}

uint8_t *kho_image_find(struct kho_image *img, uint64_t at, uint64_t len)
{
	if (!in_window(img, at, len))
		return NULL;
	if (img->sealed)
		unseal(img);
	return img->buf + (at - KHO_IMAGE_BASE);
}

uint8_t *kho_image_at(struct kho_image *img, uint64_t at, uint64_t len)
{
	uint8_t *p = kho_image_find(img, at, len);

	if (!p)
		FAIL("not in the field");
	return p;
}

uint64_t kho_image_get(struct kho_image *img, uint64_t at)
{
	return get_u64(kho_image_at(img, at, 8));
}

void kho_image_put(struct kho_image *img, uint64_t at, uint64_t v)
{
	put_u64(kho_image_at(img, at, 8), v);
}

void kho_image_put32(struct kho_image *img, uint64_t at, uint32_t v)
{
	put_u32(kho_image_at(img, at, 4), v);
}

uint64_t kho_image_alloc(struct kho_image *img, uint64_t size, uint64_t align)
{
	uint64_t at = (img->used + align - 1) & ~(align - 1);

	if (at + size > img->size)
		FAIL("the field is too small");
	if (img->sealed)
		unseal(img);
	img->used = at + size;
	return KHO_IMAGE_BASE + at;
}

static void init_ram(struct kho_image *img)
{
	img->ram[0] = (struct range){0, 0x9f000};
	img->ram[1] = (struct range){SZ_1M, 3 * SZ_1G - SZ_1M};
	img->ram[2] = (struct range){SZ_4G, KHO_IMAGE_PAGES * img->page - SZ_4G};
	img->mem.ram = (struct range_list){img->ram, 3, KHO_IMAGE_RAM};
}

static void init_knobs(struct kho_image *img)
{
	img->abi = img->format == KHO_MAP_RADIX ? KHO_ABI_V4 : KHO_ABI_V1;
	img->chunk_elms = (img->page - 16) / 16;
	img->map_len = 8;
	img->area[0] = (struct range){128 * SZ_1M, 64 * SZ_1M};
	img->area[1] = (struct range){8 * SZ_1G, SZ_1G};
	img->areas = 2;
}

void kho_image_init_sized(struct kho_image *img, enum kho_map_format format,
			  unsigned int page_shift, uint64_t size)
{
	memset(img, 0, sizeof(*img));
	img->format = format;
	img->page_shift = page_shift;
	img->page = 1ULL << page_shift;
	img->size = size ? size : 1024 * img->page;
	img->buf =
		mmap(NULL, img->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	img->kho = malloc(sizeof(*img->kho));
	if (img->buf == MAP_FAILED || !img->kho)
		FAIL("out of memory");
	img->mem.map = map_window;
	img->mem.ctx = img;
	init_ram(img);
	init_knobs(img);
	img->h.fdt = phys(kho_image_alloc(img, img->page, img->page));
	img->h.fdt_size = img->page;
	kho_image_preserve(img, img->h.fdt.addr, 0);
}

void kho_image_init(struct kho_image *img, enum kho_map_format format, unsigned int page_shift)
{
	kho_image_init_sized(img, format, page_shift, 0);
}

void kho_image_free(struct kho_image *img)
{
	unseal(img);
	munmap(img->buf, img->size);
	free(img->kho);
	free(img->work.base);
	free(img->block);
	free(img->strip);
	free(img->chunk);
	memset(img, 0, sizeof(*img));
}

/* ---- bitmaps ---- */

uint64_t kho_image_strip_blocks(const struct kho_image *img)
{
	return img->format == KHO_MAP_V1_SMALL ? 4096 : img->page * 8;
}

static int compare_strips(const struct kho_image_strip *a, const struct kho_image_strip *b)
{
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

/* Index at which @key is, or is to be inserted. */
static size_t strip_place(const struct kho_image *img, const struct kho_image_strip *key)
{
	size_t lo = 0, hi = img->strips;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (compare_strips(&img->strip[mid], key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint64_t kho_image_bits_at(struct kho_image *img, uint64_t at, unsigned int order)
{
	uint64_t bytes = kho_image_strip_blocks(img) / 8;
	uint64_t index = (at >> (img->page_shift + order)) / (bytes * 8);
	struct kho_image_strip key = {order, index, 0};
	size_t i = strip_place(img, &key);

	if (i < img->strips && !compare_strips(&img->strip[i], &key))
		return img->strip[i].bits;
	if (img->map)
		FAIL("the map is written");
	GROW(img->strip, img->strips, img->strip_max);
	memmove(img->strip + i + 1, img->strip + i, (img->strips++ - i) * sizeof(*img->strip));
	key.bits = kho_image_alloc(img, bytes, bytes);
	img->strip[i] = key;
	return key.bits;
}

uint8_t *kho_image_bits(struct kho_image *img, uint64_t at, unsigned int order)
{
	return kho_image_at(img, kho_image_bits_at(img, at, order),
			    kho_image_strip_blocks(img) / 8);
}

void kho_image_preserve(struct kho_image *img, uint64_t at, unsigned int order)
{
	uint64_t n = at >> (img->page_shift + order);
	uint64_t bit = n % kho_image_strip_blocks(img);

	if (n << (img->page_shift + order) != at)
		FAIL("a block is not aligned to its order");
	GROW(img->block, img->blocks, img->block_max);
	img->block[img->blocks++] = (struct kho_block){at, order};
	kho_image_bits(img, at, order)[bit / 8] |= (uint8_t)(1U << bit % 8);
}

/* (linux 6.18.15 kho_preserve_pages) */
void kho_image_preserve_range(struct kho_image *img, struct range r)
{
	uint64_t pfn = r.base >> img->page_shift, left = r.size >> img->page_shift;

	while (left) {
		unsigned int order = 63 - (unsigned int)__builtin_clzll(left);

		if (pfn && (unsigned int)__builtin_ctzll(pfn) < order)
			order = (unsigned int)__builtin_ctzll(pfn);
		kho_image_preserve(img, pfn << img->page_shift, order);
		pfn += 1ULL << order;
		left -= 1ULL << order;
	}
}

/* ---- radix tree ---- */

unsigned int kho_image_levels(const struct kho_image *img)
{
	return img->page_shift == 12 ? 5 : img->page_shift == 14 ? 4 : 3;
}

unsigned int kho_image_shift(const struct kho_image *img, unsigned int level)
{
	static const unsigned int shift[3][5] = {
		{15, 24, 33, 42, 51},
		{17, 28, 39, 50},
		{19, 32, 45},
	};

	return shift[(img->page_shift - 12) / 2][level - 1];
}

uint64_t kho_image_key(const struct kho_image *img, uint64_t at, unsigned int order)
{
	return 1ULL << (64 - img->page_shift - order) | at >> (img->page_shift + order);
}

static uint64_t slot_in(const struct kho_image *img, uint64_t node, uint64_t key,
			unsigned int level)
{
	return node + 8 * ((key >> kho_image_shift(img, level)) & (img->page / 8 - 1));
}

uint64_t kho_image_slot(struct kho_image *img, uint64_t key, unsigned int level)
{
	uint64_t node = img->map;

	for (unsigned int l = kho_image_levels(img); l > level && node; l--)
		node = kho_image_get(img, slot_in(img, node, key, l));
	return node ? slot_in(img, node, key, level) : 0;
}

static void add_leaf(struct kho_image *img, const struct kho_image_strip *s)
{
	uint64_t key = kho_image_key(img, 0, s->order) | s->index * kho_image_strip_blocks(img);
	uint64_t node = img->map;

	for (unsigned int level = kho_image_levels(img); level > 1; level--) {
		uint64_t slot = slot_in(img, node, key, level);

		if (!kho_image_get(img, slot))
			kho_image_put(img, slot, kho_image_alloc(img, img->page, img->page));
		node = kho_image_get(img, slot);
	}
	kho_image_put(img, slot_in(img, node, key, 1), s->bits);
}

static void write_radix(struct kho_image *img)
{
	img->map = kho_image_alloc(img, img->page, img->page);
	for (size_t i = 0; i < img->strips; i++)
		add_leaf(img, &img->strip[i]);
}

/* ---- chunk list ---- */

/* A new chunk after the one at @last (0: the first). */
static uint64_t add_chunk(struct kho_image *img, uint64_t last, unsigned int order)
{
	uint64_t at = kho_image_alloc(img, img->page, img->page);

	if (last)
		kho_image_put(img, last, at);
	else
		img->map = at;
	kho_image_put32(img, at + 8, order);
	return at;
}

static void add_elm(struct kho_image *img, uint64_t chunk, uint32_t i,
		    const struct kho_image_strip *s)
{
	uint64_t blocks = kho_image_strip_blocks(img);

	kho_image_put(img, chunk + 16 + 16 * i, s->index * blocks << (img->page_shift + s->order));
	kho_image_put(img, chunk + 24 + 16 * i, s->bits);
	kho_image_put32(img, chunk + 12, i + 1);
}

static void write_v1(struct kho_image *img)
{
	uint64_t last = 0;
	uint32_t n = 0;

	for (unsigned int i = 0; i < img->empty_chunks; i++)
		last = add_chunk(img, last, 0);
	img->chunk = calloc(img->strips, sizeof(*img->chunk));
	for (size_t i = 0; i < img->strips; i++) {
		const struct kho_image_strip *s = &img->strip[i];

		if (!i || n == img->chunk_elms || s->order != img->strip[i - 1].order) {
			last = add_chunk(img, last, s->order);
			img->chunk[img->chunks++] = last;
			n = 0;
		}
		add_elm(img, last, n++, s);
	}
}

/* ---- root FDT ---- */

static void check(int err)
{
	if (err)
		FAIL(fdt_strerror(err));
}

static const char *compatible_of(enum kho_abi abi)
{
	return abi == KHO_ABI_V1 ? "kho-v1" : abi == KHO_ABI_V3 ? "kho-v3" : "kho-v4";
}

/* Native byte order, in a property of @len bytes. */
static void property(void *fdt, const char *name, uint64_t v, unsigned int len)
{
	uint8_t raw[16] = {0};

	put_u64(raw, v);
	if (len)
		check(fdt_property(fdt, name, raw, (int)len));
}

static void write_extra(struct kho_image *img, void *fdt)
{
	char name[16];

	for (unsigned int i = 0; i < img->extra_nodes; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		check(fdt_begin_node(fdt, name));
		check(fdt_end_node(fdt));
	}
	for (unsigned int i = 0; i < img->extra_depth; i++)
		check(fdt_begin_node(fdt, "deep"));
	for (unsigned int i = 0; i < img->extra_depth; i++)
		check(fdt_end_node(fdt));
}

static void write_blob(struct kho_image *img, void *fdt, const struct kho_image_blob *b)
{
	const char *name = img->abi == KHO_ABI_V1 ? "fdt" : "preserved-data";

	check(fdt_begin_node(fdt, b->name));
	for (unsigned int i = 0; i < 1U + b->at_twice; i++)
		property(fdt, name, b->at, b->at_len);
	for (unsigned int i = 0; i < 1U + b->size_twice && img->abi != KHO_ABI_V1; i++)
		property(fdt, "blob-size", b->size, b->size_len);
	if (b == img->blob)
		write_extra(img, fdt);
	check(fdt_end_node(fdt));
}

static void write_compatible(struct kho_image *img, void *fdt)
{
	const char *s = img->compatible ? img->compatible : compatible_of(img->abi);
	unsigned int len = img->compatible_len ? img->compatible_len : (unsigned int)strlen(s) + 1;

	for (unsigned int i = 0; i < 1U + img->compatible_twice && !img->compatible_none; i++)
		check(fdt_property(fdt, "compatible", s, (int)len));
}

void kho_image_write_root(struct kho_image *img)
{
	void *fdt = kho_image_at(img, img->h.fdt.addr, img->page);

	check(fdt_create(fdt, (int)img->page));
	check(fdt_finish_reservemap(fdt));
	check(fdt_begin_node(fdt, ""));
	write_compatible(img, fdt);
	for (unsigned int i = 0; i < 1U + img->map_twice; i++)
		property(fdt, "preserved-memory-map", img->map_null ? 0 : img->map, img->map_len);
	for (unsigned int i = 0; i < img->blobs; i++)
		write_blob(img, fdt, &img->blob[i]);
	check(fdt_end_node(fdt));
	check(fdt_finish(fdt));
}

/* ---- blobs ---- */

static uint64_t alloc_preserved(struct kho_image *img, uint64_t size)
{
	uint64_t bytes = (size + img->page - 1) & ~(img->page - 1);
	uint64_t at = kho_image_alloc(img, bytes, img->page);

	for (uint64_t off = 0; off < bytes; off += img->page)
		kho_image_preserve(img, at + off, 0);
	return at;
}

uint64_t kho_image_blob(struct kho_image *img, const char *name, const void *data, uint64_t size)
{
	struct kho_image_blob *b = &img->blob[img->blobs];

	if (img->blobs++ == KHO_IMAGE_BLOBS)
		FAIL("too many blobs");
	*b = (struct kho_image_blob){.size = size, .at_len = 8, .size_len = 8};
	snprintf(b->name, sizeof(b->name), "%s", name);
	b->at = alloc_preserved(img, size);
	memcpy(kho_image_at(img, b->at, size), data, size);
	return b->at;
}

uint64_t kho_image_blob_fdt(struct kho_image *img, const char *name, const char *compatible)
{
	uint8_t fdt[512] = {0};

	check(fdt_create(fdt, sizeof(fdt)));
	check(fdt_finish_reservemap(fdt));
	check(fdt_begin_node(fdt, ""));
	check(fdt_property(fdt, "compatible", compatible, (int)strlen(compatible) + 1));
	check(fdt_end_node(fdt));
	check(fdt_finish(fdt));
	return kho_image_blob(img, name, fdt, fdt_totalsize(fdt));
}

uint64_t kho_image_metadata(struct kho_image *img, const char *release, uint32_t count)
{
	uint8_t raw[73] = {0};

	put_u32(raw, 1);
	snprintf((char *)raw + 4, 65, "%s", release);
	put_u32(raw + 69, count);
	return kho_image_blob(img, "kexec-metadata", raw, sizeof(raw));
}

/* ---- vmalloc ---- */

uint64_t kho_image_vmalloc(struct kho_image *img, uint64_t entries, unsigned int order, uint64_t at)
{
	uint64_t desc = alloc_preserved(img, 16), slot = desc, chunk = 0;
	uint64_t per_chunk = img->page / 8 - 1;

	for (uint64_t i = 0; i < entries; i++) {
		uint64_t block = at + (i << (img->page_shift + order));

		if (i % per_chunk == 0) {
			chunk = alloc_preserved(img, img->page);
			kho_image_put(img, slot, chunk);
			slot = chunk;
		}
		kho_image_preserve(img, block, order);
		kho_image_put(img, chunk + 8 + 8 * (i % per_chunk), block);
	}
	kho_image_put32(img, desc + 8, (uint32_t)(entries << order));
	kho_image_put32(img, desc + 12, 1 | order << 16);
	return desc;
}

/* ---- all of it ---- */

void kho_image_write_scratch(struct kho_image *img)
{
	img->h.scratch_size = 16ULL * img->areas;
	for (unsigned int i = 0; i < img->areas; i++) {
		kho_image_put(img, img->h.scratch.addr + 16 * i, img->area[i].base);
		kho_image_put(img, img->h.scratch.addr + 16 * i + 8, img->area[i].size);
	}
}

void kho_image_finish(struct kho_image *img)
{
	img->h.scratch = phys(kho_image_alloc(img, 16 * KHO_IMAGE_AREAS, img->page));
	kho_image_write_scratch(img);
	if (img->format == KHO_MAP_RADIX)
		write_radix(img);
	else
		write_v1(img);
	kho_image_write_root(img);
}

enum kb_status kho_image_open(struct kho_image *img)
{
	free(img->work.base);
	img->work.size = kho_work_size(&img->mem.ram);
	img->work.base = malloc(img->work.size);
	img->mem.diag = (struct kb_diag){0};
	/* Whatever kho_open() leaves unset must not look like a result. */
	memset(img->kho, 0xa5, sizeof(*img->kho));
	kho_image_seal(img);
	return kho_open(&img->mem, &img->h, img->hint, img->work, img->kho);
}

void kho_image_pick_scratch(struct kho_image *img, uint64_t *random, uint64_t most)
{
	uint64_t low = 128 * SZ_1M, high = SZ_4G;
	unsigned int n;

	most = 1 + random_below(random, most);
	n = 1 + (unsigned int)random_below(random, 10);
	img->areas = 0;
	for (unsigned int i = 0; i < n; i++) {
		uint64_t size = (1 + random_below(random, most)) * 4 * SZ_1M;
		uint64_t *at = low + size < 960 * SZ_1M && random_below(random, 3) ? &low : &high;

		img->area[img->areas++] = (struct range){*at, size};
		*at += size + random_below(random, 3) * random_below(random, 64) * SZ_2M;
	}
}
