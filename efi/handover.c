// SPDX-License-Identifier: BSD-2-Clause
/*
 * The UEFI door: what was handed over through firmware. Found and claimed before firmware is asked
 * for any memory, proven once the kernel is known.
 */
#include <arch/cpu.h>
#include <arch/reset.h>
#include <arch/stop.h>
#include <khoboot/kho_target.h>
#include <khoboot/log.h>
#include <khoboot/smbios.h>

#include <string.h>

#include "door.h"

#define AREA       "route"
#define EARLY_MAP  ARCH_EARLY_MAP /* bytes: about 48 for each descriptor; OVMF has about 120 */
#define EARLY_LIST ARCH_EARLY_LIST
#define KEEP_MAX   256
#define DAMAGE_MAX 64 /* ranges of damage that get a line each */

/*
 * Memory until the claim: where nothing is ever preserved, or on the stack. Anything that firmware
 * gives elsewhere may be.
 */
struct early {
	uint8_t map[EARLY_MAP] __attribute__((aligned(8)));
	struct range conventional[EARLY_LIST];
	struct range ram[EARLY_LIST];
	struct range claims[EARLY_LIST];
	struct range claimed[EARLY_LIST];
	struct range keep[KEEP_MAX];
	struct range scratch[EARLY_LIST];
};

/* ---- the record ------------------------------------------------------------------------------ */

static enum kb_status same_machine(const struct door *d, const struct range_list *ram)
{
	const struct kb_record_facts *f = &d->record->facts;
	/* Firmware's tables are not in RAM, and firmware has mapped them. */
	struct range everything = {0, ARCH_ADDRESSES};
	struct mem m = {.ram = {&everything, 1, 1}, .map = mem_map_identity};
	uint64_t entry = smbios_entry(&d->fw);
	uint8_t uuid[16];

	if (range_end(ram->r[ram->count - 1]) != f->ram_end)
		kb_warn(AREA, "RAM ends at 0x%llx, before the reset it was 0x%llx",
			(unsigned long long)range_end(ram->r[ram->count - 1]),
			(unsigned long long)f->ram_end);
	if (!entry || smbios_uuid(&m, entry, uuid))
		return KB_OK;
	return route_machine(d->record, uuid);
}

/* The record's options replace ours: they were given for this handover. */
static void obey_record(struct door *d)
{
	const struct kb_record_facts *f = &d->record->facts;

	d->options.on_error = f->on_error;
	stop_set_policy(d->options.on_error);
	kb_log_set_level(f->log);
	memcpy(d->cmdline, record_cmdline(d->record), d->record->cmdline_size);
	d->handover = (struct kho_handover){
		.fdt = phys(f->fdt),
		.fdt_size = f->page_size,
		.scratch = phys((uintptr_t)record_scratch(d->record)),
		.scratch_size = d->record->scratch_count * sizeof(struct range),
	};
	d->moves = route_moves(d->record);
}

static enum kb_status use_record(struct door *d, const struct range_list *ram)
{
	uint64_t at = (uintptr_t)d->record;
	struct range piece = {at, KB_RECORD_MAX};
	const struct range *in = range_list_overlap(ram, (struct range){at, 1});
	struct kb_diag diag = {0};
	enum kb_status st;

	piece = range_intersect(piece, *in);
	st = record_check(d->record, piece.size, at, ARCH_RECORD, &diag);
	if (!st)
		st = same_machine(d, ram);
	if (!st)
		st = record_attempt(d->record);
	/* A reset from here on must find it counted. */
	flush_range(d->record, SZ_4K);
	if (st)
		return kb_refuse(AREA, st, &diag);
	obey_record(d);
	kb_info(AREA, "record at 0x%llx, attempt %u, %llu bytes preserved", (unsigned long long)at,
		d->record->attempts, (unsigned long long)d->record->facts.preserved);
	return KB_OK;
}

/* No data, or data that belong to somebody else by now: a cold boot, that says so. */
static bool nothing_to_lose(enum kb_status st)
{
	return st == KB_REC_NONE || st == KB_REC_TAKEN || st == KB_REC_ATTEMPTS;
}

static enum kb_status find_record(struct door *d, const struct range_list *free,
				  const struct range_list *ram)
{
	uint8_t nonce[KB_NONCE_SIZE];
	enum kb_status st;

	if (!cmdline_nonce(d->options.nonce, nonce))
		return KB_OK;
	st = route_find(free, nonce, &d->record);
	if (st)
		kb_refuse(AREA, st, NULL);
	else
		st = use_record(d, ram);
	if (nothing_to_lose(st))
		return KB_OK;
	d->found = true;
	return st;
}

