/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers that differ between architectures. */
#ifndef ARCH_ARM64_CONST_H
#define ARCH_ARM64_CONST_H

#include <khoboot/range.h>
#include <khoboot/record.h>

#define ARCH_RECORD KB_RECORD_ARM64

/* No address is special: RAM may begin anywhere, and all of it may be preserved. */
#define ARCH_LOW_MEMORY 0

/*
 * What there is for the memory map before the claim: bytes, and pieces of each kind of memory. It
 * is on firmware's stack, for lack of memory that is nobody's. AAVMF has about 30 descriptors of 48
 * bytes, servers have up to 200.
 */
#define ARCH_EARLY_MAP  (16 * 1024)
#define ARCH_EARLY_LIST 256

/* flush_all() can do nothing here: everything that must survive a reset is flushed by address. */
#define ARCH_FLUSHES_ALL false

/* The kernel reserves the tables of its interrupt controller there: it must not be missing. */
#define ARCH_MEMRESERVE true

/*
 * Evacuated pages are put back where our code or read-only data may be: the tables have to allow
 * it.
 */
#define ARCH_MAPS_HOMES true

/* Where everything was: up to where physical addresses can go. */
#define ARCH_ADDRESSES (1ULL << 52)

#endif
