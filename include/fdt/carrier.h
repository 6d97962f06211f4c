/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Carriers: how whatever ran before khoboot may say where KHO data are, when khoboot is started by
 * UEFI and not by a kernel. Each gives a struct kho_handover, which kho_open() proves like one that
 * a kernel left.
 *
 * Each function here returns KB_OK with *found false, @ret untouched, when its carrier has nothing.
 */
#ifndef FDT_CARRIER_H
#define FDT_CARRIER_H

#include <core/cmdline.h>
#include <fdt/kho.h>

/*
 * Content of the EFI configuration table, little endian: struct linux_efi_kho_data of the LoongArch
 * series for Linux, which is also x86's struct kho_data. docs/abi.md has its GUID.
 */
struct kb_kho_table {
	uint64_t fdt;          /* physical address */
	uint64_t fdt_size;     /* bytes: the page size of the writer */
	uint64_t scratch;      /* physical address of the array of areas */
	uint64_t scratch_size; /* bytes */
};

/* @at: physical address of the table; 0: none. KB_CARRIER_TABLE: outside RAM. */
__must_check enum kb_status carrier_table(struct mem *m, uint64_t at, bool *found,
					  struct kho_handover *ret);

/*
 * carrier_dtb - /chosen of a device tree: linux,kho-fdt and linux,kho-scratch
 * @at: physical address of the tree; 0: none
 *
 * Each property is two cells of address and two of size. KB_CARRIER_DTB: a malformed tree or
 * property, only one of the two, or a tree outside RAM or beyond DTB_MAX.
 */
__must_check enum kb_status carrier_dtb(struct mem *m, uint64_t at, bool *found,
					struct kho_handover *ret);

/* khoboot.kho-fdt= and khoboot.kho-scratch= of the load options. KB_CARRIER_HALF: only one. */
__must_check enum kb_status carrier_options(const struct kb_options *o, bool *found,
					    struct kho_handover *ret);

#define KB_CARRIER_TEXT_MAX 256

/*
 * carrier_text - the same two words as a text of its own (fw_cfg file opt/khoboot/kho)
 *
 * An empty text carries nothing. KB_CARRIER_FWCFG: anything but those two words, once each.
 */
__must_check enum kb_status carrier_text(struct kb_text text, bool *found,
					 struct kho_handover *ret);

#endif
