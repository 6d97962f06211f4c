// SPDX-License-Identifier: BSD-2-Clause
/* The setup_data list: what is found, and every way in which it can be wrong. */
#include "unit.h"

#include <arch/setup_data.h>

#include "fake_mem.h"

static struct fake_mem fake;
static struct setup_list list;

static void put_node(uint64_t at, uint64_t next, uint32_t type, uint32_t len)
{
	struct setup_data h = {next, type, len};

	memcpy(fake_at(&fake, at), &h, sizeof(h));
}

static void put_kho(uint64_t at, uint64_t next)
{
	struct kho_data d = {0x1000, 0x2000, 0x3000, 0x40};

	put_node(at, next, SETUP_KEXEC_KHO, sizeof(d));
	memcpy(fake_at(&fake, at + sizeof(struct setup_data)), &d, sizeof(d));
}

static int fresh(void **state)
{
	(void)state;
	fake_init(&fake);
	return 0;
}

static void a_list_is_followed_in_order(void **state)
{
	struct kho_handover h = {0};
	bool found = false;
	(void)state;

	put_node(FAKE_BASE + 0x100, FAKE_BASE + 0x1000, SETUP_EFI, 32);
	put_kho(FAKE_BASE + 0x1000, FAKE_BASE + 0x40);
	put_node(FAKE_BASE + 0x40, 0, SETUP_RNG_SEED, 16);
	ok(setup_list_read(&fake.m, FAKE_BASE + 0x100, &list));
	assert_int_equal(list.count, 3);
	assert_int_equal(list.node[0].type, SETUP_EFI);
	assert_int_equal(list.node[2].addr, FAKE_BASE + 0x40);
	assert_int_equal(list.node[2].len, 16);
	ok(setup_find_kho(&fake.m, &list, &found, &h));
	assert_true(found);
	assert_int_equal(h.fdt.addr, 0x1000);
	assert_int_equal(h.fdt_size, 0x2000);
	assert_int_equal(h.scratch.addr, 0x3000);
	assert_int_equal(h.scratch_size, 0x40);
}

static void an_empty_list_has_no_kho(void **state)
{
	struct kho_handover h = {.fdt_size = 7};
	bool found = true;
	(void)state;

	ok(setup_list_read(&fake.m, 0, &list));
	ok(setup_find_kho(&fake.m, &list, &found, &h));
	assert_false(found);
	assert_int_equal(h.fdt_size, 7);
}

static void nodes_outside_ram_are_refused(void **state)
{
	(void)state;
	list.count = 77;
	assert_int_equal(setup_list_read(&fake.m, FAKE_BASE - 8, &list), KB_SETUP_RAM);
	assert_int_equal(list.count, 77);
	assert_int_equal(setup_list_read(&fake.m, FAKE_BASE + FAKE_SIZE - 8, &list), KB_SETUP_RAM);
	assert_int_equal(setup_list_read(&fake.m, UINT64_MAX - 8, &list), KB_SETUP_RAM);
	/* The header is RAM, the payload is not. */
	put_node(FAKE_BASE + FAKE_SIZE - 32, 0, SETUP_EFI, 17);
	assert_int_equal(setup_list_read(&fake.m, FAKE_BASE + FAKE_SIZE - 32, &list), KB_SETUP_RAM);
	put_node(FAKE_BASE + FAKE_SIZE - 32, 0, SETUP_EFI, 16);
	ok(setup_list_read(&fake.m, FAKE_BASE + FAKE_SIZE - 32, &list));
	put_node(FAKE_BASE, 0, SETUP_EFI, UINT32_MAX);
	assert_int_equal(setup_list_read(&fake.m, FAKE_BASE, &list), KB_SETUP_RAM);
}

static void a_list_that_does_not_end_is_refused(void **state)
{
	(void)state;
	put_node(FAKE_BASE, FAKE_BASE + 64, SETUP_EFI, 0);
	put_node(FAKE_BASE + 64, FAKE_BASE, SETUP_EFI, 0);
	assert_int_equal(setup_list_read(&fake.m, FAKE_BASE, &list), KB_SETUP_LONG);
	/* The longest list allowed is read. */
	for (uint64_t i = 0; i < SETUP_NODES_MAX; i++)
		put_node(FAKE_BASE + i * 64, i + 1 < SETUP_NODES_MAX ? FAKE_BASE + (i + 1) * 64 : 0,
			 SETUP_EFI, 48);
	ok(setup_list_read(&fake.m, FAKE_BASE, &list));
	assert_int_equal(list.count, SETUP_NODES_MAX);
}

