/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the UEFI door share. main.c has the order in which all this is called; each
 * step logs its own refusal and returns the code.
 */
#ifndef EFI_DOOR_H
#define EFI_DOOR_H

#include "firmware.h"

#include <arch/boot.h>
#include <arch/const.h>
#include <arch/door.h>
#include <arch/pagetable.h>
#include <khoboot/cmdline.h>
#include <khoboot/route.h>
#include <khoboot/uki.h>

/* Everything that is known about this boot. */
struct door {
	struct firmware fw;
	uint64_t entered; /* cpu_clock() */
	const uint8_t *image;
	struct uki uki;
	char outside[KB_CMDLINE_MAX + 1];
	char cmdline[KB_CMDLINE_MAX + 1];
	struct kb_options options;
	const uint8_t *kernel_file;
	uint64_t kernel_size;
	struct kernel kernel;
	struct range kernel_work; /* KERNEL_WORK_SIZE bytes */
	struct range initrd;
	struct fw_map map;
	struct range_list ram, free;
	struct boot boot;
	struct boot_layout layout;
	struct boot_placement place;
	struct pagetable tables;
	uint8_t *block;

	/* What was handed over, as long as it is not given up. */
	bool found;
	struct kb_record *record; /* NULL: not by a record */
	struct kho_handover handover;
	struct kb_moves moves; /* evacuated pages; none without a record */
	struct mem mem;        /* reads them from their copies */
	struct range_list claimed;
	struct range_list homes; /* of evacuated pages */
	struct kho *kho;         /* set when all was proven */
	struct range stub;       /* room for the code that puts evacuated pages back */
};

static inline struct efi_map door_map(const struct door *d)
{
	return (struct efi_map){d->map.buffer, d->map.size, d->map.desc_size};
}

/* ---- image.c: ourselves, what we were told, the kernel to start */
enum kb_status uefi_read_image(struct door *d);
enum kb_status uefi_read_options(struct door *d);
enum kb_status uefi_read_kernel(struct door *d);

/* ---- handover.c: what was handed over through firmware */

/* Look for it, and claim all memory that may be part of it. Allocates nothing else. */
enum kb_status uefi_find_handover(struct door *d);

/* Prove it: the data, their digests, the claims, and that the kernel speaks them. */
enum kb_status uefi_gather_kho(struct door *d);

/*
 * What follows a refusal @st while something is handed over: khoboot.on_error. Comes back with
 * KB_OK to go on without KHO, and with @st when nothing was handed over.
 */
enum kb_status uefi_settle(struct door *d, enum kb_status st);

/* ---- plan.c */
enum kb_status uefi_alloc_lists(struct door *d);

/* Place kernel and block, claim them, build the page tables, fill the block. */
enum kb_status uefi_plan(struct door *d);

/* ---- machine.c of each architecture: what its kernels want to be told besides */

/* How to reset the machine, and where its console is, for the time after firmware. */
void uefi_learn_machine(const struct firmware *fw);

/* Leave configuration tables for the kernel; they take memory that is no RAM for it. */
void uefi_install_tables(struct door *d);

/* The architecture's own fields of d->boot, whose other fields are filled. Not logged. */
enum kb_status uefi_describe_machine(struct door *d);

/* The last writes to the block, while firmware can still be asked. */
void uefi_fill_block(struct door *d);

/* ---- commit.c */
_Noreturn void uefi_commit(struct door *d);

#endif
