// SPDX-License-Identifier: BSD-2-Clause
/*
 * What both doors do alike: KHO data proven, compared, given up; places chosen and checked; the
 * plan and its second try.
 */
#include "kho_test.h"

#include <core/log.h>
#include <stage/stage.h>

#include <stdio.h>
#include <stdlib.h>

#define ok(call) assert_int_equal(call, KB_OK)

/* ---- what is said ---------------------------------------------------------------------------- */

static char said[4096];

static void listen(const char *line)
{
	size_t len = strlen(said);

	snprintf(said + len, sizeof(said) - len, "%s\n", line);
}

static int begin(void **state)
{
	(void)state;
	said[0] = '\0';
	kb_log_add_sink(listen);
	return 0;
}

static int end(void **state)
{
	(void)state;
	kb_log_remove_sink(listen);
	return 0;
}

static bool was_said(const char *text)
{
	return strstr(said, text);
}

/* ---- a boot with KHO data -------------------------------------------------------------------- */

struct boot_case {
	struct kho_image img;
	struct stage s;
	struct kho *kho;
	struct range free[64];
	uint8_t file[0x2000];
};

static struct uki_part part(const void *data, uint64_t size)
{
	return (struct uki_part){.data = data, .size = size};
}

static struct uki_part text_part(const char *text)
{
	return part(text, strlen(text));
}

/* A kernel of 6 MiB that speaks kho-v4 with pages of 4 KiB, and an image that says so. */
static void describe_kernel(struct boot_case *c)
{
	c->s.uki.kho = text_part("kho=kho-v4\npage=4096\n");
	c->s.kernel = (struct kernel){
		.file = c->file,
		.window_size = 6 * SZ_1M,
		.window_align = SZ_2M,
		.release = "7.3.4",
		.release_len = 5,
		.bz = {.header_size = 0x7b,
		       .pref_address = SZ_1M,
		       .load_offset = 0x1000,
		       .load_size = 0x1000,
		       .cmdline_size = 255},
	};
}

static struct boot_case *new_case(void)
{
	struct boot_case *c = calloc(1, sizeof(*c));

	kho_image_init(&c->img, KHO_MAP_RADIX, 12);
	c->kho = calloc(1, sizeof(*c->kho));
	c->s.has_kho = true;
	describe_kernel(c);
	return c;
}

/* What the gathering of a door leaves when all went well. */
static void gather(struct boot_case *c)
{
	kho_image_finish(&c->img);
	ok(kho_image_open(&c->img));
	c->s.mem = c->img.mem;
	c->s.kho = c->img.kho;
	c->s.free = (struct range_list){c->free, 0, ARRAY_SIZE(c->free)};
	ok(range_list_copy(&c->s.kho->scratch, &c->s.free));
	stage_describe_boot(&c->s);
	c->s.boot.mem = &c->s.mem;
}

static void free_case(struct boot_case *c)
{
	kho_image_free(&c->img);
	free(c->kho);
	free(c);
}

/* ---- KHO data -------------------------------------------------------------------------------- */

static void sound_data_are_opened_and_not_yet_taken(void **state)
{
	struct boot_case *c = new_case();
	struct kho_work work;
	(void)state;

	kho_image_finish(&c->img);
	c->s.mem = c->img.mem;
	c->s.handover = c->img.h;
	work.size = kho_work_size(&c->s.mem.ram);
	work.base = calloc(1, work.size);
	ok(stage_open_kho(&c->s, work, c->kho));
	assert_null(c->s.kho);
	assert_int_equal(c->kho->root.abi, KHO_ABI_V4);
	/* Nobody says where the fault is but the diagnosis. */
	c->s.handover.fdt = phys(c->s.handover.fdt.addr + 8);
	assert_int_equal(stage_open_kho(&c->s, work, c->kho), KB_KHO_FDT_ALIGN);
	assert_int_equal(c->s.mem.diag.status, KB_KHO_FDT_ALIGN);
	assert_string_equal(said, "");
	free(work.base);
	free_case(c);
}

