/* SPDX-License-Identifier: BSD-2-Clause */
/* What this program may use of the CPU that it runs on. */
#ifndef TOOLS_RUNNING_CPU_H
#define TOOLS_RUNNING_CPU_H

#include <arch/digest.h>

/*
 * As khoboot would see the CPU, less what the running system does not let programs use. Where
 * digest_choose() then differs from khoboot's own choice, it is slower.
 */
struct digest_cpu running_cpu(void);

#endif
