// SPDX-License-Identifier: BSD-2-Clause
/* x86: what kexec loads, and the block that khoboot then needs; see room.h. */
#include "../room.h"

#include <arch/cpu_x86.h>
#include <arch/route_cpu.h>
#include <stage/stage.h>

#include <string.h>

/* Linux arch/x86/kernel/kexec-bzimage64.c. */
#define PURGATORY_SIZE 0x8000u /* 20 to 28 KiB in kernels of today */
#define ELFCOREHDR_MAX 30u
#define PARAMS_LOWEST  0x3000u
#define SCRATCH_ALIGN  0x10000u

/* Nodes that kexec adds to what is handed on, but for KHO's own: EFI, the seed, IMA. */
static const struct {
	uint32_t type, len;
} nodes[] = {{SETUP_EFI, 32}, {SETUP_RNG_SEED, 32}, {SETUP_IMA, 16}};

bool room_always_gbpages(void)
{
	return false;
}

void room_image(const uint8_t *file, const struct pe *pe, const struct uki *u,
		struct room_image *ret)
{
	struct ready ready;

	*ret = (struct room_image){
		.flat_size = pe->image_size - KB_SETUP_SIZE_X86,
		.size = get_u32(file + BZ_INIT_SIZE),
		.lowest = get_u64(file + BZ_PREF_ADDRESS),
		.align = get_u32(file + BZ_KERNEL_ALIGNMENT),
	};
	ret->arena = ret->size - min_u64(ret->size, align_up_page(ret->flat_size));
	if (u->initrd.data)
		ret->initrd = (struct range){u->initrd.offset - KB_SETUP_SIZE_X86, u->initrd.size};
	if (!ready_open(u->kernel.data, u->kernel.size, &ready, NULL))
		ret->kernel = (struct range){u->kernel.offset - KB_SETUP_SIZE_X86 +
						     (uint64_t)(ready.image -
								(const uint8_t *)u->kernel.data),
					     ready.memory};
	if (u->ucode.data)
		ret->ucode = (struct range){u->ucode.offset - KB_SETUP_SIZE_X86, u->ucode.size};
}

static uint64_t align16(uint64_t v)
{
	return align_down(v + 15, 16);
}

/* boot_params, command line, EFI's map and the nodes are one segment. */
static uint64_t params_size(const struct room_question *q)
{
	uint64_t size = align16(BP_SIZE + q->words + 1 + ELFCOREHDR_MAX) + align16(q->efi_map_size);

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		size += setup_node_size(nodes[i].len);
	return size + setup_node_size(sizeof(struct kho_data));
}

size_t room_segments(const struct room_question *q, struct room_segment ret[ROOM_SEGMENTS])
{
	const struct room_segment all[] = {
		{"scratch array", q->areas->count * sizeof(struct range), SCRATCH_ALIGN, 0, true,
		 true},
		{"purgatory", PURGATORY_SIZE, SZ_4K, PARAMS_LOWEST, true, false},
		{"boot_params", params_size(q), 16, PARAMS_LOWEST, true, true},
		{"image", q->image.size, q->image.align, max_u64(q->image.lowest, SZ_1M), true,
		 true},
	};

	_Static_assert(ARRAY_SIZE(all) <= ROOM_SEGMENTS, "one more than there is room for");
	memcpy(ret, all, sizeof(all));
	return ARRAY_SIZE(all);
}

enum kb_status room_load_all(struct room_plan *p, const struct room_question *q,
			     struct range *image)
{
	struct room_segment segments[ROOM_SEGMENTS];
	const size_t n = room_segments(q, segments);
	enum kb_status st = KB_OK;

	for (size_t i = 0; i < n && !st; i++)
		st = room_load(p, &segments[i], image);
	return st;
}

#define CPUID_LA57 (1u << 16) /* leaf 7, c */

/* A guest that sees one of these flags has memory that is encrypted, or cannot be told from one. */
static bool confidential(void)
{
	struct cpuid r = cpuid(0);

	if (r.a >= 0x21) {
		r = cpuid(0x21);
		if (!memcmp(&r.b, "Inte", 4) && !memcmp(&r.d, "lTDX", 4))
			return true;
	}
	return cpuid(1).c & CPUID_HYPERVISOR && cpuid(0x80000000).a >= CPUID_ENCRYPTION &&
	       cpuid(CPUID_ENCRYPTION).a & ROUTE_CPUID_SEV;
}

enum kb_status room_choose(struct kernel *k, const char *cmdline, bool la57, bool reset,
			   struct kb_diag *diag)
{
	const struct kernel_cpu cpu = {
		.la57 = la57,
		.can_la57 = cpuid(0).a >= 7 && cpuid(7).c & CPUID_LA57,
		.reset = reset,
		.confidential = confidential(),
	};
	enum kb_status st =
		kernel_choose(k, (struct kb_text){cmdline, strlen(cmdline)}, &cpu, diag);

	(void)kernel_fix_place(k);
	return st;
}

void room_describe(const struct room_question *q, bool most, struct boot *b)
{
	static struct setup_list all = {.count = ARRAY_SIZE(nodes)};

	for (size_t i = 0; i < all.count; i++) {
		all.node[i].type = nodes[i].type;
		all.node[i].len = nodes[i].len;
	}
	b->carry = most ? &all : NULL;
	b->efi_map_max = q->efi_map_size;
}
