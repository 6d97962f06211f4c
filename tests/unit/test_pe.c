// SPDX-License-Identifier: BSD-2-Clause
/* PE headers: one sound image, then each field wrong in each way that has a code. */
#include "unit.h"

#include "make_image.h"

#include <stdlib.h>

static struct buffer file;

static int setup(void **state)
{
	(void)state;
	make_stub(&file);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buffer_free(&file);
	return 0;
}

/* The image as it is in memory from @start on, in a block of its own so that overruns are seen. */
struct copy {
	uint8_t *data;
	struct pe_view view;
};

static struct copy copy_from(uint64_t start, uint64_t end)
{
	struct copy c = {malloc(end - start ? end - start : 1), {NULL, start, end}};

	memcpy(c.data, file.data + start, end - start);
	c.view.data = c.data;
	return c;
}

static enum kb_status open_as(enum pe_layout layout, struct pe *pe, struct kb_diag *diag)
{
	struct copy c = copy_from(layout == PE_FILE ? 0 : 0x1000, file.size);
	enum kb_status st = pe_open(&c.view, STUB_COFF, layout, pe, diag);

	free(c.data);
	return st;
}

static void sound_image(void **state)
{
	struct pe pe;
	(void)state;

	for (int layout = PE_FILE; layout <= PE_FLAT; layout++) {
		ok(open_as((enum pe_layout)layout, &pe, NULL));
		assert_int_equal(pe.sections, 5);
		assert_int_equal(pe.table, STUB_TABLE);
		assert_int_equal(pe.image_size, STUB_SIZE);
		assert_int_equal(pe.headers_size, 0x2000);
		assert_int_equal(pe.section_align, 0x1000);
		assert_int_equal(pe.file_align, 0x200);
		assert_int_equal(pe.entry, 0x2000);
		assert_int_equal(pe.cert_size, 0);
	}
}

static void sections_are_read(void **state)
{
	struct copy c = copy_from(0, file.size);
	struct pe_section s;
	struct pe pe;
	(void)state;

	put_u32(c.data + STUB_SECTION(1) + SEC_RAW, 0x6000); /* swapped with .sbat in the file */
	put_u32(c.data + STUB_SECTION(4) + SEC_RAW, 0x3000);
	ok(pe_open(&c.view, STUB_COFF, PE_FILE, &pe, NULL));
	pe_section(&pe, 1, &s);
	assert_string_equal(s.name, ".rodata");
	assert_int_equal(s.va, 0x3000);
	assert_int_equal(s.flags, 0x40000040);
	assert_int_equal(pe_section_offset(&pe, &s), 0x6000);
	assert_int_equal(pe_section_size(&s), 0xf00);
	pe.layout = PE_MAPPED;
	assert_int_equal(pe_section_offset(&pe, &s), 0x3000);
	s.vsize = 0; /* old linkers: SizeOfRawData alone counts */
	assert_int_equal(pe_section_size(&s), 0x1000);
	s.vsize = 0x1800; /* the rest are zeros that no file holds */
	assert_int_equal(pe_section_size(&s), 0x1000);
	free(c.data);
}

static void long_names_are_cut(void **state)
{
	struct copy c = copy_from(0, file.size);
	struct pe_section s;
	struct pe pe;
	(void)state;

	memcpy(c.data + STUB_SECTION(4), ".abcdefg", 8);
	ok(pe_open(&c.view, STUB_COFF, PE_FILE, &pe, NULL));
	pe_section(&pe, 4, &s);
	assert_string_equal(s.name, ".abcdefg");
	free(c.data);
}

/* One field of the image that is changed, and the code that this gets. */
struct wrong {
	const char *what;
	uint32_t at;
	uint8_t bytes;
	enum pe_layout layout;
	uint32_t value;
	enum kb_status want;
};

