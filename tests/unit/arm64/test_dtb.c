// SPDX-License-Identifier: BSD-2-Clause
/* What is taken from a device tree, and what is refused. */
#include "make_tree.h"

#include <fdt/dtb.h>

#include <stdio.h>
#include <stdlib.h>

static struct tree t;
static struct dtb_facts f;
static struct kb_diag diag;
static struct range store[4][16];
static struct range_list ram, nomap, reserved;

static int fresh(void **state)
{
	(void)state;
	tree_init(&t, 2, 2);
	memset(&f, 0xee, sizeof(f));
	diag = (struct kb_diag){0};
	ram = (struct range_list){store[0], 0, 16};
	nomap = (struct range_list){store[1], 0, 16};
	reserved = (struct range_list){store[2], 0, 16};
	return 0;
}

static enum kb_status read_tree(void)
{
	ok(dtb_check(t.fdt, TREE_MAX, &diag));
	return dtb_read(t.fdt, &f, &diag);
}

static void check_ranges(const struct range_list *l, size_t n, const struct range *want)
{
	assert_int_equal(l->count, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(l->r[i].base, want[i].base);
		assert_int_equal(l->r[i].size, want[i].size);
	}
}

/* ---- the tree itself ------------------------------------------------------------------------ */

static void trees_are_checked_whole(void **state)
{
	(void)state;
	ok(dtb_check(t.fdt, TREE_MAX, NULL));
	assert_int_equal(dtb_check(t.fdt, 39, &diag), KB_DTB_TREE);
	assert_int_equal(dtb_check(t.fdt + 4, TREE_MAX - 4, &diag), KB_DTB_TREE);
	assert_int_equal(dtb_check(t.fdt, fdt_totalsize(t.fdt) - 1, &diag), KB_DTB_BIG);
	fdt_set_totalsize(t.fdt, (uint32_t)DTB_MAX + 8);
	assert_int_equal(dtb_check(t.fdt, 2 * DTB_MAX, &diag), KB_DTB_BIG);
	fresh(NULL);
	fdt_set_version(t.fdt, 16);
	assert_int_equal(dtb_check(t.fdt, TREE_MAX, &diag), KB_DTB_TREE);
	fresh(NULL);
	fdt_set_magic(t.fdt, 0xd00dfeee);
	assert_int_equal(dtb_check(t.fdt, TREE_MAX, &diag), KB_DTB_TREE);
	fresh(NULL);
	fdt_set_size_dt_struct(t.fdt, fdt_size_dt_struct(t.fdt) - 4);
	assert_int_equal(dtb_check(t.fdt, TREE_MAX, &diag), KB_DTB_TREE);
	/* Nothing but FDT_END: a structure without a root. */
	fresh(NULL);
	memcpy(t.fdt + fdt_off_dt_struct(t.fdt), "\0\0\0\11", 4);
	fdt_set_size_dt_struct(t.fdt, 4);
	assert_int_equal(dtb_check(t.fdt, TREE_MAX, &diag), KB_DTB_TREE);
}

static void a_bare_root_has_no_facts(void **state)
{
	(void)state;
	ok(read_tree());
	assert_null(f.cmdline.text);
	assert_int_equal(f.cmdline.len, 0);
	assert_int_equal(f.initrd.size, 0);
	assert_false(f.has_kho);
	assert_false(f.uefi.found);
	assert_true(f.acpi);
	assert_int_equal(f.uart.kind, UART_NONE);
	assert_int_equal(f.fwcfg, 0);
	assert_int_equal(f.psci, PSCI_NONE);
}

static void root_cells_are_one_or_two(void **state)
{
	static const uint32_t bad[][2] = {{3, 2}, {2, 3}, {0x80000000, 1}};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		tree_init(&t, bad[i][0], bad[i][1]);
		assert_int_equal(read_tree(), KB_DTB_CELLS);
		assert_int_equal(dtb_memory(t.fdt, &ram, &diag), KB_DTB_CELLS);
		assert_int_equal(dtb_reserved(t.fdt, &nomap, &reserved, &diag), KB_DTB_CELLS);
	}
	tree_init(&t, 2, 2);
	tree_bytes(&t, "/", "#size-cells", "\0\0\0", 3);
	assert_int_equal(read_tree(), KB_DTB_CELLS);
	tree_cells(&t, "/", "#size-cells", 1, 0u);
	assert_int_equal(read_tree(), KB_DTB_CELLS);
}

/* ---- /chosen -------------------------------------------------------------------------------- */

