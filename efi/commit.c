// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door, commit: boot services end, and what the map says then is handed over. */
#include <arch/cpu.h>
#include <arch/reset.h>
#include <arch/serial.h>
#include <arch/stop.h>
#include <khoboot/log.h>

#include "door.h"

/* Firmware's last allocations must not have taken scratch that the kernel will believe in. */
static enum kb_status scratch_is_ram(struct door *d, const struct efi_map *map)
{
	enum kb_status st = efi_map_ram(map, &d->ram);

	return st ? st : route_scratch_is_ram(&d->kho->scratch, &d->ram);
}

/* The map of the last moment. */
static enum kb_status hand_over_map(struct door *d)
{
	struct efi_info efi = {(uintptr_t)d->fw.st, door_map(d), d->map.desc_version};
	enum kb_status st =
		boot_set_map(&d->boot, &d->layout, d->block, d->place.block.base, &efi, &d->homes);

	if (!st && d->kho)
		st = scratch_is_ram(d, &efi.map);
	kb_debug("boot", "UEFI memory map of %llu bytes", (unsigned long long)d->map.size);
	return st;
}

_Noreturn void uefi_commit(struct door *d)
{
	struct door_exit leave = {
		.entered = d->entered,
		.kernel = &d->kernel,
		.kho = d->kho,
		.layout = &d->layout,
		.place = &d->place,
		.initrd = d->initrd,
		.tables = &d->tables,
		.moves = d->moves.count ? &d->moves : NULL,
		.stub = d->stub.base,
	};
	enum kb_status st;

	kb_log_remove_sink(console_line);
	st = fw_exit(&d->fw, &d->map);
	if (serial_open(serial_named(d->cmdline)))
		kb_log_add_sink(serial_line);
	cpu_init();
	if (!st)
		st = hand_over_map(d);
	if (st)
		stop(kb_refuse("boot", st, NULL));
	cpu_use_tables(&d->tables);
	/* Whatever happens now, nobody is to try again. */
	if (d->record && d->kho) {
		record_take(d->record);
		flush_range(d->record, SZ_4K);
	}
	door_leave(&leave);
}
