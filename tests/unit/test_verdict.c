// SPDX-License-Identifier: BSD-2-Clause
/* khoctl check: each answer, from facts and from a made-up /proc and /sys; what is printed. */
#include "unit.h"

#include "../../tools/json.h"
#include "../../tools/machine.h"
#include "../../tools/verdict.h"
#include "fake_root.h"

#include <khoboot/layout.h>
#include <libfdt.h>

#include <stdio.h>
#include <stdlib.h>

#define OUT "/sys/kernel/debug/kho/out"

struct world {
	struct facts f;
	struct image_facts i;
	struct kernel kernel;
	struct uki_part kho;
	struct range areas[4], ram[4], listed[4], dropped[4];
	struct verdict v;
};

static void set(struct range_list *l, struct range *store, struct range r)
{
	*l = (struct range_list){store, 0, 4};
	assert_int_equal(range_list_add(l, r), KB_OK);
}

static void speaks(struct world *w, const char *text)
{
	w->kho = (struct uki_part){.data = text, .size = strlen(text)};
}

/* 2 GiB of RAM, 128 MiB of scratch, a kernel of 32 MiB: all is well. */
static struct world *new_world(void)
{
	struct world *w = calloc(1, sizeof(*w));

	speaks(w, "kho=kho-v4\npage=4096\n");
	w->f = (struct facts){.handover = true,
			      .root_known = true,
			      .root = {.abi = KHO_ABI_V4, .page_shift = 12},
			      .page_size = SZ_4K,
			      .scratch_known = true,
			      .listed_known = true,
			      .gbpages = true};
	set(&w->f.ram, w->ram, (struct range){0, 2 * SZ_1G});
	set(&w->f.listed, w->listed, (struct range){0, 2 * SZ_1G});
	set(&w->f.areas, w->areas, (struct range){SZ_1G, 128 * SZ_1M});
	w->f.dropped = (struct range_list){w->dropped, 0, 4};
	w->kernel = (struct kernel){.window_size = 32 * SZ_1M,
				    .window_align = SZ_2M,
				    .bz = {.pref_address = SZ_1M, .cmdline_size = 2047}};
	w->i = (struct image_facts){.kho = &w->kho,
				    .kernel = &w->kernel,
				    .cmdline = "quiet",
				    .image = {.flat_size = 20 * SZ_1M,
					      .size = 20 * SZ_1M + KB_ARENA_SIZE,
					      .arena = KB_ARENA_SIZE,
					      .lowest = SZ_1M,
					      .align = SZ_2M}};
	return w;
}

static const struct check *find(const struct world *w, const char *name)
{
	for (size_t i = 0; i < w->v.count; i++)
		if (!strcmp(w->v.check[i].name, name))
			return &w->v.check[i];
	return NULL;
}

static const struct check *ask(struct world *w, const char *name)
{
	const bool discard = w->v.discard;

	w->v = (struct verdict){.discard = discard};
	verdict_ask(&w->v, &w->f, &w->i);
	assert_non_null(find(w, name));
	return find(w, name);
}

static void assert_refused(struct world *w, const char *name, enum kb_status st)
{
	const struct check *c = ask(w, name);

	assert_int_equal(c->status, st);
	assert_int_equal(c->answer, ANSWER_REFUSED);
	assert_ptr_equal(verdict_refusal(&w->v), c);
	free(w);
}

static void is_well(struct world *w, const char *name)
{
	assert_int_equal(ask(w, name)->answer, ANSWER_OK);
}

static void is_bridged(struct world *w, const char *name, const char *from, const char *to)
{
	const struct check *c = ask(w, name);

	assert_int_equal(c->answer, ANSWER_BRIDGED);
	assert_int_equal(c->status, KB_OK);
	assert_null(verdict_refusal(&w->v));
	if (from)
		assert_string_equal(c->from, from);
	else
		assert_null(c->from);
	if (to)
		assert_string_equal(c->to, to);
}

static void all_is_well(void **state)
{
	static const char *const names[] = {"encryption", "version", "page_size", "kernel",
					    "blocks",     "memory",  "cmdline",   "load",
					    "room",       "block",   "arena"};
	struct world *w = new_world();
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		is_well(w, names[i]);
	assert_null(verdict_refusal(&w->v));
	assert_int_equal(find(w, "preserved")->answer, ANSWER_UNKNOWN);
	free(w);
}

