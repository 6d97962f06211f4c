/* SPDX-License-Identifier: BSD-2-Clause */
/* What <arch/route_check.h> needs to know about an x86 CPU. */
#ifndef ARCH_X86_ROUTE_CPU_H
#define ARCH_X86_ROUTE_CPU_H

#include <khoboot/compiler.h>
#include <khoboot/status.h>

#define ROUTE_CPUID_TME        (1u << 13) /* leaf 7, ECX: IA32_TME_ACTIVATE is there */
#define ROUTE_CPUID_SEV        (1u << 1)  /* leaf 0x8000001f, EAX: SEV_STATUS is there */
#define ROUTE_MSR_TME_ACTIVATE 0x982
#define ROUTE_MSR_SEV_STATUS   0xc0010131

struct route_cpu {
	uint32_t tdx[3]; /* CPUID leaf 0x21: EBX, EDX, ECX; zeros when there is no such leaf */
	uint64_t tme_activate; /* 0 when there is no such register */
	uint64_t sev_status;   /* likewise */
};

#endif
