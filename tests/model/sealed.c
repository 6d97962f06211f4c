// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the firmware route leaves in memory: KHO data of a kernel, a record, copies of what firmware
 * may overwrite. Made by the same pure code as in the bare-metal door, then overwritten where
 * firmware has run since.
 */
#include <arch/const.h>
#include <route/route.h>
#include <stage/stage.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/kho_naive.h"
#include "model.h"

#define GUEST     0x40800000ULL /* a block outside the field */
#define GUEST_LOG 8             /* its order */
#define FIELD_MAX (4 * SZ_1M)
#define TABLE     0x110000ULL /* in firmware's memory */
#define FIELD     ((struct range){KHO_IMAGE_BASE, FIELD_MAX})
#define GUEST_R   ((struct range){GUEST, SZ_4K << GUEST_LOG})

static struct kho_image img;
static struct kho_naive naive;
static struct range zone_store[1], scratch_store[2];
static struct range_list zone = {zone_store, 1, 1}, scratch = {scratch_store, 2, 2};
static uint8_t *before, *guest_before; /* as the kernel left it */
static uint8_t *copies;                /* record and copies, in their order */
static struct kb_record *rec;
static struct range kept_store[64];
static struct range_list kept = {kept_store, 0, 64};
static char key_text[2 * KB_SHA256_SIZE + 1];
static struct kb_room room;
static bool made, given_up;
static struct kb_record header;  /* of the record, as it was sealed */
static struct kb_record flushed; /* the header, as a reset finds it that loses the caches */

static void need(enum kb_status st, const char *what)
{
	if (!st)
		return;
	fprintf(stderr, "sealed: %s: KB-%03d\n", what, (int)st);
	exit(1);
}

static void *at(uint64_t pa)
{
	return (void *)(uintptr_t)pa;
}

static void make_data(void)
{
	uint64_t random = 11, data;
	uint8_t blob[8000];

	kho_image_init(&img, KHO_MAP_RADIX, 12);
	scratch_store[0] = img.area[0] = (struct range){16 * SZ_1M, 24 * SZ_1M};
	scratch_store[1] = img.area[1] = (struct range){0x40c00000, 4 * SZ_1M};
	memset(blob, 0x42, sizeof(blob));
	kho_image_blob_fdt(&img, "memblock", "memblock-v1");
	kho_image_blob(&img, "LUO", blob, sizeof(blob));
	data = kho_image_alloc(&img, 192 * SZ_4K, SZ_4K);
	for (uint64_t i = 0; i < 192; i += 1 + random_below(&random, 3))
		kho_image_preserve(&img, data + i * SZ_4K, 0);
	kho_image_preserve(&img, GUEST, GUEST_LOG);
	kho_image_finish(&img);
	for (uint64_t i = 0; i < 192 * SZ_4K; i += 8)
		put_u64(kho_image_at(&img, data + i, 8), random_next(&random));
	/* From the middle of the data to the end of what is in use, the map included. */
	zone_store[0].base = data + 64 * SZ_4K;
	zone_store[0].size = KHO_IMAGE_BASE + align_up_page(img.used) - zone_store[0].base;
	if (!naive_read(&img, KHO_MAP_RADIX, &naive))
		need(KB_KHO_MAP_NULL, "naive_read");
	memcpy(at(KHO_IMAGE_BASE), kho_image_at(&img, KHO_IMAGE_BASE, FIELD_MAX), FIELD_MAX);
	memset(at(GUEST), 0x6e, GUEST_R.size);
}

static void set_key(const uint8_t nonce[KB_NONCE_SIZE])
{
	uint8_t key[KB_SHA256_SIZE];

	record_key(nonce, key);
	for (size_t i = 0; i < sizeof(key); i++)
		snprintf(key_text + 2 * i, 3, "%02x", key[i]);
}

