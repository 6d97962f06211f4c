// SPDX-License-Identifier: BSD-2-Clause
/*
 * make-dump - dumps that are made up, for tests/inspect/run
 *
 *	make-dump sound KIND FORMAT OUT	KIND: v1small, v1page, radix, or one with -16k, -64k
 *					FORMAT: raw, elf, kdump, lzo, zstd, plain, flat
 *	make-dump parts KIND DIR	what khoctl extract has to give: DIR/file, DIR/range,
 *					DIR/blob, DIR/root; and the scratch areas as debugfs has
 *					them: DIR/scratch_phys, DIR/scratch_len
 *	make-dump dense OUT		1 TiB of RAM, every second page of it preserved
 *	make-dump sparse OUT		24 GiB with holes; the data are near its end
 *	make-dump damage FILE SEED	cut it, zero a part, or flip a bit
 *	make-dump limit MS MIB COMMAND	processor time and memory that it may use
 */
#include "../unit/luo_kernel.h"
#include "../unit/make_dump.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "make-dump: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int make_out(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	require(fd >= 0, path);
	return fd;
}

/* ---- sound ones ---- */

struct made {
	struct kho_image img;
	struct model *model;
	uint64_t range, luo, luo_size, memblock;
};

#define RANGE_BYTES (3 * SZ_64K)

static void add_memblock(struct made *d)
{
	static _Alignas(8) uint8_t tree[1024];
	uint64_t size = RANGE_BYTES;
	int node;

	d->range = kho_image_alloc(&d->img, size, SZ_64K);
	for (uint64_t i = 0; i < size; i += 8)
		put_u64(kho_image_at(&d->img, d->range + i, 8), i * 0x9e3779b97f4a7c15ULL);
	kho_image_preserve_range(&d->img, (struct range){d->range, size});
	fdt_create_empty_tree(tree, sizeof(tree));
	fdt_setprop_string(tree, 0, "compatible", "memblock-v1");
	node = fdt_add_subnode(tree, 0, "guest");
	fdt_setprop_string(tree, node, "compatible", "reserve-mem-v1");
	fdt_setprop(tree, node, "start", &d->range, 8);
	fdt_setprop(tree, node, "size", &size, 8);
	fdt_pack(tree);
	d->memblock = kho_image_blob(&d->img, "memblock", tree, fdt_totalsize(tree));
}

/* Files of the model as a kernel has them: without holes, and no longer than their folios. */
static void close_holes(struct made *d)
{
	for (unsigned int i = 0; i < d->model->sessions; i++)
		for (unsigned int j = 0; j < d->model->session[i].files; j++) {
			struct model_file *f = &d->model->session[i].file[j];

			for (unsigned int n = 0; n < f->folios; n++)
				f->index[n] = n;
			f->size = f->folios * d->img.page;
		}
}

/* A session with one memfd of 5 pages and 100 bytes; the third of its folios has two pages. */
static void fill_model(struct made *d)
{
	struct model_session *s;
	struct model_file *f;
	uint64_t page = d->img.page, at = kho_image_alloc(&d->img, 8 * page, 8 * page);
	static const unsigned int index[] = {0, 1, 2, 4, 5};
	uint64_t random = 2;

	d->model = model_make(&d->img, &random, 2, 2, true, true);
	close_holes(d);
	s = &d->model->session[0];
	s->files = s->files ? s->files : 1;
	f = &s->file[0];
	*f = (struct model_file){.handler = "memfd-v2", .token = 77, .pos = 9, .seals = 1};
	strcpy(s->name, "guest");
	f->size = 5 * page + 100;
	f->folios = ARRAY_SIZE(index);
	for (unsigned int i = 0; i < f->folios; i++) {
		f->index[i] = index[i];
		f->pfn[i] = (at / page + index[i]) | 3ULL << 52;
		kho_image_preserve(&d->img, at + index[i] * page, index[i] == 2);
	}
	for (uint64_t i = 0; i < 6 * page; i += 8)
		put_u64(kho_image_at(&d->img, at + i, 8), i ^ 0x1234567);
}

