// SPDX-License-Identifier: BSD-2-Clause
/*
 * An EFI program: what it costs to claim preserved memory range by range. Claims N separate pages,
 * each second one of a free stretch, in one AllocatePages call each; for N = 1, 10, 100 ... Prints
 * "bench: naive ranges N us T map BYTES" on the console.
 */
#include <efi.h>
#include <efilib.h>

#define PAGE    4096
#define LIMIT   10000 /* ranges: beyond that it takes hours under emulation */
#define STRETCH (2ULL * LIMIT)

static UINT64 ticks(void)
{
	UINT32 lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi));
	return (UINT64)hi << 32 | lo;
}

/* Ticks of one microsecond, by the firmware's own clock. */
static UINT64 ticks_per_us(void)
{
	UINT64 start = ticks();

	uefi_call_wrapper(BS->Stall, 1, 100000);
	return (ticks() - start) / 100000;
}

/* A free stretch that is long enough, or 0; and the bytes of the memory map. */
static EFI_PHYSICAL_ADDRESS find_stretch(UINTN *bytes)
{
	EFI_PHYSICAL_ADDRESS found = 0;
	UINTN count, key, size;
	UINT32 version;
	EFI_MEMORY_DESCRIPTOR *map = LibMemoryMap(&count, &key, &size, &version), *d = map;

	for (UINTN i = 0; i < count; i++, d = NextMemoryDescriptor(d, size))
		if (d->Type == EfiConventionalMemory && d->NumberOfPages >= STRETCH)
			found = d->PhysicalStart;
	*bytes = count * size;
	FreePool(map);
	return found;
}

/* Ranges @from to @to; those below are claimed already. */
static EFI_STATUS claim(EFI_PHYSICAL_ADDRESS base, UINTN from, UINTN to)
{
	EFI_STATUS st = EFI_SUCCESS;

	for (UINTN i = from; i < to && !EFI_ERROR(st); i++) {
		EFI_PHYSICAL_ADDRESS at = base + 2 * i * PAGE;

		st = uefi_call_wrapper(BS->AllocatePages, 4, AllocateAddress, EfiLoaderData, 1,
				       &at);
	}
	return st;
}

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *table)
{
	UINT64 spent = 0, rate;
	EFI_PHYSICAL_ADDRESS base;
	UINTN bytes, from = 0;
	EFI_STATUS st = EFI_NOT_FOUND;

	InitializeLib(self, table);
	rate = ticks_per_us();
	base = find_stretch(&bytes);
	for (UINTN n = 1; base && n <= LIMIT; from = n, n *= 10) {
		UINT64 start = ticks();

		st = claim(base, from, n);
		spent += ticks() - start;
		if (EFI_ERROR(st))
			break;
		find_stretch(&bytes);
		Print(L"bench: naive ranges %d us %ld map %d\r\n", n, spent / rate, bytes);
	}
	Print(L"bench: naive end %r\r\n", st);
	return st;
}
