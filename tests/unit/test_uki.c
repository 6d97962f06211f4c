// SPDX-License-Identifier: BSD-2-Clause
/* The parts of a UKI, seen from a file and from both doors; the .kho section. */
#include "unit.h"

#include "make_image.h"

#include <format/uki.h>

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

static enum kb_status find(struct uki *u, struct kb_diag *diag)
{
	struct pe_view v = {file.data, 0, file.size};
	struct pe pe;

	ok(pe_open(&v, STUB_COFF, PE_FILE, &pe, NULL));
	return uki_find(&pe, u, diag);
}

static void assert_part(const struct uki_part *p, const char *want)
{
	assert_non_null(p->data);
	assert_int_equal(p->size, strlen(want));
	assert_memory_equal(p->data, want, p->size);
}

static void a_stub_has_no_kernel(void **state)
{
	struct uki u;
	(void)state;

	ok(find(&u, NULL));
	assert_null(u.kernel.data);
	assert_null(u.cmdline.data);
	assert_int_equal(u.sbat.size, 0x80);
	assert_int_equal(u.sbat.offset, 0x6000);
	assert_ptr_equal(u.sbat.data, file.data + 0x6000);
}

/* Each name goes to its own member; other names to none. */
static void parts_are_told_apart(void **state)
{
	static const char *const names[] = {".linux", ".initrd", ".ucode",   ".cmdline", ".osrel",
					    ".uname", ".kho",    ".lnxback", ".khoback", ".splash"};
	const struct uki_part *parts[9];
	struct uki u;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		make_section(&file, names[i], names[i], strlen(names[i]));
	ok(find(&u, NULL));
	memcpy(parts,
	       (const struct uki_part *[]){&u.kernel, &u.initrd, &u.ucode, &u.cmdline, &u.osrel,
					   &u.uname, &u.kho, &u.back, &u.khoback},
	       sizeof(parts));
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		assert_part(parts[i], names[i]);
}

static void twice_is_refused(void **state)
{
	struct uki u = {.kernel.size = 77};
	struct kb_diag diag = {0};
	(void)state;

	make_section(&file, ".cmdline", "a", 1);
	make_section(&file, ".cmdline", "b", 1);
	assert_int_equal(find(&u, &diag), KB_UKI_DUPLICATE);
	assert_int_equal(diag.at, STUB_SIZE + 512);
	assert_int_equal(u.kernel.size, 77);
}

/* Two empty ones are two as well. */
static void empty_sections_are_present(void **state)
{
	struct uki u;
	(void)state;

	make_section(&file, ".initrd", "", 0);
	ok(find(&u, NULL));
	assert_non_null(u.initrd.data);
	assert_int_equal(u.initrd.size, 0);
	make_section(&file, ".initrd", "", 0);
	assert_int_equal(find(&u, NULL), KB_UKI_DUPLICATE);
}

/* A user who gave a device tree is told that it is not used. */
static void what_is_not_read_is_noted(void **state)
{
	struct uki u;
	(void)state;

	ok(find(&u, NULL));
	assert_int_equal(u.ignored, 0);
	for (unsigned int i = 0; uki_ignored_name(i); i++) {
		make_section(&file, uki_ignored_name(i), "x", 1);
		ok(find(&u, NULL));
		assert_int_equal(u.ignored, (2u << i) - 1);
	}
	assert_int_equal(u.ignored, 0x7f);
	/* Candidates of .dtbauto may be many. */
	make_section(&file, ".dtbauto", "y", 1);
	ok(find(&u, NULL));
}

static void profiles_are_refused(void **state)
{
	struct uki u;
	(void)state;

	make_section(&file, ".profile", "ID=a", 4);
	assert_int_equal(find(&u, NULL), KB_UKI_PROFILE);
}

/* ---- the running image ----------------------------------------------------------------------- */

static void bare_metal_door(void **state)
{
	struct uki u;
	(void)state;

	memcpy(file.data + STUB_SECTION(4), ".linux\0", 8);
	ok(uki_open_flat(file.data + 0x1000, 0x1000, STUB_SIZE - 0x1000, &u, NULL));
	assert_ptr_equal(u.kernel.data, file.data + 0x6000);
	assert_int_equal(u.kernel.offset, 0x6000);
	assert_int_equal(uki_open_flat(file.data + 0x1000, 0x1000, STUB_SIZE - 0x1001, &u, NULL),
			 KB_PE_OUTSIDE);
	assert_int_equal(uki_open_flat(file.data, 0x1000, UINT64_MAX, &u, NULL), KB_PE_TRUNCATED);
	put_u32(file.data + STUB_SECTION(4) + SEC_RAW_SIZE, 0x40);
	assert_int_equal(uki_open_flat(file.data + 0x1000, 0x1000, STUB_SIZE - 0x1000, &u, NULL),
			 KB_PE_VA_RAW);
}

