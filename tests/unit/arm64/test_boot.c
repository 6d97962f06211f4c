// SPDX-License-Identifier: BSD-2-Clause
/* What the next kernel gets, read back as that kernel reads it. */
#include "make_tree.h"

#include <arch/boot.h>

#include <stdio.h>
#include <stdlib.h>

#define BLOCK  0x523456000ULL /* above 4 GiB: both halves of each address matter */
#define CHOSEN "/chosen"

static struct tree t;
static struct kernel kernel;
static struct range areas[3] = {{0x41000000, 0x400000},
				{0x80000000, 0x800000},
				{0x200000000, 0x200000}};
static struct range_list scratch = {areas, 3, 3};
static struct kho_handover kho = {.fdt = {0x1fffff000}, .fdt_size = 0x4000};
static uint8_t *block;
static struct boot_layout l;
static struct dtb_facts f;

static int fresh(void **state)
{
	(void)state;
	kernel = (struct kernel){.window_size = 0x2345000,
				 .window_align = SZ_2M,
				 .text_offset = 0x80000};
	tree_init(&t, 2, 2);
	tree_text(&t, "/psci", "method", "hvc");
	tree_text(&t, "/psci", "compatible", "arm,psci-1.0");
	tree_text(&t, CHOSEN, "stdout-path", "/pl011@9000000:115200");
	tree_text(&t, "/pl011@9000000", "compatible", "arm,pl011");
	tree_range(&t, "/pl011@9000000", "reg", 0x9000000, 0x1000);
	free(block);
	block = NULL;
	return 0;
}

static struct boot describe(void)
{
	return (struct boot){
		.kernel = &kernel,
		.fdt = t.fdt,
		.fdt_addr = 0x48000000,
		.cmdline = "console=ttyAMA0 quiet",
		.initrd = {0x1fffff000, 0x100000080},
		.kho = &kho,
		.scratch = &scratch,
		.log_max = 500,
	};
}

/* Write the block to memory of exactly its size, and read it back as an unknown tree. */
static void write_block(const struct boot *b)
{
	ok(boot_layout(b, &l));
	assert_int_equal(l.size % SZ_4K, 0);
	free(block);
	block = aligned_alloc(4096, l.size);
	assert_non_null(block);
	memset(block, 0xee, l.size);
	boot_write(b, &l, block, BLOCK);
	ok(dtb_check(block, l.tree, NULL));
	ok(dtb_read(block, &f, NULL));
}

static const void *property(const char *name, int *len)
{
	return fdt_getprop(block, fdt_path_offset(block, CHOSEN), name, len);
}

static bool has(const char *name)
{
	return property(name, NULL);
}

static void check_handover(void)
{
	assert_true(f.has_kho);
	assert_int_equal(f.kho.fdt.addr, kho.fdt.addr);
	assert_int_equal(f.kho.fdt_size, kho.fdt_size);
	assert_int_equal(f.kho.scratch.addr, BLOCK + l.scratch);
	assert_int_equal(f.kho.scratch_size, sizeof(areas));
	assert_in_range(l.scratch, fdt_totalsize(block), l.size - sizeof(areas));
	assert_int_equal(l.scratch % 8, 0);
	assert_memory_equal(block + l.scratch, areas, sizeof(areas));
}

static void check_cmdline(const char *want)
{
	assert_int_equal(f.cmdline.len, strlen(want));
	assert_memory_equal(f.cmdline.text, want, strlen(want));
}

