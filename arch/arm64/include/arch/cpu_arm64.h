/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions that only an arm64 CPU can answer. */
#ifndef ARCH_CPU_ARM64_H
#define ARCH_CPU_ARM64_H

#include <khoboot/compiler.h>

/* The current exception level: 1 or 2. */
unsigned int cpu_level(void);

/* Is it EL2 without E2H? This has one level of privilege, and its own format of page tables. */
bool cpu_one_level(void);

/* Is @addr (virtual) writable with the page tables in use? */
bool cpu_may_write(uint64_t addr);

#endif
