/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers that differ between architectures. */
#ifndef ARCH_X86_CONST_H
#define ARCH_X86_CONST_H

#include <khoboot/range.h>
#include <khoboot/record.h>

#define ARCH_RECORD KB_RECORD_X86_64

/*
 * Nothing below is ever preserved (boot_check_preserved()), every kernel needs some of it, and
 * firmware may give it away before the claim.
 */
#define ARCH_LOW_MEMORY SZ_1M

/* What there is for the memory map before the claim: bytes, and pieces of each kind of memory. */
#define ARCH_EARLY_MAP  (96 * 1024)
#define ARCH_EARLY_LIST 1024

/* flush_all() writes all of the caches back. */
#define ARCH_FLUSHES_ALL true

/* LINUX_EFI_MEMRESERVE is of use only when there is something in it. */
#define ARCH_MEMRESERVE false

/* Evacuated pages are put back whatever the tables say: without CR0.WP. */
#define ARCH_MAPS_HOMES false

/* Where everything was: up to where physical addresses can go. */
#define ARCH_ADDRESSES (1ULL << 52)

#endif