static void another_version_is_refused_and_said(void **state)
{
	struct boot_case *c = new_case();
	(void)state;

	gather(c);
	ok(stage_check_versions(&c->s, c->s.kho));
	c->s.uki.kho = text_part("kho=kho-v3\npage=4096\n");
	assert_int_equal(stage_check_versions(&c->s, c->s.kho), KB_KERNEL_EXPECTS);
	assert_true(was_said("kho: KB-330 "));
	c->s.uki.kho = text_part("kho=none\npage=4096\n");
	assert_int_equal(stage_check_versions(&c->s, c->s.kho), KB_KERNEL_NO_KHO);
	c->s.uki.kho = part(NULL, 0);
	assert_int_equal(stage_check_versions(&c->s, c->s.kho), KB_KERNEL_UNKNOWN);
	free_case(c);
}

/* Both doors ask here, the bare-metal one before it seals. */
static void a_command_line_that_loses_data_is_refused(void **state)
{
	struct boot_case *c = new_case();
	(void)state;

	gather(c);
	strcpy(c->s.cmdline, "quiet -- elfcorehdr=0x1000");
	ok(stage_check_memory(&c->s, c->s.kho));
	strcpy(c->s.cmdline, "quiet elfcorehdr=0x1000");
	assert_int_equal(stage_check_memory(&c->s, c->s.kho), KB_KERNEL_DUMP);
	assert_true(was_said("kho: KB-339 "));
	strcpy(c->s.cmdline, "quiet mem_encrypt=on");
	ok(stage_check_memory(&c->s, c->s.kho));
	c->s.may_encrypt = true;
	assert_int_equal(stage_check_memory(&c->s, c->s.kho), KB_KERNEL_ENCRYPTS);
	assert_true(was_said("kho: KB-352 "));
	free_case(c);
}

/* on_error, has_kho and a refusal: only all three together give data up. */
static void data_are_given_up_only_when_told_to(void **state)
{
	static const enum kb_on_error policies[] = {KB_ON_ERROR_HALT, KB_ON_ERROR_DISCARD,
						    KB_ON_ERROR_RESET, KB_ON_ERROR_FALLBACK};
	struct kho k;
	(void)state;

	for (size_t i = 0; i < 2 * 2 * ARRAY_SIZE(policies); i++) {
		enum kb_status st = i & 1 ? KB_PLACE_KERNEL : KB_OK;
		bool handed = i & 2, gone;
		struct stage s = {.has_kho = handed,
				  .kho = handed ? &k : NULL,
				  .moves = {.count = 3}};

		s.options.on_error = policies[i / 4];
		said[0] = '\0';
		gone = st && handed && policies[i / 4] == KB_ON_ERROR_DISCARD;
		assert_int_equal(stage_give_up_kho(&s, st), gone ? KB_OK : st);
		assert_int_equal(s.has_kho, handed && !gone);
		assert_int_equal(s.kho != NULL, handed && !gone);
		assert_int_equal(s.moves.count, gone ? 0 : 3);
		assert_int_equal(was_said("going on without KHO"), gone);
	}
}

/* ---- the second kernel of an image ----------------------------------------------------------- */

/* An image with two kernels, and what the attempt with the first one left. */
static struct stage two_kernels(void)
{
	struct stage s = {.has_kho = true, .options.on_error = KB_ON_ERROR_FALLBACK};

	s.uki.kernel = text_part("first");
	s.uki.kho = text_part("kho=kho-v3\npage=4096\n");
	s.uki.uname = text_part("7.1.13 #1");
	s.uki.back = text_part("second");
	s.uki.khoback = text_part("kho=kho-v4\npage=4096\nrelease=7.3.4\n");
	return s;
}

/* Whatever a kernel is refused for, but not what makes the data unsound. */
static void a_kernel_is_replaced_and_unsound_data_are_not(void **state)
{
	static const struct {
		enum kb_status st;
		bool tried;
	} t[] = {
		{KB_OK, false},
		{KB_RANGE_FULL, true},
		{KB_KHO_FDT_SIZE, false},
		{KB_KHO_VERSION, false},
		{KB_KHO_NOT_FINALIZED, false},
		{KB_KHO_SCRATCH_OVERLAP, false},
		{KB_KHO_V1_AMBIGUOUS, true},
		{KB_KHO_V1_HINT, true},
		{KB_KHO_BLOCK_SCRATCH, false},
		{KB_KHO_CHANGED, false},
		{KB_BZ_SHORT, true},
		{KB_ARM64_PAGES, true},
		{KB_UNPACK, true},
		{KB_UKI_KHO, true},
		{KB_PLACE_KERNEL, true},
		{KB_KERNEL_EXPECTS, true},
		{KB_KERNEL_NO_KHO, true},
		{KB_PAGE_SIZE, true},
		{KB_LOW_PRESERVED, false},
		{KB_MEM_LOST, true},
		{KB_KERNEL_LUO, true},
		{KB_BRIDGE_ROOM, true},
		{KB_NO_KERNEL, true},
		{KB_CPU_GRANULE, true},
	};
	struct stage s = two_kernels();
	struct kho k;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		if (stage_can_fall_back(&s, t[i].st) != t[i].tried)
			fail_msg("KB-%03d", (int)t[i].st);
	/* What the bridge made of proven data was not sound: the data still are. */
	s.kho = &k;
	assert_true(stage_can_fall_back(&s, KB_KHO_BLOCK_SCRATCH));
	assert_false(stage_can_fall_back(&s, KB_OK));
}

