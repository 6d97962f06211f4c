// SPDX-License-Identifier: BSD-2-Clause
/* What the next kernel gets, read back as that kernel reads it. */
#include "unit.h"

#include <stage/stage.h>

#include "fake_mem.h"

#define BLOCK 0x123456000ULL /* above 4 GiB: both halves of each address matter */

static struct fake_mem fake;
static uint8_t file[0x1000];
static _Alignas(4096) uint8_t block[64 * 4096];
static struct kernel kernel;
static struct setup_list carry;
static struct range areas[3] = {{0x1000000, 0x400000},
				{0x40000000, 0x800000},
				{0x200000000, 0x1000}};
static struct range_list scratch = {areas, 3, 3};
static struct kho_handover kho = {.fdt = {0x5000}, .fdt_size = 4096};
static struct boot_params from;

static int fresh(void **state)
{
	(void)state;
	fake_init(&fake);
	memset(block, 0xee, sizeof(block));
	memset(&from, 0x5a, sizeof(from));
	memset(file, 0xc3, sizeof(file));
	carry.count = 0;
	kernel = (struct kernel){
		.file = file,
		.window_size = 0x3000000,
		.window_align = 0x200000,
		.release = "6.18.15 (builder) #1",
		.release_len = 20,
		.bz = {.header_size = 0x7b, .pref_address = 0x1000000, .cmdline_size = 255},
	};
	return 0;
}

static void carry_node(uint64_t at, uint32_t type, uint32_t len, uint8_t fill)
{
	size_t n = carry.count++;

	carry.node[n].addr = at;
	carry.node[n].type = type;
	carry.node[n].len = len;
	memset(fake_at(&fake, at + sizeof(struct setup_data)), fill, len);
}

static struct boot describe(void)
{
	return (struct boot){
		.kernel = &kernel,
		.from = &from,
		.loader = 0xd0,
		.cmdline = "console=ttyS0 quiet",
		.initrd = {0x1ffffff000, 0x100000080},
		.mem = &fake.m,
		.carry = &carry,
		.kho = &kho,
		.scratch = &scratch,
		.efi_map_max = 3000,
		.e820_ext_max = 140,
		.log_max = 500,
	};
}

/* The block as if it lay at BLOCK: walks the list as parse_setup_data() does. */
static size_t read_list(struct setup_data *node, uint64_t *at, size_t max)
{
	const struct boot_params *bp = (const void *)block;
	size_t n = 0;

	for (uint64_t next = bp->setup_data; next; next = node[n - 1].next) {
		assert_in_range(next, BLOCK + BP_SIZE, BLOCK + sizeof(block) - sizeof(*node));
		assert_true(n < max);
		memcpy(&node[n], block + (next - BLOCK), sizeof(*node));
		at[n] = next + sizeof(struct setup_data);
		n++;
	}
	return n;
}

static void the_zero_page_is_the_old_one_with_the_new_header(void **state)
{
	struct boot b = describe();
	const struct boot_params *bp = (const void *)block;
	struct boot_layout l;
	(void)state;

	ok(boot_layout(&b, &l));
	boot_write(&b, &l, block, BLOCK);
	assert_int_equal(bp->acpi_rsdp_addr, 0x5a5a5a5a5a5a5a5aULL);
	assert_int_equal(bp->e820_entries, 0x5a);
	assert_int_equal(bp->sentinel, 0);
	assert_int_equal(bp->setup_sects, 0xc3);
	assert_int_equal(block[BP_HDR + 0x7b - 1], 0xc3);
	for (size_t i = BP_HDR + 0x7b; i < BP_HDR_END; i++)
		assert_int_equal(block[i], 0);
	assert_int_equal(block[BP_HDR_END], 0x5a);
	assert_int_equal(bp->type_of_loader, 0xd0);
	assert_int_equal(bp_join(bp->ramdisk_image, bp->ext_ramdisk_image), b.initrd.base);
	assert_int_equal(bp_join(bp->ramdisk_size, bp->ext_ramdisk_size), b.initrd.size);
	assert_int_equal(bp_join(bp->cmd_line_ptr, bp->ext_cmd_line_ptr), BLOCK + l.cmdline);
	assert_string_equal((const char *)block + l.cmdline, b.cmdline);
	for (size_t i = l.size; i < sizeof(block); i++)
		assert_int_equal(block[i], 0xee);
}

