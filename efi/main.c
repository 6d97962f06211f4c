// SPDX-License-Identifier: BSD-2-Clause
/*
 * The UEFI door. efi_main() is the table of contents: look whether something is handed over,
 * gather, plan, commit. The kernel is entered after our own ExitBootServices, not through its EFI
 * stub: that of x86 would drop setup_data (Linux drivers/firmware/efi/libstub/x86-stub.c:
 * efi_allocate_bootparams), that of arm64 would put the kernel where it likes; so what the stub
 * provides is provided here.
 */
#include <arch/cpu.h>
#include <arch/stop.h>
#include <khoboot/layout.h>
#include <khoboot/log.h>

#include "door.h"

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *st, const uint8_t *image_base);

static enum kb_status open_firmware(struct door *d, EFI_HANDLE image, EFI_SYSTEM_TABLE *st)
{
	static EFI_GUID guid = LOADED_IMAGE_PROTOCOL;
	void *loaded;

	d->fw = (struct firmware){.image = image, .st = st, .bs = st->BootServices};
	console_use(st);
	kb_log_add_sink(console_line);
	if (d->fw.bs->HandleProtocol(image, &guid, &loaded))
		return kb_refuse("efi", KB_FW_PROTOCOL, NULL);
	d->fw.loaded = loaded;
	secure_boot_read(&d->fw);
	kb_info("start", "khoboot " KB_VERSION ", UEFI door, Secure Boot %s",
		d->fw.secure_boot ? "on" : "off");
	uefi_learn_machine(&d->fw);
	return KB_OK;
}

/* Firmware is left alone until it is clear what memory it may give us. */
static enum kb_status look(struct door *d, EFI_HANDLE image, EFI_SYSTEM_TABLE *st)
{
	enum kb_status kb = open_firmware(d, image, st);

	if (!kb)
		kb = uefi_read_image(d);
	if (!kb)
		kb = uefi_read_options(d);
	return kb ? kb : uefi_settle(d, uefi_find_handover(d));
}

static enum kb_status open_log(struct door *d)
{
	enum kb_status st;
	void *log;

	st = fw_alloc(&d->fw, DOOR_LOG_SIZE, &log);
	if (st)
		return kb_refuse("efi", st, NULL);
	kb_log_buffer(log, DOOR_LOG_SIZE);
	return KB_OK;
}

static enum kb_status gather(struct door *d)
{
	enum kb_status st = open_log(d);

	if (!st)
		st = uefi_read_kernel(d);
	if (!st)
		st = uefi_alloc_lists(d);
	/* The fence is for cold boots: what is handed over lies where it lies. */
	if (!st && d->options.fence && !d->found)
		st = fence_install(&d->fw, d->options.zone);
	else if (!st && ARCH_MEMRESERVE)
		st = fence_none(&d->fw);
	if (st)
		return st;
	/* These take memory that is no RAM for the kernel: before scratch is compared with it. */
	rng_seed_install(&d->fw);
	tpm_log_install(&d->fw);
	uefi_install_tables(d);
	st = fw_map_get(&d->fw, &d->map);
	if (st)
		return kb_refuse("efi", st, NULL);
	return d->found ? uefi_settle(d, uefi_gather_kho(d)) : KB_OK;
}

/* Without room in scratch there may be some elsewhere, if the operator gives the data up. */
static enum kb_status plan(struct door *d)
{
	enum kb_status st = uefi_plan(d);

	if (st && d->found) {
		st = uefi_settle(d, st);
		if (!st)
			st = uefi_plan(d);
	}
	return st;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *st, const uint8_t *image_base)
{
	char early_log[2048];
	struct door d = {0};
	enum kb_status kb;

	d.entered = cpu_clock();
	d.image = image_base;
	kb_log_buffer(early_log, sizeof(early_log));
	kb = look(&d, image, st);
	if (!kb && d.options.calibrate && !d.found) {
		kb = calibrate(&d.fw, d.options.calibrate);
		/*
		 * Success would end in the boot manager's menu (edk2 BdsDxe), an error in the next
		 * entry.
		 */
		return kb ? EFI_LOAD_ERROR : EFI_ABORTED;
	}
	if (!kb)
		kb = gather(&d);
	if (!kb)
		kb = plan(&d);
	/* Back to firmware: only when nothing is handed over, which it would overwrite. */
	if (kb) {
		uefi_settle(&d, kb);
		return EFI_LOAD_ERROR;
	}
	uefi_commit(&d);
}
