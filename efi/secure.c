// SPDX-License-Identifier: BSD-2-Clause
/*
 * Secure Boot state, as Linux drivers/firmware/efi/libstub/secureboot.c reads it. What locks
 * khoboot is firmware's state alone; what the kernel is told regards shim's insecure mode, too.
 */
#include <format/stub.h>

#include "firmware.h"

static EFI_STATUS read_byte(const struct firmware *fw, CHAR16 *name, EFI_GUID *guid, UINT32 *attr,
			    uint8_t *value)
{
	UINTN size = sizeof(*value);

	return fw->st->RuntimeServices->GetVariable(name, guid, attr, &size, value);
}

/* Shim's copy of MokSBState. A variable that survives a reset is not shim's. */
static bool shim_is_insecure(const struct firmware *fw)
{
	static EFI_GUID shim = {0x605dab50,
				0xe046,
				0x4300,
				{0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23}};
	static CHAR16 name[] = L"MokSBStateRT";
	uint8_t value = 0;
	UINT32 attr = 0;

	return !read_byte(fw, name, &shim, &attr, &value) &&
	       secure_shim_off(value, attr & EFI_VARIABLE_NON_VOLATILE);
}

void fw_read_secure_boot(struct firmware *fw)
{
	static EFI_GUID global = EFI_GLOBAL_VARIABLE;
	static CHAR16 secure_name[] = L"SecureBoot", setup_name[] = L"SetupMode";
	uint8_t secure = 0, setup = 1;
	EFI_STATUS st = read_byte(fw, secure_name, &global, NULL, &secure);

	fw->secure_boot_state = SECURE_OFF;
	if (st == EFI_NOT_FOUND)
		return;
	if (st || read_byte(fw, setup_name, &global, NULL, &setup)) {
		/* Unknown does not mean off: trust nothing from outside the signed file. */
		fw->secure_boot_state = SECURE_UNKNOWN;
		fw->secure_boot = true;
		return;
	}
	fw->secure_boot = secure == 1 && setup == 0;
	fw->secure_boot_state = (uint8_t)secure_for_kernel(fw->secure_boot, shim_is_insecure(fw));
}
