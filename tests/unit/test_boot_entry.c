// SPDX-License-Identifier: BSD-2-Clause
/* Variables and boot entries, against entries as firmware and efibootmgr write them. */
#include "fake_root.h"

#include "../../tools/boot_entry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct running running;

static int setup(void **state)
{
	(void)state;
	running = (struct running){.root = fake_root()};
	fake_dirs(EFIVARS "/");
	return 0;
}

/* ---- device paths and entries ---------------------------------------------------------------- */

#define PCI_ROOT "\x02\x01\x0c\x00\xd0\x41\x03\x0a\x00\x00\x00\x00"
#define PCI      "\x01\x01\x06\x00\x02\x1f"
#define SATA     "\x03\x12\x0a\x00\x00\x00\xff\xff\x00\x00"
#define HD_GPT                                                                                     \
	"\x04\x01\x2a\x00\x01\x00\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00"                         \
	"\x00\x00\x10\x00\x00\x00\x00\x00\x33\x22\x11\x00\x55\x44\x77\x66"                         \
	"\x88\x99\xaa\xbb\xcc\xdd\xee\xff\x02\x02"
#define HD_MBR                                                                                     \
	"\x04\x01\x2a\x00\x03\x00\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00"                         \
	"\x00\x00\x10\x00\x00\x00\x00\x00\x0d\xf0\xad\x8b\x00\x00\x00\x00"                         \
	"\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01"
#define FILE_A "\x04\x04\x0a\x00\\\0a\0\0\0"
#define FILE_B "\x04\x04\x0c\x00\\\0b\0c\0\0\0"
#define END    "\x7f\xff\x04\x00"

struct bytes {
	const char *data;
	size_t size;
};

#define BYTES(s) ((struct bytes){s, sizeof(s) - 1})

/* A boot entry "X" with that list of paths, in a block of its own. */
static uint8_t *make_entry(struct bytes path, const char *data, size_t *size)
{
	struct buffer b = {0};
	uint16_t len = (uint16_t)path.size;
	uint8_t *block;

	buffer_append(&b, "\1\0\0", 4);
	buffer_append(&b, &len, 2);
	buffer_append(&b, "X\0\0", 4);
	buffer_append(&b, path.data, path.size);
	buffer_append(&b, data, strlen(data));
	block = memcpy(malloc(b.size), b.data, b.size);
	*size = b.size;
	buffer_free(&b);
	return block;
}

static void entries_are_read(void **state)
{
	struct load_option o = {0};
	size_t size;
	uint8_t *e = make_entry(BYTES(PCI_ROOT PCI FILE_A END), "data", &size);
	(void)state;

	assert_true(load_option_parse(e, size, &o));
	assert_int_equal(o.attributes, 1);
	assert_true(load_option_is(&o, "X"));
	assert_false(load_option_is(&o, "Y"));
	assert_false(load_option_is(&o, ""));
	assert_false(load_option_is(&o, "XX"));
	assert_int_equal(o.path_size, sizeof(PCI_ROOT PCI FILE_A END) - 1);
	assert_int_equal(o.data_size, 4);
	assert_memory_equal(o.data, "data", 4);
	free(e);
	/* Of several paths the first one counts; the data follow the last one. */
	e = make_entry(BYTES(FILE_A END FILE_B END), "d", &size);
	assert_true(load_option_parse(e, size, &o));
	assert_int_equal(o.path_size, sizeof(FILE_A END) - 1);
	assert_int_equal(o.data_size, 1);
	free(e);
}

/* Cut off anywhere before the data. */
static void cut_entries_are_refused(void **state)
{
	const size_t whole = 10 + sizeof(PCI_ROOT PCI FILE_A END) - 1;
	struct load_option o = {.data_size = 77};
	size_t size;
	uint8_t *e = make_entry(BYTES(PCI_ROOT PCI FILE_A END), "data", &size);
	(void)state;

	for (size_t len = 0; len < whole; len++) {
		uint8_t *cut = memcpy(malloc(len ? len : 1), e, len);

		assert_false(load_option_parse(cut, len, &o));
		free(cut);
	}
	assert_int_equal(o.data_size, 77);
	assert_true(load_option_parse(e, whole, &o));
	assert_int_equal(o.data_size, 0);
	free(e);
}

