// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door: the commit. The last memory map is handed over, and boot services end. */
#include <arch/cache.h>
#include <arch/cpu.h>
#include <core/log.h>
#include <route/route.h>
#include <stage/screen.h>
#include <stage/serial.h>
#include <stage/stop.h>

#include "uefi.h"

/* Firmware's last allocations must not have taken scratch that the kernel is told to use. */
static enum kb_status scratch_is_ram(struct uefi *u, const struct efi_map *map)
{
	enum kb_status st = efi_map_ram(map, &u->ram);

	return st ? st : route_scratch_is_ram(&u->s.kho->scratch, &u->ram);
}

enum kb_status uefi_hand_over_map(struct uefi *u)
{
	struct efi_info efi = {(uintptr_t)u->fw.st, uefi_map(u), u->map.desc_version};
	enum kb_status st = boot_set_map(&u->s.boot, &u->s.layout, stage_block(&u->s),
					 u->s.place.block.base, &efi, &u->homes);

	if (!st && u->s.kho)
		st = scratch_is_ram(u, &efi.map);
	kb_debug("boot", "UEFI memory map of %" PRIu64 " bytes", u->map.size);
	return st;
}

/*
 * From here on a reset starts another entry, which uses all memory, and may clear it: the record
 * must not be live by then. What a later boot would not see, with less than seal=all, is lost.
 */
static void close_record(struct uefi *u)
{
	if (u->s.record && u->s.kho)
		record_suspend(u->s.record);
	uefi_end_record(u);
}

/*
 * Firmware did not let go, or its last map cannot be used: the kernel is not started, and the data
 * are as they were. A reset has to come back here. Of firmware's services those for variables are
 * the ones that still work.
 */
static void take_back(struct uefi *u)
{
	uefi_withdraw_overwrite(u);
	if (!u->s.record || !u->s.kho || !fw_boot_again(&u->fw))
		return;
	record_resume(u->s.record);
	cache_flush_range(u->s.record, SZ_4K);
}

/* With the last map, too, while all can be taken back. */
static enum kb_status use_map(void *ctx)
{
	return uefi_hand_over_map(ctx);
}

_Noreturn void uefi_commit(struct uefi *u)
{
	enum kb_status st;

	stop_set_memory(stage_memory_written(&u->s));
	close_record(u);
	/* The last attempt of a handover has begun: no reset is to keep memory from here on. */
	uefi_ask_overwrite(u);
	kb_log_remove_sink(fw_console_line);
	st = fw_exit(&u->fw, &u->map, use_map, u);
	if (st)
		take_back(u);
	stop_set_ram(&u->s.mem.ram);
	cpu_init();
	/* Console and screen may lie where firmware has mapped nothing. */
	cpu_use_tables(&u->s.tables);
	if (serial_open(u->console))
		kb_log_add_sink(serial_line);
	stage_screen_use(&u->screen);
	if (st)
		stop_refused(kb_refuse("boot", st, NULL));
	/* Whatever happens from here on, the record must not be used again. */
	if (u->s.record && u->s.kho) {
		record_take(u->s.record);
		cache_flush_range(u->s.record, SZ_4K);
	}
	stage_leave(&u->s);
}
