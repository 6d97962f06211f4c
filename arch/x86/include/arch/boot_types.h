/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the next kernel gets: where it lies, and the block of boot_params, command line and
 * setup_data beside it.
 *
 * Everything is handed over in one block, because the decompressor's KASLR avoids boot_params,
 * the command line, the initrd and setup_data nodes, and nothing else (Linux
 * arch/x86/boot/compressed/kaslr.c:mem_avoid_init). So the scratch array is part of the KHO node,
 * and the EFI memory map is the payload of a node of type SETUP_NONE.
 *
 *   block: | boot_params 4 KiB | command line | KHO node + scratch array | EFI map node |
 *          | E820_EXT node | nodes carried over | log node |
 */
#ifndef ARCH_X86_BOOT_TYPES_H
#define ARCH_X86_BOOT_TYPES_H

#include <arch/kernel_types.h>
#include <arch/memmap.h>
#include <arch/setup_data.h>
#include <format/stub.h>

/* Input of the plan; everything it points to stays the caller's. */
struct boot {
	const struct kernel *kernel;
	const struct boot_params *from;   /* zero page to start from, or NULL for an empty one */
	uint8_t loader;                   /* type_of_loader */
	const char *cmdline;              /* NUL-terminated */
	struct range initrd;              /* size 0: none */
	const struct mem *mem;            /* memory that @carry and @kho lie in */
	const struct setup_list *carry;   /* nodes to copy, but for KHO, log and SETUP_NONE */
	const struct kho_handover *kho;   /* NULL: nothing is handed over */
	const struct range_list *scratch; /* the array to hand over, with @kho */
	uint64_t efi_map_max;             /* bytes to keep for an EFI memory map */
	uint64_t e820_ext_max;            /* E820 entries to keep room for */
	uint64_t log_max;                 /* bytes to keep for the log */
};

/* Where the parts lie in the block: offsets in bytes, 0 for a part that is not there. */
struct boot_layout {
	uint64_t cmdline;
	uint64_t kho;
	uint64_t efi_map;
	uint64_t e820_ext;
	uint64_t carried;
	uint64_t log;
	uint64_t size; /* of the block, whole pages */
};

/* x86 only: fill efi_info of the zero page, for the map that is in the EFI map node already. */
void boot_set_efi_info(const struct boot_layout *layout, uint8_t *block, uint64_t addr,
		       const struct efi_info *efi);

/* x86 only: address of the payload of the node at offset @node of the block. */
static inline uint8_t *boot_payload(uint8_t *block, uint64_t node)
{
	return block + node + sizeof(struct setup_data);
}

#endif