static void a_second_kernel_is_tried_once_and_if_wanted(void **state)
{
	static const enum kb_on_error others[] = {KB_ON_ERROR_HALT, KB_ON_ERROR_DISCARD,
						  KB_ON_ERROR_RESET};
	struct stage s = two_kernels();
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		s.options.on_error = others[i];
		assert_false(stage_can_fall_back(&s, KB_BZ_SHORT));
		assert_int_equal(stage_policy_after_reset(&s), others[i]);
	}
	s.options.on_error = KB_ON_ERROR_FALLBACK;
	assert_true(stage_can_fall_back(&s, KB_BZ_SHORT));
	assert_int_equal(stage_policy_after_reset(&s), KB_ON_ERROR_HALT);
	stage_fall_back(&s, KB_BZ_SHORT);
	assert_false(stage_can_fall_back(&s, KB_BZ_SHORT));
	s = two_kernels();
	s.uki.back = part(NULL, 0);
	assert_false(stage_can_fall_back(&s, KB_BZ_SHORT));
}

static void the_second_kernel_takes_the_place_of_the_first(void **state)
{
	struct stage s = two_kernels();
	const struct uki_part second = s.uki.back, section = s.uki.khoback;
	struct bridge bridge;
	struct kho k;
	(void)state;

	s.kho = &k;
	s.bridge = &bridge;
	s.options.via = KB_VIA_FIRMWARE;
	s.mem.diag = (struct kb_diag){KB_MEM_LOST, 1, 2};
	stage_fall_back(&s, KB_KERNEL_EXPECTS);
	assert_memory_equal(&s.uki.kernel, &second, sizeof(second));
	assert_memory_equal(&s.uki.kho, &section, sizeof(section));
	assert_int_equal(s.uki.uname.size, 5);
	assert_memory_equal(s.uki.uname.data, "7.3.4", 5);
	assert_true(s.has_kho);
	assert_null(s.kho);
	assert_null(s.bridge);
	assert_int_equal(s.mem.diag.status, KB_OK);
	assert_int_equal(s.options.via, KB_VIA_DIRECT);
	assert_true(was_said("fallback: KB-330 refuses 7.1.13, the second kernel of the image is "
			     "tried: 7.3.4\n"));
}

/* The comparison with the data refuses such a section, and does so by its own code. */
static void a_second_kernel_that_says_nothing_is_no_surprise(void **state)
{
	struct stage s = two_kernels();
	(void)state;

	s.uki.khoback = text_part("nonsense");
	stage_fall_back(&s, KB_PLACE_KERNEL);
	assert_null(s.uki.uname.data);
	assert_true(was_said("tried: ?\n"));
	s = two_kernels();
	s.uki.uname = s.uki.khoback = part(NULL, 0);
	stage_fall_back(&s, KB_PLACE_KERNEL);
	assert_null(s.uki.kho.data);
	assert_true(was_said("KB-320 refuses ?,"));
}

/* What was discarded must never be restored by a later boot. */
static void discarded_data_take_their_record_along(void **state)
{
	const struct kb_record_shape shape = {.cmdline = 1};
	const uint8_t nonce[KB_NONCE_SIZE] = {9};
	struct kb_record *rec = calloc(1, record_size(&shape));
	struct stage s = {.has_kho = true, .record = rec};
	(void)state;

	record_layout(rec, &shape, nonce);
	record_seal(rec);
	stage_discard_kho(&s);
	assert_int_equal(rec->state, KB_RECORD_TAKEN);
	free(rec);
}

