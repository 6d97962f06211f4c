// SPDX-License-Identifier: BSD-2-Clause
/* Writers of dumps, from the formats' description and not from tools/dump*.c. */
#include "make_dump.h"

#include <elf.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

void make_setup_data(struct kho_image *img)
{
	uint64_t at = kho_image_alloc(img, img->page, img->page) + 0x160;

	kho_image_put32(img, at + 8, 10);
	kho_image_put32(img, at + 12, 32);
	kho_image_put(img, at + 16, img->h.fdt.addr);
	kho_image_put(img, at + 24, img->h.fdt_size);
	kho_image_put(img, at + 32, img->h.scratch.addr);
	kho_image_put(img, at + 40, img->h.scratch_size);
}

void make_device_tree(struct kho_image *img)
{
	uint64_t at = kho_image_alloc(img, SZ_4K, SZ_4K), pair[2];
	uint8_t *fdt = kho_image_at(img, at, SZ_4K);

	fdt_create_empty_tree(fdt, SZ_4K);
	fdt_add_subnode(fdt, 0, "chosen");
	pair[0] = cpu_to_fdt64(img->h.fdt.addr);
	pair[1] = cpu_to_fdt64(img->h.fdt_size);
	fdt_setprop(fdt, fdt_path_offset(fdt, "/chosen"), "linux,kho-fdt", pair, 16);
	pair[0] = cpu_to_fdt64(img->h.scratch.addr);
	pair[1] = cpu_to_fdt64(img->h.scratch_size);
	fdt_setprop(fdt, fdt_path_offset(fdt, "/chosen"), "linux,kho-scratch", pair, 16);
}

int make_file(void)
{
	int fd = memfd_create("dump", MFD_CLOEXEC);

	require(fd >= 0, "memfd");
	return fd;
}

const char *make_path(int fd)
{
	static char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

static uint64_t used(const struct kho_image *img)
{
	return align_up(img->used, img->page);
}

static void put(int fd, const void *bytes, uint64_t n, uint64_t at)
{
	require(pwrite(fd, bytes, n, (off_t)at) == (ssize_t)n, "dump");
}

void make_raw(const struct kho_image *img, int fd)
{
	put(fd, img->buf, used(img), 0);
}

void make_elf(const struct kho_image *img, int fd, unsigned int machine, unsigned int pieces)
{
	Elf64_Ehdr e = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			.e_type = ET_CORE,
			.e_machine = (Elf64_Half)machine,
			.e_phoff = sizeof(e),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = (Elf64_Half)(pieces + 1)};
	Elf64_Phdr note = {.p_type = PT_NOTE, .p_offset = sizeof(e)};
	uint64_t pages = used(img) / img->page, at = 0x10000;

	put(fd, &e, sizeof(e), 0);
	put(fd, &note, sizeof(note), sizeof(e));
	/* The last piece comes first in the file. */
	for (unsigned int i = pieces; i--;) {
		uint64_t from = pages * i / pieces * img->page;
		uint64_t size = pages * (i + 1) / pieces * img->page - from;
		Elf64_Phdr p = {.p_type = PT_LOAD,
				.p_offset = at,
				.p_paddr = KHO_IMAGE_BASE + from,
				.p_filesz = size,
				.p_memsz = size};

		put(fd, &p, sizeof(p), sizeof(e) + (pieces - i) * sizeof(p));
		put(fd, img->buf + from, size, at);
		at += size;
	}
}

static uint64_t pack_page(const struct kho_image *img, unsigned int how, const uint8_t *page,
			  uint8_t *to)
{
	unsigned long n = 2 * img->page;

	switch (how) {
	case 1:
		require(compress(to, &n, page, img->page) == Z_OK, "zlib");
		return n;
	case 32:
		return ZSTD_compress(to, n, page, img->page, 1);
	default:
		memcpy(to, page, img->page);
		return img->page;
	}
}

static bool is_zero(const uint8_t *p, uint64_t n)
{
	return !p[0] && !memcmp(p, p + 1, n - 1);
}

/* RAM below the field is in the first bitmap, and not in the dump. */
void make_kdump(const struct kho_image *img, int fd, unsigned int packed, bool no_zeros)
{
	uint64_t first = KHO_IMAGE_BASE / img->page, pages = used(img) / img->page;
	uint64_t max = first + pages, bytes = align_up((max + 7) / 8, img->page);
	uint64_t descs = 2 * img->page + 2 * bytes, data = descs + align_up(pages * 24, img->page);
	uint8_t *head = calloc(1, 2 * img->page + 2 * bytes), *to = malloc(2 * img->page);
	uint64_t n = 0;

	require(head && to, "memory");
	memcpy(head, "KDUMP   ", 8);
	put_u32(head + 8, 6);
	memcpy(head + 272, "x86_64", 7);
	put_u32(head + 428, (uint32_t)img->page);
	put_u32(head + 432, 1);
	put_u32(head + 436, (uint32_t)(2 * bytes / img->page));
	put_u64(head + img->page + 96, max);
	memset(head + 2 * img->page, 0xff, first / 8);
	for (uint64_t i = 0; i < pages; i++) {
		const uint8_t *page = img->buf + i * img->page;
		uint8_t desc[24] = {0}, bit = (uint8_t)(1U << (first + i) % 8);
		uint64_t size;

		head[2 * img->page + (first + i) / 8] |= bit;
		if (no_zeros && is_zero(page, img->page))
			continue;
		head[2 * img->page + bytes + (first + i) / 8] |= bit;
		size = pack_page(img, packed, page, to);
		put_u64(desc, data);
		put_u32(desc + 8, (uint32_t)size);
		put_u32(desc + 12, packed);
		put(fd, desc, sizeof(desc), descs + 24 * n++);
		put(fd, to, size, data);
		data += size;
	}
	put(fd, head, 2 * img->page + 2 * bytes, 0);
	free(head);
	free(to);
}

static void put_record(int fd, uint64_t *end, uint64_t at, const void *bytes, uint64_t size)
{
	uint8_t head[16];

	put_u64(head, __builtin_bswap64(at));
	put_u64(head + 8, __builtin_bswap64(size));
	put(fd, head, 16, *end);
	if (bytes)
		put(fd, bytes, size, *end + 16);
	*end += 16 + size;
}

void make_flat(int from, int fd, uint64_t *random)
{
	uint8_t head[4096] = "makedumpfile", *bytes;
	uint64_t end = sizeof(head), size, cut, start = random_below(random, 2);
	struct stat s;

	require(!fstat(from, &s), "dump");
	size = (uint64_t)s.st_size;
	bytes = malloc(size);
	require(bytes && pread(from, bytes, size, 0) == (ssize_t)size, "dump");
	put_u64(head + 16, __builtin_bswap64(1));
	put_u64(head + 24, __builtin_bswap64(1));
	put(fd, head, sizeof(head), 0);
	/* Every second piece, then the others. */
	cut = 1 + size / (3 + random_below(random, 20));
	for (uint64_t pass = 0; pass < 2; pass++)
		for (uint64_t i = (start + pass) % 2; i * cut < size; i += 2)
			put_record(fd, &end, i * cut, bytes + i * cut,
				   min_u64(cut, size - i * cut));
	put_record(fd, &end, UINT64_MAX, NULL, UINT64_MAX);
	free(bytes);
}
