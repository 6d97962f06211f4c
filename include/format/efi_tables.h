/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables that UEFI left in memory, read long after its boot services ended, as a kernel started
 * by kexec does (Linux drivers/firmware/efi/efi.c). They are untrusted: since then, kernels could
 * write to them.
 */
#ifndef FORMAT_EFI_TABLES_H
#define FORMAT_EFI_TABLES_H

#include <core/mem.h>
#include <format/efi_map.h>

/* Physical addresses. 0: not found. */
struct efi_tables {
	uint64_t rsdp;       /* of ACPI 2.0 or, if not found, 1.0 */
	uint64_t smbios;     /* of SMBIOS 3.0 or, if not found, 2.1 */
	uint64_t memreserve; /* LINUX_EFI_MEMRESERVE: see efi_reserved() */
	uint64_t screen;     /* a struct screen_info (<format/stub.h>): khoboot's, else Linux' */
	uint64_t dtb;
};

#define EFI_TABLES_MAX 1024 /* most entries that a configuration table may have */

/*
 * efi_find_tables - the configuration table of the system table at @systab, a physical address
 * @m: a view of all memory in @map, including the firmware's own; @map is sane
 *
 * Returns KB_OK or KB_EFI_TABLE with @m's diagnosis; @ret is untouched then.
 */
__must_check enum kb_status efi_find_tables(struct mem *m, const struct efi_map *map,
					    uint64_t systab, struct efi_tables *ret);

#define EFI_RESERVED_NODES 4096 /* most in the list; a kernel's nodes have 255 entries each */

/*
 * efi_reserved - memory that kernels reserved for good (struct linux_efi_memreserve)
 * @head: physical address of the first node; 0: empty list
 * @busy: the nodes and the ranges in them are added; it may be sorted and merged for that
 *
 * On machines with GICv3 these are the tables of pending LPIs, which the interrupt controller
 * writes until it is reset: nothing may be placed there. Returns KB_OK, KB_EFI_RESERVED (a node
 * outside memory or of impossible size, a range that wraps, a list that does not end) with @m's
 * diagnosis, or KB_RANGE_FULL.
 */
__must_check enum kb_status efi_reserved(struct mem *m, uint64_t head, struct range_list *busy);

/* ---- for those who only have to know where it is ---- */

#define EFI_SYSTAB_SIZE 120 /* bytes of EFI_SYSTEM_TABLE, UEFI 2.10 section 4.3, 64 bit */

/* Entries of the configuration table of @systab, which has EFI_SYSTAB_SIZE readable bytes. */
static inline uint64_t efi_systab_entries(const void *systab)
{
	return get_u64((const uint8_t *)systab + 104);
}

/*
 * Address of the configuration table, a virtual one after SetVirtualAddressMap; of @entries entries
 * of 24 bytes (UEFI 2.10 section 4.6).
 */
static inline struct range efi_systab_table(const void *systab)
{
	return (struct range){get_u64((const uint8_t *)systab + 112),
			      efi_systab_entries(systab) * 24};
}

#endif
