// SPDX-License-Identifier: BSD-2-Clause
/* What both doors do with data of another version: rewrite, refuse, or leave them alone. */
#include "kho_test.h"

#include <core/log.h>
#include <stage/stage.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ok(call) assert_int_equal(call, KB_OK)

/* A door, and the memory that it gives. The stage comes first: the callbacks get nothing else. */
struct door {
	struct stage s;
	struct kho_image img;
	struct stage_means means;
	struct range from_store[64];
	uint8_t *work;
	uint64_t work_size, work_used;
};

static void *take_work(struct stage *s, const struct kho *k, uint64_t size)
{
	struct door *d = (struct door *)s;
	uint64_t at = d->work_used;

	(void)k;
	if (size > d->work_size - at)
		return NULL;
	d->work_used += align_up_page(size);
	return d->work + at;
}

static uint8_t *open_piece(struct stage *s, struct range piece)
{
	return kho_image_at(&((struct door *)s)->img, piece.base, piece.size);
}

static struct door *new_door(enum kho_map_format format, const char *reads)
{
	struct door *d = calloc(1, sizeof(*d));

	kho_image_init_sized(&d->img, format, 12, 64 * SZ_1M);
	kho_image_preserve(&d->img, KHO_IMAGE_DATA, 0);
	d->s.uki.kho = (struct uki_part){.data = reads, .size = strlen(reads)};
	d->s.kernel.release = "7.3.4";
	d->s.kernel.release_len = 5;
	d->s.kernel.window_size = 64 * SZ_1M;
	d->s.kernel.window_align = SZ_2M;
	d->work_size = SZ_1M;
	d->work = calloc(1, d->work_size);
	d->means = (struct stage_means){.work = take_work, .open = open_piece};
	return d;
}

static void free_door(struct door *d)
{
	free(d->work);
	free(d->s.kho_work.base);
	kho_image_free(&d->img);
	free(d);
}

/* Open the data as a door does. The rest of the field is free memory. */
static void gather(struct door *d)
{
	struct kho_work work = {.size = kho_work_size(&d->img.mem.ram)};
	uint64_t at;

	if (!d->img.map)
		kho_image_finish(&d->img);
	at = (KHO_IMAGE_BASE + d->img.used + 2 * SZ_2M) & ~(SZ_2M - 1);
	work.base = calloc(1, work.size);
	d->s.has_kho = true;
	d->s.mem = d->img.mem;
	d->s.handover = d->img.h;
	ok(stage_open_kho(&d->s, work, d->img.kho));
	d->means.from = (struct range_list){d->from_store, 0, ARRAY_SIZE(d->from_store)};
	ok(range_list_add(&d->means.from, (struct range){at, KHO_IMAGE_BASE + d->img.size - at}));
}

static enum kb_status plan(struct door *d)
{
	return stage_plan_bridge(&d->s, d->img.kho, &d->means);
}

static enum kb_status rewrite(struct door *d)
{
	d->s.kho = d->img.kho;
	return stage_write_bridge(&d->s);
}

/* ---- */

static void data_that_are_read_as_they_are_stay(void **state)
{
	struct door *d = new_door(KHO_MAP_RADIX, "kho=kho-v4\npage=4096\n");
	(void)state;

	gather(d);
	ok(plan(d));
	assert_null(d->s.bridge);
	ok(rewrite(d));
	assert_int_equal(d->s.handover.fdt.addr, d->img.h.fdt.addr);
	assert_int_equal(d->work_used, 0);
	free_door(d);
}

/* ---- live update ---- */

static char log_text[4096];

static void listen(const char *line)
{
	size_t used = strlen(log_text);

	snprintf(log_text + used, sizeof(log_text) - used, "%s\n", line);
}

static unsigned int times_said(const char *what)
{
	unsigned int n = 0;

	for (const char *at = log_text; (at = strstr(at, what)); at++)
		n++;
	return n;
}

/* One session, as 7.2 writes it, for a kernel that reads the same. */
static struct door *new_session(const char *reads)
{
	struct door *d = new_door(KHO_MAP_RADIX, reads);
	uint8_t luo[32] = "luo-v5";
	uint64_t block = kho_image_alloc(&d->img, SZ_4K, SZ_4K);

	kho_image_preserve(&d->img, block, 0);
	kho_image_put(&d->img, block + 8, 1);
	kho_image_put(&d->img, block + 16, 'x');
	put_u64(luo + 16, block);
	kho_image_blob(&d->img, "LUO", luo, sizeof(luo));
	gather(d);
	log_text[0] = 0;
	return d;
}

