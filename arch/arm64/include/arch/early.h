/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page tables that entry.S builds with the MMU off. For C and assembler.
 *
 * They lie at the very end of the memory that the Image header asks for, after the arena, and map
 * only that memory, writable and executable. They are kept until the end: khoboot's later tables
 * may be changed only while others are in use: these, see bare_edit_tables().
 */
#ifndef ARCH_ARM64_EARLY_H
#define ARCH_ARM64_EARLY_H

/*
 * Pages that entry.S fills; bare_map_early() takes the others. It maps the device tree (which may
 * cross a boundary of each level: two tables of each of three levels), a page of the console, and
 * UEFI's memory map, each of which may be anywhere: 6 + 3 + 6.
 */
#define EARLY_TABLES_FILLED 6
#define EARLY_TABLES_PAGES  (EARLY_TABLES_FILLED + 15)
#define EARLY_TABLES_SIZE   (EARLY_TABLES_PAGES * 0x1000)

#endif
