// SPDX-License-Identifier: BSD-2-Clause
/* The setup header of a bzImage (boot.rst, "Details of Header Fields"). */
#include <core/diag.h>
#include <format/bzimage.h>

#include <string.h>

#define SECTOR        512
#define SECTS_DEFAULT 4 /* setup sectors if setup_sects is 0 */
#define VERSION_MIN   0x020c
#define RELEASE_MAX   128 /* bytes that are read; the kernel's own limit is 64 */
#define INIT_SIZE_MAX SZ_1G
#define ALIGN_MAX     SZ_1G
#define LOG2_4K       12
#define LOG2_1G       30

/* Checked before any other field is used. */
static enum kb_status check_identity(const uint8_t *d, uint64_t size, struct kb_diag *diag)
{
	if (size < 2 * SECTOR)
		return kb_note(diag, KB_BZ_SHORT, 0, size);
	if (memcmp(d + BZ_HEADER, "HdrS", 4))
		return kb_note(diag, KB_BZ_MAGIC, BZ_HEADER, get_u32(d + BZ_HEADER));
	if (get_u16(d + BZ_BOOT_FLAG) != BZ_BOOT_MAGIC)
		return kb_note(diag, KB_BZ_MAGIC, BZ_BOOT_FLAG, get_u16(d + BZ_BOOT_FLAG));
	if (get_u16(d + BZ_VERSION) < VERSION_MIN)
		return kb_note(diag, KB_BZ_OLD, BZ_VERSION, get_u16(d + BZ_VERSION));
	return KB_OK;
}

static enum kb_status check_abilities(const uint8_t *d, struct kb_diag *diag)
{
	uint16_t xlf = get_u16(d + BZ_XLOADFLAGS);

	if (!(d[BZ_LOADFLAGS] & BZ_LOADED_HIGH))
		return kb_note(diag, KB_BZ_LOW, BZ_LOADFLAGS, d[BZ_LOADFLAGS]);
	if (!(xlf & XLF_KERNEL_64))
		return kb_note(diag, KB_BZ_NO_64, BZ_XLOADFLAGS, xlf);
	if (!(xlf & XLF_CAN_BE_LOADED_ABOVE_4G))
		return kb_note(diag, KB_BZ_BELOW_4G, BZ_XLOADFLAGS, xlf);
	if (!d[BZ_RELOCATABLE])
		return kb_note(diag, KB_BZ_FIXED, BZ_RELOCATABLE, 0);
	return KB_OK;
}

static enum kb_status read_header_range(const uint8_t *d, struct bzimage *b, struct kb_diag *diag)
{
	uint32_t end = BZ_HEADER + (uint32_t)d[BZ_JUMP];

	if (end < BZ_HEADER_MIN || end > BZ_HEADER_LIMIT)
		return kb_note(diag, KB_BZ_HEADER, BZ_JUMP, d[BZ_JUMP]);
	b->header_offset = BZ_SETUP_SECTS;
	b->header_size = end - BZ_SETUP_SECTS;
	return KB_OK;
}

static enum kb_status read_alignment(const uint8_t *d, struct bzimage *b, struct kb_diag *diag)
{
	uint8_t min_log2 = d[BZ_MIN_ALIGNMENT];

	b->kernel_alignment = get_u32(d + BZ_KERNEL_ALIGNMENT);
	if (!is_pow2(b->kernel_alignment) || b->kernel_alignment < SZ_4K ||
	    b->kernel_alignment > ALIGN_MAX)
		return kb_note(diag, KB_BZ_ALIGN, BZ_KERNEL_ALIGNMENT, b->kernel_alignment);
	if (min_log2 < LOG2_4K || min_log2 > LOG2_1G)
		return kb_note(diag, KB_BZ_ALIGN, BZ_MIN_ALIGNMENT, min_log2);
	b->min_alignment = 1ULL << min_log2;
	return KB_OK;
}

static void read_setup_size(const uint8_t *d, struct bzimage *b)
{
	uint32_t sects = d[BZ_SETUP_SECTS] ? d[BZ_SETUP_SECTS] : SECTS_DEFAULT;

	b->setup_size = (uint64_t)(sects + 1) * SECTOR;
}

/* What the kernel asks for in memory. */
static enum kb_status read_memory(const uint8_t *d, struct bzimage *b, struct kb_diag *diag)
{
	uint64_t end;

