// SPDX-License-Identifier: BSD-2-Clause
/* Lay out a UKI so that file offset, virtual address and offset from the load address agree. */
#include <core/diag.h>
#include <format/arm64_image.h>
#include <format/bzimage.h>
#include <format/ready.h>
#include <khoboot/layout.h>

#include "image.h"

#include <string.h>

#define PAGE           0x1000u
#define SYMBOLS        8  /* PointerToSymbolTable, NumberOfSymbols; from the PE header */
#define OPTIONAL       24 /* optional header, from the PE header */
#define OPT_INIT_DATA  8  /* SizeOfInitializedData */
#define OPT_IMAGE_SIZE 56
#define OPT_CHECKSUM   64

/* A section on its way into the new file. */
struct piece {
	char name[PE_NAME_MAX + 1];
	const uint8_t *data;
	uint64_t data_size; /* bytes at @data; zeros follow up to @vsize */
	uint64_t vsize;
	uint64_t at; /* file offset and virtual address */
	uint32_t flags;
};

/*
 * What a section that khoboot may run in place has before it, so that it begins where kernels must:
 * kexec loads the file at a multiple of READY_ALIGN. A section and no gap, because signing tools
 * hash the file as one stretch.
 */
#define GAP_NAME ".align"

struct layout {
	const struct pe *stub;
	struct piece piece[PE_SECTION_MAX + 1];
	uint32_t count;
	uint64_t end; /* of the file so far */
};

/* ---- what a stub looks like ------------------------------------------------------------------ */

static uint64_t headers_size(uint16_t machine)
{
	return machine == PE_MACHINE_ARM64 ? KB_HEADERS_SIZE_ARM64 : KB_HEADERS_SIZE_X86;
}

static bool has_our_release(const uint8_t *d, size_t size, size_t at)
{
	return at + 8 <= size && !memcmp(d + at, "khoboot ", 8);
}

static bool is_x86_stub(const uint8_t *d, size_t size)
{
	return !memcmp(d + BZ_HEADER, "HdrS", 4) && get_u16(d + BZ_BOOT_FLAG) == 0xaa55 &&
	       (d[BZ_SETUP_SECTS] + 1) * 512 == KB_SETUP_SIZE_X86 &&
	       has_our_release(d, size, 0x200u + get_u16(d + BZ_KERNEL_VERSION));
}

static bool is_arm64_stub(const uint8_t *d, size_t size)
{
	return !memcmp(d + ARM64_MAGIC, "ARM\x64", 4) &&
	       has_our_release(d, size, KB_VERSION_OFFSET_ARM64);
}

/* The machine that the headers before the PE header are for; 0 when this is not a stub. */
static uint16_t stub_machine(const uint8_t *d, size_t size)
{
	uint16_t machine = 0;

	if (size <= KB_HEADERS_SIZE_ARM64)
		return 0;
	if (is_x86_stub(d, size))
		machine = PE_MACHINE_AMD64;
	else if (is_arm64_stub(d, size))
		machine = PE_MACHINE_ARM64;
	return size > headers_size(machine) ? machine : 0;
}

/* The steps that image_open() and image_check() share. */
static enum kb_status open_as(const void *data, size_t size, enum pe_layout layout, struct pe *ret,
			      struct kb_diag *diag)
{
	const uint16_t machine = stub_machine(data, size);
	const uint64_t place = machine == PE_MACHINE_ARM64 ? KB_PE_OFFSET_ARM64 : KB_PE_OFFSET_X86;
	struct pe_view v = {data, 0, size};
	enum kb_status st;
	uint64_t header;

	st = pe_find_header(&v, &header, diag);
	if (st)
		return st;
	if (header != place || !machine)
		return kb_note(diag, KB_CTL_NOT_STUB, 0x3c, header);
	st = pe_open(&v, header, layout, ret, diag);
	if (!st && ret->machine != machine)
		st = kb_note(diag, KB_PE_MACHINE, header + 4, ret->machine);
	if (!st && ret->headers_size != headers_size(machine))
		st = kb_note(diag, KB_CTL_NOT_STUB, header, ret->headers_size);
	return st;
}

enum kb_status image_open(const void *data, size_t size, struct pe *ret, struct kb_diag *diag)
{
	enum kb_status st;
	struct pe pe;

