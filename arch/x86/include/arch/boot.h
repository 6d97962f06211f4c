/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the next kernel gets: where it lies, and the block of boot_params, command line and
 * setup_data beside it.
 *
 * Everything handed over lies in one block, because the decompressor's KASLR avoids boot_params,
 * the command line, the initrd and setup_data nodes, and nothing else (Linux
 * arch/x86/boot/compressed/kaslr.c:mem_avoid_init). So the scratch array is part of the KHO node,
 * and the EFI memory map is the payload of a node of type SETUP_NONE.
 *
 *   block: | boot_params 4 KiB | command line | KHO node + scratch array | EFI map node |
 *          | E820_EXT node | nodes carried over | log node |
 */
#ifndef ARCH_X86_BOOT_H
#define ARCH_X86_BOOT_H

#include <arch/kernel.h>
#include <arch/memmap.h>
#include <arch/setup_data.h>
#include <khoboot/stub.h>

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

/* Where in the block things lie: offsets in bytes, 0 for what is not there. */
struct boot_layout {
	uint64_t cmdline;
	uint64_t kho;
	uint64_t efi_map;
	uint64_t e820_ext;
	uint64_t carried;
	uint64_t log;
	uint64_t size; /* of the block, whole pages */
};

struct boot_placement {
	struct range window; /* the kernel's init_size bytes; it is loaded at the start */
	struct range block;
	uint64_t entry; /* 64-bit entry point */
};

/*
 * boot_layout - sizes of the block
 *
 * Returns KB_OK, KB_CMDLINE_LONG, or KB_SETUP_BIG (a node beyond 16 MiB, or one that the kernel
 * maps whole, KHO and EFI map, beyond its limit of 256 KiB;
 * arch/x86/kernel/setup.c:parse_setup_data, mm/early_ioremap.c).
 */
__must_check enum kb_status boot_layout(const struct boot *b, struct boot_layout *ret);

/*
 * boot_place - choose window and block in @free, a sorted list of memory that nobody needs
 *
 * The window is at or above the kernel's preferred address: a kernel loaded lower would move itself
 * up to it (arch/x86/boot/compressed/head_64.S). It takes the lowest place, the block the highest
 * below 4 GiB or else the highest.
 *
 * Returns KB_OK, KB_PLACE_KERNEL, KB_PLACE_BLOCK or KB_RANGE_FULL.
 */
__must_check enum kb_status boot_place(struct range_list *free, const struct kernel *kernel,
				       uint64_t block_size, struct range initrd,
				       struct boot_placement *ret);

/*
 * boot_check_preserved - is the first MiB free of preserved memory and metadata?
 *
 * Every x86 kernel writes there: its decompressor keeps a trampoline below 640 KiB (Linux
 * arch/x86/boot/compressed/pgtable_64.c), its SMP code another (realmode/init.c). Returns KB_OK or
 * KB_LOW_PRESERVED.
 */
__must_check enum kb_status boot_check_preserved(struct mem *m, const struct kho *k);

/*
 * boot_write - fill the block
 * @block: @layout->size bytes of memory, mapped at its physical address @addr
 *
 * The payloads of the EFI map, the E820_EXT and the log node are left to the calls below; their
 * nodes are empty until then. Never fails.
 */
void boot_write(const struct boot *b, const struct boot_layout *layout, uint8_t *block,
		uint64_t addr);

/*
 * boot_set_map - the memory map of the moment when boot services ended: as E820, and as it is
 * @efi: its map is copied
 * @homes: of evacuated pages, sorted; may be empty: see efi_map_take_over()
 *
 * Returns KB_OK, KB_EFI_MAP_BIG, KB_E820_FULL (more than the room that was kept), or what
 * memmap_from_efi() returns.
 */
__must_check enum kb_status boot_set_map(const struct boot *b, const struct boot_layout *layout,
					 uint8_t *block, uint64_t addr, const struct efi_info *efi,
					 const struct range_list *homes);

/* efi_info of the zero page, for the map that lies in the EFI map node already. */
void x86_set_efi(const struct boot_layout *layout, uint8_t *block, uint64_t addr,
		 const struct efi_info *efi);

/* The log's text, cut to the room that was kept. */
void boot_set_log(const struct boot_layout *layout, uint8_t *block, uint64_t max, const char *text,
		  uint64_t len);

/* Address of the payload of the node at offset @node of the block. */
static inline uint8_t *x86_payload(uint8_t *block, uint64_t node)
{
	return block + node + sizeof(struct setup_data);
}

#endif