static void malformed_paths_are_refused(void **state)
{
	static const struct bytes paths[] = {
		{"", 0},
		{FILE_A, sizeof(FILE_A) - 1},                        /* no end */
		{"\x04\x04\x03\x00" END, 8},                         /* node of 3 bytes */
		{"\x04\x04\x00\x00" END, 8},                         /* node of 0 bytes */
		{"\x04\x04\xff\x00" END, 8},                         /* node beyond the end */
		{"\x7f\x01\x04\x00" FILE_A, 4 + sizeof(FILE_A) - 1}, /* end of an instance only */
	};
	struct load_option o;
	size_t size;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		uint8_t *e = make_entry(paths[i], "data", &size);

		assert_false(load_option_parse(e, size, &o));
		free(e);
	}
}

static void an_entry_is_written_as_it_is_read(void **state)
{
	struct buffer path = {0}, option = {0};
	struct load_option o;
	(void)state;

	buffer_append(&path, FILE_A END, sizeof(FILE_A END) - 1);
	load_option_make("two words", &path, "k=1", &option);
	assert_true(load_option_parse(option.data, option.size, &o));
	assert_true(load_option_is(&o, "two words"));
	assert_int_equal(o.path_size, path.size);
	assert_memory_equal(o.path, path.data, path.size);
	assert_int_equal(o.data_size, 6);
	assert_memory_equal(o.data, "k\0=\0001\0", 6);
	buffer_free(&path);
	buffer_free(&option);
}

static bool partition_of(struct bytes path, char ret[PARTUUID_SIZE])
{
	struct load_option o;
	size_t size;
	uint8_t *e = make_entry(path, "", &size);
	bool found;

	assert_true(load_option_parse(e, size, &o));
	found = load_option_partition(&o, ret);
	free(e);
	return found;
}

static void partitions_have_the_names_of_linux(void **state)
{
	char name[PARTUUID_SIZE] = "same";
	(void)state;

	assert_false(partition_of(BYTES(PCI_ROOT PCI SATA END), name));
	/* A node that is too short for a partition. */
	assert_false(partition_of(BYTES("\x04\x01\x06\x00\1\0" END), name));
	assert_string_equal(name, "same");
	assert_true(partition_of(BYTES(PCI_ROOT PCI SATA HD_GPT FILE_A END), name));
	assert_string_equal(name, "00112233-4455-6677-8899-aabbccddeeff");
	assert_true(partition_of(BYTES(HD_MBR FILE_A END), name));
	assert_string_equal(name, "8badf00d-03");
}

static void check_file_path(struct bytes from, bool known, struct bytes want)
{
	struct load_option o;
	struct buffer out = {0};
	size_t size;
	uint8_t *e = make_entry(from, "", &size);

	assert_true(load_option_parse(e, size, &o));
	assert_int_equal(boot_entry_file_path(&o, "\\bc", &out), known);
	assert_int_equal(out.size, want.size);
	assert_memory_equal(out.data, want.data, want.size);
	buffer_free(&out);
	free(e);
}

static void the_file_is_replaced(void **state)
{
	struct buffer out = {0};
	(void)state;

	check_file_path(BYTES(PCI_ROOT PCI SATA HD_GPT FILE_A END), true,
			BYTES(PCI_ROOT PCI SATA HD_GPT FILE_B END));
	check_file_path(BYTES(HD_GPT FILE_A END), true, BYTES(HD_GPT FILE_B END));
	check_file_path(BYTES(HD_GPT FILE_A FILE_A END), true, BYTES(HD_GPT FILE_B END));
	check_file_path(BYTES(PCI_ROOT PCI HD_MBR END), true,
			BYTES(PCI_ROOT PCI HD_MBR FILE_B END));
	/* An entry for a whole disk, then one whose path has no disk. */
	check_file_path(BYTES(PCI_ROOT PCI SATA END), false, BYTES(FILE_B END));
	check_file_path(BYTES(FILE_A END), false, BYTES(FILE_B END));
	assert_false(boot_entry_file_path(NULL, "\\bc", &out));
	assert_memory_equal(out.data, FILE_B END, sizeof(FILE_B END) - 1);
	buffer_free(&out);
}

