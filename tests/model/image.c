// SPDX-License-Identifier: BSD-2-Clause
/* The image that the model starts: khoboot's headers without code, a kernel, an initrd. */
#include <arch/const.h>

#include <string.h>

#include "../unit/make_image.h"
#include "model.h"

static struct buffer stub, uki, kernel;
static uint8_t initrd[3 * 4096 + 5];
static const uint16_t overwrite[] = u"MemoryOverwriteRequestControl";

static void make_kernel(void)
{
	static uint8_t content[8192];

	memset(content, 0x5c, sizeof(content));
	memcpy(content + 4096, overwrite, sizeof(overwrite));
	if (ARCH_RECORD == KB_RECORD_ARM64) {
		make_arm64_image(&kernel, content, sizeof(content));
		put_u64(kernel.data + IMG_FLAGS, 8 | 1 << 1); /* pages of 4 KiB */
		return;
	}
	make_bzimage(&kernel, content, sizeof(content));
	put_u32(kernel.data + 0x260, 4 * SZ_1M); /* init_size */
}

static void make_stub_of_arch(struct buffer *b)
{
	if (ARCH_RECORD == KB_RECORD_ARM64)
		make_arm64_stub(b);
	else
		make_stub(b);
}

void image_make(void)
{
	static const char cmdline[] = "root=/dev/ram0", kho[] = "kho=kho-v4\npage=4096\n";

	memset(initrd, 0x17, sizeof(initrd));
	make_kernel();
	make_stub_of_arch(&stub);
	make_section(&stub, ".kho", kho, sizeof(kho) - 1);
	make_stub_of_arch(&uki);
	make_section(&uki, ".kho", kho, sizeof(kho) - 1);
	make_section(&uki, ".uname", TEST_RELEASE, sizeof(TEST_RELEASE) - 1);
	make_section(&uki, ".cmdline", cmdline, sizeof(cmdline) - 1);
	make_section(&uki, ".initrd", initrd, sizeof(initrd));
	make_section(&uki, ".linux", kernel.data, kernel.size);
}

/* As if the PE header followed the DOS header: lib/efi_loader/efi_image_loader.c of U-Boot. */
static uint64_t headers_copied(uint32_t all, uint32_t count)
{
	return model.no_headers ? 64 + 248 + 240 + 40 * count : all;
}

static void set_overwrite(struct buffer *b, bool asks)
{
	uint8_t *end = memmem(b->data, b->size, overwrite + 1, sizeof(overwrite) - 2);

	put_u16(end - 2, asks ? overwrite[0] : 'm');
}

void image_set_overwrite(bool asks)
{
	set_overwrite(&kernel, asks);
	set_overwrite(&uki, asks);
}

uint64_t image_load(uint8_t *at, bool bare_stub)
{
	const struct buffer *b = bare_stub ? &stub : &uki;
	uint32_t size = get_u32(b->data + stub_at(b, STUB_OPT + 56));
	uint32_t count = get_u16(b->data + stub_at(b, STUB_COFF + 6));

	memset(at, 0, size);
	memcpy(at, b->data, headers_copied(get_u32(b->data + stub_at(b, STUB_OPT + 60)), count));
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *s = b->data + stub_at(b, STUB_SECTION(i));
		uint32_t len = get_u32(s + SEC_VSIZE);

		memcpy(at + get_u32(s + SEC_VA), b->data + get_u32(s + SEC_RAW),
		       min_u64(len, get_u32(s + SEC_RAW_SIZE)));
	}
	return size;
}

static bool is(const uint16_t *path, const char *name)
{
	size_t n = 0;

	while (path[n] == (uint16_t)name[n] && name[n])
		n++;
	return path[n] == (uint16_t)name[n];
}

const uint8_t *image_file(const uint16_t *path, uint64_t *size)
{
	if (is(path, "\\vmlinuz")) {
		*size = kernel.size;
		return kernel.data;
	}
	if (is(path, "\\uki.efi")) {
		const struct buffer *b = model.bare_stub != model.other_file ? &stub : &uki;

		*size = b->size;
		return b->data;
	}
	*size = sizeof(initrd);
	return is(path, "\\initrd") || is(path, "\\second") ? initrd : NULL;
}
