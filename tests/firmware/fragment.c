// SPDX-License-Identifier: BSD-2-Clause
/*
 * An EFI program that cuts the memory map into many pieces, then starts \khoboot.efi: every second
 * page of a stretch of free memory becomes reserved, as buggy firmware and many devices do it.
 */
#include <efi.h>
#include <efilib.h>

#include "start.h"

#define PAGE   4096
#define RUN    240 /* pages; each second one is taken. The kernel itself has room for 320 entries */
#define LOWEST 0x2000000

/* A free stretch of RUN pages above LOWEST, or 0. */
static EFI_PHYSICAL_ADDRESS find_run(void)
{
	UINTN count, key, size;
	UINT32 version;
	EFI_MEMORY_DESCRIPTOR *map = LibMemoryMap(&count, &key, &size, &version), *d = map;

	for (UINTN i = 0; i < count; i++, d = NextMemoryDescriptor(d, size))
		if (d->Type == EfiConventionalMemory && d->PhysicalStart >= LOWEST &&
		    d->NumberOfPages >= RUN)
			return d->PhysicalStart;
	return 0;
}

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *table)
{
	EFI_PHYSICAL_ADDRESS at, run;
	EFI_STATUS st;

	InitializeLib(self, table);
	run = find_run();
	for (UINTN i = 0; run && i < RUN; i += 2) {
		at = run + i * PAGE;
		st = uefi_call_wrapper(BS->AllocatePages, 4, AllocateAddress, EfiReservedMemoryType,
				       1, &at);
		if (EFI_ERROR(st))
			return st;
	}
	return run ? start_khoboot(self) : EFI_NOT_FOUND;
}