static void chosen_is_made_anew(void **state)
{
	struct boot b = describe();
	(void)state;

	/* What the outgoing kernel was told. */
	tree_text(&t, CHOSEN, "bootargs",
		  "root=/dev/vda a much longer command line than the new one");
	tree_u64(&t, CHOSEN, "linux,initrd-start", 0x60000000);
	tree_u64(&t, CHOSEN, "linux,initrd-end", 0x60001000);
	tree_range(&t, CHOSEN, "linux,kho-fdt", 0x1000, 0x1000);
	tree_range(&t, CHOSEN, "linux,kho-scratch", 0x2000, 0x10);
	tree_text(&t, CHOSEN, BOOT_LOG_PROPERTY, "what khoboot said then");
	tree_bytes(&t, CHOSEN, "rng-seed", "0123456789abcdef", 16);
	tree_u64(&t, CHOSEN, "kaslr-seed", 0x1122334455667788);
	tree_cells(&t, CHOSEN, "linux,booted-from-kexec", 0);
	write_block(&b);
	check_cmdline("console=ttyAMA0 quiet");
	check_handover();
	assert_int_equal(f.initrd.base, b.initrd.base);
	assert_int_equal(f.initrd.size, b.initrd.size);
	/* Seeds are handed on, and so is whatever khoboot does not write itself. */
	assert_memory_equal(property("rng-seed", NULL), "0123456789abcdef", 16);
	assert_memory_equal(property("kaslr-seed", NULL), "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
	assert_true(has("linux,booted-from-kexec"));
	assert_int_equal(f.uart.base, 0x9000000);
	assert_int_equal(f.psci, PSCI_HVC);
	assert_false(f.acpi);
	assert_false(f.uefi.found);
	assert_false(has("linux,uefi-secure-boot"));
}

static void what_is_not_given_is_not_there(void **state)
{
	struct boot b = describe();
	(void)state;

	tree_text(&t, CHOSEN, "bootargs", "old");
	tree_u64(&t, CHOSEN, "linux,initrd-start", 0x60000000);
	tree_u64(&t, CHOSEN, "linux,initrd-end", 0x60001000);
	tree_range(&t, CHOSEN, "linux,kho-fdt", 0x1000, 0x1000);
	tree_range(&t, CHOSEN, "linux,kho-scratch", 0x2000, 0x10);
	tree_text(&t, CHOSEN, BOOT_LOG_PROPERTY, "old");
	b.cmdline = "";
	b.initrd.size = 0;
	b.kho = NULL;
	b.log_max = 0;
	write_block(&b);
	assert_null(f.cmdline.text);
	assert_false(has("linux,initrd-start") || has("linux,initrd-end"));
	assert_false(f.has_kho);
	assert_false(has(BOOT_LOG_PROPERTY));
	boot_set_log(&l, block, 100, "text", 4);
	assert_false(has(BOOT_LOG_PROPERTY));
	/* Where /chosen is missing, it is added. */
	assert_int_equal(fdt_del_node(t.fdt, tree_node(&t, CHOSEN)), 0);
	b = describe();
	write_block(&b);
	check_cmdline("console=ttyAMA0 quiet");
	check_handover();
}

static void seeds_may_be_new(void **state)
{
	static const uint8_t seed[40] = {9, 8, 7};
	struct boot b = describe();
	int len;
	(void)state;

	tree_bytes(&t, CHOSEN, "rng-seed", "0123456789abcdef", 16);
	tree_u64(&t, CHOSEN, "kaslr-seed", 1);
	b.kaslr_seed = 0x8877665544332211;
	b.rng_seed = seed;
	b.rng_seed_size = sizeof(seed);
	write_block(&b);
	assert_memory_equal(property("rng-seed", &len), seed, sizeof(seed));
	assert_int_equal(len, sizeof(seed));
	assert_memory_equal(property("kaslr-seed", NULL), "\x88\x77\x66\x55\x44\x33\x22\x11", 8);
}

/* The tree is then a root with two address and two size cells, and /chosen. */
static void without_a_tree_acpi_stays_on(void **state)
{
	struct boot b = describe();
	(void)state;

	b.fdt = NULL;
	write_block(&b);
	assert_true(f.acpi);
	check_handover();
	check_cmdline("console=ttyAMA0 quiet");
	assert_int_equal(f.initrd.size, b.initrd.size);
	assert_int_equal(fdt_address_cells(block, 0), 2);
	assert_int_equal(fdt_size_cells(block, 0), 2);
	assert_int_equal(fdt_num_mem_rsv(block), 0);
}

static void reservations_are_kept_but_stale_ones(void **state)
{
	static const struct range kept[] = {{0x1000, 0x1000},
					    {0x48000000, 0x10000}, /* not the tree: longer */
					    {0x60000000, 0x0f00},  /* not all of the initrd */
					    {0x60000000, 0x20000}};
	struct boot b = describe();
	struct range got;
	(void)state;

	tree_u64(&t, CHOSEN, "linux,initrd-start", 0x60000000);
	tree_u64(&t, CHOSEN, "linux,initrd-end", 0x60000f80);
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		assert_int_equal(fdt_add_mem_rsv(t.fdt, kept[i].base, kept[i].size), 0);
	assert_int_equal(fdt_add_mem_rsv(t.fdt, 0x48000000, TREE_MAX), 0);
	assert_int_equal(fdt_add_mem_rsv(t.fdt, 0x60000000, 0x0f80), 0);
	assert_int_equal(fdt_add_mem_rsv(t.fdt, 0x60000000, 0x1000), 0);
	assert_int_equal(fdt_totalsize(t.fdt), TREE_MAX);
	write_block(&b);
	assert_int_equal(fdt_num_mem_rsv(block), ARRAY_SIZE(kept));
	for (int i = 0; i < (int)ARRAY_SIZE(kept); i++) {
		assert_int_equal(fdt_get_mem_rsv(block, i, &got.base, &got.size), 0);
		assert_int_equal(got.base, kept[i].base);
		assert_int_equal(got.size, kept[i].size);
	}
	/* With efi_map_max the UEFI map says what is reserved. */
	b.efi_map_max = 480;
	write_block(&b);
	assert_int_equal(fdt_num_mem_rsv(block), 0);
}

/* The next kernel learns all three from the tree: khoboot adds nothing to them. */
static void a_crash_kernel_learns_of_the_dump(void **state)
{
	struct boot b = describe();
	struct range store[2], got;
	struct range_list usable = {store, 0, 2};
	(void)state;

	tree_range(&t, CHOSEN, "linux,elfcorehdr", 0x15fff0000, 0x1000);
	tree_range(&t, CHOSEN, "linux,dmcryptkeys", 0x15ffe0000, 0x1000);
	tree_cells(&t, CHOSEN, "linux,usable-memory-range", 8, 1u, 0x40000000u, 0u, 0x20000000u, 0u,
		   0x50000000u, 0u, 0x8000000u);
	tree_range(&t, CHOSEN, "linux,kho-fdt", 0x1000, 0x1000);
	tree_range(&t, CHOSEN, "linux,kho-scratch", 0x2000, 0x20);
	assert_int_equal(fdt_add_mem_rsv(t.fdt, 0x15fff0000, 0x1000), 0);
	b.kho = NULL;
	write_block(&b);
	assert_true(f.crash);
	assert_false(f.has_kho);
	assert_int_equal(f.elfcorehdr.base, 0x15fff0000);
	assert_true(has("linux,dmcryptkeys"));
	ok(dtb_usable(block, &usable, NULL));
	assert_int_equal(usable.count, 2);
	assert_int_equal(usable.r[0].base, 0x50000000);
	assert_int_equal(usable.r[1].size, 0x20000000);
	assert_int_equal(fdt_get_mem_rsv(block, 0, &got.base, &got.size), 0);
	assert_int_equal(got.base, 0x15fff0000);
}

/* ---- UEFI ------------------------------------------------------------------------------------ */

static void received_uefi_stays_and_is_completed(void **state)
{
	struct boot b = describe();
	(void)state;

	tree_u64(&t, CHOSEN, "linux,uefi-system-table", 0x13f000018);
	tree_u64(&t, CHOSEN, "linux,uefi-mmap-start", 0x13e000018);
	tree_cells(&t, CHOSEN, "linux,uefi-mmap-size", 1, 0x960u);
	tree_cells(&t, CHOSEN, "linux,uefi-mmap-desc-size", 1, 48u);
	tree_cells(&t, CHOSEN, "linux,uefi-mmap-desc-ver", 1, 1u);
	/* As kernels before 7.2 leave it. */
	write_block(&b);
	assert_true(f.uefi.found);
	assert_int_equal(f.uefi.systab, 0x13f000018);
	assert_int_equal(f.uefi.map.base, 0x13e000018);
	assert_int_equal(f.uefi.map.size, 0x960);
	assert_true(has("linux,uefi-secure-boot"));
	assert_int_equal(f.uefi.secure, SECURE_UNSET);
	tree_cells(&t, CHOSEN, "linux,uefi-secure-boot", 1, (uint32_t)SECURE_ON);
	write_block(&b);
	assert_int_equal(f.uefi.secure, SECURE_ON);
}

#define DESC 48

static uint8_t map_bytes[10 * DESC];

static struct efi_info make_map(void)
{
	const struct efi_descriptor d[] = {
		{.type = EFI_CONVENTIONAL, .phys = 0x40000000, .pages = 16, .attribute = 8},
		{.type = EFI_RT_CODE,
		 .phys = 0x7c000000,
		 .virt = 0x20000000,
		 .pages = 16,
		 .attribute = 8 | EFI_ATTR_RT},
		{.type = EFI_MMIO, .phys = 0x4000000, .pages = 16, .attribute = 1 | EFI_ATTR_RT},
		{.type = EFI_RT_DATA, .phys = 0x7d000000, .virt = 5, .pages = 16, .attribute = 8},
	};

	memset(map_bytes, 0xaa, sizeof(map_bytes));
	for (size_t i = 0; i < ARRAY_SIZE(d); i++)
		memcpy(map_bytes + i * DESC, &d[i], sizeof(d[i]));
	return (struct efi_info){0x13f000018, {map_bytes, ARRAY_SIZE(d) * DESC, DESC}, 1};
}

/* Runtime memory is mapped to itself, nothing else of the map is changed. */
static void check_map(const uint8_t *got, const struct efi_info *efi)
{
	uint8_t want[10 * DESC];

	memcpy(want, map_bytes, sizeof(want));
	put_u64(want + DESC + 16, 0x7c000000);
	put_u64(want + 2 * DESC + 16, 0x4000000);
	assert_memory_equal(got, want, efi->map.size);
}

static void the_map_of_the_last_moment_is_handed_over(void **state)
{
	struct boot b = describe();
	struct efi_info efi = make_map();
	struct range_list none = {NULL, 0, 0};
	(void)state;

	b.efi_map_max = sizeof(map_bytes);
	b.secure = SECURE_OFF;
	tree_u64(&t, CHOSEN, "linux,uefi-mmap-size", 1);
	write_block(&b);
	assert_in_range(l.efi_map, l.scratch + sizeof(areas), l.size - sizeof(map_bytes));
	ok(boot_set_map(&b, &l, block, BLOCK, &efi, &none));
	ok(dtb_read(block, &f, NULL));
	assert_true(f.uefi.found);
	assert_int_equal(f.uefi.systab, 0x13f000018);
	assert_int_equal(f.uefi.map.base, BLOCK + l.efi_map);
	assert_int_equal(f.uefi.map.size, 4 * DESC);
	assert_int_equal(f.uefi.desc_size, DESC);
	assert_int_equal(f.uefi.desc_version, 1);
	assert_int_equal(f.uefi.secure, SECURE_OFF);
	check_map(block + l.efi_map, &efi);
	check_handover();
	/* A map that does not fit, and one that is not whole descriptors. */
	efi.map.size = sizeof(map_bytes) + DESC;
	assert_int_equal(boot_set_map(&b, &l, block, BLOCK, &efi, &none), KB_EFI_MAP_UNFIT);
	efi.map.size = 4 * DESC + 1;
	assert_int_equal(boot_set_map(&b, &l, block, BLOCK, &efi, &none), KB_EFI_MAP);
}

static void the_map_may_lie_elsewhere(void **state)
{
	static _Alignas(16) uint8_t room[sizeof(map_bytes)];
	struct boot b = describe();
	struct efi_info efi = make_map();
	(void)state;

	b.efi_map_max = sizeof(map_bytes);
	b.efi_map_room = (struct range){(uintptr_t)room, sizeof(room) - 1};
	assert_int_equal(boot_layout(&b, &l), KB_EFI_MAP_UNFIT);
	b.efi_map_room.size++;
	write_block(&b);
	assert_int_equal(l.efi_map, 0);
	ok(boot_set_map(&b, &l, block, BLOCK, &efi, NULL));
	ok(dtb_read(block, &f, NULL));
	assert_int_equal(f.uefi.map.base, (uintptr_t)room);
	check_map(room, &efi);
}

/* ---- the log --------------------------------------------------------------------------------- */

static void the_log_is_cut_to_its_room(void **state)
{
	struct boot b = describe();
	int len;
	(void)state;

	write_block(&b);
	boot_set_log(&l, block, 500, "a line\n", 7);
	assert_memory_equal(property(BOOT_LOG_PROPERTY, &len), "a line\n", 7);
	assert_int_equal(len, 7);
	ok(dtb_check(block, l.tree, NULL));
	ok(dtb_read(block, &f, NULL));
	check_handover();
	check_cmdline(b.cmdline);
	write_block(&b);
	boot_set_log(&l, block, 3, "a line\n", 7);
	assert_non_null(property(BOOT_LOG_PROPERTY, &len));
	assert_int_equal(len, 3);
	/* Never more than the room that was kept, even when more is asked for. */
	char *text = malloc(600);
	memset(text, 'x', 600);
	write_block(&b);
	boot_set_log(&l, block, 600, text, 600);
	assert_memory_equal(property(BOOT_LOG_PROPERTY, &len), text, 500);
	assert_int_equal(len, 500);
	ok(dtb_check(block, l.tree, NULL));
	free(text);
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void what_does_not_fit_is_refused(void **state)
{
	static char cmdline[BOOT_CMDLINE_MAX + 2];
	struct boot b = describe();
	(void)state;

	memset(cmdline, 'x', BOOT_CMDLINE_MAX);
	b.cmdline = cmdline;
	write_block(&b);
	check_cmdline(cmdline);
	cmdline[BOOT_CMDLINE_MAX] = 'x';
	assert_int_equal(boot_layout(&b, &l), KB_CMDLINE_LONG);
	b = describe();
	b.efi_map_max = 63 * SZ_4K;
	ok(boot_layout(&b, &l));
	b.efi_map_max++;
	assert_int_equal(boot_layout(&b, &l), KB_EFI_MAP_UNFIT);
}

static void what_cannot_be_read_is_not_written(void **state)
{
	struct boot b = describe();
	(void)state;

	tree_u64(&t, CHOSEN, "linux,initrd-end", 0x60001000);
	assert_int_equal(boot_layout(&b, &l), KB_DTB_CHOSEN);
}

static void kho_needs_the_roots_cells(void **state)
{
	static const uint32_t cells[][3] = {{2, 2, 1}, {2, 1, 1}, {1, 2, 0}, {1, 1, 0}, {0, 0, 0}};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
		struct boot b = describe();

		tree_init(&t, cells[i][0], cells[i][1]);
		if (cells[i][2]) {
			write_block(&b);
			check_handover();
			continue;
		}
		assert_int_equal(boot_layout(&b, &l), KB_DTB_CELLS);
		b.kho = NULL;
		write_block(&b);
	}
}

/* The largest tree allowed is written whole; with one more byte it is refused. */
static void a_tree_of_2_mib_is_the_limit(void **state)
{
	struct boot b = describe();
	int len;
	(void)state;

	for (b.log_max = DTB_MAX; boot_layout(&b, &l); b.log_max--)
		assert_true(b.log_max > DTB_MAX - 0x8000);
	b.log_max++;
	assert_int_equal(boot_layout(&b, &l), KB_DTB_BIG);
	b.log_max--;
	write_block(&b);
	check_handover();
	assert_non_null(property(BOOT_LOG_PROPERTY, &len));
	assert_int_equal(len, b.log_max);
	assert_true(fdt_totalsize(block) <= DTB_MAX);
	assert_true(fdt_totalsize(block) > DTB_MAX - 0x1000);
	b.log_max = UINT64_MAX;
	assert_int_equal(boot_layout(&b, &l), KB_DTB_BIG);
}

/* Every property there can be, in a tree whose strings block has none of their names yet. */
static void everything_at_once_has_room(void **state)
{
	static uint8_t bytes[1000];
	struct boot b = describe();
	int len;
	(void)state;

	b.fdt = NULL;
	b.efi_map_max = 480;
	b.kaslr_seed = 1;
	b.rng_seed = bytes;
	b.rng_seed_size = sizeof(bytes);
	write_block(&b);
	check_handover();
	check_cmdline(b.cmdline);
	assert_true(f.uefi.found);
	assert_non_null(property("rng-seed", &len));
	assert_int_equal(len, sizeof(bytes));
	assert_non_null(property(BOOT_LOG_PROPERTY, &len));
	assert_int_equal(len, 500);
	/* The computed size is enough, and not much more than needed. */
	assert_in_range(fdt_totalsize(block), l.tree - 64, l.tree);
}

/* ---- random trees: nothing is lost, and there is always room --------------------------------- */

static uint64_t seed;

static bool half(void)
{
	return random_below(&seed, 2);
}

static void add_old(const char *name, uint64_t max)
{
	uint8_t bytes[64];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)random_next(&seed);
	if (half())
		tree_bytes(&t, CHOSEN, name, bytes, (int)random_below(&seed, max + 1));
}

