/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware route on made-up machines: what the bare-metal door decides before the reset, and
 * what then becomes of it in the UEFI door. For both architectures: each includes this once, after
 * a function make_kernel().
 *
 *	machine -> zone -> room -> evacuation -> record        before the reset: a verdict
 *	        -> firmware takes what it likes of the zone
 *	        -> claim -> firmware allocates -> room is taken  after it: must agree
 */
#ifndef TESTS_REHEARSE_H
#define TESTS_REHEARSE_H

#include "kho_test.h"

#include <arch/const.h>
#include <format/efi_map.h>
#include <route/route.h>
#include <route/zone.h>
#include <stage/stage.h>

#include <stdlib.h>

#define LIST     32768
#define ok(call) assert_int_equal(call, KB_OK)

struct machine {
	uint64_t random;
	struct kho_image img;
	struct stage s;
	struct range zone_store[KB_ZONE_MAX + 8];
	struct range_list zone;
	struct range segment; /* khoboot, before the reset */
	struct stage_wants wants;
	struct stage_room room;
	struct route r;
	struct kho_work work;
	struct kb_record *rec;
	struct kb_record_facts facts;
	bool dense;
	struct range kept; /* ACPI's memory: firmware has it again, and a kernel sees RAM */
};

static struct range_list new_list(void)
{
	return (struct range_list){malloc(LIST * sizeof(struct range)), 0, LIST};
}

/* ---- a machine ------------------------------------------------------------------------------- */

/* Where the memory of a second socket begins on Kunpeng 920. */
#define SECOND 0x202000000000

static uint64_t pick(struct machine *m, uint64_t below)
{
	return random_below(&m->random, below);
}

static void pick_scratch(struct machine *m)
{
	kho_image_pick_scratch(&m->img, &m->random, 128);
	/* Linux has one for each node. */
	if (m->img.mem.ram.count > 3 && pick(m, 4))
		m->img.area[m->img.areas++] = (struct range){SECOND + SZ_1G, 128 * SZ_1M};
}

static bool in_scratch(const struct machine *m, struct range r)
{
	for (unsigned int i = 0; i < m->img.areas; i++)
		if (ranges_overlap(m->img.area[i], r))
			return true;
	return ranges_overlap((struct range){KHO_IMAGE_BASE, m->img.size}, r);
}

/* Outside scratch; nothing is preserved there. */
static void pick_kept(struct machine *m)
{
	struct range r = {SZ_1M + pick(m, 2000) * SZ_1M, (1 + pick(m, 4)) * SZ_1M};

	if (in_scratch(m, r) || pick(m, 2))
		return;
	m->kept = r;
	m->s.kept = (struct range_list){&m->kept, 1, 1};
}

/* Preserve up to 120 ranges: rows of pages, and blocks. */
static void preserve(struct machine *m)
{
	unsigned int n = (unsigned int)pick(m, 120);
	uint64_t longest = 1 + pick(m, 1000);

	for (unsigned int i = 0; i < n; i++) {
		uint64_t at = SZ_1M + pick(m, 3 * SZ_1G - 8 * SZ_1M);
		struct range r = {align_down(at, m->img.page), (1 + pick(m, longest)) * SZ_4K};

		if (m->img.mem.ram.count > 3 && !pick(m, 3))
			r.base += SECOND;
		else if (pick(m, 2))
			r.base += SZ_4G + pick(m, 16) * SZ_1G;
		r.size = align_up(r.size, m->img.page);
		if (r.base >= SZ_4G || range_end(r) <= 3 * SZ_1G)
			if (r.base >= SZ_1M && !in_scratch(m, r) && !ranges_overlap(r, m->kept))
				kho_image_preserve_range(&m->img, r);
	}
}

/* A page of each @step bytes, or all of it. */
static void preserve_piece(struct machine *m, struct range r, uint64_t step)
{
	uint64_t end = align_down(range_end(r), m->img.page);

	r.base = align_up(r.base, m->img.page);
	if (r.base >= SZ_4G && r.base < end)
		kho_image_preserve_range(&m->img, (struct range){r.base, end - r.base});
	for (; r.base < SZ_4G && r.base < end; r.base += step)
		kho_image_preserve(&m->img, r.base, 0);
}

