// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door: the data handed over, taken, dropped or refused. */
#include <arch/bare.h>
#include <khoboot/kho_target.h>
#include <khoboot/log.h>

/* What the image says of its kernel against what was handed over. */
static enum kb_status check_versions(struct bare *b)
{
	struct kb_diag diag = {0};
	enum kb_status st;

	st = kho_target_check(&b->uki.kho, &b->kho->root, &diag);
	return st ? kb_refuse("kho", st, &diag) : KB_OK;
}

static enum kb_status read_kho(struct bare *b)
{
	struct kho_work work = {.size = kho_work_size(&b->mem.ram)};
	enum kho_bitmap_hint hint = kho_target_bitmaps(b->kernel.release, b->kernel.release_len);
	enum kb_status st;

	work.base = arena_alloc(&b->arena, work.size, 64);
	if (!work.base)
		return kb_refuse("kho", KB_ARENA, NULL);
	st = kho_open(&b->mem, &b->handover, hint, work, b->kho);
	if (st)
		return kb_refuse("kho", st, &b->mem.diag);
	st = boot_check_preserved(&b->mem, b->kho);
	return st ? kb_refuse("kho", st, NULL) : check_versions(b);
}

static void report_kho(const struct bare *b)
{
	const struct kho *k = b->kho;

	kb_info("kho", "%s, %llu ranges, %llu bytes preserved, %llu pages of map",
		k->root.compatible, (unsigned long long)k->sum.runs,
		(unsigned long long)k->sum.bytes,
		(unsigned long long)(k->sum.leaves + k->sum.nodes));
	if (k->root.metadata.present)
		kb_info("kho", "from Linux %s, kexec number %u", k->root.metadata.release,
			k->root.metadata.count);
	if (k->scratch_trimmed)
		kb_warn("kho", "%llu bytes of scratch are not RAM and were left out",
			(unsigned long long)k->scratch_trimmed);
}

bool may_discard(const struct bare *b)
{
	return b->has_kho && b->options.on_error == KB_ON_ERROR_DISCARD;
}

enum kb_status discard_kho(struct bare *b)
{
	kb_warn("kho", "going on without KHO: preserved memory will be reused");
	b->has_kho = false;
	return KB_OK;
}

/* KHO by the operator's choice: taken, dropped, or dropped because it cannot be taken. */
enum kb_status gather_kho(struct bare *b)
{
	enum kb_status st;

	if (!b->has_kho) {
		kb_info("kho", "nothing handed over by the outgoing kernel");
		return KB_OK;
	}
	if (b->options.kho == KB_KHO_OFF) {
		kb_warn("kho", "dropped as khoboot.kho=off says");
		return discard_kho(b);
	}
	st = read_kho(b);
	if (!st)
		report_kho(b);
	/* Not finalized means that nothing was preserved yet. */
	return st && (st == KB_KHO_NOT_FINALIZED || may_discard(b)) ? discard_kho(b) : st;
}
