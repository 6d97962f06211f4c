/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory map of UEFI: which memory is RAM, which is free, and which is to be claimed.
 */
#ifndef FORMAT_EFI_MAP_H
#define FORMAT_EFI_MAP_H

#include <core/range.h>

/* UEFI 2.10 table 7.10 */
enum efi_memory_type {
	EFI_RESERVED,
	EFI_LOADER_CODE,
	EFI_LOADER_DATA,
	EFI_BS_CODE,
	EFI_BS_DATA,
	EFI_RT_CODE,
	EFI_RT_DATA,
	EFI_CONVENTIONAL,
	EFI_UNUSABLE,
	EFI_ACPI_RECLAIM,
	EFI_ACPI_NVS,
	EFI_MMIO,
	EFI_MMIO_PORT,
	EFI_PAL_CODE,
	EFI_PERSISTENT,
	EFI_UNACCEPTED,
};

/* Attributes, UEFI 2.10 section 7.2.3. */
#define EFI_ATTR_WB 0x8ULL
#define EFI_ATTR_SP 0x40000ULL
#define EFI_ATTR_RT (1ULL << 63)

/* EFI_MEMORY_DESCRIPTOR, UEFI 2.10 section 7.2.3; entries may be larger than this struct. */
struct efi_descriptor {
	uint32_t type;
	uint32_t pad;
	uint64_t phys;
	uint64_t virt;
	uint64_t pages; /* of 4 KiB */
	uint64_t attribute;
};

struct efi_map {
	const void *data;
	uint64_t size;      /* bytes */
	uint64_t desc_size; /* bytes from one descriptor to the next */
};

/* Whole descriptors, and none smaller than struct efi_descriptor. */
bool efi_map_sane(const struct efi_map *map);

/*
 * efi_map_descriptor - descriptor @i of a sane map, and its size in bytes
 *
 * A descriptor whose memory passes 2^64 describes none: some firmware has such, and kernels leave
 * them out (Linux arch/x86/platform/efi/efi.c: efi_memmap_entry_valid). Its size is 0 then.
 */
void efi_map_descriptor(const struct efi_map *map, uint64_t i, struct efi_descriptor *d,
			uint64_t *bytes);

/* May a kernel treat it as RAM once boot services are gone? */
bool efi_descriptor_is_ram(const struct efi_descriptor *d);

/* The conventional memory (type 7) of a UEFI map as a sorted list. Errors as above. */
__must_check enum kb_status efi_map_free(const struct efi_map *map, struct range_list *ret);

/* Memory of every type, also firmware's own: its tables may be there. Errors as above. */
__must_check enum kb_status efi_map_all(const struct efi_map *map, struct range_list *ret);

/*
 * What firmware keeps its tables in for a kernel: runtime services memory, ACPI's two kinds. Errors
 * as above.
 */
__must_check enum kb_status efi_map_tables(const struct efi_map *map, struct range_list *ret);

/*
 * efi_map_claims - the inverse claim: conventional memory from @floor on that is not in @keep
 * @keep: sorted
 * @ret: pieces of one descriptor each, in their order: firmware does not allocate a range that
 *	 crosses from one descriptor to the next
 *	 (edk2 MdeModulePkg/Core/Dxe/Mem/Page.c:CoreConvertPagesEx)
 *
 * Their number depends on the map and on @keep, not on what is preserved. Errors as above, and
 * KB_RANGE_FULL.
 */
__must_check enum kb_status efi_map_claims(const struct efi_map *map, uint64_t floor,
					   const struct range_list *keep, struct range_list *ret);

/*
 * efi_map_take_over - boot services memory that holds a home of evacuated pages becomes loader data
 *
 * x86 kernels reserve boot services memory for the call of SetVirtualAddressMap. Then they free all
 * of it, even pages that were reserved for another use meanwhile (Linux
 * arch/x86/platform/efi/quirks.c: efi_reserve_boot_services, efi_free_boot_services). The map is
 * sound: memmap_from_efi() accepted it.
 */
void efi_map_take_over(void *data, uint64_t size, uint64_t desc_size,
		       const struct range_list *homes);

/* What a kernel may treat as RAM once boot services are gone. Errors as above. */
__must_check enum kb_status efi_map_ram(const struct efi_map *map, struct range_list *ret);

/*
 * efi_map_kernel_ram - RAM as arm64 kernels see it (Linux drivers/firmware/efi/efi-init.c:
 * reserve_regions)
 * @ram: what may be mapped write-back and is no longer firmware's; ACPI reclaim memory and
 *	 persistent memory are part of it
 * @reserved: these two: RAM that is not free. Kernels reserve the first. They would overwrite the
 *	 second, but khoboot must not do so.
 *
 * Both are cleared, then sorted and merged. Special purpose memory is left out: kernels hold it
 * back for drivers. Returns KB_OK, KB_EFI_MAP, KB_NO_RAM or KB_RANGE_FULL.
 */
__must_check enum kb_status efi_map_kernel_ram(const struct efi_map *map, struct range_list *ram,
					       struct range_list *reserved);

/*
 * efi_map_to_phys - the physical address of @virt, which SetVirtualAddressMap may have changed
 * @map: sane
 *
 * Found by the first runtime descriptor that contains @virt. Returns @virt itself if none does, or
 * if an earlier runtime descriptor has no virtual address: then nothing was changed.
 */
uint64_t efi_map_to_phys(const struct efi_map *map, uint64_t virt);

#endif
