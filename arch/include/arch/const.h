/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers that differ between the architectures; their values are in <arch/const_values.h>.
 *
 *   ARCH_RECORD       enum kb_record_arch of this one
 *   ARCH_LOW_MEMORY   bytes from address 0 that are never preserved, that every kernel needs some
 *		       of, and that firmware may give away before the claim; 0: no address is
 *		       special, RAM may begin anywhere and all of it may be preserved
 *   ARCH_EARLY_MAP    bytes that there are for the memory map before the claim
 *   ARCH_EARLY_LIST   and pieces of each kind of memory
 *   ARCH_FLUSHES_ALL  cache_flush_all() writes all of the caches back; where it cannot, everything
 *		       that must survive a reset is flushed by address
 *   ARCH_MEMRESERVE   the kernel adds entries of its own to LINUX_EFI_MEMRESERVE (arm64: tables of
 *		       the interrupt controller), so that table must be there
 *   ARCH_MAPS_HOMES   evacuated pages are put back by the page tables' rights, so these must allow
 *		       writing where our code may be (x86: with CR0.WP off, whatever they say)
 */
#ifndef ARCH_CONST_H
#define ARCH_CONST_H

#include <core/range.h>
#include <route/record.h>

#include <arch/const_values.h>

/* No physical address of either architecture reaches this. */
#define ARCH_ADDRESSES (1ULL << 52)

#endif
