// SPDX-License-Identifier: BSD-2-Clause
/* Carriers of the KHO addresses: what each takes, and what it refuses. */
#include "unit.h"

#include "fake_mem.h"

#include <fdt/carrier.h>
#include <fdt/dtb.h>

#include <libfdt.h>

#define AT (FAKE_BASE + 0x2000)

static struct fake_mem f;
static bool found;
static struct kho_handover h;

static int setup(void **state)
{
	(void)state;
	fake_init(&f);
	found = true;
	h = (struct kho_handover){phys(1), 2, phys(3), 4};
	return 0;
}

static void expect_found(enum kb_status st)
{
	ok(st);
	assert_true(found);
	assert_int_equal(h.fdt.addr, 0x12345000);
	assert_int_equal(h.fdt_size, 0x1000);
	assert_int_equal(h.scratch.addr, 0x100000000);
	assert_int_equal(h.scratch_size, 48);
}

static void expect_nothing(enum kb_status st)
{
	ok(st);
	assert_false(found);
	assert_int_equal(h.fdt.addr, 1);
}

static void expect_refused(enum kb_status st, enum kb_status want)
{
	assert_int_equal(st, want);
	assert_false(found);
	assert_int_equal(h.fdt.addr, 1);
}

static void table(void **state)
{
	const struct kb_kho_table t = {0x12345000, 0x1000, 0x100000000, 48};

	(void)state;
	expect_nothing(carrier_table(&f.m, 0, &found, &h));
	expect_refused(carrier_table(&f.m, FAKE_BASE + FAKE_SIZE - 31, &found, &h),
		       KB_CARRIER_TABLE);
	assert_int_equal(f.m.diag.at, FAKE_BASE + FAKE_SIZE - 31);
	/* Tables are where firmware puts them. */
	memcpy(fake_at(&f, FAKE_BASE + FAKE_SIZE - 32), &t, sizeof(t));
	expect_found(carrier_table(&f.m, FAKE_BASE + FAKE_SIZE - 32, &found, &h));
}

/* A tree with these properties in /chosen; a length of -1 leaves one out. */
static void *tree(int fdt_len, int scratch_len, const char *node)
{
	const fdt64_t fdt[3] = {cpu_to_fdt64(0x12345000), cpu_to_fdt64(0x1000)};
	const fdt64_t scratch[3] = {cpu_to_fdt64(0x100000000), cpu_to_fdt64(48)};
	void *p = fake_at(&f, AT);
	int at;

	assert_int_equal(fdt_create_empty_tree(p, 0x1000), 0);
	at = fdt_add_subnode(p, 0, node);
	assert_true(at > 0);
	if (fdt_len >= 0)
		assert_int_equal(fdt_setprop(p, at, "linux,kho-fdt", fdt, fdt_len), 0);
	if (scratch_len >= 0)
		assert_int_equal(fdt_setprop(p, at, "linux,kho-scratch", scratch, scratch_len), 0);
	return p;
}

static void device_tree(void **state)
{
	(void)state;
	expect_nothing(carrier_dtb(&f.m, 0, &found, &h));
	tree(16, 16, "memory");
	expect_nothing(carrier_dtb(&f.m, AT, &found, &h));
	tree(-1, -1, "chosen");
	expect_nothing(carrier_dtb(&f.m, AT, &found, &h));
	tree(16, 16, "chosen");
	expect_found(carrier_dtb(&f.m, AT, &found, &h));
}

static void refuses_device_tree(void **state)
{
	static const int bad[][2] = {{16, -1}, {-1, 16}, {8, 16}, {16, 12}, {24, 24}, {0, 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		tree(bad[i][0], bad[i][1], "chosen");
		expect_refused(carrier_dtb(&f.m, AT, &found, &h), KB_CARRIER_DTB);
	}
	/* No tree there, outside RAM, longer than RAM, longer than allowed, structure cut short. */
	expect_refused(carrier_dtb(&f.m, FAKE_BASE, &found, &h), KB_CARRIER_DTB);
	expect_refused(carrier_dtb(&f.m, FAKE_BASE + FAKE_SIZE, &found, &h), KB_CARRIER_DTB);
	fdt_set_totalsize(tree(16, 16, "chosen"), FAKE_SIZE);
	expect_refused(carrier_dtb(&f.m, AT, &found, &h), KB_CARRIER_DTB);
	fdt_set_totalsize(tree(16, 16, "chosen"), DTB_MAX + 8);
	expect_refused(carrier_dtb(&f.m, AT, &found, &h), KB_CARRIER_DTB);
	fdt_set_size_dt_struct(tree(16, 16, "chosen"), 0x20);
	expect_refused(carrier_dtb(&f.m, AT, &found, &h), KB_CARRIER_DTB);
	/* A version too old for libfdt to read safely. */
	fdt_set_version(tree(16, 16, "chosen"), 15);
	expect_refused(carrier_dtb(&f.m, AT, &found, &h), KB_CARRIER_DTB);
	/* Only FDT_END is missing. */
	fdt_set_size_dt_struct(tree(16, 16, "chosen"), fdt_size_dt_struct(fake_at(&f, AT)) - 4);
	expect_refused(carrier_dtb(&f.m, AT, &found, &h), KB_CARRIER_DTB);
}

static void options(void **state)
{
	struct kb_options o = {0};

	(void)state;
	expect_nothing(carrier_options(&o, &found, &h));
	o.kho_fdt = (struct range){0x12345000, 0x1000};
	expect_refused(carrier_options(&o, &found, &h), KB_CARRIER_HALF);
	o.kho_scratch = (struct range){0x100000000, 48};
	expect_found(carrier_options(&o, &found, &h));
	setup(NULL);
	o.kho_fdt.size = 0;
	expect_refused(carrier_options(&o, &found, &h), KB_CARRIER_HALF);
}

static struct kb_text text(const char *t)
{
	return (struct kb_text){t, strlen(t)};
}

static void words(void **state)
{
	static const char *const bad[] = {
		"khoboot.kho-fdt=0x12345000,0x1000",
		"khoboot.kho-fdt=0x12345000,0x1000 khoboot.kho-fdt=0x12345000,0x1000",
		"khoboot.kho-fdt=0x12345000,0x1000 khoboot.kho-scratch=0x100000000",
		"khoboot.kho-fdt=0x12345000,0x1000 khoboot.kho-scratch=0x100000000,48 quiet",
		("khoboot.kho-fdt=0x12345000,0x1000 khoboot.kho-scratch=0x100000000,48 "
		 "khoboot.kho=off"),
		"khoboot.kho-fdt=0x12345000,0x1000 -- khoboot.kho-scratch=0x100000000,48",
		"kho-fdt=0x12345000,0x1000 kho-scratch=0x100000000,48",
		"quiet",
	};

	(void)state;
	expect_nothing(carrier_text(text(""), &found, &h));
	expect_nothing(carrier_text(text(" \n"), &found, &h));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		expect_refused(carrier_text(text(bad[i]), &found, &h), KB_CARRIER_FWCFG);
	expect_found(carrier_text(text("khoboot.kho-scratch=0x100000000,48\n"
				       "khoboot.kho_fdt=0x12345000,0x1000\n"),
				  &found, &h));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(table, setup),
		cmocka_unit_test_setup(device_tree, setup),
		cmocka_unit_test_setup(refuses_device_tree, setup),
		cmocka_unit_test_setup(options, setup),
		cmocka_unit_test_setup(words, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