static void chosen_is_read(void **state)
{
	(void)state;
	tree_text(&t, "/chosen", "bootargs", "console=ttyAMA0 quiet");
	tree_u64(&t, "/chosen", "linux,initrd-start", 0x148000000);
	tree_u64(&t, "/chosen", "linux,initrd-end", 0x148001234);
	tree_range(&t, "/chosen", "linux,kho-fdt", 0x212345000, 0x10000);
	tree_range(&t, "/chosen", "linux,kho-scratch", 0x1fffff000, 48);
	ok(read_tree());
	assert_int_equal(f.cmdline.len, 21);
	assert_memory_equal(f.cmdline.text, "console=ttyAMA0 quiet", 21);
	assert_int_equal(f.initrd.base, 0x148000000);
	assert_int_equal(f.initrd.size, 0x1234);
	assert_true(f.has_kho);
	assert_int_equal(f.kho.fdt.addr, 0x212345000);
	assert_int_equal(f.kho.fdt_size, 0x10000);
	assert_int_equal(f.kho.scratch.addr, 0x1fffff000);
	assert_int_equal(f.kho.scratch_size, 48);
	assert_true(f.acpi); /* /chosen describes no hardware */
	/* Without a NUL, and with one inside. */
	tree_bytes(&t, "/chosen", "bootargs", "quiet", 5);
	ok(read_tree());
	assert_int_equal(f.cmdline.len, 5);
	tree_bytes(&t, "/chosen", "bootargs", "a\0b", 4);
	ok(read_tree());
	assert_int_equal(f.cmdline.len, 1);
}

static void initrds_of_one_cell_are_read(void **state)
{
	(void)state;
	tree_cells(&t, "/chosen", "linux,initrd-start", 1, 0x48000000u);
	tree_cells(&t, "/chosen", "linux,initrd-end", 1, 0x48000000u);
	ok(read_tree());
	assert_int_equal(f.initrd.base, 0x48000000);
	assert_int_equal(f.initrd.size, 0);
}

static void malformed_initrds_are_refused(void **state)
{
	(void)state;
	tree_u64(&t, "/chosen", "linux,initrd-start", 0x1000);
	assert_int_equal(read_tree(), KB_DTB_CHOSEN);
	tree_u64(&t, "/chosen", "linux,initrd-end", 0xfff);
	assert_int_equal(read_tree(), KB_DTB_CHOSEN);
	tree_cells(&t, "/chosen", "linux,initrd-end", 3, 0u, 0u, 0x2000u);
	assert_int_equal(read_tree(), KB_DTB_CHOSEN);
	tree_cells(&t, "/chosen", "linux,initrd-end", 0);
	assert_int_equal(read_tree(), KB_DTB_CHOSEN);
	tree_u64(&t, "/chosen", "linux,initrd-end", 0x2000);
	ok(read_tree());
	tree_drop(&t, "/chosen", "linux,initrd-start");
	assert_int_equal(read_tree(), KB_DTB_CHOSEN);
}

static void kho_is_both_or_nothing(void **state)
{
	static const int bad[][2] = {{4, 0}, {0, 4}, {4, 3}, {3, 4},
				     {8, 4}, {4, 8}, {2, 2}, {1, 4}};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		fresh(NULL);
		if (bad[i][0])
			tree_cells(&t, "/chosen", "linux,kho-fdt", bad[i][0], 0u, 1u, 2u, 3u, 4u,
				   5u, 6u, 7u);
		if (bad[i][1])
			tree_cells(&t, "/chosen", "linux,kho-scratch", bad[i][1], 0u, 1u, 2u, 3u,
				   4u, 5u, 6u, 7u);
		assert_int_equal(read_tree(), KB_DTB_KHO);
		assert_int_equal(diag.at, tree_node(&t, "/chosen"));
	}
	/* An empty property counts as present, and is malformed. */
	fresh(NULL);
	tree_cells(&t, "/chosen", "linux,kho-fdt", 0);
	assert_int_equal(read_tree(), KB_DTB_KHO);
}