static void one_whole_kho_node_is_taken(void **state)
{
	struct kho_handover h;
	bool found;
	(void)state;

	put_kho(FAKE_BASE, FAKE_BASE + 0x100);
	put_kho(FAKE_BASE + 0x100, 0);
	ok(setup_list_read(&fake.m, FAKE_BASE, &list));
	assert_int_equal(setup_find_kho(&fake.m, &list, &found, &h), KB_SETUP_KHO_TWICE);
	put_node(FAKE_BASE, 0, SETUP_KEXEC_KHO, sizeof(struct kho_data) - 1);
	ok(setup_list_read(&fake.m, FAKE_BASE, &list));
	assert_int_equal(setup_find_kho(&fake.m, &list, &found, &h), KB_SETUP_KHO_LEN);
}

static void efi_addresses_are_found_in_a_long_enough_node(void **state)
{
	const struct setup_efi put = {.tables = 0x7f001000, .smbios = 0x7f002000};
	uint64_t at = FAKE_BASE + 0x100 + sizeof(struct setup_data);
	struct setup_efi got;
	(void)state;

	put_node(FAKE_BASE + 0x100, 0, SETUP_EFI, sizeof(put));
	memcpy(fake_at(&fake, at), &put, sizeof(put));
	ok(setup_list_read(&fake.m, FAKE_BASE + 0x100, &list));
	got = setup_find_efi(&fake.m, &list);
	assert_memory_equal(&got, &put, sizeof(put));
	put_node(FAKE_BASE + 0x100, 0, SETUP_EFI, sizeof(put) - 1);
	ok(setup_list_read(&fake.m, FAKE_BASE + 0x100, &list));
	assert_int_equal(setup_find_efi(&fake.m, &list).tables, 0);
	list.count = 0;
	assert_int_equal(setup_find_efi(&fake.m, &list).smbios, 0);
}

static void memory_that_nodes_point_to_is_busy(void **state)
{
	struct range store[2];
	struct range_list busy = {store, 0, 2};
	struct setup_target ima = {0x5000, 0x300};
	/* struct setup_indirect: type, reserved, length, address */
	uint64_t indirect[3] = {SETUP_RNG_SEED, 0x20, 0x9000};
	(void)state;

	put_node(FAKE_BASE, FAKE_BASE + 64, SETUP_IMA, sizeof(ima));
	memcpy(fake_at(&fake, FAKE_BASE + 16), &ima, sizeof(ima));
	put_node(FAKE_BASE + 64, FAKE_BASE + 256, SETUP_INDIRECT, sizeof(indirect));
	memcpy(fake_at(&fake, FAKE_BASE + 80), indirect, sizeof(indirect));
	put_node(FAKE_BASE + 256, 0, SETUP_EFI, 32);
	ok(setup_list_read(&fake.m, FAKE_BASE, &list));
	ok(setup_targets(&fake.m, &list, &busy));
	assert_int_equal(busy.count, 2);
	assert_int_equal(store[0].base, 0x5000);
	assert_int_equal(store[0].size, 0x300);
	assert_int_equal(store[1].base, 0x9000);
	assert_int_equal(store[1].size, 0x20);
	busy.max = busy.count;
	assert_int_equal(setup_targets(&fake.m, &list, &busy), KB_RANGE_FULL);
}

static void impossible_targets_are_refused(void **state)
{
	struct range store[2];
	struct range_list busy = {store, 0, 2};
	struct setup_target wrap = {UINT64_MAX - 1, 2};
	(void)state;

	put_node(FAKE_BASE, 0, SETUP_IMA, sizeof(wrap));
	memcpy(fake_at(&fake, FAKE_BASE + 16), &wrap, sizeof(wrap));
	ok(setup_list_read(&fake.m, FAKE_BASE, &list));
	assert_int_equal(setup_targets(&fake.m, &list, &busy), KB_SETUP_TARGET);
	put_node(FAKE_BASE, 0, SETUP_IMA, 15);
	ok(setup_list_read(&fake.m, FAKE_BASE, &list));
	assert_int_equal(setup_targets(&fake.m, &list, &busy), KB_SETUP_TARGET);
	put_node(FAKE_BASE, 0, SETUP_INDIRECT, 23);
	ok(setup_list_read(&fake.m, FAKE_BASE, &list));
	assert_int_equal(setup_targets(&fake.m, &list, &busy), KB_SETUP_TARGET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_list_is_followed_in_order, fresh),
		cmocka_unit_test_setup(an_empty_list_has_no_kho, fresh),
		cmocka_unit_test_setup(nodes_outside_ram_are_refused, fresh),
		cmocka_unit_test_setup(a_list_that_does_not_end_is_refused, fresh),
		cmocka_unit_test_setup(one_whole_kho_node_is_taken, fresh),
		cmocka_unit_test_setup(efi_addresses_are_found_in_a_long_enough_node, fresh),
		cmocka_unit_test_setup(memory_that_nodes_point_to_is_busy, fresh),
		cmocka_unit_test_setup(impossible_targets_are_refused, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