	st = open_as(data, size, PE_FILE, &pe, diag);
	if (st)
		return st;
	if (pe.cert_size)
		return kb_note(diag, KB_CTL_SIGNED, pe.cert_offset, pe.cert_size);
	*ret = pe;
	return KB_OK;
}

/* The arena begins after the sections; the file may be longer only by a signature. */
static enum kb_status check_x86(const uint8_t *d, size_t size, const struct pe *pe,
				struct kb_diag *diag)
{
	uint64_t flat = pe->image_size - KB_SETUP_SIZE_X86;
	struct bzimage outer;
	enum kb_status st = bzimage_parse(d, size, &outer, diag);

	if (st)
		return st;
	if (get_u32(d + BZ_INIT_SIZE) < flat + KB_ARENA_SIZE)
		return kb_note(diag, KB_PE_SIZES, BZ_INIT_SIZE, get_u32(d + BZ_INIT_SIZE));
	return KB_OK;
}

static enum kb_status check_arm64(const uint8_t *d, const struct pe *pe, struct kb_diag *diag)
{
	struct arm64_image outer;
	enum kb_status st = arm64_image_parse(d, &outer, diag);

	if (!st && outer.image_size < (uint64_t)pe->image_size + KB_ARENA_SIZE)
		st = kb_note(diag, KB_PE_SIZES, ARM64_IMAGE_SIZE, outer.image_size);
	return st;
}

static bool fits_kexec(uint64_t size)
{
	return size <= IMAGE_MAX - KB_ARENA_SIZE;
}

enum kb_status image_check(const void *data, size_t size, struct pe *ret, struct kb_diag *diag)
{
	enum kb_status st;
	struct pe pe;

	st = open_as(data, size, PE_FLAT, &pe, diag);
	if (!st && !fits_kexec(pe.image_size))
		st = kb_note(diag, KB_CTL_TOO_BIG, pe.header, pe.image_size);
	if (!st)
		st = pe.machine == PE_MACHINE_ARM64 ? check_arm64(data, &pe, diag)
						    : check_x86(data, size, &pe, diag);
	if (!st)
		*ret = pe;
	return st;
}

/* ---- collecting ------------------------------------------------------------------------------ */

/* Linked code refers to these by distance; they cannot move. */
static bool is_fixed(const char *name)
{
	return !strcmp(name, ".text") || !strcmp(name, ".rodata") || !strcmp(name, ".data") ||
	       !strcmp(name, ".reloc");
}

static const struct image_part *find_part(const struct image_part *parts, size_t count,
					  const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(parts[i].name, name))
			return &parts[i];
	return NULL;
}

/* Bytes that the section table may take. */
static uint64_t table_room(const struct pe *stub)
{
	uint64_t end = stub->machine == PE_MACHINE_ARM64 ? KB_VERSION_OFFSET_ARM64
							 : headers_size(stub->machine);

	return end - stub->table;
}

static enum kb_status add_piece(struct layout *l, const struct piece *p, struct kb_diag *diag)
{
	uint64_t room = table_room(l->stub) / PE_SECTION_SIZE;

	if (l->count >= room || l->count >= PE_SECTION_MAX)
		return kb_note(diag, KB_CTL_ROOM, l->stub->table, room);
	l->piece[l->count++] = *p;
	return KB_OK;
}

/* A new section, or new content for one. An empty one is left out. */
static enum kb_status add_part(struct layout *l, const struct image_part *part,
			       struct kb_diag *diag)
{
	struct piece p = {
		.data = part->data,
		.data_size = part->size,
		.vsize = part->size,
		.flags = PE_SCN_DATA | PE_SCN_READ,
	};

	if (!part->size)
		return KB_OK;
	memcpy(p.name, part->name, strlen(part->name));
	return add_piece(l, &p, diag);
}

static enum kb_status add_section(struct layout *l, const struct pe_section *s,
				  struct kb_diag *diag)
{
	struct piece p = {.vsize = s->vsize ? s->vsize : s->raw_size, .flags = s->flags};

	if (is_fixed(s->name) && s->raw_size && s->va != s->raw)
		return kb_note(diag, KB_CTL_NOT_STUB, s->va, s->raw);
	memcpy(p.name, s->name, sizeof(p.name));
	p.data_size = pe_section_size(s);
	p.data = p.data_size ? pe_view_get(&l->stub->view, s->raw, p.data_size) : NULL;
	p.at = is_fixed(s->name) ? s->va : 0;
	return add_piece(l, &p, diag);
}

