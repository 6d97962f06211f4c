// SPDX-License-Identifier: BSD-2-Clause
/* Device paths, and the variables made of them. */
#include "unit.h"

#include <format/device_path.h>
#include <format/stub_vars.h>
#include <khoboot/layout.h>

#include <stdlib.h>

/* A path in the making, at the end of a block so that reading past it is seen. */
struct path {
	uint8_t b[512];
	size_t len;
};

static void node(struct path *p, uint8_t type, uint8_t subtype, const void *data, size_t size)
{
	uint8_t *at = p->b + p->len;

	at[0] = type;
	at[1] = subtype;
	put_u16(at + 2, (uint16_t)(size + 4));
	if (size)
		memcpy(at + 4, data, size);
	p->len += size + 4;
}

static void file(struct path *p, const char *text)
{
	uint8_t wide[128] = {0};
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		wide[2 * i] = (uint8_t)text[i];
	node(p, 4, 4, wide, 2 * n + 2);
}

static void *finish(struct path *p)
{
	uint8_t *block;

	node(p, 0x7f, 0xff, NULL, 0);
	block = malloc(p->len);
	return memcpy(block, p->b, p->len);
}

static const char *narrow(const uint16_t *wide)
{
	static char out[STUB_TEXT_MAX];
	size_t i = 0;

	do
		out[i] = (char)wide[i];
	while (wide[i++]);
	return out;
}

static const uint8_t guid[16] = {0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66,
				 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};

static void partition(struct path *p, uint8_t kind)
{
	uint8_t drive[38] = {1};

	memcpy(drive + 20, guid, sizeof(guid));
	drive[37] = kind;
	node(p, 4, 1, drive, sizeof(drive));
}

static void a_partition_has_a_guid(void **state)
{
	struct path p = {{0}, 0}, mbr = {{0}, 0}, cut = {{0}, 0};
	uint8_t got[16] = {0};
	void *b;
	(void)state;

	assert_false(efi_path_partition(NULL, got));
	node(&p, 2, 1, "\1\2\3\4\5\6\7\10", 8);
	partition(&p, 2);
	b = finish(&p);
	assert_true(efi_path_partition(b, got));
	assert_memory_equal(got, guid, 16);
	free(b);
	partition(&mbr, 1);
	b = finish(&mbr);
	assert_false(efi_path_partition(b, got));
	free(b);
	node(&cut, 4, 1, guid, 16);
	b = finish(&cut);
	assert_false(efi_path_partition(b, got));
	free(b);
}

static void a_node_of_impossible_size_ends_a_path(void **state)
{
	static const uint8_t small[] = {4, 4, 3, 0}, huge[] = {4, 4, 0xff, 0xff};
	uint16_t buf[8] = {1};
	(void)state;

	assert_int_equal(efi_path_file(small, buf, ARRAY_SIZE(buf)), 0);
	assert_int_equal(buf[0], 0);
	assert_int_equal(efi_path_file(huge, buf, ARRAY_SIZE(buf)), 0);
}

static void a_file_may_be_in_several_nodes(void **state)
{
	static const struct {
		const char *node[3], *want;
	} t[] = {
		{{"\\EFI\\Linux\\uki.efi"}, "\\EFI\\Linux\\uki.efi"},
		{{"\\EFI", "BOOT", "BOOTX64.EFI"}, "\\EFI\\BOOT\\BOOTX64.EFI"},
		{{"\\EFI\\", "\\BOOT"}, "\\EFI\\\\BOOT"},
		{{"uki"}, "uki"},
		{{""}, ""},
	};
	uint16_t buf[STUB_TEXT_MAX];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct path p = {{0}, 0};
		void *b;

		for (size_t n = 0; n < 3 && t[i].node[n]; n++)
			file(&p, t[i].node[n]);
		b = finish(&p);
		assert_int_equal(efi_path_file(b, buf, ARRAY_SIZE(buf)), strlen(t[i].want));
		assert_string_equal(narrow(buf), t[i].want);
		/* What does not fit is cut. */
		assert_true(efi_path_file(b, buf, 3) <= 2);
		free(b);
	}
	assert_int_equal(efi_path_file(NULL, buf, ARRAY_SIZE(buf)), 0);
}

