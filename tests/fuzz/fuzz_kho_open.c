// SPDX-License-Identifier: BSD-2-Clause
/*
 * Everything handed over at once. What kho_open() takes must be what the naive reader reads, and
 * must keep the promises of kho.h.
 */
#include "../unit/kho_naive.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_kho_open: %s\n", what);
	abort();
}

static void check_ranges(struct kho_image *img, const struct kho_naive *n)
{
	const struct kho *k = img->kho;

	for (size_t i = 0; i < n->blocks; i++) {
		struct range r = {n->block[i].at, img->page << n->block[i].order};

		require(range_list_contains(&img->mem.ram, r), "a block is not RAM");
		require(!range_list_overlap(&k->scratch, r), "a block is in scratch");
	}
	for (size_t i = 0; i < n->metas; i++) {
		require(range_list_contains(&img->mem.ram, n->meta[i]), "metadata is not RAM");
		require(!range_list_overlap(&k->scratch, n->meta[i]), "metadata is in scratch");
		if (i)
			require(!ranges_overlap(n->meta[i - 1], n->meta[i]), "metadata is shared");
	}
}

static void check_taken(struct kho_image *img)
{
	const struct kho *k = img->kho;
	uint64_t random = img->reads;
	struct kho_naive n;
	const char *differs;

	/* The page size is what the handover says, not what the input began with. */
	img->page_shift = k->map.page_shift;
	img->page = 1ULL << img->page_shift;
	require(naive_read(img, k->map.format, &n), "taken, but the naive reader cannot read it");
	check_ranges(img, &n);
	require(naive_touches(&n, k->root.fdt), "the FDT is not preserved");
	differs = naive_compare(img, k, &n, &random);
	if (differs)
		require(false, differs);
	naive_free(&n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kho_image img;
	enum kb_status st;

	if (!words_load(&img, data, size))
		return 0;
	st = kho_image_open(&img);
	require(st == img.mem.diag.status, "the diagnosis is of another refusal");
	if (!st)
		check_taken(&img);
	kho_image_free(&img);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	return words_mutate(data, size, max, seed);
}
