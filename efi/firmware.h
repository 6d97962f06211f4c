/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware: one struct that is filled at entry, one header that includes <efi.h>, and a
 * function for each thing that firmware is asked for. All calls into firmware are in efi/.
 */
#ifndef EFI_FIRMWARE_H
#define EFI_FIRMWARE_H

#include <efi.h>

#include <core/mem.h>
#include <core/range.h>
#include <fdt/kho.h>
#include <format/efi_map.h>
#include <khoboot/status.h>
#include <route/calibration.h>

struct firmware {
	EFI_HANDLE image;
	EFI_SYSTEM_TABLE *st;
	EFI_BOOT_SERVICES *bs;
	EFI_LOADED_IMAGE *loaded;
	bool secure_boot;          /* enforced: only what the signed file holds is trusted */
	uint8_t secure_boot_state; /* enum stub_secure */
};

/* ---- console.c */
/* A log sink: the firmware's console. Needs fw_console_open() first; not after ExitBootServices. */
void fw_console_open(EFI_SYSTEM_TABLE *st);
void fw_console_line(const char *line);

/* ---- secure.c */
/* Read SecureBoot and SetupMode into @fw (UEFI 2.10 section 32.3). Unknown is a state as well. */
void fw_read_secure_boot(struct firmware *fw);

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

/* The map for <format/efi_map.h>. */
static inline struct efi_map fw_map_view(const struct fw_map *map)
{
	return (struct efi_map){map->buffer, map->size, map->desc_size};
}

/* Log at error level what a firmware call answered, and return @status. */
enum kb_status fw_fail(enum kb_status status, const char *call, EFI_STATUS answer);

/* Firmware resets the machine when an application takes longer than five minutes: not any more. */
void fw_watchdog_off(struct firmware *fw);

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

/* ---- tables.c */
/* Physical address of the configuration table of that GUID, or 0. */
uint64_t fw_table(const struct firmware *fw, const EFI_GUID *guid);

/* Physical address of the ACPI root pointer, 2.0 before 1.0, or 0. */
uint64_t fw_acpi_rsdp(const struct firmware *fw);

/* Physical address of the SMBIOS entry point, 3.0 before 2.1, or 0. */
uint64_t fw_smbios_entry(const struct firmware *fw);

/* Physical address of the device tree, or 0. */
uint64_t fw_device_tree(const struct firmware *fw);

/* ---- random.c */
/* @size bytes from EFI_RNG_PROTOCOL; false when firmware has none. */
bool fw_random(const struct firmware *fw, void *buf, size_t size);

/* ---- gop.c */
struct screen_info;
/* Describe the frame buffer that the firmware set up; leaves @si alone when there is none. */
void fw_describe_screen(struct firmware *fw, struct screen_info *si);

/* ---- file.c */
/*
 * file_read - a whole file of the volume that the image was loaded from
 * @path: backslashes, ASCII
 *
 * *data is EfiLoaderData of @size bytes. KB_FW_VOLUME (image not loaded from one), KB_FW_FILE.
 */
__must_check enum kb_status fw_read_file(struct firmware *fw, const char *path,
					 const uint8_t **data, uint64_t *size);

/* ---- variable.c */
/* Vendor GUID of khoboot's variables and configuration table: KB_VENDOR_GUID_TEXT. */
extern EFI_GUID fw_vendor_guid;

/* Bytes of the variable, at most @size of which are in @buf; 0 when it cannot be had. */
size_t fw_get_variable(const struct firmware *fw, CHAR16 *name, EFI_GUID *guid, void *buf,
		       size_t size);

/* Write or, with @size 0, delete a variable; logs what the firmware answered if not success. */
bool fw_set_variable(const struct firmware *fw, CHAR16 *name, EFI_GUID *guid, UINT32 attributes,
		     void *data, size_t size);

#endif
