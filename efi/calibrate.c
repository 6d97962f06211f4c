// SPDX-License-Identifier: BSD-2-Clause
/*
 * khoboot.calibrate=: fill memory, reset, compare. Memory is filled after boot services have ended:
 * then firmware no longer runs, and need not be called until it starts again.
 */
#include <arch/cache.h>
#include <arch/const.h>
#include <arch/cpu.h>
#include <arch/reset_how.h>
#include <core/log.h>
#include <format/smbios.h>

#include <string.h>

#include "uefi.h"

#define TOUCHED_MAX 4096
#define RAM_MAX     1024

static CHAR16 result_name[] = L"KhobootCalibration", running_name[] = L"KhobootCalibrating";

/* ---- variables ------------------------------------------------------------------------------- */

/*
 * Read and check the calibration in variable @name. KB_OK with *there false when there is none;
 * KB_CAL_VARIABLE, KB_CAL_FORMAT.
 */
static enum kb_status load(const struct firmware *fw, CHAR16 *name, bool *there,
			   struct kb_calibration *ret)
{
	struct kb_calibration c;
	size_t size = fw_get_variable(fw, name, &fw_vendor_guid, &c, sizeof(c));

	*there = size != 0;
	if (size == FW_UNREADABLE)
		return KB_CAL_VARIABLE;
	return size ? calibration_read(&c, size, ret) : KB_OK;
}

static bool store(const struct firmware *fw, CHAR16 *name, struct kb_calibration *c, size_t size)
{
	return fw_set_variable(fw, name, &fw_vendor_guid, KB_CALIBRATION_ATTRIBUTES, c, size);
}

/* Firmware's tables are not in RAM, and firmware has mapped them. */
static uint32_t firmware_build(const struct firmware *fw)
{
	struct range everything = {0, ARCH_ADDRESSES};
	struct mem m = {.ram = {&everything, 1, 1}, .map = mem_map_identity};
	uint64_t entry = fw_smbios_entry(fw);

	return entry ? smbios_build(&m, entry) : 0;
}

/* Note the firmware's name, revision and build: another firmware touches other memory. */
static void name_firmware(const struct firmware *fw, struct kb_calibration *c)
{
	const CHAR16 *vendor = fw->st->FirmwareVendor;

	memset(c->firmware_vendor, 0, sizeof(c->firmware_vendor));
	for (size_t i = 0; vendor && vendor[i] && i + 1 < sizeof(c->firmware_vendor); i++)
		c->firmware_vendor[i] = vendor[i] < ' ' || vendor[i] > '~' ? '?' : (char)vendor[i];
	c->firmware_revision = fw->st->FirmwareRevision;
	c->firmware_build = firmware_build(fw);
}

bool uefi_load_calibration(const struct firmware *fw, struct kb_calibration *ret)
{
	bool there;

	return !load(fw, result_name, &there, ret) && there &&
	       calibration_fits(ret, firmware_build(fw));
}

/* ---- memory ---------------------------------------------------------------------------------- */

static const EFI_MEMORY_DESCRIPTOR *descriptor(const struct fw_map *map, size_t i)
{
	return (const void *)((const uint8_t *)map->buffer + i * map->desc_size);
}

/*
 * The part of a descriptor that is looked at. On x86 all below 1 MiB counts as touched anyway: PEI
 * wakes processors there and restores what it overwrote, and no kernel preserves memory there.
 */
static struct range piece(const EFI_MEMORY_DESCRIPTOR *d)
{
	uint64_t end = d->PhysicalStart + d->NumberOfPages * SZ_4K;
	uint64_t base = max_u64(d->PhysicalStart, ARCH_LOW_MEMORY);

	return (struct range){base, end > base ? end - base : 0};
}

static bool is_free(const EFI_MEMORY_DESCRIPTOR *d)
{
	return d->Type == EfiConventionalMemory;
}

static bool is_used(const EFI_MEMORY_DESCRIPTOR *d)
{
	switch (d->Type) {
	case EfiLoaderCode:
	case EfiLoaderData:
	case EfiBootServicesCode:
	case EfiBootServicesData:
	case EfiRuntimeServicesCode:
	case EfiRuntimeServicesData:
	case EfiACPIReclaimMemory:
	case EfiACPIMemoryNVS:
		return true;
	default:
		return false;
	}
}

static void fill(const struct kb_calibration *c, const struct fw_map *map)
{
	for (size_t i = 0; i < map->size / map->desc_size; i++) {
		struct range r = is_free(descriptor(map, i)) ? piece(descriptor(map, i))
							     : (struct range){0, 0};

		for (uint64_t at = r.base; at < range_end(r); at += SZ_4K)
			calibration_fill(c, at, (void *)(uintptr_t)at);
		cache_flush_range((void *)(uintptr_t)r.base, r.size);
	}
}

static void add(struct range_list *l, struct range r)
{
	struct range *last = l->count ? &l->r[l->count - 1] : NULL;

	if (last && r.size && range_end(*last) == r.base) {
		last->size += r.size;
		return;
	}
	if (l->count == l->max) {
		range_list_sort(l);
		calibration_coalesce(l, l->max / 2);
	}
	(void)!range_list_add(l, r);
}

