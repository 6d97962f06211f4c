// SPDX-License-Identifier: BSD-2-Clause
/* Ready kernels: each field wrong, relocation as the kernel's own code does it, starting one. */
#include "unit.h"

#include <arch/kernel.h>
#include <format/ready.h>

#include <stdlib.h>
#include <uchar.h>

#include "../../tools/ready_kernel.h"
#include "make_image.h"
#include "pack.h"

static struct buffer file;

static int fresh(void **state)
{
	(void)state;
	make_ready(&file, false);
	return 0;
}

static int fresh_packed(void **state)
{
	(void)state;
	make_ready(&file, true);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buffer_free(&file);
	return 0;
}

/* ---- the format ------------------------------------------------------------------------------ */

static void good(void **state)
{
	struct ready r;
	(void)state;

	assert_true(ready_is(file.data, file.size));
	ok(ready_open(file.data, file.size, &r, NULL));
	assert_ptr_equal(r.image, file.data + TEST_READY_IMAGE);
	assert_int_equal(r.memory, TEST_READY_MEMORY);
	assert_int_equal(r.loaded, TEST_READY_LOADED);
	assert_int_equal(r.entry, TEST_READY_ENTRY);
	assert_int_equal(r.bzimage_size, TEST_BZ_SETUP);
	assert_true(ready_relocatable(&r));
}

static const struct {
	const char *what;
	uint32_t at;
	uint64_t value;
	enum kb_status want;
} wrongs[] = {
	{"the image one page further", READY_AT_IMAGE, TEST_READY_IMAGE + SZ_4K, KB_READY_SHORT},
	{"the image far away", READY_AT_IMAGE, -SZ_4K, KB_READY_SHORT},
	{"the image at no page", READY_AT_IMAGE, TEST_READY_IMAGE - 64, KB_READY_SHAPE},
	{"the image over the header", READY_AT_IMAGE, 0, KB_READY_SHORT},
	{"more memory", READY_AT_MEMORY, TEST_READY_MEMORY + SZ_4K, KB_READY_SHORT},
	{"no memory", READY_AT_MEMORY, 0, KB_READY_SHAPE},
	{"half a page of memory", READY_AT_MEMORY, 0x1800, KB_READY_SHAPE},
	{"too much memory", READY_AT_MEMORY, SZ_1G + SZ_4K, KB_READY_SHAPE},
	{"all loaded", READY_AT_LOADED, TEST_READY_MEMORY, KB_OK},
	{"more loaded than memory", READY_AT_LOADED, TEST_READY_MEMORY + 1, KB_READY_SHAPE},
	{"the last field not loaded", READY_AT_LOADED, 0x17ff, KB_READY_RELOC},
	{"entry at the end", READY_AT_ENTRY, TEST_READY_LOADED - 1, KB_OK},
	{"entry after the end", READY_AT_ENTRY, TEST_READY_LOADED, KB_READY_SHAPE},
	{"one more of 64 bits", READY_AT_RELOCS64, 3, KB_OK},
	{"one less of 32 bits", READY_AT_RELOCS32, 1, KB_READY_RELOC},
	{"too many relocations", READY_AT_RELOCS32, 1 << 20, KB_READY_SHORT},
	{"endless relocations", READY_AT_RELOCS64, -1ULL, KB_READY_SHAPE},
	{"endless negative ones", READY_AT_INVERSE, 1ULL << 62, KB_READY_SHAPE},
	{"relocations between words", READY_AT_RELOCS, 0x901, KB_READY_SHAPE},
	{"relocations over the image", READY_AT_RELOCS, TEST_READY_IMAGE, KB_READY_SHAPE},
	{"the bzImage over relocations", READY_AT_BZIMAGE_SIZE, 0x881, KB_READY_SHAPE},
	{"the bzImage after the end", READY_AT_BZIMAGE, 1ULL << 40, KB_READY_SHORT},
};

