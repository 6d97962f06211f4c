/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page tables that entry.S builds with the MMU off. For C and assembler.
 *
 * They lie at the very end of the memory that the Image header asks for, after the arena, and map
 * that memory alone, writable and executable. They stay: the tables of <arch/pagetable.h> may be
 * changed only while others are in use (see bare_edit_tables()).
 */
#ifndef ARCH_ARM64_EARLY_H
#define ARCH_ARM64_EARLY_H

/* Pages that entry.S fills; the others are for what bare_map_early() adds. */
#define EARLY_TABLES_FILLED 6
#define EARLY_TABLES_PAGES  14
#define EARLY_TABLES_SIZE   (EARLY_TABLES_PAGES * 0x1000)

#endif
