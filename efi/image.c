// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door: our own image in memory, the options, the kernel to start. */
#include <arch/cpu.h>
#include <khoboot/layout.h>
#include <khoboot/log.h>

#include <string.h>

#include "door.h"

enum kb_status uefi_read_image(struct door *d)
{
	struct kb_diag diag = {0};
	enum kb_status st = uki_open_mapped(d->image, d->fw.loaded->ImageSize, &d->uki, &diag);

	return st ? kb_refuse("image", st, &diag) : KB_OK;
}

enum kb_status uefi_read_options(struct door *d)
{
	struct kb_diag diag = {0};
	struct cmdline_in in = {
		.builtin = {d->uki.cmdline.data, d->uki.cmdline.size},
		.locked = d->fw.secure_boot,
		.flags = CMDLINE_PATHS | CMDLINE_ARGV0,
	};
	enum kb_status st = options_read(&d->fw, d->outside, sizeof(d->outside));

	if (st) {
		/* Firmware's own boot entries carry binary data there: not an error of the user's.
		 */
		kb_warn("options", "KB-%03d %s; ignored", (int)st, kb_cause(st));
		d->outside[0] = '\0';
	}
	in.outside = (struct kb_text){d->outside, strlen(d->outside)};
	st = cmdline_split(&in, d->cmdline, sizeof(d->cmdline), &d->options, &diag);
	if (st)
		return kb_refuse("options", st, &diag);
	return door_obey(&d->options, KB_DOOR_UEFI);
}

static enum kb_status read_path(struct door *d, struct kb_text path, const uint8_t **data,
				uint64_t *size)
{
	char name[256];

	if (path.len >= sizeof(name))
		return KB_FW_FILE;
	memcpy(name, path.text, path.len);
	name[path.len] = '\0';
	return file_read(&d->fw, name, data, size);
}

/* The files of all initrd= words, one behind the other as a boot loader puts them. */
static enum kb_status read_initrds(struct door *d)
{
	const uint8_t *data[KB_INITRD_MAX];
	uint64_t size[KB_INITRD_MAX], sum = 0, at = 0;
	enum kb_status st = KB_OK;
	void *all;

	for (size_t i = 0; i < d->options.initrds && !st; i++) {
		st = read_path(d, d->options.initrd[i], &data[i], &size[i]);
		if (!st)
			sum += align_down(size[i] + 3, 4);
	}
	if (st || !sum)
		return st;
	st = fw_alloc(&d->fw, sum, &all);
	if (st)
		return st;
	for (size_t i = 0; i < d->options.initrds; i++) {
		memcpy((uint8_t *)all + at, data[i], size[i]);
		at += align_down(size[i] + 3, 4);
	}
	d->initrd = (struct range){(uintptr_t)all, sum};
	return KB_OK;
}

/* linux= and initrd= of the load options: files that nobody has verified. */
static enum kb_status read_files(struct door *d)
{
	enum kb_status st;

	if (d->fw.secure_boot)
		return kb_refuse("kernel", KB_FW_SECURE, NULL);
	if (!d->options.kernel.text)
		return kb_refuse("kernel", KB_NO_KERNEL, NULL);
	st = read_path(d, d->options.kernel, &d->kernel_file, &d->kernel_size);
	if (!st)
		st = read_initrds(d);
	return st ? kb_refuse("kernel", st, NULL) : KB_OK;
}

static enum kb_status open_kernel(struct door *d)
{
	void *work = NULL;
	enum kb_status st = KERNEL_WORK_SIZE ? fw_alloc(&d->fw, KERNEL_WORK_SIZE, &work) : KB_OK;

	d->kernel_work = (struct range){(uintptr_t)work, KERNEL_WORK_SIZE};
	if (st)
		return kb_refuse("kernel", st, NULL);
	return door_open_kernel(d->kernel_file, d->kernel_size, &d->uki, d->kernel_work,
				&d->kernel);
}

enum kb_status uefi_read_kernel(struct door *d)
{
	enum kb_status st = KB_OK;

	if (d->uki.kernel.data) {
		d->kernel_file = d->uki.kernel.data;
		d->kernel_size = d->uki.kernel.size;
	} else {
		st = read_files(d);
	}
	if (st)
		return st;
	if (d->uki.ucode.data)
		kb_warn("initrd", ".ucode is not loaded; give it as first --initrd of khoctl uki");
	if (d->uki.initrd.data)
		d->initrd = (struct range){(uintptr_t)d->uki.initrd.data, d->uki.initrd.size};
	return open_kernel(d);
}
