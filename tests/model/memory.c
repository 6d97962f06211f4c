// SPDX-License-Identifier: BSD-2-Clause
/* The model's memory: pages with a type each, handed out as badly as a firmware may. */
#include <format/efi_map.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../unit/random.h"
#include "model.h"

struct model_setup model;

static struct range regions[] = {
	{SZ_64K, 0x9f000 - SZ_64K},
	{SZ_1M, 47 * SZ_1M},
	{0x40000000, 16 * SZ_1M},
	{0x50000000, 16 * SZ_1M},
};

#define REGIONS   ARRAY_SIZE(regions)
#define PAGES_MAX 32768

static uint8_t types[REGIONS][PAGES_MAX];
static struct range_list ram = {regions, REGIONS - 1, REGIONS};

const struct range_list *model_ram(void)
{
	return &ram;
}

static uint8_t *page(uint64_t at)
{
	for (size_t i = 0; i < ram.count; i++)
		if (at - regions[i].base < regions[i].size)
			return &types[i][(at - regions[i].base) / MODEL_PAGE];
	return NULL;
}

int model_type(uint64_t at)
{
	uint8_t *p = page(at);

	return p ? *p : -1;
}

void model_set_type(struct range r, int type)
{
	for (uint64_t at = r.base; at < range_end(r); at += MODEL_PAGE)
		if (page(at))
			*page(at) = (uint8_t)type;
}

void model_map_memory(void)
{
	for (size_t i = 0; i < REGIONS; i++) {
		void *at = (void *)(uintptr_t)regions[i].base;

		if (mmap(at, regions[i].size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1,
			 0) != at) {
			fprintf(stderr, "no memory at 0x%" PRIx64 "\n", regions[i].base);
			exit(1);
		}
	}
}

/* Firmware's own pages, of every type, and those that it took since the reset. */
static void set_types(void)
{
	struct range own = {SZ_1M, SZ_1M};

	ram.count = REGIONS - !model.pieces;
	for (size_t i = 0; i < ram.count; i++)
		model_set_type(regions[i], EFI_CONVENTIONAL);
	model_set_type(own, EFI_BS_DATA);
	model_set_type((struct range){2 * SZ_1M, 16 * MODEL_PAGE}, EFI_RT_DATA);
	model_set_type((struct range){2 * SZ_1M + 16 * MODEL_PAGE, 16 * MODEL_PAGE},
		       EFI_ACPI_RECLAIM);
	model_set_type((struct range){2 * SZ_1M + 32 * MODEL_PAGE, 16 * MODEL_PAGE}, EFI_BS_CODE);
	if (model.no_low)
		model_set_type((struct range){SZ_64K, 0x80000 - SZ_64K}, EFI_BS_DATA);
	if (model.small) {
		/* From 16 MiB on x86 kernels may lie. */
		model_set_type((struct range){8 * SZ_1M, 8 * SZ_1M}, EFI_RESERVED);
		model_set_type((struct range){24 * SZ_1M, 24 * SZ_1M}, EFI_RESERVED);
		model_set_type((struct range){regions[2].base + SZ_1M, 15 * SZ_1M}, EFI_RESERVED);
	}
	if (model.sealed)
		model_set_type(sealed_firmware(), EFI_BS_DATA);
	for (unsigned int i = 0; i < model.pieces; i++)
		model_set_type((struct range){regions[REGIONS - 1].base + 2 * i * MODEL_PAGE,
					      MODEL_PAGE},
			       EFI_BS_DATA);
}

void model_restart(const struct model_setup *s)
{
	model = *s;
	set_types();
}

void model_start(const struct model_setup *s)
{
	for (size_t i = 0; i < REGIONS; i++)
		madvise((void *)(uintptr_t)regions[i].base, regions[i].size, MADV_DONTNEED);
	model_restart(s);
	if (model_has_data() || model.taken)
		sealed_restore();
}

/* ---- allocation ------------------------------------------------------------------------------ */

static bool is_free(uint64_t at, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		if (model_type(at + i * MODEL_PAGE) != EFI_CONVENTIONAL)
			return false;
	return true;
}

/* While there is something to lose, nothing preserved may be given away. */
static void check_given(uint64_t at, uint64_t pages)
{
	if (!sealed_is_valid())
		return;
	for (uint64_t i = 0; i < pages; i++)
		if (sealed_is_preserved(at + i * MODEL_PAGE)) {
			model_complain("firmware gave a preserved page away", at + i * MODEL_PAGE);
			return;
		}
}

static bool take(int type, uint64_t at, uint64_t pages, uint64_t *ret)
{
	if (!is_free(at, pages))
		return false;
	check_given(at, pages);
	model_set_type((struct range){at, pages * MODEL_PAGE}, type);
	/* Firmware does not clear what it gives. */
	memset((void *)(uintptr_t)at, 0xaf, pages * MODEL_PAGE);
	*ret = at;
	return true;
}

