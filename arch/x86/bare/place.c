// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door: what is in use, what is free, where things go. */
#include <khoboot/log.h>

#include <string.h>

#include "bare.h"

/* What must survive until the jump, or for good: ourselves, all that boot_params point to. */
enum kb_status list_busy(struct bare *b)
{
	const struct boot_params *bp = b->bp;
	struct range initrd = {bp_join(bp->ramdisk_image, bp->ext_ramdisk_image),
			       bp_join(bp->ramdisk_size, bp->ext_ramdisk_size)};
	struct range efi = {bp_join(bp->efi_memmap, bp->efi_memmap_hi), bp->efi_memmap_size};
	enum kb_status st = range_list_add(&b->busy, b->segment);

	if (!st)
		st = range_list_add(&b->busy, (struct range){(uintptr_t)bp, BP_SIZE});
	if (!st)
		st = range_list_add(&b->busy, initrd);
	if (!st)
		st = range_list_add(&b->busy, efi);
	for (size_t i = 0; i < b->setup.count && !st; i++)
		st = range_list_add(&b->busy, setup_node_range(b, i));
	if (!st)
		st = setup_targets(&b->mem, &b->setup, &b->busy);
	b->initrd = initrd;
	if (b->uki.initrd.data)
		b->initrd = (struct range){(uintptr_t)b->uki.initrd.data, b->uki.initrd.size};
	if (b->uki.ucode.data)
		kb_warn("initrd", ".ucode is not loaded; give it as first --initrd of khoctl uki");
	if (b->uki.initrd.data && initrd.size)
		kb_warn("initrd", "the one given at load time is ignored: the image has its own");
	return st ? kb_refuse("memory", st, &b->mem.diag) : KB_OK;
}

enum kb_status list_free(struct bare *b)
{
	const struct range_list *from = b->has_kho ? &b->kho->scratch : &b->mem.ram;
	enum kb_status st = range_list_copy(from, &b->free);

	for (size_t i = 0; i < b->busy.count && !st; i++)
		st = range_list_subtract(&b->free, b->busy.r[i]);
	return st;
}

static enum kb_status describe_boot(struct bare *b)
{
	struct range efi = {bp_join(b->bp->efi_memmap, b->bp->efi_memmap_hi),
			    b->bp->efi_memmap_size};

	if (memcmp(b->bp->efi_loader_signature, BP_EFI_64, 4))
		efi.size = 0;
	if (efi.size && !mem_get(&b->mem, phys(efi.base), efi.size))
		return kb_refuse("plan", KB_EFI_MAP_BIG, NULL);
	b->boot = (struct x86_boot){
		.kernel = &b->kernel,
		.kernel_file = b->uki.kernel.data,
		.from = b->bp,
		.loader = b->bp->type_of_loader,
		.cmdline = b->cmdline,
		.initrd = b->initrd,
		.mem = &b->mem,
		.carry = &b->setup,
		.kho = b->has_kho ? &b->handover : NULL,
		.scratch = b->has_kho ? &b->kho->scratch : NULL,
		.efi_map_max = efi.size,
		.log_max = DOOR_LOG_SIZE,
	};
	return KB_OK;
}

/* The one check that must never fail: nothing that will be written is preserved. */
static enum kb_status check_placement(struct bare *b)
{
	const struct range written[] = {b->place.window, b->place.block, b->segment};
	enum kb_status st = KB_OK;

	if (b->has_kho)
		st = x86_check_written(&b->mem, b->kho, written, ARRAY_SIZE(written));
	return st ? kb_refuse("plan", st, NULL) : KB_OK;
}

static void report_plan(const struct bare *b)
{
	uint64_t taken = b->segment.size + b->place.window.size + b->place.block.size;

	kb_debug("plan", "khoboot at 0x%llx, kernel at 0x%llx, boot_params at 0x%llx",
		 (unsigned long long)b->segment.base, (unsigned long long)b->place.window.base,
		 (unsigned long long)b->place.block.base);
	if (b->has_kho)
		kb_info("plan", "scratch has %llu bytes (areas: %zu), %llu taken",
			(unsigned long long)range_list_bytes(&b->kho->scratch),
			b->kho->scratch.count, (unsigned long long)taken);
}

static enum kb_status place_all(struct bare *b)
{
	enum kb_status st = list_free(b);

	if (st)
		return kb_refuse("plan", st, NULL);
	st = describe_boot(b);
	if (st)
		return st;
	st = x86_layout(&b->boot, &b->layout);
	if (!st)
		st = x86_place(&b->free, &b->kernel, b->layout.size, &b->place);
	if (st) {
		kb_error("plan",
			 "wanted: %llu bytes for the kernel, %llu beside it; free: %llu in %zu "
			 "pieces",
			 (unsigned long long)b->kernel.init_size,
			 (unsigned long long)b->layout.size,
			 (unsigned long long)range_list_bytes(&b->free), b->free.count);
		return kb_refuse("plan", st, NULL);
	}
	st = check_placement(b);
	if (!st)
		report_plan(b);
	return st;
}

/* Without room in scratch there may be some in all of RAM, if the operator gives the data up. */
enum kb_status plan(struct bare *b)
{
	enum kb_status st = place_all(b);

	if (st && may_discard(b)) {
		discard_kho(b);
		st = place_all(b);
	}
	return st;
}
