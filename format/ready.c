// SPDX-License-Identifier: BSD-2-Clause
/* Ready kernels: finding the parts, and relocation. */
#include <core/mem.h>
#include <format/ready.h>

#include <string.h>

#define MEMORY_MAX SZ_1G

bool ready_is(const void *data, uint64_t size)
{
	return size >= sizeof(struct ready_header) && !memcmp(data, READY_MAGIC, 8);
}

/* @len bytes from @at on lie after the header and in the @size bytes of the section. */
static bool inside(uint64_t at, uint64_t len, uint64_t size)
{
	return at >= sizeof(struct ready_header) && at <= size && len <= size - at;
}

static enum kb_status check_parts(const struct ready_header *h, uint64_t size, uint64_t relocs,
				  struct kb_diag *diag)
{
	const struct range part[] = {
		{h->bzimage, h->bzimage_size},
		{h->relocs, relocs},
		{h->image, h->memory},
	};

	for (size_t i = 0; i < ARRAY_SIZE(part); i++) {
		if (!inside(part[i].base, part[i].size, size))
			return kb_note(diag, KB_READY_SHORT, part[i].base, part[i].size);
		for (size_t j = 0; j < i; j++)
			if (ranges_overlap(part[j], part[i]))
				return kb_note(diag, KB_READY_SHAPE, part[i].base, part[i].size);
	}
	if (!is_aligned(h->relocs, 4) || !is_aligned(h->image, SZ_4K))
		return kb_note(diag, KB_READY_SHAPE, h->relocs, h->image);
	return KB_OK;
}

static enum kb_status check_image(const struct ready_header *h, struct kb_diag *diag)
{
	if (!h->memory || h->memory > MEMORY_MAX || !is_aligned(h->memory, SZ_4K))
		return kb_note(diag, KB_READY_SHAPE, offsetof(struct ready_header, memory),
			       h->memory);
	if (h->loaded > h->memory)
		return kb_note(diag, KB_READY_SHAPE, offsetof(struct ready_header, loaded),
			       h->loaded);
	if (h->entry >= h->loaded)
		return kb_note(diag, KB_READY_SHAPE, offsetof(struct ready_header, entry),
			       h->entry);
	return KB_OK;
}

/* Bytes of the relocations; false if there are more than a file can have. */
static bool relocs_bytes(const struct ready_header *h, uint64_t *ret)
{
	const uint64_t most = MEMORY_MAX;

	*ret = 0;
	if (h->relocs32 > most || h->relocs64 > most || h->relocs_inverse > most)
		return false;
	*ret = (h->relocs32 + h->relocs64 + h->relocs_inverse) * sizeof(uint32_t);
	return true;
}

/* @count offsets from @at on are of fields of @width bytes in the image. */
static enum kb_status check_relocs(const struct ready *r, uint64_t first, uint64_t count,
				   uint64_t width, struct kb_diag *diag)
{
	for (uint64_t i = first; i < first + count; i++) {
		const uint64_t at = get_u32(r->relocs + i * sizeof(uint32_t));

		if (r->loaded < width || at > r->loaded - width)
			return kb_note(diag, KB_READY_RELOC, i, at);
	}
	return KB_OK;
}

static enum kb_status check_all_relocs(const struct ready *r, struct kb_diag *diag)
{
	enum kb_status st = check_relocs(r, 0, r->relocs32, 4, diag);

	if (!st)
		st = check_relocs(r, r->relocs32, r->relocs64, 8, diag);
	return st ? st : check_relocs(r, r->relocs32 + r->relocs64, r->relocs_inverse, 4, diag);
}

static enum kb_status read_header(const void *data, uint64_t size, struct ready_header *h,
				  struct kb_diag *diag)
{
	if (!ready_is(data, size))
		return kb_note(diag, KB_READY_SHORT, 0, size);
	memcpy(h, data, sizeof(*h));
	if (h->version != READY_VERSION)
		return kb_note(diag, KB_READY_VERSION, offsetof(struct ready_header, version),
			       h->version);
	if (h->size != sizeof(*h))
		return kb_note(diag, KB_READY_SHAPE, offsetof(struct ready_header, size), h->size);
	return KB_OK;
}

enum kb_status ready_open(const void *data, uint64_t size, struct ready *ret, struct kb_diag *diag)
{
	const uint8_t *d = data;
	struct ready_header h;
	struct ready r;
	uint64_t relocs;
	enum kb_status st = read_header(data, size, &h, diag);

	if (!st && !relocs_bytes(&h, &relocs))
		st = kb_note(diag, KB_READY_SHAPE, offsetof(struct ready_header, relocs32),
			     h.relocs32);
	if (!st)
		st = check_image(&h, diag);
	if (!st)
		st = check_parts(&h, size, relocs, diag);
	if (st)
		return st;
	r = (struct ready){
		.bzimage = d + h.bzimage,
		.bzimage_size = h.bzimage_size,
		.relocs = d + h.relocs,
		.relocs32 = h.relocs32,
		.relocs64 = h.relocs64,
		.relocs_inverse = h.relocs_inverse,
		.image = d + h.image,
		.memory = h.memory,
		.loaded = h.loaded,
		.entry = h.entry,
		.flags = h.flags,
	};
	st = check_all_relocs(&r, diag);
	if (!st)
		*ret = r;
	return st;
}

static void add32(uint8_t *p, uint32_t delta)
{
	put_u32(p, get_u32(p) + delta);
}

void ready_relocate(const struct ready *r, uint8_t *image, uint64_t delta)
{
	const uint8_t *at = r->relocs;

	if (!delta)
		return;
	for (uint64_t i = 0; i < r->relocs32; i++, at += sizeof(uint32_t))
		add32(image + get_u32(at), (uint32_t)delta);
	for (uint64_t i = 0; i < r->relocs64; i++, at += sizeof(uint32_t))
		put_u64(image + get_u32(at), get_u64(image + get_u32(at)) + delta);
	for (uint64_t i = 0; i < r->relocs_inverse; i++, at += sizeof(uint32_t))
		add32(image + get_u32(at), 0 - (uint32_t)delta);
}