static void versions_and_page_sizes(void **state)
{
	struct world *w = new_world();
	(void)state;

	speaks(w, "kho=kho-v3\npage=4096\n");
	is_bridged(w, "version", "kho-v4", "kho-v3");
	w->i.bridge_off = true;
	assert_refused(w, "version", KB_KERNEL_EXPECTS);
	w = new_world();
	speaks(w, "kho=kho-v2\npage=4096\n"); /* cannot be written */
	assert_refused(w, "version", KB_KERNEL_EXPECTS);
	w = new_world();
	speaks(w, "kho=none\npage=4096\n");
	assert_refused(w, "version", KB_KERNEL_NO_KHO);
	w = new_world();
	w->f.root_known = false;
	assert_int_equal(ask(w, "version")->answer, ANSWER_UNKNOWN);
	speaks(w, "kho=none\npage=4096\n");
	assert_refused(w, "version", KB_KERNEL_NO_KHO);
	w = new_world();
	w->kho = (struct uki_part){.data = NULL};
	assert_refused(w, "version", KB_KERNEL_UNKNOWN);
	w = new_world();
	w->f.root_known = false;
	speaks(w, "kho=none\npage=4096\nunknown=kho-v9\n");
	assert_refused(w, "version", KB_KERNEL_NEW);
	w = new_world();
	speaks(w, "kho=kho-v4\npage=65536\n");
	assert_refused(w, "page_size", KB_PAGE_SIZE);
	w = new_world();
	speaks(w, "kho=kho-v4\npage=65536\n");
	w->f.root_known = false;
	assert_refused(w, "page_size", KB_PAGE_SIZE);
	w = new_world();
	w->f.encrypted = true;
	assert_refused(w, "encryption", KB_CTL_ENCRYPTED);
}

static void scratch_that_the_next_kernel_leaves_out(void **state)
{
	struct world *w = new_world();
	(void)state;

	w->i.cmdline = "mem=1G";
	assert_refused(w, "cmdline", KB_MEM_LOST);
	w = new_world();
	w->i.cmdline = "quiet elfcorehdr=1M";
	assert_refused(w, "cmdline", KB_KERNEL_DUMP);
	w = new_world();
	w->i.cmdline = "quiet mem_encrypt=on";
	is_well(w, "cmdline");
	w->f.may_encrypt = true;
	assert_refused(w, "cmdline", KB_KERNEL_ENCRYPTS);
	w = new_world();
	w->i.cmdline = "mem=1536M";
	assert_int_equal(ask(w, "cmdline")->answer, ANSWER_UNKNOWN);
	free(w);
	w = new_world();
	w->i.cmdline = "slram=a,0,1000T";
	assert_refused(w, "cmdline", KB_KERNEL_WRITES);
	w = new_world();
	w->i.cmdline = "slram=a,1000T,+4K";
	is_well(w, "cmdline");
	w->i.cmdline = "slram=a,1536M,+4K";
	assert_int_equal(ask(w, "cmdline")->answer, ANSWER_UNKNOWN);
	free(w);
}

static void live_update_of_another_version(void **state)
{
	static const char data[32] = "luo-v5", tree[32] = "\xd0\x0d\xfe\xed";
	struct world *w = new_world();
	(void)state;

	w->f.luo = data;
	w->f.luo_size = sizeof(data);
	is_well(w, "luo");
	speaks(w, "kho=kho-v4\npage=4096\nluo=luo-v5\n");
	is_well(w, "luo");
	speaks(w, "kho=kho-v4\npage=4096\nabi=luo-v1 luo-session-v2 memfd-v1\n");
	is_bridged(w, "luo", "luo-v5", "luo-v1");
	assert_null(find(w, "memfd"));
	w->f.memfd = 2;
	is_bridged(w, "memfd", "memfd-v2", "memfd-v1");
	assert_true(w->v.plan.luo);
	w->i.bridge_off = true;
	assert_int_equal(ask(w, "memfd")->answer, ANSWER_UNKNOWN);
	assert_refused(w, "luo", KB_KERNEL_LUO);
	w = new_world();
	w->f.luo = data;
	w->f.luo_size = sizeof(data);
	speaks(w, "kho=kho-v4\npage=4096\nabi=luo-v5\n");
	w->f.memfd = 2;
	assert_int_equal(ask(w, "memfd")->answer, ANSWER_UNKNOWN);
	speaks(w, "kho=kho-v4\npage=4096\nabi=luo-v6\n");
	assert_refused(w, "luo", KB_KERNEL_LUO);
	/* Not a form that khoboot can read. */
	w = new_world();
	w->f.luo = tree;
	w->f.luo_size = sizeof(tree);
	speaks(w, "kho=kho-v4\npage=4096\nabi=luo-v5\n");
	assert_refused(w, "luo", KB_KERNEL_LUO);
}

/* Only from lists that grow can there be more files than fit; where it is not seen, they may. */
static void files_of_sessions_are_not_seen(void **state)
{
	static const char tree[] = "\xd0\x0d\xfe\xed", blocks[] = "luo-v5";
	struct world *w = new_world();
	(void)state;

	speaks(w, "kho=kho-v3\npage=4096\nabi=luo-v1 luo-session-v2 luo-flb-v1 memfd-v2\n");
	w->f.live = (struct live){.device = true, .sessions = 1};
	assert_int_equal(ask(w, "files")->answer, ANSWER_UNKNOWN);
	w->f.root.abi = KHO_ABI_V3;
	ask(w, "version");
	assert_null(find(w, "files"));
	w->f.luo = blocks;
	w->f.luo_size = sizeof(blocks);
	assert_int_equal(ask(w, "files")->answer, ANSWER_UNKNOWN);
	w->f.luo = tree;
	w->f.luo_size = sizeof(tree);
	w->f.root.abi = KHO_ABI_V4;
	ask(w, "version");
	assert_null(find(w, "files"));
	w->f.luo = NULL;
	w->f.root_known = false;
	assert_int_equal(ask(w, "files")->answer, ANSWER_UNKNOWN);
	free(w);
}