static void each_field_wrong(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(wrongs); i++) {
		struct ready r = {.memory = 1};
		struct kb_diag diag = {0};
		enum kb_status st;

		make_ready(&file, false);
		put_u64(file.data + wrongs[i].at, wrongs[i].value);
		st = ready_open(file.data, file.size, &r, &diag);
		if (st != wrongs[i].want)
			fail_msg("%s: KB-%03d", wrongs[i].what, st);
		assert_int_equal(diag.status, st);
		assert_true(!st || r.memory == 1);
	}
}

/* The offset of a field of 64 bits, four bytes before the end. */
static void a_field_too_long(void **state)
{
	struct ready r;
	(void)state;

	put_u32(file.data + 0x900 + 8, TEST_READY_LOADED - 8);
	ok(ready_open(file.data, file.size, &r, NULL));
	put_u32(file.data + 0x900 + 8, TEST_READY_LOADED - 7);
	assert_int_equal(ready_open(file.data, file.size, &r, NULL), KB_READY_RELOC);
}

static void cut_off_anywhere(void **state)
{
	struct ready r;
	(void)state;

	for (size_t size = 0; size < file.size; size += size < 0x200 ? 1 : 64) {
		uint8_t *copy = malloc(size ? size : 1);

		memcpy(copy, file.data, size);
		assert_int_equal(ready_open(copy, size, &r, NULL), KB_READY_SHORT);
		free(copy);
	}
}

static void other_versions(void **state)
{
	struct ready r;
	(void)state;

	put_u32(file.data + 8, 2);
	assert_int_equal(ready_open(file.data, file.size, &r, NULL), KB_READY_VERSION);
	put_u32(file.data + 8, 1);
	put_u32(file.data + 12, 96);
	assert_int_equal(ready_open(file.data, file.size, &r, NULL), KB_READY_SHAPE);
	file.data[0] = 'k';
	assert_false(ready_is(file.data, file.size));
}

static void relocation(void **state)
{
	uint8_t kernel[TEST_READY_LOADED], want[TEST_READY_LOADED];
	struct ready r;
	(void)state;

	ok(ready_open(file.data, file.size, &r, NULL));
	memset(kernel, 0x11, sizeof(kernel));
	memset(want, 0x11, sizeof(want));
	ready_relocate(&r, kernel, 0);
	assert_memory_equal(kernel, want, sizeof(want));
	ready_relocate(&r, kernel, 0x3fe00000);
	put_u32(want, 0x11111111 + 0x3fe00000);
	put_u32(want + 0x17fc, 0x11111111 + 0x3fe00000);
	put_u64(want + 0x10, 0x1111111111111111 + 0x3fe00000);
	/* These eight bytes contain the four before. */
	put_u64(want + 0x17f8, get_u64(want + 0x17f8) + 0x3fe00000);
	put_u32(want + 0x20, 0x11111111 - 0x3fe00000);
	assert_memory_equal(kernel, want, sizeof(want));
}

/* ---- khoctl's part --------------------------------------------------------------------------- */

#define FIELD(at) (0x81000000u + (at))

/* What the decompressor does: segments to their places, then the table from its end. */
static void as_the_kernel_does(const struct buffer *elf, size_t words, bool inverse, uint32_t delta,
			       uint8_t *out)
{
	const uint8_t *end = elf->data + elf->size, *reloc = end - 4;
	const uint8_t *first = elf->data + 0x1000;

	memcpy(out, first, TEST_ELF_FIRST);
	memcpy(out + 0x100000, first + TEST_ELF_FIRST, TEST_ELF_SECOND);
	for (; get_u32(reloc); reloc -= 4)
		put_u32(out + (get_u32(reloc) - FIELD(0)),
			get_u32(out + (get_u32(reloc) - FIELD(0))) + delta);
	if (inverse)
		for (reloc -= 4; get_u32(reloc); reloc -= 4)
			put_u32(out + (get_u32(reloc) - FIELD(0)),
				get_u32(out + (get_u32(reloc) - FIELD(0))) - delta);
	for (reloc -= 4; get_u32(reloc); reloc -= 4)
		put_u64(out + (get_u32(reloc) - FIELD(0)),
			get_u64(out + (get_u32(reloc) - FIELD(0))) + delta);
	assert_ptr_equal(reloc, end - words * 4);
}

