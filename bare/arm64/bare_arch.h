/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bare-metal door of arm64: khoboot entered by the boot protocol, from kexec or from QEMU.
 */
#ifndef BARE_ARM64_BARE_ARCH_H
#define BARE_ARM64_BARE_ARCH_H

#include <arch/pagetable.h>
#include <arch/reset_how.h>
#include <fdt/dtb.h>
#include <format/efi_map.h>
#include <format/efi_tables.h>
#include <format/stub.h>
#include <khoboot/layout.h>

/* In our own headers, from their first byte on. */
#define IMAGE_MEMORY     16                  /* image_size in the Image header */
#define PE_SIZE_OF_IMAGE (KB_PE_OFFSET + 80) /* SizeOfImage in the PE header */

struct bare_arch {
	const uint8_t *fdt; /* as passed in x0, of fdt_size bytes */
	uint64_t fdt_size;
	struct dtb_facts facts;
	struct uart image_uart;     /* which .cmdline names, if the tree names none; mapped */
	struct range_list nomap;    /* memory that kernels must not use as RAM */
	struct range_list reserved; /* RAM that is not free */
	struct efi_tables tables;   /* all 0 unless UEFI started the kernel before us */
	struct screen_info screen;  /* likewise */
	struct reset_how reset;     /* known after bare_memory_survives() */
};

/* The memory map that the EFI stub left; there is one if facts.uefi.found. */
static inline struct efi_map bare_efi_map(const struct bare_arch *a)
{
	const struct dtb_uefi *u = &a->facts.uefi;

	return (struct efi_map){(const void *)(uintptr_t)u->map.base, u->map.size, u->desc_size};
}

/*
 * bare_map_early - add @r to the tables of entry.S (<arch/early.h>)
 *
 * For what is needed before bare_own_tables(), such as device tree and console. @r must not have
 * been mapped before. Returns what pt_map() returns.
 */
__must_check enum kb_status bare_map_early(struct range r, enum pt_flags flags);

/*
 * bare_stack - top of the stack in the arena
 *
 * Called by entry.S on a first stack of one page, with its tables. Halts with KB_IMAGE_ROOM when
 * the memory that the Image header asks for is too small.
 */
uint64_t bare_stack(const uint8_t *fdt, const uint8_t *image_base);

/*
 * bare_main - gather, plan, commit; called by entry.S on that stack
 * @fdt: what was in x0
 */
_Noreturn void bare_main(const uint8_t *fdt, const uint8_t *image_base);

#endif
