// SPDX-License-Identifier: BSD-2-Clause
/*
 * An EFI program in the place of a stage that keeps memory: installs \kho.table as KHO
 * configuration table, or else \kho.dtb as device tree, and starts \khoboot.efi.
 */
#include <efi.h>
#include <efilib.h>

#include "start.h"

static EFI_GUID kho_guid = {0x7c9b3a52,
			    0x5f0e,
			    0x4c1d,
			    {0x9b, 0x62, 0x2f, 0x8d, 0x6a, 0x41, 0xe0, 0xc7}};
static EFI_GUID dtb_guid = {0xb1b621d5,
			    0xf19c,
			    0x41a5,
			    {0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0}};

static EFI_LOADED_IMAGE *loaded;

/* The file as a configuration table, in memory that the operating system leaves alone. */
static EFI_STATUS install(CHAR16 *path, EFI_GUID *guid)
{
	EFI_FILE_HANDLE root = LibOpenRoot(loaded->DeviceHandle), file;
	UINTN size = 4096;
	void *page;
	EFI_STATUS st;

	st = uefi_call_wrapper(root->Open, 5, root, &file, path, EFI_FILE_MODE_READ, 0);
	if (!EFI_ERROR(st))
		st = uefi_call_wrapper(BS->AllocatePool, 3, EfiACPIReclaimMemory, size, &page);
	if (!EFI_ERROR(st))
		st = uefi_call_wrapper(file->Read, 3, file, &size, page);
	if (!EFI_ERROR(st))
		st = uefi_call_wrapper(BS->InstallConfigurationTable, 2, guid, page);
	return st;
}

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *table)
{
	EFI_STATUS st;

	InitializeLib(self, table);
	st = uefi_call_wrapper(BS->HandleProtocol, 3, self, &LoadedImageProtocol, (void **)&loaded);
	if (!EFI_ERROR(st) && EFI_ERROR(install(L"\\kho.table", &kho_guid)))
		st = install(L"\\kho.dtb", &dtb_guid);
	return EFI_ERROR(st) ? st : start_khoboot(self);
}