/* ---- variables ------------------------------------------------------------------------------- */

#define X "X-12345678-1234-1234-1234-123456789abc"

static void variables_are_read(void **state)
{
	struct efivar v = {.attributes = 77};
	(void)state;

	assert_false(efivar_read(&running, X, &v));
	fake_bytes(EFIVARS "/" X, "\7\0\0", 3);
	assert_false(efivar_read(&running, X, &v));
	assert_int_equal(v.attributes, 77);
	assert_int_equal(efivar_number(&running, X, 1, 5), 5);
	fake_bytes(EFIVARS "/" X, "\6\0\0\0\2\1", 6);
	assert_true(efivar_read(&running, X, &v));
	assert_int_equal(v.attributes, 6);
	assert_int_equal(v.value.size, 2);
	efivar_free(&v);
	assert_int_equal(efivar_number(&running, X, 2, 5), 0x102);
	assert_int_equal(efivar_number(&running, X, 1, 5), 5);
	assert_int_equal(efivar_number(&running, X, 8, 5), 5);
}

static struct timespec changed(const char *path)
{
	struct stat st;

	assert_int_equal(stat(fake_path(path), &st), 0);
	return st.st_mtim;
}

static void the_same_is_not_written_again(void **state)
{
	const struct timespec old[2] = {{1000, 0}, {1000, 0}};
	(void)state;

	assert_int_equal(efivar_write(&running, X, 7, "ab", 2), 0);
	assert_fake_variable(X, "ab", 2);
	assert_int_equal(utimensat(-1, fake_path(EFIVARS "/" X), old, 0), 0);
	assert_int_equal(efivar_write(&running, X, 7, "ab", 2), 0);
	assert_int_equal(changed(EFIVARS "/" X).tv_sec, 1000);
	assert_int_equal(efivar_write(&running, X, 7, "ac", 2), 0);
	assert_int_not_equal(changed(EFIVARS "/" X).tv_sec, 1000);
	assert_fake_variable(X, "ac", 2);
	assert_int_equal(utimensat(-1, fake_path(EFIVARS "/" X), old, 0), 0);
	assert_int_equal(efivar_write(&running, X, 6, "ac", 2), 0); /* other attributes */
	assert_int_not_equal(changed(EFIVARS "/" X).tv_sec, 1000);
}

/* A new variable that firmware refused leaves no file; an old one stays as it was. */
static void a_full_store(void **state)
{
	int ret, error;
	(void)state;

	fake_full(true);
	ret = efivar_write(&running, X, 7, "ab", 2);
	error = errno;
	fake_full(false);
	assert_int_equal(ret, -1);
	assert_int_equal(error, EFBIG);
	assert_fake_variable(X, NULL, 0);
	fake_variable(X, "ab", 2);
	fake_full(true);
	ret = efivar_write(&running, X, 7, "cd", 2);
	fake_full(false);
	assert_int_equal(ret, -1);
	assert_fake_variable(X, "ab", 2);
}

static void variables_are_deleted(void **state)
{
	(void)state;

	assert_int_equal(efivar_delete(&running, X), 0);
	fake_variable(X, "ab", 2);
	assert_int_equal(efivar_delete(&running, X), 0);
	assert_fake_variable(X, NULL, 0);
	fake_dirs(EFIVARS "/" X "/");
	assert_int_equal(efivar_delete(&running, X), -1);
}

/* ---- the next boot --------------------------------------------------------------------------- */

static void put_entry(const char *name, const char *description)
{
	struct buffer path = {0}, option = {0};

	buffer_append(&path, HD_GPT FILE_A END, sizeof(HD_GPT FILE_A END) - 1);
	load_option_make(description, &path, "old", &option);
	fake_variable(name, option.data, option.size);
	buffer_free(&path);
	buffer_free(&option);
}

static int write_entry(const char *text)
{
	struct buffer path = {0};
	int ret;

	buffer_append(&path, FILE_B END, sizeof(FILE_B END) - 1);
	ret = boot_entry_write(&running, "ours", &path, text);
	buffer_free(&path);
	return ret;
}

