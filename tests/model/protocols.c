// SPDX-License-Identifier: BSD-2-Clause
/*
 * What is in firmware beside its own services: an initrd that the boot loader offers, screens, a
 * TPM with an event log, a device tree.
 */
#include "protocols.h"

#include <libfdt.h>
#include <string.h>
#include <sys/mman.h>

#define LOADER    ((EFI_HANDLE)0x9abc)
#define ALL_TEXT  ((EFI_HANDLE)0x2001) /* stands for all screens, and has no frame buffer */
#define SCREEN    ((EFI_HANDLE)0x2002)
#define WIDTH     640
#define HEIGHT    400
#define FRAMES    0x60000000ULL
#define TREE      0x120000ULL /* in firmware's memory, as all that follows */
#define TPM_LOG   0x124000ULL
#define TPM_FINAL 0x125000ULL
#define TREE_SIZE 4096
#define AGILE     2

static const EFI_GUID dtb_guid = {0xb1b621d5,
				  0xf19c,
				  0x41a5,
				  {0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0}};
static const EFI_GUID final_guid = {0x1e2ed096,
				    0x30e2,
				    0x4254,
				    {0xbd, 0x89, 0x86, 0x3b, 0xbe, 0xf8, 0x23, 0x25}};
static const EFI_GUID kernel_log_guid = {0xb7799cb0,
					 0xeca2,
					 0x4943,
					 {0x96, 0x67, 0x1f, 0xae, 0x07, 0xb7, 0x47, 0xfa}};

bool guid_is(const EFI_GUID *a, EFI_GUID b)
{
	return !memcmp(a, &b, sizeof(b));
}

static void *at(uint64_t pa)
{
	return (void *)(uintptr_t)pa;
}

/* ---- LoadFile2 ------------------------------------------------------------------------------- */

static uint8_t offered[2 * 4096 + 3];
static unsigned int questions;

/* As in edk2 and GRUB: the rest of the path is its end, and the first question is for the size. */
static EFI_STATUS EFIAPI load_file(EFI_LOAD_FILE_PROTOCOL *self, EFI_DEVICE_PATH *path,
				   BOOLEAN boot, UINTN *size, VOID *to)
{
	UINTN need = sizeof(offered) - (model.loader == LOADER_GROWS && !questions++);

	(void)self;
	if (firmware_fails(SERVICE_LOADER))
		return EFI_DEVICE_ERROR;
	if (boot)
		return EFI_UNSUPPORTED;
	if (!path || path->Type != END_DEVICE_PATH_TYPE || !size)
		return EFI_INVALID_PARAMETER;
	if (model.loader == LOADER_EMPTY)
		return EFI_NOT_FOUND;
	if (!to || *size < need) {
		*size = need;
		return EFI_BUFFER_TOO_SMALL;
	}
	memcpy(to, offered, need);
	*size = need;
	firmware_gave_initrd();
	return EFI_SUCCESS;
}

static EFI_LOAD_FILE_PROTOCOL loader = {.LoadFile = load_file};

static bool is_load_file(const EFI_GUID *guid)
{
	return guid_is(guid, (EFI_GUID){0x4006c0c1,
					0xfcb3,
					0x403e,
					{0x99, 0x6d, 0x4a, 0x6c, 0x87, 0x24, 0xe0, 0x6d}});
}

/* The longest part of the path that a handle has; the rest is what the caller gets. */
EFI_STATUS protocol_path(const EFI_GUID *guid, EFI_DEVICE_PATH **path, EFI_HANDLE *ret)
{
	static const EFI_GUID media = {0x5568e427,
				       0x68fc,
				       0x4f3d,
				       {0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68}};
	EFI_DEVICE_PATH *p = *path;
	unsigned int len = p->Length[0] | p->Length[1] << 8;

	if (!model.loader || !is_load_file(guid) || p->Type != MEDIA_DEVICE_PATH ||
	    len != sizeof(*p) + sizeof(media) || memcmp(p + 1, &media, sizeof(media)))
		return EFI_NOT_FOUND;
	*path = (EFI_DEVICE_PATH *)((uint8_t *)p + len);
	*ret = LOADER;
	return EFI_SUCCESS;
}

bool initrd_is_whole(struct range initrd)
{
	return model.loader != LOADER_OFFERS || model.secure ||
	       memmem(at(initrd.base), initrd.size, offered, sizeof(offered));
}

