// SPDX-License-Identifier: BSD-2-Clause
/* Unpacking a kernel beforehand; see ready_kernel.h. */
#include "ready_kernel.h"

#include <core/diag.h>
#include <core/mem.h>
#include <format/overwrite.h>
#include <format/ready.h>

#include <elf.h>
#include <string.h>

#include "kernel_abi.h"

#define SEGMENTS_MAX 64 /* program headers; kernels have four or five */
#define MEMORY_MAX   SZ_1G

struct unpacked {
	const uint8_t *data; /* the payload of the bzImage, unpacked */
	uint64_t size;
	uint64_t link;   /* physical address that the kernel is linked for */
	uint64_t memory; /* bytes that it takes from there on, whole pages */
	uint64_t loaded; /* of these that are in the file, zeros between them included */
	uint64_t entry;  /* offset */
	uint64_t end;    /* of the ELF file in @data */
	uint64_t flags;  /* of struct ready_header */
	struct buffer relocs;
	uint64_t count[3]; /* of struct ready_header: 32, 64, inverse */
};

/* ---- the program segments -------------------------------------------------------------------- */

static void read_segment(const struct unpacked *u, const Elf64_Ehdr *e, unsigned int i,
			 Elf64_Phdr *ret)
{
	memcpy(ret, u->data + e->e_phoff + i * sizeof(*ret), sizeof(*ret));
}

static enum kb_status check_elf(const struct unpacked *u, Elf64_Ehdr *e, struct kb_diag *diag)
{
	uint64_t end;

	if (u->size < sizeof(*e))
		return kb_note(diag, KB_CTL_READY_ELF, 0, u->size);
	memcpy(e, u->data, sizeof(*e));
	if (memcmp(e->e_ident, ELFMAG, SELFMAG) || e->e_ident[EI_CLASS] != ELFCLASS64 ||
	    e->e_ident[EI_DATA] != ELFDATA2LSB || e->e_machine != EM_X86_64)
		return kb_note(diag, KB_CTL_READY_ELF, 0, e->e_machine);
	if (e->e_phentsize != sizeof(Elf64_Phdr) || !e->e_phnum || e->e_phnum > SEGMENTS_MAX ||
	    add_overflow(e->e_phoff, e->e_phnum * sizeof(Elf64_Phdr), &end) || end > u->size)
		return kb_note(diag, KB_CTL_READY_SEGMENTS, e->e_phoff, e->e_phnum);
	if (e->e_shnum &&
	    (add_overflow(e->e_shoff, e->e_shnum * sizeof(Elf64_Shdr), &end) || end > u->size))
		return kb_note(diag, KB_CTL_READY_SEGMENTS, e->e_shoff, e->e_shnum);
	return KB_OK;
}

static enum kb_status add_segment(struct unpacked *u, const Elf64_Phdr *p, struct kb_diag *diag)
{
	uint64_t at, end, file_end;

	if (p->p_paddr < u->link || p->p_filesz > p->p_memsz ||
	    add_overflow(p->p_offset, p->p_filesz, &file_end) || file_end > u->size)
		return kb_note(diag, KB_CTL_READY_SEGMENTS, p->p_offset, p->p_paddr);
	at = p->p_paddr - u->link;
	if (add_overflow(at, p->p_memsz, &end) || end > MEMORY_MAX)
		return kb_note(diag, KB_CTL_READY_SEGMENTS, p->p_paddr, p->p_memsz);
	/* In the order of their addresses, and no byte twice. */
	if (at < u->loaded)
		return kb_note(diag, KB_CTL_READY_SEGMENTS, p->p_paddr, u->loaded);
	u->end = max_u64(u->end, file_end);
	u->loaded = at + p->p_filesz;
	u->memory = max_u64(u->memory, align_up_page(end));
	return KB_OK;
}

static bool is_kernel(const Elf64_Phdr *p)
{
	return p->p_type == PT_LOAD && p->p_memsz;
}

static enum kb_status read_elf(struct unpacked *u, Elf64_Ehdr *e, struct kb_diag *diag)
{
	enum kb_status st = check_elf(u, e, diag);
	Elf64_Phdr p;

	if (!st && e->e_shnum)
		u->end = e->e_shoff + e->e_shnum * sizeof(Elf64_Shdr);
	for (unsigned int i = 0; !st && i < e->e_phnum; i++) {
		read_segment(u, e, i, &p);
		st = is_kernel(&p) ? add_segment(u, &p, diag) : KB_OK;
	}
	u->entry = e->e_entry - u->link;
	if (!st && (e->e_entry < u->link || u->entry >= u->loaded))
		st = kb_note(diag, KB_CTL_READY_SEGMENTS, offsetof(Elf64_Ehdr, e_entry),
			     e->e_entry);
	return st;
}

/* ---- the relocations ------------------------------------------------------------------------- */

static uint32_t word(const struct unpacked *u, uint64_t i)
{
	return get_u32(u->data + u->end + i * sizeof(uint32_t));
}

