/* SPDX-License-Identifier: BSD-2-Clause */
/* What <arch/route_check.h> needs to know about an arm64 CPU and its monitor. */
#ifndef ARCH_ARM64_ROUTE_CPU_H
#define ARCH_ARM64_ROUTE_CPU_H

#include <khoboot/compiler.h>
#include <khoboot/status.h>

/* RSI_VERSION of the Realm Management Monitor (Arm DEN 0137), to be called by SMC. */
#define ROUTE_RSI_VERSION  0xc4000190
#define ROUTE_RSI_REQUEST  0x10000 /* x1: version 1.0 */
#define ROUTE_UNKNOWN_CALL (-1)    /* SMCCC: NOT_SUPPORTED (Arm DEN 0028) */

struct route_cpu {
	/* x0 after ROUTE_RSI_VERSION; ROUTE_UNKNOWN_CALL where SMC cannot be used */
	int64_t rsi;
};

#endif