/* drivers/of/fdt.c:of_flat_dt_get_addr_size takes the root's cells, whatever they are. */
static void kho_has_the_cells_of_the_root(void **state)
{
	(void)state;
	tree_init(&t, 2, 1);
	tree_cells(&t, "/chosen", "linux,kho-fdt", 3, 1u, 0x2000u, 0x1000u);
	tree_cells(&t, "/chosen", "linux,kho-scratch", 3, 2u, 0x3000u, 0x20u);
	ok(read_tree());
	assert_int_equal(f.kho.fdt.addr, 0x100002000);
	assert_int_equal(f.kho.fdt_size, 0x1000);
	assert_int_equal(f.kho.scratch_size, 0x20);
	/* Without the properties it is one cell each. */
	tree_init(&t, 0, 0);
	tree_cells(&t, "/chosen", "linux,kho-fdt", 2, 0x2000u, 0x1000u);
	tree_cells(&t, "/chosen", "linux,kho-scratch", 2, 0x3000u, 0x10u);
	ok(read_tree());
	assert_int_equal(f.kho.scratch.addr, 0x3000);
	tree_range(&t, "/chosen", "linux,kho-scratch", 0x3000, 0x10);
	assert_int_equal(read_tree(), KB_DTB_KHO);
}

static void put_uefi(void)
{
	tree_u64(&t, "/chosen", "linux,uefi-system-table", 0x13f000018);
	tree_u64(&t, "/chosen", "linux,uefi-mmap-start", 0x13e000018);
	tree_cells(&t, "/chosen", "linux,uefi-mmap-size", 1, 0x960u);
	tree_cells(&t, "/chosen", "linux,uefi-mmap-desc-size", 1, 48u);
	tree_cells(&t, "/chosen", "linux,uefi-mmap-desc-ver", 1, 1u);
}

static void uefi_is_read(void **state)
{
	(void)state;
	put_uefi();
	ok(read_tree());
	assert_true(f.uefi.found);
	assert_int_equal(f.uefi.systab, 0x13f000018);
	assert_int_equal(f.uefi.map.base, 0x13e000018);
	assert_int_equal(f.uefi.map.size, 0x960);
	assert_int_equal(f.uefi.desc_size, 48);
	assert_int_equal(f.uefi.desc_version, 1);
	assert_int_equal(f.uefi.secure, SECURE_UNSET);
	tree_cells(&t, "/chosen", "linux,uefi-secure-boot", 1, 3u);
	tree_u64(&t, "/chosen", "linux,uefi-mmap-size", 0x960);
	ok(read_tree());
	assert_int_equal(f.uefi.secure, SECURE_ON);
	assert_int_equal(f.uefi.map.size, 0x960);
}

static void half_of_uefi_is_refused(void **state)
{
	static const char *const names[] = {"linux,uefi-mmap-start", "linux,uefi-mmap-size",
					    "linux,uefi-mmap-desc-size",
					    "linux,uefi-mmap-desc-ver"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		fresh(NULL);
		put_uefi();
		tree_drop(&t, "/chosen", names[i]);
		assert_int_equal(read_tree(), KB_DTB_UEFI);
		tree_cells(&t, "/chosen", names[i], 3, 0u, 0u, 1u);
		assert_int_equal(read_tree(), KB_DTB_CHOSEN);
	}
	/* Without a system table nothing else counts. */
	fresh(NULL);
	put_uefi();
	tree_drop(&t, "/chosen", "linux,uefi-system-table");
	ok(read_tree());
	assert_false(f.uefi.found);
	/* A size beyond 32 bits. */
	put_uefi();
	tree_u64(&t, "/chosen", "linux,uefi-mmap-size", 0x100000000);
	assert_int_equal(read_tree(), KB_DTB_CHOSEN);
	put_uefi();
	tree_cells(&t, "/chosen", "linux,uefi-secure-boot", 0);
	assert_int_equal(read_tree(), KB_DTB_CHOSEN);
}

static void seeds_are_wiped(void **state)
{
	struct tree before;
	size_t changed = 0;
	(void)state;

	dtb_wipe_seeds(t.fdt);
	tree_u64(&t, "/chosen", "kaslr-seed", 0x1122334455667788);
	tree_bytes(&t, "/chosen", "rng-seed", "0123456789abcdef", 16);
	tree_text(&t, "/chosen", "bootargs", "quiet");
	before = t;
	dtb_wipe_seeds(t.fdt);
	assert_memory_equal(fdt_getprop(t.fdt, tree_node(&t, "/chosen"), "kaslr-seed", NULL),
			    "\0\0\0\0\0\0\0", 8);
	for (size_t i = 0; i < sizeof(t); i++)
		changed += t.fdt[i] != before.fdt[i];
	assert_int_equal(changed, 24);
}

/* ---- CPUs ---- */

static uint64_t mpidr[4];
static unsigned int cpus;

static void note_cpu(void *ctx, uint64_t id)
{
	(void)ctx;
	assert_in_range(cpus, 0, ARRAY_SIZE(mpidr) - 1);
	mpidr[cpus++] = id;
}

