// SPDX-License-Identifier: BSD-2-Clause
/* Dumps of every format give the bytes of the memory that they were made of; damaged ones end. */
#include "kho_test.h"
#include "luo_kernel.h"
#include "make_dump.h"

#include "tools/dump.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define DAMAGES 10000

#define assert_ok(call) assert_int_equal(call, KB_OK)

static const unsigned int packings[] = {0, 1, 32};

/* An image with a bit of all: sessions, a handover in memory, blocks of several orders. */
static struct model *make(struct kho_image *img, enum kho_map_format format, unsigned int shift,
			  uint64_t seed)
{
	uint64_t size = 0, random = seed;
	struct kho_image_blob *b;
	struct model *m;

	kho_image_init_sized(img, format, shift, 8 * SZ_1M << (shift - 12));
	m = model_make(img, &random, 3, 3, true, true);
	kho_image_preserve(img, KHO_IMAGE_DATA, 0);
	kho_image_preserve(img, KHO_IMAGE_DATA + 7 * (img->page << 9), 9);
	if (format == KHO_MAP_RADIX) {
		b = &img->blob[img->blobs];
		b->at = linux_write(LINUX_7_2, img, m, &size);
		*b = (struct kho_image_blob){"LUO", b->at, size, 8, 8, false, false};
		img->blobs++;
		kho_image_metadata(img, "7.3.4-test", 3);
	}
	kho_image_blob_fdt(img, "other", "other-v1");
	kho_image_finish(img);
	make_setup_data(img);
	make_device_tree(img);
	return m;
}

static void free_image(struct kho_image *img, struct model *m)
{
	model_free(m);
	kho_image_free(img);
}

/* Whatever is asked for, both give the same bytes. */
static void assert_same_memory(struct dump *d, const struct kho_image *img, uint64_t *random)
{
	static uint8_t buf[SZ_64K];

	for (unsigned int i = 0; i < 300; i++) {
		uint64_t at = random_below(random, img->used);
		uint64_t n = 1 + random_below(random, min_u64(sizeof(buf), img->used - at));
		const void *p = mem_get(&d->mem, phys(KHO_IMAGE_BASE + at), n);

		assert_non_null(p);
		assert_memory_equal(p, img->buf + at, n);
		assert_true(dump_read(d, (struct range){KHO_IMAGE_BASE + at, n}, buf));
		assert_memory_equal(buf, img->buf + at, n);
	}
	assert_null(mem_get(&d->mem, phys(KHO_IMAGE_BASE + img->size + SZ_1G), 1));
}

static void assert_found(const struct dump *d, const struct kho_image *img)
{
	struct dump_found f;

	dump_scan(d, &f);
	assert_int_equal(f.roots, 1);
	assert_int_equal(f.root[0].at, img->h.fdt.addr);
	assert_int_equal(f.root[0].page_shift, img->page_shift);
	assert_true(f.root[0].handed);
	assert_int_equal(f.root[0].h.scratch.addr, img->h.scratch.addr);
	assert_int_equal(f.root[0].h.scratch_size, img->h.scratch_size);
	assert_int_equal(f.root[0].count, img->format == KHO_MAP_RADIX ? 3 : 0);
}

static void check(struct kho_image *img, int fd, uint64_t at, uint64_t *random)
{
	struct dump d = {0};

	assert_ok(dump_add(&d, make_path(fd), at, false, NULL));
	assert_false(d.cut);
	assert_same_memory(&d, img, random);
	assert_found(&d, img);
	dump_close(&d);
	close(fd);
}

static void check_flat(struct kho_image *img, int fd, uint64_t at, uint64_t *random)
{
	int flat = make_file();

	make_flat(fd, flat, random);
	check(img, fd, at, random);
	check(img, flat, at, random);
}

static void every_format_gives_the_same_bytes(void **state)
{
	uint64_t random = 21;
	(void)state;

	for_each_kind(k)
	{
		struct kho_image img;
		struct model *m = make(&img, k->format, k->page_shift, 5);
		int fd = make_file();

		make_raw(&img, fd);
		check(&img, fd, KHO_IMAGE_BASE, &random);
		for (unsigned int n = 1; n < 5; n += 3) {
			fd = make_file();
			make_elf(&img, fd, n == 1 ? EM_X86_64 : EM_AARCH64, n);
			check_flat(&img, fd, 0, &random);
		}
		for (unsigned int i = 0; i < ARRAY_SIZE(packings); i++) {
			fd = make_file();
			make_kdump(&img, fd, packings[i], false);
			check_flat(&img, fd, 0, &random);
		}
		free_image(&img, m);
	}
}