/* As plan_route() in bare/route.c. */
static void keep_room(struct mem *m, struct kho *k, struct range_list *free_list)
{
	static struct stage s;
	static struct range work_store[64], busy_store[1];
	static uint8_t kernel_work[KERNEL_WORK_SIZE + 8];
	struct range_list work = {work_store, 0, 64}, busy = {busy_store, 0, 1};
	struct kb_diag diag = {0};
	struct stage_room kept_room;
	uint64_t size;

	s = (struct stage){.mem = *m, .kho = k, .has_kho = true, .handover = img.h};
	s.free = *free_list;
	s.kernel_work = (struct range){(uintptr_t)kernel_work, KERNEL_WORK_SIZE};
	s.uki.initrd.data = image_file(u"\\vmlinuz", &size);
	need(kernel_open(s.uki.initrd.data, size, s.kernel_work, &s.kernel, &diag), "kernel");
	s.uki.initrd.data = image_file(u"\\initrd", &s.uki.initrd.size);
	stage_take_initrd(&s, (struct range){0, 0}, STAGE_OUTSIDE_TAKEN);
	stage_describe_boot(&s);
	need(stage_keep_room(&s, &zone, &work, &kept_room), "stage_keep_room");
	need(stage_list_spare(&s, &busy, &zone, &kept_room), "stage_list_spare");
	room = kept_room.kept;
	*free_list = s.free;
}

static void seal(struct mem *m, struct kho *k)
{
	static const uint8_t nonce[KB_NONCE_SIZE] = {1, 2, 3, 4};
	struct kb_record_facts facts = {.arch = ARCH_RECORD, .log = 2};
	struct range free_store[64];
	struct range_list free_list = {free_store, 0, 64};
	struct route r = {.zone = &zone,
			  .seal = KB_DIGEST_ALL,
			  .cmdline = "root=/dev/guest",
			  .nonce = nonce};
	struct kho_work work = {.size = evacuate_work_size(&zone)};

	work.base = malloc(work.size);
	keep_room(m, k, &free_list);
	facts.room = room;
	need(route_plan(m, k, &free_list, work, &r), "route_plan");
	rec = at(r.record.base);
	need(route_place(m, k, &free_list, &r, rec), "route_place");
	facts.ram_bytes = range_list_bytes(&m->ram);
	facts.ram_end = range_end(m->ram.r[m->ram.count - 1]);
	need(route_seal(m, k, &r, rec, &facts, &(struct route_watch){0}), "route_seal");
	record_publish(rec);
	need(route_keep(rec, &kept), "route_keep");
	set_key(nonce);
	free(work.base);
}

static uint8_t *keep_copy(struct range r)
{
	uint8_t *p = malloc(r.size);

	return memcpy(p, at(r.base), r.size);
}

void sealed_make(void)
{
	struct mem m = {.ram = *model_ram(), .map = mem_map_identity};
	struct kho_work work = {.size = kho_work_size(&m.ram)};
	struct kho *k = malloc(sizeof(*k));
	uint64_t n = 0;

	work.base = malloc(work.size);
	make_data();
	need(kho_open(&m, &img.h, KHO_BITMAP_UNKNOWN, work, k), "kho_open");
	seal(&m, k);
	header = *rec;
	before = keep_copy(FIELD);
	guest_before = keep_copy(GUEST_R);
	copies = malloc(range_list_bytes(&kept));
	for (size_t i = 0; i < kept.count; n += kept.r[i++].size)
		memcpy(copies + n, at(kept.r[i].base), kept.r[i].size);
	free(work.base);
	free(k);
	made = true;
}

/* Firmware has run since, and overwritten what it may. */
static void restore_record(void)
{
	static const struct kb_room none;
	uint64_t n = 0;

	for (size_t i = 0; i < kept.count; n += kept.r[i++].size)
		memcpy(at(kept.r[i].base), copies + n, kept.r[i].size);
	memset(at(zone_store[0].base), 0xdb, zone_store[0].size);
	rec->facts.room = model.no_room ? none : room;
	rec->facts.on_error = model.policy;
	record_seal(rec);
	record_publish(rec);
	flushed = *rec;
}

/* Its key and its size are all that is as it was. */
static void leave_taken_record(void)
{
	memset(rec, 0xdb, header.size);
	*rec = header;
	rec->state = KB_RECORD_TAKEN;
	memset(rec->digest, 0, sizeof(rec->digest));
}

void sealed_flush(struct range r)
{
	if (made && model.sealed && range_contains(r, (struct range){(uintptr_t)rec, sizeof(*rec)}))
		flushed = *rec;
}

bool sealed_is_flushed(void)
{
	return !made || !model.sealed || !memcmp(&flushed, rec, sizeof(*rec));
}

void sealed_lose_caches(void)
{
	if (made && model.sealed)
		*rec = flushed;
}

void sealed_restore(void)
{
	const uint64_t table[] = {img.h.fdt.addr, img.h.fdt_size, img.h.scratch.addr,
				  img.h.scratch_size};

	given_up = false;
	memcpy(at(FIELD.base), before, FIELD.size);
	memcpy(at(GUEST), guest_before, GUEST_R.size);
	if (model.sealed)
		restore_record();
	if (model.taken)
		leave_taken_record();
	if (model.carrier == CARRIER_TABLE)
		memcpy(at(TABLE), table, sizeof(table));
	if (model.damaged)
		*((uint8_t *)at(GUEST) + 12345) ^= 4;
}