static void the_kho_node_brings_its_scratch_array(void **state)
{
	struct boot b = describe();
	struct setup_data node[8];
	struct kho_data d;
	struct boot_layout l;
	uint64_t at[8];
	(void)state;

	b.efi_map_max = b.e820_ext_max = b.log_max = 0;
	ok(boot_layout(&b, &l));
	boot_write(&b, &l, block, BLOCK);
	assert_int_equal(read_list(node, at, 8), 1);
	assert_int_equal(node[0].type, SETUP_KEXEC_KHO);
	assert_int_equal(node[0].len, sizeof(d) + sizeof(areas));
	memcpy(&d, block + (at[0] - BLOCK), sizeof(d));
	assert_int_equal(d.fdt_addr, 0x5000);
	assert_int_equal(d.fdt_size, 4096);
	assert_int_equal(d.scratch_addr, at[0] + sizeof(d));
	assert_int_equal(d.scratch_size, sizeof(areas));
	assert_memory_equal(block + (d.scratch_addr - BLOCK), areas, sizeof(areas));
}

static void nodes_are_carried_over_in_order_and_whole(void **state)
{
	struct boot b = describe();
	struct setup_data node[8];
	struct boot_layout l;
	uint64_t at[8];
	(void)state;

	b.kho = NULL;
	b.efi_map_max = b.e820_ext_max = b.log_max = 0;
	carry_node(FAKE_BASE + 0x10, SETUP_EFI, 33, 1);
	carry_node(FAKE_BASE + 0x100, SETUP_KEXEC_KHO, 32, 2);
	carry_node(FAKE_BASE + 0x200, 0x12345, 5000, 3);
	carry_node(FAKE_BASE + 0x2000, SETUP_KHOBOOT_LOG, 100, 4);
	carry_node(FAKE_BASE + 0x3000, SETUP_RNG_SEED, 0, 5);
	carry_node(FAKE_BASE + 0x3100, SETUP_NONE, 8, 6);
	ok(boot_layout(&b, &l));
	boot_write(&b, &l, block, BLOCK);
	assert_int_equal(read_list(node, at, 8), 3);
	assert_int_equal(node[0].type, SETUP_EFI);
	assert_int_equal(node[1].type, 0x12345);
	assert_int_equal(node[2].type, SETUP_RNG_SEED);
	assert_int_equal(node[0].len, 33);
	assert_int_equal(node[1].len, 5000);
	assert_int_equal(node[2].len, 0);
	for (size_t i = 0; i < 5000; i++)
		assert_int_equal(block[at[1] - BLOCK + i], 3);
	assert_int_equal(block[at[0] - BLOCK + 32], 1);
}

/* A map of @n descriptors of RAM that do not touch, so that there are as many E820 entries. */
static struct efi_map make_map(struct efi_descriptor *d, size_t n)
{
	for (size_t i = 0; i < n; i++)
		d[i] = (struct efi_descriptor){.type = EFI_CONVENTIONAL,
					       .phys = i * 0x10000,
					       .pages = 8};
	return (struct efi_map){d, n * sizeof(*d), sizeof(*d)};
}

