// SPDX-License-Identifier: BSD-2-Clause
/* The questions of khoctl check, and their answers; see verdict.h. */
#include "verdict.h"

#include <arch/const.h>
#include <core/bits.h>
#include <core/cmdline.h>
#include <fdt/kho_target.h>
#include <khoboot/layout.h>
#include <route/route.h>
#include <stage/pagetable.h>
#include <stage/stage.h>

#include <stdlib.h>
#include <string.h>

/* ---- the list -------------------------------------------------------------------------------- */

static struct check *last(struct verdict *v)
{
	return &v->check[v->count - 1];
}

void verdict_add_hard(struct verdict *v, const char *name, enum kb_status st)
{
	if (v->count < VERDICT_MAX)
		v->count++;
	*last(v) = (struct check){.name = name,
				  .status = st,
				  .answer = st ? ANSWER_REFUSED : ANSWER_OK};
}

void verdict_add(struct verdict *v, const char *name, enum kb_status st)
{
	verdict_add_hard(v, name, st);
	if (st && v->discard)
		last(v)->answer = ANSWER_DISCARD;
}

void verdict_set_numbers(struct verdict *v, uint64_t have, uint64_t need)
{
	last(v)->numbers = true;
	last(v)->have = have;
	last(v)->need = need;
}

void verdict_add_numbers(struct verdict *v, const char *name, enum kb_status st, uint64_t have,
			 uint64_t need)
{
	verdict_add(v, name, st);
	verdict_set_numbers(v, have, need);
}

void verdict_add_bridged(struct verdict *v, const char *name, enum kho_change change,
			 const char *from, const char *to)
{
	verdict_add_hard(v, name, KB_OK);
	last(v)->answer = ANSWER_BRIDGED;
	last(v)->why = kho_target_change_text(change);
	last(v)->from = from;
	last(v)->to = to;
}

void verdict_add_unknown(struct verdict *v, const char *name, const char *why)
{
	verdict_add_hard(v, name, KB_OK);
	last(v)->answer = ANSWER_UNKNOWN;
	last(v)->why = why;
}

void verdict_add_warning(struct verdict *v, const char *name, const char *why, const char *warn)
{
	verdict_add_unknown(v, name, why);
	last(v)->warn = warn;
}

const struct check *verdict_refusal(const struct verdict *v)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->check[i].answer == ANSWER_REFUSED)
			return &v->check[i];
	return NULL;
}

/* ---- what is handed over --------------------------------------------------------------------- */

/* What is handed over and what the next kernel reads, as far as both are known here. */
struct handed {
	struct kho_dialect to;
	struct kho_offer from;
	uint64_t blocks[KHO_ORDERS];
	enum kb_status st; /* KB_OK: all of this is set */
	bool off;          /* khoboot.bridge=off */
};

static unsigned int order_of(uint64_t bytes, unsigned int page_shift)
{
	return highest_bit(bytes >> page_shift);
}

static enum kho_map_format own_format(const struct facts *f)
{
	if (f->root.abi != KHO_ABI_V1)
		return KHO_MAP_RADIX;
	return f->bitmaps == KHO_BITMAP_SMALL ? KHO_MAP_V1_SMALL : KHO_MAP_V1_PAGE;
}

static void set_offer(struct handed *h, const struct facts *f)
{
	const unsigned int page_shift = f->root.page_shift;

	h->from = (struct kho_offer){
		.root = &f->root,
		.map_known = f->root.abi != KHO_ABI_V1 || f->bitmaps != KHO_BITMAP_UNKNOWN,
		.format = own_format(f),
		.blocks = h->blocks,
		.luo = f->luo,
		.luo_size = f->luo ? f->luo_size : 0,
		.memfd = f->memfd,
	};
	if (f->reserve_block >> page_shift)
		h->blocks[min_u64(order_of(f->reserve_block, page_shift), KHO_ORDERS - 1)] = 1;
}

/* The page size has a question of its own. */
static void look_at(struct handed *h, const struct facts *f, const struct image_facts *i)
{
	const struct kb_text release = {i->kernel->release, i->kernel->release_len};
	struct kho_root root = f->root;
	struct uki_kho speaks;

	*h = (struct handed){.off = i->bridge_off};
	if (i->kho->data && !uki_kho_parse(i->kho->data, i->kho->size, &speaks, NULL))
		root.page_shift = (unsigned int)__builtin_ctz(speaks.page_size);
	/* Without the version of the data: is there any that the next kernel takes? */
	if (!f->root_known)
		root.abi = KHO_ABI_V4;
	h->st = kho_target_dialect(i->kho, release, &root, NULL, NULL, &h->to, NULL);
	set_offer(h, f);
}