bool sealed_is_preserved(uint64_t page)
{
	struct range r = {page, SZ_4K};

	if (!made || !(ranges_overlap(r, FIELD) || ranges_overlap(r, GUEST_R)))
		return false;
	return naive_touches(&naive, r) || naive_is_meta(&naive, r);
}

/* Digest and state say so: record_take() clears both. */
bool sealed_is_valid(void)
{
	if (!made || !model_has_data())
		return false;
	if (model.carrier)
		return !given_up;
	return rec->magic == KB_RECORD_MAGIC && rec->state == KB_RECORD_SEALED;
}

void sealed_give_up(void)
{
	given_up = true;
}

static void put_word(uint8_t *to, uint64_t v)
{
	for (unsigned int i = 0; i < 8; i++)
		to[i] = (uint8_t)(v >> (ARCH_RECORD == KB_RECORD_ARM64 ? 56 - 8 * i : 8 * i));
}

/* Address and size of the FDT: in a node of setup_data, or in /chosen. */
bool sealed_is_named(struct range r)
{
	uint8_t pair[16];

	put_word(pair, img.h.fdt.addr);
	put_word(pair + 8, img.h.fdt_size);
	return memmem(at(r.base), r.size, pair, sizeof(pair)) != NULL;
}

const char *sealed_words(void)
{
	static char text[200];

	snprintf(text, sizeof(text),
		 "khoboot.kho-fdt=0x%" PRIx64 ",%" PRIu64 " khoboot.kho-scratch=0x%" PRIx64
		 ",%" PRIu64,
		 img.h.fdt.addr, img.h.fdt_size, img.h.scratch.addr, img.h.scratch_size);
	return text;
}

uint64_t sealed_table(void)
{
	return TABLE;
}

static const uint8_t *was(uint64_t pa)
{
	return pa - GUEST < GUEST_R.size ? guest_before + (pa - GUEST) : before + (pa - FIELD.base);
}

static uint64_t changed_in(struct range r, bool homes)
{
	homes = homes || model.carrier;
	for (uint64_t pa = r.base; pa < range_end(r); pa += SZ_4K) {
		uint8_t page[SZ_4K];

		if (!sealed_is_preserved(pa) || (!homes && pa - zone.r[0].base < zone.r[0].size))
			continue;
		memcpy(page, was(pa), SZ_4K);
		if (model.damaged && pa == align_down(GUEST + 12345, SZ_4K))
			page[12345 % SZ_4K] ^= 4;
		if (memcmp(page, at(pa), SZ_4K))
			return pa;
	}
	return 0;
}

uint64_t sealed_changed(bool homes)
{
	uint64_t pa = changed_in(FIELD, homes);

	return pa ? pa : changed_in(GUEST_R, homes);
}

static bool in_room(uint64_t page)
{
	const struct range *pieces = (const struct range *)&room;

	for (size_t i = 0; i < KB_ROOM_PIECES; i++)
		if (page - pieces[i].base < pieces[i].size)
			return true;
	return false;
}

/* Of the header, count and state may change, and it was sealed again; the room may be filled. */
bool sealed_copies_changed(void)
{
	const uint8_t *was = copies;

	for (size_t i = 0; model.sealed && i < kept.count; i++)
		for (uint64_t pa = kept.r[i].base; pa < range_end(kept.r[i]); pa += SZ_4K) {
			uint64_t skip = pa == (uintptr_t)rec ? sizeof(*rec) : 0;

			if (!in_room(pa) &&
			    memcmp((uint8_t *)at(pa) + skip, was + skip, SZ_4K - skip))
				return true;
			was += SZ_4K;
		}
	return false;
}

const char *sealed_key(void)
{
	return key_text;
}

/* The first half of the zone. */
struct range sealed_firmware(void)
{
	struct range r = zone_store[0];

	r.size = align_down(r.size / 2, SZ_4K);
	return r;
}

const struct range_list *sealed_scratch(void)
{
	return &scratch;
}

struct range sealed_fdt(void)
{
	return (struct range){img.h.fdt.addr, img.h.fdt_size};
}

struct range sealed_scratch_list(void)
{
	return (struct range){img.h.scratch.addr, img.h.scratch_size};
}