/*
 * So dense that 2 MiB are nowhere free: above 4 GiB everything, below it a page in each row of up
 * to 2 MiB. What is free lies between preserved pages, or nothing is.
 */
static void preserve_densely(struct machine *m)
{
	uint64_t step = (8 + pick(m, pick(m, 2) ? 100 : 504)) * m->img.page;
	struct range_list l = new_list();
	uint64_t at;

	step = min_u64(step, SZ_2M);
	ok(range_list_copy(&m->img.mem.ram, &l));
	ok(range_list_subtract(&l, (struct range){0, SZ_1M}));
	ok(range_list_subtract(&l, (struct range){KHO_IMAGE_BASE, m->img.size}));
	ok(range_list_subtract(&l, m->kept));
	for (unsigned int i = 0; i < m->img.areas; i++)
		ok(range_list_subtract(&l, m->img.area[i]));
	for (size_t i = 0; i < l.count; i++)
		preserve_piece(m, l.r[i], step);
	free(l.r);
	/* The map takes the pages in between, but not all of them. */
	at = KHO_IMAGE_BASE + align_down(m->img.used, m->img.page) + 40 * m->img.page;
	kho_image_preserve_range(&m->img, (struct range){at, KHO_IMAGE_BASE + m->img.size - at});
}

/* The built-in zone, or one that some firmware might have. */
static void pick_zone(struct machine *m)
{
	uint64_t bytes = (1 + pick(m, 8) * pick(m, 100)) * SZ_1M;

	m->zone = (struct range_list){m->zone_store, 0, ARRAY_SIZE(m->zone_store)};
	ok(zone_builtin(ARCH_RECORD, &m->s.mem.ram, &m->zone));
	for (uint64_t n = pick(m, 2) ? 0 : 1 + pick(m, 6); n; n--) {
		uint64_t at = pick(m, 2) ? pick(m, 3 * SZ_1G) : SZ_4G + pick(m, SZ_4G);

		m->zone.count *= n > 1; /* learned: not the built-in one */
		ok(range_list_add(&m->zone, (struct range){align_down(at, SZ_4K),
							   (1 + pick(m, 30000)) * SZ_4K}));
		range_list_sort(&m->zone);
	}
	ok(zone_grow(ARCH_RECORD, &m->s.mem.ram, &m->zone, pick(m, 3) ? 0 : 3 * bytes));
	zone_align(&m->zone, m->img.page);
}

static struct kho_kind pick_kind(struct machine *m)
{
	struct kho_kind k = kinds[pick(m, ARRAY_SIZE(kinds))];

	if (ARCH_RECORD == KB_RECORD_X86_64)
		k.page_shift = 12;
	return k;
}

static struct machine *new_machine(uint64_t seed)
{
	struct machine *m = calloc(1, sizeof(*m));
	static const uint8_t initrd, nonce[KB_NONCE_SIZE];
	struct kho_kind kind;

	m->random = seed;
	kind = pick_kind(m);
	kho_image_init(&m->img, kind.format, kind.page_shift);
	m->img.hint = hint_of(kind.format);
	m->img.ram[2].size = (20 + pick(m, 28)) * SZ_1G;
	if (!pick(m, 4))
		m->img.ram[m->img.mem.ram.count++] = (struct range){SECOND, 16 * SZ_1G};
	pick_scratch(m);
	pick_kept(m);
	m->segment = m->img.area[pick(m, m->img.areas)];
	m->segment.size = min_u64(m->segment.size, (1 + pick(m, 8)) * SZ_2M);
	m->dense = !pick(m, 16);
	if (m->dense)
		preserve_densely(m);
	else
		preserve(m);
	kho_image_finish(&m->img);
	ok(kho_image_open(&m->img));
	m->s.mem = m->img.mem;
	m->s.kho = m->img.kho;
	m->s.has_kho = true;
	m->s.free = new_list();
	m->s.handover = m->img.h;
	strcpy(m->s.cmdline, "quiet");
	make_kernel(&m->s.kernel, (1 + pick(m, 64)) * SZ_2M + pick(m, 2) * SZ_4K);
	if (pick(m, 3))
		m->s.uki.initrd =
			(struct uki_part){.data = &initrd, .size = 1 + pick(m, 128 * SZ_1M)};
	stage_take_initrd(&m->s, (struct range){0, 0}, STAGE_OUTSIDE_TAKEN);
	pick_zone(m);
	m->r = (struct route){.zone = &m->zone, .cmdline = m->s.cmdline, .nonce = nonce};
	return m;
}

