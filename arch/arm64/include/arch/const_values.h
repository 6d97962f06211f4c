/* SPDX-License-Identifier: BSD-2-Clause */
/* <arch/const.h> says what these are. */
#ifndef ARCH_ARM64_CONST_VALUES_H
#define ARCH_ARM64_CONST_VALUES_H

#define ARCH_RECORD KB_RECORD_ARM64

#define ARCH_LOW_MEMORY 0

/*
 * They lie on firmware's stack: any other memory may be preserved. AAVMF has about 30 descriptors
 * of 48 bytes, servers have up to 200; the claim adds up to 2 * ROUTE_KEEP_MAX of them, and half as
 * many pieces to the list of what is claimed.
 */
#define ARCH_EARLY_MAP  (34 * 1024)
#define ARCH_EARLY_LIST 512

#define ARCH_MEMRESERVE true
#define ARCH_MAPS_HOMES true

#endif
