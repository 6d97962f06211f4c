// SPDX-License-Identifier: BSD-2-Clause
/*
 * carried RUNS IMAGE WORDS - KHO data as an outgoing kernel would have left them, for QEMU to put
 * into a guest's memory (at KHO_IMAGE_BASE), and the words that say where they are
 *
 * RUNS separate pages are preserved from 4 GiB on, each second one. Scratch is big enough for a
 * kernel.
 */
#include "../unit/kho_image.h"

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

int main(int argc, char **argv)
{
	unsigned long runs = argc == 4 ? strtoul(argv[1], NULL, 10) : 0;
	struct kho_image img;
	char words[160];
	int len;

	if (!runs) {
		fprintf(stderr, "usage: carried RUNS IMAGE WORDS\n");
		return 2;
	}
	kho_image_init(&img, KHO_MAP_RADIX, 12);
	img.area[0] = (struct range){128 * SZ_1M, 256 * SZ_1M};
	img.areas = 1;
	for (unsigned long i = 0; i < runs; i++)
		kho_image_preserve(&img, SZ_4G + 2 * i * SZ_4K, 0);
	kho_image_finish(&img);
	save(argv[2], img.buf, img.used);
	len = snprintf(words, sizeof(words),
		       "khoboot.kho-fdt=0x%llx,0x%llx khoboot.kho-scratch=0x%llx,%llu\n",
		       (unsigned long long)img.h.fdt.addr, (unsigned long long)img.h.fdt_size,
		       (unsigned long long)img.h.scratch.addr,
		       (unsigned long long)img.h.scratch_size);
	save(argv[3], words, (size_t)len);
	kho_image_free(&img);
	return 0;
}
