// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door: what x86 kernels find in boot_params. */
#include "../door.h"

/* Ports are where they always were. */
void uefi_learn_machine(const struct firmware *fw)
{
	(void)fw;
}

void uefi_install_tables(struct door *d)
{
	(void)d;
}

enum kb_status uefi_describe_machine(struct door *d)
{
	d->boot.loader = BP_LOADER_NONE;
	d->boot.e820_ext_max = d->map.capacity / d->map.desc_size;
	return KB_OK;
}

void uefi_fill_block(struct door *d)
{
	struct boot_params *bp = (void *)d->block;

	bp->acpi_rsdp_addr = acpi_rsdp(&d->fw);
	bp->secure_boot = d->fw.secure_boot_state;
	gop_describe(&d->fw, &bp->screen_info);
}