static void make_sound(struct made *d, const char *kind)
{
	enum kho_map_format format = !strncmp(kind, "v1small", 7)  ? KHO_MAP_V1_SMALL
				     : !strncmp(kind, "v1page", 6) ? KHO_MAP_V1_PAGE
								   : KHO_MAP_RADIX;
	unsigned int shift = strstr(kind, "-64k") ? 16 : strstr(kind, "-16k") ? 14 : 12;
	struct kho_image_blob *b;

	kho_image_init_sized(&d->img, format, shift, 8 * SZ_1M << (shift - 12));
	add_memblock(d);
	fill_model(d);
	d->luo = linux_write(format == KHO_MAP_RADIX ? LINUX_7_2 : LINUX_6_19, &d->img, d->model,
			     &d->luo_size);
	b = &d->img.blob[d->img.blobs++];
	*b = (struct kho_image_blob){"LUO", d->luo, d->luo_size, 8, 8, false, false};
	if (format == KHO_MAP_RADIX) {
		kho_image_metadata(&d->img, "7.3.4-test", 3);
		kho_image_blob(&d->img, "private", "\1\2\3 what nobody knows", 24);
	}
	kho_image_preserve(&d->img, KHO_IMAGE_DATA, 0);
	for (uint64_t i = 0; i < 100; i++)
		kho_image_preserve(&d->img, KHO_IMAGE_DATA + (100 + i + i / 10) * d->img.page, 0);
	kho_image_preserve(&d->img, 16 * SZ_1G, 9);
	kho_image_finish(&d->img);
	make_setup_data(&d->img);
}

static void write_kdump(struct made *d, const char *format, int fd)
{
	make_kdump(&d->img, fd,
		   !strcmp(format, "kdump")  ? 1
		   : !strcmp(format, "lzo")  ? 2
		   : !strcmp(format, "zstd") ? 32
					     : 0,
		   false);
}

static void write_sound(const char *kind, const char *format, const char *out)
{
	static struct made d;
	int fd = make_out(out);
	uint64_t random = 1;

	make_sound(&d, kind);
	if (!strcmp(format, "raw")) {
		make_raw(&d.img, fd);
	} else if (!strcmp(format, "elf")) {
		make_elf(&d.img, fd, EM_X86_64, 2);
	} else if (!strcmp(format, "flat")) {
		int whole = make_file();

		write_kdump(&d, "kdump", whole);
		make_flat(whole, fd, &random);
	} else {
		write_kdump(&d, format, fd);
	}
}

static void write_part(const char *dir, const char *name, const void *bytes, uint64_t size)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = make_out(path);
	require(write(fd, bytes, size) == (ssize_t)size, path);
	close(fd);
}

static void write_parts(const char *kind, const char *dir)
{
	static struct made d;
	char text[64];
	struct model_file *f;
	const uint8_t *fdt;

	make_sound(&d, kind);
	f = &d.model->session[0].file[0];
	write_part(dir, "file",
		   kho_image_at(&d.img, (f->pfn[0] & ((1ULL << 52) - 1)) * d.img.page, f->size),
		   f->size);
	write_part(dir, "range", kho_image_at(&d.img, d.range, RANGE_BYTES), RANGE_BYTES);
	write_part(dir, "blob", kho_image_at(&d.img, d.luo, d.luo_size), d.luo_size);
	fdt = kho_image_at(&d.img, d.img.h.fdt.addr, d.img.page);
	write_part(dir, "root", fdt, fdt_totalsize(fdt));
	write_part(dir, "scratch_phys", text,
		   (uint64_t)snprintf(text, sizeof(text), "0x%" PRIx64 "\n0x%" PRIx64 "\n",
				      d.img.area[0].base, d.img.area[1].base));
	write_part(dir, "scratch_len", text,
		   (uint64_t)snprintf(text, sizeof(text), "0x%" PRIx64 "\n0x%" PRIx64 "\n",
				      d.img.area[0].size, d.img.area[1].size));
}

/* ---- large ones ---- */

static void put_at(int fd, uint64_t at, const void *bytes, uint64_t size)
{
	require(pwrite(fd, bytes, size, (off_t)at) == (ssize_t)size, "dump");
}

static void put_word(int fd, uint64_t at, uint64_t v)
{
	put_at(fd, at, &v, 8);
}

/* A root FDT with its map at @map. */
static void put_root(int fd, uint64_t at, uint64_t map)
{
	_Alignas(8) uint8_t fdt[512];

	fdt_create_empty_tree(fdt, sizeof(fdt));
	fdt_setprop_string(fdt, 0, "compatible", "kho-v4");
	fdt_setprop(fdt, 0, "preserved-memory-map", &map, 8);
	put_at(fd, at, fdt, sizeof(fdt));
}

