// SPDX-License-Identifier: BSD-2-Clause
/* x86: what khoctl check answers is what the bare-metal door does. The test is in foresee.h. */
#include <stage/stage.h>

#define ONE_PAGE_SIZE true

struct machine;
static void describe(struct machine *m);

#include "foresee.h"

static uint8_t file[0x2000];

static void make_kernel(struct machine *m)
{
	m->kernel = (struct kernel){
		.file = file,
		.window_size = (1 + pick(m, 64)) * SZ_2M + pick(m, 2) * SZ_4K,
		.window_align = SZ_2M,
		.bz = {.header_size = 0x7b,
		       .pref_address = 16 * SZ_1M,
		       .cmdline_size = 255,
		       .xloadflags = XLF_5LEVEL | XLF_5LEVEL_ENABLED},
	};
	m->i.image.lowest = 16 * SZ_1M;
	m->f.efi_map_size = pick(m, 2) * pick(m, 200) * 48;
}

/* The nodes that kexec may add, beside KHO's. */
static const struct {
	uint32_t type, len;
} may[] = {{SETUP_EFI, 32}, {SETUP_RNG_SEED, 32}, {SETUP_IMA, 16}};

/* Boot parameters, words, map, nodes: one segment, with room for all nodes. */
static uint64_t params_size(const struct machine *m)
{
	uint64_t size = (0x1000 + m->i.words + 1 + 30 + 15) / 16 * 16 +
			(m->f.efi_map_size + 15) / 16 * 16 + (16 + 32);

	for (size_t i = 0; i < ARRAY_SIZE(may); i++)
		size += 16 + may[i].len;
	return size;
}

static bool load_all(struct machine *m)
{
	const struct segment segments[] = {
		{m->img.areas * sizeof(struct range), SZ_64K, 0, true},
		{0x5000 + pick(m, 2) * 0x1000, SZ_4K, 0x3000, true},
		{params_size(m), 16, 0x3000, true},
		{m->i.image.size, m->i.image.align, m->i.image.lowest, true},
	};
	struct range_list taken = new_list();
	struct range at[ARRAY_SIZE(segments)];
	bool room = true;

	load_ima(m, &taken);
	for (size_t i = 0; i < ARRAY_SIZE(segments) && room; i++)
		room = load(m, &taken, &segments[i], &at[i]);
	free(taken.r);
	if (!room)
		return false;
	m->image = at[3];
	ok(range_list_add(&m->busy, at[0]));
	ok(range_list_add(&m->busy, at[2]));
	ok(range_list_add(&m->busy, at[3]));
	return true;
}

static struct setup_list carried;

static void describe(struct machine *m)
{
	carried.count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(may); i++)
		if (m->nodes >> i & 1) {
			carried.node[carried.count].type = may[i].type;
			carried.node[carried.count++].len = may[i].len;
		}
	m->s.boot.mem = &m->s.mem;
	m->s.boot.carry = &carried;
	m->s.boot.efi_map_max = m->f.efi_map_size;
}

int main(void)
{
	return cmocka_run_group_tests(foresights, NULL, NULL);
}
