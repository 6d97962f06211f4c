// SPDX-License-Identifier: BSD-2-Clause
/*
 * The UEFI door: cold boot. run() is the table of contents. The kernel is entered through its
 * 64-bit entry after our own ExitBootServices, not through its EFI stub, which would drop
 * setup_data (Linux drivers/firmware/efi/libstub/x86-stub.c:efi_allocate_bootparams); so what the
 * stub provides is provided here.
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

static enum kb_status gather(struct door *d, EFI_HANDLE image, EFI_SYSTEM_TABLE *st)
{
	enum kb_status kb = open_firmware(d, image, st);

	if (!kb)
		kb = uefi_read_image(d);
	if (!kb)
		kb = uefi_read_options(d);
	if (!kb)
		kb = uefi_read_kernel(d);
	if (!kb)
		kb = uefi_alloc_lists(d);
	if (kb)
		return kb;
	rng_seed_install(&d->fw);
	tpm_log_install(&d->fw);
	kb = fw_map_get(&d->fw, &d->map);
	return kb ? kb_refuse("efi", kb, NULL) : KB_OK;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *st, const uint8_t *image_base)
{
	struct door d = {0};
	enum kb_status kb;

	d.entered = read_tsc();
	d.image = image_base;
	kb = gather(&d, image, st);
	if (!kb)
		kb = uefi_plan(&d);
	if (kb)
		return EFI_LOAD_ERROR;
	uefi_commit(&d);
}
