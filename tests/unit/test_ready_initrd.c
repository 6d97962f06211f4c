// SPDX-License-Identifier: BSD-2-Clause
/*
 * Initrds made ready. A model of what Linux does (init/initramfs.c), written for these tests, goes
 * through an initrd before and after: the same entries in the same order have to come out.
 */
#include "unit.h"

#include "../../tools/cpio.h"
#include "../../tools/expand.h"
#include "../../tools/ready_initrd.h"
#include "pack.h"

#include <stdio.h>
#include <stdlib.h>

#define MOST (1u << 20)

static struct buffer in, out, work;

static int reset(void **state)
{
	(void)state;
	in.size = out.size = work.size = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buffer_free(&in);
	buffer_free(&out);
	buffer_free(&work);
	return 0;
}

/* ---- making initrds -------------------------------------------------------------------------- */

static void zeros(struct buffer *b, size_t n)
{
	static const uint8_t zero[1024];

	buffer_append(b, zero, n);
}

static void entry_of(struct buffer *b, unsigned mode, const char *name, const void *body,
		     size_t size)
{
	char header[128];

	snprintf(header, sizeof(header),
		 "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", 1, mode, 0, 0, 1,
		 0, size, 0, 0, 0, 0, strlen(name) + 1, 0);
	buffer_append(b, header, 110);
	buffer_append(b, name, strlen(name) + 1);
	buffer_align(b, 4);
	buffer_append(b, body, size);
	buffer_align(b, 4);
}

static void file(struct buffer *b, const char *name, size_t size)
{
	char *body = malloc(size + 1);

	for (size_t i = 0; i < size; i++)
		body[i] = name[i % strlen(name)];
	entry_of(b, 0100644, name, body, size);
	free(body);
}

static void trailer(struct buffer *b)
{
	entry_of(b, 0, "TRAILER!!!", NULL, 0);
}

/* With one file, and zeros to a multiple of 512 after it, as cpio does. */
static void archive(struct buffer *b, const char *name, size_t size)
{
	file(b, name, size);
	trailer(b);
	zeros(b, -b->size % 512);
}

typedef void pack_fn(struct buffer *out, const void *data, size_t size);
static pack_fn *const packers[] = {pack_gzip_to, pack_zstd_to, pack_xz_to, pack_lz4_to};

static void member(struct buffer *b, pack_fn *pack, const char *name, size_t size)
{
	struct buffer plain = {0};

	archive(&plain, name, size);
	pack(b, plain.data, plain.size);
	buffer_free(&plain);
}

/* ---- Linux ----------------------------------------------------------------------------------- */

/* What came out of an initrd: all bytes of all entries; and whether Linux said that it failed. */
struct linux_result {
	struct buffer entries;
	bool failed;
};

/* One entry at @at; what comes after it. */
static size_t linux_entry(struct linux_result *r, const uint8_t *p, size_t size, size_t at)
{
	char number[9] = {0};
	size_t name, body, next;

	if (size - at < 110 || memcmp(p + at, "07070", 5)) {
		r->failed = true;
		return size;
	}
	memcpy(number, p + at + 54, 8);
	body = strtoul(number, NULL, 16);
	memcpy(number, p + at + 94, 8);
	name = strtoul(number, NULL, 16);
	next = at + 110 + (((name + 1) & ~3UL) + 2) + body;
	next = (next + 3) & ~3UL;
	if (next > size) {
		r->failed = true;
		return size;
	}
	buffer_append(&r->entries, p + at, next - at);
	return next;
}

static void linux_member(struct linux_result *r, const uint8_t *p, size_t size, bool between)
{
	for (size_t at = 0; at < size && !r->failed;) {
		if (p[at] == '0' && at % 4 == 0) {
			at = linux_entry(r, p, size, at);
			between = true;
		} else if (!p[at] && between) {
			at++;
		} else {
			r->failed = true;
		}
	}
	r->failed |= !size && !between;
}