static void assert_entry(const char *name, const char *text)
{
	struct buffer path = {0}, option = {0};

	buffer_append(&path, FILE_B END, sizeof(FILE_B END) - 1);
	load_option_make("ours", &path, text, &option);
	assert_fake_variable(name, option.data, option.size);
	buffer_free(&path);
	buffer_free(&option);
}

#define NEXT EFI_GLOBAL("BootNext")

static void the_first_free_number_is_taken(void **state)
{
	(void)state;

	put_entry(EFI_GLOBAL("Boot0000"), "system");
	fake_variable(EFI_GLOBAL("Boot4B48"), "malformed", 9);
	fake_variable("Boot4B49-12345678-1234-1234-1234-123456789abc", "other", 5);
	fake_variable(EFI_GLOBAL("Boot4b49"), "lower case", 10);
	fake_variable(EFI_GLOBAL("BootOrder"), "\0\0", 2);
	assert_int_equal(write_entry("new"), 0);
	assert_entry(EFI_GLOBAL("Boot4B49"), "new");
	assert_fake_variable(NEXT, "\x49\x4b", 2);
	assert_fake_variable(EFI_GLOBAL("BootOrder"), "\0\0", 2);
	assert_int_equal(boot_entry_take_back(&running, "ours"), 0);
	assert_fake_variable(NEXT, NULL, 0);
	assert_entry(EFI_GLOBAL("Boot4B49"), "new");
}

static void our_entry_is_used_again(void **state)
{
	(void)state;

	assert_int_equal(write_entry("one"), 0);
	assert_int_equal(write_entry("two"), 0);
	assert_entry(EFI_GLOBAL("Boot4B48"), "two");
	assert_fake_variable(EFI_GLOBAL("Boot4B49"), NULL, 0);
	assert_int_equal(boot_entry_delete(&running, "ours"), 0);
	assert_fake_variable(EFI_GLOBAL("Boot4B48"), NULL, 0);
	assert_int_equal(boot_entry_delete(&running, "ours"), 0);
}

static void a_store_without_room_sets_nothing(void **state)
{
	int ret;
	(void)state;

	fake_full(true);
	ret = write_entry("x");
	fake_full(false);
	assert_int_equal(ret, -1);
	assert_fake_variable(EFI_GLOBAL("Boot4B48"), NULL, 0);
	assert_fake_variable(NEXT, NULL, 0);
	/* The entry can be written, BootNext cannot. */
	fake_dirs(EFIVARS "/" NEXT "/");
	assert_int_equal(write_entry("x"), -1);
}

static void the_entry_of_this_boot(void **state)
{
	struct efivar v = {0};
	struct load_option o;
	(void)state;

	assert_false(boot_entry_current(&running, &v, &o));
	fake_variable(EFI_GLOBAL("BootCurrent"), "\xab\x01", 2);
	assert_false(boot_entry_current(&running, &v, &o));
	fake_variable(EFI_GLOBAL("Boot01AB"), "no entry", 8);
	assert_false(boot_entry_current(&running, &v, &o));
	put_entry(EFI_GLOBAL("Boot01AB"), "system");
	assert_true(boot_entry_current(&running, &v, &o));
	assert_true(load_option_is(&o, "system"));
	efivar_free(&v);
}

#define SYSTEM_TEST(f) cmocka_unit_test_setup_teardown(f, setup, fake_root_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_read),
		cmocka_unit_test(cut_entries_are_refused),
		cmocka_unit_test(malformed_paths_are_refused),
		cmocka_unit_test(an_entry_is_written_as_it_is_read),
		cmocka_unit_test(partitions_have_the_names_of_linux),
		cmocka_unit_test(the_file_is_replaced),
		SYSTEM_TEST(variables_are_read),
		SYSTEM_TEST(the_same_is_not_written_again),
		SYSTEM_TEST(a_full_store),
		SYSTEM_TEST(variables_are_deleted),
		SYSTEM_TEST(the_first_free_number_is_taken),
		SYSTEM_TEST(our_entry_is_used_again),
		SYSTEM_TEST(a_store_without_room_sets_nothing),
		SYSTEM_TEST(the_entry_of_this_boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
