// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door: our own image in memory. */
#include <core/log.h>
#include <format/device_path.h>
#include <format/stub_vars.h>
#include <khoboot/layout.h>

#include <string.h>

#include "uefi.h"

/*
 * Of the headers, U-Boot copies about as many bytes as they have, but from the beginning of the
 * file, wherever the PE header is (see KB_PE_OFFSET). On x86_64 it is in pages that no section has:
 *
 *	0        0x268      0x1400        0x2000
 *	| copied | - - - - - PE header - - | sections ...
 *
 * What was copied reaches to the end of init_size in the setup header, which tells images of
 * different size apart.
 */
#define COPIED 0x268

/* SizeOfImage, in the PE header. */
#define IMAGE_SIZE (KB_PE_OFFSET_X86 + 80)

/* Whether .cmdline names data is not known without the headers; all others can be asked. */
static bool may_hold_data(const struct uefi *u)
{
	struct kb_text value, words = {u->words, strlen(u->words)};

	return u->s.has_kho || uefi_may_carry(u) ||
	       (!u->fw.secure_boot && cmdline_last(words, "khoboot.kho-fdt", &value));
}

/* Reading makes firmware allocate, so not where data may lie in memory that it does not know. */
static bool may_read_headers(const struct uefi *u)
{
	return KB_PE_OFFSET == KB_PE_OFFSET_X86 && !u->fw.secure_boot && !u->s.has_kho &&
	       u->fw.loaded->ImageBase == u->s.image &&
	       u->fw.loaded->ImageSize >= KB_HEADERS_SIZE_X86;
}

/* Not of a file that only begins as the image does, or is larger or smaller. */
static enum kb_status read_headers(struct uefi *u)
{
	uint8_t *image = u->fw.loaded->ImageBase, begin[COPIED];
	uint16_t path[STUB_TEXT_MAX];
	enum kb_status st;

	if (!efi_path_file(u->fw.loaded->FilePath, path, ARRAY_SIZE(path)))
		return KB_PE_MAGIC;
	st = fw_read_part(&u->fw, path, 0, begin, sizeof(begin));
	if (!st && memcmp(begin, image, sizeof(begin)))
		return KB_PE_MAGIC;
	if (!st)
		st = fw_read_part(&u->fw, path, COPIED, image + COPIED,
				  KB_HEADERS_SIZE_X86 - COPIED);
	if (!st && get_u32(image + IMAGE_SIZE) != align_up_page(u->fw.loaded->ImageSize))
		return KB_PE_MAGIC;
	return st;
}

static enum kb_status open_image(struct uefi *u, struct kb_diag *diag)
{
	return uki_open_mapped(u->s.image, u->fw.loaded->ImageSize, &u->s.uki, diag);
}

enum kb_status uefi_read_image(struct uefi *u)
{
	struct kb_diag diag = {0};
	enum kb_status st = open_image(u, &diag);

	if (st == KB_PE_MAGIC)
		u->s.has_kho = may_hold_data(u);
	if (st == KB_PE_MAGIC && may_read_headers(u)) {
		kb_info("image", "the boot loader has left out the PE header, reading it");
		st = read_headers(u);
		if (st != KB_PE_MAGIC)
			diag = (struct kb_diag){0};
		if (!st)
			st = open_image(u, &diag);
	}
	return st ? kb_refuse("image", st, &diag) : KB_OK;
}
