/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * khoctl check on made-up machines: what it answers on the running system, and what the bare-metal
 * door then does. For both architectures: each includes this once, after struct kernel's
 * make_kernel() and kexec's load_all().
 *
 *	machine -> facts, image -> verdict_ask()		what khoctl knows: a verdict
 *	        -> kexec places its segments (a model of it)
 *	        -> KHO data opened, compared, all placed	what the door does: must agree
 */
#ifndef TESTS_FORESEE_H
#define TESTS_FORESEE_H

#include "kho_test.h"

#include "../../tools/verdict.h"

#include <arch/const.h>
#include <core/log.h>
#include <khoboot/layout.h>
#include <route/zone.h>

#include <stdio.h>
#include <stdlib.h>

#define ok(call) assert_int_equal(call, KB_OK)
#define LIST     2048
/* Bytes of UEFI's map: arm64's door has no room for more of them. */
#define LARGE_MAP (512 * 48)

/* RAM from here on may be hidden from kexec; what reserve_mem= gets lies in the 16 GiB before. */
#define HIDDEN  (60 * SZ_1G)
#define RESERVE (40 * SZ_1G)

struct machine {
	uint64_t random;
	struct kho_image img;
	struct facts f;
	struct image_facts i;
	struct verdict v;
	struct kernel kernel;
	struct uki_part section;
	char text[80], zone[40];
	bool hides;         /* something preserved is in RAM that kexec does not hand on */
	uint64_t nodes;     /* bits: what kexec adds */
	uint64_t ima_size;  /* of IMA's list at the load */
	struct range image; /* where kexec put it */
	struct stage s;     /* the door */
	struct kho kho;
	struct kho_work work;
	struct range_list busy;
};

static void make_kernel(struct machine *m);
/* kexec: place its segments, describe to the door what it then finds; false: no room. */
static bool load_all(struct machine *m);

static struct range_list new_list(void)
{
	return (struct range_list){malloc(LIST * sizeof(struct range)), 0, LIST};
}

static uint64_t pick(struct machine *m, uint64_t below)
{
	return random_below(&m->random, below);
}

/* ---- a model of kexec's search (Linux kernel/kexec_file.c, kexec_handover.c) ----------------- */

struct segment {
	uint64_t size, align, lowest;
	bool top_down;
};

static bool is_taken(const struct range_list *taken, struct range r)
{
	for (size_t i = 0; i < taken->count; i++)
		if (ranges_overlap(taken->r[i], r))
			return true;
	return false;
}

/* Page by page, as the kernel does it. */
static bool try_area(const struct range_list *taken, uint64_t page, struct range area,
		     const struct segment *s, struct range *ret)
{
	const uint64_t first = max_u64(area.base, s->lowest), align = max_u64(s->align, page);
	struct range r = {.size = align_up(s->size, page)};

	if (area.size < r.size)
		return false;
	r.base = s->top_down ? range_end(area) - r.size : first;
	for (;;) {
		r.base = s->top_down ? align_down(r.base, align) : align_up(r.base, align);
		if (r.base < first || range_end(r) > range_end(area))
			return false;
		if (!is_taken(taken, r))
			break;
		r.base += s->top_down ? -page : page;
	}
	*ret = r;
	return true;
}

static bool load(struct machine *m, struct range_list *taken, const struct segment *s,
		 struct range *ret)
{
	for (unsigned int i = 0; i < m->img.areas; i++)
		if (try_area(taken, m->img.page, m->img.area[i], s, ret)) {
			ok(range_list_add(taken, *ret));
			return true;
		}
	return false;
}

/* Before everything else, and kexec goes on without it. */
static void load_ima(struct machine *m, struct range_list *taken)
{
	const struct segment list = {m->ima_size, m->img.page, 0, true};
	struct range at;

	if (m->ima_size && load(m, taken, &list, &at))
		ok(range_list_add(&m->busy, at));
}

/* ---- a machine ------------------------------------------------------------------------------- */