static void live_update_that_is_off(void **state)
{
	struct world *w = new_world();
	(void)state;

	ask(w, "version");
	assert_null(find(w, "liveupdate"));
	w->f.live = (struct live){.device = true, .sessions = 1};
	assert_int_equal(ask(w, "liveupdate")->answer, ANSWER_UNKNOWN);
	w->i.cmdline = "quiet liveupdate=on";
	ask(w, "version");
	assert_null(find(w, "liveupdate"));
	free(w);
}

static void two_forms_of_kho_v1(void **state)
{
	struct world *w = new_world();
	(void)state;

	speaks(w, "kho=kho-v1\npage=4096\n");
	w->f.root.abi = KHO_ABI_V1;
	w->f.bitmaps = KHO_BITMAP_PAGE;
	w->kernel.release = "6.19.11";
	w->kernel.release_len = 7;
	is_well(w, "bitmaps");
	w->kernel.release = "6.17.10";
	assert_int_equal(ask(w, "bitmaps")->answer, ANSWER_UNKNOWN);
	w->kernel.release = "6.16.10";
	is_bridged(w, "bitmaps", "page bitmaps", "small bitmaps");
	w->f.bitmaps = KHO_BITMAP_UNKNOWN;
	assert_int_equal(ask(w, "bitmaps")->answer, ANSWER_UNKNOWN);
	w->f.bitmaps = KHO_BITMAP_PAGE;
	w->i.bridge_off = true;
	assert_refused(w, "bitmaps", KB_KHO_V1_HINT);
	/* To and from a tree. */
	w = new_world();
	w->f.root.abi = KHO_ABI_V1;
	is_bridged(w, "bitmaps", NULL, "radix tree");
	is_bridged(w, "version", "kho-v1", "kho-v4");
	w->f.root.abi = KHO_ABI_V4;
	speaks(w, "kho=kho-v1\npage=4096\nrelease=6.17.10\n");
	assert_refused(w, "bitmaps", KB_KERNEL_BITMAPS);
}

static struct world *old_world(void)
{
	struct world *w = new_world();

	speaks(w, "kho=kho-v3\npage=4096\n");
	w->f.root.abi = KHO_ABI_V3;
	return w;
}

static void blocks_that_the_next_kernel_loses(void **state)
{
	struct world *w = old_world();
	(void)state;

	w->f.reserve_block = 2 * SZ_1G;
	is_bridged(w, "blocks", NULL, NULL);
	assert_int_equal(find(w, "blocks")->have, 2 * SZ_1G);
	assert_int_equal(find(w, "blocks")->need, 2 * SZ_1G - 1);
	w->i.bridge_off = true;
	assert_refused(w, "blocks", KB_BLOCK_HUGE);
	w = old_world();
	w->f.reserve_block = SZ_1G;
	w->f.reserve_maybe = SZ_1G;
	assert_int_equal(ask(w, "blocks")->answer, ANSWER_UNKNOWN);
	assert_non_null(strstr(ask(w, "blocks")->why, "only"));
	w->f.reserve_maybe = 2 * SZ_1G;
	assert_non_null(strstr(ask(w, "blocks")->why, "address"));
	free(w);
}

/* ---- the plan -------------------------------------------------------------------------------- */

static void plans(void **state)
{
	struct world *w = new_world();
	struct bridge_plan *p = &w->v.plan;
	(void)state;

	(void)ask(w, "version");
	assert_true(p->known);
	assert_int_equal(p->changes, 0);
	assert_int_equal(p->pages, 0);
	speaks(w, "kho=kho-v3\npage=4096\n");
	(void)ask(w, "version");
	assert_int_equal(p->changes, KHO_CHANGE_CORE);
	assert_string_equal(p->from, "kho-v4");
	assert_string_equal(p->to, "kho-v3");
	assert_string_equal(p->from_map, "radix tree");
	speaks(w, "kho=kho-v1\npage=4096\nrelease=6.18\n");
	(void)ask(w, "version");
	assert_int_equal(p->changes, KHO_CHANGE_CORE | KHO_CHANGE_MAP | KHO_CHANGE_METADATA);
	assert_string_equal(p->to_map, "page bitmaps");
	/* Root FDT, metadata, three edits, and a chunk for each of 14 orders. */
	assert_int_equal(p->pages, 2 + 3 + 14);
	/* 2 GiB of single pages have 128 small bitmaps, so one chunk for each order again. */
	speaks(w, "kho=kho-v1\npage=4096\nrelease=6.17\n");
	(void)ask(w, "version");
	assert_int_equal(p->pages, 2 + 3 + 14);
	/* Small ones are put together: 16 pages for order 0, 8 for order 1, ... */
	w->f.root.abi = KHO_ABI_V1;
	w->f.bitmaps = KHO_BITMAP_SMALL;
	speaks(w, "kho=kho-v1\npage=4096\nrelease=6.18\n");
	(void)ask(w, "version");
	assert_int_equal(p->changes, KHO_CHANGE_MAP);
	assert_int_equal(p->pages, 1 + 3 + 14 + 31 + 9);
	/* Nothing to be planned. */
	w->i.bridge_off = true;
	(void)ask(w, "version");
	assert_false(p->known);
	w->i.bridge_off = false;
	w->f.root_known = false;
	(void)ask(w, "version");
	assert_false(p->known);
	free(w);
}