static void free_machine(struct machine *m)
{
	free(m->rec);
	free(m->s.free.r);
	free(m->work.base);
	kho_image_free(&m->img);
	free(m);
}

static void subtract_all(struct range_list *l, const struct range_list *cut)
{
	for (size_t i = 0; i < cut->count; i++)
		ok(range_list_subtract(l, cut->r[i]));
}

/* ---- before the reset ------------------------------------------------------------------------ */

static enum kb_status keep_room(struct machine *m)
{
	struct range_list work = new_list();
	enum kb_status st;

	stage_describe_boot(&m->s);
	ok(stage_want_room(&m->s, &m->zone, &m->wants));
	st = stage_keep_room(&m->s, &m->zone, &work, &m->room);
	free(work.r);
	return st;
}

/* As seal() in bare/route.c. Without @spare nothing is kept: that is how it was once. */
static enum kb_status evacuate(struct machine *m, bool spare)
{
	static const struct stage_room nothing;
	struct range_list busy = {&m->segment, 1, 1};
	enum kb_status st;

	ok(stage_list_spare(&m->s, &busy, &m->zone, spare ? &m->room : &nothing));
	m->work.size = evacuate_work_size(&m->zone);
	m->work.base = malloc(m->work.size + 8);
	st = route_plan(&m->s.mem, m->s.kho, &m->s.free, m->work, &m->r);
	if (!st) {
		m->rec = aligned_alloc(SZ_4K, m->r.record.size);
		st = route_place(&m->s.mem, m->s.kho, &m->s.free, &m->r, m->rec);
	}
	if (st == KB_EVAC_ROOM && m->img.page == SZ_4K)
		assert_true(m->r.evacuation.bytes > range_list_bytes(&m->s.free));
	return st;
}

static enum kb_status verdict(struct machine *m)
{
	enum kb_status st = keep_room(m);

	if (!st)
		st = evacuate(m, true);
	if (st)
		return st;
	m->rec->facts.room = m->room.kept;
	m->rec->facts.arch = ARCH_RECORD;
	m->rec->facts.page_size = (uint32_t)m->img.page;
	m->rec->facts.tile_shift = 12;
	m->rec->facts.log = KB_INFO;
	m->rec->facts.fdt = m->s.kho->root.fdt.base;
	record_shrink(m->rec, UINT64_MAX, 0);
	record_seal(m->rec);
	record_publish(m->rec);
	return KB_OK;
}

/* ---- after it -------------------------------------------------------------------------------- */

struct after {
	struct range_list conventional, claimed, left, homes;
};

static void add_descriptors(uint8_t *map, size_t *n, const struct range_list *l, uint32_t type)
{
	for (size_t i = 0; i < l->count; i++) {
		struct efi_descriptor d = {.type = type,
					   .phys = l->r[i].base,
					   .pages = l->r[i].size / SZ_4K};

		memcpy(map + *n * sizeof(d), &d, sizeof(d));
		++*n;
	}
}

/* Firmware starts, with some memory of the zone in use; all @eager or none at all, or something. */
static void start_firmware(struct machine *m, unsigned int eager, struct after *a)
{
	ok(range_list_copy(&m->s.mem.ram, &a->conventional));
	ok(range_list_subtract(&a->conventional, m->kept));
	for (size_t i = 0; i < m->zone.count; i++) {
		struct range taken = m->zone.r[i];
		uint64_t pages = taken.size / SZ_4K, from = pick(m, pages);

		if (eager == 1)
			continue;
		if (eager > 1)
			taken = (struct range){taken.base + from * SZ_4K,
					       (1 + pick(m, pages - from)) * SZ_4K};
		ok(range_list_subtract(&a->conventional, taken));
	}
	range_list_sort(&a->conventional);
}

