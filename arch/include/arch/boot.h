/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the next kernel gets: where it lies, and the block of memory beside it. What is in the
 * block, and what struct boot and struct boot_layout hold, is in the architecture's
 * <arch/boot_types.h>.
 *
 * Pure: planning only computes, and only memory of the caller is written. The functions are called
 * in this order.
 */
#ifndef ARCH_BOOT_H
#define ARCH_BOOT_H

#include <arch/boot_types.h>

/* Where window and block lie. */
struct boot_placement {
	struct range window; /* the kernel's window_size bytes */
	struct range block;
	uint64_t entry; /* physical address of the kernel's first instruction */
};

/*
 * boot_check_preserved - refuse preserved memory that every kernel of this architecture overwrites
 *
 * Returns KB_OK; x86: KB_LOW_PRESERVED when preserved memory or metadata lie below 1 MiB, where the
 * decompressor has a trampoline (Linux arch/x86/boot/compressed/pgtable_64.c) and SMP code
 * another one (arch/x86/realmode/init.c). arm64 has no such memory.
 */
__must_check enum kb_status boot_check_preserved(struct mem *m, const struct kho *k);

/*
 * boot_layout - compute where the parts of the block lie in it, and its size
 *
 * Returns KB_OK or KB_CMDLINE_LONG.
 * x86: KB_SETUP_BIG, for a node beyond 16 MiB, or one that the kernel maps whole (KHO, EFI map)
 * beyond its limit of 256 KiB (arch/x86/kernel/setup.c:parse_setup_data, mm/early_ioremap.c).
 * arm64: what dtb_read() returns; KB_DTB_CELLS when KHO addresses do not fit the root's cells;
 * KB_DTB_BIG when the tree with all of its properties would exceed DTB_MAX; KB_EFI_MAP_UNFIT when
 * efi_map_max is more than a kernel maps early (drivers/firmware/efi/efi-init.c panics then), or
 * more than efi_map_room has.
 */
__must_check enum kb_status boot_layout(const struct boot *b, struct boot_layout *ret);

/*
 * boot_place - choose window and block in @free, a sorted list of memory that nothing uses
 * @free: what is chosen may be subtracted
 * @initrd: where it lies; size 0: none
 *
 * The window takes the lowest place, the block the highest.
 * x86: the window is at or above the kernel's preferred address, because a kernel loaded lower
 * would move itself up to it (arch/x86/boot/compressed/head_64.S); the block is below 4 GiB if
 * possible.
 * arm64: window and initrd lie within 32 GiB that begin at a multiple of 1 GiB
 * (Documentation/arch/arm64/booting.rst).
 *
 * Returns KB_OK, KB_PLACE_KERNEL, KB_PLACE_BLOCK or KB_RANGE_FULL.
 */
__must_check enum kb_status boot_place(struct range_list *free, const struct kernel *kernel,
				       uint64_t block_size, struct range initrd,
				       struct boot_placement *ret);

/* The parts of boot_place(), for a list of each. @free is not changed; codes as above. */
__must_check enum kb_status boot_find_window(const struct range_list *free,
					     const struct kernel *kernel, struct range initrd,
					     struct range *ret);
__must_check enum kb_status boot_find_block(const struct range_list *free, uint64_t size,
					    struct range *ret);
uint64_t boot_entry(const struct kernel *kernel, struct range window);

/* Where the other one may lie, if one of window and initrd is @r; everywhere if that is empty. */
struct range boot_near(struct range r);

/* Bytes of the largest memory map of UEFI that kernels take, rounded down: see boot_layout(). */
#define BOOT_EFI_MAP_MAX (250 * 1024)

/*
 * boot_block_max - the most bytes that the block of this boot can have in the UEFI door
 * @b: of the bare-metal door; firmware's map and device tree are not known yet
 *
 * Returns KB_OK, or what boot_layout() returns.
 */
__must_check enum kb_status boot_block_max(const struct boot *b, uint64_t *ret);

/*
 * boot_check_map_room - will the UEFI door find room outside scratch for UEFI's memory map?
 * @claimed: sorted: memory that it can claim, outside scratch and outside the firmware zone
 *
 * KB_OK; arm64: what boot_find_room() returns. x86 needs none, the block holds the map.
 */
__must_check enum kb_status boot_check_map_room(struct mem *m, const struct kho *k,
						const struct range_list *claimed);

/*
 * boot_write - fill the block
 * @block: @layout->size bytes of memory, mapped at its physical address @addr
 *
 * The room for what boot_set_map() and boot_set_log() add later stays empty. Cannot fail once
 * boot_layout() has succeeded.
 */
void boot_write(const struct boot *b, const struct boot_layout *layout, uint8_t *block,
		uint64_t addr);

/*
 * boot_set_map - the memory map of the moment when boot services ended
 * @addr: physical address of @block
 * @efi: its map is copied
 * @homes: of evacuated pages, sorted; may be empty. x86: see efi_map_take_over(). arm64 kernels
 *	   treat memory of boot services like all RAM, and do not need it.
 *
 * x86: written as E820 entries, too. arm64: the virtual address of runtime memory becomes its
 * physical one, because SetVirtualAddressMap is never called and kernels map it where virt_addr
 * says (drivers/firmware/efi/arm-runtime.c:efi_virtmap_init), as after their own stub with
 * efi=novamap.
 *
 * May be called again, with a later map. Returns KB_OK, KB_EFI_MAP (malformed), KB_EFI_MAP_UNFIT
 * (larger than the room that was kept); x86: what memmap_from_efi() returns, KB_E820_FULL included.
 */
__must_check enum kb_status boot_set_map(const struct boot *b, const struct boot_layout *layout,
					 uint8_t *block, uint64_t addr, const struct efi_info *efi,
					 const struct range_list *homes);

/*
 * boot_set_log - put the log's text into the block
 * @max: bytes of room kept for it: log_max of struct boot
 * @text: @len bytes, cut to @max; copied
 */
void boot_set_log(const struct boot_layout *layout, uint8_t *block, uint64_t max, const char *text,
		  uint64_t len);

#endif