/* The more RAM, the more pages; never fewer than the bitmaps of all of it take. */
static void plans_grow_with_memory(void **state)
{
	struct world *w = new_world();
	uint64_t before = 0;
	(void)state;

	w->f.root.abi = KHO_ABI_V1;
	w->f.bitmaps = KHO_BITMAP_SMALL;
	for (uint64_t size = SZ_1G; size < 1ULL << 46; size *= 4) {
		w->f.ram.r[0] = (struct range){0, size};
		(void)ask(w, "version");
		assert_true(w->v.plan.pages > before);
		assert_true(w->v.plan.pages > size >> 27);
		before = w->v.plan.pages;
	}
	free(w);
}

static void memory_that_kexec_hides(void **state)
{
	struct world *w = new_world();
	const struct check *c;
	(void)state;

	ok(range_list_add(&w->f.ram, (struct range){4 * SZ_1G, SZ_1G}));
	c = ask(w, "memory");
	assert_int_equal(c->have, 2 * SZ_1G);
	assert_int_equal(c->need, 3 * SZ_1G);
	ok(range_list_add(&w->f.dropped, (struct range){4 * SZ_1G, SZ_1G}));
	assert_refused(w, "memory", KB_CTL_MAP_FULL);
	w = new_world();
	ok(range_list_add(&w->f.ram, (struct range){4 * SZ_1G, SZ_1G}));
	assert_refused(w, "memory", KB_CTL_HIDDEN);
	w = new_world();
	w->f.listed_known = false;
	assert_int_equal(ask(w, "memory")->answer, ANSWER_UNKNOWN);
	w->f.added = SZ_1M;
	assert_refused(w, "memory", KB_CTL_HIDDEN);
}

/* The second kernel is asked what the first one is. */
static void a_way_back_that_is_none(void **state)
{
	struct world *w = new_world();
	struct uki_part section = w->kho;
	struct kernel second = w->kernel;
	struct image_facts back;
	(void)state;

	verdict_ask(&w->v, &w->f, &w->i);
	assert_null(find(w, "fallback"));
	back = w->i;
	back.kho = &section;
	back.kernel = &second;
	w->i.fallback = &back;
	is_well(w, "fallback");
	second.window_size = SZ_1G;
	assert_refused(w, "fallback", KB_PLACE_KERNEL);
	w = new_world();
	second = w->kernel;
	w->i.fallback = &back;
	back.cmdline = w->i.cmdline;
	section = (struct uki_part){.data = "kho=none\npage=4096\n", .size = 19};
	assert_refused(w, "fallback", KB_KERNEL_NO_KHO);
	w = new_world();
	w->i.fallback_refused = KB_BZ_SHORT;
	assert_refused(w, "fallback", KB_BZ_SHORT);
	/* Nothing is handed over: no reason to refuse it. */
	w = new_world();
	w->f.handover = false;
	w->i.fallback = &back;
	is_well(w, "fallback");
	free(w);
}

static void room_in_scratch(void **state)
{
	struct world *w = new_world();
	const struct check *c;
	(void)state;

	w->areas[0].size = 16 * SZ_1M;
	assert_refused(w, "load", KB_CTL_SCRATCH);
	w = new_world();
	w->areas[0].size = 40 * SZ_1M;
	w->i.bridge_off = true;
	c = ask(w, "room");
	assert_int_equal(c->need, 32 * SZ_1M);
	assert_true(c->have < 32 * SZ_1M && c->have > 0);
	assert_refused(w, "room", KB_PLACE_KERNEL);
	w = new_world();
	w->listed[0].size = SZ_1G;
	w->ram[0].size = SZ_1G;
	assert_refused(w, "room", KB_KHO_SCRATCH_RAM);
	w = new_world();
	w->f.scratch_known = false;
	assert_int_equal(ask(w, "room")->answer, ANSWER_UNKNOWN);
	free(w);
}

/* 40 MiB of scratch, and 88 MiB beside it. */
static struct world *with_little_ram(void)
{
	struct world *w = new_world();