static enum kb_status convert(const struct buffer *elf, bool packed, struct buffer *out)
{
	struct buffer gz = {0}, image = {0};
	struct bzimage b;
	enum kb_status st;

	pack_gzip_to(&gz, elf->data, elf->size);
	make_bzimage(&image, gz.data, gz.size);
	ok(bzimage_parse(image.data, image.size, &b, NULL));
	out->size = 0;
	st = ready_kernel_x86(image.data, &b, packed, out, NULL);
	if (!st)
		assert_int_equal(get_u64(out->data + READY_AT_BZIMAGE_SIZE),
				 packed ? image.size : TEST_BZ_SETUP);
	buffer_free(&gz);
	buffer_free(&image);
	return st;
}

#define SPAN (0x100000u + TEST_ELF_SECOND)

static void compare(const uint32_t *relocs, size_t words, bool inverse)
{
	struct buffer elf = {0}, out = {0};
	uint8_t *want = calloc(1, SPAN), *have = malloc(SPAN);
	struct ready r;

	make_vmlinux(&elf, relocs, words);
	ok(convert(&elf, inverse, &out));
	ok(ready_open(out.data, out.size, &r, NULL));
	assert_int_equal(r.loaded, SPAN);
	assert_int_equal(r.memory, 0x100000 + 2 * TEST_ELF_SECOND);
	assert_int_equal(r.entry, TEST_ELF_ENTRY);
	memcpy(have, r.image, SPAN);
	ready_relocate(&r, have, 0x2a400000);
	as_the_kernel_does(&elf, words, inverse, 0x2a400000, want);
	assert_memory_equal(have, want, SPAN);
	for (uint64_t i = r.loaded; i < r.memory; i++)
		assert_int_equal(r.image[i], 0);
	buffer_free(&elf);
	buffer_free(&out);
	free(want);
	free(have);
}

static void both_forms_of_the_table(void **state)
{
	static const uint32_t two[] = {0, FIELD(0x10), FIELD(0x100000), 0, FIELD(0), FIELD(0x2ffc)};
	static const uint32_t three[] = {0, FIELD(0x18), 0, FIELD(0x101ffc), 0, FIELD(8), FIELD(4)};
	static const uint32_t empty[] = {0, 0, 0};
	(void)state;

	compare(two, ARRAY_SIZE(two), false);
	compare(three, ARRAY_SIZE(three), true);
	compare(empty, ARRAY_SIZE(empty), true);
}

static void random_tables(void **state)
{
	uint64_t seed = 14;
	(void)state;

	for (unsigned int n = 0; n < 20; n++) {
		uint32_t words[64];
		size_t count = 0;

		for (unsigned int list = 0; list < 3; list++) {
			words[count++] = 0;
			for (uint64_t i = random_below(&seed, 20); i; i--)
				words[count++] = FIELD((uint32_t)random_below(&seed, SPAN - 8));
		}
		compare(words, count, true);
	}
}

static void tables_that_are_none(void **state)
{
	static const struct {
		const char *what;
		size_t count;
		uint32_t words[5];
	} tables[] = {
		{"one list", 2, {0, FIELD(0)}},
		{"four lists", 5, {0, 0, 0, 0, FIELD(0)}},
		{"no zero first", 3, {FIELD(0), 0, FIELD(0)}},
		{"before the kernel", 3, {0, 0, FIELD(0) - 1}},
		{"a field that ends after it", 3, {0, 0, FIELD(SPAN - 3)}},
		{"eight bytes that do", 3, {0, FIELD(SPAN - 7), 0}},
		{"a positive address", 3, {0, 0, 0x1000000}},
	};
	struct buffer elf = {0}, out = {0};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		enum kb_status st;

		make_vmlinux(&elf, tables[i].words, tables[i].count);
		st = convert(&elf, false, &out);
		if (st != KB_CTL_READY_RELOCS)
			fail_msg("%s: KB-%03d", tables[i].what, st);
	}
	make_vmlinux(&elf, NULL, 0);
	ok(convert(&elf, false, &out));
	assert_int_equal(get_u64(out.data + READY_AT_RELOCS32), 0);
	buffer_free(&elf);
	buffer_free(&out);
}