/* Two raw files are one memory, wherever they meet. */
static void pieces_of_one_memory(void **state)
{
	struct kho_image img;
	struct model *m = make(&img, KHO_MAP_RADIX, 12, 5);
	int whole = make_file(), low = make_file(), high = make_file();
	uint64_t random = 4, cut = 5 * SZ_4K + 24;
	struct dump d = {0};
	(void)state;

	make_raw(&img, whole);
	assert_int_equal(write(low, img.buf, cut), cut);
	assert_int_equal(write(high, img.buf + cut, img.used - cut), img.used - cut);
	assert_ok(dump_add(&d, make_path(high), KHO_IMAGE_BASE + cut, false, NULL));
	assert_ok(dump_add(&d, make_path(low), KHO_IMAGE_BASE, false, NULL));
	assert_same_memory(&d, &img, &random);
	assert_found(&d, &img);
	assert_int_equal(dump_add(&d, make_path(whole), KHO_IMAGE_BASE, false, NULL),
			 KB_DUMP_OVERLAP);
	dump_close(&d);
	close(whole), close(low), close(high);
	free_image(&img, m);
}

/* What makedumpfile left out cannot be read, and is not taken for zeros. */
static void pages_that_were_left_out(void **state)
{
	struct kho_image img;
	struct model *m = make(&img, KHO_MAP_RADIX, 12, 5);
	int fd = make_file();
	uint64_t zero = KHO_IMAGE_BASE;
	struct dump d = {0};
	(void)state;

	while (memcmp(img.buf + (zero - KHO_IMAGE_BASE), (uint8_t[4096]){0}, 4096) != 0)
		zero += 4096;
	make_kdump(&img, fd, 1, true);
	assert_ok(dump_add(&d, make_path(fd), 0, false, NULL));
	assert_null(mem_get(&d.mem, phys(zero), 8));
	assert_null(mem_get(&d.mem, phys(SZ_1M), 8));
	assert_true(range_list_contains(&d.mem.ram, (struct range){zero, 8}));
	assert_non_null(mem_get(&d.mem, img.h.fdt, 4096));
	assert_found(&d, &img);
	dump_close(&d);
	close(fd);
	free_image(&img, m);
}

static void expect_open(const char *path, bool raw, enum kb_status st)
{
	struct dump d = {0};

	assert_int_equal(dump_add(&d, path, 0, raw, NULL), st);
	dump_close(&d);
}

/* By LZO (2) and snappy (4), as the descriptors of pages say, or the header alone. */
static void pages_packed_otherwise(void **state)
{
	struct kho_image img;
	struct model *m = make(&img, KHO_MAP_RADIX, 12, 5);
	(void)state;

	for (uint8_t how = 2; how <= 4; how += 2) {
		struct kb_diag diag = {0};
		struct dump d = {0};
		int fd = make_file();

		make_kdump(&img, fd, how, false);
		assert_int_equal(dump_add(&d, make_path(fd), 0, false, &diag), KB_DUMP_PACKED);
		assert_int_equal(diag.value, how);
		dump_close(&d);
		close(fd);
		fd = make_file();
		make_kdump(&img, fd, 0, false);
		assert_int_equal(pwrite(fd, &how, 1, 424), 1);
		expect_open(make_path(fd), false, KB_DUMP_PACKED);
		close(fd);
	}
	free_image(&img, m);
}

static void files_that_are_no_dump(void **state)
{
	int fd = make_file();
	uint8_t head[64] = "\177ELF";
	(void)state;

	expect_open("/nonexistent", false, KB_DUMP_FILE);
	assert_int_equal(errno, ENOENT);
	expect_open("/", false, KB_DUMP_FILE);
	expect_open(make_path(fd), false, KB_DUMP_FORMAT); /* empty */
	assert_int_equal(write(fd, head, sizeof(head)), sizeof(head));
	expect_open(make_path(fd), false, KB_DUMP_FORMAT);
	expect_open(make_path(fd), true, KB_OK);
	memcpy(head, "KDUMP   ", 8);
	assert_int_equal(pwrite(fd, head, sizeof(head), 0), sizeof(head));
	expect_open(make_path(fd), false, KB_DUMP_FORMAT);
	close(fd);
}

/* ---- damage ---- */

static struct inspect_faults faults;

static void see_session(void *ctx, const struct luo_session *s)
{
	*(uint64_t *)ctx += s->files;
}

static void see_folio(void *ctx, const struct inspect_folio *f)
{
	*(uint64_t *)ctx += f->pages;
}

static struct dump *the_dump;
static unsigned int the_shift;

static void see_file(void *ctx, const struct luo_file *f, const struct inspect_memfd *memfd)
{
	(void)f;
	if (memfd && memfd->read)
		inspect_folios(&the_dump->mem, the_shift, &memfd->file, see_folio, ctx, &faults);
}

