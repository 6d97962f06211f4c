// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door: the variables that tell user space how it was started. */
#include <core/log.h>
#include <format/device_path.h>
#include <format/stub_vars.h>

#include "uefi.h"

static EFI_GUID vendor = {0x4a67b082,
			  0x0a4c,
			  0x41cf,
			  {0xb6, 0xc7, 0x44, 0x0b, 0x29, 0xbb, 0x8c, 0x4f}};

static void set(struct firmware *fw, struct stub_var *v)
{
	const UINT32 volatile_ = EFI_VARIABLE_BOOTSERVICE_ACCESS | EFI_VARIABLE_RUNTIME_ACCESS;
	bool number = v->number;
	CHAR16 name[32] = {0};

	for (size_t i = 0; v->name[i] && i < ARRAY_SIZE(name) - 1; i++)
		name[i] = (CHAR16)v->name[i];
	if (!v->size || (!v->always && fw_get_variable(fw, name, &vendor, NULL, 0)))
		return;
	if (!fw_set_variable(fw, name, &vendor, volatile_,
			     number ? (void *)&v->number : (void *)v->text, v->size))
		kb_warn("efi", "without %s user space knows less of this start", v->name);
}

/* The partition of the volume that the image came from. Images from memory have no device. */
static void find_partition(struct firmware *fw, struct stub_start *start)
{
	static EFI_GUID guid = DEVICE_PATH_PROTOCOL;
	void *path;

	if (fw->loaded->DeviceHandle &&
	    !fw->bs->HandleProtocol(fw->loaded->DeviceHandle, &guid, &path))
		start->has_partition = efi_path_partition(path, start->partition);
}

void uefi_set_variables(struct firmware *fw)
{
	struct stub_start start = {
		.vendor = fw->st->FirmwareVendor,
		.firmware_revision = fw->st->FirmwareRevision,
		.uefi_revision = fw->st->Hdr.Revision,
	};
	struct stub_var vars[STUB_VARS];
	uint16_t file[STUB_TEXT_MAX];

	efi_path_file(fw->loaded->FilePath, file, ARRAY_SIZE(file));
	start.file = file;
	find_partition(fw, &start);
	stub_vars(&start, vars);
	for (size_t i = 0; i < STUB_VARS; i++)
		set(fw, &vars[i]);
}