static void preserve(struct machine *m, struct range r)
{
	r.base = align_down(r.base, m->img.page);
	r.size = align_up(r.size, m->img.page);
	kho_image_preserve_range(&m->img, r);
}

/* Small things anywhere outside scratch. */
static void preserve_some(struct machine *m)
{
	for (uint64_t n = pick(m, 60); n; n--) {
		struct range r = {KHO_IMAGE_DATA + pick(m, 900 * SZ_1M),
				  (1 + pick(m, 900)) * SZ_4K};

		if (pick(m, 2))
			r.base += 16 * SZ_1G;
		preserve(m, r);
	}
}

/* A page in each few, or in each 2 MiB, of much memory. */
static void preserve_densely(struct machine *m)
{
	uint64_t step = (2 + pick(m, 511)) * m->img.page;

	for (uint64_t at = 0; at < 900 * SZ_1M; at += step)
		kho_image_preserve(&m->img, KHO_IMAGE_DATA + at, 0);
}

/* reserve_mem=: at a multiple of what was asked for. */
static void reserve(struct machine *m)
{
	uint64_t size = align_down((1 + pick(m, 5 * SZ_1G)) / (1 + pick(m, 3)), m->img.page);
	uint64_t align = m->img.page << pick(m, 20 - (m->img.page_shift - 12));
	struct range r = {RESERVE + align_down(pick(m, 8 * SZ_1G), align), size};

	if (!pick(m, 3))
		size = r.size = 1ULL << (28 + pick(m, 5));
	if (!size || pick(m, 2))
		return;
	preserve(m, r);
	verdict_reserve(&m->f, size, align);
}

static void pick_map(struct machine *m)
{
	const struct range extra = {HIDDEN, SZ_1G};
	const unsigned int how = (unsigned int)pick(m, 5);

	ok(range_list_copy(&m->img.mem.ram, &m->f.ram));
	ok(range_list_copy(&m->f.ram, &m->f.listed));
	m->f.listed_known = how != 4;
	if (how < 3)
		return;
	m->hides = pick(m, 3);
	if (m->hides)
		preserve(m, (struct range){HIDDEN + pick(m, SZ_1M), m->img.page});
	ok(range_list_subtract(&m->f.listed, extra));
	if (pick(m, 2))
		ok(range_list_add(&m->f.dropped, extra));
	else if (!m->f.listed_known)
		m->f.added = extra.size;
}

static const char *const versions[] = {"none", "kho-v1", "kho-v3", "kho-v4"};

static void pick_section(struct machine *m)
{
	unsigned int v = m->img.abi == KHO_ABI_V1 ? 1 : m->img.abi == KHO_ABI_V3 ? 2 : 3;
	uint64_t page = m->img.page;

	if (!pick(m, 6))
		v = (unsigned int)pick(m, ARRAY_SIZE(versions));
	if (!pick(m, 12))
		page = SZ_4K << 2 * pick(m, 3);
	snprintf(m->text, sizeof(m->text), "kho=%s\npage=%u\n%s", versions[v], (unsigned int)page,
		 pick(m, 20) ? "" : "unknown=kho-v9\n");
	if (pick(m, 20))
		m->section = (struct uki_part){.data = m->text, .size = strlen(m->text)};
}

