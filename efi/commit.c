// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door, commit: boot services end, and what the map says then is handed over. */
#include <arch/cpu.h>
#include <arch/reset.h>
#include <arch/serial.h>
#include <arch/stop.h>
#include <khoboot/console.h>
#include <khoboot/log.h>

#include <string.h>

#include "door.h"

/* Firmware's last allocations must not have taken scratch that the kernel will believe in. */
static enum kb_status scratch_is_ram(struct door *d, const struct efi_map *map)
{
	enum kb_status st = efi_map_ram(map, &d->ram);

	return st ? st : route_scratch_is_ram(&d->kho->scratch, &d->ram);
}

/* The map of the last moment, as E820 and as it is. */
static enum kb_status hand_over_map(struct door *d)
{
	struct efi_map map = door_map(d);
	enum kb_status st = memmap_from_efi(&map, &d->e820);

	if (!st)
		st = x86_set_e820(&d->layout, d->block, d->boot.e820_ext_max, &d->e820);
	if (!st && d->map.size > d->boot.efi_map_max)
		st = KB_EFI_MAP_BIG;
	if (!st && d->kho)
		st = scratch_is_ram(d, &map);
	if (st)
		return st;
	kb_debug("boot", "UEFI memory map of %llu bytes", (unsigned long long)d->map.size);
	memcpy(x86_payload(d->block, d->layout.efi_map), d->map.buffer, d->map.size);
	if (d->kho)
		efi_map_take_over(x86_payload(d->block, d->layout.efi_map), d->map.size,
				  d->map.desc_size, &d->homes);
	x86_set_efi(&d->layout, d->block, d->place.block.base, (uintptr_t)d->fw.st, d->map.size,
		    (uint32_t)d->map.desc_size, d->map.desc_version);
	return KB_OK;
}

_Noreturn void uefi_commit(struct door *d)
{
	struct door_exit leave = {
		.entered = d->entered,
		.kernel = &d->kernel,
		.kho = d->kho,
		.layout = &d->layout,
		.place = &d->place,
		.cr3 = d->tables.pool_addr,
		.moves = d->moves.count ? &d->moves : NULL,
		.stub = d->stub.base,
	};
	enum kb_status st;

	kb_log_remove_sink(console_line);
	st = fw_exit(&d->fw, &d->map);
	if (serial_open(console_find(d->cmdline)))
		kb_log_add_sink(serial_line);
	cpu_init();
	if (!st)
		st = hand_over_map(d);
	if (st)
		stop(kb_refuse("boot", st, NULL));
	cpu_enable_protection();
	write_cr3(d->tables.pool_addr);
	/* Whatever happens now, nobody is to try again. */
	if (d->record && d->kho) {
		record_take(d->record);
		flush_range(d->record, SZ_4K);
	}
	door_leave(&leave);
}
