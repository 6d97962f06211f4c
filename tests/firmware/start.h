/* SPDX-License-Identifier: BSD-2-Clause */
/* What the EFI programs of the tests end with: \khoboot.efi of their own volume. */
#ifndef TESTS_FIRMWARE_START_H
#define TESTS_FIRMWARE_START_H

#include <efi.h>
#include <efilib.h>

static inline EFI_STATUS start_khoboot(EFI_HANDLE self)
{
	EFI_LOADED_IMAGE *loaded;
	EFI_HANDLE image;
	EFI_STATUS st;

	st = uefi_call_wrapper(BS->HandleProtocol, 3, self, &LoadedImageProtocol, (void **)&loaded);
	if (!EFI_ERROR(st))
		st = uefi_call_wrapper(BS->LoadImage, 6, FALSE, self,
				       FileDevicePath(loaded->DeviceHandle, L"\\khoboot.efi"), NULL,
				       0, &image);
	if (!EFI_ERROR(st))
		st = uefi_call_wrapper(BS->StartImage, 3, image, NULL, NULL);
	return st;
}

#endif
