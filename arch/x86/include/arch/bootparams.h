/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The zero page of the Linux boot protocol, as far as khoboot reads or writes it. Offsets are from
 * Linux Documentation/arch/x86/zero-page.rst and arch/x86/include/uapi/asm/bootparam.h.
 */
#ifndef ARCH_X86_BOOTPARAMS_H
#define ARCH_X86_BOOTPARAMS_H

#include <format/stub.h>

#define BP_SIZE        4096
#define BP_E820_MAX    128   /* entries in the zero page; more go to a SETUP_E820_EXT node */
#define BP_HDR         0x1f1 /* the setup header lies at the same offset in a bzImage */
#define BP_HDR_END     0x290 /* first byte after the room for the header */
#define BP_EFI_64      "EL64"
#define BP_LOADER_NONE 0xff /* type_of_loader "undefined" */
#define BP_KASLR       0x02 /* of loadflags: what the decompressor tells the kernel */

enum e820_type {
	E820_RAM = 1,
	E820_RESERVED = 2,
	E820_ACPI = 3,
	E820_NVS = 4,
	E820_UNUSABLE = 5,
	E820_PMEM = 7,
	E820_SOFT_RESERVED = 0xefffffff,
};

struct e820_entry {
	uint64_t addr;
	uint64_t size;
	uint32_t type;
} __packed;

struct boot_params {
	struct screen_info screen_info; /* 0x000 */
	uint8_t pad0[0x70 - 0x40];
	uint64_t acpi_rsdp_addr; /* 0x070 */
	uint8_t pad1[0xc0 - 0x78];
	uint32_t ext_ramdisk_image; /* 0x0c0 */
	uint32_t ext_ramdisk_size;
	uint32_t ext_cmd_line_ptr;
	uint8_t pad2[0x1c0 - 0xcc];
	char efi_loader_signature[4]; /* 0x1c0 */
	uint32_t efi_systab;
	uint32_t efi_memdesc_size;
	uint32_t efi_memdesc_version;
	uint32_t efi_memmap;
	uint32_t efi_memmap_size;
	uint32_t efi_systab_hi;
	uint32_t efi_memmap_hi;
	uint32_t alt_mem_k; /* 0x1e0 */
	uint8_t pad3[4];
	uint8_t e820_entries; /* 0x1e8 */
	uint8_t pad4[3];
	uint8_t secure_boot; /* 0x1ec */
	uint8_t pad5[2];
	uint8_t sentinel; /* 0x1ef */
	uint8_t pad6;
	uint8_t setup_sects; /* 0x1f1 */
	uint8_t pad7[0x201 - 0x1f2];
	uint8_t header_length; /* 0x201: header ends at 0x202 + this */
	char hdrs[4];          /* 0x202 "HdrS" */
	uint16_t version;
	uint8_t pad8[0x210 - 0x208];
	uint8_t type_of_loader;
	uint8_t loadflags;
	uint8_t pad9[6];
	uint32_t ramdisk_image; /* 0x218 */
	uint32_t ramdisk_size;
	uint8_t pad10[0x228 - 0x220];
	uint32_t cmd_line_ptr; /* 0x228 */
	uint8_t pad11[0x236 - 0x22c];
	uint16_t xloadflags; /* 0x236 */
	uint8_t pad12[0x250 - 0x238];
	uint64_t setup_data;   /* 0x250 */
	uint64_t pref_address; /* 0x258 */
	uint32_t init_size;    /* 0x260 */
	uint8_t pad13[0x2d0 - 0x264];
	struct e820_entry e820_table[BP_E820_MAX]; /* 0x2d0 */
	uint8_t pad14[BP_SIZE - 0xcd0];
} __packed;

_Static_assert(offsetof(struct boot_params, acpi_rsdp_addr) == 0x70, "rsdp");
_Static_assert(offsetof(struct boot_params, ext_ramdisk_image) == 0xc0, "ext_ramdisk_image");
_Static_assert(offsetof(struct boot_params, efi_loader_signature) == 0x1c0, "efi_info");
_Static_assert(offsetof(struct boot_params, efi_memmap_hi) == 0x1dc, "efi_memmap_hi");
_Static_assert(offsetof(struct boot_params, e820_entries) == 0x1e8, "e820_entries");
_Static_assert(offsetof(struct boot_params, secure_boot) == 0x1ec, "secure_boot");
_Static_assert(offsetof(struct boot_params, setup_sects) == BP_HDR, "hdr");
_Static_assert(offsetof(struct boot_params, hdrs) == 0x202, "HdrS");
_Static_assert(offsetof(struct boot_params, type_of_loader) == 0x210, "type_of_loader");
_Static_assert(offsetof(struct boot_params, xloadflags) == 0x236, "xloadflags");
_Static_assert(offsetof(struct boot_params, cmd_line_ptr) == 0x228, "cmd_line_ptr");
_Static_assert(offsetof(struct boot_params, setup_data) == 0x250, "setup_data");
_Static_assert(offsetof(struct boot_params, init_size) == 0x260, "init_size");
_Static_assert(offsetof(struct boot_params, e820_table) == 0x2d0, "e820_table");
_Static_assert(sizeof(struct boot_params) == BP_SIZE, "boot_params");

/* A 64-bit address kept as two halves. */
static inline uint64_t bp_join(uint32_t lo, uint32_t hi)
{
	return (uint64_t)hi << 32 | lo;
}

#endif
