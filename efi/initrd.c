// SPDX-License-Identifier: BSD-2-Clause
/*
 * The UEFI door: the initrd that a boot loader offers beside the image. Boot loaders install
 * EFI_LOAD_FILE2_PROTOCOL on a device path that is made of one node, LINUX_EFI_INITRD_MEDIA_GUID
 * (Linux Documentation/arch/x86/boot.rst and drivers/firmware/efi/libstub/efi-stub-helper.c). Where
 * there is none, the words initrd= name files.
 */
#include <core/log.h>

#include <string.h>

#include "uefi.h"

struct media_path {
	EFI_DEVICE_PATH vendor;
	EFI_GUID guid;
	EFI_DEVICE_PATH end;
} __packed;

static const struct media_path media = {
	.vendor = {MEDIA_DEVICE_PATH, MEDIA_VENDOR_DP, {sizeof(EFI_DEVICE_PATH) + 16, 0}},
	.guid = {0x5568e427, 0x68fc, 0x4f3d, {0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68}},
	.end = {END_DEVICE_PATH_TYPE, END_ENTIRE_DEVICE_PATH_SUBTYPE, {sizeof(EFI_DEVICE_PATH), 0}},
};

static EFI_GUID load_file2 = {0x4006c0c1,
			      0xfcb3,
			      0x403e,
			      {0x99, 0x6d, 0x4a, 0x6c, 0x87, 0x24, 0xe0, 0x6d}};

/* The protocol, and the end of its path: GRUB wants that as FilePath, instead of NULL. */
static EFI_LOAD_FILE_PROTOCOL *find_loader(struct firmware *fw, EFI_DEVICE_PATH **rest)
{
	/* Firmware moves a pointer along the path; it does not write there. */
	static struct media_path path;
	EFI_HANDLE device;
	void *found;

	path = media;
	*rest = &path.vendor;
	if (fw->bs->LocateDevicePath(&load_file2, rest, &device) ||
	    fw->bs->HandleProtocol(device, &load_file2, &found))
		return NULL;
	return found;
}

/* KB_OK with size 0: the boot loader has none after all. */
static enum kb_status load_size(EFI_LOAD_FILE_PROTOCOL *loader, EFI_DEVICE_PATH *rest, UINTN *size)
{
	EFI_STATUS st;

	*size = 0;
	st = loader->LoadFile(loader, rest, FALSE, size, NULL);
	if (st == EFI_NOT_FOUND || !*size)
		return st && st != EFI_NOT_FOUND ? fw_fail(KB_FW_FILE, "LoadFile", st) : KB_OK;
	return st == EFI_BUFFER_TOO_SMALL ? KB_OK : fw_fail(KB_FW_FILE, "LoadFile", st);
}

static enum kb_status load(struct firmware *fw, EFI_LOAD_FILE_PROTOCOL *loader,
			   EFI_DEVICE_PATH *rest, struct range *ret)
{
	UINTN size;
	enum kb_status kb = load_size(loader, rest, &size);
	EFI_STATUS st;
	void *data;

	*ret = (struct range){0, 0};
	if (kb || !size)
		return kb;
	kb = fw_alloc(fw, size, &data);
	if (kb)
		return kb;
	st = loader->LoadFile(loader, rest, FALSE, &size, data);
	if (st)
		return fw_fail(KB_FW_FILE, "LoadFile", st);
	*ret = (struct range){(uintptr_t)data, size};
	return KB_OK;
}

/* Read the files of all initrd= words, and put one after the other as a boot loader does. */
static enum kb_status read_files(struct uefi *u, struct range *ret)
{
	const uint8_t *data[KB_INITRD_MAX];
	uint64_t size[KB_INITRD_MAX], sum = 0, at = 0;
	enum kb_status st = KB_OK;
	void *all;

	for (size_t i = 0; i < u->s.options.initrds && !st; i++) {
		st = fw_read_path(&u->fw, u->s.options.initrd[i], &data[i], &size[i]);
		if (!st)
			sum += align_down(size[i] + 3, 4);
	}
	if (st || !sum)
		return st;
	st = fw_alloc(&u->fw, sum, &all);
	if (st)
		return st;
	for (size_t i = 0; i < u->s.options.initrds; i++) {
		memcpy((uint8_t *)all + at, data[i], size[i]);
		at += align_down(size[i] + 3, 4);
	}
	*ret = (struct range){(uintptr_t)all, sum};
	return KB_OK;
}

uint64_t uefi_initrd_offered(struct uefi *u)
{
	EFI_LOAD_FILE_PROTOCOL *loader;
	EFI_DEVICE_PATH *rest;
	UINTN size = 0;

	loader = find_loader(&u->fw, &rest);
	return loader && !load_size(loader, rest, &size) ? size : 0;
}

enum kb_status uefi_read_initrd(struct uefi *u, struct range *ret)
{
	EFI_LOAD_FILE_PROTOCOL *loader;
	struct range r = {0, 0};
	EFI_DEVICE_PATH *rest;
	enum kb_status st;

	loader = find_loader(&u->fw, &rest);
	st = loader ? load(&u->fw, loader, rest, &r) : KB_OK;
	if (!st && r.size)
		kb_info("initrd", "the boot loader gives one of %" PRIu64 " bytes", r.size);
	else if (!st)
		st = read_files(u, &r);
	if (!st)
		*ret = r;
	return st;
}
