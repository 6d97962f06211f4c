// SPDX-License-Identifier: BSD-2-Clause
/* arm64: what khoctl check answers is what the bare-metal door does. See ../foresee.h. */
#include <stage/stage.h>

#include <libfdt.h>

#define ONE_PAGE_SIZE false
#define TREE_MAX      SZ_64K

struct machine;
static void describe(struct machine *m);

#include "../foresee.h"

/* The running kernel's tree, and the one that kexec makes of it. */
static _Alignas(8) uint8_t running[TREE_MAX], loaded_tree[TREE_MAX];

static void make_tree(struct machine *m)
{
	static const uint8_t hardware[16384];
	int chosen;

	ok(fdt_create_empty_tree(running, TREE_MAX));
	ok(fdt_setprop_u32(running, 0, "#address-cells", 2));
	ok(fdt_setprop_u32(running, 0, "#size-cells", 2));
	ok(fdt_setprop(running, 0, "hardware", hardware, (int)pick(m, 16384)));
	chosen = fdt_add_subnode(running, 0, "chosen");
	if (pick(m, 2))
		ok(fdt_setprop(running, chosen, "bootargs", "root=/dev/vda", 14));
	ok(fdt_pack(running));
	m->f.fdt = running;
	m->f.fdt_size = fdt_totalsize(running);
	m->f.uefi_desc = 48;
	m->f.uefi_map = pick(m, 8) ? LARGE_MAP / 8 : LARGE_MAP + 48;
}

static void make_kernel(struct machine *m)
{
	static const uint32_t pages[] = {0, SZ_4K, SZ_4K << 2, SZ_4K << 4};

	m->kernel = (struct kernel){
		.window_size = (1 + pick(m, 64)) * SZ_2M + pick(m, 2) * SZ_4K,
		.window_align = ARM64_KERNEL_ALIGN,
		.text_offset = 0x10000,
		.page_size = pick(m, 8) ? (uint32_t)m->img.page : pages[pick(m, ARRAY_SIZE(pages))],
	};
	m->i.image.tree = true;
	make_tree(m);
}

/* As Linux drivers/of/kexec.c. */
static uint64_t load_tree(struct machine *m)
{
	char words[512], seed[64] = "";
	int chosen;

	ok(fdt_open_into(running, loaded_tree, TREE_MAX));
	chosen = fdt_path_offset(loaded_tree, "/chosen");
	if (m->nodes & 1)
		ok(fdt_setprop_u64(loaded_tree, chosen, "kaslr-seed", 1));
	if (m->nodes & 2)
		ok(fdt_setprop(loaded_tree, chosen, "rng-seed", seed, sizeof(seed)));
	if (m->ima_size)
		ok(fdt_setprop(loaded_tree, chosen, "linux,ima-kexec-buffer", seed, 16));
	memset(words, 'x', sizeof(words));
	ok(fdt_setprop(loaded_tree, chosen, "bootargs", words, (int)m->i.words + 1));
	ok(fdt_setprop(loaded_tree, chosen, "linux,kho-fdt", seed, 16));
	ok(fdt_setprop(loaded_tree, chosen, "linux,kho-scratch", seed, 16));
	ok(fdt_setprop(loaded_tree, chosen, "linux,booted-from-kexec", NULL, 0));
	ok(fdt_add_mem_rsv(loaded_tree, SZ_4G, SZ_2M));
	ok(fdt_pack(loaded_tree));
	return fdt_totalsize(loaded_tree);
}

/* The image at the lowest place above which there is one for the tree. */
static bool load_pair(struct machine *m, struct range_list *taken)
{
	struct segment self = {m->i.image.size, SZ_2M, 0, false};
	struct segment tree = {load_tree(m), SZ_2M, 0, true};
	struct range at;

	while (load(m, taken, &self, &m->image)) {
		tree.lowest = range_end(m->image);
		if (load(m, taken, &tree, &at)) {
			ok(range_list_add(&m->busy, m->image));
			ok(range_list_add(&m->busy, at));
			return true;
		}
		taken->count--;
		self.lowest = range_end(m->image);
	}
	return false;
}

static bool load_all(struct machine *m)
{
	const struct segment array = {m->img.areas * sizeof(struct range), SZ_64K, 0, true};
	struct range_list taken = new_list();
	struct range at;
	bool room;

	load_ima(m, &taken);
	room = load(m, &taken, &array, &at) && load_pair(m, &taken);
	if (room)
		ok(range_list_add(&m->busy, at));
	free(taken.r);
	return room;
}

static void describe(struct machine *m)
{
	m->s.boot.fdt = loaded_tree;
}

int main(void)
{
	return cmocka_run_group_tests(foresights, NULL, NULL);
}
