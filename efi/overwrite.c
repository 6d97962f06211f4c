// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door: the memory overwrite request, as the kernel's stub would leave it. */
#include <core/log.h>

#include "uefi.h"

static EFI_GUID guid = {0xe20939be,
			0x32d4,
			0x41be,
			{0xa1, 0x50, 0x89, 0x7f, 0x85, 0xd4, 0x98, 0x29}};
static CHAR16 name[] = L"MemoryOverwriteRequestControl";

#define CLEAR_MEMORY 1u

/* Only bit 0: the others say how firmware may change it, which the owner decides. */
static bool set(struct uefi *u, uint8_t value)
{
	return fw_set_variable(&u->fw, name, &guid, FW_KEPT, &value, sizeof(value));
}

void uefi_ask_overwrite(struct uefi *u)
{
	const struct kernel *k = &u->s.kernel;
	uint8_t old;

	if (fw_get_variable(&u->fw, name, &guid, &old, sizeof(old)) != sizeof(old) ||
	    old & CLEAR_MEMORY || !kernel_asks_overwrite(k))
		return;
	u->overwrite_asked = set(u, old | CLEAR_MEMORY);
	u->overwrite_old = old;
	if (u->overwrite_asked)
		kb_debug("efi", "memory is to be cleared at the next reset, as the kernel asks");
}

void uefi_withdraw_overwrite(struct uefi *u)
{
	if (u->overwrite_asked)
		(void)set(u, u->overwrite_old);
}