static void the_room_kept_is_filled_at_the_end(void **state)
{
	struct boot b = describe();
	const struct boot_params *bp = (const void *)block;
	struct efi_descriptor d[150];
	struct efi_info efi = {.systab = 0x7fe000000123ULL, .desc_version = 1};
	struct range home = {0x20000, 0x1000};
	struct range_list homes = {&home, 1, 1};
	struct setup_data node[8];
	struct boot_layout l;
	uint64_t at[8];
	(void)state;

	efi.map = make_map(d, 130);
	d[2].type = EFI_BS_DATA;
	d[3].type = EFI_BS_DATA;
	b.efi_map_max = 141 * sizeof(d[0]);
	ok(boot_layout(&b, &l));
	boot_write(&b, &l, block, BLOCK);
	ok(boot_set_map(&b, &l, block, BLOCK, &efi, &homes));
	boot_set_log(&l, block, b.log_max, "a line\n", 7);
	assert_int_equal(read_list(node, at, 8), 4);
	assert_int_equal(bp->e820_entries, 128);
	assert_int_equal(bp->e820_table[127].addr, 127 * 0x10000);
	assert_int_equal(bp->e820_table[127].size, 0x8000);
	assert_int_equal(node[1].type, SETUP_NONE);
	assert_int_equal(bp_join(bp->efi_memmap, bp->efi_memmap_hi), at[1]);
	assert_int_equal(bp_join(bp->efi_systab, bp->efi_systab_hi), 0x7fe000000123ULL);
	assert_int_equal(bp->efi_memmap_size, efi.map.size);
	assert_int_equal(bp->efi_memdesc_size, sizeof(d[0]));
	assert_int_equal(bp->efi_memdesc_version, 1);
	assert_memory_equal(bp->efi_loader_signature, "EL64", 4);
	/* As firmware gave it, except for the descriptor that holds a home. */
	d[2].type = EFI_LOADER_DATA;
	assert_memory_equal(block + (at[1] - BLOCK), d, efi.map.size);
	assert_int_equal(node[2].type, SETUP_E820_EXT);
	assert_int_equal(node[2].len, 2 * sizeof(struct e820_entry));
	assert_int_equal(get_u64(block + (at[2] - BLOCK)), 128 * 0x10000);
	assert_int_equal(get_u64(block + (at[2] - BLOCK) + 20), 129 * 0x10000);
	assert_int_equal(node[3].type, SETUP_KHOBOOT_LOG);
	assert_int_equal(node[3].len, 7);
	assert_memory_equal(block + (at[3] - BLOCK), "a line\n", 7);
	/* An extension without entries is not passed as one. */
	efi.map = make_map(d, 128);
	ok(boot_set_map(&b, &l, block, BLOCK, &efi, &homes));
	assert_int_equal(read_list(node, at, 8), 4);
	assert_int_equal(bp->e820_entries, 128);
	assert_int_equal(node[2].type, SETUP_NONE);
	/* Unless the last map has more than the one before. */
	efi.map = make_map(d, 130);
	ok(boot_set_map(&b, &l, block, BLOCK, &efi, &homes));
	assert_int_equal(read_list(node, at, 8), 4);
	assert_int_equal(node[2].type, SETUP_E820_EXT);
	assert_int_equal(node[2].len, 2 * sizeof(struct e820_entry));
	boot_set_log(&l, block, 3, "a line\n", 7);
	read_list(node, at, 8);
	assert_int_equal(node[3].len, 3);
}

static void a_map_beyond_the_room_is_refused(void **state)
{
	struct boot b = describe();
	struct efi_descriptor d[150];
	struct efi_info efi = {.map = make_map(d, 141)};
	struct range_list homes = {NULL, 0, 0};
	struct boot_layout l;
	(void)state;

	b.efi_map_max = 141 * sizeof(d[0]);
	ok(boot_layout(&b, &l));
	boot_write(&b, &l, block, BLOCK);
	assert_int_equal(boot_set_map(&b, &l, block, BLOCK, &efi, &homes), KB_E820_FULL);
	efi.map.size -= sizeof(d[0]);
	ok(boot_set_map(&b, &l, block, BLOCK, &efi, &homes));
	b.efi_map_max = efi.map.size - 1;
	assert_int_equal(boot_set_map(&b, &l, block, BLOCK, &efi, &homes), KB_EFI_MAP_UNFIT);
	efi.map.size--;
	assert_int_equal(boot_set_map(&b, &l, block, BLOCK, &efi, &homes), KB_EFI_MAP);
}