	w->areas[0].size = 40 * SZ_1M;
	w->listed[0] = w->ram[0] = (struct range){SZ_1G - 64 * SZ_1M, 128 * SZ_1M};
	return w;
}

/* khoboot adds an area of memory where nothing is preserved; here it is not known which that is. */
static void room_outside_scratch(void **state)
{
	struct world *w = new_world();
	const struct check *c;
	(void)state;

	w->areas[0].size = 40 * SZ_1M;
	c = ask(w, "room");
	assert_int_equal(c->answer, ANSWER_UNKNOWN);
	assert_int_equal(c->need, 32 * SZ_1M);
	assert_true(c->have < 32 * SZ_1M);
	assert_non_null(strstr(c->warn, "refuses"));
	assert_null(verdict_refusal(&w->v));
	assert_null(find(w, "block"));
	/* The same on the way through a reset. */
	w->i.reset = true;
	assert_int_equal(ask(w, "room")->answer, ANSWER_UNKNOWN);
	assert_int_equal(find(w, "reset")->answer, ANSWER_UNKNOWN);
	/* The data may be given up. */
	w->v.discard = true;
	assert_non_null(strstr(ask(w, "room")->warn, "LOST"));
	w->i.bridge_off = true;
	assert_int_equal(ask(w, "room")->answer, ANSWER_DISCARD);
	free(w);
	/* Not where all other RAM is too little; where RAM is not known it may be there. */
	w = with_little_ram();
	w->f.listed_known = false;
	assert_int_equal(ask(w, "room")->answer, ANSWER_UNKNOWN);
	w->i.bridge_off = true;
	assert_refused(w, "room", KB_PLACE_KERNEL);
	assert_refused(with_little_ram(), "room", KB_PLACE_KERNEL);
}

/* All that khoboot could add lies where the next kernel has no RAM; or a part of it. */
static void room_that_the_next_kernel_leaves_out(void **state)
{
	struct world *w = new_world();
	(void)state;

	w->areas[0].size = 40 * SZ_1M;
	w->listed[0] = w->ram[0] = (struct range){SZ_1G, 512 * SZ_1M};
	assert_int_equal(ask(w, "room")->answer, ANSWER_UNKNOWN);
	w->i.cmdline = "mem=1100M";
	assert_refused(w, "room", KB_PLACE_KERNEL);
	w = new_world();
	w->areas[0].size = 40 * SZ_1M;
	w->i.cmdline = "mem=1100M";
	assert_int_equal(ask(w, "room")->answer, ANSWER_UNKNOWN);
	w->i.cmdline = "slram=a,0x4000000,+0x100000";
	assert_int_equal(ask(w, "room")->answer, ANSWER_UNKNOWN);
	free(w);
}

/* kexec puts it into scratch before all else, and leaves it out where it does not fit. */
static void imas_list_takes_scratch(void **state)
{
	struct world *w = new_world();
	uint64_t have = ask(w, "room")->have;
	(void)state;

	w->f.ima_list = 20 * SZ_1M;
	assert_true(ask(w, "room")->have <= have - 20 * SZ_1M);
	is_well(w, "room");
	w->i.bridge_off = true;
	w->f.ima_list = have - 20 * SZ_1M;
	assert_int_equal(ask(w, "room")->status, KB_PLACE_KERNEL);
	/* Between the last that fits and the first that does not, it is not known. */
	w->f.ima_list = have - 40 * SZ_1M;
	while (ask(w, "room")->answer == ANSWER_OK)
		w->f.ima_list += 4 * SZ_4K;
	assert_int_equal(ask(w, "room")->answer, ANSWER_UNKNOWN);
	w->f.ima_list = SZ_1G;
	is_well(w, "room");
	w->f.ima_list = 0;
	w->f.ima_hidden = true;
	assert_int_equal(ask(w, "ima")->answer, ANSWER_UNKNOWN);
	free(w);
}

/* 512 GiB without pages of 1 GiB take 514 page tables. */
static void tables_of_a_large_machine(void **state)
{
	struct world *w = new_world();
	(void)state;

	w->ram[0].size = w->listed[0].size = 512 * SZ_1G;
	is_well(w, "arena");
	w->f.gbpages = false;
	is_well(w, "arena");
	w->ram[0].size = w->listed[0].size = 2048 * SZ_1G;
	assert_refused(w, "arena", KB_ARENA);
	w = new_world();
	w->i.image.arena = ask(w, "arena")->need;
	assert_int_equal(ask(w, "arena")->answer, ANSWER_UNKNOWN);
	w->i.image.arena--;
	assert_refused(w, "arena", KB_ARENA);
}

static void going_on_without_the_data(void **state)
{
	struct world *w = new_world();
	(void)state;

	speaks(w, "kho=none\npage=4096\n");
	w->v.discard = true;
	assert_int_equal(ask(w, "version")->answer, ANSWER_DISCARD);
	assert_null(verdict_refusal(&w->v));
	/* That does not make room for the load. */
	w->areas[0].size = 16 * SZ_1M;
	assert_refused(w, "load", KB_CTL_SCRATCH);
}

