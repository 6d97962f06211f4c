// SPDX-License-Identifier: BSD-2-Clause
/* The initrds of a boot: which of them the next kernel gets, and in which order. */
#include <arch/boot.h>
#include <core/log.h>
#include <stage/stage.h>

#include <string.h>

/* The kernel finds the archive that follows another on a 4-byte boundary. */
static uint64_t padded(uint64_t size)
{
	return align_down(size + 3, 4);
}

static void add(struct stage *s, struct range r)
{
	if (r.size)
		s->initrds.part[s->initrds.count++] = r;
}

static struct range of_image(const struct uki_part *p)
{
	return (struct range){p->size ? (uintptr_t)p->data : 0, p->size};
}

static bool takes_outside(struct range outside, enum stage_outside trust)
{
	if (outside.size && trust == STAGE_OUTSIDE_LOCKED)
		kb_error("initrd",
			 "the one given at the start (%" PRIu64 " bytes) is dropped: Secure Boot or"
			 " lockdown is on, and it is not part of the signed image",
			 outside.size);
	return outside.size && trust != STAGE_OUTSIDE_LOCKED;
}

void stage_take_initrd(struct stage *s, struct range outside, enum stage_outside trust)
{
	const bool alone = outside.size && trust == STAGE_OUTSIDE_ALONE;

	s->initrds = (struct stage_initrds){.count = 0};
	s->initrds.outside = alone || takes_outside(outside, trust);
	if (!alone)
		add(s, of_image(&s->uki.ucode));
	if (s->initrds.outside)
		add(s, outside);
	if (!alone)
		add(s, of_image(&s->uki.initrd));
	s->initrds.copied = s->initrds.count > 1;
	s->initrd = s->initrds.count == 1 ? s->initrds.part[0] : (struct range){0, 0};
	if (s->initrds.copied)
		kb_info("initrd", "%zu of them are put together, %" PRIu64 " bytes",
			s->initrds.count, stage_initrd_size(s));
}

/* No overflow: every part is in memory, and there are three of them at most. */
uint64_t stage_initrd_size(const struct stage *s)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->initrds.count; i++)
		sum = padded(sum) + s->initrds.part[i].size;
	return sum;
}

void stage_join_initrds(struct stage *s, void *to)
{
	uint8_t *at = to;

	s->initrd = (struct range){(uintptr_t)at, stage_initrd_size(s)};
	for (size_t i = 0; i < s->initrds.count; i++) {
		struct range r = s->initrds.part[i];

		memcpy(at, (const void *)(uintptr_t)r.base, r.size);
		at += r.size;
		while (i + 1 < s->initrds.count && (uintptr_t)at % 4)
			*at++ = 0;
	}
}

enum kb_status stage_place_initrd(struct stage *s)
{
	const struct range near = boot_near(s->place.window);
	const uint64_t size = stage_initrd_size(s);
	enum kb_status st;
	struct range r;

	if (!s->initrds.copied)
		return KB_OK;
	st = range_list_subtract(&s->free, s->place.block);
	if (!st && range_list_find(&s->free, near, align_up_page(size), SZ_4K, true, &r))
		st = KB_PLACE_INITRD;
	if (st)
		return st;
	s->initrd = (struct range){r.base, size};
	s->boot.initrd = s->initrd;
	return KB_OK;
}

void stage_keep_one_initrd(struct stage *s)
{
	struct range last = s->initrds.part[s->initrds.count - 1];

	kb_error("initrd", "KB-%03d %s: %" PRIu64 " bytes; going on with the last of %zu",
		 KB_PLACE_INITRD, kb_cause(KB_PLACE_INITRD), stage_initrd_size(s),
		 s->initrds.count);
	s->initrds.part[0] = s->initrd = last;
	s->initrds.count = 1;
	s->initrds.copied = false;
}
