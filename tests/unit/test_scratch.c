// SPDX-License-Identifier: BSD-2-Clause
/* khoctl scratch: early allocations, the search for areas, what is read, what is printed. */
#include "unit.h"

#include "../../tools/scratch.h"
#include "fake_root.h"

#include <khoboot/layout.h>

#include <stdio.h>
#include <stdlib.h>

struct world {
	struct facts f;
	struct image_facts i;
	struct kernel kernel;
	struct uki_part kho;
	struct scratch_facts s;
	struct range ram[4], areas[32];
	uint64_t node[16];
};

static void add_ram(struct world *w, uint64_t base, uint64_t size)
{
	ok(range_list_add(&w->f.ram, (struct range){base, size}));
}

/* 1 GiB of RAM, a kernel of 10 MiB that was packed to 4 MiB. */
static struct world *new_world(void)
{
	struct world *w = calloc(1, sizeof(*w));

	w->f = (struct facts){.page_size = SZ_4K, .gbpages = true};
	w->f.ram = (struct range_list){w->ram, 0, 4};
	w->f.areas = (struct range_list){w->areas, 0, 32};
	w->kernel = (struct kernel){.window_size = 10 * SZ_1M,
				    .window_align = SZ_2M,
				    .release = "7.1.13",
				    .release_len = 6,
				    .bz = {.pref_address = SZ_1M, .cmdline_size = 2047}};
	w->i = (struct image_facts){.kho = &w->kho,
				    .kernel = &w->kernel,
				    .cmdline = "quiet",
				    .image = {.flat_size = 4 * SZ_1M,
					      .size = 4 * SZ_1M + KB_ARENA_SIZE,
					      .arena = KB_ARENA_SIZE,
					      .lowest = SZ_1M,
					      .align = SZ_2M,
					      .initrd = {3 * SZ_1M, SZ_1M}}};
	w->s = (struct scratch_facts){
		.f = &w->f, .node = w->node, .nodes = 1, .cpus = 2, .release = 703};
	return w;
}

static struct world *small_world(void)
{
	struct world *w = new_world();

	add_ram(w, SZ_1M, SZ_1G - SZ_1M);
	w->node[0] = SZ_1G - SZ_1M;
	return w;
}

/* ---- early allocations ----------------------------------------------------------------------- */

static struct early_item early(const struct world *w, const char *cmdline, const char *name)
{
	const struct early_machine m = {
		.ram = &w->f.ram,
		.node = w->node,
		.nodes = w->s.nodes,
		.cpus = w->s.cpus,
		.page_size = w->f.page_size,
		.mapping = 4,
		.cmdline = {cmdline, strlen(cmdline)},
		.measured = w->s.measured,
	};
	struct early_item item[EARLY_ITEMS];
	const size_t n = early_list(&m, item);

	assert_in_range(n, 1, EARLY_ITEMS);
	for (size_t i = 0; i < n; i++)
		if (!strcmp(item[i].name, name))
			return item[i];
	return (struct early_item){.name = NULL};
}

/* As memblock=debug shows it in a machine like this. */
static void a_small_machine(void **state)
{
	struct world *w = small_world();
	(void)state;

	assert_int_equal(early(w, "", "struct pages").bytes, 16 * SZ_1M);
	assert_int_equal(early(w, "", "per-CPU data").bytes, SZ_2M);
	assert_int_equal(early(w, "", "hash tables").bytes, SZ_1M + SZ_1M / 2);
	assert_int_equal(early(w, "", "swiotlb").bytes, 0);
	assert_int_equal(early(w, "", "log").bytes, 0);
	assert_null(early(w, "", "crashkernel=").name);
	free(w);
}

