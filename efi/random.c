// SPDX-License-Identifier: BSD-2-Clause
/* Random numbers from firmware, and a seed for the kernel made of them. */
#include <core/log.h>

#include <string.h>

#include "uefi.h"

#define SEED_BYTES 64
#define OLD_MAX    512 /* Linux takes no larger seed (libstub/random.c) */

static EFI_GUID table_guid = {0x1ce1e5bc,
			      0x7ceb,
			      0x42f2,
			      {0x81, 0xe5, 0x8a, 0xad, 0xf1, 0x80, 0xf5, 0x7b}};

/* Linux include/linux/efi.h: struct linux_efi_random_seed */
struct seed_table {
	uint32_t size;
	uint8_t bits[];
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

/* The seed that a boot manager has left, or NULL: worth more than what firmware has now. */
static struct seed_table *find_seed(const struct firmware *fw)
{
	struct seed_table *old = (struct seed_table *)(uintptr_t)fw_table(fw, &table_guid);

	return old && old->size && old->size <= OLD_MAX ? old : NULL;
}

/* Fill @seed with random numbers, and with @old after them; false when there is nothing new. */
static bool fill(const struct firmware *fw, struct seed_table *seed, const struct seed_table *old)
{
	seed->size = SEED_BYTES;
	if (!fw_random(fw, seed->bits, SEED_BYTES))
		return false;
	if (!old)
		return true;
	memcpy(seed->bits + SEED_BYTES, old->bits, old->size);
	seed->size += old->size;
	return true;
}

static void wipe(struct seed_table *seed)
{
	memset(seed->bits, 0, seed->size);
	seed->size = 0;
}

static void install(struct firmware *fw, struct seed_table *seed, struct seed_table *old)
{
	EFI_STATUS st = fw->bs->InstallConfigurationTable(&table_guid, seed);

	if (st) {
		kb_warn("efi", "no new random seed for the kernel: firmware answered 0x%" PRIx64,
			st);
		wipe(seed);
		fw->bs->FreePool(seed);
	} else if (old) {
		wipe(old);
	}
}

void uefi_install_seed(struct firmware *fw)
{
	struct seed_table *seed, *old = find_seed(fw);
	void *pool;

	/* The kernel keeps ACPI reclaim memory until it has read the seed. */
	if (fw->bs->AllocatePool(EfiACPIReclaimMemory, sizeof(*seed) + SEED_BYTES + OLD_MAX, &pool))
		return;
	seed = pool;
	if (fill(fw, seed, old)) {
		install(fw, seed, old);
		return;
	}
	fw->bs->FreePool(seed);
	if (!old)
		kb_info("efi", "firmware has no random numbers, no seed for the kernel");
}
