// SPDX-License-Identifier: BSD-2-Clause
/* The plan, for both doors: what the next kernel gets, and where it goes. */
#include <core/log.h>
#include <stage/stage.h>

void stage_describe_boot(struct stage *s)
{
	s->boot = (struct boot){
		.kernel = &s->kernel,
		.cmdline = s->cmdline,
		.initrd = s->initrds.copied ? (struct range){0, 0} : s->initrd,
		.kho = s->kho ? &s->handover : NULL,
		.scratch = s->kho ? &s->kho->scratch : NULL,
		.log_max = STAGE_LOG_SIZE,
	};
}

static enum kb_status try_place(struct stage *s)
{
	enum kb_status st = boot_layout(&s->boot, &s->layout);

	return st ? st
		  : boot_place(&s->free, &s->kernel, s->layout.size, s->boot.initrd, &s->place);
}

static enum kb_status say_if_full(const struct stage *s, enum kb_status st)
{
	if (st)
		kb_error("plan",
			 "wanted: %" PRIu64 " bytes for the kernel, %" PRIu64
			 " beside it; free: %" PRIu64 " in %zu pieces",
			 s->kernel.window_size, s->layout.size, range_list_bytes(&s->free),
			 s->free.count);
	return st;
}

enum kb_status stage_place(struct stage *s)
{
	return say_if_full(s, try_place(s));
}

/* The one initrd is too far away. Another attempt may have other memory, and begins as this did. */
static enum kb_status place_with_copy(struct stage *s)
{
	const struct range initrd = s->initrd;
	enum kb_status st;

	s->initrds.copied = true;
	s->boot.initrd = (struct range){0, 0};
	st = say_if_full(s, try_place(s));
	if (!st)
		st = stage_place_initrd(s);
	if (!st)
		return KB_OK;
	s->initrds.copied = false;
	s->initrd = s->boot.initrd = initrd;
	return st == KB_PLACE_INITRD ? KB_PLACE_KERNEL : st;
}

enum kb_status stage_place_all(struct stage *s)
{
	enum kb_status st = try_place(s);

	/* Nothing was taken from s->free: the window comes first. */
	if (st == KB_PLACE_KERNEL && s->initrds.count == 1 && !s->initrds.copied)
		return place_with_copy(s);
	st = say_if_full(s, st);
	return st ? st : stage_place_initrd(s);
}

enum kb_status stage_check_placement(struct stage *s, const struct range *also, size_t count)
{
	const struct range used[] = {
		s->place.window,
		s->place.block,
		s->initrd,
		{s->tables.pool_addr, s->tables.pages * SZ_4K},
	};
	enum kb_status st;

	if (!s->kho)
		return KB_OK;
	st = kho_check_written(&s->mem, s->kho, used, ARRAY_SIZE(used));
	if (!st)
		st = kho_check_written(&s->mem, s->kho, also, count);
	return st ? kb_refuse("plan", st, NULL) : KB_OK;
}

void stage_report_scratch(const struct stage *s, uint64_t also)
{
	/* A kernel that runs where it lies takes nothing more. */
	bool moves = kernel_copies(&s->kernel, s->place.window);
	uint64_t taken = (moves ? s->place.window.size : 0) + s->place.block.size + also;

	if (s->kho)
		kb_info("plan", "scratch has %" PRIu64 " bytes (areas: %zu), %" PRIu64 " taken",
			range_list_bytes(&s->kho->scratch), s->kho->scratch.count, taken);
}

enum kb_status stage_plan(struct stage *s, enum kb_status (*attempt)(struct stage *s))
{
	enum kb_status st = attempt(s);

	if (!st || !s->has_kho)
		return st;
	st = stage_give_up_kho(s, st);
	return st ? st : attempt(s);
}

/* An initrd that stays where it was found is not copied. */
static uint64_t initrd_copies(const struct stage *s)
{
	const struct stage_initrds *i = &s->initrds;

	return i->count == 1 && !i->copied && s->initrd.base == i->part[0].base
		       ? 0
		       : stage_initrd_size(s);
}

enum kb_status stage_write(struct stage *s)
{
	void *window = (void *)(uintptr_t)s->place.window.base;
	enum kb_status st = kernel_load(&s->kernel, window, s->kernel_work);

	if (st)
		return kb_refuse("kernel", st, NULL);
	kb_info("plan", "bytes copied: kernel %" PRIu64 ", initrd %" PRIu64,
		kernel_copies(&s->kernel, s->place.window), initrd_copies(s));
	boot_write(&s->boot, &s->layout, stage_block(s), s->place.block.base);
	return KB_OK;
}
