// SPDX-License-Identifier: BSD-2-Clause
/*
 * damage.c - what a faulty outgoing kernel, or a stray write, could leave to khoboot.
 */
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "proof.h"

/* boot_params (arch/x86/include/uapi/asm/bootparam.h) */
#define BP_EXT_CMDLINE  0x0c8
#define BP_EFI_INFO     0x1c0 /* signature, then five words, the map's address among them */
#define BP_E820_ENTRIES 0x1e8
#define BP_HEADER_MAGIC 0x202
#define BP_SETUP_DATA   0x250
#define BP_E820_TABLE   0x2d0
#define E820_ENTRY      20 /* bytes: address, size, type */
#define E820_SIZE       8

/* struct setup_data and its payload of type SETUP_KEXEC_KHO */
#define NODE_NEXT         0
#define NODE_TYPE         8
#define NODE_LEN          12
#define NODE_FDT          16
#define NODE_FDT_SIZE     24
#define NODE_SCRATCH_SIZE 40
#define SETUP_RNG_SEED    9
#define SETUP_KEXEC_KHO   10

/* struct khoser_mem_chunk of kho-v1: next, order and count, then (start, bitmap) pairs */
#define CHUNK_FIRST_BITMAP 24

/* Interior levels of the radix tree of kho-v3 and later. */
#define RADIX_NODES 5

#define PAGE    4096ULL
#define NOWHERE (1ULL << 45) /* no guest has RAM there */

/* Where the things lie that are damaged. */
struct scene {
	struct ram *ram;
	uint64_t bp;
	uint64_t node; /* setup_data node of KHO */
	uint64_t fdt;
	uint64_t scratch;
	uint64_t map; /* root of the preserved-memory-map */
	struct pieces list;
};

static void put(struct scene *s, uint64_t pa, const void *data, size_t len)
{
	memcpy(s->ram->live + ram_offset(s->ram, pa, len), data, len);
}

static void put_u64(struct scene *s, uint64_t pa, uint64_t v)
{
	put(s, pa, &v, sizeof(v));
}

static void put_u32(struct scene *s, uint64_t pa, uint32_t v)
{
	put(s, pa, &v, sizeof(v));
}

static uint64_t find_node(const struct scene *s, uint32_t type)
{
	uint64_t node = ram_u64(s->ram, s->bp + BP_SETUP_DATA);

	for (; node; node = ram_u64(s->ram, node + NODE_NEXT))
		if (ram_u32(s->ram, node + NODE_TYPE) == type)
			return node;
	die("no setup_data node of type %u to damage", type);
}

/* Physical address of the value of a property of the root FDT. */
static uint64_t property(const struct scene *s, const char *name)
{
	const uint8_t *fdt = ram_get(s->ram, s->fdt, PAGE);
	const uint8_t *value = fdt_getprop(fdt, 0, name, NULL);

	if (!value)
		die("the root FDT has no %s", name);
	return s->fdt + (uint64_t)(value - fdt);
}

static void set_scene(struct scene *s, struct ram *r, uint64_t bp)
{
	struct kho_node n;

	walk_setup_data(r, bp, &n);
	*s = (struct scene){.ram = r, .bp = bp, .fdt = n.fdt, .scratch = n.scratch};
	walk_kho(r, &n, &s->list);
	s->node = find_node(s, SETUP_KEXEC_KHO);
	s->map = ram_u64(r, property(s, "preserved-memory-map"));
}

/* ---- boot_params and setup_data ------------------------------------------------------------- */

static void header_gone(struct scene *s)
{
	put_u32(s, s->bp + BP_HEADER_MAGIC, 0);
}

/* Far beyond what is mapped: the first access faults. */
static void cmdline_outside(struct scene *s)
{
	put_u32(s, s->bp + BP_EXT_CMDLINE, (uint32_t)(NOWHERE >> 32));
}

static void efi_map_outside(struct scene *s)
{
	static const uint32_t info[8] = {0x34364c45 /* "EL64" */, 0, 48, 1, 0, 480, 0,
					 (uint32_t)(NOWHERE >> 32)};

	put(s, s->bp + BP_EFI_INFO, info, sizeof(info));
}

static void e820_empty(struct scene *s)
{
	uint8_t none = 0;

	put(s, s->bp + BP_E820_ENTRIES, &none, 1);
}

/* The first entry begins at address 0, so that it does not pass the end of the address space. */
static void e820_huge(struct scene *s)
{
	put_u64(s, s->bp + BP_E820_TABLE + E820_SIZE, ~0ULL);
}

static void e820_wrap(struct scene *s)
{
	put_u64(s, s->bp + BP_E820_TABLE + E820_ENTRY + E820_SIZE, ~0ULL);
}

static void setup_loop(struct scene *s)
{
	put_u64(s, s->node + NODE_NEXT, s->node);
}

static void setup_outside(struct scene *s)
{
	put_u64(s, s->node + NODE_NEXT, NOWHERE);
}

static void setup_short(struct scene *s)
{
	put_u32(s, s->node + NODE_LEN, 16);
}

static void setup_twice(struct scene *s)
{
	put_u32(s, find_node(s, SETUP_RNG_SEED) + NODE_TYPE, SETUP_KEXEC_KHO);
}

