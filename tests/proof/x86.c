// SPDX-License-Identifier: BSD-2-Clause
/*
 * x86.c - x86_64: what kexec leaves to khoboot is in boot_params.
 */
#include "damage.h"

/* boot_params (arch/x86/include/uapi/asm/bootparam.h) */
#define BP_EXT_CMDLINE  0x0c8
#define BP_EFI_INFO     0x1c0 /* signature, then five words, the map's address among them */
#define BP_E820_ENTRIES 0x1e8
#define BP_HEADER_MAGIC 0x202
#define BP_SETUP_DATA   0x250
#define BP_INIT_SIZE    0x260
#define BP_E820_TABLE   0x2d0
#define E820_ENTRY      20 /* bytes: address, size, type */
#define E820_SIZE       8

/* struct setup_data and its payload of type SETUP_KEXEC_KHO */
#define NODE_NEXT       0
#define NODE_TYPE       8
#define NODE_LEN        12
#define NODE_FDT        16
#define NODE_SCRATCH    32
#define SETUP_RNG_SEED  9
#define SETUP_KEXEC_KHO 10
#define MAX_NODES       64 /* a longer list is taken for a loop */

#define PAGE 4096ULL

static unsigned privilege(uint32_t cs)
{
	return 3 - (cs & 3);
}

static uint64_t find_node(const struct ram *r, uint64_t bp, uint32_t type)
{
	uint64_t node = ram_u64(r, bp + BP_SETUP_DATA);

	for (unsigned i = 0; node && i < MAX_NODES; i++, node = ram_u64(r, node + NODE_NEXT))
		if (ram_u32(r, node + NODE_TYPE) == type)
			return node;
	die("no setup_data node of type %u in boot_params at 0x%llx", type, (unsigned long long)bp);
}

static void find_kho(const struct ram *r, uint64_t bp, struct kho_node *ret)
{
	uint64_t node = find_node(r, bp, SETUP_KEXEC_KHO);

	ret->fdt_at = node + NODE_FDT;
	ret->fdt = ram_u64(r, ret->fdt_at);
	ret->fdt_len = ram_u64(r, ret->fdt_at + 8);
	ret->scratch_at = node + NODE_SCRATCH;
	ret->scratch = ram_u64(r, ret->scratch_at);
	ret->scratch_len = ram_u64(r, ret->scratch_at + 8);
	ret->big_endian = false;
}

static uint64_t memory(const struct ram *r, uint64_t load, uint64_t bp)
{
	(void)load;
	return (ram_u32(r, bp + BP_INIT_SIZE) + PAGE - 1) / PAGE * PAGE;
}

/* ---- damages -------------------------------------------------------------------------------- */

static void header_gone(struct scene *s)
{
	put_u32(s, s->argument + BP_HEADER_MAGIC, 0);
}

/* Far beyond what is mapped: the first access faults. */
static void cmdline_outside(struct scene *s)
{
	put_u32(s, s->argument + BP_EXT_CMDLINE, (uint32_t)(NOWHERE >> 32));
}

static void efi_map_outside(struct scene *s)
{
	static const uint32_t info[8] = {0x34364c45 /* "EL64" */,  0, 48, 1, 0, 480, 0,
					 (uint32_t)(NOWHERE >> 32)};

	put(s, s->argument + BP_EFI_INFO, info, sizeof(info));
}

static void e820_empty(struct scene *s)
{
	uint8_t none = 0;

	put(s, s->argument + BP_E820_ENTRIES, &none, 1);
}

/* The first entry begins at address 0, so that it does not pass the end of the address space. */
static void e820_huge(struct scene *s)
{
	put_u64(s, s->argument + BP_E820_TABLE + E820_SIZE, ~0ULL);
}

static void e820_wrap(struct scene *s)
{
	put_u64(s, s->argument + BP_E820_TABLE + E820_ENTRY + E820_SIZE, ~0ULL);
}

static uint64_t kho(const struct scene *s)
{
	return find_node(s->ram, s->argument, SETUP_KEXEC_KHO);
}

static void setup_loop(struct scene *s)
{
	put_u64(s, kho(s) + NODE_NEXT, kho(s));
}

static void setup_outside(struct scene *s)
{
	put_u64(s, kho(s) + NODE_NEXT, NOWHERE);
}

static void setup_short(struct scene *s)
{
	put_u32(s, kho(s) + NODE_LEN, 16);
}

static void setup_twice(struct scene *s)
{
	put_u32(s, find_node(s->ram, s->argument, SETUP_RNG_SEED) + NODE_TYPE, SETUP_KEXEC_KHO);
}

static const struct damage damages[] = {
	{"header-gone", header_gone},
	{"cmdline-outside", cmdline_outside},
	{"efi-map-outside", efi_map_outside},
	{"e820-empty", e820_empty},
	{"e820-huge", e820_huge},
	{"e820-wrap", e820_wrap},
	{"setup-loop", setup_loop},
	{"setup-outside", setup_outside},
	{"setup-short", setup_short},
	{"setup-twice", setup_twice},
	{NULL, NULL},
};

/*
 * The stub's registers: 16 general ones, rip, eflags, cs. kexec loads the protected-mode part of
 * the bzImage, and enters it at its 64-bit entry (Documentation/arch/x86/boot.rst).
 */
const struct machine machine_x86_64 = {
	.name = "x86_64",
	.ram = RAM_Q35,
	.gdb = {.argument = 32, .pc = 128, .mode = 140, .level = privilege},
	.loaded = "Loaded 64bit kernel at 0x",
	.entry = 0x200,
	.linked_at = 0x1000,
	.find = find_kho,
	.memory = memory,
	.loop = {0xeb, 0xfe},
	.loop_len = 2,
	.damages = damages,
};