/* The answer about @change: none is needed, it is made, or it is refused. */
static void add_change(struct verdict *v, const char *name, const struct handed *h,
		       enum kho_change change, const char *from, const char *to)
{
	struct kb_diag diag = {0};
	unsigned int changes;
	enum kb_status st = kho_target_bridge(&h->from, &h->to, h->off, &changes, &diag);

	if (!(changes & change))
		verdict_add(v, name, KB_OK);
	else if (h->off)
		verdict_add(v, name, kho_target_change_refusal(change));
	else if (st && change == KHO_CHANGE_LUO)
		verdict_add(v, name, st);
	else
		verdict_add_bridged(v, name, change, from, to);
}

static void ask_version(struct verdict *v, const struct facts *f, const struct handed *h)
{
	if (h->st && h->st != KB_KERNEL_BITMAPS)
		verdict_add(v, "version", h->st);
	else if (!f->root_known)
		verdict_add_unknown(v, "version",
				    "the running kernel does not show the version of its data");
	else if (h->st)
		verdict_add(v, "version", KB_OK);
	else
		add_change(v, "version", h, KHO_CHANGE_CORE, kho_abi_name(f->root.abi),
			   kho_abi_name(h->to.abi));
}

/* By what .kho says and, on arm64, by the kernel's own header; also the other words of it. */
static void ask_page_size(struct verdict *v, const struct facts *f, const struct image_facts *i)
{
	const struct kho_root root = {.page_shift = (unsigned int)__builtin_ctzll(f->page_size)};
	struct uki_kho speaks = {.page_size = 0};
	enum kb_status st = kernel_check_kho(i->kernel, &root, f->uefi, NULL);
	bool same = st != KB_PAGE_SIZE;

	if (i->kho->data && !uki_kho_parse(i->kho->data, i->kho->size, &speaks, NULL) &&
	    speaks.versions)
		same = same && speaks.page_size == f->page_size;
	verdict_add(v, "page_size", same ? KB_OK : KB_PAGE_SIZE);
	if (speaks.page_size)
		verdict_set_numbers(v, f->page_size, speaks.page_size);
	verdict_add(v, "kernel", st == KB_PAGE_SIZE ? KB_OK : st);
}

/* Two forms of kho-v1 have the same name. */
static void ask_bitmaps(struct verdict *v, const struct facts *f, const struct handed *h)
{
	const bool old = f->root_known && f->root.abi == KHO_ABI_V1;
	const bool to_old = !h->st && h->to.abi == KHO_ABI_V1;

	if (h->st == KB_KERNEL_BITMAPS && f->root_known && !old)
		verdict_add(v, "bitmaps", h->st);
	else if (h->st == KB_KERNEL_BITMAPS || (old && to_old && !h->from.map_known))
		verdict_add_unknown(v, "bitmaps", "a release does not tell the form of its kho-v1");
	else if (old && h->st)
		verdict_add_unknown(v, "bitmaps",
				    "the form that the next kernel reads is not known");
	else if (old || (to_old && f->root_known))
		add_change(v, "bitmaps", h, KHO_CHANGE_MAP,
			   h->from.map_known ? verdict_map_name(h->from.format) : NULL,
			   verdict_map_name(h->to.format));
}

static const char *own_luo(const struct facts *f)
{
	const uint8_t *data = f->luo;

	return f->luo_size >= 4 && !memcmp(data, "\xd0\x0d\xfe\xed", 4) ? "luo-v1" : "luo-v5";
}

static bool takes(const struct handed *h, const char *name)
{
	return text_lists(h->to.names, (struct kb_text){name, strlen(name)});
}

/* Which files there are is known to their sessions only. */
static void ask_memfd(struct verdict *v, const struct facts *f, const struct handed *h)
{
	const char *to = takes(h, "memfd-v2")   ? "memfd-v2"
			 : takes(h, "memfd-v1") ? "memfd-v1"
						: NULL;

	if (!to)
		verdict_add_unknown(v, "memfd",
				    "if memfds are preserved: the next kernel cannot take them");
	else if (h->off)
		verdict_add_unknown(v, "memfd",
				    "if memfds are preserved: the next kernel takes other records");
	else
		add_change(v, "memfd", h, KHO_CHANGE_MEMFD, f->memfd == 1 ? "memfd-v1" : "memfd-v2",
			   to);
}

