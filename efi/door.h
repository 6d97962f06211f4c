/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the UEFI door share. main.c has the order in which all this is called; each
 * step logs its own refusal and returns the code.
 */
#ifndef EFI_DOOR_H
#define EFI_DOOR_H

#include "firmware.h"

#include <arch/boot.h>
#include <arch/door.h>
#include <arch/pagetable.h>
#include <khoboot/cmdline.h>
#include <khoboot/uki.h>

/* Everything that is known about this boot. */
struct door {
	struct firmware fw;
	uint64_t entered; /* time stamp counter */
	const uint8_t *image;
	struct uki uki;
	char outside[KB_CMDLINE_MAX + 1];
	char cmdline[KB_CMDLINE_MAX + 1];
	struct kb_options options;
	const uint8_t *kernel_file;
	uint64_t kernel_size;
	struct bzimage kernel;
	struct range initrd;
	struct fw_map map;
	struct range_list ram, free;
	struct memmap e820;
	struct x86_boot boot;
	struct x86_layout layout;
	struct x86_placement place;
	struct pagetable tables;
	uint8_t *block;
};

static inline struct efi_map door_map(const struct door *d)
{
	return (struct efi_map){d->map.buffer, d->map.size, d->map.desc_size};
}

/* ---- image.c: ourselves, what we were told, the kernel to start */
enum kb_status uefi_read_image(struct door *d);
enum kb_status uefi_read_options(struct door *d);
enum kb_status uefi_read_kernel(struct door *d);

/* ---- plan.c */
enum kb_status uefi_alloc_lists(struct door *d);

/* Place kernel and block, claim them, build the page tables, fill the block. */
enum kb_status uefi_plan(struct door *d);

/* ---- commit.c */
_Noreturn void uefi_commit(struct door *d);

#endif