static void segments_that_do_not_fit(void **state)
{
	enum { FIRST = TEST_ELF_PHDR, SECOND = FIRST + 56 };
	static const struct {
		const char *what;
		uint32_t at;
		uint64_t value;
		enum kb_status want;
	} fields[] = {
		{"no ELF", 0, 0, KB_CTL_READY_ELF},
		{"another machine", 16, 2 | 183 << 16, KB_CTL_READY_ELF},
		{"no section headers", 56, 3 | 64ULL << 16, KB_CTL_READY_RELOCS},
		{"no program headers", 56, 0 | 64ULL << 16 | 2ULL << 32, KB_CTL_READY_SEGMENTS},
		{"program headers far away", 32, -64ULL, KB_CTL_READY_SEGMENTS},
		{"program headers outside", 32, 1 << 24, KB_CTL_READY_SEGMENTS},
		{"section headers outside", 40, 1 << 24, KB_CTL_READY_SEGMENTS},
		{"the entry before", 24, TEST_ELF_LINK - 1, KB_CTL_READY_SEGMENTS},
		{"the entry after", 24, TEST_ELF_LINK + SPAN, KB_CTL_READY_SEGMENTS},
		{"bytes outside", FIRST + 8, 1 << 24, KB_CTL_READY_SEGMENTS},
		{"bytes far away", FIRST + 8, -1ULL, KB_CTL_READY_SEGMENTS},
		{"below the kernel", FIRST + 24, TEST_ELF_LINK - SZ_4K, KB_CTL_READY_SEGMENTS},
		{"more file than memory", FIRST + 40, 1, KB_CTL_READY_SEGMENTS},
		{"one over the other", SECOND + 24, TEST_ELF_LINK + 1, KB_CTL_READY_SEGMENTS},
		{"too much memory", SECOND + 40, SZ_1G, KB_CTL_READY_SEGMENTS},
		{"endless memory", SECOND + 40, -1ULL, KB_CTL_READY_SEGMENTS},
	};
	struct buffer elf = {0}, out = {0};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		enum kb_status st;

		make_vmlinux(&elf, NULL, 0);
		put_u64(elf.data + fields[i].at, fields[i].value);
		st = convert(&elf, false, &out);
		if (st != fields[i].want)
			fail_msg("%s: KB-%03d", fields[i].what, st);
	}
	buffer_free(&elf);
	buffer_free(&out);
}

/* ---- how it is started ----------------------------------------------------------------------- */

static enum kb_status choose(const char *cmdline, const struct kernel_cpu *cpu, struct kernel *k)
{
	ok(kernel_open(file.data, file.size, (struct range){0, 0}, k, NULL));
	assert_true(k->is_ready);
	return kernel_choose(k, (struct kb_text){cmdline, strlen(cmdline)}, cpu, NULL);
}

static void opened(void **state)
{
	struct kernel k;
	(void)state;

	ok(kernel_open(file.data, file.size, (struct range){0, 0}, &k, NULL));
	assert_int_equal(k.window_size, TEST_READY_MEMORY);
	assert_int_equal(k.window_align, SZ_2M);
	assert_memory_equal(k.release, TEST_RELEASE, k.release_len);
	assert_int_equal(kernel_copies(&k, (struct range){SZ_4G, SZ_2M}), TEST_READY_LOADED);
	assert_int_equal(kernel_copies(&k, (struct range){(uintptr_t)k.ready.image, SZ_2M}), 0);
	file.data[0x80 + 0x202] ^= 1;
	assert_int_equal(kernel_open(file.data, file.size, (struct range){0, 0}, &k, NULL),
			 KB_BZ_MAGIC);
}

