// SPDX-License-Identifier: BSD-2-Clause
/*
 * Device trees: sound in form with any content, as the input has it, or the input itself. What is
 * taken must be writable again with a new /chosen, and read back as written.
 */
#include <arch/boot.h>

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#define TREE_SIZE 0x4000
#define ADDR      0x523456000ULL

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- input ----------------------------------------------------------------------------------- */

struct input {
	const uint8_t *p;
	size_t len;
};

static uint8_t byte(struct input *in)
{
	if (!in->len)
		return 0;
	in->len--;
	return *in->p++;
}

static const char *const node_names[] = {
	"chosen",   "memory@40000000", "reserved-memory",
	"psci",     "pl011@9000000",   "soc",
	"aliases",  "fw-cfg@9020000",  "x",
	"chosen@0", "serial@1",        "hypervisor",
	"cpus",     "cpu@0",
};

static const char *const names[] = {
	"#address-cells",
	"#size-cells",
	"reg",
	"ranges",
	"compatible",
	"status",
	"device_type",
	"no-map",
	"method",
	"stdout-path",
	"reg-shift",
	"reg-io-width",
	"serial0",
	"linux,usable-memory",
	"bootargs",
	"linux,initrd-start",
	"linux,initrd-end",
	"linux,kho-fdt",
	"linux,kho-scratch",
	"linux,elfcorehdr",
	"linux,usable-memory-range",
	"linux,uefi-system-table",
	"linux,uefi-mmap-start",
	"linux,uefi-mmap-size",
	"linux,uefi-mmap-desc-size",
	"linux,uefi-mmap-desc-ver",
	"linux,uefi-secure-boot",
	"kaslr-seed",
	"rng-seed",
	"enable-method",
	BOOT_LOG_PROPERTY,
};

static const char *const texts[] = {
	"memory",       "arm,pl011",
	"arm,psci-1.0", "hvc",
	"smc",          "okay",
	"disabled",     "/soc/serial@1:115200",
	"ns16550a",     "qemu,fw-cfg-mmio",
	"serial0",      "/pl011@9000000",
	"xen,xen",      "cpu",
	"psci",
};

/* Values that mean something more often than bytes do. */
static void put_property(struct input *in, void *fdt)
{
	const char *name = names[byte(in) % ARRAY_SIZE(names)], *text;
	uint8_t kind = byte(in), bytes[32];
	size_t n = byte(in) % (sizeof(bytes) + 1);

	if (kind & 1) {
		text = texts[kind / 2 % ARRAY_SIZE(texts)];
		(void)fdt_property_string(fdt, name, text);
		return;
	}
	memset(bytes, 0, sizeof(bytes));
	/* Cells are small numbers, or all of the input's bytes. */
	for (size_t i = 0; i < n; i++)
		if (kind & 2 || i % 4 == 3)
			bytes[i] = byte(in);
	(void)fdt_property(fdt, name, bytes, (int)(kind & 4 ? n : n & ~3u));
}

static void make_tree(struct input *in, void *fdt)
{
	unsigned int depth = 1;

	(void)fdt_create(fdt, TREE_SIZE);
	for (unsigned int n = byte(in) % 4; n; n--)
		(void)fdt_add_reservemap_entry(fdt, (uint64_t)byte(in) << 12,
					       (uint64_t)byte(in) << 8 * (byte(in) % 8));
	(void)fdt_finish_reservemap(fdt);
	(void)fdt_begin_node(fdt, "");
	while (in->len && depth) {
		uint8_t what = byte(in);

		if (what < 0x30 && depth < 6) {
			(void)fdt_begin_node(fdt, node_names[what % ARRAY_SIZE(node_names)]);
			depth++;
		} else if (what < 0x60) {
			(void)fdt_end_node(fdt);
			depth--;
		} else {
			put_property(in, fdt);
		}
	}
	while (depth--)
		(void)fdt_end_node(fdt);
	(void)fdt_finish(fdt);
}

/* Magic and size are right, or nothing else would ever be looked at. */
static void copy_tree(struct input *in, uint8_t *fdt)
{
	size_t n = in->len < TREE_SIZE ? in->len : TREE_SIZE;

	memcpy(fdt, in->p, n);
	memcpy(fdt, "\xd0\x0d\xfe\xed", 4);
	fdt_set_totalsize(fdt, (uint32_t)n);
}

