// SPDX-License-Identifier: BSD-2-Clause
/* Files of the volume that khoboot was loaded from. The file system driver is firmware's. */
#include <core/log.h>

#include <string.h>

#include "firmware.h"

/* Far more than any kernel or initrd has, far less than could wrap. */
#define FILE_MAX (4ULL << 30)

static enum kb_status open_volume(struct firmware *fw, EFI_FILE_HANDLE *root)
{
	static EFI_GUID guid = SIMPLE_FILE_SYSTEM_PROTOCOL;
	EFI_FILE_IO_INTERFACE *volume;
	void *found;
	EFI_STATUS st;

	if (!fw->loaded->DeviceHandle ||
	    fw->bs->HandleProtocol(fw->loaded->DeviceHandle, &guid, &found))
		return KB_FW_VOLUME;
	volume = found;
	st = volume->OpenVolume(volume, root);
	return st ? fw_fail(KB_FW_VOLUME, "OpenVolume", st) : KB_OK;
}

/* The size is found by seeking to the end: so there is no info structure to parse. */
static EFI_STATUS file_size(EFI_FILE_HANDLE f, uint64_t *size)
{
	EFI_STATUS st = f->SetPosition(f, UINT64_MAX);

	if (!st)
		st = f->GetPosition(f, size);
	if (!st)
		st = f->SetPosition(f, 0);
	return st;
}

static enum kb_status read_bytes(EFI_FILE_HANDLE f, uint8_t *to, uint64_t bytes)
{
	uint64_t done = 0;

	while (done < bytes) {
		UINTN n = min_u64(bytes - done, SZ_1M);
		EFI_STATUS st = f->Read(f, &n, to + done);

		if (st || !n)
			return fw_fail(KB_FW_FILE, "Read", st);
		done += n;
	}
	return KB_OK;
}

static enum kb_status read_all(struct firmware *fw, EFI_FILE_HANDLE f, const uint8_t **data,
			       uint64_t *size)
{
	uint64_t bytes = 0;
	EFI_STATUS st = file_size(f, &bytes);
	enum kb_status kb;
	void *p;

	if (st || !bytes || bytes > FILE_MAX)
		return fw_fail(KB_FW_FILE, "file size", st);
	kb = fw_alloc(fw, bytes, &p);
	if (!kb)
		kb = read_bytes(f, p, bytes);
	if (kb)
		return kb;
	*data = p;
	*size = bytes;
	return KB_OK;
}

enum kb_status fw_read_file(struct firmware *fw, const char *path, const uint8_t **data,
			    uint64_t *size)
{
	CHAR16 name[256];
	EFI_FILE_HANDLE root, f;
	enum kb_status kb;
	size_t n = 0;
	EFI_STATUS st;

	for (; path[n] && n < ARRAY_SIZE(name) - 1; n++)
		name[n] = (CHAR16)(unsigned char)path[n];
	name[n] = 0;
	if (path[n])
		return KB_FW_FILE;
	kb = open_volume(fw, &root);
	if (kb)
		return kb;
	st = root->Open(root, &f, name, EFI_FILE_MODE_READ, 0);
	if (st) {
		kb_error("efi", "cannot open %s", path);
		kb = fw_fail(KB_FW_FILE, "Open", st);
	} else {
		kb = read_all(fw, f, data, size);
		f->Close(f);
	}
	root->Close(root);
	return kb;
}

enum kb_status fw_read_path(struct firmware *fw, struct kb_text path, const uint8_t **data,
			    uint64_t *size)
{
	char name[256];

	if (path.len >= sizeof(name))
		return KB_FW_FILE;
	memcpy(name, path.text, path.len);
	name[path.len] = '\0';
	return fw_read_file(fw, name, data, size);
}

static enum kb_status read_part(EFI_FILE_HANDLE f, uint64_t offset, void *buf, uint64_t size)
{
	EFI_STATUS st = f->SetPosition(f, offset);

	return st ? fw_fail(KB_FW_FILE, "SetPosition", st) : read_bytes(f, buf, size);
}

enum kb_status fw_read_part(struct firmware *fw, const uint16_t *path, uint64_t offset, void *buf,
			    uint64_t size)
{
	EFI_FILE_HANDLE root, f;
	enum kb_status kb = open_volume(fw, &root);
	EFI_STATUS st;

	if (kb)
		return kb;
	/* The interface takes it as writable, but does not write. */
	st = root->Open(root, &f, (CHAR16 *)(uintptr_t)path, EFI_FILE_MODE_READ, 0);
	if (st) {
		kb = fw_fail(KB_FW_FILE, "Open", st);
	} else {
		kb = read_part(f, offset, buf, size);
		f->Close(f);
	}
	root->Close(root);
	return kb;
}