/* With kexec_load(2) nothing is handed over, and nothing else says so. */
static void nothing_is_missed_in_silence(void **state)
{
	static const char *const on[] = {"quiet kho=on", "liveupdate=1", "kho=off kho=y"};
	static const char *const off[] = {"quiet", "kho=on kho=off", "kho=0 liveupdate=no",
					  "x.kho=on", "kho_scratch=200%"};
	struct stage s = {.has_kho = false};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(on); i++) {
		said[0] = 0;
		strcpy(s.cmdline, on[i]);
		stage_report_nothing(&s);
		assert_true(was_said("nothing handed over by the outgoing kernel\n"));
		assert_true(was_said("kho: KB-384 the next kernel is told"));
		assert_true(was_said(kb_cause(KB_NOTHING_GIVEN)));
		assert_true(was_said("kho: KB-384 remedy: load with khoctl switch or kexec -s"));
	}
	for (size_t i = 0; i < ARRAY_SIZE(off); i++) {
		said[0] = 0;
		strcpy(s.cmdline, off[i]);
		stage_report_nothing(&s);
		assert_true(was_said("nothing handed over by the outgoing kernel\n"));
		assert_false(was_said("KB-384"));
	}
}

/* ---- what can be said of memory -------------------------------------------------------------- */

static void the_truth_is_said_about_memory(void **state)
{
	struct stage s = {.has_kho = true};
	(void)state;

	assert_string_equal(stage_memory_words(STAGE_MEMORY_UNTOUCHED),
			    "memory is as the outgoing kernel left it");
	assert_int_equal(stage_memory_written(&s), STAGE_MEMORY_KEPT);
	assert_non_null(strstr(stage_memory_words(STAGE_MEMORY_KEPT), "preserved memory is as"));
	stage_discard_kho(&s);
	assert_int_equal(stage_memory_written(&s), STAGE_MEMORY_GIVEN_UP);
	assert_non_null(strstr(stage_memory_words(STAGE_MEMORY_GIVEN_UP), "given up"));
	assert_non_null(strstr(stage_memory_words(STAGE_MEMORY_ENTERED), "had been entered"));
	s = (struct stage){0};
	assert_int_equal(stage_memory_written(&s), STAGE_MEMORY_NONE);
	assert_string_equal(stage_memory_words(STAGE_MEMORY_NONE), "no memory was handed over");
}

/*
 * Only data that cannot be a handover's are ignored: root FDT outside RAM, and we outside scratch,
 * as far as its array says. In every other case the data stay, and the boot is refused.
 */
static void no_handover_is_taken_for_a_crash(void **state)
{
	const struct range above = {64 * SZ_1M, 32 * SZ_1M}, within = {130 * SZ_1M, SZ_1M};
	const struct range last_byte = {192 * SZ_1M - 1, SZ_1M}, after = {192 * SZ_1M, SZ_1M};
	const phys_t outside = phys(1ULL << 45);
	struct boot_case *c = new_case();
	struct kho_handover h;
	(void)state;

	gather(c);
	h = c->img.h;
	c->s.handover = h;
	c->s.has_kho = false;
	ok(stage_check_crash(&c->s, within));
	c->s.has_kho = true;
	assert_int_equal(stage_check_crash(&c->s, above), KB_KERNEL_DUMP);
	assert_true(was_said("crash: KB-339 "));
	c->s.handover.fdt = outside;
	ok(stage_check_crash(&c->s, above));
	ok(stage_check_crash(&c->s, after));
	assert_int_equal(stage_check_crash(&c->s, within), KB_KERNEL_DUMP);
	assert_int_equal(stage_check_crash(&c->s, last_byte), KB_KERNEL_DUMP);
	c->s.handover.fdt_size = UINT64_MAX;
	assert_int_equal(stage_check_crash(&c->s, above), KB_KERNEL_DUMP);
	c->s.handover.fdt_size = 0;
	assert_int_equal(stage_check_crash(&c->s, above), KB_KERNEL_DUMP);
	c->s.handover.fdt_size = h.fdt_size;
	c->s.handover.scratch = outside;
	assert_int_equal(stage_check_crash(&c->s, above), KB_KERNEL_DUMP);
	c->s.handover.scratch = h.scratch;
	c->s.handover.scratch_size = 8;
	assert_int_equal(stage_check_crash(&c->s, above), KB_KERNEL_DUMP);
	assert_true(c->s.has_kho);
	free_case(c);
}