static void pick_image(struct machine *m)
{
	static const char *const words[] = {"quiet",     "mem_encrypt=on", "mem=1G",
					    "mem=12G x", "memtest=4",      "elfcorehdr=1"};
	struct room_image *image = &m->i.image;

	image->flat_size = SZ_1M + pick(m, 100 * SZ_1M);
	image->arena = KB_ARENA_SIZE;
	image->size = align_up_page(image->flat_size) + image->arena;
	image->align = SZ_2M;
	if (pick(m, 3))
		image->initrd = (struct range){SZ_64K, pick(m, image->flat_size - SZ_64K)};
	if (image->initrd.size && !pick(m, 4))
		image->ucode = (struct range){SZ_4K, 1 + pick(m, SZ_64K)};
	m->i.cmdline = words[pick(m, 4) ? 0 : pick(m, ARRAY_SIZE(words))];
	m->i.words = pick(m, 400);
	m->i.reset = pick(m, 2);
	if (pick(m, 4)) /* a zone in the lower scratch areas */
		m->i.zone.len = (size_t)snprintf(m->zone, sizeof(m->zone), "8000000-%x000",
						 0x8001 + (unsigned int)pick(m, 0x33000));
	m->i.zone.text = m->zone;
	m->i.kernel = &m->kernel;
	m->i.kho = &m->section;
	m->i.bridge_off = true;
}

/* Both kernels write and read the same form of kho-v1, or the releases do not tell. */
static void pick_releases(struct machine *m)
{
	static const char *const releases[] = {"6.16.3", "6.18.1", "6.17.10", "7.3.4"};
	const unsigned int own = m->img.format == KHO_MAP_V1_SMALL ? 0 : 1;
	const char *next = releases[pick(m, 6) ? own : pick(m, ARRAY_SIZE(releases))];

	m->f.bitmaps = pick(m, 6) ? m->img.hint : KHO_BITMAP_UNKNOWN;
	m->kernel.release = next;
	m->kernel.release_len = strlen(next);
}

static void pick_kind(struct machine *m)
{
	struct kho_kind k = kinds[pick(m, ARRAY_SIZE(kinds))];

	if (ONE_PAGE_SIZE)
		k.page_shift = 12;
	kho_image_init(&m->img, k.format, k.page_shift);
	m->img.hint = hint_of(k.format);
	if (k.format == KHO_MAP_RADIX && pick(m, 2)) {
		m->img.abi = KHO_ABI_V3;
		m->img.compatible = "kho-v3";
		m->img.compatible_len = sizeof("kho-v3");
	}
	m->img.ram[2].size = HIDDEN + SZ_1G - m->img.ram[2].base;
}

/* Of most machines short or none; what is measured until the load is not known. */
static void pick_ima(struct machine *m)
{
	const uint64_t extra = pick(m, 2) ? m->img.page / 2 : (1 + pick(m, 40)) * 1024;

	if (pick(m, 2))
		return;
	m->f.ima_list = 1 + pick(m, pick(m, 3) ? SZ_64K : 40 * SZ_1M);
	m->ima_size = m->f.ima_list + extra + pick(m, SZ_4K);
}

static struct machine *new_machine(uint64_t seed)
{
	struct machine *m = calloc(1, sizeof(*m));

	m->random = seed;
	pick_kind(m);
	m->f = (struct facts){.handover = true,
			      .root_known = pick(m, 4),
			      .root = {.abi = m->img.abi, .page_shift = m->img.page_shift},
			      .page_size = m->img.page,
			      .scratch_known = true,
			      .areas = new_list(),
			      .ram = new_list(),
			      .listed = new_list(),
			      .dropped = new_list(),
			      .gbpages = true,
			      .may_encrypt = seed & 1,
			      .uefi = pick(m, 2)};
	m->busy = new_list();
	m->nodes = pick(m, 8);
	kho_image_pick_scratch(&m->img, &m->random, 96);
	for (unsigned int i = 0; i < m->img.areas; i++)
		ok(range_list_add(&m->f.areas, m->img.area[i]));
	if (pick(m, 16))
		preserve_some(m);
	else
		preserve_densely(m);
	reserve(m);
	pick_map(m);
	pick_section(m);
	pick_image(m);
	pick_ima(m);
	make_kernel(m);
	pick_releases(m);
	kho_image_finish(&m->img);
	return m;
}

static void free_machine(struct machine *m)
{
	free(m->f.areas.r);
	free(m->f.ram.r);
	free(m->f.listed.r);
	free(m->f.dropped.r);
	free(m->busy.r);
	free(m->s.free.r);
	free(m->work.base);
	kho_image_free(&m->img);
	free(m);
}

