// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door: our own image in memory, the options, the kernel to start. */
#include <core/log.h>
#include <format/stub.h>

#include <string.h>

#include "uefi.h"

enum kb_status uefi_read_image(struct uefi *u)
{
	struct kb_diag diag = {0};
	enum kb_status st = uki_open_mapped(u->s.image, u->fw.loaded->ImageSize, &u->s.uki, &diag);

	return st ? kb_refuse("image", st, &diag) : KB_OK;
}

/*
 * Some firmware leaves binary junk in the load options of entries that it made itself. Only text is
 * taken: printable ASCII up to a NUL or the end.
 */
static enum kb_status read_load_options(const struct firmware *fw, char *buf, size_t size)
{
	const CHAR16 *text = fw->loaded->LoadOptions;
	size_t max = fw->loaded->LoadOptionsSize / sizeof(*text), n = 0;

	buf[0] = '\0';
	if (!text)
		return KB_OK;
	for (; n < max && text[n]; n++) {
		if (n + 1 >= size || text[n] < ' ' || text[n] > '~') {
			buf[0] = '\0';
			return KB_FW_OPTIONS;
		}
		buf[n] = (char)text[n];
	}
	buf[n] = '\0';
	return KB_OK;
}

static struct kb_text outside(const struct uefi *u)
{
	return (struct kb_text){u->outside, strlen(u->outside)};
}

void uefi_read_load_options(struct uefi *u)
{
	enum kb_status st = read_load_options(&u->fw, u->outside, sizeof(u->outside));
	struct kb_text nonce;

	/* Binary data of firmware's own boot entries: not the user's error. */
	if (st) {
		kb_warn("options", "KB-%03d %s; ignored", (int)st, kb_cause(st));
		u->outside[0] = '\0';
	}
	u->s.has_kho = cmdline_last(outside(u), "khoboot.nonce", &nonce);
}

enum kb_status uefi_read_options(struct uefi *u)
{
	/* A nonce that is ignored would end the life of the record. */
	if (u->s.has_kho && u->fw.secure_boot_state == SECURE_UNKNOWN)
		return kb_refuse("options", KB_ROUTE_SECURE, NULL);
	return stage_read_options(&u->s, outside(u), u->fw.secure_boot,
				  CMDLINE_PATHS | CMDLINE_ARGV0, KB_DOOR_UEFI);
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
static enum kb_status take_initrd(struct uefi *u, bool required)
{
	enum stage_outside trust = u->fw.secure_boot ? STAGE_OUTSIDE_LOCKED : STAGE_OUTSIDE_TAKEN;
	struct range initrd = {0, 0};
	enum kb_status st = uefi_read_initrd(u, &initrd);

	if (st && required)
		return kb_refuse("initrd", st, NULL);
	if (st)
		kb_error("initrd", "KB-%03d %s; going on without it", (int)st, kb_cause(st));
	stage_take_initrd(&u->s, initrd, trust);
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
