/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the next kernel gets: where it lies, and the block of memory beside it, whose address it
 * finds in x0.
 *
 *   block: | device tree | scratch array | EFI memory map |
 *
 * The tree is the one received, or firmware's, with /chosen made anew: it gets bootargs,
 * linux,initrd-*, linux,kho-*, seeds, linux,uefi-* and the log's room; what an earlier kernel was
 * told by them goes, also from /memreserve/ (the old tree and the old initrd). Trees received that
 * have linux,uefi-* without linux,uefi-secure-boot get it, as unset: kernels before 7.2 neither
 * write nor read it, later ones take a tree without it for one without UEFI
 * (drivers/firmware/efi/fdtparams.c). The kernel reserves all three (Linux drivers/of/fdt.c:
 * early_init_fdt_reserve_self, kernel/liveupdate/kexec_handover.c:
 * kho_populate, drivers/firmware/efi/efi-init.c:efi_init).
 */
#ifndef ARCH_ARM64_BOOT_TYPES_H
#define ARCH_ARM64_BOOT_TYPES_H

#include <arch/kernel_types.h>
#include <fdt/dtb.h>
#include <format/stub.h>

/* COMMAND_LINE_SIZE of arch/arm64/include/uapi/asm/setup.h, less the NUL */
#define BOOT_CMDLINE_MAX 2047

/* The log in /chosen of the next kernel: text without a NUL. */
#define BOOT_LOG_PROPERTY "khoboot,log"

/* Input of the plan; everything it points to stays the caller's. */
struct boot {
	const struct kernel *kernel;
	/*
	 * A tree that dtb_check() has passed, and its physical address; NULL: a
	 * root with /chosen alone, which leaves ACPI on (arch/arm64/kernel/acpi.c:dt_is_stub).
	 */
	const void *fdt;
	uint64_t fdt_addr;
	const char *cmdline;              /* NUL-terminated; "": no bootargs */
	struct range initrd;              /* size 0: none */
	const struct kho_handover *kho;   /* NULL: nothing is handed over */
	const struct range_list *scratch; /* the array to hand over, with @kho */
	/*
	 * Bytes to keep for an EFI memory map. Not 0: boot services end here, linux,uefi-* come
	 * from @secure and boot_set_map(), and /memreserve/ goes, as in the kernel's stub
	 * (drivers/firmware/efi/libstub/fdt.c:update_fdt). 0: linux,uefi-* stay as received.
	 */
	uint64_t efi_map_max;
	/*
	 * Memory outside scratch for that map, at least efi_map_max bytes, mapped 1:1; size 0: it
	 * lies in the block. The kernel started now reserves it wherever it is, but the one after
	 * that is loaded into scratch without a look at what is reserved there
	 * (kho_locate_mem_hole), over the map that it is told to read. See boot_find_room().
	 */
	struct range efi_map_room;
	enum stub_secure secure;
	uint64_t log_max;        /* bytes to keep for the log */
	uint64_t kaslr_seed;     /* 0: as in @fdt */
	const uint8_t *rng_seed; /* NULL: as in @fdt */
	uint64_t rng_seed_size;
};

/* Where in the block things lie: offsets in bytes. The tree is at the start. */
struct boot_layout {
	uint64_t tree; /* bytes of it while it is being made */
	uint64_t scratch;
	uint64_t efi_map; /* 0: not in the block */
	uint64_t log;     /* bytes kept; 0: none */
	uint64_t size;    /* of the block, whole pages */
};

/*
 * boot_find_room - arm64 alone: memory for efi_map_room
 * @scratch: sorted: scratch as it was handed over
 * @claimed: sorted; memory that is ours, also in scratch: record, copies, the kernel's room
 * @homes: sorted; of evacuated pages
 * @size: bytes; rounded up to whole pages of the outgoing kernel, which the room is aligned to: so
 *	   it takes no more early mappings than it has pages
 *
 * At the highest 2 MiB boundary where whole granules of kho_occupancy are free; else the lowest
 * place in the highest entry of @claimed that has one: exact, whatever the size of the holes
 * between preserved pages. It holds neither preserved memory nor metadata, scratch or homes.
 * Returns KB_OK, KB_RANGE_NO_ROOM, or what kho_map_each_page() returns.
 */
__must_check enum kb_status boot_find_room(struct mem *m, const struct kho *k,
					   const struct range_list *scratch,
					   const struct range_list *claimed,
					   const struct range_list *homes, uint64_t size,
					   struct range *ret);

#endif
