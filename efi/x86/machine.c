// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door: what x86 kernels find in boot_params. */
#include "../uefi.h"

/* Nothing to detect: the I/O ports of console and reset are fixed. */
void uefi_detect_machine(const struct firmware *fw)
{
	(void)fw;
}

/* Nothing to install: boot_params have room for all of it. */
void uefi_install_tables(struct uefi *u)
{
	(void)u;
}

enum kb_status uefi_describe_boot(struct uefi *u)
{
	u->s.boot.loader = BP_LOADER_NONE;
	u->s.boot.e820_ext_max = u->map.capacity / u->map.desc_size;
	return KB_OK;
}

void uefi_fill_block(struct uefi *u)
{
	struct boot_params *bp = (void *)stage_block(&u->s);

	bp->acpi_rsdp_addr = fw_acpi_rsdp(&u->fw);
	bp->secure_boot = u->fw.secure_boot_state;
	fw_describe_screen(&u->fw, &bp->screen_info);
}