/* ---- other carriers -------------------------------------------------------------------------- */

/* A carrier that cannot be read, or trusted, still says that there are data to lose. */
static enum kb_status find_carrier(struct door *d, struct early *e, const struct fw_map *map)
{
	struct range_list work = {e->claims, 0, ARRAY_SIZE(e->claims)};
	const char *name = "";
	enum kb_status st =
		carrier_find(&d->fw, &d->options, map, &work, &d->found, &d->handover, &name);

	if (st) {
		d->found = true;
		kb_error("kho", "carried by: %s", name);
		return kb_refuse("kho", st, NULL);
	}
	if (d->found)
		kb_info("kho", "carried by: %s", name);
	return KB_OK;
}

/* ---- the claim ------------------------------------------------------------------------------- */

/* Scratch, less the record and the copies: what firmware may still give to anybody. */
static enum kb_status list_keep(struct door *d, struct early *e, const struct range_list *ram,
				struct range_list *keep)
{
	struct mem m = {.ram = *ram, .map = mem_map_identity};
	struct range_list ours = {e->keep, 0, KEEP_MAX};
	uint64_t trimmed;
	enum kb_status st = kho_scratch_parse(&m, &d->handover, keep, &trimmed);

	if (st)
		return kb_refuse(AREA, st, &m.diag);
	if (d->record)
		st = route_keep(d->record, &ours);
	for (size_t i = 0; i < ours.count && !st; i++)
		st = range_list_subtract(keep, ours.r[i]);
	return st ? kb_refuse(AREA, st, NULL) : KB_OK;
}

static enum kb_status claim(struct door *d, struct early *e, struct fw_map *map,
			    const struct range_list *ram)
{
	struct range_list keep = {e->scratch, 0, ARRAY_SIZE(e->scratch)};
	struct range_list work = {e->claims, 0, ARRAY_SIZE(e->claims)};
	struct range_list ours = {e->claimed, 0, ARRAY_SIZE(e->claimed)};
	enum kb_status st = list_keep(d, e, ram, &keep);
	void *store;

	if (st)
		return st;
	st = fw_claim_all(&d->fw, map, &keep, &work, &ours);
	if (st)
		return kb_refuse("claim", st, NULL);
	/* From here on firmware can only give scratch. One more for each home will come. */
	d->claimed.max = ours.count + d->moves.count;
	st = fw_alloc(&d->fw, (d->claimed.max + 1) * sizeof(struct range), &store);
	if (st)
		return kb_refuse("claim", st, NULL);
	d->claimed.r = store;
	return range_list_copy(&ours, &d->claimed);
}

static enum kb_status find_handover(struct door *d, struct early *e)
{
	struct range_list free = {.max = EARLY_LIST}, ram = {.max = EARLY_LIST};
	struct efi_map view;
	struct fw_map map;
	enum kb_status st = fw_map_early(&d->fw, e->map, sizeof(e->map), &map);

	if (st)
		return kb_refuse("efi", st, NULL);
	free.r = e->conventional;
	ram.r = e->ram;
	view = (struct efi_map){map.buffer, map.size, map.desc_size};
	st = efi_map_free(&view, &free);
	if (!st)
		st = efi_map_ram(&view, &ram);
	if (st)
		return kb_refuse("efi", st, NULL);
	st = find_record(d, &free, &ram);
	if (!st && !d->found)
		st = find_carrier(d, e, &map);
	/* Written to only when it is certain that nothing in memory is anybody's. */
	if (!st && !d->found && !d->options.nonce.len && route_drop(&free))
		kb_refuse(AREA, KB_REC_UNASKED, NULL);
	return st || !d->found ? st : claim(d, e, &map, &ram);
}

#if ARCH_LOW_MEMORY
enum kb_status uefi_find_handover(struct door *d)
{
	struct early *e;
	enum kb_status st = fw_alloc_low(&d->fw, sizeof(*e), (void **)&e);

	return st ? kb_refuse("efi", st, NULL) : find_handover(d, e);
}
#else
/* On firmware's stack, of which there are 128 KiB or more (UEFI 2.10 section 2.3.6.2). */
enum kb_status uefi_find_handover(struct door *d)
{
	struct early e;

	return find_handover(d, &e);
}
#endif

/* ---- the proof ------------------------------------------------------------------------------- */

static enum kb_status list_homes(struct door *d)
{
	size_t max = d->moves.count + 1;
	enum kb_status st;
	void *store;