/* On arm64 kexec loads the file from its first byte on, as firmware does, but maps nothing. */
static void bare_metal_door_of_arm64(void **state)
{
	struct uki u;
	(void)state;

	make_arm64_stub(&file);
	memcpy(file.data + stub_at(&file, STUB_SECTION(4)), ".linux\0", 8);
	ok(uki_open_flat(file.data, 0, STUB_SIZE, &u, NULL));
	assert_ptr_equal(u.kernel.data, file.data + 0x6000);
	assert_int_equal(uki_open_flat(file.data, 0, STUB_SIZE - 1, &u, NULL), KB_PE_OUTSIDE);
	put_u32(file.data + stub_at(&file, STUB_SECTION(4) + SEC_RAW), 0x4000);
	ok(uki_open_mapped(file.data, STUB_SIZE, &u, NULL));
	assert_int_equal(uki_open_flat(file.data, 0, STUB_SIZE, &u, NULL), KB_PE_VA_RAW);
}

static void firmware_door(void **state)
{
	struct uki u;
	(void)state;

	memcpy(file.data + STUB_SECTION(4), ".linux\0", 8);
	put_u32(file.data + STUB_SECTION(4) + SEC_RAW, 0x4000); /* of no meaning in memory */
	ok(uki_open_mapped(file.data, STUB_SIZE, &u, NULL));
	assert_ptr_equal(u.kernel.data, file.data + 0x6000);
	make_section(&file, ".linux", "", 0);
	assert_int_equal(uki_open_mapped(file.data, STUB_SIZE, &u, NULL), KB_UKI_DUPLICATE);
}

static void flat_size(void **state)
{
	uint8_t *bp = file.data; /* the zero page has the setup header where the file has it */
	const uint8_t *loaded = bp + 0x1000;
	(void)state;

	assert_int_equal(uki_flat_size(bp, loaded), STUB_SIZE - 0x1000);
	put_u32(bp + 0x260, STUB_SIZE - 0x1000 + KB_ARENA_SIZE - 1);
	assert_int_equal(uki_flat_size(bp, loaded), 0);
	/* A stub for ukify reserves more, and syssize is what it was. */
	put_u32(bp + 0x260, 256 << 20);
	put_u32(bp + 0x1f4, 1);
	assert_int_equal(uki_flat_size(bp, loaded), STUB_SIZE - 0x1000);
	put_u32(bp + STUB_OPT + 56, 0x1000);
	assert_int_equal(uki_flat_size(bp, loaded), 0);
	put_u32(bp + STUB_OPT + 56, UINT32_MAX);
	assert_int_equal(uki_flat_size(bp, loaded), 0);
}

/* ---- .kho ------------------------------------------------------------------------------------ */

static enum kb_status kho(const char *text, struct uki_kho *k)
{
	/* Not NUL-terminated, in a block of its own. */
	struct buffer b = {0};
	enum kb_status st;

	buffer_append(&b, text, strlen(text));
	st = uki_kho_parse(b.data, b.size, k, NULL);
	buffer_free(&b);
	return st;
}

static void kho_is_read(void **state)
{
	static const struct {
		const char *text;
		uint32_t versions, page;
	} good[] = {
		{"kho=kho-v4\npage=4096\n", 1u << 4, 4096},
		{"page=65536\nkho=kho-v1", 1u << 1, 65536},
		{"kho=kho-v3 kho-v4 kho-v31\npage=16384\n", 1u << 3 | 1u << 4 | 1u << 31, 16384},
		{"kho=none\npage=4096\n", 0, 4096},
		{"kho=none\npage=4096\nunknown=kho-v5;x\n", 0, 4096},
		{"luo=luo-v1 luo-flb-v1\nkho=kho-v3\npage=4096\n", 1u << 3, 4096},
		{"new=thing\nkho=none\npage=4096\nother=\n", 0, 4096},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct uki_kho k;

		if (kho(good[i].text, &k))
			fail_msg("refused: %s", good[i].text);
		assert_int_equal(k.versions, good[i].versions);
		assert_int_equal(k.page_size, good[i].page);
	}
}

static enum kb_status kho_with(const char *key, size_t len)
{
	struct buffer b = {0};
	struct uki_kho k;
	enum kb_status st;

	buffer_append(&b, "kho=none\npage=4096\n", 19);
	buffer_append(&b, key, strlen(key));
	for (size_t i = 0; i < len; i++)
		buffer_append(&b, "x", 1);
	st = uki_kho_parse(b.data, b.size, &k, NULL);
	buffer_free(&b);
	return st;
}