/* The other way to ask: is any byte that the node names RAM, page for page? */
static bool has_ram(const struct range_list *ram, uint64_t base, uint64_t size)
{
	for (uint64_t at = base; at - base < size; at = align_down(at, SZ_4K) + SZ_4K)
		for (size_t i = 0; i < ram->count; i++)
			if (at - ram->r[i].base < ram->r[i].size)
				return true;
	return false;
}

static bool meets_area(const struct kho_image *img, struct range r)
{
	for (unsigned int i = 0; i < img->areas; i++)
		if (r.base < range_end(img->area[i]) && img->area[i].base < range_end(r))
			return true;
	return false;
}

/* A map that leaves out some of the memory round the FDT, the array and elsewhere. */
static void forge_map(const struct kho_image *img, uint64_t *random, struct range_list *ram)
{
	const uint64_t near[] = {img->h.fdt.addr, img->h.scratch.addr, SZ_1M, 7 * SZ_1G};

	ram->count = 0;
	for (size_t i = 0; i < img->mem.ram.count; i++)
		ok(range_list_add(ram, img->mem.ram.r[i]));
	for (uint64_t n = random_below(random, 4); n; n--) {
		uint64_t base = near[random_below(random, ARRAY_SIZE(near))];
		uint64_t pages = 1 + random_below(random, 4);

		base += random_below(random, 5) * SZ_4K;
		base -= 2 * SZ_4K;
		ok(range_list_subtract(ram, (struct range){base, pages * SZ_4K}));
	}
}

/* The kernel's own node, or one with other numbers. */
static void forge_node(uint64_t *random, struct kho_handover *h)
{
	if (!random_below(random, 3))
		h->fdt.addr += 1024 * (random_below(random, 17) - 8);
	if (!random_below(random, 8))
		h->fdt_size = random_below(random, 3 * SZ_4K);
	if (!random_below(random, 16))
		h->fdt.addr = UINT64_MAX - random_below(random, 2 * SZ_4K);
	if (!random_below(random, 16))
		h->scratch_size += random_below(random, 17);
}

/* Anywhere, but often where the areas end. */
static struct range forge_segment(const struct kho_image *img, uint64_t *random)
{
	struct range area = img->area[random_below(random, img->areas)], r;

	r.size = (1 + random_below(random, 16)) * SZ_1M;
	r.base = random_below(random, 12 * SZ_1G / SZ_4K) * SZ_4K;
	if (!random_below(random, 2))
		r.base = (random_below(random, 2) ? area.base - r.size : range_end(area)) +
			 (random_below(random, 3) - 1) * SZ_4K;
	return r;
}

/*
 * Whatever map and numbers A or somebody else made up, beside words that are those of a crash: data
 * that could be opened are never ignored, nor is a node that names RAM or scratch that we are in.
 */
static void no_data_that_open_are_ignored(void **state)
{
	struct boot_case *c = new_case();
	unsigned int opened = 0, ignored = 0;
	uint64_t random = 339;
	struct range room[32];
	(void)state;

	gather(c);
	for (int i = 0; i < 4000; i++) {
		struct range_list was = c->img.mem.ram, ram = {room, 0, ARRAY_SIZE(room)};
		struct kho_handover h = c->img.h;
		struct range segment = forge_segment(&c->img, &random);
		bool crash, opens;

		forge_map(&c->img, &random, &ram);
		forge_node(&random, &c->img.h);
		c->img.mem.ram = ram;
		c->s.mem = c->img.mem;
		c->s.handover = c->img.h;
		said[0] = '\0';
		crash = !stage_check_crash(&c->s, segment);
		opens = !kho_image_open(&c->img);
		assert_false(crash && opens);
		assert_false(crash && has_ram(&ram, c->img.h.fdt.addr, c->img.h.fdt_size));
		assert_false(crash && meets_area(&c->img, segment));
		assert_true(c->s.has_kho);
		opened += opens;
		ignored += crash;
		c->img.mem.ram = was;
		c->img.h = h;
	}
	/* Both happen, so the test says something. */
	assert_in_range(opened, 400, 3600);
	assert_in_range(ignored, 100, 3600);
	free_case(c);
}

static void a_crash_kernel_ignores_data_and_says_so(void **state)
{
	struct stage s = {.crash = true, .has_kho = true};
	(void)state;

	stage_ignore_kho(&s);
	assert_false(s.has_kho);
	assert_true(was_said("crash kernel: the KHO data of the crashed kernel are ignored"));
	said[0] = '\0';
	stage_ignore_kho(&s);
	assert_string_equal(said, "");
}