static void add_cpu(const char *node, const char *method)
{
	tree_text(&t, node, "device_type", "cpu");
	tree_text(&t, node, "enable-method", method);
}

static void cpus_are_listed(void **state)
{
	(void)state;
	cpus = 0;
	dtb_each_cpu(t.fdt, note_cpu, NULL);
	assert_int_equal(cpus, 0);
	tree_node(&t, "/cpus");
	add_cpu("/cpus/cpu@0", "psci");
	tree_bytes(&t, "/cpus/cpu@0", "reg", "\0\0\0\1", 4);
	add_cpu("/cpus/cpu@1", "psci");
	tree_bytes(&t, "/cpus/cpu@1", "reg", "\0\0\0\1\0\2\0\3", 8);
	tree_text(&t, "/cpus/cpu@1", "status", "okay");
	/* Started in another way, broken, without a name, with a strange one, and no CPU. */
	add_cpu("/cpus/cpu@2", "spin-table");
	tree_bytes(&t, "/cpus/cpu@2", "reg", "\0\0\0\2", 4);
	add_cpu("/cpus/cpu@3", "psci");
	tree_bytes(&t, "/cpus/cpu@3", "reg", "\0\0\0\3", 4);
	tree_text(&t, "/cpus/cpu@3", "status", "fail");
	add_cpu("/cpus/cpu@4", "psci");
	add_cpu("/cpus/cpu@5", "psci");
	tree_bytes(&t, "/cpus/cpu@5", "reg", "\0\0\0\3\0", 5);
	tree_text(&t, "/cpus/l2-cache", "compatible", "cache");
	dtb_each_cpu(t.fdt, note_cpu, NULL);
	assert_int_equal(cpus, 2);
	/* libfdt puts a new node before the others. */
	assert_int_equal(mpidr[0], 0x100020003);
	assert_int_equal(mpidr[1], 1);
}

/* ---- devices -------------------------------------------------------------------------------- */

static void qemu_devices_are_found(void **state)
{
	(void)state;
	tree_text(&t, "/chosen", "stdout-path", "/pl011@9000000");
	tree_range(&t, "/pl011@9000000", "reg", 0x9000000, 0x1000);
	tree_bytes(&t, "/pl011@9000000", "compatible", "arm,pl011\0arm,primecell", 24);
	tree_text(&t, "/fw-cfg@9020000", "compatible", "qemu,fw-cfg-mmio");
	tree_range(&t, "/fw-cfg@9020000", "reg", 0x9020000, 0x18);
	tree_bytes(&t, "/psci", "compatible", "arm,psci-1.0\0arm,psci-0.2\0arm,psci", 35);
	tree_text(&t, "/psci", "method", "hvc");
	ok(read_tree());
	assert_int_equal(f.uart.kind, UART_PL011);
	assert_int_equal(f.uart.base, 0x9000000);
	assert_int_equal(f.fwcfg, 0x9020000);
	assert_int_equal(f.psci, PSCI_HVC);
	assert_false(f.acpi);
	tree_text(&t, "/psci", "method", "smc");
	tree_text(&t, "/fw-cfg@9020000", "status", "disabled");
	tree_text(&t, "/pl011@9000000", "status", "okay");
	tree_text(&t, "/chosen", "stdout-path", "/pl011@9000000:115200n8");
	ok(read_tree());
	assert_int_equal(f.uart.kind, UART_PL011);
	assert_int_equal(f.fwcfg, 0);
	assert_int_equal(f.psci, PSCI_SMC);
	tree_text(&t, "/pl011@9000000", "status", "disabled");
	tree_text(&t, "/psci", "method", "abc");
	ok(read_tree());
	assert_int_equal(f.uart.kind, UART_NONE);
	assert_int_equal(f.uart.base, 0);
	assert_int_equal(f.psci, PSCI_NONE);
	/* 0.1 has no reset. */
	tree_text(&t, "/psci", "method", "smc");
	tree_text(&t, "/psci", "compatible", "arm,psci");
	ok(read_tree());
	assert_int_equal(f.psci, PSCI_NONE);
	tree_text(&t, "/psci", "compatible", "arm,psci-1.0");
	ok(read_tree());
	assert_int_equal(f.psci, PSCI_SMC);
}