static void what_does_not_fit_is_refused(void **state)
{
	struct boot b = describe();
	struct boot_layout l;
	(void)state;

	kernel.bz.cmdline_size = 19;
	ok(boot_layout(&b, &l));
	kernel.bz.cmdline_size = 18;
	assert_int_equal(boot_layout(&b, &l), KB_CMDLINE_LONG);
	kernel.bz.cmdline_size = 255;
	b.efi_map_max = 63 * 4096 + 1;
	assert_int_equal(boot_layout(&b, &l), KB_SETUP_BIG);
	b.efi_map_max = 0;
	carry_node(FAKE_BASE, SETUP_IMA, 0, 0);
	carry.node[0].len = 16 * 1048576 + 1;
	assert_int_equal(boot_layout(&b, &l), KB_SETUP_BIG);
}

/* ---- placing -------------------------------------------------------------------------------- */

/*
 * Random free memory. The window is 48 MiB, aligned to 2 MiB, and takes the lowest place; the block
 * takes the highest below 4 GiB, if there is one.
 *
 *       1M       pref_address
 *       |        |
 *   aaa...bbbbbbbbbbbbbbbbbbbbbb.....ccccccccc...    free
 *                [  window ]           [block]       what is wanted
 *                 |
 *                 entry, 0x200 bytes from the start of the window
 */
static void placements_are_free_aligned_and_apart(void **state)
{
	uint64_t seed = 41;
	(void)state;

	for (int round = 0; round < 20000; round++) {
		struct range store[20], before[20];
		struct range_list free = {store, 0, 20}, all = {before, 0, 20};
		struct boot_placement p = {.entry = 1};
		uint64_t size = (1 + random_below(&seed, 16)) * SZ_4K;
		enum kb_status st;

		for (size_t n = random_below(&seed, 6); n; n--) {
			struct range r = {random_below(&seed, 0x180000) * SZ_4K,
					  random_below(&seed, 0x8000) * SZ_4K};

			ok(range_list_add(&free, r));
		}
		range_list_sort(&free);
		memcpy(before, store, sizeof(store));
		all.count = free.count;
		st = boot_place(&free, &kernel, size, (struct range){0, 0}, &p);
		if (st) {
			assert_true(st == KB_PLACE_KERNEL || st == KB_PLACE_BLOCK);
			assert_int_equal(p.entry, 1);
			continue;
		}
		assert_true(range_list_contains(&all, p.window));
		assert_true(range_list_contains(&all, p.block));
		assert_false(ranges_overlap(p.window, p.block));
		assert_true(p.window.base >= kernel.bz.pref_address);
		assert_int_equal(p.window.base % kernel.window_align, 0);
		assert_int_equal(p.window.size, kernel.window_size);
		assert_int_equal(p.block.size, size);
		assert_int_equal(p.block.base % SZ_4K, 0);
		assert_true(p.block.base >= SZ_1M);
		assert_int_equal(p.entry, p.window.base + 0x200);
	}
}

/* ---- ready kernels --------------------------------------------------------------------------- */

/* Every place that there is, found by trying each page. */
static uint64_t count_places(const struct range_list *free, struct range *place, uint64_t max)
{
	uint64_t n = 0;

	for (uint64_t at = kernel.bz.pref_address; at < 0x20000000; at += kernel.window_align) {
		struct range r = {at, kernel.window_size};

		if (!range_list_contains(free, r))
			continue;
		assert_true(n < max);
		place[n++] = r;
	}
	return n;
}

/* Each place is found by as many random numbers as the others, and by the first in its turn. */
static void a_random_window_may_be_anywhere(void **state)
{
	static struct range want[0x200];
	uint64_t seed = 3, found = 0;
	struct range window;
	(void)state;

	kernel.window_size = 0x1234000;
	kernel.random_place = true;
	for (unsigned int round = 0; round < 200; round++) {
		struct range store[8];
		struct range_list free = {store, 0, 8};
		uint64_t n;

		for (uint64_t i = random_below(&seed, 6); i; i--)
			ok(range_list_add(&free,
					  (struct range){random_below(&seed, 0x1c000) * SZ_4K,
							 random_below(&seed, 0x4000) * SZ_4K}));
		range_list_sort(&free);
		n = count_places(&free, want, ARRAY_SIZE(want));
		found += n;
		for (kernel.random = 0; kernel.random < 2 * n; kernel.random++) {
			ok(boot_find_window(&free, &kernel, (struct range){0, 0}, &window));
			assert_int_equal(window.base, want[kernel.random % n].base);
			assert_int_equal(window.size, kernel.window_size);
		}
		if (!n)
			assert_int_equal(boot_find_window(&free, &kernel, (struct range){0, 0},
							  &window),
					 KB_PLACE_KERNEL);
	}
	assert_true(found > 1000);
}

