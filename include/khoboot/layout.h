/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layout of the image file, shared by its assembly headers, by the code that finds itself in memory
 * and by khoctl. docs/abi.md draws it. What differs between the architectures is what kexec loads,
 * which header it reads, and where the PE header and the first section are.
 */
#ifndef KHOBOOT_LAYOUT_H
#define KHOBOOT_LAYOUT_H

#define KB_VERSION        "0.1"
#define KB_VERSION_STRING "khoboot " KB_VERSION

/*
 * File bytes below this are not loaded by kexec: x86_64, the setup sectors of a bzImage; arm64, an
 * Image, is loaded whole. khoctl handles both, whatever it runs on.
 */
#define KB_SETUP_SIZE_X86   0x1000
#define KB_SETUP_SIZE_ARM64 0
#ifdef __aarch64__
#define KB_SETUP_SIZE KB_SETUP_SIZE_ARM64
#else
#define KB_SETUP_SIZE KB_SETUP_SIZE_X86
#endif
/*
 * File offset of the PE header. Of all headers U-Boot loads as many bytes as the first ones would
 * be if nothing stood in front of them (lib/efi_loader/efi_image_loader.c, efi_load_pe): on arm64
 * they are at the earliest place, on x86_64 kexec does not load that.
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
 * Where KB_VERSION_STRING begins, behind the longest section table; on x86_64 the setup header's
 * kernel_version points to it.
 */
#define KB_VERSION_OFFSET_ARM64 0xf00
/* Longest command line that khoboot takes, without the terminating NUL. */
#define KB_CMDLINE_MAX 4095
/*
 * Memory behind the last byte of the file that the bare-metal door owns: stack, page tables, the
 * work memory of the KHO walk, the log. Part of the setup header's init_size, or of the Image
 * header's image_size.
 */
#define KB_ARENA_SIZE 0x200000
/* First in the arena: what runs over its end meets the image's last page, mapped read-only. */
#define KB_STACK_SIZE 0x6000

#endif
