/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers that differ between the architectures; their values are in <arch/const_values.h>.
 *
 *   ARCH_RECORD       enum kb_record_arch of this architecture
 *   ARCH_LOW_MEMORY   bytes from address 0 that are never preserved, that every kernel needs some
 *		       of, and that firmware may give away before the claim; 0: no address is
 *		       special, RAM may begin anywhere and all of it may be preserved
 *   ARCH_EARLY_MAP    without ARCH_LOW_MEMORY: bytes of room for UEFI's memory map until the claim;
 *		       0: as many as it needs
 *   ARCH_EARLY_LIST   and how many pieces of each kind of memory there is room for
 *   ARCH_MEMRESERVE   the kernel adds entries of its own to LINUX_EFI_MEMRESERVE (arm64: tables of
 *		       the interrupt controller), so khoboot must always install that table
 *   ARCH_MAPS_HOMES   the page tables' rights apply when evacuated pages are put back, so homes are
 *		       mapped writable where our code is (x86 ignores the rights: CR0.WP is off)
 */
#ifndef ARCH_CONST_H
#define ARCH_CONST_H

#include <core/range.h>
#include <route/record.h>

#include <arch/const_values.h>

/* No physical address of either architecture reaches this. */
#define ARCH_ADDRESSES (1ULL << 52)

#endif