/* The members that these tests make are unpacked by expand.c, which has tests of its own. */
static void linux_unpack(struct linux_result *r, const uint8_t *p, size_t size)
{
	struct buffer content = {0};
	size_t at = 0, used = 0;
	bool between = false;

	while (at < size && !r->failed) {
		if (p[at] == '0' && at % 4 == 0) {
			at = linux_entry(r, p, size, at);
			between = true;
			while (at < size && !p[at])
				at++;
			r->failed |= at < size && at % 4;
		} else if (!p[at]) {
			at++;
		} else {
			const struct expand_method *m = expand_find(p + at, size - at);

			content.size = 0;
			if (!m || !m->run ||
			    m->run(p + at, size - at, 16 * MOST, &content, &used)) {
				r->failed = true;
				break;
			}
			linux_member(r, content.data, content.size, between);
			between = true;
			at += used;
		}
	}
	buffer_free(&content);
}

static void assert_same_for_linux(void)
{
	struct linux_result before = {0}, after = {0};

	linux_unpack(&before, in.data, in.size);
	linux_unpack(&after, out.data, out.size);
	assert_false(before.failed);
	assert_false(after.failed);
	assert_true(buffer_equal(&before.entries, &after.entries));
	buffer_free(&before.entries);
	buffer_free(&after.entries);
}

/* Nothing is compressed any more: making it ready again changes nothing. */
static void assert_ready(void)
{
	struct buffer again = {0};

	ok(ready_initrd(out.data, out.size, MOST, &again, NULL));
	assert_true(buffer_equal(&again, &out));
	buffer_free(&again);
}

static void make_ready(void)
{
	ok(ready_initrd(in.data, in.size, MOST, &out, NULL));
	assert_ready();
}

static void assert_left(enum kb_status st, uint64_t at)
{
	struct kb_diag diag = {0};

	assert_int_equal(ready_initrd(in.data, in.size, MOST, &out, &diag), st);
	assert_int_equal(diag.status, st);
	assert_int_equal(diag.at, at);
	assert_int_equal(out.size, 0);
}

/* ---- each method ----------------------------------------------------------------------------- */

static void each_method_is_unpacked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		reset(NULL);
		member(&in, packers[i], "init", 70000);
		archive(&work, "init", 70000);
		make_ready();
		assert_true(buffer_equal(&out, &work));
	}
}

/* Larger than what one call of a library gets room for. */
static void long_members_are_unpacked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		reset(NULL);
		member(&in, packers[i], "init", 9u << 20);
		archive(&work, "init", 9u << 20);
		ok(ready_initrd(in.data, in.size, 16u << 20, &out, NULL));
		assert_true(buffer_equal(&out, &work));
	}
}

static void other_methods_stay(void **state)
{
	static const uint8_t magics[][2] = {{0x42, 0x5a}, {0x5d, 0}, {0x89, 0x4c}};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(magics); i++) {
		reset(NULL);
		archive(&in, "kernel/x86/microcode/x.bin", 100);
		buffer_append(&in, magics[i], 2);
		assert_left(KB_CTL_INITRD_METHOD, in.size - 2);
	}
}

/* Every method at every place where the data may be cut, and with each byte of them changed. */
static void damage_is_refused(void **state)
{
	enum kb_status st;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		reset(NULL);
		member(&in, packers[i], "init", 5000);
		for (size_t cut = 2; cut < in.size; cut++) {
			out.size = 0;
			st = ready_initrd(in.data, cut, MOST, &out, NULL);
			/* LZ4 has no end: what was cut between blocks is no archive. */
			assert_true(st == KB_CTL_INITRD_DAMAGED ||
				    (packers[i] == pack_lz4_to && st == KB_CTL_INITRD_OTHER));
		}
	}
}

/* These have sums over everything but parts of their headers; a bit of gzip's may not matter. */
static void changed_bytes_are_seen(void **state)
{
	(void)state;
	archive(&work, "init", 5000);
	for (size_t i = 0; i < 3; i++) {
		in.size = 0;
		member(&in, packers[i], "init", 5000);
		for (size_t at = 20; at < in.size; at++) {
			buffer_free(&out);
			in.data[at] ^= 0x10;
			if (!ready_initrd(in.data, in.size, MOST, &out, NULL))
				assert_true(buffer_equal(&out, &work));
			in.data[at] ^= 0x10;
		}
	}
}