	b->init_size = get_u32(d + BZ_INIT_SIZE);
	if (b->init_size > INIT_SIZE_MAX)
		return kb_note(diag, KB_BZ_INIT_SIZE, BZ_INIT_SIZE, b->init_size);
	b->pref_address = get_u64(d + BZ_PREF_ADDRESS);
	/* To place the kernel, pref_address is aligned up, and init_size is added. */
	if (add_overflow(b->pref_address, ALIGN_MAX + INIT_SIZE_MAX, &end))
		return kb_note(diag, KB_BZ_INIT_SIZE, BZ_PREF_ADDRESS, b->pref_address);
	return KB_OK;
}

/* The protected-mode part, which the image has after the setup sectors. */
static enum kb_status read_load(uint64_t size, struct bzimage *b, struct kb_diag *diag)
{
	if (size <= b->setup_size + BZ_ENTRY_64)
		return kb_note(diag, KB_BZ_SHORT, BZ_SETUP_SECTS, size);
	b->load_offset = b->setup_size;
	b->load_size = size - b->setup_size;
	if (b->init_size < b->load_size)
		return kb_note(diag, KB_BZ_INIT_SIZE, BZ_INIT_SIZE, b->init_size);
	return KB_OK;
}

static bool ends_release(char c)
{
	return !c || c == ' ' || c == '\n';
}

/* The first word of the version text, which is optional and lies in the setup sectors. */
static void read_release(const uint8_t *d, struct bzimage *b)
{
	uint64_t at = get_u16(d + BZ_KERNEL_VERSION);
	const char *text;
	size_t len = 0;

	if (!at || at + BZ_TEXT_BASE + RELEASE_MAX > b->setup_size)
		return;
	text = (const char *)d + BZ_TEXT_BASE + at;
	while (len < RELEASE_MAX && !ends_release(text[len]))
		len++;
	if (!len || len == RELEASE_MAX)
		return;
	b->release = text;
	b->release_len = len;
}

enum kb_status bzimage_parse_setup(const void *data, uint64_t size, struct bzimage *ret,
				   struct kb_diag *diag)
{
	struct bzimage b = {0};
	enum kb_status st;

	st = check_identity(data, size, diag);
	if (!st)
		st = check_abilities(data, diag);
	if (!st)
		st = read_header_range(data, &b, diag);
	if (!st)
		st = read_alignment(data, &b, diag);
	if (!st)
		st = read_memory(data, &b, diag);
	if (st)
		return st;
	read_setup_size(data, &b);
	if (size < b.setup_size)
		return kb_note(diag, KB_BZ_SHORT, BZ_SETUP_SECTS, size);
	b.version = get_u16((const uint8_t *)data + BZ_VERSION);
	b.xloadflags = get_u16((const uint8_t *)data + BZ_XLOADFLAGS);
	b.cmdline_size = get_u32((const uint8_t *)data + BZ_CMDLINE_SIZE);
	b.payload_offset = get_u32((const uint8_t *)data + BZ_PAYLOAD_OFFSET);
	b.payload_length = get_u32((const uint8_t *)data + BZ_PAYLOAD_LENGTH);
	read_release(data, &b);
	*ret = b;
	return KB_OK;
}

enum kb_status bzimage_parse(const void *data, uint64_t size, struct bzimage *ret,
			     struct kb_diag *diag)
{
	struct bzimage b;
	enum kb_status st = bzimage_parse_setup(data, size, &b, diag);

	if (!st)
		st = read_load(size, &b, diag);
	if (!st)
		*ret = b;
	return st;
}

enum kb_status bzimage_check_5level(const struct bzimage *b, bool la57_active)
{
	return la57_active && !(b->xloadflags & XLF_5LEVEL) ? KB_BZ_5LEVEL : KB_OK;
}

enum kb_status bzimage_payload(const struct bzimage *b, uint64_t *ret_offset, uint64_t *ret_size)
{
	uint64_t end = (uint64_t)b->payload_offset + b->payload_length;

	if (!b->payload_length || end > b->load_size)
		return KB_BZ_PAYLOAD;
	*ret_offset = b->load_offset + b->payload_offset;
	*ret_size = b->payload_length;
	return KB_OK;
}
