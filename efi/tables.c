// SPDX-License-Identifier: BSD-2-Clause
/* Configuration tables: finding the ACPI root pointer, leaving a random seed for the kernel. */
#include <khoboot/log.h>

#include <string.h>

#include "firmware.h"

#define SEED_BYTES 64

uint64_t fw_table(const struct firmware *fw, const EFI_GUID *guid)
{
	for (UINTN i = 0; i < fw->st->NumberOfTableEntries; i++)
		if (!memcmp(&fw->st->ConfigurationTable[i].VendorGuid, guid, sizeof(*guid)))
			return (uintptr_t)fw->st->ConfigurationTable[i].VendorTable;
	return 0;
}

uint64_t acpi_rsdp(const struct firmware *fw)
{
	static const EFI_GUID acpi2 = ACPI_20_TABLE_GUID, acpi1 = ACPI_TABLE_GUID;
	uint64_t at = fw_table(fw, &acpi2);

	return at ? at : fw_table(fw, &acpi1);
}

uint64_t smbios_entry(const struct firmware *fw)
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

/* Linux include/linux/efi.h: struct linux_efi_random_seed */
struct seed_table {
	uint32_t size;
	uint8_t bits[SEED_BYTES];
};

bool fw_random(const struct firmware *fw, void *buf, size_t size)
{
	static EFI_GUID protocol = EFI_RNG_PROTOCOL_GUID;
	EFI_RNG_PROTOCOL *rng;
	void *found;

	if (fw->bs->LocateProtocol(&protocol, NULL, &found))
		return false;
	rng = found;
	return !rng->GetRNG(rng, NULL, size, buf);
}

void rng_seed_install(struct firmware *fw)
{
	static EFI_GUID table_guid = {0x1ce1e5bc,
				      0x7ceb,
				      0x42f2,
				      {0x81, 0xe5, 0x8a, 0xad, 0xf1, 0x80, 0xf5, 0x7b}};
	struct seed_table *seed;
	EFI_STATUS st;
	void *pool;

	/* The kernel keeps ACPI reclaim memory until it has read the seed. */
	if (fw->bs->AllocatePool(EfiACPIReclaimMemory, sizeof(*seed), &pool))
		return;
	seed = pool;
	seed->size = SEED_BYTES;
	if (!fw_random(fw, seed->bits, SEED_BYTES)) {
		kb_info("efi", "firmware has no random numbers, no seed for the kernel");
		fw->bs->FreePool(seed);
		return;
	}
	st = fw->bs->InstallConfigurationTable(&table_guid, seed);
	if (st) {
		kb_warn("efi", "no random seed for the kernel: firmware answered 0x%llx",
			(unsigned long long)st);
		memset(seed, 0, sizeof(*seed));
		fw->bs->FreePool(seed);
	}
}
