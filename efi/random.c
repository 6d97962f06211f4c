// SPDX-License-Identifier: BSD-2-Clause
/* Random numbers from firmware, and a seed for the kernel made of them. */
#include <core/log.h>

#include <string.h>

#include "uefi.h"

#define SEED_BYTES 64

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

void uefi_install_seed(struct firmware *fw)
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
		kb_warn("efi", "no random seed for the kernel: firmware answered 0x%" PRIx64, st);
		memset(seed, 0, sizeof(*seed));
		fw->bs->FreePool(seed);
	}
}
