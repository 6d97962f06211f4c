// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door: find the record of the firmware route, check it, and apply it. */
#include <arch/cache.h>
#include <core/log.h>
#include <format/smbios.h>
#include <route/route.h>
#include <stage/stop.h>

#include <string.h>

#include "uefi.h"

#define AREA "route"

static enum kb_status check_machine(const struct uefi *u, const struct range_list *ram)
{
	const struct kb_record_facts *f = &u->s.record->facts;
	/* Firmware's tables are not in RAM, and firmware has mapped them. */
	struct range everything = {0, ARCH_ADDRESSES};
	struct mem m = {.ram = {&everything, 1, 1}, .map = mem_map_identity};
	uint64_t entry = fw_smbios_entry(&u->fw);
	uint8_t uuid[16];

	if (range_end(ram->r[ram->count - 1]) != f->ram_end)
		kb_warn(AREA, "RAM ends at 0x%" PRIx64 ", before the reset it was 0x%" PRIx64,
			range_end(ram->r[ram->count - 1]), f->ram_end);
	if (!entry || smbios_uuid(&m, entry, uuid))
		return KB_OK;
	return route_machine(u->s.record, uuid);
}

/* The record's policy replaces ours: it was given for this handover. */
static void apply_record(struct uefi *u)
{
	const struct kb_record_facts *f = &u->s.record->facts;

	u->s.options.on_error = f->on_error;
	stop_set_policy(u->s.options.on_error);
	kb_log_set_level((enum kb_log_level)f->log);
	u->s.options.cpus = f->cpus;
	u->s.handover = (struct kho_handover){
		.fdt = phys(f->fdt),
		.fdt_size = f->page_size,
		.scratch = phys((uintptr_t)record_scratch(u->s.record)),
		.scratch_size = u->s.record->scratch_count * sizeof(struct range),
	};
	u->s.moves = route_moves(u->s.record);
}

static enum kb_status use_record(struct uefi *u, const struct range_list *ram)
{
	uint64_t at = (uintptr_t)u->s.record;
	struct range piece = {at, KB_RECORD_MAX};
	const struct range *in = range_list_overlap(ram, (struct range){at, 1});
	struct kb_diag diag = {0};
	enum kb_status st;

	piece = range_intersect(piece, *in);
	st = record_check(u->s.record, piece.size, at, ARCH_RECORD, &diag);
	if (!st)
		st = check_machine(u, ram);
	if (!st)
		st = record_attempt(u->s.record);
	/* After a reset from here on, the attempt must be counted. */
	cache_flush_range(u->s.record, SZ_4K);
	if (st)
		return kb_refuse(AREA, st, &diag);
	apply_record(u);
	kb_info(AREA, "record at 0x%" PRIx64 ", attempt %u, %" PRIu64 " bytes preserved", at,
		u->s.record->attempts, u->s.record->facts.preserved);
	return KB_OK;
}

/* No data, or data that are no longer ours to use: a cold boot, with the refusal in the log. */
static bool nothing_to_lose(enum kb_status st)
{
	return st == KB_REC_NONE || st == KB_REC_TAKEN || st == KB_REC_ATTEMPTS;
}

enum kb_status uefi_find_record(struct uefi *u, const struct range_list *free,
				const struct range_list *ram)
{
	uint8_t key[KB_SHA256_SIZE];
	enum kb_status st;

	u->s.has_kho = false;
	if (!cmdline_nonce(u->s.options.nonce, key))
		return KB_OK;
	st = route_find(free, key, &u->s.record);
	if (st)
		kb_refuse(AREA, st, NULL);
	else
		st = use_record(u, ram);
	if (nothing_to_lose(st)) {
		/* Of one that was taken nothing is proven; another carrier may name data. */
		u->s.record = NULL;
		return KB_OK;
	}
	u->s.has_kho = true;
	return st;
}

void uefi_apply_cmdline(struct uefi *u)
{
	const struct kb_record *r = u->s.record;

	if (r)
		memcpy(u->s.cmdline, record_cmdline(u->s.record), r->cmdline_size);
}

void uefi_end_record(struct uefi *u)
{
	if (!u->s.record)
		return;
	cache_flush_range(u->s.record, SZ_4K);
	fw_boot_on(&u->fw);
}