/* The inverse claim, by the code of the UEFI door. */
static void claim(struct machine *m, struct after *a)
{
	struct range_list keep = new_list(), ours = new_list();
	uint8_t *bytes = malloc(LIST * sizeof(struct efi_descriptor));
	struct efi_map map = {bytes, 0, sizeof(struct efi_descriptor)};
	size_t n = 0;

	add_descriptors(bytes, &n, &a->conventional, EFI_CONVENTIONAL);
	map.size = n * map.desc_size;
	ok(range_list_copy(&m->s.kho->scratch, &keep));
	/* The record is elsewhere in memory than where the plan has it. */
	ok(route_keep(m->rec, &ours));
	ok(range_list_subtract(&ours, (struct range){(uintptr_t)m->rec, m->rec->size}));
	ok(range_list_add(&ours, m->r.record));
	range_list_sort(&ours);
	subtract_all(&keep, &ours);
	ok(efi_map_claims(&map, ARCH_LOW_MEMORY, &keep, &a->claimed));
	range_list_sort(&a->claimed);
	ok(range_list_copy(&a->conventional, &a->left));
	subtract_all(&a->left, &a->claimed);
	free(bytes);
	free(keep.r);
	free(ours.r);
}

/* Firmware allocates from the top, in pieces of any size, all that was wanted for it. */
static void allocate(struct machine *m, struct after *a)
{
	uint64_t left = m->wants.firmware;
	struct range got;

	while (left) {
		uint64_t n = pick(m, 3) ? SZ_4K * (1 + pick(m, 64)) : align_up_page(left / 2);

		n = min_u64(n, left);
		ok(range_list_find(&a->left, (struct range){SZ_1M, UINT64_MAX - SZ_1M}, n, SZ_4K,
				   true, &got));
		ok(range_list_subtract(&a->left, got));
		left -= n;
	}
}

static void is_apart(const struct machine *m, struct range r, const struct after *a)
{
	struct kb_moves moves = route_moves(m->rec);

	assert_true(range_list_contains(&m->s.kho->scratch, r));
	assert_true(range_list_contains(&a->claimed, r)); /* so firmware has none of it */
	assert_false(ranges_overlap(r, m->r.record));
	assert_null(range_list_overlap(&m->zone, r));
	for (size_t i = 0; i < moves.count; i++)
		assert_false(ranges_overlap(r, (struct range){moves.m[i].copy, moves.m[i].size}));
}

/* The next kernel is placed. Firmware's map, unlike what was planned with, has a size now. */
static enum kb_status place(struct machine *m, const struct after *a, struct range *initrd)
{
	stage_describe_boot(&m->s);
	ok(describe_for_firmware(m, a));
	return stage_take_room(&m->s, &m->rec->facts.room, &a->claimed, initrd);
}

static void restart(struct machine *m, unsigned int eager)
{
	struct after a = {new_list(), new_list(), new_list(), new_list()};
	struct range initrd;
	struct kb_diag diag = {0};

	ok(record_check(m->rec, m->rec->size, m->r.record.base, ARCH_RECORD, &diag));
	start_firmware(m, eager, &a);
	claim(m, &a);
	allocate(m, &a);
	ok(route_homes(m->rec, &a.homes));
	ok(place(m, &a, &initrd));
	is_apart(m, m->s.place.window, &a);
	is_apart(m, m->s.place.block, &a);
	assert_int_equal(initrd.size, m->s.initrd.size);
	if (initrd.size)
		is_apart(m, initrd, &a);
	assert_false(ranges_overlap(m->s.place.window, m->s.place.block));
	assert_false(ranges_overlap(m->s.place.window, initrd));
	assert_false(ranges_overlap(m->s.place.block, initrd));
	assert_true(is_aligned(m->s.place.window.base, m->s.kernel.window_align));
	free(a.conventional.r);
	free(a.claimed.r);
	free(a.left.r);
	free(a.homes.r);
}

/* Scratch outside the zone. */
static void list_safe(const struct machine *m, struct range_list *ret)
{
	ok(range_list_copy(&m->s.kho->scratch, ret));
	subtract_all(ret, &m->zone);
}

