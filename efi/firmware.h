/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Firmware: one struct that is filled at entry, and a function for each thing that firmware is
 * asked for. This is the only header that includes <efi.h>. All calls into firmware are in efi/.
 */
#ifndef EFI_FIRMWARE_H
#define EFI_FIRMWARE_H

#include <efi.h>

#include <core/mem.h>
#include <core/range.h>
#include <core/text.h>
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
/* Use the console of @st, which may have none, for fw_console_line(). */
void fw_console_open(EFI_SYSTEM_TABLE *st);

/* A log sink: firmware's console. Not to be called after ExitBootServices. */
void fw_console_line(const char *line);

/* ---- secure.c */
/* Read SecureBoot and SetupMode into @fw (UEFI 2.10 section 32.3). The state may be "unknown". */
void fw_read_secure_boot(struct firmware *fw);

/* ---- memory.c */
/* A memory map in a buffer that has room for later growth. */
struct fw_map {
	void *buffer;
	UINTN capacity; /* bytes of buffer */
	UINTN size;     /* bytes used */
	UINTN key;
	UINTN desc_size;
	UINT32 desc_version;
};

/* The same map as <format/efi_map.h> reads it; valid until @map is refreshed. */
static inline struct efi_map fw_map_view(const struct fw_map *map)
{
	return (struct efi_map){map->buffer, map->size, map->desc_size};
}

/* Log, as an error, what the firmware call @call answered, and return @status. */
enum kb_status fw_fail(enum kb_status status, const char *call, EFI_STATUS answer);

/* Stop firmware's watchdog, which resets the machine when an application runs for five minutes. */
void fw_watchdog_off(struct firmware *fw);

/*
 * fw_map_ask - how large is the map, with slack for the descriptors that later allocations add?
 *
 * Fills capacity and desc_size; there is no buffer yet. KB_FW_MAP.
 */
__must_check enum kb_status fw_map_ask(struct firmware *fw, struct fw_map *ret);

/* How many pieces of memory a map in such a buffer can have. */
static inline size_t fw_map_pieces(const struct fw_map *map)
{
	return map->capacity / map->desc_size;
}

/*
 * Fetch the map into a new buffer, with slack for the descriptors that later allocations add.
 * KB_FW_MAP, KB_FW_MEMORY.
 */
__must_check enum kb_status fw_map_get(struct firmware *fw, struct fw_map *ret);

/* Fetch the map again into the same buffer, without an allocation. KB_FW_MAP. */
__must_check enum kb_status fw_map_refresh(struct firmware *fw, struct fw_map *map);

/* Claim exactly @r (whole pages) as EfiLoaderData. KB_FW_MEMORY. */
__must_check enum kb_status fw_claim(struct firmware *fw, struct range r);

/* @bytes of zeroed EfiLoaderData anywhere, rounded up to pages. KB_FW_MEMORY, *ret untouched. */
__must_check enum kb_status fw_alloc(struct firmware *fw, uint64_t bytes, void **ret);

/*
 * The same as EfiACPIReclaimMemory, which is no RAM for kernels and no scratch: what lies there is
 * still there for the kernel after the next one.
 */
__must_check enum kb_status fw_alloc_kept(struct firmware *fw, uint64_t bytes, void **ret);

/*
 * fw_map_early - fetch the map into memory of the caller, without an allocation: before the claim,
 * whatever firmware allocates may be preserved memory. KB_FW_MAP, also when @size bytes are too
 * few.
 */
__must_check enum kb_status fw_map_early(struct firmware *fw, void *buffer, uint64_t size,
					 struct fw_map *ret);

/* fw_alloc() below 1 MiB. KB_FW_MEMORY, *ret untouched. */
__must_check enum kb_status fw_alloc_low(struct firmware *fw, uint64_t bytes, void **ret);

/* For a map that was just fetched: must not call firmware, because that may change the map. */
typedef enum kb_status fw_map_fn(void *ctx);