static void fdt_outside(struct scene *s)
{
	put_u64(s, s->node + NODE_FDT, NOWHERE);
}

static void fdt_unaligned(struct scene *s)
{
	put_u64(s, s->node + NODE_FDT, s->fdt + 8);
}

static void fdt_size(struct scene *s)
{
	put_u64(s, s->node + NODE_FDT_SIZE, 3 * PAGE);
}

/* ---- root FDT ------------------------------------------------------------------------------- */

static void magic_gone(struct scene *s)
{
	put_u32(s, s->fdt, 0);
}

static void set_version(struct scene *s, char digit)
{
	put(s, property(s, "compatible") + strlen("kho-v"), &digit, 1);
}

static void version_2(struct scene *s)
{
	set_version(s, '2');
}

static void version_9(struct scene *s)
{
	set_version(s, '9');
}

static void not_kho(struct scene *s)
{
	put(s, property(s, "compatible"), "xyz", 3);
}

static void map_null(struct scene *s)
{
	put_u64(s, property(s, "preserved-memory-map"), 0);
}

static void map_unaligned(struct scene *s)
{
	put_u64(s, property(s, "preserved-memory-map"), s->map + 16);
}

static void map_outside(struct scene *s)
{
	put_u64(s, property(s, "preserved-memory-map"), NOWHERE);
}

/* ---- preserved-memory-map ------------------------------------------------------------------- */

/* The first entry of the root: a bitmap of kho-v1, a node of the radix tree. */
static uint64_t first_entry(const struct scene *s)
{
	if (s->list.version == 1)
		return s->map + CHUNK_FIRST_BITMAP;
	for (uint64_t at = s->map; at < s->map + PAGE; at += 8)
		if (ram_u64(s->ram, at))
			return at;
	die("the map is empty");
}

static void entry_outside(struct scene *s)
{
	put_u64(s, first_entry(s), NOWHERE);
}

static void entry_unaligned(struct scene *s)
{
	put_u64(s, first_entry(s), ram_u64(s->ram, first_entry(s)) + 4);
}

/* The list of chunks leads back to its head, the radix tree to its root. */
static void cycle(struct scene *s)
{
	put_u64(s, s->list.version == 1 ? s->map : first_entry(s), s->map);
}

/* The highest keys are those of order 0. A leaf of them holds 128 MiB. */
static void shared_leaf(struct scene *s)
{
	uint64_t node = s->map, at = 0;

	if (s->list.version == 1)
		die("kho-v1 has no leaves");
	for (unsigned level = 0; level < RADIX_NODES; level++, node = ram_u64(s->ram, at))
		for (at = node + PAGE - 8; at > node && !ram_u64(s->ram, at); at -= 8)
			;
	put_u64(s, at ^ 8, node);
}

/* ---- scratch -------------------------------------------------------------------------------- */

static void set_area(struct scene *s, uint64_t base, uint64_t len)
{
	put_u64(s, s->scratch, base);
	put_u64(s, s->scratch + 8, len);
}

static void scratch_size(struct scene *s)
{
	put_u64(s, s->node + NODE_SCRATCH_SIZE, 24);
}

static void scratch_wrap(struct scene *s)
{
	put_u64(s, s->scratch + 8, -PAGE);
}

static void scratch_unaligned(struct scene *s)
{
	put_u64(s, s->scratch, ram_u64(s->ram, s->scratch) + 8);
}

static void scratch_twice(struct scene *s)
{
	put_u64(s, s->scratch + 16, ram_u64(s->ram, s->scratch));
	put_u64(s, s->scratch + 24, ram_u64(s->ram, s->scratch + 8));
}

static void fdt_in_scratch(struct scene *s)
{
	set_area(s, s->fdt, PAGE);
}

static void map_in_scratch(struct scene *s)
{
	set_area(s, s->map, PAGE);
}

static void block_in_scratch(struct scene *s)
{
	set_area(s, s->list.block.pa, s->list.block.len);
}

static const struct {
	const char *name;
	void (*fn)(struct scene *s);
} damages[] = {
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
	{"fdt-outside", fdt_outside},
	{"fdt-unaligned", fdt_unaligned},
	{"fdt-size", fdt_size},
	{"fdt-magic", magic_gone},
	{"version-2", version_2},
	{"version-9", version_9},
	{"not-kho", not_kho},
	{"map-null", map_null},
	{"map-unaligned", map_unaligned},
	{"map-outside", map_outside},
	{"entry-outside", entry_outside},
	{"entry-unaligned", entry_unaligned},
	{"cycle", cycle},
	{"shared-leaf", shared_leaf},
	{"scratch-size", scratch_size},
	{"scratch-wrap", scratch_wrap},
	{"scratch-unaligned", scratch_unaligned},
	{"scratch-twice", scratch_twice},
	{"fdt-in-scratch", fdt_in_scratch},
	{"map-in-scratch", map_in_scratch},
	{"block-in-scratch", block_in_scratch},
};

void damage(struct ram *r, uint64_t boot_params, const char *name)
{
	struct scene s;

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		if (strcmp(damages[i].name, name))
			continue;
		set_scene(&s, r, boot_params);
		damages[i].fn(&s);
		return;
	}
	die("no damage is named '%s'", name);
}

void damage_list(void)
{
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++)
		puts(damages[i].name);
}
