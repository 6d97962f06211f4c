/* SPDX-License-Identifier: BSD-2-Clause */
/* What is needed to wake other CPUs of an arm64 machine. */
#ifndef ARCH_ARM64_CREW_TYPES_H
#define ARCH_ARM64_CREW_TYPES_H

#include <fdt/dtb.h>

#define CREW_FIXED SZ_4K /* the registers that all get */

struct crew_arch {
	enum psci_conduit psci;
};

#endif
