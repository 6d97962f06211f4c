// SPDX-License-Identifier: BSD-2-Clause
#include <arch/route.h>

#include <string.h>

#define SEV_ACTIVE    7u /* SEV, SEV-ES, SEV-SNP */
#define TME_ENABLED   2u
#define TME_KEY_SAVED 4u

enum kb_status route_asked(const struct boot_params *bp, bool nonce, bool preserved,
			   bool initrd_outside)
{
	if (!nonce)
		return KB_ROUTE_NONCE;
	if (!preserved)
		return KB_ROUTE_NOTHING;
	if (secure_locked(bp->secure_boot))
		return KB_ROUTE_SECURE;
	if (memcmp(bp->efi_loader_signature, BP_EFI_64, sizeof(bp->efi_loader_signature)))
		return KB_ROUTE_NO_UEFI;
	return initrd_outside ? KB_ROUTE_INITRD : KB_OK;
}

enum kb_status route_cpu_check(const struct route_cpu *cpu)
{
	if (!memcmp(cpu->tdx, "IntelTDX    ", sizeof(cpu->tdx)) || cpu->sev_status & SEV_ACTIVE)
		return KB_ROUTE_CONFIDENTIAL;
	if ((cpu->tme_activate & (TME_ENABLED | TME_KEY_SAVED)) == TME_ENABLED)
		return KB_ROUTE_ENCRYPTED;
	return KB_OK;
}
