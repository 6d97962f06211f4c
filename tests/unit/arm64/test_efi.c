// SPDX-License-Identifier: BSD-2-Clause
/* UEFI's map and tables as a kernel started by kexec finds them. */
#include "../unit.h"

#include <format/efi_tables.h>
#include <khoboot/compiler.h>

#include "../fake_mem.h"

#define DESC  48
#define VIRT  0x20000000ULL
#define PAGES 64

static struct fake_mem fake;
static uint8_t bytes[16 * DESC];
static struct range store[2][64];
static struct range_list ram, busy;

static int fresh(void **state)
{
	(void)state;
	fake_init(&fake);
	ram = (struct range_list){store[0], 0, 64};
	busy = (struct range_list){store[1], 0, 64};
	return 0;
}

static struct efi_map put_map(const struct efi_descriptor *d, size_t n)
{
	memset(bytes, 0xee, sizeof(bytes));
	for (size_t i = 0; i < n; i++)
		memcpy(bytes + i * DESC, &d[i], sizeof(*d));
	return (struct efi_map){bytes, n * DESC, DESC};
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* UEFI 2.10 table 7.10 and efi-init.c:is_usable_memory; attributes WB 8, UC 1, SP 0x40000. */
static const struct {
	uint32_t type;
	uint64_t attribute;
	bool ram, reserved;
} types[] = {
	{0, 8, false, false},        {1, 8, true, false},        {2, 8, true, false},
	{3, 8, true, false},         {4, 8, true, false},        {5, 8, false, false},
	{6, 8, false, false},        {7, 8, true, false},        {7, 7, false, false},
	{7, 0xf, true, false},       {7, 0x40008, false, false}, {8, 8, false, false},
	{9, 8, true, true},          {9, 1, false, false},       {10, 8, false, false},
	{11, 1, false, false},       {12, 1, false, false},      {13, 8, false, false},
	{14, 8, true, true},         {14, 0x8008, true, true},   {15, 8, false, false},
	{14, 0x40008, false, false},
};

static void types_are_those_of_linux(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		const struct efi_descriptor d[2] = {
			{.type = types[i].type,
			 .phys = 0x100000,
			 .pages = 3,
			 .attribute = types[i].attribute},
			{.type = 7, .phys = 0x200000, .pages = 1, .attribute = 8},
		};
		struct efi_map map = put_map(d, 2);

		ok(efi_map_kernel_ram(&map, &ram, &busy));
		assert_int_equal(ram.count, types[i].ram ? 2 : 1);
		assert_int_equal(busy.count, types[i].reserved);
		if (types[i].ram) {
			assert_int_equal(ram.r[0].base, 0x100000);
			assert_int_equal(ram.r[0].size, 0x3000);
		}
	}
}

static bool has_page(const struct range_list *l, uint64_t page)
{
	return range_list_contains(l, (struct range){page * SZ_4K, SZ_4K});
}

static void ram_matches_model(void **state)
{
	uint64_t seed = 12;
	(void)state;

	for (int round = 0; round < 3000; round++) {
		struct efi_descriptor d[16];
		bool want[PAGES] = {false}, keep[PAGES] = {false};
		bool any = false;
		struct efi_map map;
		size_t n = 0;

		/* From high to low addresses: maps need not be sorted. */
		for (uint64_t at = PAGES; at && n < 16; n++) {
			uint64_t pages = 1 + random_below(&seed, 10);

			pages = pages < at ? pages : at;
			at -= pages;
			d[n] = (struct efi_descriptor){.type = (uint32_t)random_below(&seed, 16),
						       .phys = at * SZ_4K,
						       .pages = pages,
						       .attribute = random_below(&seed, 2) * 8};
			for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
				if (types[t].type != d[n].type ||
				    types[t].attribute != d[n].attribute)
					continue;
				for (uint64_t i = at; i < at + pages; i++) {
					want[i] = types[t].ram;
					keep[i] = types[t].reserved;
				}
				any |= types[t].ram;
			}
		}
		map = put_map(d, n);
		assert_int_equal(efi_map_kernel_ram(&map, &ram, &busy), any ? KB_OK : KB_NO_RAM);
		for (uint64_t i = 0; i < PAGES; i++) {
			assert_int_equal(has_page(&ram, i), want[i]);
			assert_int_equal(has_page(&busy, i), keep[i]);
		}
	}
}