static const struct wrong wrongs[] = {
	{"no PE", STUB_COFF, 4, PE_FILE, 0x4550 + 1, KB_PE_MAGIC},
	{"32-bit arm", STUB_COFF + 4, 2, PE_FILE, 0x01c4, KB_PE_MACHINE},
	{"no section", STUB_COFF + 6, 2, PE_FILE, 0, KB_PE_TABLE},
	{"97 sections", STUB_COFF + 6, 2, PE_FILE, 97, KB_PE_TABLE},
	{"table past the headers", STUB_COFF + 6, 2, PE_FILE, 71, KB_PE_TABLE},
	{"optional header past the file", STUB_COFF + 20, 2, PE_FILE, 0xffff, KB_PE_TRUNCATED},
	{"optional header short", STUB_COFF + 20, 2, PE_FILE, 111, KB_PE_FORMAT},
	{"directories cut", STUB_COFF + 20, 2, PE_FILE, 232, KB_PE_FORMAT},
	{"PE32", STUB_OPT, 2, PE_FILE, 0x10b, KB_PE_FORMAT},
	{"17 directories", STUB_OPT + 108, 4, PE_FILE, 17, KB_PE_FORMAT},
	{"directories wrap", STUB_OPT + 108, 4, PE_FILE, 0x20000000, KB_PE_FORMAT},
	{"section alignment 0", STUB_OPT + 32, 4, PE_FILE, 0, KB_PE_ALIGN},
	{"section alignment odd", STUB_OPT + 32, 4, PE_FILE, 0x1800, KB_PE_ALIGN},
	{"file alignment 0", STUB_OPT + 36, 4, PE_FILE, 0, KB_PE_ALIGN},
	{"file alignment over section's", STUB_OPT + 36, 4, PE_FILE, 0x2000, KB_PE_ALIGN},
	{"headers past the file", STUB_OPT + 60, 4, PE_FILE, STUB_SIZE + 1, KB_PE_TRUNCATED},
	{"headers in front of the table", STUB_OPT + 60, 4, PE_FILE, 0x1500, KB_PE_TABLE},
	{"image shorter than sections", STUB_OPT + 56, 4, PE_FILE, 0x607f, KB_PE_OUTSIDE},
	{"headers over .text", STUB_OPT + 60, 4, PE_FILE, 0x2200, KB_PE_OUTSIDE},
	{"va in the headers", STUB_SECTION(4) + SEC_VA, 4, PE_FILE, 0x1000, KB_PE_OUTSIDE},
	{"va past the image", STUB_SECTION(4) + SEC_VA, 4, PE_FILE, 0x7000, KB_PE_OUTSIDE},
	{"va + size passes 2^32", STUB_SECTION(4) + SEC_VSIZE, 4, PE_FILE, ~0u, KB_PE_OUTSIDE},
	{"raw in the headers", STUB_SECTION(4) + SEC_RAW, 4, PE_FILE, 0x1e00, KB_PE_OUTSIDE},
	{"raw past the file", STUB_SECTION(4) + SEC_RAW, 4, PE_FILE, 0x6200, KB_PE_OUTSIDE},
	{"raw size past the file", STUB_SECTION(4) + SEC_RAW_SIZE, 4, PE_FILE, ~0u, KB_PE_OUTSIDE},
	{"raw past the file", STUB_SECTION(4) + SEC_RAW, 4, PE_FLAT, 0x7000, KB_PE_OUTSIDE},
	{"va misaligned", STUB_SECTION(4) + SEC_VA, 4, PE_FILE, 0x6200, KB_PE_ALIGN},
	{"raw misaligned", STUB_SECTION(4) + SEC_RAW, 4, PE_FILE, 0x6100, KB_PE_ALIGN},
	{"va shared", STUB_SECTION(4) + SEC_VA, 4, PE_MAPPED, 0x5000, KB_PE_OVERLAP},
	{"va shared by one byte", STUB_SECTION(0) + SEC_VSIZE, 4, PE_FILE, 0x1001, KB_PE_OVERLAP},
	{"raw shared", STUB_SECTION(4) + SEC_RAW, 4, PE_FILE, 0x5e00, KB_PE_OVERLAP},
	{"writable code", STUB_SECTION(0) + SEC_FLAGS, 4, PE_FILE, 0xe0000020, KB_PE_WX},
	{"raw is not va", STUB_SECTION(3) + SEC_VA, 4, PE_FLAT, 0x8000, KB_PE_OUTSIDE},
	{"raw is not va", STUB_SECTION(4) + SEC_RAW_SIZE, 4, PE_FLAT, 0, KB_PE_VA_RAW},
	{"zeros after raw", STUB_SECTION(3) + SEC_RAW_SIZE, 4, PE_FLAT, 0x200 - 0x10, KB_PE_VA_RAW},
};