/* ---- screens --------------------------------------------------------------------------------- */

static EFI_GRAPHICS_OUTPUT_MODE_INFORMATION info, no_info;
static EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE mode, no_mode;
static EFI_GRAPHICS_OUTPUT_PROTOCOL screen, all_screens;

static void set_screens(void)
{
	static bool mapped;

	if (!mapped && mmap(at(FRAMES), WIDTH * HEIGHT * 4, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != at(FRAMES))
		abort();
	mapped = true;
	memset(at(FRAMES), 0, WIDTH * HEIGHT * 4);
	info.HorizontalResolution = no_info.HorizontalResolution = WIDTH;
	info.VerticalResolution = no_info.VerticalResolution = HEIGHT;
	info.PixelFormat = PixelBlueGreenRedReserved8BitPerColor;
	no_info.PixelFormat = PixelBltOnly;
	info.PixelsPerScanLine = no_info.PixelsPerScanLine = WIDTH;
	mode.Info = &info;
	mode.FrameBufferBase = FRAMES;
	mode.FrameBufferSize = WIDTH * HEIGHT * 4;
	no_mode.Info = &no_info;
	screen.Mode = &mode;
	all_screens.Mode = &no_mode;
}

EFI_STATUS protocol_handles(const EFI_GUID *guid, UINTN *size, EFI_HANDLE *ret)
{
	const EFI_HANDLE all[] = {ALL_TEXT, SCREEN};
	UINTN room = *size;

	if (!model.screen || !guid_is(guid, (EFI_GUID)EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID))
		return EFI_NOT_FOUND;
	*size = sizeof(all);
	if (room < sizeof(all))
		return EFI_BUFFER_TOO_SMALL;
	memcpy(ret, all, sizeof(all));
	return EFI_SUCCESS;
}

static bool is_dark(void)
{
	const uint32_t *pixel = at(FRAMES);
	size_t i = 0;

	while (i < WIDTH * HEIGHT && !pixel[i])
		i++;
	return i == WIDTH * HEIGHT;
}

bool screen_is_dark(void)
{
	return model.screen && is_dark();
}

/* ---- TPM ------------------------------------------------------------------------------------- */

struct tcg2 {
	void *get_capability;
	EFI_STATUS(EFIAPI *get_event_log)
	(struct tcg2 *self, UINT32 format, uint64_t *location, uint64_t *last, BOOLEAN *truncated);
};

static size_t log_size, last_event;

/* Returns the offset after @n bytes at @p, or zeros. */
static size_t put(size_t to, const void *p, size_t n)
{
	if (p)
		memcpy((uint8_t *)at(TPM_LOG) + to, p, n);
	else
		memset((uint8_t *)at(TPM_LOG) + to, 0, n);
	return to + n;
}

static size_t put32(size_t to, uint32_t v)
{
	return put(to, &v, sizeof(v));
}

/* TCG PC Client Platform Firmware Profile, section 10: the event that says which digests follow. */
static size_t put_spec(void)
{
	static const uint8_t sha256[] = {0x0b, 0, 32, 0};
	size_t n = put32(put32(0, 0), 3);

	n = put32(put(n, NULL, 20), 28 + sizeof(sha256) + 1);
	n = put(put(n, "Spec ID Event03", 16), NULL, 8);
	return put(put(put32(n, 1), sha256, sizeof(sha256)), NULL, 1);
}

static size_t put_event(size_t n)
{
	n = put32(put32(put32(n, 4), 0x80000003), 1);
	n = put(put(n, "\x0b", 2), NULL, 32);
	return put(put32(n, 9), "a kernel", 9);
}

static void set_tpm(void)
{
	const uint64_t none[] = {1, 0};

	last_event = put_spec();
	log_size = put_event(last_event);
	memcpy(at(TPM_FINAL), none, sizeof(none));
}

/* Old firmware has the log of SHA-1 alone: here its first event. */
static EFI_STATUS EFIAPI event_log(struct tcg2 *self, UINT32 format, uint64_t *location,
				   uint64_t *last, BOOLEAN *truncated)
{
	(void)self;
	if (firmware_fails(SERVICE_TPM))
		return EFI_DEVICE_ERROR;
	if (format == AGILE && model.tpm == TPM_OLD)
		return EFI_INVALID_PARAMETER;
	*location = TPM_LOG;
	*last = TPM_LOG + (format == AGILE ? last_event : 0);
	*truncated = 0;
	return EFI_SUCCESS;
}

static struct tcg2 tpm = {.get_event_log = event_log};

void *protocol_alone(const EFI_GUID *guid)
{
	const EFI_GUID tcg2 = {0x607f766c,
			       0x7455,
			       0x42be,
			       {0x93, 0x0b, 0xe4, 0xd7, 0x6d, 0xb2, 0x72, 0x0f}};

	return model.tpm && guid_is(guid, tcg2) ? &tpm : NULL;
}

/* Linux include/linux/efi.h: struct linux_efi_tpm_eventlog; it is read after boot services. */
static const char *tpm_broken(const uint8_t *t)
{
	size_t size = model.tpm == TPM_OLD ? last_event : log_size;

	if (!t)
		return "the kernel gets no event log";
	if (model_type((uintptr_t)t & ~(MODEL_PAGE - 1)) != EfiACPIReclaimMemory)
		return "the kernel's event log lies in memory that is free for it";
	if (get_u32(t) != size || t[8] != (model.tpm == TPM_OLD ? 1 : AGILE) ||
	    memcmp(t + 9, at(TPM_LOG), size))
		return "the kernel's event log is not firmware's";
	return NULL;
}

/* ---- device tree ----------------------------------------------------------------------------- */

static void set_tree(void)
{
	const struct range fdt = sealed_fdt(), scratch = sealed_scratch_list();
	const fdt64_t a[] = {cpu_to_fdt64(fdt.base), cpu_to_fdt64(fdt.size)};
	const fdt64_t b[] = {cpu_to_fdt64(scratch.base), cpu_to_fdt64(scratch.size)};
	void *t = at(TREE);
	int node;

	fdt_create_empty_tree(t, TREE_SIZE);
	fdt_setprop_u32(t, 0, "#address-cells", 2);
	fdt_setprop_u32(t, 0, "#size-cells", 2);
	node = fdt_add_subnode(t, 0, "chosen");
	if (model.carrier == CARRIER_TREE) {
		fdt_setprop(t, node, "linux,kho-fdt", a, sizeof(a));
		fdt_setprop(t, node, "linux,kho-scratch", b, sizeof(b));
	}
}

/* ---- all of them ----------------------------------------------------------------------------- */

void *protocol_on(EFI_HANDLE handle, const EFI_GUID *guid)
{
	const EFI_GUID text = {0xd3b36f2c,
			       0xd551,
			       0x11d4,
			       {0x9a, 0x46, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d}};

	if (handle == LOADER && model.loader && is_load_file(guid))
		return &loader;
	if (!model.screen || (handle != ALL_TEXT && handle != SCREEN))
		return NULL;
	if (guid_is(guid, text))
		return &screen;
	if (guid_is(guid, (EFI_GUID)EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID))
		return handle == SCREEN ? &screen : &all_screens;
	return NULL;
}

static bool has_tree(void)
{
	return model.tree || model.carrier == CARRIER_TREE;
}

void protocols_start(void)
{
	questions = 0;
	memset(offered, 0x2e, sizeof(offered));
	if (model.screen)
		set_screens();
	if (model.tpm)
		set_tpm();
	if (has_tree())
		set_tree();
}

UINTN protocol_tables(EFI_CONFIGURATION_TABLE *to)
{
	UINTN n = 0;

	if (model.carrier == CARRIER_TABLE)
		to[n++] = (EFI_CONFIGURATION_TABLE){fw_vendor_guid, at(sealed_table())};
	if (has_tree())
		to[n++] = (EFI_CONFIGURATION_TABLE){dtb_guid, at(TREE)};
	if (model.tpm == TPM_NEW)
		to[n++] = (EFI_CONFIGURATION_TABLE){final_guid, at(TPM_FINAL)};
	return n;
}

const char *protocols_broken(const EFI_CONFIGURATION_TABLE *tables, UINTN count)
{
	const uint8_t *log = NULL;

	for (UINTN i = 0; i < count; i++)
		if (guid_is(&tables[i].VendorGuid, kernel_log_guid))
			log = tables[i].VendorTable;
	return model.tpm ? tpm_broken(log) : NULL;
}
