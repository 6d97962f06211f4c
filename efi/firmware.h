/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The UEFI door's view of the firmware: one struct that is filled at entry and one header that
 * includes <efi.h>. All calls into firmware are in efi/.
 */
#ifndef EFI_FIRMWARE_H
#define EFI_FIRMWARE_H

#include <efi.h>

#include <khoboot/calibration.h>
#include <khoboot/efi_map.h>
#include <khoboot/kho.h>
#include <khoboot/mem.h>
#include <khoboot/range.h>
#include <khoboot/status.h>

struct firmware {
	EFI_HANDLE image;
	EFI_SYSTEM_TABLE *st;
	EFI_BOOT_SERVICES *bs;
	EFI_LOADED_IMAGE *loaded;
	bool secure_boot;          /* enforced: only what the signed file holds is trusted */
	uint8_t secure_boot_state; /* enum stub_secure */
};

/* Log at error level what a firmware call answered, and return @status. */
enum kb_status fw_fail(enum kb_status status, const char *call, EFI_STATUS answer);

/* Firmware resets the machine when an application takes longer than five minutes: not any more. */
void fw_watchdog_off(struct firmware *fw);

/* ---- console.c */
/* A log sink: the firmware's console. Needs console_use() first; not after ExitBootServices. */
void console_use(EFI_SYSTEM_TABLE *st);
void console_line(const char *line);

/* ---- secure.c */
/* Read SecureBoot and SetupMode into @fw (UEFI 2.10 section 32.3). Unknown is a state as well. */
void secure_boot_read(struct firmware *fw);

/* ---- memory.c */
/* A memory map in pool memory with room for later growth. */
struct fw_map {
	void *buffer;
	UINTN capacity; /* bytes of buffer */
	UINTN size;     /* bytes used */
	UINTN key;
	UINTN desc_size;
	UINT32 desc_version;
};

/* Fetch the map; the buffer has slack for the descriptors that later allocations add. KB_FW_MAP. */
__must_check enum kb_status fw_map_get(struct firmware *fw, struct fw_map *ret);

/* Fetch again into the same buffer, allocating nothing. KB_FW_MAP. */
__must_check enum kb_status fw_map_refresh(struct firmware *fw, struct fw_map *map);

/* Claim exactly @r (whole pages) as EfiLoaderData. KB_FW_MEMORY. */
__must_check enum kb_status fw_claim(struct firmware *fw, struct range r);

/* @bytes of zeroed EfiLoaderData anywhere, rounded up to pages. KB_FW_MEMORY, *ret untouched. */
__must_check enum kb_status fw_alloc(struct firmware *fw, uint64_t bytes, void **ret);

/*
 * fw_map_early - the map in memory of the caller, without any allocation: before the claim,
 * whatever firmware allocates may be preserved memory. KB_FW_MAP, also when @size bytes are too
 * few.
 */
__must_check enum kb_status fw_map_early(struct firmware *fw, void *buffer, uint64_t size,
					 struct fw_map *ret);

/* The same below 1 MiB. */
__must_check enum kb_status fw_alloc_low(struct firmware *fw, uint64_t bytes, void **ret);

/*
 * fw_exit - ExitBootServices with the map of that very moment in @map
 *
 * Tries three times: a call in between may change the map (UEFI 2.10 section 7.4.6). KB_FW_EXIT
 * when the firmware refuses; boot services may be partly down by then and only stopping is safe.
 */
__must_check enum kb_status fw_exit(struct firmware *fw, struct fw_map *map);

/* ---- claim.c */
/*
 * fw_claim_all - the inverse claim: allocate all free memory but @keep as EfiLoaderData
 * @map: from fw_map_early(); refreshed where firmware's own allocations got in between
 * @keep: sorted
 * @work: storage for the pieces, one AllocatePages call for each
 * @ours: what was given to us, sorted and merged
 *
 * What firmware does not give even so is not ours: if it matters, route_covered() says so. The
 * memory is never given back: firmware of debug builds fills what is freed. Returns KB_OK,
 * KB_FW_MAP, or what efi_map_claims() returns.
 */
__must_check enum kb_status fw_claim_all(struct firmware *fw, struct fw_map *map,
					 const struct range_list *keep, struct range_list *work,
					 struct range_list *ours);

/* ---- tables.c */
/* Physical address of the configuration table of that GUID, or 0. */
uint64_t fw_table(const struct firmware *fw, const EFI_GUID *guid);

/* Physical address of the ACPI root pointer, 2.0 before 1.0, or 0. */
uint64_t acpi_rsdp(const struct firmware *fw);

/* Physical address of the SMBIOS entry point, 3.0 before 2.1, or 0. */
uint64_t smbios_entry(const struct firmware *fw);