/* ---- initrd ---------------------------------------------------------------------------------- */

static const uint8_t ucode[5] = "ucode", own[6] = "own...", given[7] = "given..";

static struct range as_range(const void *p, uint64_t size)
{
	return (struct range){(uintptr_t)p, size};
}

static void one_initrd_stays_where_it_is(void **state)
{
	struct range outside = as_range(given, sizeof(given));
	struct stage s = {0};
	(void)state;

	stage_take_initrd(&s, (struct range){0, 0}, STAGE_OUTSIDE_TAKEN);
	assert_int_equal(s.initrd.size, 0);
	stage_take_initrd(&s, outside, STAGE_OUTSIDE_TAKEN);
	assert_int_equal(s.initrd.base, outside.base);
	assert_true(s.initrds.outside);
	s.uki.initrd = part(own, sizeof(own));
	stage_take_initrd(&s, (struct range){0, 0}, STAGE_OUTSIDE_TAKEN);
	assert_int_equal(s.initrd.base, (uintptr_t)own);
	assert_int_equal(s.initrd.size, sizeof(own));
	assert_false(s.initrds.outside);
	/* An empty section is no initrd. */
	s.uki.initrd = part(own, 0);
	stage_take_initrd(&s, (struct range){0, 0}, STAGE_OUTSIDE_TAKEN);
	assert_int_equal(s.initrds.count, 0);
	assert_string_equal(said, "");
}

/* .ucode, the one from outside, .initrd; each but the first at a multiple of 4, none is lost. */
static void several_initrds_are_joined_in_order(void **state)
{
	static const char want[] = "ucode\0\0\0given..\0own...";
	struct stage s = {0};
	char *to;
	(void)state;

	s.uki.ucode = part(ucode, sizeof(ucode));
	s.uki.initrd = part(own, sizeof(own));
	stage_take_initrd(&s, as_range(given, sizeof(given)), STAGE_OUTSIDE_TAKEN);
	assert_int_equal(s.initrds.count, 3);
	assert_int_equal(s.initrd.size, 0);
	assert_int_equal(stage_initrd_size(&s), sizeof(want) - 1);
	to = aligned_alloc(4, sizeof(want) - 1 + 2);
	memset(to, 'x', sizeof(want) - 1);
	stage_join_initrds(&s, to);
	assert_memory_equal(to, want, sizeof(want) - 1);
	assert_int_equal(s.initrd.base, (uintptr_t)to);
	assert_int_equal(s.initrd.size, sizeof(want) - 1);
	free(to);
}

static void an_unsigned_initrd_is_dropped_when_locked(void **state)
{
	struct range outside = as_range(given, sizeof(given));
	struct stage s = {0};
	(void)state;

	stage_take_initrd(&s, outside, STAGE_OUTSIDE_LOCKED);
	assert_int_equal(s.initrds.count, 0);
	assert_int_equal(s.initrd.size, 0);
	assert_false(s.initrds.outside);
	assert_true(was_said("(7 bytes) is dropped: Secure Boot or lockdown is on"));
	s.uki.initrd = part(own, sizeof(own));
	stage_take_initrd(&s, outside, STAGE_OUTSIDE_LOCKED);
	assert_int_equal(s.initrd.base, (uintptr_t)own);
}

static void a_crash_kernel_gets_kexecs_initrd_alone(void **state)
{
	struct stage s = {0};
	(void)state;

	s.uki.ucode = part(ucode, sizeof(ucode));
	s.uki.initrd = part(own, sizeof(own));
	stage_take_initrd(&s, as_range(given, sizeof(given)), STAGE_OUTSIDE_ALONE);
	assert_int_equal(s.initrds.count, 1);
	assert_int_equal(s.initrd.base, (uintptr_t)given);
	/* Without one of its own it is better to have the image's. */
	stage_take_initrd(&s, (struct range){0, 0}, STAGE_OUTSIDE_ALONE);
	assert_int_equal(s.initrds.count, 2);
}

