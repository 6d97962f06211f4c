// SPDX-License-Identifier: BSD-2-Clause
/*
 * arm64.c - arm64: what kexec leaves to khoboot is in /chosen of a device tree.
 */
#include <libfdt.h>
#include <string.h>

#include "damage.h"

#define IMAGE_SIZE 16 /* arm64 Image: image_size (Documentation/arch/arm64/booting.rst) */
#define PAGE       4096ULL
#define MOST_DTB   (2ULL << 20) /* the same document */

/* PSTATE.EL as SPSR has it */
static unsigned exception_level(uint32_t cpsr)
{
	return cpsr >> 2 & 3;
}

/* The device tree at @pa, as it lies there. */
static const uint8_t *tree(const struct ram *r, uint64_t pa)
{
	const uint8_t *dtb = ram_get(r, pa, sizeof(struct fdt_header));

	if (fdt_check_header(dtb) || fdt_totalsize(dtb) > MOST_DTB)
		die("no device tree at 0x%llx", (unsigned long long)pa);
	return ram_get(r, pa, fdt_totalsize(dtb));
}

/* Physical address of the value of a property, which has to be of @len bytes. */
static uint64_t property(const struct ram *r, uint64_t pa, const char *path, const char *name,
			 int len)
{
	const uint8_t *dtb = tree(r, pa), *value;
	int have = 0, node = fdt_path_offset(dtb, path);

	value = node < 0 ? NULL : fdt_getprop(dtb, node, name, &have);
	if (!value || have != len)
		die("no %s of %d bytes in %s", name, len, path);
	return pa + (uint64_t)(value - dtb);
}

/* Two cells for an address, two for a length: all that kernels write (drivers/of/kexec.c). */
static uint64_t chosen_range(const struct ram *r, uint64_t pa, const char *name, uint64_t *addr,
			     uint64_t *len)
{
	uint64_t at = property(r, pa, "/chosen", name, 16);

	*addr = __builtin_bswap64(ram_u64(r, at));
	*len = __builtin_bswap64(ram_u64(r, at + 8));
	return at;
}

static void find_kho(const struct ram *r, uint64_t dtb, struct kho_node *ret)
{
	ret->fdt_at = chosen_range(r, dtb, "linux,kho-fdt", &ret->fdt, &ret->fdt_len);
	ret->scratch_at =
		chosen_range(r, dtb, "linux,kho-scratch", &ret->scratch, &ret->scratch_len);
	ret->big_endian = true;
}

static uint64_t memory(const struct ram *r, uint64_t load, uint64_t dtb)
{
	(void)dtb;
	return (ram_u64(r, load + IMAGE_SIZE) + PAGE - 1) / PAGE * PAGE;
}

/* ---- damages -------------------------------------------------------------------------------- */

/* Offsets in the header and in a property of a flattened tree (Devicetree Specification, 5). */
#define DTB_TOTALSIZE 4
#define DTB_VERSION   20
#define PROP_LEN      -8
#define PROP_NAME     -4
#define NOP           4

static void put_cell(struct scene *s, uint64_t pa, uint32_t v)
{
	put_u32(s, pa, __builtin_bswap32(v));
}

static uint64_t chosen(const struct scene *s, const char *name, int len)
{
	return property(s->ram, s->argument, "/chosen", name, len);
}

/* A property becomes tokens that say nothing. */
static void remove_property(struct scene *s, uint64_t value, unsigned len)
{
	for (uint64_t at = value - 12; at < value + len; at += 4)
		put_cell(s, at, NOP);
}

static void header_gone(struct scene *s)
{
	put_cell(s, s->argument, 0);
}

static void tree_huge(struct scene *s)
{
	put_cell(s, s->argument + DTB_TOTALSIZE, MOST_DTB + PAGE);
}

static void tree_old(struct scene *s)
{
	put_cell(s, s->argument + DTB_VERSION, 16);
}

static void root_cells(struct scene *s)
{
	put_cell(s, property(s->ram, s->argument, "/", "#address-cells", 4), 3);
}

static void kho_half(struct scene *s)
{
	remove_property(s, s->node.scratch_at, 16);
}

static void kho_short(struct scene *s)
{
	put_cell(s, s->node.fdt_at + PROP_LEN, 12);
	put_cell(s, s->node.fdt_at + 12, NOP);
}

/*
 * A start without an end: kaslr-seed, which has the same length, gets the name linux,initrd-start.
 * The tree still has that name, because kernel A was booted with an initrd.
 */
static void initrd_half(struct scene *s)
{
	static const char name[] = "linux,initrd-start";
	const uint8_t *dtb = tree(s->ram, s->argument), *names = dtb + fdt_off_dt_strings(dtb);
	const uint8_t *at = memmem(names, fdt_size_dt_strings(dtb), name, sizeof(name));

	if (!at)
		die("the tree has never heard of %s", name);
	put_cell(s, chosen(s, "kaslr-seed", 8) + PROP_NAME, (uint32_t)(at - names));
}

/* The memory node of QEMU's virt has the base of RAM and its size. */
static uint64_t memory_reg(const struct scene *s)
{
	return property(s->ram, s->argument, "/memory@40000000", "reg", 16);
}

static void memory_empty(struct scene *s)
{
	put_u64(s, memory_reg(s) + 8, 0);
}

static void memory_wrap(struct scene *s)
{
	put_u64(s, memory_reg(s) + 8, ~0ULL);
}

static void uefi_half(struct scene *s)
{
	remove_property(s, chosen(s, "linux,uefi-mmap-size", 4), 4);
}

static void efi_map_outside(struct scene *s)
{
	put_u64(s, chosen(s, "linux,uefi-mmap-start", 8), __builtin_bswap64(NOWHERE));
}

static void efi_map_huge(struct scene *s)
{
	put_cell(s, chosen(s, "linux,uefi-mmap-size", 4), 1U << 31);
}

/* The signature of UEFI's system table. */
static void system_table_gone(struct scene *s)
{
	put_u64(s, __builtin_bswap64(ram_u64(s->ram, chosen(s, "linux,uefi-system-table", 8))), 0);
}

static const struct damage damages[] = {
	{"header-gone", header_gone},
	{"tree-huge", tree_huge},
	{"tree-old", tree_old},
	{"root-cells", root_cells},
	{"kho-half", kho_half},
	{"kho-short", kho_short},
	{"initrd-half", initrd_half},
	{"memory-empty", memory_empty},
	{"memory-wrap", memory_wrap},
	{"uefi-half", uefi_half},
	{"efi-map-outside", efi_map_outside},
	{"efi-map-huge", efi_map_huge},
	{"system-table-gone", system_table_gone},
	{NULL, NULL},
};

/* The stub's registers: x0 to x30, sp, pc, cpsr. kexec enters an Image where it begins. */
const struct machine machine_arm64 = {
	.name = "arm64",
	.ram = RAM_VIRT,
	.gdb = {.argument = 0, .pc = 256, .mode = 264, .level = exception_level},
	.loaded = "Loaded kernel at 0x",
	.entry = 0,
	.linked_at = 0,
	.find = find_kho,
	.memory = memory,
	.loop = {0x00, 0x00, 0x00, 0x14}, /* b . */
	.loop_len = 4,
	.damages = damages,
};