/* Physical address of the device tree, or 0. */
uint64_t fw_device_tree(const struct firmware *fw);

/* @size bytes from EFI_RNG_PROTOCOL; false when firmware has none. */
bool fw_random(const struct firmware *fw, void *buf, size_t size);

/* Leave a seed from EFI_RNG_PROTOCOL in the table LINUX_EFI_RANDOM_SEED_TABLE_GUID. */
void rng_seed_install(struct firmware *fw);

/* ---- tpm.c */
/* Keep the TCG2 event log for the kernel (LINUX_EFI_TPM_EVENT_LOG_GUID). Logs what it did. */
void tpm_log_install(struct firmware *fw);

/* ---- gop.c */
struct screen_info;
/* Describe the frame buffer that the firmware set up; leaves @si alone when there is none. */
void gop_describe(struct firmware *fw, struct screen_info *si);

/* ---- file.c */
/*
 * file_read - a whole file of the volume that the image was loaded from
 * @path: backslashes, ASCII
 *
 * *data is EfiLoaderData of @size bytes. KB_FW_VOLUME (image not loaded from one), KB_FW_FILE.
 */
__must_check enum kb_status file_read(struct firmware *fw, const char *path, const uint8_t **data,
				      uint64_t *size);

/* ---- variable.c */
/* Vendor GUID of khoboot's variables and configuration table: KB_VENDOR_GUID_TEXT. */
extern EFI_GUID fw_vendor_guid;

/* Bytes of the variable, at most @size of which are in @buf; 0 when it cannot be had. */
size_t variable_get(const struct firmware *fw, CHAR16 *name, EFI_GUID *guid, void *buf,
		    size_t size);

/* Write or, with @size 0, delete a variable; logs what the firmware answered if not success. */
bool variable_set(const struct firmware *fw, CHAR16 *name, EFI_GUID *guid, UINT32 attributes,
		  void *data, size_t size);

/* ---- calibrate.c */
/* The calibration that is stored and was made with this firmware; false when there is none. */
bool calibration_load(const struct firmware *fw, struct kb_calibration *ret);

/*
 * calibrate - one pass of khoboot.calibrate=@rounds (see <khoboot/calibration.h>)
 *
 * Does not return while a further reset is needed. Then KB_OK, the result is stored and the
 * firmware may go on; or a refusal, logged: KB_CAL_FORMAT, KB_CAL_VARIABLE, KB_CAL_LOST, or a code
 * of memory.c.
 */
__must_check enum kb_status calibrate(struct firmware *fw, unsigned int rounds);

/* ---- fence.c */
/*
 * fence_install - keep the kernel that is cold-booted out of the firmware zone
 * @given: khoboot.zone=, may be absent: then the calibrated zone, else the built-in one
 *
 * By LINUX_EFI_MEMRESERVE: the kernel's page allocator never gets these pages, so that nothing
 * preserved later lies there. Returns KB_OK, KB_ZONE_TEXT, KB_FW_MEMORY, KB_FW_MAP or
 * KB_RANGE_FULL; logged.
 */
__must_check enum kb_status fence_install(struct firmware *fw, struct kb_text given);

/*
 * fence_none - the same table without entries, for a kernel that adds its own: arm64 reserves
 * tables of the interrupt controller there, and cannot without (Linux drivers/irqchip/
 * irq-gic-v3-its.c, drivers/firmware/efi/efi.c:efi_mem_reserve_persistent). After a reset it is a
 * new one: what the last kernel wrote there was about a controller that has been reset as well.
 *
 * Returns KB_OK, KB_FW_MEMORY; logged.
 */
__must_check enum kb_status fence_none(struct firmware *fw);

/* ---- carrier.c */
/*
 * carrier_find - KHO data by the word of the platform (<khoboot/carrier.h>), first one wins:
 * configuration table, device tree, load options, fw_cfg
 * @map: the memory map; @work: storage for its pieces
 * @name: how it came, for the log
 *
 * Nothing is allocated. Returns KB_OK, KB_CARRIER_SECURE (there is one, but not to be trusted), or
 * a code of <khoboot/carrier.h>, KB_EFI_MAP, KB_RANGE_FULL; not logged.
 */
__must_check enum kb_status carrier_find(const struct firmware *fw, const struct kb_options *o,
					 const struct fw_map *map, struct range_list *work,
					 bool *found, struct kho_handover *ret, const char **name);

/* ---- options.c */
/* Load options as ASCII in @buf; "" when there are none. KB_FW_OPTIONS: not text, or too long. */
__must_check enum kb_status options_read(const struct firmware *fw, char *buf, size_t size);

#endif