static void an_image_in_memory_has_no_file(void **state)
{
	struct path p = {{0}, 0};
	uint16_t buf[8];
	void *b;
	(void)state;

	node(&p, 1, 3, "................", 20 - 4);
	file(&p, "a");
	b = finish(&p);
	assert_int_equal(efi_path_file(b, buf, ARRAY_SIZE(buf)), 0);
	free(b);
	/* What was found before the node that is none of a file is no name, and has no end. */
	p = (struct path){{0}, 0};
	file(&p, "a");
	node(&p, 1, 3, "................", 20 - 4);
	b = finish(&p);
	assert_int_equal(efi_path_file(b, buf, ARRAY_SIZE(buf)), 0);
	assert_int_equal(buf[0], 0);
	free(b);
}

static const struct stub_var *find(const struct stub_var *v, const char *name)
{
	for (size_t i = 0; i < STUB_VARS; i++)
		if (!strcmp(v[i].name, name))
			return &v[i];
	return NULL;
}

static void check(const struct stub_var *v, const char *name, bool always, const char *want)
{
	v = find(v, name);
	assert_non_null(v);
	assert_int_equal(v->always, always);
	assert_string_equal(narrow(v->text), want);
	assert_int_equal(v->size, 2 * strlen(want) + 2);
}

static void user_space_is_told_how_it_was_started(void **state)
{
	static const uint16_t name[] = {'\\', 'a', 0}, maker[] = {'E', 'D', 'K', 0};
	struct stub_start start = {.has_partition = true,
				   .file = name,
				   .vendor = maker,
				   .firmware_revision = 0x10000,
				   .uefi_revision = 0x20046};
	static const char uuid[] = "00112233-4455-6677-8899-aabbccddeeff";
	struct stub_var v[STUB_VARS];
	(void)state;

	memcpy(start.partition, guid, sizeof(guid));
	stub_vars(&start, v);
	check(v, "LoaderDevicePartUUID", false, uuid);
	check(v, "StubDevicePartUUID", true, uuid);
	check(v, "LoaderImageIdentifier", false, "\\a");
	check(v, "StubImageIdentifier", true, "\\a");
	check(v, "LoaderFirmwareInfo", false, "EDK 1.00");
	check(v, "LoaderFirmwareType", false, "UEFI 2.70");
	check(v, "StubInfo", true, KB_VERSION_STRING);
	assert_int_equal(find(v, "StubFeatures")->number, 0x401);
	assert_int_equal(find(v, "StubFeatures")->size, 8);
}

/* An image that came from memory: nothing is made up. */
static void what_is_not_known_is_not_set(void **state)
{
	struct stub_start start = {0};
	struct stub_var v[STUB_VARS];
	(void)state;

	stub_vars(&start, v);
	assert_int_equal(find(v, "LoaderDevicePartUUID")->size, 0);
	assert_int_equal(find(v, "StubImageIdentifier")->size, 0);
	check(v, "LoaderFirmwareInfo", false, " 0.00");
}

static void long_texts_are_cut(void **state)
{
	struct stub_start start = {0};
	uint16_t text[2 * STUB_TEXT_MAX];
	struct stub_var v[STUB_VARS];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		text[i] = i + 1 < ARRAY_SIZE(text) ? 'x' : 0;
	start.vendor = start.file = text;
	stub_vars(&start, v);
	assert_int_equal(find(v, "StubImageIdentifier")->size, 2 * STUB_TEXT_MAX);
	assert_int_equal(find(v, "LoaderFirmwareInfo")->size, 2 * STUB_TEXT_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_partition_has_a_guid),
		cmocka_unit_test(a_node_of_impossible_size_ends_a_path),
		cmocka_unit_test(a_file_may_be_in_several_nodes),
		cmocka_unit_test(an_image_in_memory_has_no_file),
		cmocka_unit_test(user_space_is_told_how_it_was_started),
		cmocka_unit_test(what_is_not_known_is_not_set),
		cmocka_unit_test(long_texts_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