static void values_have_a_longest_length(void **state)
{
	static const struct {
		const char *key;
		size_t max;
	} t[] = {{"unknown=", UKI_KHO_NAME_MAX},
		 {"release=", UKI_KHO_RELEASE_MAX},
		 {"luo=", UKI_KHO_ABI_MAX},
		 {"abi=", UKI_KHO_ABI_MAX}};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(kho_with(t[i].key, t[i].max), KB_OK);
		assert_int_equal(kho_with(t[i].key, t[i].max + 1), KB_UKI_KHO);
	}
	assert_int_equal(kho_with("later=", 10000), KB_OK);
}

static void all_versions_are_read(void **state)
{
	static const char old[] = "kho=kho-v3\npage=4096\nluo=luo-v1 luo-flb-v1\n";
	static const char now[] = "kho=kho-v4\npage=4096\nrelease=7.3.4\nluo=luo-v5\n"
				  "abi=luo-v5 memfd-v2\nunknown=kho-v4;radix-v1\n";
	struct uki_kho k;
	(void)state;

	assert_int_equal(uki_kho_parse(now, strlen(now), &k, NULL), KB_OK);
	assert_true(text_is(k.release, "7.3.4"));
	assert_true(text_is(k.luo, "luo-v5"));
	assert_true(text_is(k.abi, "luo-v5 memfd-v2"));
	assert_true(text_is(k.unknown, "kho-v4;radix-v1"));
	/* Made by khoctl before it wrote all of them. */
	assert_int_equal(uki_kho_parse(old, strlen(old), &k, NULL), KB_OK);
	assert_true(text_is(k.abi, "luo-v1 luo-flb-v1"));
	assert_int_equal(k.release.len, 0);
}

static void kho_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"kho=kho-v4\n",
		"page=4096\n",
		"kho=kho-v4\npage=4096\nkho=kho-v4\n",
		"kho=none\nkho=none\npage=4096\n",
		"kho=kho-v4\npage=4096\npage=4096\n",
		"kho=kho-v4\npage=4096\nword\n",
		"kho=kho-v4\n\npage=4096\n",
		"kho=\npage=4096\n",
		"kho=kho-v\npage=4096\n",
		"kho=kho-v0\npage=4096\n",
		"kho=kho-v04\npage=4096\n",
		"kho=kho-v32\npage=4096\n",
		"kho=kho-v4294967300\npage=4096\n",
		"kho=kho-v4x\npage=4096\n",
		"kho=kho-v4  kho-v3\npage=4096\n",
		"kho= kho-v4\npage=4096\n",
		"kho=none kho-v4\npage=4096\n",
		"kho=KHO-v4\npage=4096\n",
		"kho=none\npage=4096\nunknown=\n",
		"kho=none\npage=4096\nluo=\n",
		"kho=none\npage=4096\nluo=a\x7f\n",
		"kho=none\npage=4096\nluo=a\nluo=a\n",
		"kho=none\npage=4096\nunknown=a b\n",
		"kho=none\npage=4096\nunknown=a\x7f\n",
		"kho=none\npage=4096\nunknown=a\nunknown=a\n",
		"kho=none\npage=4096\nrelease=\n",
		"kho=none\npage=4096\nrelease=6.1 7\n",
		"kho=none\npage=4096\nrelease=6\nrelease=6\n",
		"kho=none\npage=4096\nabi=\n",
		"kho=none\npage=4096\nabi=a\x1f\n",
		"kho=none\npage=4096\nabi=a\nabi=a\n",
		"kho=kho-v4\npage=0\n",
		"kho=kho-v4\npage=\n",
		"kho=kho-v4\npage=2048\n",
		"kho=kho-v4\npage=4097\n",
		"kho=kho-v4\npage=4096 \n",
		"kho=kho-v4\npage=4294971392\n",
		"kho=kho-v4\npage=-4096\n",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct uki_kho k = {.versions = 77, .page_size = 77};

		if (kho(bad[i], &k) != KB_UKI_KHO)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(k.versions, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_stub_has_no_kernel, setup, teardown),
		cmocka_unit_test_setup_teardown(parts_are_told_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(twice_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(empty_sections_are_present, setup, teardown),
		cmocka_unit_test_setup_teardown(profiles_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_read_is_noted, setup, teardown),
		cmocka_unit_test_setup_teardown(bare_metal_door, setup, teardown),
		cmocka_unit_test_setup_teardown(bare_metal_door_of_arm64, setup, teardown),
		cmocka_unit_test_setup_teardown(firmware_door, setup, teardown),
		cmocka_unit_test_setup_teardown(flat_size, setup, teardown),
		cmocka_unit_test(kho_is_read),
		cmocka_unit_test(kho_is_refused),
		cmocka_unit_test(values_have_a_longest_length),
		cmocka_unit_test(all_versions_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