/* Room for the memory map outside scratch, if firmware takes all of the zone. */
static bool map_fits(struct machine *m)
{
	struct after a = {new_list(), new_list(), new_list(), new_list()};
	bool fits;

	start_firmware(m, 0, &a);
	ok(range_list_copy(&a.conventional, &a.claimed));
	subtract_all(&a.claimed, &m->s.kho->scratch);
	fits = !describe_for_firmware(m, &a);
	free(a.conventional.r);
	free(a.claimed.r);
	free(a.left.r);
	free(a.homes.r);
	return fits;
}

/*
 * The boot as the UEFI door would plan it without a record, on all that is safe: firmware's part
 * from the top, the initrd, kernel and block. True when there is room.
 */
static bool would_fit(struct machine *m)
{
	struct range_list l = new_list();
	const struct range anywhere = {0, UINT64_MAX};
	struct range initrd = {0, 0}, firmware;
	struct boot_placement p;
	bool fits;

	list_safe(m, &l);
	fits = !range_list_find(&l, anywhere, m->wants.firmware, SZ_4K, true, &firmware);
	if (fits)
		ok(range_list_subtract(&l, firmware));
	if (fits && m->wants.initrd)
		fits = !range_list_find(&l, anywhere, align_up_page(m->wants.initrd), SZ_4K, true,
					&initrd);
	ok(range_list_subtract(&l, initrd));
	fits = fits && !boot_place(&l, &m->s.kernel, m->wants.block, initrd, &p);
	free(l.r);
	return fits && map_fits(m);
}

/* Would the question before the reset be answered by memory that firmware keeps? */
static bool would_fit_in_kept(struct machine *m)
{
	bool fits;

	m->s.kept.count = 0;
	fits = !keep_room(m);
	m->s.kept.count = m->kept.size != 0;
	return fits;
}

/* ---- tests ----------------------------------------------------------------------------------- */

#define MACHINES 1000

/* What was decided before the reset is what happens after it, whatever firmware takes. */
static void verdicts_hold(void **state)
{
	unsigned int resets = 0, no_room = 0, moved = 0, kept = 0, dense[2] = {0, 0};
	(void)state;

	for (uint64_t i = 0; i < MACHINES; i++) {
		struct machine *m = new_machine(i);
		enum kb_status st = verdict(m);

		if (!st) {
			resets++;
			dense[0] += m->dense;
			moved += m->rec->moves_count > 0;
			for (unsigned int eager = 0; eager < 3; eager++)
				restart(m, eager);
		} else if (st == KB_ROUTE_ROOM) {
			no_room++;
			dense[1] += m->dense;
			kept += would_fit_in_kept(m);
			if (would_fit(m))
				fail_msg("machine %u: there is room", (unsigned int)i);
		}
		free_machine(m);
	}
	print_message(
		"%u go through a reset, %u are too dense for it; %u but for firmware's memory\n",
		dense[0], dense[1], kept);
	/* All of it happens. */
	assert_true(dense[0] > MACHINES / 100 && dense[1] > MACHINES / 100);
	assert_int_equal(kept > 0, ARCH_RECORD != KB_RECORD_X86_64);
	assert_true(resets > MACHINES / 10 && no_room > MACHINES / 20 && moved > MACHINES / 20);
}

/* One area, of which the evacuated pages leave less than the kernel needs. */
static struct machine *narrow_machine(void)
{
	struct machine *m = calloc(1, sizeof(*m));
	static const uint8_t nonce[KB_NONCE_SIZE];

	kho_image_init(&m->img, KHO_MAP_RADIX, 12);
	m->img.area[0] = (struct range){8 * SZ_1G, 100 * SZ_1M};
	m->img.areas = 1;
	kho_image_preserve_range(&m->img, (struct range){KHO_IMAGE_DATA, 50 * SZ_1M});
	kho_image_finish(&m->img);
	ok(kho_image_open(&m->img));
	m->s.mem = m->img.mem;
	m->s.kho = m->img.kho;
	m->s.free = new_list();
	m->s.handover = m->img.h;
	make_kernel(&m->s.kernel, 64 * SZ_1M);
	m->zone = (struct range_list){m->zone_store, 1, ARRAY_SIZE(m->zone_store)};
	m->zone_store[0] = (struct range){KHO_IMAGE_DATA, 64 * SZ_1M};
	m->r = (struct route){.zone = &m->zone, .cmdline = "", .nonce = nonce};
	return m;
}