static void nothing_is_handed_over(void **state)
{
	struct world *w = new_world();
	(void)state;

	w->i.kho_off = true;
	w->areas[0].size = 40 * SZ_1M;
	assert_int_equal(ask(w, "handover")->answer, ANSWER_DISCARD);
	is_well(w, "load");
	assert_null(find(w, "room"));
	assert_null(verdict_refusal(&w->v));
	w->f.handover = false;
	assert_int_equal(ask(w, "handover")->answer, ANSWER_UNKNOWN);
	assert_null(find(w, "load"));
	free(w);
}

/* ---- facts ----------------------------------------------------------------------------------- */

static int setup(void **state)
{
	(void)state;
	fake_root();
	return 0;
}

static struct machine *read_facts(struct facts *f)
{
	static char root[256];
	struct running r = {.root = root};

	struct machine *m;

	snprintf(root, sizeof(root), "%s", fake_path(""));
	m = machine_read(&r, f);

	assert_non_null(m);
	return m;
}

static void facts_of_a_system(void **state)
{
	static uint8_t params[4096];
	struct machine *m;
	struct facts f;
	(void)state;

	fake_file(OUT "/scratch_phys", "0x80000000\n0x10000000\n");
	fake_file(OUT "/scratch_len", "0x8000000\n0x0\n");
	fake_file("/proc/cmdline",
		  "xreserve_mem=9G:2M:c reserve_mem=4G:2M:a quiet reserve_mem=3G:2M:b\n");
	fake_file("/proc/iomem", "00001000-0009ffff : System RAM\n00100000-bfffffff : System RAM\n"
				 "  01000000-01ffffff : Kernel code\nc0000000-c0000fff : Reserved\n"
				 "100000000-13fffffff : CXL Window 0\n"
				 "  100000000-13fffffff : System RAM (kmem)\n");
	fake_file("/sys/kernel/kexec_crash_loaded", "1\n");
	fake_file("/dev/sev-guest", "");
	fake_file("/proc/sys/kernel/osrelease", "6.17.3-test\n");
	fake_file("/proc/meminfo", "MemTotal: 1 kB\nHardwareCorrupted:     8 kB\n");
	fake_dirs("/sys/firmware/efi/runtime-map/0/x");
	fake_dirs("/sys/firmware/efi/runtime-map/1/x");
	params[0x1e8] = 2;
	params[0x2d0 + 1] = 0x10;
	params[0x2d0 + 10] = 0xb0;
	params[0x2d0 + 16] = 1;
	params[0x2d0 + 20 + 16] = 2;
	fake_bytes("/sys/kernel/boot_params/data", params, sizeof(params));
	m = read_facts(&f);
	assert_true(f.handover && f.scratch_known && !f.root_known);
	assert_int_equal(f.areas.r[0].base, 2 * SZ_1G);
	assert_int_equal(f.areas.r[0].size, 128 * SZ_1M);
	assert_int_equal(f.ram.count, 3);
	assert_int_equal(f.bitmaps, KHO_BITMAP_SMALL);
	assert_int_equal(f.added, SZ_1G);
	assert_true(f.encrypted && f.crash && f.uefi);
	assert_int_equal(f.ram.r[2].base, 4 * SZ_1G);
	assert_int_equal(f.listed.count, 1);
	assert_int_equal(f.listed.r[0].base, 0x1000);
	assert_int_equal(f.listed.r[0].size, 0xb00000);
	assert_int_equal(f.poisoned, 8192);
	assert_int_equal(f.efi_map_size, 96);
	assert_int_equal(f.reserve_block, 2 * SZ_1G);
	assert_int_equal(f.reserve_maybe, 4 * SZ_1G);
	machine_free(m);
}

/* Firmware's map, of which kexec takes the first 128 entries. */
static void facts_of_a_full_map(void **state)
{
	char path[64], text[32];
	struct machine *m;
	struct facts f;
	(void)state;

	for (unsigned int i = 0; i < 130; i++) {
		snprintf(path, sizeof(path), "/sys/firmware/memmap/%u/type", i);
		fake_file(path, "System RAM\n");
		snprintf(path, sizeof(path), "/sys/firmware/memmap/%u/start", i);
		snprintf(text, sizeof(text), "0x%x\n", i * 0x200000);
		fake_file(path, text);
		snprintf(path, sizeof(path), "/sys/firmware/memmap/%u/end", i);
		snprintf(text, sizeof(text), "0x%x\n", i * 0x200000 + 0xfffff);
		fake_file(path, text);
	}
	m = read_facts(&f);
	assert_int_equal(f.listed.count, 128);
	assert_int_equal(f.dropped.count, 2);
	assert_int_equal(f.dropped.r[0].base, 128 * SZ_2M);
	assert_false(f.handover);
	machine_free(m);
}