static void the_paging_mode_is_kept(void **state)
{
	struct kernel_cpu cpu = {.can_la57 = true};
	struct kernel k;
	(void)state;

	ok(choose("quiet", &cpu, &k));
	assert_true(k.four_levels);
	ok(choose("no5lvl", &cpu, &k));
	cpu.reset = true;
	assert_int_equal(choose("no5lvl", &cpu, &k), KB_READY_PAGING);
	cpu.reset = false;
	cpu.la57 = true;
	ok(choose("quiet", &cpu, &k));
	assert_false(k.four_levels);
	assert_int_equal(choose("quiet no5lvl", &cpu, &k), KB_READY_PAGING);
	ok(choose("quiet no5lvl=1 xno5lvl", &cpu, &k));
	put_u16(file.data + 0x80 + 0x236, 0x23);
	assert_int_equal(choose("quiet", &cpu, &k), KB_READY_PAGING);
	put_u16(file.data + 0x80 + 0x236, 0x3);
	assert_int_equal(choose("quiet", &cpu, &k), KB_BZ_5LEVEL);
}

static void confidential_guests(void **state)
{
	const struct kernel_cpu cpu = {.confidential = true};
	struct kernel k;
	(void)state;

	assert_int_equal(choose("", &cpu, &k), KB_READY_CONFIDENTIAL);
}

static void the_packed_way(void **state)
{
	const struct kernel_cpu cpu = {.confidential = true}, plain = {.la57 = false};
	struct kernel k;
	uint8_t window[0x4000];
	(void)state;

	ok(choose("", &plain, &k));
	assert_true(k.is_ready);
	ok(choose("", &cpu, &k));
	assert_false(k.is_ready);
	assert_int_equal(k.window_size, 0x4000000);
	assert_int_equal(kernel_copies(&k, (struct range){0, 0}), k.bz.load_size);
	ok(kernel_load(&k, window, (struct range){0, 0}));
	assert_memory_equal(window + 0x400, "packed", 6);
}

static void layout_at_random(void **state)
{
	struct kernel_cpu cpu = {.random = {77, 0}};
	const uint64_t places = 1 + (SZ_1G - 0x1000000 - TEST_READY_MEMORY) / SZ_2M;
	struct kernel k;
	(void)state;

	for (cpu.random[1] = 0; cpu.random[1] < 2 * places; cpu.random[1]++) {
		ok(choose("quiet", &cpu, &k));
		assert_true(k.kaslr && k.random_place);
		assert_int_equal(k.random, 77);
		assert_int_equal(k.virtual_delta, cpu.random[1] % places * SZ_2M);
		assert_true(0x1000000 + k.virtual_delta + k.window_size <= SZ_1G);
	}
	assert_true(kernel_fix_place(&k));
	assert_false(kernel_fix_place(&k));
	ok(choose("a nokaslr b", &cpu, &k));
	assert_false(k.kaslr || k.random_place || k.virtual_delta);
	cpu.random[1] = 1;
	ok(choose("nokaslr=1 mem=1G", &cpu, &k));
	assert_true(k.kaslr && !k.random_place && k.virtual_delta);
	for (uint32_t at = READY_AT_RELOCS32; at <= READY_AT_INVERSE; at += 8)
		put_u64(file.data + at, 0);
	ok(choose("", &cpu, &k));
	assert_false(k.kaslr || k.random_place || k.virtual_delta);
}

/* As parse_mem_encrypt() has it: the first of each counts. */
static void memory_encryption(void **state)
{
	static const struct {
		const char *cmdline;
		bool encrypts;
	} c[] = {
		{"", false},
		{"mem_encrypt=on", true},
		{"a mem_encrypt=on b", true},
		{"mem_encrypt=off", false},
		{"mem_encrypt=off mem_encrypt=on", true},
		{"mem_encrypt=on mem_encrypt=off", false},
		{"mem_encrypt=on mem_encrypt=off mem_encrypt=on", false},
		{"mem_encrypt=one xmem_encrypt=on mem_encrypt", false},
	};
	const struct kernel_cpu cpu = {.la57 = false};
	struct kernel k;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		ok(choose(c[i].cmdline, &cpu, &k));
		assert_int_equal(k.encrypts, c[i].encrypts);
	}
}

