// SPDX-License-Identifier: BSD-2-Clause
/*
 * The UEFI door: cold boot. run() is the table of contents. The kernel is entered through its
 * 64-bit entry after our own ExitBootServices, not through its EFI stub, which would drop
 * setup_data (Linux drivers/firmware/efi/libstub/x86-stub.c:efi_allocate_bootparams); so what the
 * stub provides is provided here.
 */
#include <arch/boot.h>
#include <arch/cpu.h>
#include <arch/door.h>
#include <arch/map.h>
#include <arch/pagetable.h>
#include <arch/serial.h>
#include <arch/stop.h>
#include <khoboot/cmdline.h>
#include <khoboot/console.h>
#include <khoboot/layout.h>
#include <khoboot/log.h>
#include <khoboot/uki.h>

#include <string.h>

#include "firmware.h"

#define RAM_MAX     1024
#define E820_MAX    2048
#define TABLE_PAGES 512 /* of page tables; grows with the pieces of RAM, not with its size */
#define EFI_MAP_MAX (250 * 1024)

struct door {
	struct firmware fw;
	uint64_t entered;
	const uint8_t *image;
	struct uki uki;
	char outside[KB_CMDLINE_MAX + 1];
	char cmdline[KB_CMDLINE_MAX + 1];
	struct kb_options options;
	const uint8_t *kernel_file;
	uint64_t kernel_size;
	struct bzimage kernel;
	struct range initrd;
	struct fw_map map;
	struct range_list ram, free;
	struct memmap e820;
	struct x86_boot boot;
	struct x86_layout layout;
	struct x86_placement place;
	struct pagetable tables;
	uint8_t *block;
};

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *st, const uint8_t *image_base);

/* ---- gather ---------------------------------------------------------------------------------- */

static enum kb_status open_firmware(struct door *d, EFI_HANDLE image, EFI_SYSTEM_TABLE *st)
{
	static EFI_GUID guid = LOADED_IMAGE_PROTOCOL;
	void *loaded, *log;
	enum kb_status kb;

	d->fw = (struct firmware){.image = image, .st = st, .bs = st->BootServices};
	console_use(st);
	kb_log_add_sink(console_line);
	kb = fw_alloc(&d->fw, DOOR_LOG_SIZE, &log);
	if (kb)
		return kb;
	kb_log_buffer(log, DOOR_LOG_SIZE);
	if (d->fw.bs->HandleProtocol(image, &guid, &loaded))
		return kb_refuse("efi", KB_FW_PROTOCOL, NULL);
	d->fw.loaded = loaded;
	secure_boot_read(&d->fw);
	kb_info("start", "khoboot " KB_VERSION ", UEFI door, Secure Boot %s",
		d->fw.secure_boot ? "on" : "off");
	return KB_OK;
}

static enum kb_status read_image(struct door *d)
{
	struct kb_diag diag = {0};
	enum kb_status st = uki_open_loaded(d->image, 0, d->fw.loaded->ImageSize, &d->uki, &diag);

	return st ? kb_refuse("image", st, &diag) : KB_OK;
}

static enum kb_status read_options(struct door *d)
{
	struct kb_diag diag = {0};
	struct cmdline_in in = {
		.builtin = {d->uki.cmdline.data, d->uki.cmdline.size},
		.locked = d->fw.secure_boot,
		.flags = CMDLINE_PATHS | CMDLINE_ARGV0,
	};
	enum kb_status st = options_read(&d->fw, d->outside, sizeof(d->outside));

	if (st) {
		/* Firmware's own boot entries carry binary data there: not an error of the user's.
		 */
		kb_warn("options", "KB-%03d %s; ignored", (int)st, kb_cause(st));
		d->outside[0] = '\0';
	}
	in.outside = (struct kb_text){d->outside, strlen(d->outside)};
	st = cmdline_split(&in, d->cmdline, sizeof(d->cmdline), &d->options, &diag);
	if (st)
		return kb_refuse("options", st, &diag);
	return door_obey(&d->options);
}

static enum kb_status read_path(struct door *d, struct kb_text path, const uint8_t **data,
				uint64_t *size)
{
	char name[256];

	if (path.len >= sizeof(name))
		return KB_FW_FILE;
	memcpy(name, path.text, path.len);
	name[path.len] = '\0';
	return file_read(&d->fw, name, data, size);
}

