// SPDX-License-Identifier: BSD-2-Clause
/* KHO data, for both doors: prove them, compare them with the next kernel, give them up. */
#include <core/diag.h>
#include <core/log.h>
#include <fdt/kho_target.h>
#include <luo/luo.h>
#include <stage/stage.h>

#include <string.h>

enum kb_status stage_open_kho(struct stage *s, struct kho_work work, struct kho *ret)
{
	enum kho_bitmap_hint hint = KHO_BITMAP_ANY;
	enum kb_status st;

	if (s->options.bridge == KB_BRIDGE_OFF)
		hint = kho_target_bitmaps(s->kernel.release, s->kernel.release_len);
	st = kho_open_stray(&s->mem, &s->handover, hint, work, ret);
	s->kho_work = work;
	return st ? st : boot_check_preserved(&s->mem, ret);
}

static void name_version(const struct stage *s)
{
	struct kb_text name = kho_target_name(&s->uki.kho);
	char text[UKI_KHO_NAME_MAX + 1];

	memcpy(text, name.text, name.len);
	text[name.len] = '\0';
	kb_error("kho", "the next kernel speaks %s", text);
}

enum kb_status stage_compare(const struct stage *s, const struct kho *k, bool off,
			     struct kho_dialect *to, unsigned int *changes)
{
	const struct kb_text release = {s->kernel.release, s->kernel.release_len};
	const struct kho_offer offer = kho_target_offer(&s->mem, k);
	struct kb_diag diag = {0};
	enum kb_status st =
		kho_target_dialect(&s->uki.kho, release, &k->root, &s->mem, &k->map, to, &diag);

	if (st == KB_KERNEL_NEW)
		name_version(s);
	if (!st)
		st = kernel_check_kho(&s->kernel, &k->root, s->uefi, &diag);
	if (!st)
		st = kho_target_bridge(&offer, to, off, changes, &diag);
	if (!st && off && k->sum.stray)
		st = kb_note(&diag, KB_KHO_META_SCRATCH, k->sum.stray_at, k->sum.stray);
	return st ? kb_refuse("kho", st, &diag) : KB_OK;
}

enum kb_status stage_check_versions(const struct stage *s, const struct kho *k)
{
	struct kho_dialect to;
	unsigned int changes;

	return stage_compare(s, k, true, &to, &changes);
}

/* Data of a form that is not known may have sessions, too, but nobody can count them. */
static void warn_of_sessions(const struct stage *s, const struct kho *k)
{
	const struct kho_blob *blob = kho_root_blob(&k->root, "LUO");
	struct luo l;

	if (!blob || kho_target_luo_on((struct kb_text){s->cmdline, strlen(s->cmdline)}) ||
	    luo_open(&s->mem, blob->at, blob->size, k->root.page_shift, &l, NULL) || !l.sessions)
		return;
	kb_warn("luo",
		"%" PRIu64 " sessions, and no liveupdate=on for the next kernel: nobody gets back "
		"what they keep",
		l.sessions);
}

enum kb_status stage_check_memory(struct stage *s, const struct kho *k)
{
	struct kb_text cmdline = {s->cmdline, strlen(s->cmdline)};
	enum kb_status st = kho_target_words(cmdline, s->may_encrypt, &s->mem.diag);

	if (!st)
		st = kho_target_named(&s->mem, k, cmdline);
	if (!st)
		st = kernel_check_memory(&s->kernel, cmdline, &s->mem, k);
	if (!st)
		warn_of_sessions(s, k);
	return st ? kb_refuse("kho", st, &s->mem.diag) : KB_OK;
}

/* Neither is the root FDT in our RAM, nor are we in scratch. */
static bool is_of_a_crash(struct stage *s, struct range segment)
{
	struct range fdt = {s->handover.fdt.addr, s->handover.fdt_size};
	bool in_scratch;

	if (!fdt.size || range_wraps(fdt) || range_list_overlap(&s->mem.ram, fdt))
		return false;
	return !kho_scratch_meets(&s->mem, &s->handover, segment, &in_scratch) && !in_scratch;
}

enum kb_status stage_check_crash(struct stage *s, struct range segment)
{
	struct kb_diag diag = {0};
	enum kb_status st;

	if (!s->has_kho || is_of_a_crash(s, segment))
		return KB_OK;
	st = kb_note(&diag, KB_KERNEL_DUMP, s->handover.fdt.addr, segment.base);
	return kb_refuse("crash", st, &diag);
}

void stage_ignore_kho(struct stage *s)
{
	if (s->has_kho)
		kb_warn("kho", "crash kernel: the KHO data of the crashed kernel are ignored");
	s->has_kho = false;
}

void stage_report_nothing(const struct stage *s)
{
	const struct kb_text words = {s->cmdline, strlen(s->cmdline)};

	kb_info("kho", "nothing handed over by the outgoing kernel");
	if (!kho_target_on(words) && !kho_target_luo_on(words))
		return;
	kb_warn("kho", "KB-%03d %s", KB_NOTHING_GIVEN, kb_cause(KB_NOTHING_GIVEN));
	kb_warn("kho", "KB-%03d remedy: %s", KB_NOTHING_GIVEN, kb_remedy(KB_NOTHING_GIVEN));
}

void stage_discard_kho(struct stage *s)
{
	kb_warn("kho", "going on without KHO: preserved memory will be reused");
	if (s->record)
		record_take(s->record);
	s->has_kho = false;
	s->given_up = true;
	s->kho = NULL;
	s->moves.count = 0;
}

enum kb_status stage_give_up_kho(struct stage *s, enum kb_status st)
{
	if (!st || !s->has_kho || s->options.on_error != KB_ON_ERROR_DISCARD)
		return st;
	stage_discard_kho(s);
	return KB_OK;
}