static void patch(uint32_t at, uint8_t bytes, uint32_t value)
{
	for (uint8_t i = 0; i < bytes; i++)
		file.data[at + i] = (uint8_t)(value >> 8 * i);
}

static void each_fault_has_its_code(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(wrongs); i++) {
		const struct wrong *w = &wrongs[i];
		struct pe pe = {.entry = 77};
		struct kb_diag diag = {0};
		enum kb_status st;

		setup(state);
		patch(w->at, w->bytes, w->value);
		st = open_as(w->layout, &pe, &diag);
		if (st != w->want)
			fail_msg("%s: KB-%03d, expected KB-%03d", w->what, st, w->want);
		assert_int_equal(diag.status, w->want);
		assert_int_equal(pe.entry, 77);
	}
}

/* The smallest number that is wrong, and the largest that is right. */
static void bounds_are_exact(void **state)
{
	struct pe pe;
	(void)state;

	patch(STUB_OPT + 56, 4, 0x6080);
	ok(open_as(PE_FILE, &pe, NULL));
	patch(STUB_COFF + 6, 2, 70); /* 65 empty entries: the table ends at 0x1ff8 */
	ok(open_as(PE_FILE, &pe, NULL));
	patch(STUB_COFF + 20, 2, 240);
	patch(STUB_OPT + 60, 4, STUB_TABLE + 70 * 40 - 1);
	assert_int_equal(open_as(PE_FILE, &pe, NULL), KB_PE_TABLE);
	patch(STUB_OPT + 60, 4, STUB_TABLE + 70 * 40);
	ok(open_as(PE_FILE, &pe, NULL));
}

/* The sections all lie right for the larger number. */
static void file_alignment_is_the_smaller(void **state)
{
	struct pe pe;
	(void)state;

	patch(STUB_COFF + 6, 2, 1);
	ok(open_as(PE_FILE, &pe, NULL));
	patch(STUB_OPT + 36, 4, 0x2000);
	assert_int_equal(open_as(PE_FILE, &pe, NULL), KB_PE_ALIGN);
}

/* In memory, the places that the parts had in the file mean nothing. */
static void mapped_image_has_no_raw_bytes(void **state)
{
	struct pe pe;
	(void)state;

	patch(STUB_SECTION(4) + SEC_RAW, 4, 0x12000);
	ok(open_as(PE_MAPPED, &pe, NULL));
	assert_int_equal(open_as(PE_FLAT, &pe, NULL), KB_PE_OUTSIDE);
	patch(STUB_SECTION(4) + SEC_RAW, 4, 0x3000);
	ok(open_as(PE_MAPPED, &pe, NULL));
}

static void certificates_are_seen(void **state)
{
	struct pe pe;
	(void)state;

	patch(STUB_OPT + 112 + 32, 4, 0x7000);
	patch(STUB_OPT + 112 + 36, 4, 0x123);
	ok(open_as(PE_FILE, &pe, NULL));
	assert_int_equal(pe.cert_offset, 0x7000);
	assert_int_equal(pe.cert_size, 0x123);
	patch(STUB_OPT + 108, 4, 4); /* the directory is not there */
	ok(open_as(PE_FILE, &pe, NULL));
	assert_int_equal(pe.cert_size, 0);
}

static void header_is_found(void **state)
{
	struct pe_view v = {file.data, 0, 0x40};
	uint64_t at = 77;
	(void)state;

	ok(pe_find_header(&v, &at, NULL));
	assert_int_equal(at, STUB_COFF);
	v.end = 0x3f;
	assert_int_equal(pe_find_header(&v, &at, NULL), KB_PE_TRUNCATED);
	v.end = 0x40;
	file.data[1] = 'X';
	at = 77;
	assert_int_equal(pe_find_header(&v, &at, NULL), KB_PE_MAGIC);
	assert_int_equal(at, 77);
}

/* Cut anywhere before the end of its last section, the file is refused. */
static void every_cut_is_refused(void **state)
{
	(void)state;

	for (uint64_t end = 0x1000; end < STUB_SIZE; end += end < 0x2010 ? 1 : 0x111) {
		struct copy c = copy_from(0, end);
		enum kb_status st;
		struct pe pe;

		st = pe_open(&c.view, STUB_COFF, PE_FILE, &pe, NULL);
		assert_int_equal(st, end < 0x2000 ? KB_PE_TRUNCATED : KB_PE_OUTSIDE);
		free(c.data);
	}
}

