// SPDX-License-Identifier: BSD-2-Clause
/* The header of an arm64 Image, and the ways in which an Image is packed. */
#include <core/diag.h>
#include <format/arm64_image.h>
#include <format/pe.h>

#include <string.h>

#define IMAGE_SIZE_MAX SZ_1G
#define SIGNATURE_MAX  SZ_1M

/* Offsets in the EFI zboot header (zboot-header.S). */
#define ZBOOT_TYPE    4 /* "zimg" */
#define ZBOOT_PAYLOAD 8 /* offset in the file */
#define ZBOOT_SIZE    12
#define ZBOOT_PACKING 24 /* name of the packing, NUL-terminated */

/* ---- Image ----------------------------------------------------------------------------------- */

static enum kb_status check_size(const uint8_t *h, struct kb_diag *diag)
{
	uint64_t size = get_u64(h + ARM64_IMAGE_SIZE), offset = get_u64(h + ARM64_TEXT_OFFSET);

	if (!size)
		return kb_note(diag, KB_ARM64_OLD, ARM64_IMAGE_SIZE, 0);
	if (size < ARM64_HEADER_SIZE || size > IMAGE_SIZE_MAX)
		return kb_note(diag, KB_ARM64_SIZE, ARM64_IMAGE_SIZE, size);
	if (offset >= ARM64_KERNEL_ALIGN || !is_aligned(offset, SZ_4K))
		return kb_note(diag, KB_ARM64_OFFSET, ARM64_TEXT_OFFSET, offset);
	return KB_OK;
}

static enum kb_status check_flags(uint64_t flags, struct kb_diag *diag)
{
	if (flags & ARM64_FLAG_BIG_ENDIAN)
		return kb_note(diag, KB_ARM64_BIG_ENDIAN, ARM64_FLAGS, flags);
	if (!(flags & ARM64_FLAG_ANYWHERE))
		return kb_note(diag, KB_ARM64_FIXED, ARM64_FLAGS, flags);
	return KB_OK;
}

static bool is_image(const uint8_t *h)
{
	return !memcmp(h + ARM64_MAGIC, "ARM\x64", 4);
}

enum kb_status arm64_image_parse(const void *header, struct arm64_image *ret, struct kb_diag *diag)
{
	static const uint32_t page_sizes[] = {0, 0x1000, 0x4000, 0x10000};
	const uint8_t *h = header;
	uint64_t flags = get_u64(h + ARM64_FLAGS);
	enum kb_status st;

	if (!is_image(h))
		return kb_note(diag, KB_ARM64_MAGIC, ARM64_MAGIC, get_u32(h + ARM64_MAGIC));
	st = check_size(h, diag);
	if (!st)
		st = check_flags(flags, diag);
	if (st)
		return st;
	ret->text_offset = get_u64(h + ARM64_TEXT_OFFSET);
	ret->image_size = get_u64(h + ARM64_IMAGE_SIZE);
	ret->page_size = page_sizes[flags >> ARM64_FLAG_PAGE_SHIFT & ARM64_FLAG_PAGE_MASK];
	return KB_OK;
}

/* ---- packed ---------------------------------------------------------------------------------- */

/* RFC 1952 section 2.3.1 (ID1, ID2), RFC 8878 section 3.1.1 (Magic_Number) */
static const uint8_t gzip_magic[] = {0x1f, 0x8b};
static const uint8_t zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd};

static enum packing packing_of(const uint8_t *d)
{
	if (!memcmp(d, gzip_magic, sizeof(gzip_magic)))
		return PACKING_GZIP;
	return memcmp(d, zstd_magic, sizeof(zstd_magic)) ? PACKING_NONE : PACKING_ZSTD;
}

/* Kernels with KHO use "gzip" and "zstd"; older ones "zstd22", lz4, lzma, lzo, xzkern too. */
static enum packing zboot_packing(const uint8_t *name)
{
	if (!memcmp(name, "gzip", 5))
		return PACKING_GZIP;
	if (!memcmp(name, "zstd", 5) || !memcmp(name, "zstd22", 7))
		return PACKING_ZSTD;
	return PACKING_NONE;
}