/* As radix tree of 4 KiB pages: @leaves leaves of order 0 for memory from 0 on, from @at on. */
static void put_tree(int fd, uint64_t at, uint64_t leaves, const uint8_t leaf[4096])
{
	uint64_t next = at + 4 * 4096, node = 0;

	/* Bit 52 is the marker of order 0: index 2 at the root, 0 at the three levels below. */
	put_word(fd, at + 2 * 8, at + 4096);
	put_word(fd, at + 4096, at + 2 * 4096);
	put_word(fd, at + 2 * 4096, at + 3 * 4096);
	for (uint64_t i = 0; i < leaves; i++) {
		if (i % 512 == 0) {
			node = next;
			next += 4096;
			put_word(fd, at + 3 * 4096 + i / 512 * 8, node);
		}
		put_word(fd, node + i % 512 * 8, next);
		put_at(fd, next, leaf, 4096);
		next += 4096;
	}
}

static void write_dense(const char *out)
{
	uint8_t leaf[4096];
	int fd = make_out(out);

	memset(leaf, 0x55, sizeof(leaf));
	require(!ftruncate(fd, 1LL << 40), out);
	put_root(fd, 0x40000000, 0x40001000);
	put_tree(fd, 0x40001000, 8192, leaf);
}

/* 2 MiB of data in every 96 MiB. */
static void write_sparse(const char *out)
{
	uint64_t size = 24ULL << 30, random = 3, *block = malloc(SZ_2M);
	uint8_t leaf[4096] = {1};
	int fd = make_out(out);

	require(block && !ftruncate(fd, (off_t)size), out);
	for (uint64_t at = 0; at < size; at += 96 * SZ_1M) {
		for (uint64_t i = 0; i < SZ_2M / 8; i++)
			block[i] = random_next(&random);
		put_at(fd, at, block, SZ_2M);
	}
	/* The page of the FDT is the first of the 128 MiB that the leaf is for. */
	put_root(fd, size - 128 * SZ_1M, size - 64 * SZ_1M);
	put_tree(fd, size - 64 * SZ_1M, size / (128 * SZ_1M), leaf);
}

/* ---- damage ---- */

static void write_damage(const char *file, uint64_t seed)
{
	uint64_t random = seed, at, n, what = random_below(&random, 3);
	static uint8_t bytes[SZ_4K];
	int fd = open(file, O_RDWR);
	struct stat s;

	require(fd >= 0 && !fstat(fd, &s) && s.st_size, file);
	at = random_below(&random, (uint64_t)s.st_size);
	if (!what) {
		require(!ftruncate(fd, (off_t)at), file);
	} else if (what == 1) {
		n = 1 + random_below(&random, sizeof(bytes));
		put_at(fd, at, bytes, min_u64(n, (uint64_t)s.st_size - at));
	} else {
		require(pread(fd, bytes, 1, (off_t)at) == 1, file);
		bytes[0] ^= (uint8_t)(1U << random_below(&random, 8));
		put_at(fd, at, bytes, 1);
	}
}

/* ---- limits ---- */

static int limit(char **argv)
{
	unsigned long ms = strtoul(argv[0], NULL, 0), mib = strtoul(argv[1], NULL, 0), used;
	struct rusage r;
	int status = 0;
	pid_t pid = fork();

	require(pid >= 0, "fork");
	if (!pid) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	require(wait4(pid, &status, 0, &r) == pid, "wait");
	used = (unsigned long)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000 +
	       (unsigned long)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1000;
	fprintf(stderr, "%lu ms of a processor, %ld MiB of memory\n", used, r.ru_maxrss / 1024);
	return status || used > ms || (unsigned long)r.ru_maxrss / 1024 > mib;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "sound"))
		write_sound(argv[2], argv[3], argv[4]);
	else if (argc == 4 && !strcmp(argv[1], "parts"))
		write_parts(argv[2], argv[3]);
	else if (argc == 3 && !strcmp(argv[1], "dense"))
		write_dense(argv[2]);
	else if (argc == 3 && !strcmp(argv[1], "sparse"))
		write_sparse(argv[2]);
	else if (argc == 4 && !strcmp(argv[1], "damage"))
		write_damage(argv[2], strtoull(argv[3], NULL, 0));
	else if (argc >= 5 && !strcmp(argv[1], "limit"))
		return limit(argv + 2);
	else
		require(false, "what is asked for?");
	return 0;
}