/* Add the pages of free memory @r without the pattern to @touched. Returns how many there are. */
static uint64_t compare(const struct kb_calibration *c, struct range r, struct range_list *touched)
{
	uint64_t silent = 0;

	for (uint64_t at = r.base; at < range_end(r); at += SZ_4K) {
		if (calibration_intact(c, at, (const void *)(uintptr_t)at))
			continue;
		add(touched, (struct range){at, SZ_4K});
		silent++;
	}
	return silent;
}

/* Find out what the last reset has done to memory. */
static void find_touched(struct kb_calibration *c, const struct fw_map *map,
			 struct range_list *touched, struct range_list *ram)
{
	uint64_t silent = 0;

	add(touched, (struct range){0, ARCH_LOW_MEMORY});
	for (size_t i = 0; i < map->size / map->desc_size; i++) {
		const EFI_MEMORY_DESCRIPTOR *d = descriptor(map, i);

		if (is_used(d))
			add(touched, piece(d));
		if (is_free(d))
			silent += compare(c, piece(d), touched);
		if (is_free(d) || is_used(d))
			add(ram, piece(d));
	}
	range_list_sort(touched);
	range_list_sort(ram);
	calibration_round(c, touched, silent, ram);
}

/* ---- a pass ---------------------------------------------------------------------------------- */

static void report(const struct kb_calibration *c)
{
	const struct kb_calibration_round *r = &c->round[c->done - 1];

	kb_info("calibrate",
		"reset %u of %u: %" PRIu64 " pages touched, %" PRIu64 " of them silently, %" PRIu64
		" not before",
		c->done, c->rounds, r->touched, r->silent, r->drift);
}

static enum kb_status compare_memory(struct firmware *fw, struct kb_calibration *c)
{
	struct fw_map map;
	struct range_list touched = {.max = TOUCHED_MAX}, ram = {.max = RAM_MAX};
	void *a = NULL, *b = NULL;
	enum kb_status st = fw_alloc(fw, TOUCHED_MAX * sizeof(struct range), &a);

	if (!st)
		st = fw_alloc(fw, RAM_MAX * sizeof(struct range), &b);
	if (!st)
		st = fw_map_get(fw, &map);
	if (st)
		return st;
	touched.r = a;
	ram.r = b;
	find_touched(c, &map, &touched, &ram);
	report(c);
	return KB_OK;
}

static void report_zone(const struct kb_calibration *c)
{
	for (uint32_t i = 0; i < c->zone_count; i++)
		kb_info("calibrate", "zone 0x%" PRIx64 "-0x%" PRIx64, c->zone[i].base,
			range_end(c->zone[i]));
	kb_info("calibrate", "done: %u ranges, margin %" PRIu64 " bytes", c->zone_count, c->margin);
}

static enum kb_status finish(const struct firmware *fw, struct kb_calibration *c)
{
	if (!store(fw, result_name, c, sizeof(*c)) || !store(fw, running_name, c, 0))
		return KB_CAL_VARIABLE;
	if (c->state == KB_CALIBRATION_LOST)
		return KB_CAL_LOST;
	report_zone(c);
	return KB_OK;
}

/* The reset that the firmware route uses: its effect is what calibration measures. */
static void find_reset(const struct firmware *fw, struct reset_how *ret)
{
	/* Firmware's tables are not in RAM, and firmware has mapped them. */
	struct range everything = {0, ARCH_ADDRESSES};
	struct mem m = {.ram = {&everything, 1, 1}, .map = mem_map_identity};
	enum kb_status st = reset_find(&m, fw_acpi_rsdp(fw), fw_device_tree(fw), ret);

	if (st)
		kb_warn("calibrate", "KB-%03d %s", (int)st, kb_cause(st));
}

static enum kb_status fill_and_reset(struct firmware *fw, struct kb_calibration *c)
{
	struct reset_how how = {0};
	struct fw_map map;
	enum kb_status st = fw_map_get(fw, &map);

	if (!st && (!store(fw, running_name, c, sizeof(*c)) || !fw_boot_again(fw)))
		st = KB_CAL_VARIABLE;
	if (st)
		return st;
	find_reset(fw, &how);
	kb_info("calibrate", "filling memory and resetting, %u of %u", c->done + 1, c->rounds);
	kb_log_remove_sink(fw_console_line);
	st = fw_exit(fw, &map, NULL, NULL);
	cpu_init();
	if (!st)
		fill(c, &map);
	reset_try(&how);
	cpu_halt();
}

static enum kb_status pass(struct firmware *fw, unsigned int rounds)
{
	struct kb_calibration c;
	bool running;
	enum kb_status st = load(fw, running_name, &running, &c);

	if (!st && running)
		st = compare_memory(fw, &c);
	if (st)
		return st;
	if (!running) {
		calibration_init(&c, rounds, cpu_clock());
		name_firmware(fw, &c);
	}
	return c.state == KB_CALIBRATION_RUNNING ? fill_and_reset(fw, &c) : finish(fw, &c);
}

enum kb_status uefi_calibrate(struct firmware *fw, unsigned int rounds)
{
	enum kb_status st;

	/* All of memory is read and written: that may take longer than the watchdog allows. */
	fw_watchdog_off(fw);
	st = pass(fw, rounds);
	return st ? kb_refuse("calibrate", st, NULL) : KB_OK;
}