/*
 *	scratch   |window              |..block|fw|...|   100 MiB
 *	copies    |cccccccccccccccc|                      50 MiB: they would fit, but for the window
 */
static void evacuation_leaves_room_for_the_kernel(void **state)
{
	struct machine *m = narrow_machine();
	(void)state;

	assert_int_equal(verdict(m), KB_EVAC_ROOM);
	free(m->rec);
	free(m->work.base);
	ok(evacuate(m, false));
	free_machine(m);
	m = narrow_machine();
	m->img.kho->scratch.r[0].size = 72 * SZ_1M;
	assert_int_equal(verdict(m), KB_ROUTE_ROOM);
	free_machine(m);
	m = narrow_machine();
	m->img.kho->scratch.r[0].size = 140 * SZ_1M;
	ok(verdict(m));
	restart(m, 0);
	free_machine(m);
}

/* On arm64 the memory map needs a place outside scratch, which firmware has to give. */
static void memory_that_firmware_keeps_is_no_room(void **state)
{
	struct machine *m = narrow_machine();
	(void)state;

	m->img.kho->scratch.r[0].size = 140 * SZ_1M;
	ok(keep_room(m));
	m->kept = (struct range){0, 64 * SZ_1G};
	m->s.kept = (struct range_list){&m->kept, 1, 1};
	assert_int_equal(keep_room(m), ARCH_RECORD == KB_RECORD_X86_64 ? KB_OK : KB_ROUTE_ROOM);
	free_machine(m);
}

/* A byte of them is microcode: what is joined has to fit, not .initrd alone. */
static void set_initrd(struct machine *m, uint64_t size)
{
	static const uint8_t byte;

	m->s.uki.ucode = (struct uki_part){.data = &byte, .size = 1};
	m->s.uki.initrd = (struct uki_part){.data = &byte, .size = size - 4};
	stage_take_initrd(&m->s, (struct range){0, 0}, STAGE_OUTSIDE_TAKEN);
}

/* Another kernel than the one that room was kept for. */
static void what_does_not_fit_is_noticed(void **state)
{
	struct machine *m = narrow_machine();
	struct range mine[] = {{8 * SZ_1G, 256 * SZ_1M}}, initrd;
	struct range_list ours = {mine, 1, 1};
	struct kb_room room;
	(void)state;

	set_initrd(m, SZ_1M + 1);
	m->img.kho->scratch.r[0].size = 200 * SZ_1M;
	ok(verdict(m));
	room = m->rec->facts.room;
	ok(stage_take_room(&m->s, &room, &ours, &initrd));
	set_initrd(m, 2 * SZ_1M);
	assert_int_equal(stage_take_room(&m->s, &room, &ours, &initrd), KB_RANGE_NO_ROOM);
	set_initrd(m, SZ_1M);
	room.window.size -= SZ_4K;
	assert_int_equal(stage_take_room(&m->s, &room, &ours, &initrd), KB_PLACE_KERNEL);
	room = m->rec->facts.room;
	room.block.size = SZ_4K;
	assert_int_equal(stage_take_room(&m->s, &room, &ours, &initrd), KB_PLACE_BLOCK);
	for (size_t i = 0; i < KB_ROOM_PIECES; i++) {
		struct range cut = (&m->rec->facts.room.window)[i];
		struct range store[4] = {mine[0]};
		struct range_list less = {store, 1, 4};

		ok(range_list_subtract(&less, (struct range){cut.base, SZ_4K}));
		assert_int_equal(stage_take_room(&m->s, &m->rec->facts.room, &less, &initrd),
				 KB_RANGE_NO_ROOM);
	}
	free_machine(m);
}

static const struct CMUnitTest rehearsals[] = {
	cmocka_unit_test(verdicts_hold),
	cmocka_unit_test(evacuation_leaves_room_for_the_kernel),
	cmocka_unit_test(memory_that_firmware_keeps_is_no_room),
	cmocka_unit_test(what_does_not_fit_is_noticed),
};

#endif