static void facts_of_ima(void **state)
{
	struct facts f;
	(void)state;

	machine_free(read_facts(&f));
	assert_true(!f.ima_list && !f.ima_hidden);
	fake_dirs("/sys/kernel/security/x");
	machine_free(read_facts(&f));
	assert_true(f.ima_hidden);
	fake_file("/sys/kernel/security/lsm", "capability");
	machine_free(read_facts(&f));
	assert_false(f.ima_hidden);
	fake_bytes("/sys/kernel/security/ima/binary_runtime_measurements", (uint8_t[]){1, 0, 3}, 3);
	machine_free(read_facts(&f));
	assert_true(f.ima_list == 3 && !f.ima_hidden);
	fake_file("/sys/kernel/security/ima/binary_runtime_measurements_staged", "four");
	machine_free(read_facts(&f));
	assert_int_equal(f.ima_list, 7);
	fake_file("/boot/config-", "CONFIG_IMA=y\n");
	machine_free(read_facts(&f));
	assert_int_equal(f.ima_list, 0);
}

static void make_uefi_tree(void *tree, int size)
{
	int chosen;

	assert_int_equal(fdt_create_empty_tree(tree, size), 0);
	assert_int_equal(fdt_setprop_u32(tree, 0, "#address-cells", 2), 0);
	assert_int_equal(fdt_setprop_u32(tree, 0, "#size-cells", 2), 0);
	chosen = fdt_add_subnode(tree, 0, "chosen");
	assert_true(chosen > 0);
	assert_int_equal(fdt_setprop_u64(tree, chosen, "linux,uefi-system-table", 0x1000), 0);
	assert_int_equal(fdt_setprop_u64(tree, chosen, "linux,uefi-mmap-start", 0x2000), 0);
	assert_int_equal(fdt_setprop_u32(tree, chosen, "linux,uefi-mmap-size", 200 * 48), 0);
	assert_int_equal(fdt_setprop_u32(tree, chosen, "linux,uefi-mmap-desc-size", 48), 0);
	assert_int_equal(fdt_setprop_u32(tree, chosen, "linux,uefi-mmap-desc-ver", 1), 0);
}

/* arm64 with UEFI, which shows no map: System RAM is what it took from there, or was plugged in. */
static void facts_of_a_system_with_a_tree_and_uefi(void **state)
{
	uint8_t tree[512];
	struct machine *m;
	struct facts f;
	(void)state;

	make_uefi_tree(tree, sizeof(tree));
	fake_bytes("/sys/firmware/fdt", tree, sizeof(tree));
	fake_dirs("/sys/firmware/efi/");
	fake_file("/proc/iomem",
		  "40000000-7fffffff : System RAM\n  40210000-4150ffff : Kernel code\n"
		  "80000000-8000ffff : reserved\n80010000-bfffffff : System RAM\n");
	m = read_facts(&f);
	assert_true(f.uefi && f.fdt && f.listed_known);
	assert_true(f.uefi_map == 200 * 48 && f.uefi_desc == 48);
	assert_int_equal(f.listed.count, 2);
	assert_int_equal(f.listed.r[1].base, 0x80010000);
	machine_free(m);
	fake_file("/proc/iomem", "40000000-7fffffff : System RAM\n"
				 "100000000-13fffffff : System RAM (kmem)\n");
	m = read_facts(&f);
	assert_true(f.listed_known && f.listed.count == 1 && f.ram.count == 2);
	assert_int_equal(f.added, SZ_1G);
	machine_free(m);
	fake_file("/sys/bus/acpi/devices/PNP0C80:00/status", "15\n");
	m = read_facts(&f);
	assert_false(f.listed_known);
	machine_free(m);
}

/* ---- what is printed ------------------------------------------------------------------------- */

/* Of a verdict, on one line; for free(). */
static char *json_of(const struct verdict *v, const char *file, bool explain)
{
	struct json_object *o = verdict_json(v, file, "direct", explain);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(json_print(o, JSON_SHORT, out), 0);
	json_free(o);
	fclose(out);
	return text;
}

static void the_json_is_what_the_schema_says(void **state)
{
	struct verdict v = {0};
	char *text;
	(void)state;

	verdict_add(&v, "version", KB_OK);
	verdict_add_numbers(&v, "room", KB_CTL_SCRATCH, 1, UINT64_MAX);
	verdict_add_unknown(&v, "x", "why");
	text = json_of(&v, "a\"b\\c\n/", false);
	assert_ptr_equal(strstr(text, "{\"schema\":\"khoboot/check/1\",\"verdict\":\"refused\","
				      "\"file\":\"a\\\"b\\\\c\\n/\","
				      "\"via\":\"direct\",\"checks\":[{\"name\":\"version\","
				      "\"answer\":\"ok\",\"code\":null,\"cause\":null,"
				      "\"remedy\":null,\"from\":null,\"to\":null,"
				      "\"have\":null,\"need\":null},"),
			 text);
	assert_non_null(strstr(text, "\"answer\":\"refused\",\"code\":622,\"cause\":\""));
	assert_non_null(strstr(text, "\"have\":1,\"need\":18446744073709551615},{\"name\":\"x\","));
	assert_non_null(strstr(text, "\"answer\":\"unknown\",\"code\":null,\"cause\":\"why\","));
	assert_string_equal(text + strlen(text) - 4, "}]}\n");
	free(text);
}