/* A bus on a bus: the CPU sees its registers at another address than the inner bus does. */
static void put_soc(const char *compatible)
{
	tree_cells(&t, "/soc", "#address-cells", 1, 1u);
	tree_cells(&t, "/soc", "#size-cells", 1, 1u);
	tree_cells(&t, "/soc", "ranges", 8, 0u, 0u, 0x10000000u, 0x1000u, 0x7e000000u, 2u,
		   0xfe000000u, 0x1800000u);
	tree_cells(&t, "/soc/apb", "#address-cells", 1, 1u);
	tree_cells(&t, "/soc/apb", "#size-cells", 1, 1u);
	tree_cells(&t, "/soc/apb", "ranges", 0);
	tree_cells(&t, "/soc/apb/serial@7e215040", "reg", 2, 0x7e215040u, 0x40u);
	tree_text(&t, "/soc/apb/serial@7e215040", "compatible", compatible);
	tree_text(&t, "/aliases", "serial0", "/soc/apb/serial@7e215040");
	tree_text(&t, "/chosen", "stdout-path", "serial0:115200n8");
}

static void addresses_go_through_the_buses(void **state)
{
	(void)state;
	put_soc("ns16550a");
	ok(read_tree());
	assert_int_equal(f.uart.kind, UART_MMIO);
	assert_int_equal(f.uart.base, 0x2fe215040);
	/* Ranges that begin too late, end too early, and have one byte of the registers. */
	tree_cells(&t, "/soc", "ranges", 4, 0x7e215041u, 0u, 0x10000000u, 0x1000u);
	ok(read_tree());
	assert_int_equal(f.uart.kind, UART_NONE);
	tree_cells(&t, "/soc", "ranges", 4, 0x7e215000u, 0u, 0x10000000u, 0x40u);
	ok(read_tree());
	assert_int_equal(f.uart.kind, UART_NONE);
	tree_cells(&t, "/soc", "ranges", 4, 0x7e215000u, 0u, 0x10000000u, 0x41u);
	ok(read_tree());
	assert_int_equal(f.uart.base, 0x10000040);
	/* "ranges" cut short or absent: the CPU does not reach this bus. */
	tree_cells(&t, "/soc", "ranges", 3, 0x7e215000u, 0u, 0x10000000u);
	ok(read_tree());
	assert_int_equal(f.uart.kind, UART_NONE);
	tree_drop(&t, "/soc", "ranges");
	ok(read_tree());
	assert_int_equal(f.uart.kind, UART_NONE);
}

/* Devices are read even when the tree is refused: the refusal has to be printed somewhere. */
static void a_refused_tree_has_its_devices(void **state)
{
	(void)state;
	tree_text(&t, "/chosen", "stdout-path", "/pl011@9000000");
	tree_range(&t, "/pl011@9000000", "reg", 0x9000000, 0x1000);
	tree_text(&t, "/pl011@9000000", "compatible", "arm,pl011");
	tree_text(&t, "/psci", "compatible", "arm,psci-1.0");
	tree_text(&t, "/psci", "method", "smc");
	tree_range(&t, "/chosen", "linux,kho-fdt", 0x2000, 0x1000);
	assert_int_equal(read_tree(), KB_DTB_KHO);
	assert_int_equal(f.uart.kind, UART_PL011);
	assert_int_equal(f.uart.base, 0x9000000);
	assert_int_equal(f.psci, PSCI_SMC);
	assert_false(f.has_kho);
}

static void uarts_that_we_can_drive(void **state)
{
	static const struct {
		const char *compatible;
		uint32_t shift, width;
		enum uart_kind kind;
	} c[] = {
		{"ns16550a", 0, 1, UART_MMIO},           {"ns16550a", 2, 4, UART_MMIO32},
		{"ns16550a", 2, 1, UART_NONE},           {"ns16550a", 0, 4, UART_NONE},
		{"snps,dw-apb-uart", 2, 4, UART_MMIO32}, {"arm,sbsa-uart", 0, 1, UART_NONE},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		fresh(NULL);
		put_soc(c[i].compatible);
		tree_cells(&t, "/soc/apb/serial@7e215040", "reg-shift", 1, c[i].shift);
		tree_cells(&t, "/soc/apb/serial@7e215040", "reg-io-width", 1, c[i].width);
		ok(read_tree());
		assert_int_equal(f.uart.kind, c[i].kind);
	}
	tree_text(&t, "/chosen", "stdout-path", "serial1");
	ok(read_tree());
	assert_int_equal(f.uart.kind, UART_NONE);
	tree_text(&t, "/chosen", "stdout-path", "");
	ok(read_tree());
	assert_int_equal(f.uart.kind, UART_NONE);
}