/* Put the blocks of the tree into an unusual order, which is nevertheless valid. */
static void reorder(void)
{
	static struct tree copy;
	uint32_t structure = fdt_size_dt_struct(t.fdt), strings = fdt_size_dt_strings(t.fdt);
	uint32_t reserved = (uint32_t)(fdt_num_mem_rsv(t.fdt) + 1) * 16;
	uint32_t at = 40;

	copy = t;
	fdt_set_off_dt_struct(t.fdt, at);
	memcpy(t.fdt + at, copy.fdt + fdt_off_dt_struct(copy.fdt), structure);
	at = (at + structure + 7) & ~7u;
	fdt_set_off_mem_rsvmap(t.fdt, at);
	memcpy(t.fdt + at, copy.fdt + fdt_off_mem_rsvmap(copy.fdt), reserved);
	at += reserved;
	fdt_set_off_dt_strings(t.fdt, at);
	memcpy(t.fdt + at, copy.fdt + fdt_off_dt_strings(copy.fdt), strings);
	fdt_set_totalsize(t.fdt, at + strings);
}

static void random_tree(void)
{
	static const char *const names[] = {
		"bootargs", "linux,kho-fdt-x", "kaslr-seed",
		"rng-seed", BOOT_LOG_PROPERTY, "linux,booted-from-kexec",
	};
	char path[32];

	tree_init(&t, 2, 1 + (uint32_t)random_below(&seed, 2));
	for (uint64_t n = random_below(&seed, 20); n; n--) {
		snprintf(path, sizeof(path), "/node@%llx",
			 (unsigned long long)random_below(&seed, 100));
		tree_text(&t, path, "compatible", path);
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		add_old(names[i], 64);
	for (uint64_t n = random_below(&seed, 4); n; n--)
		assert_int_equal(fdt_add_mem_rsv(t.fdt, n << 20, 4096), 0);
	if (half())
		assert_int_equal(fdt_pack(t.fdt), 0);
	else if (half())
		reorder();
	ok(dtb_check(t.fdt, TREE_MAX, NULL));
}

static void nodes_are_the_same(void)
{
	int node;

	fdt_for_each_subnode(node, t.fdt, 0) {
		const char *name = fdt_get_name(t.fdt, node, NULL);
		int got = fdt_subnode_offset(block, 0, name);

		assert_true(got > 0);
		if (strcmp(name, "chosen"))
			assert_string_equal(fdt_getprop(block, got, "compatible", NULL),
					    fdt_getprop(t.fdt, node, "compatible", NULL));
	}
}

static void random_trees_are_written_whole(void **state)
{
	static char cmdline[BOOT_CMDLINE_MAX + 1];
	(void)state;

	seed = 99;
	for (int round = 0; round < 3000; round++) {
		struct boot b = describe();
		struct efi_info efi = make_map();
		size_t n = random_below(&seed, BOOT_CMDLINE_MAX);
		int len;

		random_tree();
		memset(cmdline, 'a' + round % 26, sizeof(cmdline) - 1);
		cmdline[n] = '\0';
		b.cmdline = cmdline;
		b.kho = half() ? &kho : NULL;
		b.efi_map_max = half() ? sizeof(map_bytes) : 0;
		b.log_max = random_below(&seed, 3000);
		b.kaslr_seed = half();
		b.initrd.size *= half();
		if (half())
			b.fdt = NULL;
		write_block(&b);
		if (b.efi_map_max) {
			ok(boot_set_map(&b, &l, block, BLOCK, &efi, NULL));
			ok(dtb_read(block, &f, NULL));
			assert_int_equal(f.uefi.map.base, BLOCK + l.efi_map);
			check_map(block + l.efi_map, &efi);
		}
		assert_int_equal(f.uefi.found, b.efi_map_max != 0);
		check_cmdline(cmdline);
		assert_int_equal(f.initrd.size, b.initrd.size);
		assert_int_equal(f.has_kho, b.kho != NULL);
		if (b.kho)
			check_handover();
		if (b.fdt)
			nodes_are_the_same();
		if (b.kaslr_seed)
			assert_memory_equal(property("kaslr-seed", NULL), "\0\0\0\0\0\0\0\1", 8);
		assert_int_equal(has(BOOT_LOG_PROPERTY), b.log_max != 0);
		boot_set_log(&l, block, b.log_max, cmdline, n);
		ok(dtb_check(block, l.tree, NULL));
		if (b.log_max && property(BOOT_LOG_PROPERTY, &len))
			assert_int_equal(len, n < b.log_max ? n : b.log_max);
	}
}

/* ---- placing --------------------------------------------------------------------------------- */

/*
 * Documentation/arch/arm64/booting.rst, word by word: do both lie in one stretch of 32 GiB that
 * begins at a multiple of 1 GiB?
 *
 *   n GiB                         n + 32 GiB
 *   |                             |
 *   ....[initrd]......[kernel].....
 */
static bool together(struct range a, struct range b)
{
	if (!b.size)
		return true;
	for (uint64_t from = 0; from < 128 * SZ_1G; from += SZ_1G) {
		struct range window = {from, 32 * SZ_1G};

		if (range_contains(window, a) && range_contains(window, b))
			return true;
	}
	return false;
}

/* The lowest place for the window, tried one by one. */
static bool any_window(const struct range_list *free, struct range initrd, uint64_t *ret)
{
	for (size_t i = 0; i < free->count; i++) {
		uint64_t at = (free->r[i].base + SZ_2M - 1) & ~(SZ_2M - 1);

		for (; at + kernel.window_size <= range_end(free->r[i]); at += SZ_2M) {
			if (together((struct range){at, kernel.window_size}, initrd)) {
				*ret = at;
				return true;
			}
		}
	}
	return false;
}

/*
 * Random free memory, random initrds. The window takes the lowest place that is near enough to the
 * initrd, the block the highest of all.
 *
 *   aaaaaa......bbbbbbbbbbbbb........cccc.....dddddddddd    free
 *               [ window ]    [initrd]           [block]    what is wanted
 *           |<-- 32 GiB, at most ----->|
 */
static void placements_match_model(void **state)
{
	int placed = 0, refused = 0;
	(void)state;

	seed = 7;
	for (int round = 0; round < 4000; round++) {
		struct range store[20], before[20];
		struct range_list free = {store, 0, 20}, all = {before, 0, 20};
		struct boot_placement p = {.entry = 1};
		uint64_t size = (1 + random_below(&seed, 16)) * SZ_4K, lowest = 0;
		struct range initrd = {random_below(&seed, 80) * SZ_1G + random_below(&seed, SZ_1G),
				       random_below(&seed, 3) * SZ_1G};
		enum kb_status st;

		for (size_t n = random_below(&seed, 5); n; n--)
			ok(range_list_add(
				&free, (struct range){random_below(&seed, 80) * SZ_1G +
							      random_below(&seed, 0x40000) * SZ_4K,
						      random_below(&seed, 0x8000) * SZ_4K}));
		range_list_sort(&free);
		memcpy(before, store, sizeof(store));
		all.count = free.count;
		st = boot_place(&free, &kernel, size, initrd, &p);
		assert_int_equal(st == KB_PLACE_KERNEL, !any_window(&all, initrd, &lowest));
		if (st) {
			refused++;
			assert_true(st == KB_PLACE_KERNEL || st == KB_PLACE_BLOCK);
			assert_int_equal(p.entry, 1);
			continue;
		}
		placed++;
		assert_int_equal(p.window.base, lowest);
		assert_int_equal(p.window.size, kernel.window_size);
		assert_true(range_list_contains(&all, p.window));
		assert_true(range_list_contains(&all, p.block));
		assert_false(ranges_overlap(p.window, p.block));
		assert_int_equal(p.block.size, size);
		assert_int_equal(p.block.base % SZ_4K, 0);
		assert_int_equal(p.entry, p.window.base + 0x80000);
	}
	assert_true(placed > 500 && refused > 500);
}

/*
 * The window has 35.3 MiB.
 *
 *   8G   9G      10G            40G     41G                       72G
 *   |    |       |              |       |                         |
 *   aaaaaaaaaaaaa.....................................................    free
 *        [window]               [initrd]                                  not lower: 41G - 32G
 *   ....................................................aaaaaaaaaaaaaa    free, the last 36 MiB
 *                               [initrd]                [ window ]        just below 40G + 32G
 *   ......................................................aaaaaaaaaaaa    34 MiB: too little
 */
static void the_window_is_near_the_initrd(void **state)
{
	static const struct range initrd = {40 * SZ_1G, SZ_1G};
	struct range store[4] = {{8 * SZ_1G, 2 * SZ_1G}};
	struct range_list free = {store, 1, 4};
	struct boot_placement p;
	(void)state;

	ok(boot_place(&free, &kernel, SZ_4K, initrd, &p));
	assert_int_equal(p.window.base, 9 * SZ_1G);
	assert_int_equal(p.block.base, 10 * SZ_1G - SZ_4K);
	store[0] = (struct range){72 * SZ_1G - 36 * SZ_1M, SZ_1G};
	free.count = 1;
	ok(boot_place(&free, &kernel, SZ_4K, initrd, &p));
	assert_int_equal(p.window.base, 72 * SZ_1G - 36 * SZ_1M);
	store[0] = (struct range){72 * SZ_1G - 34 * SZ_1M, SZ_1G};
	free.count = 1;
	assert_int_equal(boot_place(&free, &kernel, SZ_4K, initrd, &p), KB_PLACE_KERNEL);
}

/*
 *   1G-1M  1G            1G+window
 *   |      |             |
 *   .......aaaaaaaaaaaaa............    a page less than the window: KB_PLACE_KERNEL
 *   .......aaaaaaaaaaaaaa...........    exactly the window: KB_PLACE_BLOCK
 *   .......[   window   ]#..........    a page more: #, the block
 *   .......aaaaaaaaaaaaaaa..........    the same, with an initrd that wraps: KB_PLACE_KERNEL
 *   aaaaaaa[   window   ]aaaaaaaaaaa    two entries in a list of one: KB_RANGE_FULL
 */
static void no_room_has_two_codes(void **state)
{
	struct range store[4] = {{SZ_1G, 0x2344000}};
	struct range_list free = {store, 1, 4};
	struct range none = {0, 0};
	struct boot_placement p;
	(void)state;

	assert_int_equal(boot_place(&free, &kernel, SZ_4K, none, &p), KB_PLACE_KERNEL);
	store[0].size += SZ_4K;
	free.count = 1;
	assert_int_equal(boot_place(&free, &kernel, SZ_4K, none, &p), KB_PLACE_BLOCK);
	store[0] = (struct range){SZ_1G, 0x2346000};
	free.count = 1;
	ok(boot_place(&free, &kernel, SZ_4K, none, &p));
	/* This initrd wraps: no window can be near to it. */
	store[0] = (struct range){SZ_1G, 0x2346000};
	free.count = 1;
	assert_int_equal(boot_place(&free, &kernel, SZ_4K, (struct range){-SZ_1G, SZ_1G + 1}, &p),
			 KB_PLACE_KERNEL);
	/* A list that is full cannot take the window out of the middle. */
	store[0] = (struct range){SZ_1G - SZ_1M, 0x8000000};
	free = (struct range_list){store, 1, 1};
	assert_int_equal(boot_place(&free, &kernel, SZ_4K, none, &p), KB_RANGE_FULL);
}

static void nothing_is_below_the_kernel(void **state)
{
	(void)state;
	ok(boot_check_preserved(NULL, NULL));
	free(block);
	block = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(chosen_is_made_anew, fresh),
		cmocka_unit_test_setup(what_is_not_given_is_not_there, fresh),
		cmocka_unit_test_setup(seeds_may_be_new, fresh),
		cmocka_unit_test_setup(without_a_tree_acpi_stays_on, fresh),
		cmocka_unit_test_setup(reservations_are_kept_but_stale_ones, fresh),
		cmocka_unit_test_setup(a_crash_kernel_learns_of_the_dump, fresh),
		cmocka_unit_test_setup(received_uefi_stays_and_is_completed, fresh),
		cmocka_unit_test_setup(the_map_of_the_last_moment_is_handed_over, fresh),
		cmocka_unit_test_setup(the_map_may_lie_elsewhere, fresh),
		cmocka_unit_test_setup(the_log_is_cut_to_its_room, fresh),
		cmocka_unit_test_setup(what_does_not_fit_is_refused, fresh),
		cmocka_unit_test_setup(what_cannot_be_read_is_not_written, fresh),
		cmocka_unit_test_setup(kho_needs_the_roots_cells, fresh),
		cmocka_unit_test_setup(a_tree_of_2_mib_is_the_limit, fresh),
		cmocka_unit_test_setup(everything_at_once_has_room, fresh),
		cmocka_unit_test_setup(random_trees_are_written_whole, fresh),
		cmocka_unit_test_setup(placements_match_model, fresh),
		cmocka_unit_test_setup(the_window_is_near_the_initrd, fresh),
		cmocka_unit_test_setup(no_room_has_two_codes, fresh),
		cmocka_unit_test_setup(nothing_is_below_the_kernel, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