/* The words from *end down to a zero; *end becomes the place of that. */
static enum kb_status take_list(struct unpacked *u, uint64_t *end, uint64_t width, uint64_t *count,
				struct kb_diag *diag)
{
	for (*count = 0; *end; ++*count) {
		const uint32_t w = word(u, --*end);
		/* A virtual address of 64 bits, less that of the kernel's first byte. */
		const uint64_t at = (uint64_t)(int64_t)(int32_t)w - READY_MAP - u->link;
		uint8_t offset[sizeof(uint32_t)];

		if (!w)
			return KB_OK;
		if (u->loaded < width || at > u->loaded - width)
			return kb_note(diag, KB_CTL_READY_RELOCS, u->end + *end * sizeof(w), w);
		put_u32(offset, (uint32_t)at);
		buffer_append(&u->relocs, offset, sizeof(offset));
	}
	return kb_note(diag, KB_CTL_READY_RELOCS, u->end, 0);
}

static unsigned int lists(const struct unpacked *u, uint64_t words)
{
	unsigned int n = 0;

	for (uint64_t i = 0; i < words; i++)
		n += !word(u, i);
	return n;
}

/* Two lists, or three in kernels before 6.15; a kernel that cannot be relocated has none. */
static enum kb_status read_relocs(struct unpacked *u, struct kb_diag *diag)
{
	uint64_t end = (u->size - u->end) / sizeof(uint32_t), inverse = 0;
	const unsigned int n = lists(u, end);
	struct buffer negative = {0}, rest;
	enum kb_status st;

	if (!end)
		return KB_OK;
	if (n != 2 && n != 3)
		return kb_note(diag, KB_CTL_READY_RELOCS, u->end, n);
	st = take_list(u, &end, 4, &u->count[0], diag);
	rest = u->relocs;
	u->relocs = (struct buffer){0};
	if (!st && n == 3)
		st = take_list(u, &end, 4, &inverse, diag);
	negative = u->relocs;
	u->relocs = rest;
	if (!st)
		st = take_list(u, &end, 8, &u->count[1], diag);
	if (!st && end)
		st = kb_note(diag, KB_CTL_READY_RELOCS, u->end, end);
	u->count[2] = inverse;
	buffer_append(&u->relocs, negative.data, negative.size);
	buffer_free(&negative);
	return st;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void write_header(const struct unpacked *u, uint64_t bzimage_size, struct ready_header *h)
{
	*h = (struct ready_header){
		.magic = READY_MAGIC,
		.version = READY_VERSION,
		.size = sizeof(*h),
		.bzimage = sizeof(*h),
		.bzimage_size = bzimage_size,
		.relocs = align_up(sizeof(*h) + bzimage_size, 8),
		.relocs32 = u->count[0],
		.relocs64 = u->count[1],
		.relocs_inverse = u->count[2],
		.memory = u->memory,
		.loaded = u->loaded,
		.entry = u->entry,
		.flags = u->flags,
	};
	h->image = align_up_page(h->relocs + u->relocs.size);
}

static void copy_segments(const struct unpacked *u, const Elf64_Ehdr *e, uint8_t *to)
{
	Elf64_Phdr p;

	for (unsigned int i = 0; i < e->e_phnum; i++) {
		read_segment(u, e, i, &p);
		if (is_kernel(&p) && p.p_filesz)
			memcpy(to + (p.p_paddr - u->link), u->data + p.p_offset, p.p_filesz);
	}
}

static void write_ready(const struct unpacked *u, const Elf64_Ehdr *e, const void *bzimage,
			uint64_t bzimage_size, struct buffer *out)
{
	struct ready_header h;

	write_header(u, bzimage_size, &h);
	buffer_reserve(out, h.image + h.memory);
	out->size = h.image + h.memory;
	memset(out->data, 0, out->size);
	memcpy(out->data, &h, sizeof(h));
	memcpy(out->data + h.bzimage, bzimage, bzimage_size);
	if (u->relocs.size)
		memcpy(out->data + h.relocs, u->relocs.data, u->relocs.size);
	copy_segments(u, e, out->data + h.image);
}

enum kb_status ready_kernel_x86(const void *image, const struct bzimage *b, bool packed,
				struct buffer *out, struct kb_diag *diag)
{
	const uint64_t size = b->load_offset + b->load_size;
	struct unpacked u = {.link = b->pref_address};
	struct buffer payload = {0};
	enum kb_status st = kernel_abi_unpack(image, b, &payload, diag);
	Elf64_Ehdr e;

	u.flags = efi_asks_overwrite(image, size) ? READY_OVERWRITE : 0;
	u.data = payload.data;
	u.size = payload.size;
	if (!st)
		st = read_elf(&u, &e, diag);
	if (!st)
		st = read_relocs(&u, diag);
	if (!st)
		write_ready(&u, &e, image, packed ? size : b->setup_size, out);
	buffer_free(&u.relocs);
	buffer_free(&payload);
	return st;
}
