/* SPDX-License-Identifier: BSD-2-Clause */
/* What only an arm64 CPU can be asked. */
#ifndef ARCH_CPU_ARM64_H
#define ARCH_CPU_ARM64_H

#include <khoboot/compiler.h>

/* Exception level, 1 or 2. */
unsigned int cpu_level(void);

/* EL2 without E2H: one level of privilege, with its own format of tables and registers. */
bool cpu_one_level(void);

/* Can @addr be written with the tables in use? */
bool cpu_may_write(uint64_t addr);

#endif