/* The files of all initrd= words, one behind the other as a boot loader puts them. */
static enum kb_status read_initrds(struct door *d)
{
	const uint8_t *data[KB_INITRD_MAX];
	uint64_t size[KB_INITRD_MAX], sum = 0, at = 0;
	enum kb_status st = KB_OK;
	void *all;

	for (size_t i = 0; i < d->options.initrds && !st; i++) {
		st = read_path(d, d->options.initrd[i], &data[i], &size[i]);
		if (!st)
			sum += align_down(size[i] + 3, 4);
	}
	if (st || !sum)
		return st;
	st = fw_alloc(&d->fw, sum, &all);
	if (st)
		return st;
	for (size_t i = 0; i < d->options.initrds; i++) {
		memcpy((uint8_t *)all + at, data[i], size[i]);
		at += align_down(size[i] + 3, 4);
	}
	d->initrd = (struct range){(uintptr_t)all, sum};
	return KB_OK;
}

/* linux= and initrd= of the load options: files that nobody has verified. */
static enum kb_status read_files(struct door *d)
{
	enum kb_status st;

	if (d->fw.secure_boot)
		return kb_refuse("kernel", KB_FW_SECURE, NULL);
	if (!d->options.kernel.text)
		return kb_refuse("kernel", KB_NO_KERNEL, NULL);
	st = read_path(d, d->options.kernel, &d->kernel_file, &d->kernel_size);
	if (!st)
		st = read_initrds(d);
	return st ? kb_refuse("kernel", st, NULL) : KB_OK;
}

static enum kb_status read_kernel(struct door *d)
{
	struct kb_diag diag = {0};
	enum kb_status st = KB_OK;

	if (d->uki.kernel.data) {
		d->kernel_file = d->uki.kernel.data;
		d->kernel_size = d->uki.kernel.size;
	} else {
		st = read_files(d);
	}
	if (st)
		return st;
	if (d->uki.ucode.data)
		kb_warn("initrd", ".ucode is not loaded; give it as first --initrd of khoctl uki");
	if (d->uki.initrd.data)
		d->initrd = (struct range){(uintptr_t)d->uki.initrd.data, d->uki.initrd.size};
	st = bzimage_parse(d->kernel_file, d->kernel_size, &d->kernel, &diag);
	if (!st)
		st = bzimage_check_5level(&d->kernel, cpu_la57());
	return st ? kb_refuse("kernel", st, &diag) : KB_OK;
}

static struct efi_map view(const struct fw_map *map)
{
	return (struct efi_map){map->buffer, map->size, map->desc_size};
}

static enum kb_status alloc_lists(struct door *d)
{
	void *ram, *free, *e820, *tables;
	enum kb_status st = fw_alloc(&d->fw, RAM_MAX * sizeof(struct range), &ram);

	if (!st)
		st = fw_alloc(&d->fw, RAM_MAX * sizeof(struct range), &free);
	if (!st)
		st = fw_alloc(&d->fw, E820_MAX * sizeof(struct e820_entry), &e820);
	if (!st)
		st = fw_alloc(&d->fw, TABLE_PAGES * SZ_4K, &tables);
	if (st)
		return kb_refuse("efi", st, NULL);
	d->ram = (struct range_list){ram, 0, RAM_MAX};
	d->free = (struct range_list){free, 0, RAM_MAX};
	d->e820 = (struct memmap){e820, 0, E820_MAX};
	d->tables = (struct pagetable){.pool = tables,
				       .pool_addr = (uintptr_t)tables,
				       .pages = TABLE_PAGES,
				       .levels = cpu_la57() ? 5 : 4,
				       .gbpages = cpu_gbpages()};
	return KB_OK;
}

static enum kb_status gather(struct door *d, EFI_HANDLE image, EFI_SYSTEM_TABLE *st)
{
	enum kb_status kb = open_firmware(d, image, st);

	if (!kb)
		kb = read_image(d);
	if (!kb)
		kb = read_options(d);
	if (!kb)
		kb = read_kernel(d);
	if (!kb)
		kb = alloc_lists(d);
	if (kb)
		return kb;
	rng_seed_install(&d->fw);
	tpm_log_install(&d->fw);
	kb = fw_map_get(&d->fw, &d->map);
	return kb ? kb_refuse("efi", kb, NULL) : KB_OK;
}

/* ---- plan ------------------------------------------------------------------------------------ */

