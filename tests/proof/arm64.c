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

static const struct damage damages[] = {
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