static void assert_json(const struct verdict *v, const char *end)
{
	char *text = json_of(v, "f", true);

	assert_true(strlen(text) > strlen(end));
	assert_string_equal(text + strlen(text) - strlen(end), end);
	free(text);
}

static void the_plan_in_json(void **state)
{
	struct verdict v = {0};
	(void)state;

	verdict_add_bridged(&v, "version", KHO_CHANGE_CORE, "kho-v1", "kho-v4");
	assert_json(&v,
		    "\"from\":\"kho-v1\",\"to\":\"kho-v4\",\"have\":null,\"need\":null,"
		    "\"asked_because\":\"a kernel boots cold over the data if it does not know "
		    "their version\",\"looked_at\":\"/sys/kernel/debug/kho/out/fdt, and .kho of "
		    "the image\"}],\"plan\":null}\n");
	v.plan = (struct bridge_plan){.known = true,
				      .changes = KHO_CHANGE_CORE | KHO_CHANGE_MAP,
				      .from = "kho-v1",
				      .to = "kho-v4",
				      .to_map = "radix tree",
				      .pages = 7};
	assert_json(&v, "],\"plan\":{\"from\":\"kho-v1\",\"to\":\"kho-v4\",\"from_map\":null,"
			"\"to_map\":\"radix tree\",\"changes\":[\"root\",\"map\"],\"pages\":7,"
			"\"refusals\":[360,365]}}\n");
	v.plan.changes =
		KHO_CHANGE_LUO | KHO_CHANGE_MEMFD | KHO_CHANGE_BLOCKS | KHO_CHANGE_METADATA;
	v.plan.luo = true;
	assert_json(&v, "\"changes\":[\"blocks\",\"luo\",\"memfd\",\"metadata\"],\"pages\":7,"
			"\"refusals\":[360,365,376,377,379,378]}}\n");
}

static void assert_explained(const struct bridge_plan *p, const char *want)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	verdict_explain(p, "> ", out);
	fclose(out);
	if (strncmp(text, want, strlen(want)))
		fail_msg("%s", text);
	free(text);
}

static void the_plan_as_text(void **state)
{
	struct bridge_plan p = {.known = true,
				.from = "kho-v1",
				.to = "kho-v4",
				.from_map = "page bitmaps",
				.to_map = "radix tree"};
	(void)state;

	assert_explained(&(struct bridge_plan){.known = false}, "> not known: ");
	assert_explained(&p, "> from kho-v1 (page bitmaps) to kho-v4 (radix tree)\n"
			     "> nothing is translated\n");
	p.changes = KHO_CHANGE_CORE;
	p.pages = 7;
	p.luo = true;
	p.from_map = NULL;
	assert_explained(&p, "> from kho-v1 (form not known) to kho-v4 (radix tree)\n"
			     "> the root FDT is written anew\n"
			     "> new pages at most: 7, and those of live update, by its sessions\n"
			     "> the old data stay as they are\n"
			     "> cannot be seen here: KB-360 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_well),
		cmocka_unit_test(versions_and_page_sizes),
		cmocka_unit_test(live_update_of_another_version),
		cmocka_unit_test(files_of_sessions_are_not_seen),
		cmocka_unit_test(live_update_that_is_off),
		cmocka_unit_test(two_forms_of_kho_v1),
		cmocka_unit_test(blocks_that_the_next_kernel_loses),
		cmocka_unit_test(plans),
		cmocka_unit_test(plans_grow_with_memory),
		cmocka_unit_test(memory_that_kexec_hides),
		cmocka_unit_test(scratch_that_the_next_kernel_leaves_out),
		cmocka_unit_test(nothing_is_handed_over),
		cmocka_unit_test(room_in_scratch),
		cmocka_unit_test(room_outside_scratch),
		cmocka_unit_test(room_that_the_next_kernel_leaves_out),
		cmocka_unit_test(a_way_back_that_is_none),
		cmocka_unit_test(imas_list_takes_scratch),
		cmocka_unit_test(tables_of_a_large_machine),
		cmocka_unit_test(going_on_without_the_data),
		cmocka_unit_test_setup_teardown(facts_of_a_system, setup, fake_root_remove),
		cmocka_unit_test_setup_teardown(facts_of_a_full_map, setup, fake_root_remove),
		cmocka_unit_test_setup_teardown(facts_of_ima, setup, fake_root_remove),
		cmocka_unit_test_setup_teardown(facts_of_a_system_with_a_tree_and_uefi, setup,
						fake_root_remove),
		cmocka_unit_test(the_json_is_what_the_schema_says),
		cmocka_unit_test(the_plan_in_json),
		cmocka_unit_test(the_plan_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
