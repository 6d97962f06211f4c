// SPDX-License-Identifier: BSD-2-Clause
/*
 * carried RUNS IMAGE WORDS TABLE DTB - KHO data as an outgoing kernel would have left them, for
 * QEMU to put into a guest's memory (at KHO_IMAGE_BASE); and where they are, as words for the load
 * options, as configuration table, and as device tree
 *
 * RUNS separate pages are preserved from 4 GiB on, each second one. Scratch is big enough for a
 * kernel.
 */
#include "../unit/kho_image.h"

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>

static void save(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(data, 1, size, f) != size || fclose(f)) {
		perror(path);
		exit(2);
	}
}

static void save_words(const char *path, const struct kho_handover *h)
{
	char words[160];
	int len =
		snprintf(words, sizeof(words),
			 "khoboot.kho-fdt=0x%llx,0x%llx khoboot.kho-scratch=0x%llx,%llu\n",
			 (unsigned long long)h->fdt.addr, (unsigned long long)h->fdt_size,
			 (unsigned long long)h->scratch.addr, (unsigned long long)h->scratch_size);

	save(path, words, (size_t)len);
}

static void save_table(const char *path, const struct kho_handover *h)
{
	const uint64_t table[] = {h->fdt.addr, h->fdt_size, h->scratch.addr, h->scratch_size};

	save(path, table, sizeof(table));
}

static void save_dtb(const char *path, const struct kho_handover *h)
{
	const fdt64_t fdt[] = {cpu_to_fdt64(h->fdt.addr), cpu_to_fdt64(h->fdt_size)};
	const fdt64_t scratch[] = {cpu_to_fdt64(h->scratch.addr), cpu_to_fdt64(h->scratch_size)};
	char tree[1024];
	int chosen;

	if (fdt_create_empty_tree(tree, sizeof(tree)))
		abort();
	chosen = fdt_add_subnode(tree, 0, "chosen");
	if (chosen < 0 || fdt_setprop(tree, chosen, "linux,kho-fdt", fdt, sizeof(fdt)) ||
	    fdt_setprop(tree, chosen, "linux,kho-scratch", scratch, sizeof(scratch)))
		abort();
	save(path, tree, sizeof(tree));
}

int main(int argc, char **argv)
{
	unsigned long runs = argc == 6 ? strtoul(argv[1], NULL, 10) : 0;
	struct kho_image img;

	if (!runs) {
		fprintf(stderr, "usage: carried RUNS IMAGE WORDS TABLE DTB\n");
		return 2;
	}
	kho_image_init(&img, KHO_MAP_RADIX, 12);
	img.area[0] = (struct range){128 * SZ_1M, 256 * SZ_1M};
	img.areas = 1;
	for (unsigned long i = 0; i < runs; i++)
		kho_image_preserve(&img, SZ_4G + 2 * i * SZ_4K, 0);
	kho_image_finish(&img);
	save(argv[2], img.buf, img.used);
	save_words(argv[3], &img.h);
	save_table(argv[4], &img.h);
	save_dtb(argv[5], &img.h);
	kho_image_free(&img);
	return 0;
}