static void malformed_maps_are_refused(void **state)
{
	struct efi_descriptor d = {.type = 7, .phys = 0x1000, .pages = 1ULL << 52, .attribute = 8};
	struct efi_map map = put_map(&d, 1);
	(void)state;

	/* Passes 2^64: no memory, as for a kernel. */
	assert_int_equal(efi_map_kernel_ram(&map, &ram, &busy), KB_NO_RAM);
	map.desc_size = 39;
	assert_int_equal(efi_map_kernel_ram(&map, &ram, &busy), KB_EFI_MAP);
	map = put_map(&d, 0);
	assert_int_equal(efi_map_kernel_ram(&map, &ram, &busy), KB_NO_RAM);
	d.pages = 1;
	map = put_map(&d, 1);
	ram.max = 0;
	assert_int_equal(efi_map_kernel_ram(&map, &ram, &busy), KB_RANGE_FULL);
}

static void virtual_addresses_lead_back(void **state)
{
	struct efi_descriptor d[] = {
		{.type = 7, .phys = 0x40000000, .virt = VIRT, .pages = 99, .attribute = 8},
		{.type = 5,
		 .phys = 0x7c000000,
		 .virt = VIRT,
		 .pages = 2,
		 .attribute = 8 | EFI_ATTR_RT},
		{.type = 6,
		 .phys = 0x7a000000,
		 .virt = VIRT + 0x10000,
		 .pages = 1,
		 .attribute = 8 | EFI_ATTR_RT},
	};
	struct efi_map map = put_map(d, 3);
	(void)state;

	assert_int_equal(efi_map_to_phys(&map, VIRT), 0x7c000000);
	assert_int_equal(efi_map_to_phys(&map, VIRT + 0x1fff), 0x7c001fff);
	assert_int_equal(efi_map_to_phys(&map, VIRT + 0x2000), VIRT + 0x2000);
	assert_int_equal(efi_map_to_phys(&map, VIRT + 0x10008), 0x7a000008);
	assert_int_equal(efi_map_to_phys(&map, VIRT - 1), VIRT - 1);
	/* A descriptor without a virtual address translates nothing. */
	d[1].virt = 0;
	map = put_map(d, 3);
	assert_int_equal(efi_map_to_phys(&map, VIRT + 0x10008), VIRT + 0x10008);
}

/* ---- tables ---------------------------------------------------------------------------------- */

#define SYSTAB (FAKE_BASE + 0x1018)
#define LIST   (FAKE_BASE + 0x2008)

static const uint8_t acpi2[] = "\x71\xe8\x68\x88\xf1\xe4\xd3\x11\xbc\x22\x00\x80\xc7\x3c\x88\x81";
static const uint8_t acpi1[] = "\x30\x2d\x9d\xeb\x88\x2d\xd3\x11\x9a\x16\x00\x90\x27\x3f\xc1\x4d";
static const uint8_t smb3[] = "\x44\x15\xfd\xf2\x94\x97\x2c\x4a\x99\x2e\xe5\xbb\xcf\x20\xe3\x94";
static const uint8_t smb2[] = "\x31\x2d\x9d\xeb\x88\x2d\xd3\x11\x9a\x16\x00\x90\x27\x3f\xc1\x4d";
static const uint8_t rsv[] = "\xc6\xb0\x8e\x88\xde\x8e\xf5\x4f\xa8\xf0\x9a\xee\x5c\xb9\x77\xc2";
static const uint8_t screen[] = "\x0a\xc2\x3f\xe0\xdc\x85\x6e\x40\xb9\x0e\x4a\xb5\x02\x37\x1d\x95";
static const uint8_t kept[] = "\xbe\x2b\xa6\xf3\x75\xaf\x4b\x4f\x91\xd2\xad\x76\xe5\x0f\x67\xd8";
static const uint8_t dtb[] = "\xd5\x21\xb6\xb1\x9c\xf1\xa5\x41\x83\x0b\xd9\x15\x2c\x69\xaa\xe0";

static struct efi_map runtime(void)
{
	const struct efi_descriptor d = {.type = 6,
					 .phys = FAKE_BASE,
					 .virt = VIRT,
					 .pages = 16,
					 .attribute = 8 | EFI_ATTR_RT};

	return put_map(&d, 1);
}

/* The list is named by a virtual address, as after SetVirtualAddressMap. */
static void put_systab(uint64_t n)
{
	uint8_t *t = fake_at(&fake, SYSTAB);

	memcpy(t, "IBI SYST", 8);
	put_u64(t + 104, n);
	put_u64(t + 112, LIST - FAKE_BASE + VIRT);
}

static void put_entry(size_t i, const uint8_t *guid, uint64_t at)
{
	memcpy(fake_at(&fake, LIST + 24 * i), guid, 16);
	put_u64(fake_at(&fake, LIST + 24 * i + 16), at);
}

