/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory maps: E820 as the kernel takes it, and how it is made from a UEFI memory map.
 */
#ifndef ARCH_X86_MEMMAP_H
#define ARCH_X86_MEMMAP_H

#include <arch/bootparams.h>
#include <core/text.h>
#include <format/efi_map.h>

/* E820 entries in storage of the caller. */
struct memmap {
	struct e820_entry *e;
	size_t count;
	size_t max;
};

/* Append @n entries, copied unchecked. Returns KB_OK, or KB_E820_FULL with nothing added. */
__must_check enum kb_status memmap_add(struct memmap *m, const struct e820_entry *e, size_t n);

/*
 * memmap_ram - the RAM of @m as a sorted list
 *
 * Where entries overlap, the one that is not RAM wins, as in the kernel's e820__update_table.
 * Returns KB_OK, KB_E820_WRAP (an entry passes 2^64), KB_NO_RAM or KB_RANGE_FULL.
 */
__must_check enum kb_status memmap_ram(const struct memmap *m, struct range_list *ret);

/*
 * memmap_tables - all memory that @m names, RAM or not: firmware may keep its tables in any of it
 *
 * Sorted and merged. Returns KB_OK, KB_E820_WRAP or KB_RANGE_FULL.
 */
__must_check enum kb_status memmap_tables(const struct memmap *m, struct range_list *ret);

/*
 * memmap_from_efi - E820 entries for a UEFI memory map, adjacent entries of one type merged
 *
 * The types are those of Linux drivers/firmware/efi/libstub/x86-stub.c:setup_e820. Returns KB_OK,
 * KB_EFI_MAP (descriptor size below 40, size not a multiple of it), KB_EFI_UNACCEPTED (memory of a
 * confidential guest that was not accepted), or KB_E820_FULL.
 */
__must_check enum kb_status memmap_from_efi(const struct efi_map *map, struct memmap *ret);

/*
 * memmap_crash - is this command line, with this map, that of a crash kernel?
 * @m: the map of the zero page
 * @t: the command line; the words found are taken off it
 * @ret: the words found, with single blanks; untouched unless true
 *
 * Loading a crash kernel, Linux puts "elfcorehdr=ADDR", and "dmcryptkeys=ADDR" if there are keys,
 * in front of the words given (arch/x86/kernel/kexec-bzimage64.c:setup_cmdline), and takes what
 * they name out of the map (arch/x86/kernel/crash.c:memmap_exclude_ranges). Whoever may only choose
 * the words, as root under Secure Boot, cannot change the map. So a word counts only where no entry
 * of @m has its address.
 */
bool memmap_crash(const struct memmap *m, struct kb_text *t, struct kb_text *ret);

#endif