/* The stub is not in a ready kernel, but what it would ask for is known. */
static void the_stub_asks_to_have_memory_cleared(void **state)
{
	static const char16_t name[] = u"MemoryOverwriteRequestControl";
	const struct kernel_cpu cpu = {.confidential = true}, plain = {.la57 = false};
	struct buffer elf = {0}, image = {0}, out = {0}, gz = {0};
	struct bzimage b;
	struct kernel k;
	(void)state;

	ok(choose("", &plain, &k));
	assert_false(kernel_asks_overwrite(&k));
	make_vmlinux(&elf, NULL, 0);
	pack_gzip_to(&gz, elf.data, elf.size);
	make_bzimage(&image, gz.data, gz.size);
	/* From an even offset on, not packed. */
	memcpy(image.data + TEST_BZ_SETUP + 0x100, name, sizeof(name));
	ok(bzimage_parse(image.data, image.size, &b, NULL));
	for (unsigned int packed = 0; packed < 2; packed++) {
		out.size = 0;
		ok(ready_kernel_x86(image.data, &b, packed, &out, NULL));
		ok(kernel_open(out.data, out.size, (struct range){0, 0}, &k, NULL));
		assert_true(kernel_asks_overwrite(&k));
	}
	ok(kernel_choose(&k, (struct kb_text){"", 0}, &cpu, NULL));
	assert_true(!k.is_ready && kernel_asks_overwrite(&k));
	buffer_free(&elf);
	buffer_free(&gz);
	buffer_free(&image);
	buffer_free(&out);
}

/* Loaded over a part of itself as well. */
static void loading(void **state)
{
	struct kernel_cpu cpu = {.random = {0, 3}};
	uint8_t want[TEST_READY_LOADED];
	struct kernel k;
	(void)state;

	ok(choose("", &cpu, &k));
	for (size_t i = 0; i < TEST_READY_LOADED; i++)
		file.data[TEST_READY_IMAGE + i] = (uint8_t)(i * 5 + i / 256);
	memcpy(want, k.ready.image, sizeof(want));
	ready_relocate(&k.ready, want, 3 * SZ_2M);
	for (int shift = -0x400; shift <= 0x800; shift += 0x400) {
		uint8_t *window = file.data + TEST_READY_IMAGE + shift;

		for (size_t i = 0; i < TEST_READY_LOADED; i++)
			file.data[TEST_READY_IMAGE + i] = (uint8_t)(i * 5 + i / 256);
		ok(kernel_load(&k, window, (struct range){0, 0}));
		assert_memory_equal(window, want, sizeof(want));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(good, fresh),
		cmocka_unit_test(each_field_wrong),
		cmocka_unit_test_setup(a_field_too_long, fresh),
		cmocka_unit_test_setup(cut_off_anywhere, fresh),
		cmocka_unit_test_setup(other_versions, fresh),
		cmocka_unit_test_setup(relocation, fresh),
		cmocka_unit_test(both_forms_of_the_table),
		cmocka_unit_test(random_tables),
		cmocka_unit_test(tables_that_are_none),
		cmocka_unit_test(segments_that_do_not_fit),
		cmocka_unit_test_setup(opened, fresh),
		cmocka_unit_test_setup(the_paging_mode_is_kept, fresh),
		cmocka_unit_test_setup(confidential_guests, fresh),
		cmocka_unit_test_setup(the_packed_way, fresh_packed),
		cmocka_unit_test_setup(memory_encryption, fresh),
		cmocka_unit_test_setup(layout_at_random, fresh),
		cmocka_unit_test_setup(the_stub_asks_to_have_memory_cleared, fresh_packed),
		cmocka_unit_test_setup(loading, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