/*
 * fw_exit - ExitBootServices with the map of that very moment in @map
 * @use: may be NULL; called with each map before firmware is asked to end with it
 *
 * Tries three times: a call in between may change the map (UEFI 2.10 section 7.4.6). KB_FW_MAP;
 * what @use returns; KB_FW_EXIT when firmware refuses. Boot services may be partly down by then, so
 * only stopping is safe.
 */
__must_check enum kb_status fw_exit(struct firmware *fw, struct fw_map *map, fw_map_fn *use,
				    void *ctx);

/* ---- config_table.c */
/* Physical address of the configuration table of that GUID, or 0. */
uint64_t fw_table(const struct firmware *fw, const EFI_GUID *guid);

/* Physical address of the ACPI root pointer, 2.0 before 1.0, or 0. */
uint64_t fw_acpi_rsdp(const struct firmware *fw);

/* Physical address of the SMBIOS entry point, 3.0 before 2.1, or 0. */
uint64_t fw_smbios_entry(const struct firmware *fw);

/* Physical address of the device tree, or 0. */
uint64_t fw_device_tree(const struct firmware *fw);

/* ---- random.c */
/* Fill @buf with @size bytes from EFI_RNG_PROTOCOL. False when firmware has none. */
bool fw_random(const struct firmware *fw, void *buf, size_t size);

/* ---- gop.c */
struct screen_info;
/* Describe the frame buffer that firmware has set up; @si is untouched when there is none. */
void fw_describe_screen(const struct firmware *fw, struct screen_info *si);

/* ---- file.c */
/*
 * fw_read_file - read a whole file from the volume that the image was loaded from
 * @path: ASCII, with backslashes
 *
 * *data is EfiLoaderData of *size bytes. KB_FW_VOLUME (the image was not loaded from one),
 * KB_FW_FILE, KB_FW_MEMORY.
 */
__must_check enum kb_status fw_read_file(struct firmware *fw, const char *path,
					 const uint8_t **data, uint64_t *size);

/* The same for a path that a word of the command line names. */
__must_check enum kb_status fw_read_path(struct firmware *fw, struct kb_text path,
					 const uint8_t **data, uint64_t *size);

/*
 * fw_read_part - read exactly @size bytes of a file of that volume, from @offset on, into @buf
 *
 * KB_FW_VOLUME; KB_FW_FILE, also when it ends before: @buf may then be partly written.
 */
__must_check enum kb_status fw_read_part(struct firmware *fw, const uint16_t *path, uint64_t offset,
					 void *buf, uint64_t size);

/* ---- variable.c */
/* Vendor GUID of khoboot's variables and configuration table: KB_VENDOR_GUID_TEXT. */
extern EFI_GUID fw_vendor_guid;

#define FW_UNREADABLE SIZE_MAX

/*
 * Read a variable. Returns its size in bytes, or 0 when there is none. Above @size, @buf is not
 * valid; FW_UNREADABLE: firmware did not even say whether there is one.
 */
size_t fw_get_variable(const struct firmware *fw, CHAR16 *name, EFI_GUID *guid, void *buf,
		       size_t size);

/* Write a variable; @size 0 deletes it. On failure logs firmware's answer, and returns false. */
bool fw_set_variable(const struct firmware *fw, CHAR16 *name, EFI_GUID *guid, UINT32 attributes,
		     void *data, size_t size);

/* Attributes of a variable that stays over a reset: non-volatile, boot and runtime access. */
#define FW_KEPT                                                                                    \
	(EFI_VARIABLE_NON_VOLATILE | EFI_VARIABLE_BOOTSERVICE_ACCESS | EFI_VARIABLE_RUNTIME_ACCESS)

/*
 * fw_boot_again - have firmware start the entry that started us after the next reset, too
 *
 * Firmware deletes BootNext before it starts the entry (UEFI 2.10 section 3.1.1). False, and
 * logged, when there is no BootCurrent or the variable cannot be written.
 */
bool fw_boot_again(const struct firmware *fw);

/* Take that back: delete BootNext if it is there. */
void fw_boot_on(const struct firmware *fw);

#endif