static void a_large_machine(void **state)
{
	struct world *w = new_world();
	(void)state;

	add_ram(w, SZ_1M, 2 * SZ_1G - SZ_1M);
	add_ram(w, SZ_4G, 1022 * SZ_1G);
	w->s.cpus = 512;
	w->s.nodes = 1;
	assert_int_equal(early(w, "", "struct pages").bytes, 16 * SZ_1G);
	/* 64 GiB: 8 bytes for each 8 KiB; each time four times as much: twice. 1 TiB: 2^19 KiB. */
	assert_int_equal(early(w, "", "hash tables").bytes, 256 * SZ_1M + 128 * SZ_1M);
	assert_int_equal(early(w, "", "per-CPU data").bytes, 128 * SZ_1M);
	/* 511 * 4 KiB and 256 KiB, up to a power of two. */
	assert_int_equal(early(w, "", "log").bytes, 4 * SZ_1M * 9 / 2);
	assert_int_equal(early(w, "log_buf_len=16M", "log").bytes, 72 * SZ_1M);
	assert_int_equal(early(w, "", "swiotlb").bytes, 64 * SZ_1M + 64 * SZ_1M / 80);
	assert_true(early(w, "", "swiotlb").low);
	assert_int_equal(early(w, "swiotlb=noforce", "swiotlb").bytes, 0);
	assert_int_equal(early(w, "swiotlb=8192", "swiotlb").bytes, 16 * SZ_1M + 16 * SZ_1M / 80);
	/* With several nodes the hash tables come later. */
	w->s.nodes = 2;
	assert_int_equal(early(w, "", "hash tables").bytes, 0);
	free(w);
}

static void words_that_take_memory(void **state)
{
	struct world *w = small_world();
	struct early_item c;
	(void)state;

	c = early(w, "crashkernel=256M", "crashkernel=");
	assert_int_equal(c.bytes, 256 * SZ_1M);
	assert_true(c.low && c.optional);
	c = early(w, "crashkernel=512M-2G:64M,2G-:128M", "crashkernel=");
	assert_int_equal(c.bytes, 64 * SZ_1M);
	c = early(w, "crashkernel=1G-2G:64M,2G-:128M@16M", "crashkernel=");
	assert_null(c.name);
	c = early(w, "crashkernel=1G,high", "crashkernel=");
	assert_int_equal(c.bytes, SZ_1G);
	assert_false(c.low);
	assert_null(early(w, "crashkernel=x", "crashkernel=").name);
	assert_int_equal(early(w, "cma=64M", "cma=, hugetlb_cma=").bytes, 64 * SZ_1M);
	free(w);
}

/* What the running kernel kept counts where it is more than the margin allows for. */
static void measured_is_believed(void **state)
{
	struct world *w = small_world();
	const uint64_t margin = early(w, "", "others").bytes;
	(void)state;

	assert_false(early(w, "", "others").measured);
	w->s.measured = 20 * SZ_1M;
	assert_int_equal(early(w, "", "others").bytes, margin);
	w->s.measured = 200 * SZ_1M;
	assert_true(early(w, "", "others").measured);
	assert_in_range(early(w, "", "others").bytes, 170 * SZ_1M, 190 * SZ_1M);
	free(w);
}

/* ---- the plan -------------------------------------------------------------------------------- */

static enum kb_status try(struct world *w, const struct scratch_sizes *sizes)
{
	struct range store[32];
	struct range_list areas = {store, 0, 32};
	struct scratch_lack lack;
	enum kb_status st = scratch_place(&w->s, sizes, &areas);

	return st ? st : scratch_try(&w->s, &w->i, &areas, &lack);
}

/* What is recommended fits, and a step less of either area does not. */
static void assert_least(struct world *w, const struct scratch_plan *p)
{
	struct scratch_sizes less = p->best;

	ok(try(w, &p->best));
	if (less.low) {
		less.low -= p->align;
		assert_int_not_equal(try(w, &less), KB_OK);
	}
	less = p->best;
	if (less.global) {
		less.global -= p->align;
		assert_int_not_equal(try(w, &less), KB_OK);
	}
}

static uint64_t line(const struct scratch_plan *p, enum scratch_step step, const char *name)
{
	for (size_t i = 0; i < p->lines; i++)
		if (p->line[i].step == step && !strcmp(p->line[i].name, name))
			return p->line[i].bytes;
	return 0;
}

