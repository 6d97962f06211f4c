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

#include <arch/memmap.h>
#include <arch/setup_data.h>
#include <khoboot/bzimage.h>

/* Input of the plan; everything it points to stays the caller's. */
struct x86_boot {
	const struct bzimage *kernel;
	const uint8_t *kernel_file;     /* the bzImage, whole */
	const struct boot_params *from; /* zero page to start from, or NULL for an empty one */
	uint8_t loader;                 /* type_of_loader */
	const char *cmdline;            /* NUL-terminated */
	struct range initrd;            /* size 0: none */
	const struct mem *mem;          /* memory that @carry and @kho lie in */
	const struct setup_list *carry; /* nodes to copy, but for KHO, log and SETUP_NONE */
	const struct kho_handover *kho;   /* NULL: nothing is handed over */
	const struct range_list *scratch; /* the array to hand over, with @kho */
	uint64_t efi_map_max;             /* bytes to keep for an EFI memory map */
	uint64_t e820_ext_max;            /* E820 entries to keep beyond the zero page's 128 */
	uint64_t log_max;                 /* bytes to keep for the log */
};

/* Where in the block things lie: offsets in bytes, 0 for what is not there. */
struct x86_layout {
	uint64_t cmdline;
	uint64_t kho;
	uint64_t efi_map;
	uint64_t e820_ext;
	uint64_t carried;
	uint64_t log;
	uint64_t size; /* of the block, whole pages */
};

struct x86_placement {
	struct range window; /* the kernel's init_size bytes; it is loaded at the start */
	struct range block;
	uint64_t entry; /* 64-bit entry point */
};

/*
 * x86_layout - sizes of the block
 *
 * Returns KB_OK, KB_CMDLINE_LONG, or KB_SETUP_BIG (a node beyond 16 MiB, or one that the kernel
 * maps whole, KHO and EFI map, beyond its limit of 256 KiB;
 * arch/x86/kernel/setup.c:parse_setup_data, mm/early_ioremap.c).
 */
__must_check enum kb_status x86_layout(const struct x86_boot *b, struct x86_layout *ret);

/*
 * x86_place - choose window and block in @free, a sorted list of memory that nobody needs
 *
 * The window is at or above the kernel's preferred address: a kernel loaded lower would move itself
 * up to it (arch/x86/boot/compressed/head_64.S). It takes the lowest place, the block the highest
 * below 4 GiB or else the highest.
 *
 * Returns KB_OK, KB_PLACE_KERNEL, KB_PLACE_BLOCK or KB_RANGE_FULL.
 */
__must_check enum kb_status x86_place(struct range_list *free, const struct bzimage *kernel,
				      uint64_t block_size, struct x86_placement *ret);

/*
 * x86_check_low - is the first MiB free of preserved memory and metadata?
 *
 * Every x86 kernel writes there: its decompressor keeps a trampoline below 640 KiB (Linux
 * arch/x86/boot/compressed/pgtable_64.c), its SMP code another (realmode/init.c). Returns KB_OK or
 * KB_LOW_PRESERVED.
 */
__must_check enum kb_status x86_check_low(struct mem *m, const struct kho *k);

/*
 * x86_check_written - does any of @count ranges that will be written hold preserved memory or
 * metadata? The last question before the commit. Returns KB_OK or KB_PLACE_OVERLAP.
 */
__must_check enum kb_status x86_check_written(struct mem *m, const struct kho *k,
					      const struct range *written, size_t count);

/*
 * x86_write_block - fill the block
 * @block: @layout->size bytes of memory, mapped at its physical address @addr
 *
 * The payloads of the EFI map, the E820_EXT and the log node are left to the calls below; their
 * nodes are empty until then. Never fails.
 */
void x86_write_block(const struct x86_boot *b, const struct x86_layout *layout, uint8_t *block,
		     uint64_t addr);

/* E820 map into zero page and E820_EXT node. KB_E820_FULL when the kept room is too small. */
__must_check enum kb_status x86_set_e820(const struct x86_layout *layout, uint8_t *block,
					 uint64_t ext_max, const struct memmap *map);

/* efi_info for the map of @size bytes that lies in the EFI map node. */
void x86_set_efi(const struct x86_layout *layout, uint8_t *block, uint64_t addr, uint64_t systab,
		 uint64_t size, uint32_t desc_size, uint32_t desc_version);

/* The log's text, cut to the room that was kept. */
void x86_set_log(const struct x86_layout *layout, uint8_t *block, uint64_t max, const char *text,
		 uint64_t len);

/* The kernel's release: the first word of its version string, "?" when it has none. */
void x86_release(const struct bzimage *kernel, char *buf, size_t size);

/* Address of the payload of the node at offset @node of the block. */
static inline uint8_t *x86_payload(uint8_t *block, uint64_t node)
{
	return block + node + sizeof(struct setup_data);
}

#endif