/*
 *   16M        32M             80M        96M
 *   aaaaaaaaaaa[ khoboot [own] ]bbbbbbbbbb         free, and where the kernel lies in our segment
 */
static void a_ready_kernel_may_stay(void **state)
{
	struct range store[8];
	struct range_list free = {store, 2, 8};
	struct boot_placement p;
	uint64_t seed = 5, stayed = 0;
	(void)state;

	kernel.is_ready = true;
	kernel.ready.entry = 0x40;
	kernel.window_size = SZ_2M;
	kernel.own = (struct range){0x3000000, SZ_2M};
	store[0] = (struct range){0x1000000, 0x1000000};
	store[1] = (struct range){0x5000000, 0x1000000};
	ok(boot_place(&free, &kernel, SZ_4K, (struct range){0, 0}, &p));
	assert_int_equal(p.window.base, kernel.own.base);
	assert_int_equal(p.entry, kernel.own.base + 0x40);
	assert_int_equal(p.block.base, 0x6000000 - SZ_4K);
	kernel.random_place = true;
	for (unsigned int i = 0; i < 300; i++) {
		kernel.random = random_next(&seed);
		free.count = 2;
		store[0] = (struct range){0x1000000, 0x1000000};
		store[1] = (struct range){0x5000000, 0x1000000};
		ok(boot_place(&free, &kernel, SZ_4K, (struct range){0, 0}, &p));
		stayed += p.window.base == kernel.own.base;
		assert_false(ranges_overlap(p.window, p.block));
		assert_false(ranges_overlap(p.block, kernel.own));
		assert_false(range_list_overlap(&free, kernel.own));
		assert_false(range_list_overlap(&free, p.window));
	}
	/* 17 places */
	assert_in_range(stayed, 5, 40);
}

/* It cannot run between multiples of 2 MiB, nor below where it is linked for. */
static void a_ready_kernel_that_has_to_move(void **state)
{
	static const uint64_t bases[] = {0x3100000, 0xe00000};
	(void)state;

	kernel.is_ready = true;
	kernel.window_size = SZ_2M;
	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		struct range store[8] = {{0x5000000, 0x1000000}};
		struct range_list free = {store, 1, 8};
		struct boot_placement p;

		kernel.own = (struct range){bases[i], SZ_2M};
		ok(boot_place(&free, &kernel, SZ_4K, (struct range){0, 0}, &p));
		assert_int_equal(p.window.base, 0x5000000);
		/* No place but that: too small for anything else, and it cannot be used. */
		free.count = 0;
		assert_int_equal(boot_place(&free, &kernel, SZ_4K, (struct range){0, 0}, &p),
				 KB_PLACE_KERNEL);
	}
}

static void the_kernel_is_told_of_a_random_layout(void **state)
{
	struct boot b = describe();
	struct boot_layout l;
	(void)state;

	file[0x211] = 0x83;
	for (unsigned int i = 0; i < 4; i++) {
		kernel.is_ready = i & 1;
		kernel.kaslr = i & 2;
		ok(boot_layout(&b, &l));
		boot_write(&b, &l, block, BLOCK);
		assert_int_equal(block[0x211], i == 1 ? 0x81 : 0x83);
	}
}

static void the_kernel_is_told_to_encrypt(void **state)
{
	struct boot b = describe();
	struct boot_layout l;
	(void)state;

	for (unsigned int i = 0; i < 4; i++) {
		kernel.is_ready = i & 1;
		kernel.encrypts = i & 2;
		ok(boot_layout(&b, &l));
		boot_write(&b, &l, block, BLOCK);
		assert_int_equal(get_u16(block + 0x236),
				 get_u16(file + 0x236) | (i == 3 ? 0x80 : 0));
	}
}