/* arch/arm64/kernel/acpi.c:dt_is_stub */
static void a_tree_without_hardware_leaves_acpi_on(void **state)
{
	(void)state;
	tree_node(&t, "/chosen");
	tree_text(&t, "/hypervisor", "compatible", "xen,xen");
	ok(read_tree());
	assert_true(f.acpi);
	tree_text(&t, "/hypervisor", "compatible", "linux,kvm");
	ok(read_tree());
	assert_false(f.acpi);
}

/* ---- memory --------------------------------------------------------------------------------- */

static void memory_nodes_become_ram(void **state)
{
	static const struct range want[] = {{0x40000000, 0x40000000}, {0x100000000, 0x1000}};
	(void)state;

	assert_int_equal(dtb_memory(t.fdt, &ram, &diag), KB_NO_RAM);
	/* Two nodes that touch, in the wrong order, one with an empty entry; and one elsewhere. */
	tree_text(&t, "/memory@60000000", "device_type", "memory");
	tree_cells(&t, "/memory@60000000", "reg", 8, 0u, 0x60000000u, 0u, 0x20000000u, 0u, 0u, 0u,
		   0u);
	tree_text(&t, "/memory@40000000", "device_type", "memory");
	tree_range(&t, "/memory@40000000", "reg", 0x40000000, 0x20000000);
	tree_text(&t, "/x", "device_type", "memory");
	tree_range(&t, "/x", "reg", 0x100000000, 0x1000);
	/* Not memory: other type, none, disabled, below another node, without reg. */
	tree_text(&t, "/a", "device_type", "memory2");
	tree_range(&t, "/a", "reg", 0x200000000, 0x1000);
	tree_range(&t, "/memory@300000000", "reg", 0x300000000, 0x1000);
	tree_text(&t, "/c", "device_type", "memory");
	tree_text(&t, "/c", "status", "disabled");
	tree_range(&t, "/c", "reg", 0x400000000, 0x1000);
	tree_text(&t, "/c/memory", "device_type", "memory");
	tree_range(&t, "/c/memory", "reg", 0x500000000, 0x1000);
	tree_text(&t, "/d", "device_type", "memory");
	ok(dtb_memory(t.fdt, &ram, &diag));
	check_ranges(&ram, 2, want);
	/* linux,usable-memory of a crash kernel replaces what there is. */
	tree_range(&t, "/x", "linux,usable-memory", 0x100000800, 0x200);
	ok(dtb_memory(t.fdt, &ram, &diag));
	assert_int_equal(ram.r[1].base, 0x100000800);
	assert_int_equal(ram.r[1].size, 0x200);
	ram.max = 2;
	assert_int_equal(dtb_memory(t.fdt, &ram, &diag), KB_RANGE_FULL);
}

static void malformed_memory_is_refused(void **state)
{
	(void)state;
	tree_text(&t, "/memory", "device_type", "memory");
	tree_cells(&t, "/memory", "reg", 3, 0u, 0x40000000u, 0x1000u);
	assert_int_equal(dtb_memory(t.fdt, &ram, &diag), KB_DTB_MEMORY);
	tree_cells(&t, "/memory", "reg", 0);
	assert_int_equal(dtb_memory(t.fdt, &ram, &diag), KB_DTB_MEMORY);
	tree_range(&t, "/memory", "reg", 0xfffffffffffff000, 0x1000);
	assert_int_equal(dtb_memory(t.fdt, &ram, &diag), KB_DTB_MEMORY);
	tree_range(&t, "/memory", "reg", 0xffffffffffffe000, 0x1000);
	ok(dtb_memory(t.fdt, &ram, &diag));
}

/* ---- crash kernels -------------------------------------------------------------------------- */

static void crash_kernels_have_headers_of_a_dump(void **state)
{
	(void)state;
	ok(read_tree());
	assert_false(f.crash);
	tree_range(&t, "/chosen", "linux,elfcorehdr", 0x15fff0000, 0x1000);
	ok(read_tree());
	assert_true(f.crash);
	assert_int_equal(f.elfcorehdr.base, 0x15fff0000);
	assert_int_equal(f.elfcorehdr.size, 0x1000);
	/* Whatever is there, it is no ordinary handover. */
	tree_range(&t, "/chosen", "linux,elfcorehdr", 0xfffffffffffff000, 0x1000);
	assert_int_equal(read_tree(), KB_DTB_CHOSEN);
	assert_true(f.crash);
	tree_cells(&t, "/chosen", "linux,elfcorehdr", 2, 1u, 0u);
	assert_int_equal(read_tree(), KB_DTB_CHOSEN);
	assert_true(f.crash);
}