/* ---- what must hold -------------------------------------------------------------------------- */

static void check(bool is)
{
	if (!is)
		__builtin_trap();
}

static void check_list(const struct range_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		check(l->r[i].size && !range_wraps(l->r[i]));
		check(!i || l->r[i].base > range_end(l->r[i - 1]));
	}
}

static void read_memory(const void *fdt)
{
	struct range store[3][32];
	struct range_list ram = {store[0], 0, 32}, no = {store[1], 0, 32}, res = {store[2], 0, 32};

	if (!dtb_memory(fdt, &ram, NULL))
		check_list(&ram);
	if (!dtb_usable(fdt, &ram, NULL))
		check_list(&ram);
	if (!dtb_reserved(fdt, &no, &res, NULL)) {
		check_list(&no);
		check_list(&res);
	}
}

static void check_written(const struct boot *b, const struct boot_layout *l, uint8_t *block,
			  const struct dtb_facts *old)
{
	struct dtb_facts f;

	check(!dtb_check(block, l->tree, NULL));
	check(!dtb_read(block, &f, NULL));
	check(f.cmdline.len == strlen(b->cmdline) &&
	      !memcmp(f.cmdline.text, b->cmdline, f.cmdline.len));
	check(f.initrd.size == b->initrd.size);
	check(f.has_kho == (b->kho != NULL));
	check(!b->kho ||
	      (f.kho.fdt.addr == b->kho->fdt.addr && f.kho.scratch.addr == ADDR + l->scratch));
	check(f.crash == old->crash && f.elfcorehdr.base == old->elfcorehdr.base);
	check(f.uefi.found == (old->uefi.found || b->efi_map_max));
	check(b->efi_map_max || f.uefi.map.base == old->uefi.map.base);
	check(f.psci == old->psci && f.uart.base == old->uart.base && f.fwcfg == old->fwcfg);
}

static void write_tree(const void *fdt, const struct dtb_facts *old, uint8_t flags)
{
	static const char *const cmdlines[] = {"console=ttyAMA0 quiet nokaslr", "x"};
	struct range area = {0x1000000, 0x400000};
	struct range_list scratch = {&area, 1, 1};
	struct kho_handover kho = {.fdt = {0x123456000}, .fdt_size = 4096};
	struct boot b = {
		.fdt = fdt,
		.fdt_addr = 0x1000,
		.cmdline = cmdlines[flags & 1],
		.initrd = {0x48000000, flags & 2 ? 0x1000 : 0},
		.kho = flags & 4 ? &kho : NULL,
		.scratch = &scratch,
		.efi_map_max = flags & 8 ? 480 : 0,
		.log_max = flags & 16 ? 100 : 0,
		.kaslr_seed = flags & 32,
	};
	struct boot_layout l;
	uint8_t *block;

	if (boot_layout(&b, &l))
		return;
	block = aligned_alloc(4096, l.size);
	if (!block)
		abort();
	boot_write(&b, &l, block, ADDR);
	check_written(&b, &l, block, old);
	boot_set_log(&l, block, 100, "text of the log", flags % 16);
	check_written(&b, &l, block, old);
	free(block);
}

static void see_cpu(void *sum, uint64_t mpidr)
{
	*(uint64_t *)sum += mpidr;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	uint64_t cpus = 0;
	uint8_t flags = byte(&in);
	struct dtb_facts f;
	void *fdt = aligned_alloc(8, TREE_SIZE);

	if (!fdt || size < 42) {
		free(fdt);
		return 0;
	}
	memset(fdt, 0, TREE_SIZE);
	if (flags & 64)
		copy_tree(&in, fdt);
	else
		make_tree(&in, fdt);
	if (!dtb_check(fdt, TREE_SIZE, NULL)) {
		read_memory(fdt);
		if (!dtb_read(fdt, &f, NULL))
			write_tree(fdt, &f, flags);
		dtb_each_cpu(fdt, see_cpu, &cpus);
		dtb_wipe_seeds(fdt);
	}
	free(fdt);
	return 0;
}