/* ---- the door: as bare/kho.c and bare/plan.c ------------------------------------------------- */

static struct uki_part loaded(const struct machine *m, struct range r)
{
	return (struct uki_part){.data = (const void *)(uintptr_t)(m->image.base + r.base),
				 .size = r.size};
}

static void start_door(struct machine *m)
{
	struct stage *s = &m->s;

	s->mem = m->img.mem;
	s->mem.ram = m->f.listed;
	s->handover = m->img.h;
	s->has_kho = true;
	s->may_encrypt = m->f.may_encrypt;
	s->uefi = m->f.uefi;
	s->kernel = m->kernel;
	s->uki.kho = m->section;
	s->options.bridge = KB_BRIDGE_OFF;
	s->uki.initrd = loaded(m, m->i.image.initrd);
	s->uki.ucode = loaded(m, m->i.image.ucode);
	strcpy(s->cmdline, m->i.cmdline);
	s->free = new_list();
	m->work.size = kho_work_size(&s->mem.ram);
	m->work.base = calloc(1, m->work.size);
}

static enum kb_status door_opens(struct machine *m)
{
	enum kb_status st = stage_open_kho(&m->s, m->work, &m->kho);

	if (!st)
		st = stage_check_versions(&m->s, &m->kho);
	if (!st)
		st = stage_check_memory(&m->s, &m->kho);
	m->s.kho = &m->kho;
	return st;
}

static enum kb_status door_places(struct machine *m)
{
	ok(range_list_copy(&m->kho.scratch, &m->s.free));
	for (size_t i = 0; i < m->busy.count; i++)
		ok(range_list_subtract(&m->s.free, m->busy.r[i]));
	stage_describe_boot(&m->s);
	describe(m);
	return stage_place_all(&m->s);
}

static enum kb_status door(struct machine *m)
{
	enum kb_status st;

	start_door(m);
	st = door_opens(m);
	if (st)
		return st;
	stage_take_initrd(&m->s, (struct range){0, 0}, STAGE_OUTSIDE_TAKEN);
	st = door_places(m);
	if (st == KB_PLACE_INITRD) {
		stage_keep_one_initrd(&m->s);
		st = door_places(m);
	}
	return st;
}

/* As plan_route() in bare/route.c. */
static enum kb_status door_keeps_room(struct machine *m)
{
	struct range store[KB_ZONE_MAX + 8];
	struct range_list zone = {store, 0, ARRAY_SIZE(store)}, work = new_list();
	struct stage_room room;
	enum kb_status st;

	ok(zone_choose(ARCH_RECORD, m->i.zone, &m->s.mem.ram, m->i.image.flat_size + KB_SETUP_SIZE,
		       m->img.page, &zone));
	st = stage_keep_room(&m->s, &zone, &work, &room);
	free(work.r);
	return st;
}

/* ---- they agree ------------------------------------------------------------------------------ */

/* The answer that is about the code of the door. */
static const char *question_of(const struct machine *m, enum kb_status st)
{
	switch (st) {
	case KB_KERNEL_EXPECTS:
	case KB_KERNEL_NO_KHO:
	case KB_KERNEL_UNKNOWN:
	case KB_KERNEL_NEW:
		return "version";
	case KB_PAGE_SIZE:
		return "page_size";
	case KB_KERNEL_UEFI:
		return "kernel";
	case KB_KHO_V1_HINT:
	case KB_KHO_V1_AMBIGUOUS:
	case KB_KERNEL_BITMAPS:
		return m->f.root_known ? "bitmaps" : "version";
	case KB_BLOCK_HUGE:
		return "blocks";
	case KB_MEM_LOST:
	case KB_KERNEL_DUMP:
	case KB_KERNEL_WRITES:
	case KB_KERNEL_ENCRYPTS:
		return "cmdline";
	case KB_PLACE_KERNEL:
	case KB_PLACE_BLOCK:
		return "room";
	default:
		if (!m->hides)
			fail_msg("the door says KB-%03d", (int)st);
		return "memory"; /* what is preserved there is not RAM */
	}
}