/* @preserved: only a place that begins with a preserved page */
static bool take_any(int type, uint64_t pages, uint64_t limit, bool preserved, uint64_t *ret)
{
	for (size_t i = ram.count; i-- > 0;) {
		uint64_t at = range_end(regions[i]) - pages * MODEL_PAGE;

		if (pages * MODEL_PAGE > regions[i].size)
			continue;
		for (; at >= regions[i].base; at -= MODEL_PAGE)
			if (at + pages * MODEL_PAGE - 1 <= limit &&
			    (!preserved || sealed_is_preserved(at)) && take(type, at, pages, ret))
				return true;
	}
	return false;
}

int memory_alloc(int type, uint64_t pages, uint64_t limit, uint64_t *ret)
{
	if (!pages)
		return 0;
	if (model_has_data() && take_any(type, pages, limit, true, ret))
		return 1;
	return take_any(type, pages, limit, false, ret);
}

/* Firmware allocates no range that crosses from one descriptor to the next, nor gives it all. */
int memory_alloc_at(int type, uint64_t pages, uint64_t at)
{
	if (at % MODEL_PAGE || !pages || !is_free(at, pages))
		return 0;
	model_set_type((struct range){at, pages * MODEL_PAGE}, type);
	return 1;
}

/* Single pages inside free memory: each makes two descriptors more. */
void memory_grow(unsigned int n)
{
	uint64_t at;

	for (size_t i = ram.count; i-- > 1;)
		for (at = range_end(regions[i]) - 2 * MODEL_PAGE; n && at > regions[i].base;
		     at -= 2 * MODEL_PAGE)
			if (is_free(at - MODEL_PAGE, 3) &&
			    !(model_has_data() && sealed_is_preserved(at))) {
				model_set_type((struct range){at, MODEL_PAGE}, EFI_BS_DATA);
				n--;
			}
}

static void spoil_scratch(void)
{
	struct range r = sealed_scratch()->r[0];

	for (uint64_t at = r.base + SZ_1M; at < range_end(r); at += MODEL_PAGE)
		if (is_free(at, 1)) {
			model_set_type((struct range){at, MODEL_PAGE}, EFI_RT_DATA);
			return;
		}
	abort();
}

#define UNFIT (250 * 1024) /* bytes of a map */

void memory_spoil(void)
{
	if (model.spoil == SPOIL_SCRATCH)
		spoil_scratch();
	model.unaccepted = model.unaccepted || model.spoil == SPOIL_UNACCEPTED;
	if (model.spoil == SPOIL_LARGE)
		memory_grow(200);
	while (model.spoil == SPOIL_UNFIT && memory_count() * model.desc_size <= UNFIT)
		memory_grow(1);
	model.spoil = SPOIL_NONE;
}

/* ---- the map --------------------------------------------------------------------------------- */

static void put(uint8_t *to, struct efi_descriptor d)
{
	memset(to, 0xdd, model.desc_size);
	memcpy(to, &d, sizeof(d));
}

/* Returns how many there are; @to may be NULL. */
static uint64_t list(uint8_t *to)
{
	uint64_t n = 0;

	for (size_t i = 0; i < ram.count; i++)
		for (uint64_t at = regions[i].base, end; at < range_end(regions[i]); at = end) {
			int type = model_type(at);

			for (end = at; end < range_end(regions[i]) && model_type(end) == type;)
				end += MODEL_PAGE;
			if (to)
				put(to + n * model.desc_size,
				    (struct efi_descriptor){.type = (uint32_t)type,
							    .phys = at,
							    .pages = (end - at) / MODEL_PAGE,
							    .attribute = EFI_ATTR_WB});
			n++;
		}
	return n;
}

static void swap(uint8_t *map, uint64_t a, uint64_t b)
{
	uint8_t x[256];

	memcpy(x, map + a * model.desc_size, model.desc_size);
	memmove(map + a * model.desc_size, map + b * model.desc_size, model.desc_size);
	memcpy(map + b * model.desc_size, x, model.desc_size);
}

uint64_t memory_count(void)
{
	return list(NULL) + 1 + model.wraps + model.overlaps + model.unaccepted;
}

void memory_fill(uint8_t *to)
{
	uint64_t n = list(to), random = 5;

	/* A device, as every machine has, and what some firmware has beside it. */
	put(to + n++ * model.desc_size, (struct efi_descriptor){.type = EFI_MMIO,
								.phys = 0xfec00000,
								.pages = 1,
								.attribute = EFI_ATTR_RT});
	if (model.wraps)
		put(to + n++ * model.desc_size, (struct efi_descriptor){.type = EFI_RESERVED,
									.phys = UINT64_MAX - 0xfff,
									.pages = 2});
	if (model.overlaps)
		put(to + n++ * model.desc_size, (struct efi_descriptor){.type = EFI_RESERVED,
									.phys = MODEL_OVERLAP.base,
									.pages = 2});
	if (model.unaccepted)
		put(to + n++ * model.desc_size, (struct efi_descriptor){.type = EFI_UNACCEPTED,
									.phys = 0x100000000,
									.pages = 16});
	for (uint64_t i = 0; model.order == ORDER_DOWN && i < n / 2; i++)
		swap(to, i, n - 1 - i);
	for (uint64_t i = n; model.order == ORDER_MIXED && i-- > 1;)
		swap(to, i, random_below(&random, i + 1));
}