/* ---- rows of archives ------------------------------------------------------------------------ */

static void microcode_stays_in_front(void **state)
{
	size_t early;
	(void)state;

	archive(&in, "kernel/x86/microcode/AuthenticAMD.bin", 3000);
	early = in.size;
	member(&in, pack_zstd_to, "init", 9000);
	make_ready();
	assert_true(out.size > early);
	assert_memory_equal(out.data, in.data, early);
	assert_same_for_linux();
}

static void what_is_plain_stays(void **state)
{
	(void)state;
	make_ready();
	assert_int_equal(out.size, 0);
	zeros(&in, 3);
	make_ready();
	assert_true(buffer_equal(&in, &out));
	zeros(&in, 1);
	archive(&in, "init", 77);
	zeros(&in, 7);
	out.size = 0;
	make_ready();
	assert_true(buffer_equal(&in, &out));
}

/* Members and archives in any order, with any zeros that Linux takes. */
static void random_rows_unpack_to_the_same(void **state)
{
	uint64_t seed = 1;
	char name[16];
	(void)state;

	for (int round = 0; round < 1000; round++) {
		size_t pieces = 1 + random_below(&seed, 6);
		bool after_plain = true;

		reset(NULL);
		for (size_t i = 0; i < pieces; i++) {
			size_t what = random_below(&seed, 5), size = random_below(&seed, 300);

			if (random_below(&seed, 2))
				zeros(&in, random_below(&seed, 9));
			snprintf(name, sizeof(name), "%d/%zu", round, i);
			if (what == 4 || after_plain)
				zeros(&in, -in.size % 4);
			after_plain = what == 4;
			if (what < 4)
				member(&in, packers[what], name, size);
			else if (random_below(&seed, 2))
				archive(&in, name, size);
			else
				file(&in, name, size);
			/* Its next length is 0, or there are no more. */
			if (what == 3)
				zeros(&in, 4);
		}
		make_ready();
		assert_same_for_linux();
	}
}

static const char config[] = "a.b = c\n";

static void boot_config(struct buffer *b)
{
	uint32_t head[2] = {sizeof(config), 0};

	buffer_append(b, config, sizeof(config));
	buffer_append(b, head, sizeof(head));
	buffer_append(b, "#BOOTCONFIG\n", 12);
}

/* At any distance from a multiple of 4, and with what a boot loader adds. */
static void a_boot_configuration_stays_at_the_end(void **state)
{
	(void)state;
	for (size_t pad = 0; pad < 4; pad++) {
		for (size_t more = 0; more < 4; more++) {
			size_t tail;

			reset(NULL);
			member(&in, pack_gzip_to, "init", 500);
			zeros(&in, pad);
			tail = in.size;
			boot_config(&in);
			zeros(&in, more);
			make_ready();
			assert_memory_equal(out.data + out.size - (in.size - tail), in.data + tail,
					    in.size - tail);
			assert_int_equal(out.size % 4, in.size % 4);
			in.size = tail;
			out.size -= 20 + sizeof(config) + more;
			assert_same_for_linux();
		}
	}
}

static void a_boot_configuration_alone_is_left(void **state)
{
	(void)state;
	boot_config(&in);
	make_ready();
	assert_true(buffer_equal(&in, &out));
}

static void a_boot_configuration_that_is_too_long_is_none(void **state)
{
	(void)state;
	member(&in, pack_gzip_to, "init", 500);
	zeros(&in, -in.size % 4);
	boot_config(&in);
	put_u32(in.data + in.size - 20, (uint32_t)in.size - 19);
	assert_left(KB_CTL_INITRD_OTHER, in.size - 20 - sizeof(config));
	put_u32(in.data + in.size - 20, UINT32_MAX);
	assert_left(KB_CTL_INITRD_OTHER, in.size - 20 - sizeof(config));
}

