// SPDX-License-Identifier: BSD-2-Clause
/* Firmware's variables. */
#include <core/log.h>

#include "firmware.h"

EFI_GUID fw_vendor_guid = {0x7c9b3a52,
			   0x5f0e,
			   0x4c1d,
			   {0x9b, 0x62, 0x2f, 0x8d, 0x6a, 0x41, 0xe0, 0xc7}};

size_t fw_get_variable(const struct firmware *fw, CHAR16 *name, EFI_GUID *guid, void *buf,
		       size_t size)
{
	UINTN got = size;
	EFI_STATUS st = fw->st->RuntimeServices->GetVariable(name, guid, NULL, &got, buf);

	if (st == EFI_NOT_FOUND)
		return 0;
	/* Too large is an answer, too: the caller sees that the size is not the one it knows. */
	return st && st != EFI_BUFFER_TOO_SMALL ? FW_UNREADABLE : got;
}

static EFI_GUID global = EFI_GLOBAL_VARIABLE;
static CHAR16 boot_next[] = L"BootNext";

bool fw_set_variable(const struct firmware *fw, CHAR16 *name, EFI_GUID *guid, UINT32 attributes,
		     void *data, size_t size)
{
	EFI_STATUS st = fw->st->RuntimeServices->SetVariable(name, guid, attributes, size, data);

	if (st)
		kb_error("efi", "SetVariable answered 0x%" PRIx64, (uint64_t)st);
	return !st;
}

bool fw_boot_again(const struct firmware *fw)
{
	static CHAR16 current[] = L"BootCurrent";
	uint16_t entry;

	if (fw_get_variable(fw, current, &global, &entry, sizeof(entry)) != sizeof(entry)) {
		kb_error("efi", "not started from a boot entry (no BootCurrent)");
		return false;
	}
	return fw_set_variable(fw, boot_next, &global, FW_KEPT, &entry, sizeof(entry));
}

void fw_boot_on(const struct firmware *fw)
{
	uint16_t entry;

	if (fw_get_variable(fw, boot_next, &global, &entry, sizeof(entry)))
		(void)fw_set_variable(fw, boot_next, &global, FW_KEPT, NULL, 0);
}