static void tables_are_found(void **state)
{
	struct efi_map map = runtime();
	struct efi_tables t;
	(void)state;

	put_systab(8);
	put_entry(0, acpi1, 1);
	put_entry(1, smb2, 2);
	put_entry(2, (const uint8_t *)"0123456789abcdef", 3);
	put_entry(3, rsv, 4);
	put_entry(4, dtb, 5);
	put_entry(5, acpi2, 0x1234567890);
	put_entry(6, smb3, 7);
	put_entry(7, screen, 8);
	ok(efi_find_tables(&fake.m, &map, SYSTAB, &t));
	assert_int_equal(t.rsdp, 0x1234567890);
	assert_int_equal(t.smbios, 7);
	assert_int_equal(t.memreserve, 4);
	assert_int_equal(t.dtb, 5);
	assert_int_equal(t.screen, 8);
	/* khoboot's own copy comes first: kernels wipe the other one. */
	put_entry(2, kept, 3);
	ok(efi_find_tables(&fake.m, &map, SYSTAB, &t));
	assert_int_equal(t.screen, 3);
	/* The older kinds of tables, when the newer ones are missing. */
	put_systab(5);
	ok(efi_find_tables(&fake.m, &map, SYSTAB, &t));
	assert_int_equal(t.rsdp, 1);
	assert_int_equal(t.smbios, 2);
	put_systab(0);
	ok(efi_find_tables(&fake.m, &map, SYSTAB, &t));
	assert_int_equal(t.rsdp + t.smbios + t.memreserve + t.dtb + t.screen, 0);
}

static void malformed_tables_are_refused(void **state)
{
	struct efi_map map = runtime();
	struct efi_tables t = {.dtb = 99};
	(void)state;

	put_systab(1);
	assert_int_equal(efi_find_tables(&fake.m, &map, FAKE_BASE + FAKE_SIZE - 119, &t),
			 KB_EFI_TABLE);
	assert_int_equal(fake.m.diag.at, FAKE_BASE + FAKE_SIZE - 119);
	fake_at(&fake, SYSTAB)[3]++;
	assert_int_equal(efi_find_tables(&fake.m, &map, SYSTAB, &t), KB_EFI_TABLE);
	put_systab(EFI_TABLES_MAX + 1);
	assert_int_equal(efi_find_tables(&fake.m, &map, SYSTAB, &t), KB_EFI_TABLE);
	put_systab(UINT64_MAX / 24 + 2);
	assert_int_equal(efi_find_tables(&fake.m, &map, SYSTAB, &t), KB_EFI_TABLE);
	put_systab(EFI_TABLES_MAX);
	ok(efi_find_tables(&fake.m, &map, SYSTAB, &t));
	/* The list ends past the end of memory. */
	put_u64(fake_at(&fake, SYSTAB + 112), VIRT + FAKE_SIZE - 24);
	put_u64(fake_at(&fake, SYSTAB + 104), 2);
	t.dtb = 99;
	assert_int_equal(efi_find_tables(&fake.m, &map, SYSTAB, &t), KB_EFI_TABLE);
	assert_int_equal(t.dtb, 99);
	put_u64(fake_at(&fake, SYSTAB + 104), 1);
	ok(efi_find_tables(&fake.m, &map, SYSTAB, &t));
}

/* ---- reserved for good ----------------------------------------------------------------------- */

static void put_node(uint64_t at, int32_t size, int32_t count, uint64_t next)
{
	put_u32(fake_at(&fake, at), (uint32_t)size);
	put_u32(fake_at(&fake, at + 4), (uint32_t)count);
	put_u64(fake_at(&fake, at + 8), next);
}

static void put_range(uint64_t node, size_t i, uint64_t base, uint64_t size)
{
	put_u64(fake_at(&fake, node + 16 + 16 * i), base);
	put_u64(fake_at(&fake, node + 24 + 16 * i), size);
}

#define FIRST  (FAKE_BASE + 0x3000)
#define SECOND (FAKE_BASE + 0x8010)

static void nodes_and_what_they_name_is_busy(void **state)
{
	(void)state;
	ok(efi_reserved(&fake.m, 0, &busy));
	assert_int_equal(busy.count, 0);
	put_node(FIRST, 255, 2, SECOND);
	put_range(FIRST, 0, 0x100000000, 0x10000);
	put_range(FIRST, 1, 0x200000000, 0x20000);
	put_range(FIRST, 2, 0x300000000, 0x20000); /* not in use */
	put_node(SECOND, 1, 1, 0);
	put_range(SECOND, 0, 0x110000000, 0x1000);
	ok(range_list_add(&busy, (struct range){1, 1}));
	ok(efi_reserved(&fake.m, FIRST, &busy));
	range_list_sort(&busy);
	assert_int_equal(busy.count, 6);
	assert_int_equal(busy.r[0].base, 1);
	assert_int_equal(busy.r[1].base, FIRST);
	assert_int_equal(busy.r[1].size, 4096);
	assert_int_equal(busy.r[2].base, SECOND);
	assert_int_equal(busy.r[2].size, 32);
	assert_int_equal(busy.r[3].size, 0x10000);
	assert_int_equal(busy.r[4].base, 0x110000000);
	assert_int_equal(busy.r[5].size, 0x20000);
}