/* ---- what Linux does not unpack -------------------------------------------------------------- */

static void other_content_stays(void **state)
{
	(void)state;
	buffer_append(&in, "hsqs, a file system", 19);
	assert_left(KB_CTL_INITRD_OTHER, 0);
	reset(NULL);
	pack_gzip_to(&in, "hsqs, a file system", 19);
	assert_left(KB_CTL_INITRD_OTHER, 0);
	reset(NULL);
	archive(&in, "a", 1);
	buffer_append(&in, "junk", 4);
	assert_left(KB_CTL_INITRD_OTHER, in.size - 4);
}

/* Linux takes no zeros, and not nothing, before its first entry. */
static void a_first_member_begins_with_an_entry(void **state)
{
	(void)state;
	zeros(&work, 4);
	archive(&work, "a", 1);
	pack_gzip_to(&in, work.data, work.size);
	assert_left(KB_CTL_INITRD_OTHER, 0);
	reset(NULL);
	pack_gzip_to(&in, "", 0);
	assert_left(KB_CTL_INITRD_OTHER, 0);
	reset(NULL);
	pack_lz4_to(&in, "", 0);
	assert_left(KB_CTL_INITRD_OTHER, 0);
	reset(NULL);
	archive(&in, "a", 1);
	pack_gzip_to(&in, "", 0);
	zeros(&work, 4);
	archive(&work, "b", 1);
	pack_gzip_to(&in, work.data, work.size);
	make_ready();
	assert_same_for_linux();
}

static void an_archive_is_not_spread_over_members(void **state)
{
	(void)state;
	archive(&work, "init", 1000);
	pack_zstd_to(&in, work.data, 400);
	pack_zstd_to(&in, work.data + 400, work.size - 400);
	assert_left(KB_CTL_INITRD_OTHER, 0);
}

static void padding_is_what_linux_wants(void **state)
{
	size_t at;
	(void)state;

	/* After a plain archive a compressed one begins at a multiple of 4, */
	archive(&in, "a", 1);
	at = in.size;
	zeros(&in, 1);
	member(&in, pack_gzip_to, "b", 1);
	assert_left(KB_CTL_INITRD_OTHER, at + 1);
	/* a plain one always. */
	reset(NULL);
	member(&in, pack_gzip_to, "b", 1);
	zeros(&in, -in.size % 4 + 1);
	at = in.size;
	archive(&work, "a", 1);
	buffer_append(&in, work.data, work.size);
	assert_left(KB_CTL_INITRD_OTHER, at);
}

static void early_files_stay_hidden(void **state)
{
	static const char *const names[] = {"kernel/x86/microcode/GenuineIntel.bin",
					    "kernel/firmware/acpi/dsdt.aml"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		reset(NULL);
		member(&in, pack_zstd_to, names[i], 100);
		assert_left(KB_CTL_INITRD_EARLY, 0);
	}
	reset(NULL);
	member(&in, pack_zstd_to, "./kernel/x86/microcode/GenuineIntel.bin", 100);
	make_ready();
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void the_limit_holds_for_each_method(void **state)
{
	size_t whole;
	(void)state;

	archive(&work, "init", 40000);
	whole = work.size;
	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		reset(NULL);
		member(&in, packers[i], "init", 40000);
		for (size_t most = whole - 600; most < whole; most += 3) {
			assert_int_equal(ready_initrd(in.data, in.size, most, &out, NULL),
					 KB_CTL_INITRD_BIG);
			assert_int_equal(out.room, 0);
		}
		ok(ready_initrd(in.data, in.size, whole, &out, NULL));
		buffer_free(&out);
	}
}

/* A gigabyte of zeros in some kilobytes: memory is taken only as far as permitted. */
static void a_bomb_takes_no_memory(void **state)
{
	struct buffer big = {0};
	(void)state;

	buffer_reserve(&big, 64u << 20);
	memset(big.data, 0, 64u << 20);
	pack_zstd_to(&in, big.data, 64u << 20);
	buffer_free(&big);
	assert_true(in.size < 10000);
	assert_left(KB_CTL_INITRD_BIG, 0);
}