static void joined_initrds_get_a_place(void **state)
{
	struct boot_case *c = new_case();
	(void)state;

	c->s.uki.ucode = part(ucode, sizeof(ucode));
	c->s.uki.initrd = part(own, sizeof(own));
	gather(c);
	stage_take_initrd(&c->s, (struct range){0, 0}, STAGE_OUTSIDE_TAKEN);
	ok(stage_place(&c->s));
	ok(stage_place_initrd(&c->s));
	assert_int_equal(c->s.boot.initrd.base, c->s.initrd.base);
	assert_true(range_list_contains(&c->s.kho->scratch, range_pages(c->s.initrd)));
	assert_false(ranges_overlap(c->s.initrd, c->s.place.window));
	assert_false(ranges_overlap(c->s.initrd, c->s.place.block));
	ok(stage_check_placement(&c->s, NULL, 0));
	c->s.initrds.part[0].size = 1ULL << 40;
	assert_int_equal(stage_place_initrd(&c->s), KB_PLACE_INITRD);
	/* Then the image's own is used, and said. */
	stage_keep_one_initrd(&c->s);
	ok(stage_place_initrd(&c->s));
	assert_int_equal(c->s.initrd.base, (uintptr_t)own);
	assert_int_equal(stage_initrd_size(&c->s), sizeof(own));
	stage_describe_boot(&c->s);
	assert_int_equal(c->s.boot.initrd.size, sizeof(own));
	assert_true(was_said("initrd: KB-324 "));
	free_case(c);
}

/* ---- places ---------------------------------------------------------------------------------- */

static void places_are_in_scratch_and_free_of_preserved_memory(void **state)
{
	struct boot_case *c = new_case();
	(void)state;

	gather(c);
	ok(stage_place(&c->s));
	assert_true(range_list_contains(&c->s.kho->scratch, c->s.place.window));
	assert_true(range_list_contains(&c->s.kho->scratch, c->s.place.block));
	assert_false(ranges_overlap(c->s.place.window, c->s.place.block));
	assert_int_equal(c->s.boot.kho == &c->s.handover, true);
	ok(stage_check_placement(&c->s, NULL, 0));
	stage_report_scratch(&c->s, 4096);
	assert_true(was_said("plan: scratch has "));
	free_case(c);
}

static void what_was_wanted_is_said_when_there_is_no_room(void **state)
{
	struct boot_case *c = new_case();
	(void)state;

	gather(c);
	c->s.kernel.window_size = 1ULL << 40;
	assert_int_equal(stage_place(&c->s), KB_PLACE_KERNEL);
	assert_true(was_said("plan: wanted: 1099511627776 bytes for the kernel"));
	free_case(c);
}

/*
 * Every range that is in use until the kernel runs, put on preserved memory in turn:
 *
 *	 window  block  initrd  tables  also[0]  also[1]
 *	   P       P      P       P       P        P
 */
static void nothing_in_use_may_lie_on_preserved_memory(void **state)
{
	struct boot_case *c = new_case();
	struct range preserved, also[2], good;
	(void)state;

	preserved = (struct range){kho_image_alloc(&c->img, SZ_4K, SZ_4K), SZ_4K};
	kho_image_preserve(&c->img, preserved.base, 0);
	gather(c);
	ok(stage_place(&c->s));
	good = c->s.place.block;
	for (unsigned int i = 0; i < 7; i++) {
		struct range at[6] = {c->s.place.window, good, good, good, good, good};

		if (i < 6)
			at[i] = preserved;
		c->s.place.window = at[0];
		c->s.place.block = at[1];
		c->s.initrd = at[2];
		c->s.tables = (struct pagetable){.pool_addr = at[3].base, .pages = 1};
		also[0] = at[4];
		also[1] = at[5];
		assert_int_equal(stage_check_placement(&c->s, also, 2),
				 i < 6 ? KB_PLACE_OVERLAP : KB_OK);
		c->s.place.window = good;
	}
	assert_true(was_said("plan: KB-322 "));
	/* Without KHO there is nothing to lose. */
	c->s.kho = NULL;
	c->s.initrd = preserved;
	ok(stage_check_placement(&c->s, also, 2));
	free_case(c);
}

static void without_kho_none_is_described(void **state)
{
	struct stage s = {.cmdline = "quiet", .initrd = {0x1000, 2}};
	(void)state;

	stage_describe_boot(&s);
	assert_null(s.boot.kho);
	assert_null(s.boot.scratch);
	assert_string_equal(s.boot.cmdline, "quiet");
	assert_int_equal(s.boot.initrd.size, 2);
	assert_int_equal(s.boot.log_max, STAGE_LOG_SIZE);
	assert_ptr_equal(s.boot.kernel, &s.kernel);
}

