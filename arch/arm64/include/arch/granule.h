/* SPDX-License-Identifier: BSD-2-Clause */
/* The page sizes (granules) of an arm64 CPU. */
#ifndef ARCH_ARM64_GRANULE_H
#define ARCH_ARM64_GRANULE_H

#include <khoboot/compiler.h>
#include <khoboot/status.h>

/*
 * granule_check - can a kernel with pages of @page_size bytes run on this CPU?
 * @mmfr0: ID_AA64MMFR0_EL1, whose TGran4, TGran16 and TGran64 say which granules there are (DDI
 * 0487)
 * @page_size: 0 when the kernel does not say
 *
 * A kernel that cannot stops before it has a console (Linux
 * arch/arm64/kernel/head.S:__no_granule_support). Returns KB_OK or KB_CPU_GRANULE. Pure.
 */
__must_check enum kb_status granule_check(uint64_t mmfr0, uint32_t page_size);

#endif
