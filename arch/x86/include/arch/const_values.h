/* SPDX-License-Identifier: BSD-2-Clause */
/* <arch/const.h> says what these are. */
#ifndef ARCH_X86_CONST_VALUES_H
#define ARCH_X86_CONST_VALUES_H

#define ARCH_RECORD KB_RECORD_X86_64

#define ARCH_LOW_MEMORY SZ_1M /* boot_check_preserved() */

#define ARCH_EARLY_MAP  0
#define ARCH_EARLY_LIST 0

#define ARCH_MEMRESERVE false
#define ARCH_MAPS_HOMES false

#endif
