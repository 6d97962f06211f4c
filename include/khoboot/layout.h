/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layout of the x86_64 image file, shared by its assembly headers, by the code that finds itself in
 * memory and by khoctl. docs/abi.md draws it.
 */
#ifndef KHOBOOT_LAYOUT_H
#define KHOBOOT_LAYOUT_H

#define KB_VERSION	  "0.1"
#define KB_VERSION_STRING "khoboot " KB_VERSION

/* File bytes below this are setup sectors: kexec does not load them. */
#define KB_SETUP_SIZE	0x1000
/* File offset of the PE header, and end of the room for the section table. */
#define KB_PE_OFFSET	0x1400
#define KB_HEADERS_SIZE 0x2000
/* Longest command line that khoboot takes, without the terminating NUL. */
#define KB_CMDLINE_MAX	4095
/*
 * Memory behind the last byte of the file that the bare-metal door owns: stack, page tables, the
 * work memory of the KHO walk, the log. Part of the setup header's init_size.
 */
#define KB_ARENA_SIZE	0x200000
/* First in the arena: what runs over its end meets the image's last page, mapped read-only. */
#define KB_STACK_SIZE	0x6000

#endif
