/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layout of the image file, shared by its assembly headers, by the code that finds itself in memory
 * and by khoctl. docs/abi.md draws it. Both architectures have their PE header and their sections
 * at the same offsets; what differs is what kexec loads, and which header it reads.
 */
#ifndef KHOBOOT_LAYOUT_H
#define KHOBOOT_LAYOUT_H

#define KB_VERSION	  "0.1"
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
/* Where KB_VERSION_STRING begins; on x86_64 the setup header's kernel_version points to it. */
#define KB_VERSION_OFFSET_ARM64 0x40
/* File offset of the PE header, and end of the room for the section table. */
#define KB_PE_OFFSET	0x1400
#define KB_HEADERS_SIZE 0x2000
/* Longest command line that khoboot takes, without the terminating NUL. */
#define KB_CMDLINE_MAX	4095
/*
 * Memory behind the last byte of the file that the bare-metal door owns: stack, page tables, the
 * work memory of the KHO walk, the log. Part of the setup header's init_size, or of the Image
 * header's image_size.
 */
#define KB_ARENA_SIZE	0x200000
/* First in the arena: what runs over its end meets the image's last page, mapped read-only. */
#define KB_STACK_SIZE	0x6000

#endif