/* Reserved tables of many processors lie side by side: together they take one entry. */
static void neighbours_need_no_room(void **state)
{
	(void)state;
	put_node(FIRST, 255, 200, 0);
	for (size_t i = 0; i < 200; i++)
		put_range(FIRST, i, 0x100000000 + i * 0x10000, 0x10000);
	busy.max = 5;
	ok(efi_reserved(&fake.m, FIRST, &busy));
	range_list_sort(&busy);
	assert_int_equal(busy.count, 2);
	assert_int_equal(busy.r[1].size, 200 * 0x10000);
	/* With gaps of two bytes they no longer do. */
	busy.count = 0;
	for (size_t i = 0; i < 200; i++)
		put_range(FIRST, i, 0x100000000 + i * 0x10000, 0xfffe);
	assert_int_equal(efi_reserved(&fake.m, FIRST, &busy), KB_RANGE_FULL);
}

static void malformed_lists_are_refused(void **state)
{
	static const int32_t bad[][2] = {{-1, 0}, {1, 2}, {1, -1}, {4096, 0}, {INT32_MIN, 0}};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		put_node(FIRST, bad[i][0], bad[i][1], 0);
		assert_int_equal(efi_reserved(&fake.m, FIRST, &busy), KB_EFI_RESERVED);
	}
	put_node(FIRST, 1, 1, 0);
	put_range(FIRST, 0, UINT64_MAX - 10, 11);
	assert_int_equal(efi_reserved(&fake.m, FIRST, &busy), KB_EFI_RESERVED);
	/* Nodes outside memory, or partly outside. */
	assert_int_equal(efi_reserved(&fake.m, FAKE_BASE - 8, &busy), KB_EFI_RESERVED);
	assert_int_equal(efi_reserved(&fake.m, FAKE_BASE + FAKE_SIZE - 15, &busy), KB_EFI_RESERVED);
	put_node(FAKE_BASE + FAKE_SIZE - 31, 1, 0, 0);
	assert_int_equal(efi_reserved(&fake.m, FAKE_BASE + FAKE_SIZE - 31, &busy), KB_EFI_RESERVED);
	assert_int_equal(busy.count, 0);
	put_node(FAKE_BASE + FAKE_SIZE - 32, 1, 0, 0);
	ok(efi_reserved(&fake.m, FAKE_BASE + FAKE_SIZE - 32, &busy));
}

static void a_list_that_does_not_end_is_refused(void **state)
{
	(void)state;
	put_node(FIRST, 0, 0, SECOND);
	put_node(SECOND, 0, 0, SECOND + 16);
	put_node(SECOND + 16, 0, 0, SECOND);
	assert_int_equal(efi_reserved(&fake.m, FIRST, &busy), KB_EFI_RESERVED);
	assert_int_equal(busy.count, 0);
	put_node(FIRST, 0, 0, FIRST);
	assert_int_equal(efi_reserved(&fake.m, FIRST, &busy), KB_EFI_RESERVED);
	/* The longest list allowed, of nodes without entries; then one node more. */
	for (uint64_t i = 0; i < FAKE_SIZE / 16; i++)
		put_node(FAKE_BASE + 16 * i, 0, 0, FAKE_BASE + 16 * (i + 1));
	put_node(FAKE_BASE + FAKE_SIZE - 16, 0, 0, 0);
	assert_int_equal(FAKE_SIZE / 16, EFI_RESERVED_NODES);
	ok(efi_reserved(&fake.m, FAKE_BASE, &busy));
	range_list_sort(&busy);
	assert_int_equal(busy.count, 1);
	assert_int_equal(busy.r[0].size, FAKE_SIZE);
	put_node(FAKE_BASE + FAKE_SIZE - 16, 0, 0, FAKE_BASE);
	assert_int_equal(efi_reserved(&fake.m, FAKE_BASE, &busy), KB_EFI_RESERVED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(types_are_those_of_linux, fresh),
		cmocka_unit_test_setup(ram_matches_model, fresh),
		cmocka_unit_test_setup(malformed_maps_are_refused, fresh),
		cmocka_unit_test_setup(virtual_addresses_lead_back, fresh),
		cmocka_unit_test_setup(tables_are_found, fresh),
		cmocka_unit_test_setup(malformed_tables_are_refused, fresh),
		cmocka_unit_test_setup(nodes_and_what_they_name_is_busy, fresh),
		cmocka_unit_test_setup(neighbours_need_no_room, fresh),
		cmocka_unit_test_setup(malformed_lists_are_refused, fresh),
		cmocka_unit_test_setup(a_list_that_does_not_end_is_refused, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
