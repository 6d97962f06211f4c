/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The x86 kernel image (bzImage), as needed to start it through the 64-bit boot protocol.
 *
 * Sources: Linux Documentation/arch/x86/boot.rst; limits of struct boot_params:
 * arch/x86/include/uapi/asm/bootparam.h; the checks are those that the kernel makes itself,
 * arch/x86/kernel/kexec-bzimage64.c:bzImage64_probe and bzImage64_load, and a few more.
 */
#ifndef FORMAT_BZIMAGE_H
#define FORMAT_BZIMAGE_H

#include <core/mem.h>
#include <khoboot/compiler.h>
#include <khoboot/status.h>

/* Offsets in the file and in boot_params. */
#define BZ_SETUP_SECTS      0x1f1
#define BZ_SYSSIZE          0x1f4 /* in units of BZ_SYSSIZE_UNIT */
#define BZ_BOOT_FLAG        0x1fe
#define BZ_JUMP             0x201 /* 0x202 + this byte is the end of the header */
#define BZ_HEADER           0x202 /* "HdrS" */
#define BZ_VERSION          0x206
#define BZ_KERNEL_VERSION   0x20e /* where the version text is, from BZ_TEXT_BASE on */
#define BZ_TYPE_OF_LOADER   0x210
#define BZ_LOADFLAGS        0x211
#define BZ_KERNEL_ALIGNMENT 0x230
#define BZ_RELOCATABLE      0x234
#define BZ_MIN_ALIGNMENT    0x235
#define BZ_XLOADFLAGS       0x236
#define BZ_CMDLINE_SIZE     0x238
#define BZ_PAYLOAD_OFFSET   0x248
#define BZ_PAYLOAD_LENGTH   0x24c
#define BZ_SETUP_DATA       0x250
#define BZ_PREF_ADDRESS     0x258
#define BZ_INIT_SIZE        0x260
/* End of init_size, the last field that is read. */
#define BZ_HEADER_MIN 0x264
/* The setup header ends before this offset in boot_params (edd_mbr_sig_buffer follows). */
#define BZ_HEADER_LIMIT 0x290

#define BZ_SYSSIZE_UNIT 16
#define BZ_BOOT_MAGIC   0xaa55
#define BZ_TEXT_BASE    0x200
#define BZ_LOADED_HIGH  0x01

#define XLF_KERNEL_64              0x0001
#define XLF_CAN_BE_LOADED_ABOVE_4G 0x0002
#define XLF_5LEVEL                 0x0020
#define XLF_5LEVEL_ENABLED         0x0040
#define XLF_MEM_ENCRYPTION         0x0080 /* from decompressor to kernel: mem_encrypt=on */

/* Offset of the 64-bit entry in the protected-mode part. */
#define BZ_ENTRY_64 0x200

struct bzimage {
	uint16_t version;          /* boot protocol, 0x020c is 2.12 */
	uint16_t xloadflags;       /* XLF_* */
	uint32_t header_offset;    /* 0x1f1: setup header, in the file and in boot_params */
	uint32_t header_size;      /* bytes to copy to boot_params after clearing the page */
	uint64_t setup_size;       /* bytes before the protected-mode part */
	uint64_t load_offset;      /* the protected-mode part, to be loaded: offset in the image */
	uint64_t load_size;        /* and bytes */
	uint64_t init_size;        /* bytes that the kernel uses from its load address on */
	uint64_t pref_address;     /* do not load below this physical address */
	uint64_t kernel_alignment; /* bytes, of the load address */
	uint64_t min_alignment;    /* bytes; enough for the kernel if no better place is free */
	uint32_t cmdline_size;     /* longest command line, without NUL */
	const char *release;       /* into the image, not NUL-terminated; NULL if it has none */
	size_t release_len;
	uint32_t payload_offset; /* compressed kernel, from load_offset on; see bzimage_payload() */
	uint32_t payload_length; /* bytes; 0 when the image does not say */
};

/*
 * bzimage_parse - read and check the setup header of @size bytes of image
 * @ret: values ready to use; points into @data; untouched on failure
 * @diag: offset and value of the offending field, or NULL
 *
 * After KB_OK: load_size is not 0 and at most init_size, alignments are powers of two of at least
 * 4096 bytes, the header fits into boot_params.
 *
 * Returns KB_OK, KB_BZ_SHORT, KB_BZ_MAGIC, KB_BZ_OLD, KB_BZ_LOW, KB_BZ_NO_64, KB_BZ_BELOW_4G,
 * KB_BZ_FIXED, KB_BZ_HEADER, KB_BZ_ALIGN, KB_BZ_INIT_SIZE.
 */
__must_check enum kb_status bzimage_parse(const void *data, uint64_t size, struct bzimage *ret,
					  struct kb_diag *diag);

/*
 * bzimage_parse_setup - the same of an image that may end after its setup sectors
 *
 * load_offset and load_size are 0. Returns what bzimage_parse() returns.
 */
__must_check enum kb_status bzimage_parse_setup(const void *data, uint64_t size,
						struct bzimage *ret, struct kb_diag *diag);

/*
 * bzimage_check_5level - may the kernel be started with this paging?
 * @la57_active: CR4.LA57
 *
 * Returns KB_OK, or KB_BZ_5LEVEL if 5-level paging is on and the kernel does not support it.
 */
__must_check enum kb_status bzimage_check_5level(const struct bzimage *b, bool la57_active);

/*
 * bzimage_payload - the packed kernel inside the image
 * @ret_offset: from the start of the image, bytes
 * @ret_size: bytes
 *
 * Returns KB_OK, or KB_BZ_PAYLOAD when the image does not say or the range leaves the image.
 */
__must_check enum kb_status bzimage_payload(const struct bzimage *b, uint64_t *ret_offset,
					    uint64_t *ret_size);

#endif
