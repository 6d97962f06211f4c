/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory maps: E820 as the kernel takes it, and its making from a UEFI memory map.
 */
#ifndef ARCH_X86_MEMMAP_H
#define ARCH_X86_MEMMAP_H

#include <arch/bootparams.h>
#include <khoboot/range.h>

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

/* E820 entries in storage of the caller. */
struct memmap {
	struct e820_entry *e;
	size_t count;
	size_t max;
};

/* Append @n raw entries. Returns KB_OK or KB_E820_FULL (nothing added). */
__must_check enum kb_status memmap_add(struct memmap *m, const struct e820_entry *e, size_t n);

/*
 * memmap_ram - the RAM of @m as a sorted list
 *
 * Where entries overlap, the one that is not RAM wins, as in the kernel's e820__update_table.
 * Returns KB_OK, KB_E820_WRAP (an entry passes 2^64), KB_E820_NO_RAM or KB_RANGE_FULL.
 */
__must_check enum kb_status memmap_ram(const struct memmap *m, struct range_list *ret);

/*
 * memmap_tables - all that @m names, RAM or not: memory in which firmware may keep its tables
 *
 * Sorted and merged. Returns KB_OK, KB_E820_WRAP or KB_RANGE_FULL.
 */
__must_check enum kb_status memmap_tables(const struct memmap *m, struct range_list *ret);

/*
 * memmap_from_efi - E820 entries for a UEFI memory map, adjacent entries of one type merged
 *
 * The types are those of Linux drivers/firmware/efi/libstub/x86-stub.c:setup_e820. Returns KB_OK,
 * KB_EFI_MAP (descriptor size below 40, size not a multiple of it, page count that wraps),
 * KB_EFI_UNACCEPTED (memory of a confidential guest that nobody accepted), or KB_E820_FULL.
 */
__must_check enum kb_status memmap_from_efi(const struct efi_map *map, struct memmap *ret);

/* The conventional memory (type 7) of a UEFI map as a sorted list. Errors as above. */
__must_check enum kb_status efi_map_free(const struct efi_map *map, struct range_list *ret);

/* Memory of every type, also the firmware's own: where its tables may be. Errors as above. */
__must_check enum kb_status efi_map_all(const struct efi_map *map, struct range_list *ret);

/*
 * efi_map_claims - the inverse claim: conventional memory from 1 MiB on that is not in @keep
 * @keep: sorted
 * @ret: pieces of one descriptor each, in their order: firmware gives no range that crosses the
 *	 border of two (edk2 MdeModulePkg/Core/Dxe/Mem/Page.c:CoreConvertPagesEx)
 *
 * Their number depends on the map and on @keep, not on what is preserved. Errors as above, and
 * KB_RANGE_FULL.
 */
__must_check enum kb_status efi_map_claims(const struct efi_map *map, const struct range_list *keep,
					   struct range_list *ret);

/*
 * efi_map_take_over - boot services memory that holds a home of evacuated pages becomes loader data
 *
 * x86 kernels reserve boot services memory for the call of SetVirtualAddressMap, and then free all
 * of it, whoever has reserved pages in it by then (Linux arch/x86/platform/efi/quirks.c:
 * efi_reserve_boot_services, efi_free_boot_services). The map is sound: memmap_from_efi() took it.
 */
void efi_map_take_over(void *data, uint64_t size, uint64_t desc_size,
		       const struct range_list *homes);

/* What a kernel may treat as RAM once boot services are gone. Errors as above. */
__must_check enum kb_status efi_map_ram(const struct efi_map *map, struct range_list *ret);

#endif
