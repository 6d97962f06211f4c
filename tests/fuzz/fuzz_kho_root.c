// SPDX-License-Identifier: BSD-2-Clause
/* The root FDT alone: the input is the page. The mutator begins with one that the builder made. */
#include "../unit/kho_image.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

static void check_blob(struct mem *m, const struct kho_blob *b)
{
	if (!memchr(b->name, 0, sizeof(b->name)) || !mem_get(m, b->at, b->size))
		abort();
}

static void check_root(struct kho_image *img, const struct kho_root *root)
{
	if (root->blob_count > KHO_BLOBS || !root->map.addr || root->page_shift != 12)
		abort();
	if (root->fdt_totalsize > img->page || strncmp(root->compatible, "kho-v", 5) != 0)
		abort();
	for (unsigned int i = 0; i < root->blob_count; i++)
		check_blob(&img->mem, &root->blob[i]);
	if (root->metadata.present && !memchr(root->metadata.release, 0, 65))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kho_image img;
	struct kho_root root;
	enum kb_status st;

	kho_image_init_sized(&img, KHO_MAP_RADIX, 12, 16 * SZ_4K);
	kho_image_metadata(&img, "7.1.13", 1);
	kho_image_blob_fdt(&img, "x", "x");
	memcpy(img.buf, data, size < img.page ? size : img.page);
	kho_image_seal(&img);
	st = kho_root_parse(&img.mem, &img.h, &root);
	if (st != img.mem.diag.status)
		abort();
	if (!st)
		check_root(&img, &root);
	kho_image_free(&img);
	return 0;
}

static size_t make_seed(uint8_t *data, size_t max, unsigned int seed)
{
	struct kho_image img;

	kho_image_init_sized(&img, seed % 2 ? KHO_MAP_RADIX : KHO_MAP_V1_PAGE, 12, 16 * SZ_4K);
	if (img.abi == KHO_ABI_V4)
		kho_image_metadata(&img, "7.1.13", 1);
	kho_image_blob_fdt(&img, "LUO", "luo-v1");
	kho_image_finish(&img);
	if (max > 512)
		max = 512; /* the FDT is smaller */
	memcpy(data, img.buf, max);
	kho_image_free(&img);
	return max;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	if (size < 64)
		return make_seed(data, max, seed);
	return LLVMFuzzerMutate(data, size, max);
}
