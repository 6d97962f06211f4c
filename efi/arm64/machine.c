// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door: what arm64 kernels find in configuration tables and in the device tree. */
#include <arch/dtb.h>
#include <khoboot/log.h>
#include <khoboot/stub.h>

#include <string.h>

#include "../door.h"

/*
 * A screen_info, which newer kernels expect to be followed by an EDID (Linux include/linux/sysfb.h:
 * struct sysfb_display_info); zeros are none.
 */
struct display {
	struct screen_info screen;
	uint8_t edid[128];
};

static void install_display(struct firmware *fw)
{
	static EFI_GUID guid = {0xe03fc20a,
				0x85dc,
				0x406e,
				{0xb9, 0x0e, 0x4a, 0xb5, 0x02, 0x37, 0x1d, 0x95}};
	struct display *display;
	void *pool;

	/* The kernel keeps ACPI reclaim memory until it has read it. */
	if (fw->bs->AllocatePool(EfiACPIReclaimMemory, sizeof(*display), &pool))
		return;
	display = memset(pool, 0, sizeof(*display));
	gop_describe(fw, &display->screen);
	if (!display->screen.orig_video_isVGA ||
	    fw->bs->InstallConfigurationTable(&guid, display))
		fw->bs->FreePool(display);
}

void uefi_install_tables(struct door *d)
{
	install_display(&d->fw);
}

/* Firmware's tree, or none: the kernel then finds its hardware by ACPI. */
static const void *device_tree(struct door *d)
{
	const void *fdt = (const void *)(uintptr_t)fw_device_tree(&d->fw);
	struct kb_diag diag = {0};
	enum kb_status st = fdt ? dtb_check(fdt, DTB_MAX, &diag) : KB_OK;

	if (!st)
		return fdt;
	kb_refuse("efi", st, &diag);
	return NULL;
}

void uefi_describe_machine(struct door *d)
{
	d->boot.fdt = device_tree(d);
	d->boot.secure = d->fw.secure_boot_state;
}

/* Everything is in the tree by now, or comes with the memory map. */
void uefi_fill_block(struct door *d)
{
	(void)d;
}