static const struct check *find(const struct machine *m, const char *name)
{
	for (size_t i = 0; i < m->v.count; i++)
		if (!strcmp(m->v.check[i].name, name))
			return &m->v.check[i];
	fail_msg("no answer to %s", name);
	return NULL;
}

/* Where nothing is preserved in hidden memory, khoctl cannot know it. */
static const struct check *refusal(const struct machine *m)
{
	for (size_t i = 0; i < m->v.count; i++) {
		const struct check *c = &m->v.check[i];

		if (c->answer == ANSWER_REFUSED && strcmp(c->name, "reset") &&
		    (m->hides || strcmp(c->name, "memory")))
			return c;
	}
	return NULL;
}

/* What is preserved can take room for arm64's memory map, which khoctl does not foresee. */
static unsigned int compare_reset(struct machine *m)
{
	const struct check *c;
	enum kb_status st;

	if (!m->i.reset)
		return 0;
	c = find(m, "reset");
	assert_int_equal(c->status == KB_ROUTE_MAP, m->f.uefi_map > LARGE_MAP);
	if (c->status == KB_ROUTE_MAP)
		return 0;
	if (c->answer == ANSWER_UNKNOWN)
		return 0;
	st = door_keeps_room(m);
	if (ONE_PAGE_SIZE || c->status)
		assert_int_equal(c->status, st);
	return st == KB_ROUTE_ROOM;
}

/* Does khoctl say that room depends on what IMA adds? */
static bool by_ima(const struct machine *m)
{
	for (size_t i = 0; i < m->v.count; i++)
		if (m->v.check[i].why && strstr(m->v.check[i].why, "IMA"))
			return true;
	return false;
}

struct tally {
	unsigned int no_reset, by_ima;
	unsigned int go, refused[8], no_load, unforeseen;
};

static void compare(struct machine *m, uint64_t seed, struct tally *t)
{
	const struct check *foreseen = refusal(m), *c;
	enum kb_status st;

	if (by_ima(m)) {
		t->by_ima++;
		return;
	}
	if (!load_all(m)) {
		t->no_load++;
		if (find(m, "load")->status != KB_CTL_SCRATCH)
			fail_msg("machine %u: kexec has no room", (unsigned int)seed);
		return;
	}
	if (find(m, "load")->status)
		fail_msg("machine %u: kexec has room", (unsigned int)seed);
	st = door(m);
	if (!st) {
		t->go++;
		if (foreseen)
			fail_msg("machine %u: %s refused with KB-%03d, the door goes on",
				 (unsigned int)seed, foreseen->name, (int)foreseen->status);
		t->no_reset += compare_reset(m);
		return;
	}
	c = find(m, question_of(m, st));
	if (c->answer == ANSWER_OK)
		fail_msg("machine %u: %s is ok, the door says KB-%03d", (unsigned int)seed, c->name,
			 (int)st);
	if (c->answer == ANSWER_UNKNOWN)
		t->unforeseen++;
	else if (strcmp(c->name, "memory") && st != KB_KHO_V1_AMBIGUOUS && st != KB_KHO_V1_HINT)
		assert_int_equal(c->status, st);
	t->refused[c - m->v.check < 8 ? c - m->v.check : 7]++;
}

/* ---- with the bridge ------------------------------------------------------------------------- */

/* What khoboot finds when it has the data, before it looks for room for new pages. */
static enum kb_status door_changes(struct machine *m, unsigned int *changes)
{
	const struct kb_text release = {m->kernel.release, m->kernel.release_len};
	struct kb_diag diag = {0};
	struct kho_offer offer;
	struct kho_dialect to;
	enum kb_status st;

