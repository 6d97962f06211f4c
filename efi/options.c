// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door: the options, the kernel to start. */
#include <core/log.h>
#include <core/utf16.h>
#include <format/device_path.h>
#include <format/stub.h>
#include <format/stub_vars.h>

#include <string.h>

#include "uefi.h"

static struct kb_text outside(const struct uefi *u)
{
	return (struct kb_text){u->words, strlen(u->words)};
}

static bool has_protocol(const struct firmware *fw, EFI_HANDLE handle, EFI_GUID *guid)
{
	void *found;

	return handle && !fw->bs->HandleProtocol(handle, guid, &found);
}

/* Where the words for us begin in the load options. */
static const char *skip_program(const struct firmware *fw, const char *text)
{
	static EFI_GUID shell = EFI_SHELL_PARAMETERS_PROTOCOL_GUID;
	static EFI_GUID net = EFI_PXE_BASE_CODE_PROTOCOL_GUID;
	struct cmdline_start start = {
		.shell = has_protocol(fw, fw->image, &shell),
		.net = has_protocol(fw, fw->loaded->DeviceHandle, &net),
	};
	uint16_t wide[STUB_TEXT_MAX];
	char file[3 * STUB_TEXT_MAX];
	size_t len = efi_path_file(fw->loaded->FilePath, wide, ARRAY_SIZE(wide));

	if (len && text_from_utf16(wide, len, file, sizeof(file)))
		start.file = (struct kb_text){file, strlen(file)};
	return cmdline_skip_program((struct kb_text){text, strlen(text)}, &start).text;
}

/* Some firmware leaves binary junk in the load options of entries that it made itself. */
void uefi_read_load_options(struct uefi *u)
{
	const CHAR16 *text = u->fw.loaded->LoadOptions;
	size_t max = text ? u->fw.loaded->LoadOptionsSize / sizeof(*text) : 0;
	struct kb_text nonce;

	u->words = u->outside;
	if (!text_from_utf16(text, max, u->outside, sizeof(u->outside))) {
		kb_warn("options", "KB-%03d %s; ignored", KB_FW_OPTIONS, kb_cause(KB_FW_OPTIONS));
		u->outside[0] = '\0';
	}
	u->words = skip_program(&u->fw, u->outside);
	u->s.has_kho = cmdline_last(outside(u), "khoboot.nonce", &nonce);
}

enum kb_status uefi_read_options(struct uefi *u)
{
	/* A nonce that is ignored would end the life of the record. */
	if (u->s.has_kho && u->fw.secure_boot_state == SECURE_UNKNOWN)
		return kb_refuse("options", KB_ROUTE_SECURE, NULL);
	return stage_read_options(&u->s, outside(u), u->fw.secure_boot, CMDLINE_PATHS,
				  KB_DOOR_UEFI);
}

/* Read the file of linux= in the load options. It is not verified. */
static enum kb_status read_kernel_file(struct uefi *u, const uint8_t **kernel, uint64_t *size)
{
	enum kb_status st;

	if (u->fw.secure_boot)
		return kb_refuse("kernel", KB_FW_SECURE, NULL);
	if (!u->s.options.kernel.text)
		return kb_refuse("kernel", KB_NO_KERNEL, NULL);
	st = fw_read_path(&u->fw, u->s.options.kernel, kernel, size);
	return st ? kb_refuse("kernel", st, NULL) : KB_OK;
}

/*
 * An initrd that cannot be read is refused beside linux=. An image that firmware or a boot loader
 * starts may boot without it; systemd-stub goes on, too.
 */
static enum kb_status read_initrd(struct uefi *u, bool required)
{
	struct range initrd = {0, 0};
	enum kb_status st = uefi_read_initrd(u, &initrd);

	if (st && required)
		return kb_refuse("initrd", st, NULL);
	if (st)
		kb_error("initrd", "KB-%03d %s; going on without it", (int)st, kb_cause(st));
	stage_take_initrd(&u->s, initrd, STAGE_OUTSIDE_TAKEN);
	return KB_OK;
}

/* One that will be dropped is not read: it may fill the little memory that a handover leaves. */
static enum kb_status take_initrd(struct uefi *u, bool required)
{
	struct range unread = {0, 0};

	if (!u->fw.secure_boot)
		return read_initrd(u, required);
	unread.size = uefi_initrd_offered(u);
	stage_take_initrd(&u->s, unread, STAGE_OUTSIDE_LOCKED);
	return KB_OK;
}

static enum kb_status alloc_work(struct uefi *u)
{
	void *work = NULL;
	enum kb_status st = KERNEL_WORK_SIZE ? fw_alloc(&u->fw, KERNEL_WORK_SIZE, &work) : KB_OK;

	u->s.kernel_work = (struct range){(uintptr_t)work, KERNEL_WORK_SIZE};
	return st ? kb_refuse("kernel", st, NULL) : KB_OK;
}

enum kb_status uefi_read_kernel(struct uefi *u)
{
	const uint8_t *file = u->s.uki.kernel.data;
	uint64_t size = u->s.uki.kernel.size;
	enum kb_status st = file ? KB_OK : read_kernel_file(u, &file, &size);

	if (!st)
		st = take_initrd(u, !u->s.uki.kernel.data);
	if (!st)
		st = alloc_work(u);
	return st ? st : stage_open_kernel(&u->s, file, size);
}