static void header_offsets_do_not_wrap(void **state)
{
	static const uint64_t offsets[] = {STUB_SIZE - 23, STUB_SIZE, UINT64_MAX, UINT64_MAX - 23};
	struct pe_view v = {file.data, 0, file.size};
	struct pe pe;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++)
		assert_int_equal(pe_open(&v, offsets[i], PE_FILE, &pe, NULL), KB_PE_TRUNCATED);
	assert_null(pe_view_get(&v, UINT64_MAX, 2));
	v.start = 0x1000;
	assert_null(pe_view_get(&v, 0xfff, 1));
	assert_ptr_equal(pe_view_get(&v, 0x1000, 1), file.data);
}

/* ---- property -------------------------------------------------------------------------------- */

static void mark(uint8_t *map, uint64_t base, uint64_t size, uint64_t limit)
{
	assert_true(base + size <= limit);
	for (uint64_t i = 0; i < size; i++) {
		assert_int_equal(map[base + i], 0);
		map[base + i] = 1;
	}
}

/* What the header promises after KB_OK, byte by byte. */
static void assert_sound(const struct pe *pe)
{
	uint8_t *va = calloc(1, 1u << 20), *raw = calloc(1, 1u << 20);

	memset(va, 1, pe->headers_size);
	memset(raw, 1, pe->headers_size);
	for (uint32_t i = 0; i < pe->sections; i++) {
		struct pe_section s;
		uint32_t bytes;

		pe_section(pe, i, &s);
		bytes = s.vsize ? s.vsize : s.raw_size;
		if (!bytes)
			continue;
		assert_true((s.flags & 0xa0000000) != 0xa0000000);
		mark(va, s.va, bytes, pe->image_size);
		if (pe->layout != PE_MAPPED && s.raw_size)
			mark(raw, s.raw, s.raw_size, pe->view.end);
		if (pe_section_size(&s))
			assert_non_null(pe_view_get(&pe->view, pe_section_offset(pe, &s),
						    pe_section_size(&s)));
	}
	free(va);
	free(raw);
}

static void random_section(uint64_t *seed, uint32_t i)
{
	uint8_t *e = file.data + STUB_SECTION(i);

	put_u32(e + SEC_VA, (uint32_t)random_below(seed, 9) << 12);
	put_u32(e + SEC_VSIZE, (uint32_t)random_below(seed, 5) << 11);
	put_u32(e + SEC_RAW, random_below(seed, 2) ? get_u32(e + SEC_VA)
						   : (uint32_t)random_below(seed, 9) << 12);
	put_u32(e + SEC_RAW_SIZE, (uint32_t)random_below(seed, 5) << 11);
	put_u32(e + SEC_FLAGS, (uint32_t)random_below(seed, 8) << 29);
}

static void accepted_images_are_sound(void **state)
{
	unsigned int accepted = 0;
	uint64_t seed = 11;

	for (int i = 0; i < 30000; i++) {
		enum pe_layout layout = (enum pe_layout)random_below(&seed, 3);
		uint64_t start = layout == PE_FILE ? 0 : 0x1000;
		struct pe_view v;
		struct pe pe;

		if (!(i % 64))
			setup(state);
		put_u16(file.data + STUB_COFF + 6, (uint16_t)(1 + random_below(&seed, 3)));
		for (uint32_t s = 0; s < 3; s++)
			random_section(&seed, s);
		v = (struct pe_view){file.data + start, start, file.size};
		if (pe_open(&v, STUB_COFF, layout, &pe, NULL))
			continue;
		accepted++;
		assert_sound(&pe);
	}
	assert_in_range(accepted, 500, 29000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sound_image, setup, teardown),
		cmocka_unit_test_setup_teardown(sections_are_read, setup, teardown),
		cmocka_unit_test_setup_teardown(long_names_are_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(each_fault_has_its_code, setup, teardown),
		cmocka_unit_test_setup_teardown(bounds_are_exact, setup, teardown),
		cmocka_unit_test_setup_teardown(file_alignment_is_the_smaller, setup, teardown),
		cmocka_unit_test_setup_teardown(mapped_image_has_no_raw_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(certificates_are_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(header_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(every_cut_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(header_offsets_do_not_wrap, setup, teardown),
		cmocka_unit_test_setup_teardown(accepted_images_are_sound, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