static void one_area_where_all_is_low(void **state)
{
	struct world *w = small_world();
	struct scratch_plan p;
	char word[64];
	(void)state;

	ok(scratch_plan(&w->s, &w->i, &p));
	assert_least(w, &p);
	assert_int_equal(p.align, 4 * SZ_1M);
	assert_string_equal(scratch_word(&p.best, word), "40M,0M,0M");
	assert_int_equal(p.bytes, 40 * SZ_1M);
	assert_int_equal(line(&p, SCRATCH_LOAD, "image"), 4 * SZ_1M);
	assert_int_equal(line(&p, SCRATCH_LOAD, "arena"), KB_ARENA_SIZE);
	assert_int_equal(line(&p, SCRATCH_JUMP, "window"), 10 * SZ_1M);
	assert_int_equal(line(&p, SCRATCH_EARLY, "initrd"), SZ_1M);
	assert_int_equal(line(&p, SCRATCH_EARLY, "struct pages"), 16 * SZ_1M);
	assert_true(p.sum[SCRATCH_JUMP] > p.sum[SCRATCH_LOAD]);
	assert_false(p.now_known);
	free(w);
}

static void bounce_buffers_are_low(void **state)
{
	struct world *w = new_world();
	struct scratch_plan p;
	(void)state;

	add_ram(w, SZ_1M, 2 * SZ_1G - SZ_1M);
	add_ram(w, SZ_4G, 30 * SZ_1G);
	w->node[0] = 32 * SZ_1G;
	ok(scratch_plan(&w->s, &w->i, &p));
	assert_least(w, &p);
	assert_true(p.best.low >= 64 * SZ_1M);
	assert_true(p.bytes >= (64 + 512) * SZ_1M);
	free(w);
}

static void each_node_has_its_own(void **state)
{
	struct world *w = new_world();
	struct scratch_plan p;
	(void)state;

	add_ram(w, SZ_1M, 2 * SZ_1G - SZ_1M);
	add_ram(w, SZ_4G, 62 * SZ_1G);
	w->s.nodes = 2;
	w->node[0] = w->node[1] = 32 * SZ_1G;
	ok(scratch_plan(&w->s, &w->i, &p));
	assert_least(w, &p);
	assert_in_range(p.best.node, 512 * SZ_1M, 600 * SZ_1M);
	assert_int_equal(p.bytes, p.best.low + p.best.global + 2 * p.best.node);
	/* All areas of nodes are alike: a small node cannot have one for a large one. */
	w->node[0] = 60 * SZ_1G;
	w->node[1] = 4 * SZ_1G;
	ok(scratch_plan(&w->s, &w->i, &p));
	assert_int_equal(p.best.node, 0);
	free(w);
}

static void too_little_memory(void **state)
{
	struct world *w = new_world();
	struct scratch_plan p;
	(void)state;

	add_ram(w, SZ_1M, 24 * SZ_1M);
	w->node[0] = 24 * SZ_1M;
	assert_int_equal(scratch_plan(&w->s, &w->i, &p), KB_CTL_SCRATCH_RAM);
	w->f.ram.count = 0;
	assert_int_equal(scratch_plan(&w->s, &w->i, &p), KB_CTL_RAM_HIDDEN);
	free(w);
}

static void areas_of_today(void **state)
{
	struct world *w = small_world();
	struct scratch_plan p;
	(void)state;

	w->f.scratch_known = true;
	ok(range_list_add(&w->f.areas, (struct range){512 * SZ_1M, 64 * SZ_1M}));
	ok(scratch_plan(&w->s, &w->i, &p));
	assert_true(p.now_known);
	ok(p.now);
	/* Room for the jump, and not for what comes then. */
	w->areas[0].size = 26 * SZ_1M;
	ok(scratch_plan(&w->s, &w->i, &p));
	assert_int_equal(p.now, KB_CTL_EARLY);
	assert_string_equal(p.lacks.name, "struct pages");
	w->areas[0].size = 20 * SZ_1M;
	ok(scratch_plan(&w->s, &w->i, &p));
	assert_int_equal(p.now, KB_PLACE_KERNEL);
	w->areas[0].size = 8 * SZ_1M;
	ok(scratch_plan(&w->s, &w->i, &p));
	assert_int_equal(p.now, KB_CTL_SCRATCH);
	free(w);
}