static enum kb_status add_kept(struct layout *l, const struct pe_section *s, struct kb_diag *diag)
{
	/* This is made anew: see place(). */
	if (!strcmp(s->name, GAP_NAME))
		return KB_OK;
	return add_section(l, s, diag);
}

/* Sections of the stub that are fixed, or those that are not, in the order of its table. */
static enum kb_status collect(struct layout *l, bool fixed, const struct image_part *parts,
			      size_t count, struct kb_diag *diag)
{
	enum kb_status st = KB_OK;
	struct pe_section s;

	for (uint32_t i = 0; !st && i < l->stub->sections; i++) {
		const struct image_part *part;

		pe_section(l->stub, i, &s);
		if (is_fixed(s.name) != fixed)
			continue;
		part = fixed ? NULL : find_part(parts, count, s.name);
		st = part ? add_part(l, part, diag) : add_kept(l, &s, diag);
	}
	return st;
}

static bool stub_has(const struct pe *stub, const char *name)
{
	struct pe_section s;

	for (uint32_t i = 0; i < stub->sections; i++) {
		pe_section(stub, i, &s);
		if (!strcmp(s.name, name))
			return true;
	}
	return false;
}

static enum kb_status collect_new(struct layout *l, const struct image_part *parts, size_t count,
				  struct kb_diag *diag)
{
	enum kb_status st = KB_OK;

	for (size_t i = 0; !st && i < count; i++)
		if (!stub_has(l->stub, parts[i].name))
			st = add_part(l, &parts[i], diag);
	return st;
}

/* ---- placing --------------------------------------------------------------------------------- */

/*
 * Where in @p the kernel begins that may run there; false if there is none. arm64: an Image, with
 * room for its .bss.
 */
static bool runs_in_place(const struct piece *p, uint16_t machine, uint64_t *at)
{
	struct arm64_image image;
	struct ready r;

	*at = 0;
	if (strcmp(p->name, ".linux") || p->data_size < ARM64_HEADER_SIZE)
		return false;
	if (machine == PE_MACHINE_ARM64)
		return !arm64_image_parse(p->data, &image, NULL) && !image.text_offset &&
		       p->data_size >= image.image_size;
	if (!ready_is(p->data, p->data_size) || ready_open(p->data, p->data_size, &r, NULL))
		return false;
	*at = (uint64_t)(r.image - p->data);
	return true;
}

/* Bytes to be left before @p, which would be placed at @at. */
static uint64_t gap_before(const struct layout *l, const struct piece *p, uint64_t at)
{
	const uint64_t loaded =
		l->stub->machine == PE_MACHINE_ARM64 ? KB_SETUP_SIZE_ARM64 : KB_SETUP_SIZE_X86;
	uint64_t kernel;

	if (!runs_in_place(p, l->stub->machine, &kernel))
		return 0;
	return align_up(at + kernel - loaded, READY_ALIGN) - (at + kernel - loaded);
}

static enum kb_status insert_gaps(struct layout *l, struct kb_diag *diag)
{
	uint64_t end = headers_size(l->stub->machine);

	for (uint32_t i = 0; i < l->count; i++) {
		struct piece gap = {.vsize = gap_before(l, &l->piece[i], end),
				    .flags = PE_SCN_DATA | PE_SCN_READ};
		enum kb_status st;

		memcpy(gap.name, GAP_NAME, sizeof(GAP_NAME));
		st = gap.vsize ? add_piece(l, &gap, diag) : KB_OK;
		if (st)
			return st;
		if (gap.vsize) {
			memmove(&l->piece[i + 1], &l->piece[i], (l->count - 1 - i) * sizeof(gap));
			l->piece[i++] = gap;
		}
		end += align_up(gap.vsize, PAGE) + align_up(l->piece[i].vsize, PAGE);
	}
	return KB_OK;
}

