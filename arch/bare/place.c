// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door: what is in use, what is free, where things go. */
#include <arch/bare.h>
#include <khoboot/log.h>

#include <string.h>

enum kb_status list_busy(struct bare *b)
{
	enum kb_status st = range_list_add(&b->busy, b->segment);

	if (!st)
		st = bare_list_busy(b);
	if (st)
		return kb_refuse("memory", st, &b->mem.diag);
	b->initrd = b->initrd_outside;
	if (b->uki.initrd.data)
		b->initrd = (struct range){(uintptr_t)b->uki.initrd.data, b->uki.initrd.size};
	if (b->uki.ucode.data)
		kb_warn("initrd", ".ucode is not loaded; give it as first --initrd of khoctl uki");
	if (b->uki.initrd.data && b->initrd_outside.size)
		kb_warn("initrd", "the one given at load time is ignored: the image has its own");
	return KB_OK;
}

enum kb_status list_free(struct bare *b)
{
	const struct range_list *from = b->has_kho ? &b->kho->scratch : &b->mem.ram;
	enum kb_status st = range_list_copy(from, &b->free);

	for (size_t i = 0; i < b->busy.count && !st; i++)
		st = range_list_subtract(&b->free, b->busy.r[i]);
	return st;
}

/* The one check that must never fail: nothing that will be written is preserved. */
static enum kb_status check_placement(struct bare *b)
{
	const struct range written[] = {b->place.window, b->place.block, b->segment};
	enum kb_status st = KB_OK;

	if (b->has_kho)
		st = kho_check_written(&b->mem, b->kho, written, ARRAY_SIZE(written));
	return st ? kb_refuse("plan", st, NULL) : KB_OK;
}

static void report_plan(const struct bare *b)
{
	uint64_t taken = b->segment.size + b->place.window.size + b->place.block.size;

	kb_debug("plan", "khoboot at 0x%llx, kernel at 0x%llx, block at 0x%llx",
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

	if (!st)
		st = bare_describe_boot(b);
	if (!st)
		st = boot_layout(&b->boot, &b->layout);
	if (!st)
		st = boot_place(&b->free, &b->kernel, b->layout.size, b->initrd, &b->place);
	if (st) {
		kb_error("plan",
			 "wanted: %llu bytes for the kernel, %llu beside it; free: %llu in %zu "
			 "pieces",
			 (unsigned long long)b->kernel.window_size,
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

enum kb_status bring(struct bare *b)
{
	enum kb_status st =
		kernel_load(&b->kernel, (void *)(uintptr_t)b->place.window.base, b->kernel_work);

	if (st)
		return kb_refuse("kernel", st, NULL);
	boot_write(&b->boot, &b->layout, (uint8_t *)(uintptr_t)b->place.block.base,
		   b->place.block.base);
	return KB_OK;
}