/* Nothing is written, but the log says it. */
static void nobody_gets_back_sessions(void **state)
{
	struct door *d = new_session("kho=kho-v4\npage=4096\n");
	(void)state;

	ok(plan(d));
	assert_null(d->s.bridge);
	assert_int_equal(times_said("has no live update"), 1);
	free_door(d);
	/* Also if there is something to be written; once. */
	d = new_session("kho=kho-v3\npage=4096\n");
	ok(plan(d));
	ok(rewrite(d));
	assert_int_equal(times_said("has no live update"), 1);
	free_door(d);
}

static void live_update_may_be_off(void **state)
{
	static const struct {
		const char *cmdline;
		unsigned int said;
	} t[] = {{"quiet", 1},
		 {"liveupdate=on", 0},
		 {"liveupdate=Y liveupdate", 0},
		 {"liveupdate=1 liveupdate=off", 1},
		 {"liveupdate=0 liveupdate=On", 0}};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct door *d = new_session("kho=kho-v4\npage=4096\nabi=luo-v5\n");

		strcpy(d->s.cmdline, t[i].cmdline);
		ok(plan(d));
		ok(stage_check_memory(&d->s, d->img.kho));
		assert_int_equal(times_said("no liveupdate=on"), t[i].said);
		assert_int_equal(times_said("has no live update"), 0);
		free_door(d);
	}
}

/* ---- */

/* By each route. The firmware route proves the new data as it will after the reset. */
static void data_of_another_version_are_rewritten(void **state)
{
	(void)state;
	for (int via = KB_VIA_DIRECT; via <= KB_VIA_FIRMWARE; via++) {
		struct door *d = new_door(KHO_MAP_V1_PAGE, "kho=kho-v4\npage=4096\n");

		d->means.prove = via == KB_VIA_FIRMWARE;
		gather(d);
		ok(plan(d));
		assert_non_null(d->s.bridge);
		assert_int_equal(d->s.handover.fdt.addr, d->img.h.fdt.addr);
		ok(rewrite(d));
		assert_int_not_equal(d->s.handover.fdt.addr, d->img.h.fdt.addr);
		assert_int_equal(d->s.kho->root.abi, KHO_ABI_V4);
		/* A placement on a new page would be noticed. */
		assert_false(kho_range_free(&d->s.mem, d->s.kho,
					    (struct range){d->s.handover.fdt.addr, 1}));
		free_door(d);
	}
}

/*
 * One untouched granule, which the new map does not fit into. The small bitmaps are put together,
 * one page for each 128 MiB: what the granule has given is not given once more.
 */
static void a_granule_is_given_once(void **state)
{
	struct door *d = new_door(KHO_MAP_V1_SMALL, "kho=kho-v4\npage=4096\n");
	struct kho_image *img = &d->img;
	uint64_t bytes;
	(void)state;

	for (unsigned int i = 0; i < 400; i++) {
		kho_image_preserve(img, 9 * SZ_1G + i * 128 * SZ_1M, 0);
		kho_image_preserve(img, 9 * SZ_1G + i * 128 * SZ_1M + SZ_2M, 1);
	}
	gather(d);
	/* The granule, and half of the one after it. */
	d->from_store[0].size = SZ_2M + SZ_1M;
	bytes = img->kho->sum.bytes;
	ok(plan(d));
	ok(rewrite(d));
	img->h = d->s.handover;
	ok(kho_image_open(img));
	assert_int_equal(img->kho->sum.bytes, bytes + SZ_4K); /* kexec-metadata */
	free_door(d);
}

static void another_version_is_refused_with_bridge_off(void **state)
{
	struct door *d = new_door(KHO_MAP_RADIX, "kho=kho-v3\npage=4096\n");
	(void)state;

	d->s.options.bridge = KB_BRIDGE_OFF;
	gather(d);
	assert_int_equal(plan(d), KB_KERNEL_EXPECTS);
	free_door(d);
}

static void no_work_memory_is_a_refusal(void **state)
{
	struct door *d = new_door(KHO_MAP_RADIX, "kho=kho-v3\npage=4096\n");
	(void)state;

	d->work_size = 0;
	gather(d);
	assert_int_equal(plan(d), KB_BRIDGE_WORK);
	assert_null(d->s.bridge);
	free_door(d);
}

/* The root of the tree is slab memory in 7.1 and 7.2, and may lie in scratch. */
static struct door *new_stray(void)
{
	struct door *d = new_door(KHO_MAP_RADIX, "kho=kho-v4\npage=4096\n");

	kho_image_finish(&d->img);
	d->img.area[d->img.areas++] = (struct range){d->img.map, SZ_4K};
	kho_image_write_scratch(&d->img);
	return d;
}

static void a_map_in_scratch_is_moved(void **state)
{
	struct door *d = new_stray();
	(void)state;

	gather(d);
	assert_int_equal(d->img.kho->sum.stray, 1);
	ok(plan(d));
	assert_non_null(d->s.bridge);
	ok(rewrite(d));
	d->img.h = d->s.handover;
	ok(kho_image_open(&d->img));
	assert_int_not_equal(d->img.kho->map.root.addr, d->img.map);
	free_door(d);
	d = new_stray();
	d->s.options.bridge = KB_BRIDGE_OFF;
	gather(d);
	assert_int_equal(plan(d), KB_KHO_META_SCRATCH);
	free_door(d);
}