static void use_root(struct dump *d, struct kho_root *root)
{
	static const struct inspect_lister no_list;
	struct range none[1];
	const struct range_list scratch = {none, 0, 1};
	struct inspect_map map;
	uint64_t sum = 0;
	const struct inspect_luo_see see = {see_session, see_file, NULL, &sum};
	struct luo l;

	the_dump = d;
	root->page_shift = inspect_page_shift(&d->mem, root);
	the_shift = root->page_shift = root->page_shift ? root->page_shift : 12;
	if (root->map.addr)
		inspect_map(&d->mem, root, KHO_BITMAP_UNKNOWN, &scratch, &no_list, &map, &faults);
	for (unsigned int i = 0; i < root->blob_count; i++)
		if (inspect_kind(&d->mem, &root->blob[i]) == INSPECT_LUO &&
		    inspect_luo(&d->mem, &root->blob[i], the_shift, &see, &l, &faults))
			assert_true(faults.count);
}

/* As khoctl inspect does. Returns whether there was a root. */
static bool use(struct dump *d, uint64_t at)
{
	static _Alignas(8) uint8_t fdt[SZ_64K];
	struct kho_root root;
	struct dump_found f;

	memset(&faults, 0, sizeof(faults));
	dump_scan(d, &f);
	if (f.roots)
		at = f.root[0].at;
	if (!dump_read(d, (struct range){at, SZ_4K}, fdt) ||
	    inspect_root(&d->mem, fdt, at, SZ_4K, &root, &faults))
		return false;
	use_root(d, &root);
	return true;
}

struct damage {
	uint64_t at, size;
	uint8_t old[SZ_4K];
};

/* Cut, zeros over up to a page, or one bit. The file's length tells of a cut. */
static void damage(int fd, uint64_t size, uint64_t *random, struct damage *d)
{
	uint64_t what = random_below(random, 3);

	*d = (struct damage){.at = random_below(random, size), .size = 1};
	if (!what) {
		d->size = 0;
		assert_int_equal(ftruncate(fd, (off_t)d->at), 0);
		return;
	}
	if (what == 1)
		d->size = 1 + random_below(random, min_u64(SZ_4K, size - d->at));
	assert_int_equal(pread(fd, d->old, d->size, (off_t)d->at), d->size);
	if (what == 1) {
		static const uint8_t zeros[SZ_4K];

		assert_int_equal(pwrite(fd, zeros, d->size, (off_t)d->at), d->size);
	} else {
		uint8_t flipped = d->old[0] ^ (uint8_t)(1U << random_below(random, 8));

		assert_int_equal(pwrite(fd, &flipped, 1, (off_t)d->at), 1);
	}
}

static void repair(int fd, const uint8_t *bytes, uint64_t size, const struct damage *d)
{
	if (d->size)
		assert_int_equal(pwrite(fd, d->old, d->size, (off_t)d->at), d->size);
	else
		assert_int_equal(pwrite(fd, bytes + d->at, size - d->at, (off_t)d->at),
				 size - d->at);
}

/* Most of a dump means nothing: damage is drawn near what does, three times out of four. */
static void damage_often(int fd, const struct kho_image *img, unsigned int rounds, uint64_t *random,
			 unsigned int *read)
{
	uint64_t size = (uint64_t)lseek(fd, 0, SEEK_END);
	uint8_t *bytes = malloc(size);

	assert_non_null(bytes);
	assert_int_equal(pread(fd, bytes, size, 0), size);
	for (unsigned int i = 0; i < rounds; i++) {
		struct dump d = {0};
		struct damage x;
		enum kb_status st;

		damage(fd, random_below(random, 4) ? min_u64(size, 0x12000) : size, random, &x);
		st = dump_add(&d, make_path(fd), KHO_IMAGE_BASE, false, NULL);
		if (!st)
			*read += use(&d, img->h.fdt.addr);
		else
			assert_true(st == KB_DUMP_FORMAT || st == KB_DUMP_PACKED);
		dump_close(&d);
		repair(fd, bytes, size, &x);
	}
	free(bytes);
}

static void damaged_dumps_end(void **state)
{
	static const struct kho_kind some[] = {{KHO_MAP_V1_SMALL, 12},
					       {KHO_MAP_V1_PAGE, 12},
					       {KHO_MAP_RADIX, 12}};
	uint64_t random = 77;
	unsigned int read = 0;
	(void)state;

	for (unsigned int i = 0; i < 12; i++) {
		struct kho_image img;
		struct model *m;
		int fd = make_file();

		m = make(&img, some[i % 3].format, 12, i);
		if (i % 4 == 0)
			make_raw(&img, fd);
		else if (i % 4 == 1)
			make_elf(&img, fd, EM_X86_64, 3);
		else
			make_kdump(&img, fd, packings[i % 3], false);
		damage_often(fd, &img, DAMAGES / 12, &random, &read);
		close(fd);
		free_image(&img, m);
	}
	/* Most of them could be read in part. */
	assert_in_range(read, DAMAGES / 4, DAMAGES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_gives_the_same_bytes),
		cmocka_unit_test(pieces_of_one_memory),
		cmocka_unit_test(pages_that_were_left_out),
		cmocka_unit_test(pages_packed_otherwise),
		cmocka_unit_test(files_that_are_no_dump),
		cmocka_unit_test(damaged_dumps_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