static void through_a_reset(void **state)
{
	struct world *w = small_world();
	struct scratch_plan direct, reset;
	(void)state;

	w->f.listed_known = true;
	w->f.listed = w->f.ram;
	ok(scratch_plan(&w->s, &w->i, &direct));
	w->i.reset = true;
	ok(scratch_plan(&w->s, &w->i, &reset));
	assert_true(reset.bytes > direct.bytes);
	assert_true(line(&reset, SCRATCH_JUMP, "firmware") > 0);
	assert_true(line(&reset, SCRATCH_JUMP, "evacuation") > 0);
	free(w);
}

static void random_machine(struct world *w, uint64_t *r)
{
	const uint64_t low = SZ_1G / 2 * (1 + random_below(r, 6));

	add_ram(w, SZ_1M, low - SZ_1M);
	if (random_below(r, 3))
		add_ram(w, SZ_4G, SZ_1G * (1 + random_below(r, 4096)));
	w->s.cpus = 1 + random_below(r, 1024);
	w->s.nodes = 1 + random_below(r, 4);
	for (size_t n = 0; n < w->s.nodes; n++)
		w->node[n] = range_list_bytes(&w->f.ram) / w->s.nodes;
	w->kernel.window_size = SZ_1M * (8 + random_below(r, 100));
	w->i.image.flat_size = SZ_1M * (4 + random_below(r, 200));
	w->i.image.size = w->i.image.flat_size + KB_ARENA_SIZE;
	w->i.image.initrd.size = w->i.image.flat_size - 3 * SZ_1M;
	w->s.release = random_below(r, 2) ? 618 : 703;
}

static void random_machines(void **state)
{
	unsigned int found = 0;
	uint64_t r = 20261129;
	(void)state;

	for (unsigned int i = 0; i < 200; i++) {
		struct world *w = new_world();
		struct scratch_plan p;
		enum kb_status st;

		random_machine(w, &r);
		st = scratch_plan(&w->s, &w->i, &p);
		assert_true(!st || st == KB_CTL_SCRATCH_RAM);
		if (!st)
			assert_least(w, &p);
		/* No area is recommended that has less than what lies in it at the same time. */
		for (enum scratch_step step = 0; !st && step < SCRATCH_STEPS; step++)
			assert_true(p.bytes >= p.sum[step]);
		found += !st;
		free(w);
	}
	assert_in_range(found, 100, 200);
}

static void alignments(void **state)
{
	(void)state;
	assert_int_equal(scratch_align(701, SZ_4K), SZ_2M);
	assert_int_equal(scratch_align(702, SZ_4K), 4 * SZ_1M);
	assert_int_equal(scratch_align(0, SZ_4K), 4 * SZ_1M);
	assert_int_equal(scratch_align(703, 4 * SZ_4K), 32 * SZ_1M);
	assert_int_equal(scratch_align(618, SZ_64K), 512 * SZ_1M);
}

/* ---- reading and printing -------------------------------------------------------------------- */

static const char zones[] = "Node 0, zone      DMA\n"
			    "  pages free     3840\n"
			    "        spanned  4095\n"
			    "        present  3998\n"
			    "        managed  3840\n"
			    "Node 0, zone   Normal\n"
			    "        present  258016\n"
			    "Node 2, zone   Normal\n"
			    "        present  262144\n";
static const char boot_log[] =
	"<6>[    0.000000] RAMDISK: [mem 0x3f000000-0x3f0fffff]\n"
	"<6>[    0.1] Memory: 946640K/1048056K available (3388K kernel code, 891K rwdata, 1600K "
	"rodata, 892K init, 284K bss, 100000K reserved, 0K cma-reserved)\n";