static enum kb_status zboot_find(const uint8_t *d, uint64_t size, struct packed *ret,
				 struct kb_diag *diag)
{
	uint64_t at = get_u32(d + ZBOOT_PAYLOAD), len = get_u32(d + ZBOOT_SIZE);
	enum packing packing = zboot_packing(d + ZBOOT_PACKING);

	if (!packing)
		return kb_note(diag, KB_ZBOOT_PACKING, ZBOOT_PACKING, get_u32(d + ZBOOT_PACKING));
	if (at < ARM64_HEADER_SIZE || !len || at + len > size)
		return kb_note(diag, KB_ZBOOT_PAYLOAD, at, len);
	*ret = (struct packed){d + at, len, packing};
	return KB_OK;
}

enum kb_status arm64_image_find(const void *data, uint64_t size, struct packed *ret,
				struct kb_diag *diag)
{
	const uint8_t *d = data;
	enum packing packing;

	if (size < ARM64_HEADER_SIZE)
		return kb_note(diag, KB_ARM64_SHORT, 0, size);
	if (!memcmp(d, "MZ", 2) && !memcmp(d + ZBOOT_TYPE, "zimg", 4))
		return zboot_find(d, size, ret, diag);
	packing = packing_of(d);
	if (!packing && !is_image(d))
		return kb_note(diag, KB_ARM64_MAGIC, ARM64_MAGIC, get_u32(d + ARM64_MAGIC));
	*ret = (struct packed){d, size, packing};
	return KB_OK;
}

/* ---- both ------------------------------------------------------------------------------------ */

/*
 * Was the file cut off? image_size cannot tell, as it includes the .bss, which is not in the file.
 * But a kernel with an EFI stub has a section table, which says how long the file must be.
 */
static bool is_cut(const struct packed *p)
{
	struct pe_view v = {p->data, 0, p->size};
	enum kb_status st;
	uint64_t header;
	struct pe pe;

	if (pe_find_header(&v, &header, NULL))
		return false;
	st = pe_open(&v, header, PE_FILE, &pe, NULL);
	return st == KB_PE_TRUNCATED || st == KB_PE_OUTSIDE;
}

static enum kb_status check_file(const struct packed *p, const struct arm64_image *image,
				 struct kb_diag *diag)
{
	if (p->size > image->image_size + SIGNATURE_MAX)
		return kb_note(diag, KB_ARM64_SIZE, ARM64_IMAGE_SIZE, image->image_size);
	return is_cut(p) ? kb_note(diag, KB_ARM64_SHORT, 0, p->size) : KB_OK;
}

enum kb_status arm64_kernel_open(const void *data, uint64_t size, struct range work,
				 struct arm64_kernel *ret, struct kb_diag *diag)
{
	uint8_t header[ARM64_HEADER_SIZE];
	struct arm64_kernel k = {0};
	enum kb_status st;

	st = arm64_image_find(data, size, &k.packed, diag);
	if (st)
		return st;
	if (k.packed.packing)
		st = unpack_head(&k.packed, header, sizeof(header), work, diag);
	else
		memcpy(header, data, sizeof(header));
	if (!st)
		st = arm64_image_parse(header, &k.image, diag);
	if (!st && !k.packed.packing)
		st = check_file(&k.packed, &k.image, diag);
	if (!st)
		*ret = k;
	return st;
}

static bool is_same(const void *header, const struct arm64_image *before)
{
	struct arm64_image now;

	return !arm64_image_parse(header, &now, NULL) && now.image_size == before->image_size &&
	       now.text_offset == before->text_offset && now.page_size == before->page_size;
}

enum kb_status arm64_kernel_load(const struct arm64_kernel *k, void *out, struct range work,
				 uint64_t *ret, struct kb_diag *diag)
{
	uint64_t size = min_u64(k->packed.size, k->image.image_size);
	enum kb_status st = KB_OK;

	if (k->packed.packing)
		st = unpack(&k->packed, out, k->image.image_size, work, &size, diag);
	else
		memcpy(out, k->packed.data, size);
	if (st)
		return st;
	if (size < ARM64_HEADER_SIZE || !is_same(out, &k->image))
		return kb_note(diag, KB_ARM64_CHANGED, 0, size);
	*ret = size;
	return KB_OK;
}