	st = fw_alloc(&d->fw, max * sizeof(struct range), &store);
	if (st)
		return st;
	d->homes = (struct range_list){store, 0, max};
	if (d->record)
		st = route_homes(d->record, &d->homes);
	return st ? st : route_homes_are_ram(&d->mem, &d->homes);
}

static enum kb_status open_kho(struct door *d, struct kho *k)
{
	enum kho_bitmap_hint hint = kho_target_bitmaps(d->kernel.release, d->kernel.release_len);
	struct efi_map map = door_map(d);
	struct kho_work work;
	enum kb_status st = efi_map_ram(&map, &d->ram);

	if (st)
		return st;
	d->mem = (struct mem){.ram = d->ram, .map = mem_map_moved, .ctx = &d->moves};
	work.size = kho_work_size(&d->ram);
	st = fw_alloc(&d->fw, work.size, &work.base);
	if (!st)
		st = list_homes(d);
	if (!st)
		st = kho_open(&d->mem, &d->handover, hint, work, k);
	return st ? st : boot_check_preserved(&d->mem, k);
}

/* Damage as it is found: windows that touch are one range. */
struct damage {
	struct range range;
	uint64_t bytes;
	uint64_t ranges;
};

static void tell_damage(struct damage *x)
{
	if (x->range.size && x->ranges++ < DAMAGE_MAX)
		kb_error(AREA, "damaged: 0x%llx-0x%llx, %llu bytes preserved there",
			 (unsigned long long)x->range.base, (unsigned long long)range_end(x->range),
			 (unsigned long long)x->bytes);
}

static void on_damage(void *ctx, struct range where, uint64_t preserved)
{
	struct damage *x = ctx;

	if (range_end(x->range) == where.base) {
		x->range.size += where.size;
		x->bytes += preserved;
		return;
	}
	tell_damage(x);
	x->range = where;
	x->bytes = preserved;
}

static enum kb_status verify(struct door *d, struct kho *k)
{
	struct damage x = {.range = {0, 0}};
	uint64_t start = cpu_clock(), damaged;
	enum kb_status st;

	st = route_verify(&d->mem, k, d->record, &d->homes, on_damage, &x, &damaged);
	tell_damage(&x);
	if (st)
		kb_error(AREA, "%llu of %llu preserved bytes in %llu damaged ranges",
			 (unsigned long long)damaged, (unsigned long long)k->sum.bytes,
			 (unsigned long long)x.ranges);
	else
		kb_info(AREA, "verified in %llu us: nothing changed",
			(unsigned long long)cpu_clock_us(cpu_clock() - start));
	return st;
}

/* Claims and homes together have to cover what is handed over. */
static enum kb_status covered(struct door *d, struct kho *k)
{
	enum kb_status st = d->record ? route_homes(d->record, &d->claimed) : KB_OK;

	return st ? st : route_covered(&d->mem, k, &d->claimed);
}

static enum kb_status check_versions(struct door *d, struct kho *k)
{
	struct kb_diag diag = {0};
	enum kb_status st = kho_target_check(&d->uki.kho, &k->root, &diag);

	return st ? kb_refuse("kho", st, &diag) : KB_OK;
}

enum kb_status uefi_gather_kho(struct door *d)
{
	struct kho *k;
	void *found;
	enum kb_status st = fw_alloc(&d->fw, sizeof(*k), &found);

	if (st)
		return kb_refuse("kho", st, NULL);
	k = found;
	st = open_kho(d, k);
	/* Firmware wrote to memory in its use: digests say where, so they come first. */
	if (!st && d->record)
		st = verify(d, k);
	if (!st)
		st = covered(d, k);
	if (st)
		return kb_refuse("kho", st, &d->mem.diag);
	kho_scratch_align(&k->scratch);
	if (k->scratch_trimmed)
		kb_warn("kho", "%llu bytes of scratch are the firmware's now and were left out",
			(unsigned long long)k->scratch_trimmed);
	st = check_versions(d, k);
	if (!st)
		d->kho = k;
	return st;
}

/* ---- what follows a refusal ------------------------------------------------------------------ */

enum kb_status uefi_settle(struct door *d, enum kb_status st)
{
	if (!st || !d->found)
		return st;
	if (d->options.on_error == KB_ON_ERROR_DISCARD) {
		kb_warn("kho", "going on without KHO: preserved memory will be reused");
		if (d->record)
			record_take(d->record);
		d->found = false;
		d->kho = NULL;
		d->moves.count = 0;
		return KB_OK;
	}
	fw_watchdog_off(&d->fw);
	stop(st);
}