static void what_the_system_shows(void **state)
{
	struct running r = {.root = fake_root()};
	struct world *w = small_world();
	struct scratch_facts s;
	(void)state;

	fake_file("/proc/zoneinfo", zones);
	fake_file("/sys/devices/system/cpu/possible", "0-3,8\n");
	fake_file("/proc/cmdline", "quiet kho_scratch=64M,0M,0M\n");
	fake_file("/proc/sys/kernel/osrelease", "7.3.4\n");
	fake_file("/proc/iomem", "00100000-3fffffff : System RAM\n"
				 "  10000000-10ffffff : Crash kernel\n");
	w->f.scratch_known = w->f.handover = true;
	ok(range_list_add(&w->f.areas, (struct range){512 * SZ_1M, 64 * SZ_1M}));
	assert_true(scratch_read(&r, &w->f, boot_log, &s));
	assert_int_equal(s.nodes, 2);
	assert_int_equal(s.node[0], (3998 + 258016) * SZ_4K);
	assert_int_equal(s.node[1], SZ_1G);
	assert_int_equal(s.cpus, 5);
	assert_int_equal(s.release, 703);
	assert_string_equal(s.word, "64M,0M,0M");
	assert_false(s.handed);
	/* Without image, initrd, crash kernel and scratch. */
	assert_int_equal(s.measured,
			 (100000 - 3388 - 891 - 1600 - 892 - 284) * 1024 - (1 + 16 + 64) * SZ_1M);
	scratch_free(&s);
	/* The beginning of the log is lost; or what it counts was handed over. */
	assert_true(scratch_read(&r, &w->f, "", &s));
	assert_int_equal(s.measured, 0);
	scratch_free(&s);
	fake_file("/sys/kernel/debug/kho/in/fdt", "");
	assert_true(scratch_read(&r, &w->f, boot_log, &s));
	assert_int_equal(s.measured, 0);
	assert_true(s.handed);
	scratch_free(&s);
	free(w);
}

static void nothing_is_shown(void **state)
{
	struct running r = {.root = fake_root()};
	struct world *w = small_world();
	struct scratch_facts s;
	(void)state;

	assert_true(scratch_read(&r, &w->f, "Memory: 1K\nRAMDISK: [mem 0x", &s));
	assert_int_equal(s.nodes, 1);
	assert_int_equal(s.node[0], SZ_1G - SZ_1M);
	assert_int_equal(s.cpus, 1);
	assert_int_equal(s.measured, 0);
	scratch_free(&s);
	free(w);
}

static bool prints(const struct world *w, const struct scratch_plan *p, const char *want)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool found;

	scratch_text(&w->s, p, out);
	fclose(out);
	found = strstr(text, want);
	free(text);
	return found;
}

static void printed(void **state)
{
	struct world *w = small_world();
	struct scratch_plan p;
	struct json_object *o = json_new("khoboot/scratch/1");
	(void)state;

	ok(scratch_plan(&w->s, &w->i, &p));
	assert_true(prints(w, NULL, "scratch is not shown"));
	assert_true(prints(w, &p, "recommended: kho_scratch=40M,0M,0M (40 MiB in all)\n"));
	assert_true(prints(w, &p, "       16384 KiB  struct pages        source  "));
	assert_true(prints(w, &p, "now: not known\n"));
	p.now_known = true;
	p.now = KB_CTL_EARLY;
	p.lacks.name = "struct pages";
	assert_true(prints(w, &p, "now: too little for struct pages: KB-851 "));
	scratch_json(&w->s, &p, "x.efi", o);
	assert_non_null(strstr(json_object_to_json_string(o), "\"lacks\": \"struct pages\""));
	json_free(o);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_machine),
		cmocka_unit_test(a_large_machine),
		cmocka_unit_test(words_that_take_memory),
		cmocka_unit_test(measured_is_believed),
		cmocka_unit_test(one_area_where_all_is_low),
		cmocka_unit_test(bounce_buffers_are_low),
		cmocka_unit_test(each_node_has_its_own),
		cmocka_unit_test(too_little_memory),
		cmocka_unit_test(areas_of_today),
		cmocka_unit_test(through_a_reset),
		cmocka_unit_test(random_machines),
		cmocka_unit_test(alignments),
		cmocka_unit_test_teardown(what_the_system_shows, fake_root_remove),
		cmocka_unit_test_teardown(nothing_is_shown, fake_root_remove),
		cmocka_unit_test(printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