	start_door(m);
	m->s.options.bridge = KB_BRIDGE_AUTO;
	st = stage_open_kho(&m->s, m->work, &m->kho);
	if (st)
		return st;
	offer = kho_target_offer(&m->s.mem, &m->kho);
	st = kho_target_dialect(&m->section, release, &m->kho.root, &m->s.mem, &m->kho.map, &to,
				&diag);
	return st ? st : kho_target_bridge(&offer, &to, false, changes, &diag);
}

/* Of a change that is made, is it said? Only what is not known may be left out. */
static void compare_change(const struct machine *m, const char *name, bool made)
{
	const struct check *c = NULL;

	for (size_t i = 0; i < m->v.count; i++)
		if (!strcmp(m->v.check[i].name, name))
			c = &m->v.check[i];
	if (!c || c->answer == ANSWER_UNKNOWN) {
		assert_true(c || !made);
		return;
	}
	assert_int_equal(c->answer, made ? ANSWER_BRIDGED : ANSWER_OK);
}

static bool is_of_bridge(const char *name)
{
	return !strcmp(name, "version") || !strcmp(name, "bitmaps") || !strcmp(name, "blocks");
}

static void compare_bridge(struct machine *m, unsigned int *seen)
{
	unsigned int changes = 0;
	enum kb_status st = door_changes(m, &changes);

	for (size_t i = 0; i < m->v.count; i++)
		if (is_of_bridge(m->v.check[i].name) && m->v.check[i].answer == ANSWER_REFUSED)
			assert_int_not_equal(st, KB_OK);
	if (st || !m->f.root_known)
		return;
	*seen |= changes;
	compare_change(m, "version", changes & KHO_CHANGE_CORE);
	/* A map that is the same in both readings may be read as the other one. */
	if (m->f.root.abi == KHO_ABI_V1 && m->kho.map.format == m->img.format)
		compare_change(m, "bitmaps", changes & KHO_CHANGE_MAP);
	assert_int_equal(m->v.plan.changes & KHO_CHANGE_CORE, changes & KHO_CHANGE_CORE);
}

#define MACHINES 1000

/* The same verdict before the load and before the jump. */
static void what_is_bridged_is_foreseen(void **state)
{
	unsigned int seen = 0;
	(void)state;

	for (uint64_t i = 0; i < MACHINES; i++) {
		struct machine *m = new_machine(i);

		m->i.bridge_off = false;
		verdict_ask(&m->v, &m->f, &m->i);
		if (load_all(m))
			compare_bridge(m, &seen);
		free_machine(m);
	}
	assert_int_equal(seen & (KHO_CHANGE_CORE | KHO_CHANGE_MAP),
			 KHO_CHANGE_CORE | KHO_CHANGE_MAP);
}

/* What khoctl says is what the door does; what it does not know, it says. */
static void verdicts_are_what_happens(void **state)
{
	struct tally t = {0};
	(void)state;

	for (uint64_t i = 0; i < MACHINES; i++) {
		struct machine *m = new_machine(i);

		verdict_ask(&m->v, &m->f, &m->i);
		compare(m, i, &t);
		free_machine(m);
	}
	print_message("go %u, but not through a reset %u, by IMA %u, no room to load %u, not "
		      "foreseen %u, refused:",
		      t.go, t.no_reset, t.by_ima, t.no_load, t.unforeseen);
	for (size_t i = 0; i < ARRAY_SIZE(t.refused); i++)
		print_message(" %u", t.refused[i]);
	print_message("\n");
	/* All of it happens. */
	assert_true(t.go > MACHINES / 5 && t.no_load > MACHINES / 50);
	assert_true(t.no_reset > MACHINES / 200);
	assert_true(t.by_ima < MACHINES / 50);
	assert_true(t.unforeseen < MACHINES / 5);
}

static const struct CMUnitTest foresights[] = {cmocka_unit_test(verdicts_are_what_happens),
					       cmocka_unit_test(what_is_bridged_is_foreseen)};

#endif
