// SPDX-License-Identifier: BSD-2-Clause
/* Secure Boot state, as Linux drivers/firmware/efi/libstub/secureboot.c reads it. */
#include <format/stub.h>

#include "firmware.h"

static EFI_STATUS read_byte(const struct firmware *fw, CHAR16 *name, uint8_t *value)
{
	static EFI_GUID global = EFI_GLOBAL_VARIABLE;
	UINTN size = sizeof(*value);

	return fw->st->RuntimeServices->GetVariable(name, &global, NULL, &size, value);
}

void fw_read_secure_boot(struct firmware *fw)
{
	static CHAR16 secure_name[] = L"SecureBoot", setup_name[] = L"SetupMode";
	uint8_t secure = 0, setup = 1;
	EFI_STATUS st = read_byte(fw, secure_name, &secure);

	fw->secure_boot_state = SECURE_OFF;
	if (st == EFI_NOT_FOUND)
		return;
	if (st || read_byte(fw, setup_name, &setup)) {
		/* Unknown does not mean off: trust nothing from outside the signed file. */
		fw->secure_boot_state = SECURE_UNKNOWN;
		fw->secure_boot = true;
		return;
	}
	fw->secure_boot = secure == 1 && setup == 0;
	if (fw->secure_boot)
		fw->secure_boot_state = SECURE_ON;
}
