// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door: what arm64 kernels find in configuration tables and in the device tree. */
#include <arch/machine.h>
#include <arch/reset_how.h>
#include <core/log.h>
#include <fdt/dtb.h>
#include <format/acpi.h>
#include <format/stub.h>

#include <string.h>

#include "../uefi.h"

static struct uart find_console(const struct mem *m, uint64_t rsdp, uint64_t tree)
{
	struct uart u = {UART_NONE, 0};
	struct dtb_facts f;
	const void *fdt;

	if (tree && !dtb_get(m, tree, &fdt, NULL) && !dtb_read(fdt, &f, NULL) &&
	    f.uart.kind != UART_NONE)
		return f.uart;
	if (rsdp && acpi_console(m, rsdp, &u))
		u.kind = UART_NONE;
	return u;
}

void uefi_detect_machine(const struct firmware *fw)
{
	/* Firmware's tables are not in RAM, and firmware has mapped them. */
	struct range everything = {0, ARCH_ADDRESSES};
	struct mem m = {.ram = {&everything, 1, 1}, .map = mem_map_identity};
	uint64_t rsdp = fw_acpi_rsdp(fw), tree = fw_device_tree(fw);
	struct reset_how reset;

	uart_set_default(find_console(&m, rsdp, tree));
	/* Even if one of the two sources is damaged, the other one may have named the conduit. */
	if (!reset_find(&m, rsdp, tree, &reset) || reset.psci != PSCI_NONE)
		reset_remember(&reset);
}

/*
 * A screen_info. Newer kernels expect an EDID after it (Linux include/linux/sysfb.h: struct
 * sysfb_display_info); zeros mean that there is none.
 */
struct display {
	struct screen_info screen;
	uint8_t edid[128];
};

static EFI_GUID for_linux = {0xe03fc20a,
			     0x85dc,
			     0x406e,
			     {0xb9, 0x0e, 0x4a, 0xb5, 0x02, 0x37, 0x1d, 0x95}};
static EFI_GUID for_khoboot = {0xf3a62bbe,
			       0xaf75,
			       0x4f4b,
			       {0x91, 0xd2, 0xad, 0x76, 0xe5, 0x0f, 0x67, 0xd8}};

/* @size bytes at @data, which kernels leave alone: the memory is of ACPI's tables. */
static void install_copy(struct firmware *fw, EFI_GUID *guid, const void *data, size_t size)
{
	void *pool;

	if (fw->bs->AllocatePool(EfiACPIReclaimMemory, size, &pool))
		return;
	memcpy(pool, data, size);
	if (fw->bs->InstallConfigurationTable(guid, pool))
		fw->bs->FreePool(pool);
}

/*
 * The kernel wipes what it reads (Linux drivers/firmware/efi/efi-init.c), so a second table tells
 * the same to khoboot, when it is started by that kernel.
 */
static void install_display(struct firmware *fw)
{
	struct display display = {0};

	fw_describe_screen(fw, &display.screen);
	if (!display.screen.orig_video_isVGA)
		return;
	install_copy(fw, &for_linux, &display, sizeof(display));
	install_copy(fw, &for_khoboot, &display.screen, sizeof(display.screen));
}

void uefi_install_tables(struct uefi *u)
{
	install_display(&u->fw);
}

/* Firmware's tree; NULL without a usable one: the kernel then finds its hardware by ACPI. */
static const void *device_tree(struct uefi *u)
{
	const void *fdt = (const void *)(uintptr_t)fw_device_tree(&u->fw);
	struct kb_diag diag = {0};
	enum kb_status st = fdt ? dtb_check(fdt, DTB_MAX, &diag) : KB_OK;

	if (!st)
		return fdt;
	kb_refuse("efi", st, &diag);
	return NULL;
}

/*
 * The kernel after the next one reads this memory map, too, but is loaded into scratch, over
 * whatever the next one reserved there. So with KHO the map has to lie outside scratch.
 */
static enum kb_status find_map_room(struct uefi *u)
{
	struct range_list scratch = u->s.kho->scratch;
	struct kb_record *rec = u->s.record;
	enum kb_status st;

	/* Record and copies are ours, too, and may lie where scratch was cut meanwhile. */
	if (rec)
		scratch = (struct range_list){record_scratch(rec), rec->scratch_count,
					      rec->scratch_count};
	st = boot_find_room(&u->s.mem, u->s.kho, &scratch, &u->claimed, &u->homes,
			    u->s.boot.efi_map_max, &u->s.boot.efi_map_room);

	return st ? st : kho_check_written(&u->s.mem, u->s.kho, &u->s.boot.efi_map_room, 1);
}

enum kb_status uefi_describe_boot(struct uefi *u)
{
	u->s.boot.fdt = device_tree(u);
	u->s.boot.fdt_addr = (uintptr_t)u->s.boot.fdt;
	u->s.boot.secure = u->fw.secure_boot_state;
	/* Without a seed, here or in the tree, the kernel does not randomize its addresses. */
	if (!fw_random(&u->fw, &u->s.boot.kaslr_seed, sizeof(u->s.boot.kaslr_seed)))
		u->s.boot.kaslr_seed = 0;
	return u->s.kho ? find_map_room(u) : KB_OK;
}

/* Nothing to add: everything is in the tree by now, or comes with the memory map. */
void uefi_fill_block(struct uefi *u)
{
	(void)u;
}
