// SPDX-License-Identifier: BSD-2-Clause
/* The machine's UUID, from tables that are built here, sound and damaged. */
#include "unit.h"

#include "fake_mem.h"

#include <format/smbios.h>

#define ENTRY (FAKE_BASE + 0x100)
#define TABLE (FAKE_BASE + 0x1000)

static const uint8_t id[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static struct fake_mem f;
static uint8_t *at; /* where the next structure goes */

static void sum(uint8_t *p, size_t len, size_t where)
{
	uint8_t s = 0;

	p[where] = 0;
	for (size_t i = 0; i < len; i++)
		s = (uint8_t)(s + p[i]);
	p[where] = (uint8_t)-s;
}

/* @strings: the last string ends with two NULs; the second one is that of the C literal. */
static uint8_t *structure(uint8_t type, uint8_t len, const char *strings, size_t size)
{
	uint8_t *p = at;

	memset(p, 0xee, len);
	p[0] = type;
	p[1] = len;
	memcpy(p + len, strings, size);
	at = p + len + size;
	return p;
}

static uint32_t table_size(void)
{
	return (uint32_t)(at - fake_at(&f, TABLE));
}

static void entry64(void)
{
	uint8_t *p = fake_at(&f, ENTRY);

	memset(p, 0, 0x20);
	memcpy(p, "_SM3_", 5);
	p[6] = 0x18;
	put_u32(p + 0x0c, table_size());
	put_u64(p + 0x10, TABLE);
	sum(p, 0x18, 5);
}

static void entry32(uint8_t len)
{
	uint8_t *p = fake_at(&f, ENTRY);

	memset(p, 0, 0x20);
	memcpy(p, "_SM_", 4);
	p[5] = len;
	memcpy(p + 0x10, "_DMI_", 5);
	put_u16(p + 0x16, (uint16_t)table_size());
	put_u32(p + 0x18, (uint32_t)TABLE);
	sum(p, len, 4);
}

static int setup(void **state)
{
	(void)state;
	fake_init(&f);
	at = fake_at(&f, TABLE);
	structure(0, 0x18,
		  "maker\0"
		  "version\0",
		  15);
	memcpy(structure(1, 0x1b, "maker\0", 7) + 8, id, 16);
	structure(127, 4, "\0", 2);
	entry64();
	return 0;
}

static void expect_uuid(const uint8_t want[16])
{
	uint8_t uuid[16] = {0xaa};

	ok(smbios_uuid(&f.m, ENTRY, uuid));
	assert_memory_equal(uuid, want, 16);
}

/* The result is untouched by a refusal. */
static void expect_refused(void)
{
	uint8_t uuid[16] = {0xaa};

	assert_int_equal(smbios_uuid(&f.m, ENTRY, uuid), KB_SMBIOS);
	assert_int_equal(uuid[0], 0xaa);
}

static void both_entry_points(void **state)
{
	(void)state;
	expect_uuid(id);
	entry32(0x1f);
	expect_uuid(id);
	entry32(0x1e);
	expect_uuid(id);
}

static void no_uuid(void **state)
{
	static const uint8_t none[16];

	(void)state;
	at = fake_at(&f, TABLE);
	structure(1, 0x08, "\0", 2); /* of SMBIOS 2.0 */
	structure(127, 4, "\0", 2);
	memcpy(structure(1, 0x1b, "\0", 2) + 8, id, 16); /* after the end */
	entry64();
	expect_uuid(none);
	/* No structure of type 127: the table ends where the entry point says. */
	at = fake_at(&f, TABLE);
	structure(0, 0x18, "\0", 2);
	entry64();
	expect_uuid(none);
}

static void refuses_entry_points(void **state)
{
	uint8_t uuid[16];

	(void)state;
	*fake_at(&f, ENTRY + 0x10) ^= 1;
	expect_refused();
	entry32(0x1f);
	*fake_at(&f, ENTRY + 0x1a) ^= 1;
	expect_refused();
	entry32(0x1d);
	expect_refused();
	entry32(0x1f);
	*fake_at(&f, ENTRY + 0x10) ^= 1;
	sum(fake_at(&f, ENTRY), 0x1f, 4);
	expect_refused();
	assert_int_equal(smbios_uuid(&f.m, 0, uuid), KB_SMBIOS);
	assert_int_equal(smbios_uuid(&f.m, FAKE_BASE + FAKE_SIZE - 8, uuid), KB_SMBIOS);
}

static void refuses_tables(void **state)
{
	(void)state;
	put_u64(fake_at(&f, ENTRY + 0x10), FAKE_BASE - 1);
	sum(fake_at(&f, ENTRY), 0x18, 5);
	expect_refused();
	entry64();
	put_u32(fake_at(&f, ENTRY + 0x0c), 0);
	sum(fake_at(&f, ENTRY), 0x18, 5);
	expect_refused();
	/* A structure shorter than its header, strings that do not end, one cut by the end. */
	entry64();
	*fake_at(&f, TABLE + 1) = 3;
	expect_refused();
	setup(NULL);
	memset(fake_at(&f, TABLE + 0x18), 'x', table_size() - 0x18);
	expect_refused();
	setup(NULL);
	put_u32(fake_at(&f, ENTRY + 0x0c), 0x18 + 15 + 0x1b);
	sum(fake_at(&f, ENTRY), 0x18, 5);
	expect_refused();
}

/* Another version is another build; a handle is none of it. */
static void builds_are_told_apart(void **state)
{
	uint8_t *bios = fake_at(&f, TABLE);
	uint32_t build = smbios_build(&f.m, ENTRY);

	(void)state;
	assert_int_not_equal(build, 0);
	assert_int_equal(smbios_build_of(bios, table_size()), build);
	bios[2]++;
	assert_int_equal(smbios_build(&f.m, ENTRY), build);
	bios[0x18 + 6]++;
	assert_int_not_equal(smbios_build(&f.m, ENTRY), build);
	bios[0x18 + 6]--;
	bios[8]++; /* of the date's string */
	assert_int_not_equal(smbios_build(&f.m, ENTRY), build);
	/* The rest of the table does not matter. */
	bios[8]--;
	bios[0x18 + 15 + 9]++;
	assert_int_equal(smbios_build(&f.m, ENTRY), build);
	bios[0] = 2;
	assert_int_equal(smbios_build(&f.m, ENTRY), 0);
	bios[0] = 127;
	assert_int_equal(smbios_build(&f.m, ENTRY), 0);
	bios[0] = 0;
	bios[1] = 3;
	assert_int_equal(smbios_build(&f.m, ENTRY), 0);
	assert_int_equal(smbios_build(&f.m, ENTRY + 8), 0);
	bios[1] = 0x18;
	assert_int_equal(smbios_build(&f.m, ENTRY), build);
	for (size_t n = 0; n < 0x18 + 15; n++)
		assert_int_equal(smbios_build_of(bios, n), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(both_entry_points, setup),
		cmocka_unit_test_setup(no_uuid, setup),
		cmocka_unit_test_setup(refuses_entry_points, setup),
		cmocka_unit_test_setup(refuses_tables, setup),
		cmocka_unit_test_setup(builds_are_told_apart, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