static void the_usable_range_is_read(void **state)
{
	static const struct range want[] = {{0x50000000, 0x8000000}, {0x140000000, 0x20000000}};
	(void)state;

	ok(dtb_usable(t.fdt, &ram, &diag));
	assert_int_equal(ram.count, 0);
	/* The upper area first, then the lower one, then what CMA lends. */
	tree_cells(&t, "/chosen", "linux,usable-memory-range", 12, 1u, 0x40000000u, 0u, 0x10000000u,
		   0u, 0x50000000u, 0u, 0x8000000u, 1u, 0x50000000u, 0u, 0x10000000u);
	ok(dtb_usable(t.fdt, &ram, &diag));
	check_ranges(&ram, 2, want);
	ram.max = 2;
	assert_int_equal(dtb_usable(t.fdt, &ram, &diag), KB_RANGE_FULL);
	tree_cells(&t, "/chosen", "linux,usable-memory-range", 3, 1u, 0u, 0u);
	assert_int_equal(dtb_usable(t.fdt, &ram, &diag), KB_DTB_CHOSEN);
	tree_range(&t, "/chosen", "linux,usable-memory-range", 0xfffffffffffff000, 0x1000);
	assert_int_equal(dtb_usable(t.fdt, &ram, &diag), KB_DTB_CHOSEN);
	tree_init(&t, 3, 2);
	assert_int_equal(dtb_usable(t.fdt, &ram, &diag), KB_DTB_CELLS);
	tree_init(&t, 1, 1);
	tree_cells(&t, "/chosen", "linux,usable-memory-range", 2, 0x50000000u, 0x8000000u);
	ok(dtb_usable(t.fdt, &ram, &diag));
	check_ranges(&ram, 1, want);
}

/* ---- reserved memory ------------------------------------------------------------------------ */

static void put_reserved(uint32_t addr_cells, uint32_t size_cells)
{
	tree_cells(&t, "/reserved-memory", "#address-cells", 1, addr_cells);
	tree_cells(&t, "/reserved-memory", "#size-cells", 1, size_cells);
	tree_cells(&t, "/reserved-memory", "ranges", 0);
}

static void reserved_memory_is_of_two_kinds(void **state)
{
	static const struct range no[] = {{0x1000, 0x1000}};
	static const struct range res[] = {{0x3000, 0x2000}, {0x9000, 0x100}};
	(void)state;

	ok(dtb_reserved(t.fdt, &nomap, &reserved, &diag));
	assert_int_equal(nomap.count + reserved.count, 0);
	put_reserved(2, 2);
	tree_range(&t, "/reserved-memory/secure@1000", "reg", 0x1000, 0x1000);
	tree_cells(&t, "/reserved-memory/secure@1000", "no-map", 0);
	tree_range(&t, "/reserved-memory/other@3000", "reg", 0x3000, 0x1000);
	tree_cells(&t, "/reserved-memory/pool", "size", 2, 0u, 0x100000u);
	tree_range(&t, "/reserved-memory/off@5000", "reg", 0x5000, 0x1000);
	tree_text(&t, "/reserved-memory/off@5000", "status", "disabled");
	assert_int_equal(fdt_add_mem_rsv(t.fdt, 0x9000, 0x100), 0);
	assert_int_equal(fdt_add_mem_rsv(t.fdt, 0x4000, 0x1000), 0);
	ok(dtb_check(t.fdt, TREE_MAX, NULL));
	ok(dtb_reserved(t.fdt, &nomap, &reserved, &diag));
	check_ranges(&nomap, 1, no);
	check_ranges(&reserved, 2, res);
	reserved.max = 2;
	assert_int_equal(dtb_reserved(t.fdt, &nomap, &reserved, &diag), KB_RANGE_FULL);
	reserved.max = 1;
	assert_int_equal(dtb_reserved(t.fdt, &nomap, &reserved, &diag), KB_RANGE_FULL);
}

