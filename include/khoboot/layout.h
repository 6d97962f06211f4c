/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layout of the image file, shared by its assembly headers, by the code that finds itself in memory
 * and by khoctl. docs/abi.md draws it. The architectures differ in what kexec loads, which header
 * it reads, and where the PE header and the first section are.
 */
#ifndef KHOBOOT_LAYOUT_H
#define KHOBOOT_LAYOUT_H

#define KB_VERSION        "0.1"
#define KB_VERSION_STRING "khoboot " KB_VERSION

/*
 * MajorImageVersion of the PE header. Linux raises it when its EFI stub learns something; 1 says
 * that it asks for the initrd by LoadFile2 (include/linux/pe.h), and GRUB (2.12) starts only such
 * an image through EFI. An older one it would enter at the 32-bit entry.
 */
#define KB_IMAGE_VERSION 1

/*
 * File bytes below this are not loaded by kexec. On x86_64 they are the setup sectors of a bzImage;
 * on arm64 the file is an Image, which is loaded whole. khoctl handles both on either.
 */
#define KB_SETUP_SIZE_X86   0x1000
#define KB_SETUP_SIZE_ARM64 0
#ifdef __aarch64__
#define KB_SETUP_SIZE KB_SETUP_SIZE_ARM64
#else
#define KB_SETUP_SIZE KB_SETUP_SIZE_X86
#endif
/*
 * File offset of the PE header. U-Boot copies the headers as if the PE header directly followed the
 * DOS header (lib/efi_loader/efi_image_loader.c, efi_load_pe): what lies further on is not copied.
 * On arm64 it does follow. On x86_64 it cannot: kexec does not load that part of the file.
 */
#define KB_PE_OFFSET_X86   0x1400
#define KB_PE_OFFSET_ARM64 0x40
#ifdef __aarch64__
#define KB_PE_OFFSET KB_PE_OFFSET_ARM64
#else
#define KB_PE_OFFSET KB_PE_OFFSET_X86
#endif
/* End of the headers, where the first section begins. */
#define KB_HEADERS_SIZE_X86   0x2000
#define KB_HEADERS_SIZE_ARM64 0x1000
/*
 * Where KB_VERSION_STRING begins, after the longest section table; on x86_64 the setup header's
 * kernel_version points to it.
 */
#define KB_VERSION_OFFSET_ARM64 0xf00
/* Longest command line that khoboot takes, without the terminating NUL. */
#define KB_CMDLINE_MAX 4095
/*
 * Memory after the last byte of the file that the bare-metal door owns: stack, page tables, the
 * work memory of the KHO walk, the log. Part of the setup header's init_size, or of the Image
 * header's image_size. Meant for 64 TiB of RAM, or for 1 TiB where the CPU has no pages of 1 GiB:
 * page tables then take 4 MiB for each TiB. It costs scratch, which the next kernel gets back, and
 * time: kexec clears a page for each of its pages when it loads the file, and copies them at the
 * jump like those of the file (kernel/kexec_core.c, kimage_load_normal_segment): about 10 ms where
 * the machine is emulated. It cannot be taken when it is needed: until the KHO data are proven,
 * there is no other memory that may be written.
 */
#define KB_ARENA_SIZE 0x800000
/*
 * The lists of memory in the arena have no fixed length: each gets some of these equal shares of
 * it, all together at most so many.
 */
#define KB_ARENA_SHARES 64
#define KB_ARENA_LISTS  8
/* First in the arena: an overflow hits the image's last page, which is mapped read-only. */
#define KB_STACK_SIZE 0x6000

#endif