static void what_differs_afterwards_is_refused(void **state)
{
	struct door *d = new_door(KHO_MAP_RADIX, "kho=kho-v3\npage=4096\n");
	(void)state;

	gather(d);
	ok(plan(d));
	d->img.kho->sum.bytes += 16 * SZ_4K;
	assert_int_equal(rewrite(d), KB_BRIDGE_DIFFERS);
	free_door(d);
}

/* The first free granule is named by the next kernel's command line. */
static void new_pages_are_kept_from_what_its_command_line_names(void **state)
{
	struct door *d = new_door(KHO_MAP_V1_PAGE, "kho=kho-v4\npage=4096\n");
	struct range named;
	(void)state;

	gather(d);
	named = (struct range){d->means.from.r[0].base, SZ_2M};
	snprintf(d->s.cmdline, sizeof(d->s.cmdline),
		 "ramoops.mem_address=0x%lx ramoops.mem_size=0x200000", (unsigned long)named.base);
	ok(plan(d));
	assert_non_null(d->s.bridge);
	ok(rewrite(d));
	assert_false(ranges_overlap(named, d->s.bridge_pages));
	ok(stage_check_memory(&d->s, d->s.kho));
	free_door(d);
}

/* ---- scratch --------------------------------------------------------------------------------- */

static void scratch_grows_where_nothing_is_preserved(void **state)
{
	struct door *d = new_door(KHO_MAP_V1_PAGE, "kho=kho-v4\npage=4096\n");
	struct range from[2] = {{KHO_IMAGE_DATA, SZ_1G}, {4 * SZ_4G, SZ_4G}};
	const struct range_list l = {from, 2, 2};
	uint64_t before;
	(void)state;

	gather(d);
	before = range_list_bytes(&d->img.kho->scratch);
	assert_int_equal(stage_extend_scratch(&d->s, &l), KB_RANGE_NO_ROOM);
	d->s.kho = d->img.kho;
	d->s.mem.ram.count = 1;
	d->s.layout.size = SZ_1M;
	ok(stage_extend_scratch(&d->s, &l));
	assert_in_range(range_list_bytes(&d->s.kho->scratch) - before, 64 * SZ_1M, SZ_1G);
	/* Behind the block that is preserved in the first piece. */
	assert_true(range_list_overlap(&d->s.kho->scratch,
				       (struct range){KHO_IMAGE_DATA + SZ_4K, 4 * SZ_1M}));
	assert_false(range_list_overlap(&d->s.kho->scratch, (struct range){KHO_IMAGE_DATA, SZ_4K}));
	d->s.options.bridge = KB_BRIDGE_OFF;
	assert_int_equal(stage_extend_scratch(&d->s, &l), KB_RANGE_NO_ROOM);
	free_door(d);
}

/* Also when the array of areas, which does not name the new one, is read once more. */
static void what_scratch_got_it_keeps(void **state)
{
	struct door *d = new_door(KHO_MAP_V1_PAGE, "kho=kho-v4\npage=4096\n");
	struct range from[1] = {{4 * SZ_4G, SZ_4G}};
	const struct range_list l = {from, 1, 1};
	uint64_t bytes;
	(void)state;

	d->means.prove = true;
	gather(d);
	ok(plan(d));
	d->s.kho = d->img.kho;
	ok(stage_extend_scratch(&d->s, &l));
	bytes = range_list_bytes(&d->s.kho->scratch);
	ok(rewrite(d));
	assert_int_equal(range_list_bytes(&d->s.kho->scratch), bytes);
	assert_true(range_list_overlap(&d->s.kho->scratch, from[0]));
	free_door(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_that_are_read_as_they_are_stay),
		cmocka_unit_test(nobody_gets_back_sessions),
		cmocka_unit_test(live_update_may_be_off),
		cmocka_unit_test(data_of_another_version_are_rewritten),
		cmocka_unit_test(a_granule_is_given_once),
		cmocka_unit_test(another_version_is_refused_with_bridge_off),
		cmocka_unit_test(no_work_memory_is_a_refusal),
		cmocka_unit_test(a_map_in_scratch_is_moved),
		cmocka_unit_test(what_differs_afterwards_is_refused),
		cmocka_unit_test(new_pages_are_kept_from_what_its_command_line_names),
		cmocka_unit_test(scratch_grows_where_nothing_is_preserved),
		cmocka_unit_test(what_scratch_got_it_keeps),
	};

	kb_log_add_sink(listen);
	return cmocka_run_group_tests_name("stage_bridge", tests, NULL, NULL);
}