static void the_limit_holds_for_what_is_plain(void **state)
{
	size_t at;
	(void)state;

	member(&in, pack_gzip_to, "a", 1000);
	at = in.size;
	zeros(&in, -in.size % 4);
	archive(&in, "b", MOST - 1000);
	assert_left(KB_CTL_INITRD_BIG, at);
}

/* ---- entries --------------------------------------------------------------------------------- */

static bool entry_with(size_t at, const char *digits)
{
	struct cpio_entry e = {NULL, 1};
	bool found;

	reset(NULL);
	file(&in, "name", 20);
	if (digits)
		memcpy(in.data + at, digits, strlen(digits));
	found = cpio_entry(in.data, in.size, 0, &e);
	assert_int_equal(found, e.next != 1);
	return found;
}

static void entries_are_checked(void **state)
{
	(void)state;
	assert_true(entry_with(0, NULL));
	assert_true(entry_with(0, "070702"));
	assert_false(entry_with(0, "070707"));
	assert_false(entry_with(0, "0a0701"));
	assert_false(entry_with(6, "0000000g"));
	assert_false(entry_with(6, "-0000001"));
	assert_true(entry_with(6, "ABCDEFab"));
	/* The name: with its NUL, and neither too long nor empty. */
	assert_false(entry_with(94, "00000000"));
	assert_false(entry_with(94, "00000004"));
	assert_false(entry_with(94, "00001001"));
	assert_false(entry_with(94, "ffffffff"));
	/* The content: within the archive, and only of what has content. */
	assert_false(entry_with(54, "00000015"));
	assert_false(entry_with(54, "ffffffff"));
	assert_false(entry_with(14, "000041ed"));
	assert_true(entry_with(14, "0000a1ff"));
}

static void long_links_are_skipped(void **state)
{
	struct cpio_entry e;
	char *target = calloc(1, 4097);
	(void)state;

	entry_of(&in, 0120777, "link", target, 4096);
	assert_true(cpio_entry(in.data, in.size, 0, &e));
	assert_int_equal(e.next, in.size);
	assert_string_equal(e.name, "link");
	reset(NULL);
	entry_of(&in, 0120777, "link", target, 4097);
	assert_false(cpio_entry(in.data, in.size, 0, &e));
	free(target);
}

static void entries_that_are_cut_off_are_none(void **state)
{
	struct cpio_entry e;
	(void)state;

	file(&in, "name", 21);
	for (size_t size = 0; size < in.size; size++)
		assert_false(cpio_entry(in.data, size, 0, &e));
	assert_true(cpio_entry(in.data, in.size, 0, &e));
	assert_false(cpio_entry(in.data, in.size, in.size + 4, &e));
}

#define TEST(f) cmocka_unit_test_setup(f, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_method_is_unpacked),
		TEST(long_members_are_unpacked),
		TEST(other_methods_stay),
		TEST(damage_is_refused),
		TEST(changed_bytes_are_seen),
		TEST(microcode_stays_in_front),
		TEST(what_is_plain_stays),
		TEST(random_rows_unpack_to_the_same),
		TEST(a_boot_configuration_stays_at_the_end),
		TEST(a_boot_configuration_alone_is_left),
		TEST(a_boot_configuration_that_is_too_long_is_none),
		TEST(other_content_stays),
		TEST(a_first_member_begins_with_an_entry),
		TEST(an_archive_is_not_spread_over_members),
		TEST(padding_is_what_linux_wants),
		TEST(early_files_stay_hidden),
		TEST(the_limit_holds_for_each_method),
		TEST(a_bomb_takes_no_memory),
		TEST(the_limit_holds_for_what_is_plain),
		TEST(entries_are_checked),
		TEST(long_links_are_skipped),
		TEST(entries_that_are_cut_off_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