/* Only with debugfs is it seen which version the running kernel writes. */
static void ask_luo(struct verdict *v, const struct facts *f, const struct handed *h)
{
	if (f->luo && !h->st)
		add_change(v, "luo", h, KHO_CHANGE_LUO, own_luo(f),
			   takes(h, "luo-v5") ? "luo-v5" : "luo-v1");
	if (f->luo && !h->st && kho_target_changes(&h->from, &h->to) & KHO_CHANGE_MEMFD)
		ask_memfd(v, f, h);
}

/* Where its data are not seen, by their version: luo-v5 came with kho-v4. */
static bool writes_blocks(const struct facts *f)
{
	if (f->luo)
		return !strcmp(own_luo(f), "luo-v5");
	return !f->root_known || f->root.abi >= KHO_ABI_V4;
}

static void ask_live(struct verdict *v, const struct facts *f, const struct image_facts *i)
{
	struct uki_kho speaks;

	if (i->kho->data && !uki_kho_parse(i->kho->data, i->kho->size, &speaks, NULL))
		live_ask(v, &f->live, speaks.abi, f->page_size, writes_blocks(f), f->memfd != 1);
	if (f->live.sessions &&
	    !kho_target_luo_on((struct kb_text){i->cmdline, strlen(i->cmdline)}))
		verdict_add_unknown(v, "liveupdate",
				    "sessions are open, and the next kernel's command line has no "
				    "liveupdate=on: nobody gets back what they keep");
}

static uint64_t power_of_two(uint64_t v)
{
	return v ? 1ULL << highest_bit(v) : 0;
}

/*
 * It is preserved as blocks that are aligned to their size (Linux mm/memblock.c,
 * kho_preserve_pages). Where it lies is not shown: any SIZE bytes hold an aligned block of more
 * than a quarter of them, and none larger than SIZE.
 */
void verdict_reserve(struct facts *f, uint64_t size, uint64_t align)
{
	uint64_t all = power_of_two(size), sure = power_of_two((size + 1) / 2);

	f->reserve_maybe = max_u64(f->reserve_maybe, all);
	f->reserve_block =
		max_u64(f->reserve_block, max_u64(sure, min_u64(all, power_of_two(align))));
}

/* The largest that is not lost: kernels before kho-v4 count its bytes in an int. */
static uint64_t largest_block(const struct kho_dialect *to)
{
	return (1ULL << (kho_dialect_orders(to) + to->page_shift)) - 1;
}

static void add_huge(struct verdict *v, const struct facts *f, const struct handed *h)
{
	add_change(v, "blocks", h, KHO_CHANGE_BLOCKS, NULL, NULL);
	verdict_set_numbers(v, f->reserve_block, largest_block(&h->to));
}