static void describe_boot(struct door *d)
{
	d->boot = (struct x86_boot){
		.kernel = &d->kernel,
		.kernel_file = d->kernel_file,
		.loader = BP_LOADER_NONE,
		.cmdline = d->cmdline,
		.initrd = d->initrd,
		.efi_map_max = min_u64(d->map.capacity, EFI_MAP_MAX),
		.e820_ext_max = d->map.capacity / d->map.desc_size,
		.log_max = DOOR_LOG_SIZE,
	};
}

static enum kb_status place(struct door *d)
{
	struct efi_map map = view(&d->map);
	enum kb_status st = efi_map_free(&map, &d->free);

	if (!st)
		st = x86_layout(&d->boot, &d->layout);
	if (!st)
		st = x86_place(&d->free, &d->kernel, d->layout.size, &d->place);
	if (!st)
		st = fw_claim(&d->fw, d->place.window);
	if (!st)
		st = fw_claim(&d->fw, d->place.block);
	return st ? kb_refuse("plan", st, NULL) : KB_OK;
}

/* Page tables for the time after boot services: RAM, what runs of us, what the kernel starts in. */
static enum kb_status build_tables(struct door *d)
{
	struct range image = {(uintptr_t)d->image, d->fw.loaded->ImageSize};
	struct efi_map map = view(&d->map);
	enum kb_status st = efi_map_ram(&map, &d->ram);

	image.size = align_down(image.size + SZ_4K - 1, SZ_4K);
	if (!st)
		st = pt_init(&d->tables);
	for (size_t i = 0; i < d->ram.count && !st; i++)
		st = pt_map(&d->tables, d->ram.r[i], PT_WRITE);
	if (!st)
		st = pt_map(&d->tables, (struct range){0, SZ_1M}, PT_WRITE | PT_EXEC);
	if (!st)
		st = map_image(&d->tables, image);
	if (!st)
		st = pt_map(&d->tables, d->place.window, PT_WRITE | PT_EXEC);
	if (!st)
		st = map_uart(&d->tables, console_find(d->cmdline));
	return st ? kb_refuse("plan", st, NULL) : KB_OK;
}

static void fill_block(struct door *d)
{
	struct boot_params *bp;

	d->block = (uint8_t *)(uintptr_t)d->place.block.base;
	x86_write_block(&d->boot, &d->layout, d->block, d->place.block.base);
	bp = (void *)d->block;
	bp->acpi_rsdp_addr = acpi_rsdp(&d->fw);
	bp->secure_boot = d->fw.secure_boot_state;
	gop_describe(&d->fw, &bp->screen_info);
	memcpy((void *)(uintptr_t)d->place.window.base, d->kernel_file + d->kernel.load_offset,
	       d->kernel.load_size);
}

static enum kb_status plan(struct door *d)
{
	enum kb_status st;

	describe_boot(d);
	st = place(d);
	if (!st)
		st = build_tables(d);
	if (!st)
		fill_block(d);
	return st;
}

/* ---- commit ---------------------------------------------------------------------------------- */

/* The map of the last moment, as E820 and as it is. */
static enum kb_status hand_over_map(struct door *d)
{
	struct efi_map map = view(&d->map);
	enum kb_status st = memmap_from_efi(&map, &d->e820);

	if (!st)
		st = x86_set_e820(&d->layout, d->block, d->boot.e820_ext_max, &d->e820);
	if (!st && d->map.size > d->boot.efi_map_max)
		st = KB_EFI_MAP_BIG;
	if (st)
		return st;
	memcpy(x86_payload(d->block, d->layout.efi_map), d->map.buffer, d->map.size);
	x86_set_efi(&d->layout, d->block, d->place.block.base, (uintptr_t)d->fw.st, d->map.size,
		    (uint32_t)d->map.desc_size, d->map.desc_version);
	return KB_OK;
}

static _Noreturn void commit(struct door *d)
{
	struct door_exit leave = {
		.entered = d->entered,
		.kernel = &d->kernel,
		.layout = &d->layout,
		.place = &d->place,
		.cr3 = d->tables.pool_addr,
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
	door_leave(&leave);
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *st, const uint8_t *image_base)
{
	struct door d = {0};
	enum kb_status kb;

	d.entered = read_tsc();
	d.image = image_base;
	kb = gather(&d, image, st);
	if (!kb)
		kb = plan(&d);
	if (kb)
		return EFI_LOAD_ERROR;
	commit(&d);
}
