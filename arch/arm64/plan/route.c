// SPDX-License-Identifier: BSD-2-Clause
#include <arch/route.h>

enum kb_status route_asked(const struct dtb_uefi *uefi, bool nonce, bool preserved,
			   bool initrd_outside)
{
	if (!nonce)
		return KB_ROUTE_NONCE;
	if (!preserved)
		return KB_ROUTE_NOTHING;
	if (secure_locked(uefi->secure))
		return KB_ROUTE_SECURE;
	if (!uefi->found)
		return KB_ROUTE_NO_UEFI;
	return initrd_outside ? KB_ROUTE_INITRD : KB_OK;
}

enum kb_status route_cpu_check(const struct route_cpu *cpu)
{
	/* The calling convention has results of 32 bits, also in 64-bit registers. */
	return (int32_t)cpu->rsi == ROUTE_UNKNOWN_CALL ? KB_OK : KB_ROUTE_CONFIDENTIAL;
}