/* Each piece on its own pages, without gaps: signing tools hash the file as one stretch. */
static enum kb_status place(struct layout *l, struct kb_diag *diag)
{
	l->end = headers_size(l->stub->machine);
	for (uint32_t i = 0; i < l->count; i++) {
		struct piece *p = &l->piece[i];

		if (p->at && p->at != l->end)
			return kb_note(diag, KB_CTL_NOT_STUB, p->at, l->end);
		p->at = l->end;
		/* The room left is whole pages, so that @vsize rounded up fits as well. */
		if (p->vsize > IMAGE_FILE_MAX - l->end)
			return kb_note(diag, KB_CTL_FILE_SIZE, l->end, p->vsize);
		l->end += align_up(p->vsize, PAGE);
	}
	return KB_OK;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Bytes of file that @p takes. */
static uint32_t raw_size(const struct piece *p)
{
	return (uint32_t)align_up(p->vsize, PAGE);
}

static void write_entry(uint8_t *e, const struct piece *p)
{
	memset(e, 0, PE_SECTION_SIZE);
	memcpy(e, p->name, PE_NAME_MAX);
	put_u32(e + 8, (uint32_t)p->vsize);
	put_u32(e + 12, (uint32_t)p->at);
	put_u32(e + 16, raw_size(p));
	put_u32(e + 20, p->vsize ? (uint32_t)p->at : 0);
	put_u32(e + 36, p->flags);
}

static uint32_t initialized_data(const struct layout *l)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < l->count; i++)
		if (!(l->piece[i].flags & PE_SCN_CODE))
			sum += raw_size(&l->piece[i]);
	return sum;
}

static bool ready(const struct layout *l)
{
	uint64_t at;

	for (uint32_t i = 0; i < l->count; i++)
		if (runs_in_place(&l->piece[i], l->stub->machine, &at))
			return true;
	return false;
}

/* What kexec reads: how much to load, and how much memory to leave after it. 0 is never enough. */
static void write_sizes(const struct layout *l, uint8_t *file)
{
	uint64_t flat = l->end - KB_SETUP_SIZE_X86;
	bool fits = fits_kexec(l->end);

	if (l->stub->machine == PE_MACHINE_ARM64) {
		put_u64(file + ARM64_IMAGE_SIZE, fits ? l->end + KB_ARENA_SIZE : 0);
		return;
	}
	put_u32(file + BZ_KERNEL_ALIGNMENT, ready(l) ? READY_ALIGN : SZ_4K);
	put_u32(file + BZ_SYSSIZE, (uint32_t)(flat / BZ_SYSSIZE_UNIT));
	put_u32(file + BZ_INIT_SIZE, fits ? (uint32_t)(flat + KB_ARENA_SIZE) : 0);
}

static void write_headers(const struct layout *l, uint8_t *file)
{
	uint8_t *pe = file + l->stub->header;
	uint8_t *opt = pe + OPTIONAL;
	uint8_t *table = file + l->stub->table;

	memcpy(file, l->stub->view.data, headers_size(l->stub->machine));
	write_sizes(l, file);
	put_u16(pe + 6, (uint16_t)l->count);
	put_u64(pe + SYMBOLS, 0);
	put_u32(opt + OPT_INIT_DATA, initialized_data(l));
	put_u32(opt + OPT_IMAGE_SIZE, (uint32_t)l->end);
	put_u32(opt + OPT_CHECKSUM, 0);
	memset(table, 0, table_room(l->stub));
	for (uint32_t i = 0; i < l->count; i++)
		write_entry(table + i * PE_SECTION_SIZE, &l->piece[i]);
}

static void write_file(const struct layout *l, struct buffer *out)
{
	buffer_reserve(out, l->end);
	out->size = l->end;
	memset(out->data, 0, l->end);
	write_headers(l, out->data);
	for (uint32_t i = 0; i < l->count; i++)
		if (l->piece[i].data_size)
			memcpy(out->data + l->piece[i].at, l->piece[i].data, l->piece[i].data_size);
}

enum kb_status image_layout(const struct pe *stub, const struct image_part *parts, size_t count,
			    struct buffer *out, struct kb_diag *diag)
{
	struct layout l = {.stub = stub};
	enum kb_status st;
	struct pe result;

	st = collect(&l, true, parts, count, diag);
	if (!st)
		st = collect(&l, false, parts, count, diag);
	if (!st)
		st = collect_new(&l, parts, count, diag);
	if (!st)
		st = insert_gaps(&l, diag);
	if (!st)
		st = place(&l, diag);
	if (st)
		return st;
	write_file(&l, out);
	st = image_check(out->data, out->size, &result, diag);
	return st == KB_CTL_TOO_BIG ? KB_OK : st;
}