static enum kb_status place(struct range_list *free, struct boot_placement *p)
{
	return boot_place(free, &kernel, SZ_4K, (struct range){0, 0}, p);
}

/*
 *   1M     16M        64M       129M   4G       4G+128M
 *   |      |          |         |      |        |
 *   aaaaaaaaaaaaaaaaaaaaaaaaaaaa.......bbbbbbbbb.    free
 *          [  window ]         #                     #: the block, a page
 */
static void the_block_stays_below_4_gib_where_it_can(void **state)
{
	struct range store[8] = {{SZ_1M, 0x8000000}, {SZ_4G, 0x8000000}};
	struct range_list free = {store, 2, 8};
	struct boot_placement p;
	(void)state;

	ok(place(&free, &p));
	assert_int_equal(p.window.base, kernel.bz.pref_address);
	assert_int_equal(p.block.base, SZ_1M + 0x8000000 - SZ_4K);
}

/*
 *   0  4K    16M                64M       128M
 *   |  |     |                  |         |
 *   .........aaaaaaaaaaaaaaaaaa.............    a page less than the window: KB_PLACE_KERNEL
 *   .........aaaaaaaaaaaaaaaaaaa............    exactly the window: KB_PLACE_BLOCK
 *   aaa......bbbbbbbbbbbbbbbbbbb............    one more page, but below 1 MiB: likewise
 *   aaaaaaaaa[      window     ]aaaaaaaaaa..    two entries in a list of one: KB_RANGE_FULL
 */
static void no_room_has_two_codes(void **state)
{
	struct range store[4] = {{0x1000000, 0x2fff000}};
	struct range_list free = {store, 1, 4};
	struct boot_placement p;
	(void)state;

	assert_int_equal(place(&free, &p), KB_PLACE_KERNEL);
	store[0] = (struct range){0x1000000, 0x3000000};
	free.count = 1;
	assert_int_equal(place(&free, &p), KB_PLACE_BLOCK);
	/* Nothing is placed below 1 MiB: kernels use that memory as they like. */
	store[0] = (struct range){0, 0x1000};
	store[1] = (struct range){0x1000000, 0x3000000};
	free.count = 2;
	assert_int_equal(place(&free, &p), KB_PLACE_BLOCK);
	/* A list that is full cannot take the window out of the middle. */
	store[0] = (struct range){0, 0x8000000};
	free = (struct range_list){store, 1, 1};
	assert_int_equal(place(&free, &p), KB_RANGE_FULL);
}

static void the_release_is_the_first_word(void **state)
{
	char buf[80];
	(void)state;

	stage_release(&kernel, buf, sizeof(buf));
	assert_string_equal(buf, "6.18.15");
	stage_release(&kernel, buf, 4);
	assert_string_equal(buf, "6.1");
	kernel.release_len = 0;
	stage_release(&kernel, buf, sizeof(buf));
	assert_string_equal(buf, "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_zero_page_is_the_old_one_with_the_new_header, fresh),
		cmocka_unit_test_setup(the_kho_node_brings_its_scratch_array, fresh),
		cmocka_unit_test_setup(nodes_are_carried_over_in_order_and_whole, fresh),
		cmocka_unit_test_setup(the_room_kept_is_filled_at_the_end, fresh),
		cmocka_unit_test_setup(a_map_beyond_the_room_is_refused, fresh),
		cmocka_unit_test_setup(what_does_not_fit_is_refused, fresh),
		cmocka_unit_test_setup(placements_are_free_aligned_and_apart, fresh),
		cmocka_unit_test_setup(a_random_window_may_be_anywhere, fresh),
		cmocka_unit_test_setup(a_ready_kernel_may_stay, fresh),
		cmocka_unit_test_setup(a_ready_kernel_that_has_to_move, fresh),
		cmocka_unit_test_setup(the_kernel_is_told_of_a_random_layout, fresh),
		cmocka_unit_test_setup(the_kernel_is_told_to_encrypt, fresh),
		cmocka_unit_test_setup(the_block_stays_below_4_gib_where_it_can, fresh),
		cmocka_unit_test_setup(no_room_has_two_codes, fresh),
		cmocka_unit_test_setup(the_release_is_the_first_word, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
