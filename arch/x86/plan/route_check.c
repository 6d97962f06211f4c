// SPDX-License-Identifier: BSD-2-Clause
/* Confidential guests and memory encryption; see the header. */
#include <arch/route_check.h>

#include <string.h>

#define SEV_ACTIVE  7u /* SEV, SEV-ES, SEV-SNP */
#define TME_ENABLED (1u << 1)
#define TME_BYPASS  (1u << 31)

enum kb_status route_cpu_check(const struct route_cpu *cpu)
{
	if (!memcmp(cpu->tdx, "IntelTDX    ", sizeof(cpu->tdx)) || cpu->sev_status & SEV_ACTIVE)
		return KB_ROUTE_CONFIDENTIAL;
	if (cpu->tme_activate & TME_ENABLED && !(cpu->tme_activate & TME_BYPASS))
		return KB_ROUTE_ENCRYPTED;
	return KB_OK;
}