/* ---- the plan and its second try ------------------------------------------------------------- */

static unsigned int attempts, fail_until;
static bool had_kho[4];

static enum kb_status attempt(struct stage *s)
{
	had_kho[attempts++] = s->has_kho;
	return attempts <= fail_until ? KB_PLACE_KERNEL : KB_OK;
}

/* failing attempts, handed over, on_error -> result, attempts */
static void a_plan_is_tried_again_without_kho(void **state)
{
	static const struct {
		unsigned int failing;
		bool handed;
		enum kb_on_error on_error;
		enum kb_status st;
		unsigned int attempts;
	} t[] = {
		{0, true, KB_ON_ERROR_DISCARD, KB_OK, 1},
		{1, true, KB_ON_ERROR_DISCARD, KB_OK, 2},
		{2, true, KB_ON_ERROR_DISCARD, KB_PLACE_KERNEL, 2},
		{1, true, KB_ON_ERROR_HALT, KB_PLACE_KERNEL, 1},
		{1, true, KB_ON_ERROR_RESET, KB_PLACE_KERNEL, 1},
		{1, true, KB_ON_ERROR_FALLBACK, KB_PLACE_KERNEL, 1},
		{1, false, KB_ON_ERROR_DISCARD, KB_PLACE_KERNEL, 1},
		{0, false, KB_ON_ERROR_HALT, KB_OK, 1},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct stage s = {.has_kho = t[i].handed};

		s.options.on_error = t[i].on_error;
		attempts = 0;
		fail_until = t[i].failing;
		assert_int_equal(stage_plan(&s, attempt), t[i].st);
		assert_int_equal(attempts, t[i].attempts);
		assert_int_equal(had_kho[0], t[i].handed);
		assert_int_equal(s.has_kho, t[i].handed && attempts == 1);
		if (attempts == 2)
			assert_false(had_kho[1]);
	}
}

/* ---- writing --------------------------------------------------------------------------------- */

static void kernel_and_block_are_written_where_they_were_planned(void **state)
{
	struct boot_case *c = new_case();
	uint8_t *window = aligned_alloc(SZ_4K, 6 * SZ_1M), *block;
	(void)state;

	memset(c->file, 0xc3, sizeof(c->file));
	strcpy(c->s.cmdline, "console=ttyS0");
	gather(c);
	ok(stage_place(&c->s));
	block = aligned_alloc(SZ_4K, c->s.place.block.size);
	/* Memory of this process stands for the places. */
	c->s.place.window.base = (uintptr_t)window;
	c->s.place.block.base = (uintptr_t)block;
	assert_ptr_equal(stage_block(&c->s), block);
	ok(stage_write(&c->s));
	assert_memory_equal(window, c->file + 0x1000, 0x1000);
	assert_string_equal((char *)block + c->s.layout.cmdline, "console=ttyS0");
	free(block);
	free(window);
	free_case(c);
}

#define test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(sound_data_are_opened_and_not_yet_taken),
		test(another_version_is_refused_and_said),
		test(a_command_line_that_loses_data_is_refused),
		test(data_are_given_up_only_when_told_to),
		test(discarded_data_take_their_record_along),
		test(nothing_is_missed_in_silence),
		test(a_kernel_is_replaced_and_unsound_data_are_not),
		test(a_second_kernel_is_tried_once_and_if_wanted),
		test(the_second_kernel_takes_the_place_of_the_first),
		test(a_second_kernel_that_says_nothing_is_no_surprise),
		test(the_truth_is_said_about_memory),
		test(no_handover_is_taken_for_a_crash),
		test(no_data_that_open_are_ignored),
		test(a_crash_kernel_ignores_data_and_says_so),
		test(one_initrd_stays_where_it_is),
		test(several_initrds_are_joined_in_order),
		test(an_unsigned_initrd_is_dropped_when_locked),
		test(a_crash_kernel_gets_kexecs_initrd_alone),
		test(joined_initrds_get_a_place),
		test(places_are_in_scratch_and_free_of_preserved_memory),
		test(what_was_wanted_is_said_when_there_is_no_room),
		test(nothing_in_use_may_lie_on_preserved_memory),
		test(without_kho_none_is_described),
		test(a_plan_is_tried_again_without_kho),
		test(kernel_and_block_are_written_where_they_were_planned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
