// SPDX-License-Identifier: BSD-2-Clause
/* Firmware's configuration tables. */
#include <string.h>

#include "firmware.h"

uint64_t fw_table(const struct firmware *fw, const EFI_GUID *guid)
{
	for (UINTN i = 0; i < fw->st->NumberOfTableEntries; i++)
		if (!memcmp(&fw->st->ConfigurationTable[i].VendorGuid, guid, sizeof(*guid)))
			return (uintptr_t)fw->st->ConfigurationTable[i].VendorTable;
	return 0;
}

uint64_t fw_acpi_rsdp(const struct firmware *fw)
{
	static const EFI_GUID acpi2 = ACPI_20_TABLE_GUID, acpi1 = ACPI_TABLE_GUID;
	uint64_t at = fw_table(fw, &acpi2);

	return at ? at : fw_table(fw, &acpi1);
}

uint64_t fw_smbios_entry(const struct firmware *fw)
{
	static const EFI_GUID smbios3 = SMBIOS3_TABLE_GUID, smbios = SMBIOS_TABLE_GUID;
	uint64_t at = fw_table(fw, &smbios3);

	return at ? at : fw_table(fw, &smbios);
}

uint64_t fw_device_tree(const struct firmware *fw)
{
	static const EFI_GUID dtb = {0xb1b621d5,
				     0xf19c,
				     0x41a5,
				     {0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0}};

	return fw_table(fw, &dtb);
}