static void ask_blocks(struct verdict *v, const struct facts *f, const struct handed *h)
{
	if (h->st || !f->root_known)
		verdict_add_unknown(v, "blocks", "the version of the data is not known");
	else if (h->to.abi >= KHO_ABI_V4)
		verdict_add(v, "blocks", KB_OK);
	else if (f->reserve_block > largest_block(&h->to))
		add_huge(v, f, h);
	else if (f->reserve_maybe > largest_block(&h->to))
		verdict_add_unknown(
			v, "blocks",
			"whether reserve_mem= has 2 GiB in one block depends on its address");
	else
		verdict_add_unknown(v, "blocks", "sizes are known of reserve_mem= only");
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* Bytes of @ram that are not in @listed; @dropped: are some of them in firmware's own map? */
static uint64_t hidden_bytes(const struct facts *f, bool *dropped)
{
	uint64_t all = 0;

	for (size_t i = 0; i < f->ram.count; i++) {
		uint64_t at = f->ram.r[i].base;
		const uint64_t end = range_end(f->ram.r[i]);

		while (at < end) {
			const struct range rest = {at, end - at};
			const struct range *l = range_list_overlap(&f->listed, rest);
			const uint64_t to = l ? max_u64(l->base, at) : end;

			all += to - at;
			if (to > at && range_list_overlap(&f->dropped, (struct range){at, to - at}))
				*dropped = true;
			at = l ? range_end(*l) : end;
		}
	}
	return all;
}

static void ask_memory(struct verdict *v, const struct facts *f)
{
	uint64_t hidden = f->added, all = range_list_bytes(&f->ram);
	bool dropped = false;
	enum kb_status st;

	if (!f->ram.count || (!f->listed_known && !f->added)) {
		verdict_add_unknown(v, "memory", "the running system does not show its memory map");
		return;
	}
	if (f->listed_known)
		hidden = hidden_bytes(f, &dropped);
	st = dropped ? KB_CTL_MAP_FULL : KB_CTL_HIDDEN;
	verdict_add_numbers(v, "memory", hidden ? st : KB_OK, all - hidden, all);
}

static bool names_memory(struct kb_text cmdline)
{
	struct kb_text value;

	return cmdline_last(cmdline, "mem", &value) || cmdline_last(cmdline, "memmap", &value);
}

/* Of RAM that is left out, scratch is a refusal; what is preserved there is not known. */
static void ask_cmdline(struct verdict *v, const struct facts *f, const struct image_facts *i)
{
	const struct kb_text cmdline = {i->cmdline, strlen(i->cmdline)};
	struct mem m = {.ram = f->listed_known ? f->listed : f->ram};
	struct kho *kho = calloc(1, sizeof(*kho));
	enum kb_status st = kho ? kho_target_words(cmdline, f->may_encrypt, NULL) : KB_CTL_MEMORY;

	if (!st) {
		kho->scratch = f->areas;
		st = kho_target_named(&m, kho, cmdline);
	}
	if (!st)
		st = kernel_check_memory(i->kernel, cmdline, &m, kho);
	free(kho);
	if (!st && names_memory(cmdline))
		verdict_add_unknown(v, "cmdline",
				    "mem= or memmap= may leave out what is preserved");
	else if (!st && kho_target_names_ram(&m, cmdline))
		verdict_add_unknown(v, "cmdline",
				    "a word names RAM to write to, which may be preserved");
	else
		verdict_add(v, "cmdline", st);
}

/* ---- scratch --------------------------------------------------------------------------------- */

/* Room that only growth can give: after the jump khoboot finds it, or does without the data. */
static void add_growth(struct verdict *v)
{
	verdict_add_warning(v, "room",
			    "too little: khoboot has to add memory where nothing is preserved to "
			    "scratch, and knows alone whether there is any",
			    v->discard ? "if there is none, the preserved data WILL BE LOST, as "
					 "the options of khoboot say"
				       : "if there is none, khoboot refuses after the jump");
}

/* @off: no more than the load is asked of scratch */
static void add_room(struct verdict *v, enum kb_status st, const struct room_answer *a,
		     uint64_t image, bool off)
{
	const bool loaded = st != KB_CTL_SCRATCH && st != KB_CTL_MEMORY;

	verdict_add_hard(v, "load", loaded ? KB_OK : st);
	verdict_set_numbers(v, a->scratch_bytes, image);
	if (!loaded || off)
		return;
	if (st && a->may_grow)
		add_growth(v);
	else if (st && !a->sure)
		verdict_add_unknown(v, "room", "it depends on what kexec adds to the data");
	else
		verdict_add(v, "room", st);
	verdict_set_numbers(v, a->largest, a->window_size);
	if (!st)
		verdict_add_numbers(v, "block", KB_OK, a->place.block.size, a->block_size);
	if (!st && a->one_initrd)
		verdict_add_unknown(v, "initrd",
				    "no room to put .ucode and .initrd together: the "
				    "kernel gets the latter alone");
}

/* With one copy, which may be more. */
static enum kb_status check_early(const struct facts *f)
{
	const struct route_early max = {ARCH_EARLY_MAP, ARCH_EARLY_LIST};

	return f->uefi_desc ? route_early_check(f->uefi_map, f->uefi_desc,
						2 + KB_ROOM_PIECES + f->areas.count, max)
			    : KB_OK;
}

static void add_by_ima(struct verdict *v)
{
	static const char why[] = "it depends on how much kexec takes for IMA's measurements";

	verdict_add_unknown(v, "load", why);
	verdict_add_unknown(v, "room", why);
}

static void add_reset(struct verdict *v, enum kb_status st, const struct room_answer *a, bool known,
		      enum kb_status early)
{
	if (early)
		verdict_add_hard(v, "reset", early);
	else if (st || !known)
		verdict_add_unknown(v, "reset", "room after the reset depends on what is above");
	else
		verdict_add_hard(v, "reset", a->reset);
	verdict_add_unknown(v, "evacuation",
			    "how much lies in the firmware zone is known to khoboot only");
}

/*
 * Bytes that kexec takes for IMA's measurements (Linux security/integrity/ima/ima_kexec.c,
 * ima_add_kexec_buffer): with half a page more, or as many KiB as CONFIG_IMA_KEXEC_EXTRA_MEMORY_KB
 * says, in whole pages. The load itself is measured, too.
 */
#define IMA_EXTRA_MIN 1024u
#define IMA_EXTRA_MAX (40 * 1024u)
#define IMA_LOAD_MAX  (2 * KB_CMDLINE_MAX)

static uint64_t whole_pages(const struct facts *f, uint64_t bytes)
{
	return align_up(bytes, f->page_size);
}

static uint64_t ima_least(const struct facts *f)
{
	return f->ima_list ? whole_pages(f, f->ima_list + IMA_EXTRA_MIN) : 0;
}

static uint64_t ima_most(const struct facts *f)
{
	const uint64_t extra = max_u64(f->page_size / 2, IMA_EXTRA_MAX) + IMA_LOAD_MAX;

	return f->ima_list ? whole_pages(f, f->ima_list + extra) : 0;
}

/*
 * Asked for each length that the list may have at the load: a little more of it can move what is
 * placed after it. False when the answers differ; @a and @st are those to the least.
 */
static bool ask_with_ima(const struct facts *f, struct room_question *q, struct room_answer *a,
			 enum kb_status *st)
{
	struct room_answer other;
	bool same = true;

	q->ima_size = ima_least(f);
	*st = room_ask(q, a);
	while (same && q->ima_size < ima_most(f)) {
		q->ima_size += f->page_size;
		same = !room_ask(q, &other) == !*st && other.reset == a->reset;
	}
	return same;
}

void verdict_room(const struct facts *f, const struct image_facts *i, struct room_question *ret)
{
	*ret = (struct room_question){
		.areas = &f->areas,
		.ram = f->listed_known && f->listed.count ? &f->listed : NULL,
		.kernel = i->kernel,
		.cmdline = i->cmdline,
		.words = i->words,
		.image = i->image,
		.bridge_off = i->bridge_off,
		.reset = i->reset,
		.zone = i->zone,
		.page_size = f->page_size,
		.efi_map_size = f->efi_map_size,
		.fdt = f->fdt,
		.fdt_size = f->fdt_size,
		.ima_size = ima_most(f),
	};
}

static void ask_room(struct verdict *v, const struct facts *f, const struct image_facts *i)
{
	struct room_question q;
	struct room_answer a;
	enum kb_status st;
	bool same;

	if (!f->scratch_known || (i->image.tree && !f->fdt)) {
		verdict_add_unknown(v, "room",
				    "the running kernel does not show its scratch, or its tree");
		return;
	}
	if (f->ima_hidden)
		verdict_add_unknown(v, "ima",
				    "the length of IMA's list, for which kexec takes scratch, is "
				    "not shown (/sys/kernel/security)");
	verdict_room(f, i, &q);
	same = ask_with_ima(f, &q, &a, &st);
	if (same)
		add_room(v, st, &a, i->image.size, i->kho_off);
	else
		add_by_ima(v);
	if (i->reset)
		add_reset(v, st, &a, q.ram && same, check_early(f));
}

/* ---- khoboot's own memory -------------------------------------------------------------------- */

/* Pages of page tables for all RAM, as the bare-metal door maps it. */
uint64_t verdict_tables(const struct facts *f, const struct range_list *ram)
{
	const struct pagetable pt = {.levels = f->la57 ? 5 : 4, .gbpages = f->gbpages};
	struct range_list l = {calloc(ram->count + 1, sizeof(*l.r)), 0, ram->count + 1};
	uint64_t pages = UINT32_MAX;

	for (size_t i = 0; l.r && i < ram->count; i++) {
		struct range r = range_inner_pages(ram->r[i]);

		if (r.size)
			l.r[l.count++] = r;
	}
	if (l.r && !pt_clip(&pt, &l))
		pages = pt_pages(&pt, &l);
	free(l.r);
	return pages;
}

/* Tables for what is not RAM or has other rights; and work memory of the bridge. */
#define ARENA_MORE (512 * 1024u)

/* Stack, log, the walk's memory, tables; and the lists, which have a share of the whole. */
static uint64_t arena_least(const struct facts *f, const struct range_list *ram)
{
	uint64_t others = KB_STACK_SIZE + STAGE_LOG_SIZE + sizeof(struct kho) + KERNEL_WORK_SIZE +
			  kho_work_size(ram) + verdict_tables(f, ram) * SZ_4K;

	return others / (KB_ARENA_SHARES - KB_ARENA_LISTS) * KB_ARENA_SHARES;
}

static void ask_arena(struct verdict *v, const struct facts *f, const struct image_facts *i)
{
	const struct range_list *ram = f->listed_known && f->listed.count ? &f->listed : &f->ram;
	uint64_t need, have = i->image.arena;

	if (!ram->count) {
		verdict_add_unknown(v, "arena", "the running system does not show its memory map");
		return;
	}
	need = arena_least(f, ram);
	if (need <= have && have < need + ARENA_MORE)
		verdict_add_unknown(v, "arena", "there is hardly more than what is known");
	else
		verdict_add_hard(v, "arena", need > have ? KB_ARENA : KB_OK);
	verdict_set_numbers(v, have, need);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void ask_handover(struct verdict *v, const struct facts *f, const struct image_facts *i)
{
	struct handed h;

	look_at(&h, f, i);
	ask_version(v, f, &h);
	ask_page_size(v, f, i);
	ask_bitmaps(v, f, &h);
	ask_luo(v, f, &h);
	ask_live(v, f, i);
	ask_blocks(v, f, &h);
	if (!h.st && f->root_known && !h.off)
		verdict_plan(f, &h.from, &h.to, &v->plan);
	ask_memory(v, f);
	ask_cmdline(v, f, i);
	if (f->poisoned)
		verdict_add_unknown(v, "poison",
				    "memory with hardware errors: khoboot reads what is preserved");
	if (f->crash && f->root_known && f->root.abi < KHO_ABI_V3)
		verdict_add_unknown(v, "crash",
				    "kernels up to 7.0 hand their data to the loaded "
				    "crash kernel as well");
	verdict_add_unknown(v, "preserved",
			    "which pages are preserved, and in which form their users' data are, "
			    "is known to the running kernel only");
}

/* The first reason for which it would be refused, by the questions asked of the first kernel. */
static enum kb_status check_fallback(const struct facts *f, const struct image_facts *i)
{
	struct verdict *v = calloc(1, sizeof(*v));
	const struct check *c = NULL;
	enum kb_status st = KB_CTL_MEMORY;

	if (v && f->handover && !i->kho_off)
		ask_handover(v, f, i);
	if (v && f->handover)
		ask_room(v, f, i);
	if (v)
		c = verdict_refusal(v);
	if (v)
		st = c ? c->status : KB_OK;
	free(v);
	return st;
}

/* One that would be refused is no way back, though nobody may need it. */
static void ask_fallback(struct verdict *v, const struct facts *f, const struct image_facts *i)
{
	enum kb_status st = i->fallback_refused;

	if (!st && !i->fallback)
		return;
	if (!st)
		st = check_fallback(f, i->fallback);
	verdict_add_hard(v, "fallback", st);
}

/* The data are lost, as asked for. */
static void add_off(struct verdict *v)
{
	verdict_add_unknown(v, "handover", "khoboot.kho=off drops what is preserved");
	last(v)->answer = ANSWER_DISCARD;
}

void verdict_ask(struct verdict *v, const struct facts *f, const struct image_facts *i)
{
	verdict_add_hard(v, "encryption", f->encrypted ? KB_CTL_ENCRYPTED : KB_OK);
	if (!f->handover)
		verdict_add_unknown(v, "handover",
				    "the running kernel does not say that it hands anything over");
	else if (i->kho_off)
		add_off(v);
	else
		ask_handover(v, f, i);
	if (f->handover)
		ask_room(v, f, i);
	ask_arena(v, f, i);
	ask_fallback(v, f, i);
}
