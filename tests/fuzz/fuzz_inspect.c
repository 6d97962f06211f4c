// SPDX-License-Identifier: BSD-2-Clause
/*
 * Everything that inspect/ reads, from memory that holds anything: the words of <words.h>, or live
 * update data with some words changed, as in fuzz_luo.c. It must come to an end without reading
 * what mem_get() did not give; where khoboot takes the map, both must say the same of it.
 *
 *	offset 0   from 0x80 on: live update data of release u8 % 3, u8 sessions, changes of 11
 *		   bytes: number of the word u16, what u8, value u64
 *		   below: as in words.h
 */
#include "../unit/luo_kernel.h"
#include "words.h"

#include <inspect/inspect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

static struct inspect_faults faults;

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_inspect: %s\n", what);
	abort();
}

static void see_row(void *ctx, unsigned int order, uint64_t at, uint64_t blocks)
{
	uint64_t *sum = ctx;

	(void)at;
	require(order < KHO_ORDERS && blocks, "a row of nothing");
	*sum += blocks;
}

static void see_range(void *ctx, const struct inspect_reserved *r)
{
	*(uint64_t *)ctx += strlen(r->name);
}

static void see_test_folio(void *ctx, uint64_t at, unsigned int order)
{
	*(uint64_t *)ctx += at + order;
}

static void see_session(void *ctx, const struct luo_session *s)
{
	*(uint64_t *)ctx += strlen(s->name);
}

static void see_folio(void *ctx, const struct inspect_folio *folio)
{
	*(uint64_t *)ctx += folio->pages;
	require(folio->pages, "a folio of nothing");
}

static const struct mem *view;
static unsigned int shift;

static void see_file(void *ctx, const struct luo_file *f, const struct inspect_memfd *memfd)
{
	*(uint64_t *)ctx += strlen(f->handler);
	if (memfd && memfd->read)
		inspect_folios(view, shift, &memfd->file, see_folio, ctx, &faults);
}

static void use_blob(const struct kho_blob *b)
{
	uint64_t sum = 0;
	const struct inspect_luo_see see = {see_session, see_file, NULL, &sum};
	struct inspect_test t;
	struct luo l;

	switch (inspect_kind(view, b)) {
	case INSPECT_MEMBLOCK:
		inspect_reserved(view, b, see_range, &sum, &faults);
		break;
	case INSPECT_TEST:
		if (!inspect_test(view, b, &t, &faults))
			inspect_test_folios(view, shift, &t, see_test_folio, &sum, &faults);
		break;
	case INSPECT_LUO:
		if (inspect_luo(view, b, shift, &see, &l, &faults))
			require(faults.count, "a refusal without a fault");
		break;
	default:
		break;
	}
}

/* What khoboot takes is read in the same way. */
static void compare(struct kho_image *img, const struct inspect_map *map)
{
	const struct kho *k = img->kho;

	if (map->format != k->map.format) /* khoboot looks at one element, inspect at all */
		return;
	for (unsigned int i = 0; i < KHO_ORDERS; i++)
		require(map->order[i].entries == k->sum.blocks[i], "khoboot counts otherwise");
	require(map->runs == k->sum.runs, "khoboot counts other rows");
	require(map->bytes == k->sum.bytes, "khoboot counts other bytes");
}

static void use_root(struct kho_image *img, struct kho_root *root, bool taken)
{
	struct range store[1];
	const struct range_list scratch = {store, 0, 1};
	uint64_t rows = 0;
	const struct inspect_lister none = {0}, list = {see_row, NULL, &rows};
	struct inspect_map a, b;

	root->page_shift = inspect_page_shift(&img->mem, root);
	if (taken)
		root->page_shift = img->kho->map.page_shift;
	if (!root->page_shift)
		root->page_shift = 12;
	shift = root->page_shift;
	inspect_map(&img->mem, root, KHO_BITMAP_UNKNOWN, &scratch, &none, &a, &faults);
	inspect_map(&img->mem, root, KHO_BITMAP_UNKNOWN, &scratch, &list, &b, &faults);
	require(a.entries == b.entries && a.runs == b.runs && rows == b.entries,
		"with rows it counts otherwise");
	if (taken)
		compare(img, &a);
	for (unsigned int i = 0; i < root->blob_count; i++)
		use_blob(&root->blob[i]);
}

static void use_words(const uint8_t *data, size_t size)
{
	struct kho_image img;
	struct kho_root root;
	struct range r;
	const void *fdt;
	bool taken;

	if (!words_load(&img, data, size))
		return;
	taken = !kho_image_open(&img);
	kho_image_seal(&img);
	view = &img.mem;
	fdt = mem_get(&img.mem, img.h.fdt, SZ_4K);
	if (fdt && is_aligned(img.h.fdt.addr, 8)) {
		struct kho_handover h;

		inspect_is_root(fdt, SZ_4K);
		inspect_setup_data(fdt, &h);
		inspect_tree(fdt, SZ_4K, &h);
		if (!inspect_root(&img.mem, fdt, img.h.fdt.addr, SZ_4K, &root, &faults))
			use_root(&img, &root, taken);
	}
	for (uint64_t i = 0; inspect_area(&img.mem, &img.h, i, &r); i++)
		;
	kho_image_free(&img);
}

static void change(struct kho_image *img, const uint8_t *c)
{
	uint64_t at = KHO_IMAGE_BASE + get_u16(c) * 8ULL % img->used;
	uint64_t v = get_u64(c + 3);

	if (c[2] % 3 == 1)
		v = KHO_IMAGE_BASE + v % 512 * img->page;
	else if (c[2] % 3 == 2)
		v = kho_image_get(img, at) ^ 1ULL << v % 64;
	kho_image_put(img, at, v);
}

static void use_luo(const uint8_t *data, size_t size)
{
	struct kho_blob b = {.name = "LUO"};
	struct kho_image img;
	struct model *m;
	uint64_t random = data[0];

	kho_image_init_sized(&img, KHO_MAP_RADIX, 12, 2 * SZ_1M);
	m = model_make(&img, &random, data[1] % 8, 2, true, true);
	b.at = phys(linux_write(data[0] % LINUXES, &img, m, &b.size));
	for (size_t i = 2; i + 11 <= size; i += 11)
		change(&img, data + i);
	kho_image_seal(&img);
	view = &img.mem;
	shift = 12;
	use_blob(&b);
	model_free(m);
	kho_image_free(&img);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	memset(&faults, 0, sizeof(faults));
	if (size >= 2 && data[0] >= 0x80)
		use_luo(data, size);
	else
		use_words(data, size);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	if (size >= 2 && data[0] >= 0x80 && seed % 2)
		return LLVMFuzzerMutate(data, size, max);
	if (seed % 17 == 0 && max >= 64) {
		for (unsigned int i = 0; i < 64; i++)
			data[i] = (uint8_t)(seed >> i % 24) ^ (uint8_t)(i * 37);
		data[0] |= 0x80;
		return 64;
	}
	return words_mutate(data, size, max, seed);
}