/* The kernel warns and ignores the node; khoboot warns and keeps out of what it names. */
static void odd_reservations_are_kept_out_of(void **state)
{
	static const struct {
		uint32_t addr, size;
		bool ranges;
	} form[] = {{2, 2, false}, {2, 1, true}, {1, 2, true}, {1, 1, false}};
	static const struct range res[] = {{0x1000, 0x1000}, {0x3000, 0x1000}};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(form); i++) {
		const uint32_t reg[2][4] = {{0, 0x1000, 0, 0x1000}, {0, 0x3000, 0, 0x1000}};
		uint32_t a = form[i].addr, n = a + form[i].size;

		fresh(NULL);
		put_reserved(a, form[i].size);
		if (!form[i].ranges)
			tree_drop(&t, "/reserved-memory", "ranges");
		for (size_t k = 0; k < 2; k++) {
			const char *path = k ? "/reserved-memory/log" : "/reserved-memory/secure";
			const uint32_t *r = reg[k];
			uint32_t w[4] = {a == 2 ? r[0] : r[1],
					 a == 2   ? r[1]
					 : n == 2 ? r[3]
						  : r[2],
					 n == 4 ? r[2] : r[3], r[3]};

			tree_cells(&t, path, "reg", (int)n, w[0], w[1], w[2], w[3]);
		}
		tree_cells(&t, "/reserved-memory/secure", "no-map", 0);
		diag = (struct kb_diag){0};
		ok(dtb_reserved(t.fdt, &nomap, &reserved, &diag));
		assert_int_equal(diag.status, KB_DTB_RESERVED);
		check_ranges(&nomap, 0, NULL);
		check_ranges(&reserved, 2, res);
	}
}

static void cells_that_say_nothing_are_ignored(void **state)
{
	(void)state;
	put_reserved(3, 2);
	tree_range(&t, "/reserved-memory/a", "reg", 0x1000, 0x1000);
	ok(dtb_reserved(t.fdt, &nomap, &reserved, &diag));
	assert_int_equal(diag.status, KB_DTB_RESERVED);
	assert_int_equal(nomap.count + reserved.count, 0);
}

/* As the kernel does: a node is skipped, or what it names ends at the top. */
static void malformed_reservations_are_warnings(void **state)
{
	static const struct range top[] = {{0x4000, -0x4001ULL}};
	(void)state;

	put_reserved(2, 2);
	tree_cells(&t, "/reserved-memory/a", "reg", 2, 1u, 2u);
	ok(dtb_reserved(t.fdt, &nomap, &reserved, &diag));
	assert_int_equal(diag.status, KB_DTB_RESERVED);
	assert_int_equal(nomap.count + reserved.count, 0);
	diag = (struct kb_diag){0};
	tree_range(&t, "/reserved-memory/a", "reg", 0x5000, 0x1000);
	ok(dtb_reserved(t.fdt, &nomap, &reserved, &diag));
	assert_int_equal(diag.status, KB_OK);
	assert_int_equal(fdt_add_mem_rsv(t.fdt, 0x4000, -0x4000ULL), 0);
	ok(dtb_reserved(t.fdt, &nomap, &reserved, &diag));
	assert_int_equal(diag.status, KB_DTB_RESERVED);
	check_ranges(&reserved, 1, top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(trees_are_checked_whole, fresh),
		cmocka_unit_test_setup(a_bare_root_has_no_facts, fresh),
		cmocka_unit_test_setup(root_cells_are_one_or_two, fresh),
		cmocka_unit_test_setup(chosen_is_read, fresh),
		cmocka_unit_test_setup(initrds_of_one_cell_are_read, fresh),
		cmocka_unit_test_setup(malformed_initrds_are_refused, fresh),
		cmocka_unit_test_setup(kho_is_both_or_nothing, fresh),
		cmocka_unit_test_setup(kho_has_the_cells_of_the_root, fresh),
		cmocka_unit_test_setup(uefi_is_read, fresh),
		cmocka_unit_test_setup(half_of_uefi_is_refused, fresh),
		cmocka_unit_test_setup(seeds_are_wiped, fresh),
		cmocka_unit_test_setup(cpus_are_listed, fresh),
		cmocka_unit_test_setup(qemu_devices_are_found, fresh),
		cmocka_unit_test_setup(addresses_go_through_the_buses, fresh),
		cmocka_unit_test_setup(a_refused_tree_has_its_devices, fresh),
		cmocka_unit_test_setup(uarts_that_we_can_drive, fresh),
		cmocka_unit_test_setup(a_tree_without_hardware_leaves_acpi_on, fresh),
		cmocka_unit_test_setup(memory_nodes_become_ram, fresh),
		cmocka_unit_test_setup(malformed_memory_is_refused, fresh),
		cmocka_unit_test_setup(crash_kernels_have_headers_of_a_dump, fresh),
		cmocka_unit_test_setup(the_usable_range_is_read, fresh),
		cmocka_unit_test_setup(reserved_memory_is_of_two_kinds, fresh),
		cmocka_unit_test_setup(odd_reservations_are_kept_out_of, fresh),
		cmocka_unit_test_setup(cells_that_say_nothing_are_ignored, fresh),
		cmocka_unit_test_setup(malformed_reservations_are_warnings, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
