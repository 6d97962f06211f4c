// SPDX-License-Identifier: BSD-2-Clause
/* PE32+ headers: every number is checked once, here, so that users may add without checks. */
#include <core/diag.h>
#include <format/pe.h>

#include <string.h>

#define COFF_SIZE 24  /* "PE\0\0" and the COFF header */
#define OPT_MIN   112 /* PE32+ optional header without data directories */
#define OPT_PLUS  0x020b
#define DIRS_MAX  16
#define DIR_CERT  4

const void *pe_view_get(const struct pe_view *v, uint64_t offset, uint64_t len)
{
	uint64_t end;

	if (add_overflow(offset, len, &end) || offset < v->start || end > v->end)
		return NULL;
	return (const uint8_t *)v->data + (offset - v->start);
}

enum kb_status pe_find_header(const struct pe_view *v, uint64_t *ret, struct kb_diag *diag)
{
	const uint8_t *dos = pe_view_get(v, 0, 0x40);

	if (!dos)
		return kb_note(diag, KB_PE_TRUNCATED, 0, v->end);
	if (memcmp(dos, "MZ", 2))
		return kb_note(diag, KB_PE_MAGIC, 0, get_u16(dos));
	*ret = get_u32(dos + 0x3c);
	return KB_OK;
}

/* The certificate table: the only data directory that counts for us. */
static void read_directories(struct pe *pe, const uint8_t *opt)
{
	const uint8_t *dir = opt + OPT_MIN + 8 * DIR_CERT;

	if (get_u32(opt + 108) <= DIR_CERT)
		return;
	pe->cert_offset = get_u32(dir);
	pe->cert_size = get_u32(dir + 4);
}

static enum kb_status read_optional(struct pe *pe, uint64_t at, uint16_t size, struct kb_diag *diag)
{
	const uint8_t *opt = pe_view_get(&pe->view, at, size);

	if (!opt)
		return kb_note(diag, KB_PE_TRUNCATED, at, size);
	if (size < OPT_MIN || get_u16(opt) != OPT_PLUS)
		return kb_note(diag, KB_PE_FORMAT, at, size);
	if (get_u32(opt + 108) > DIRS_MAX || OPT_MIN + 8 * get_u32(opt + 108) > size)
		return kb_note(diag, KB_PE_FORMAT, at + 108, get_u32(opt + 108));
	pe->entry = get_u32(opt + 16);
	pe->section_align = get_u32(opt + 32);
	pe->file_align = get_u32(opt + 36);
	pe->image_size = get_u32(opt + 56);
	pe->headers_size = get_u32(opt + 60);
	read_directories(pe, opt);
	if (!is_pow2(pe->section_align) || !is_pow2(pe->file_align) ||
	    pe->file_align > pe->section_align)
		return kb_note(diag, KB_PE_ALIGN, at + 32, pe->section_align);
	return KB_OK;
}

static enum kb_status read_headers(struct pe *pe, struct kb_diag *diag)
{
	const uint8_t *coff = pe_view_get(&pe->view, pe->header, COFF_SIZE);
	enum kb_status st;

	if (!coff)
		return kb_note(diag, KB_PE_TRUNCATED, pe->header, pe->view.end);
	if (memcmp(coff, "PE\0\0", 4))
		return kb_note(diag, KB_PE_MAGIC, pe->header, get_u32(coff));
	pe->machine = get_u16(coff + 4);
	if (pe->machine != PE_MACHINE_AMD64 && pe->machine != PE_MACHINE_ARM64)
		return kb_note(diag, KB_PE_MACHINE, pe->header + 4, pe->machine);
	pe->sections = get_u16(coff + 6);
	/*
	 * pe_view_get() proved header + COFF_SIZE; 16 more bits cannot pass 2^64 from a real file.
	 */
	pe->table = pe->header + COFF_SIZE;
	st = read_optional(pe, pe->table, get_u16(coff + 20), diag);
	if (st)
		return st;
	pe->table += get_u16(coff + 20);
	return KB_OK;
}

static enum kb_status check_table(const struct pe *pe, struct kb_diag *diag)
{
	uint64_t size = (uint64_t)pe->sections * PE_SECTION_SIZE;

	if (pe->headers_size > pe->view.end)
		return kb_note(diag, KB_PE_TRUNCATED, pe->headers_size, pe->view.end);
	if (!pe->sections || pe->sections > PE_SECTION_MAX)
		return kb_note(diag, KB_PE_TABLE, pe->header + 6, pe->sections);
	if (pe->table > pe->headers_size || size > pe->headers_size - pe->table ||
	    !pe_view_get(&pe->view, pe->table, size))
		return kb_note(diag, KB_PE_TABLE, pe->table, pe->headers_size);
	return KB_OK;
}

void pe_section(const struct pe *pe, uint32_t i, struct pe_section *ret)
{
	const uint8_t *e =
		pe_view_get(&pe->view, pe->table + (uint64_t)i * PE_SECTION_SIZE, PE_SECTION_SIZE);

	memcpy(ret->name, e, PE_NAME_MAX);
	ret->name[PE_NAME_MAX] = '\0';
	ret->vsize = get_u32(e + 8);
	ret->va = get_u32(e + 12);
	ret->raw_size = get_u32(e + 16);
	ret->raw = get_u32(e + 20);
	ret->flags = get_u32(e + 36);
}

/* Bytes that the section takes in memory. */
static struct range va_span(const struct pe_section *s)
{
	return (struct range){s->va, s->vsize ? s->vsize : s->raw_size};
}

/* Bytes that the section takes in the file. */
static struct range raw_span(const struct pe_section *s)
{
	return (struct range){s->raw, s->raw_size};
}

static bool is_empty(const struct pe_section *s)
{
	return !s->vsize && !s->raw_size;
}

/* @span lies between the headers and @limit; 32-bit numbers in 64 bits cannot wrap. */
static bool inside(struct range span, uint64_t headers, uint64_t limit)
{
	return !span.size || (span.base >= headers && range_end(span) <= limit);
}

static enum kb_status check_place(const struct pe *pe, const struct pe_section *s, uint64_t at,
				  struct kb_diag *diag)
{
	uint64_t limit = pe->image_size;

	if (pe->layout == PE_MAPPED)
		limit = min_u64(limit, pe->view.end);
	if (!inside(va_span(s), pe->headers_size, limit))
		return kb_note(diag, KB_PE_OUTSIDE, at + 12, s->va);
	if (pe->layout != PE_MAPPED && !inside(raw_span(s), pe->headers_size, pe->view.end))
		return kb_note(diag, KB_PE_OUTSIDE, at + 20, s->raw);
	/* Zeros that are not in the file would not be in memory either: kexec maps no sections. */
	if (pe->layout == PE_FLAT && (s->va != s->raw || s->vsize > s->raw_size))
		return kb_note(diag, KB_PE_VA_RAW, at + 20, s->raw);
	return KB_OK;
}

static enum kb_status check_section(const struct pe *pe, const struct pe_section *s, uint64_t at,
				    struct kb_diag *diag)
{
	if ((s->flags & PE_SCN_WRITE) && (s->flags & PE_SCN_EXECUTE))
		return kb_note(diag, KB_PE_WX, at + 36, s->flags);
	if (!is_aligned(s->va, pe->section_align))
		return kb_note(diag, KB_PE_ALIGN, at + 12, s->va);
	if (s->raw_size && !is_aligned(s->raw, pe->file_align))
		return kb_note(diag, KB_PE_ALIGN, at + 20, s->raw);
	return check_place(pe, s, at, diag);
}

static bool share_bytes(const struct pe *pe, const struct pe_section *a, const struct pe_section *b)
{
	if (ranges_overlap(va_span(a), va_span(b)))
		return true;
	return pe->layout != PE_MAPPED && ranges_overlap(raw_span(a), raw_span(b));
}

/* Section @i against those before it. */
static enum kb_status check_overlap(const struct pe *pe, uint32_t i, const struct pe_section *s,
				    uint64_t at, struct kb_diag *diag)
{
	struct pe_section other;

	for (uint32_t j = 0; j < i; j++) {
		pe_section(pe, j, &other);
		if (share_bytes(pe, &other, s))
			return kb_note(diag, KB_PE_OVERLAP, at, s->va);
	}
	return KB_OK;
}

static enum kb_status check_sections(const struct pe *pe, struct kb_diag *diag)
{
	enum kb_status st = KB_OK;
	struct pe_section s;

	for (uint32_t i = 0; !st && i < pe->sections; i++) {
		uint64_t at = pe->table + (uint64_t)i * PE_SECTION_SIZE;

		pe_section(pe, i, &s);
		if (is_empty(&s))
			continue;
		st = check_section(pe, &s, at, diag);
		if (!st)
			st = check_overlap(pe, i, &s, at, diag);
	}
	return st;
}

enum kb_status pe_open(const struct pe_view *v, uint64_t header, enum pe_layout layout,
		       struct pe *ret, struct kb_diag *diag)
{
	struct pe pe = {.view = *v, .layout = layout, .header = header};
	enum kb_status st;

	st = read_headers(&pe, diag);
	if (!st)
		st = check_table(&pe, diag);
	if (!st)
		st = check_sections(&pe, diag);
	if (!st)
		*ret = pe;
	return st;
}

uint64_t pe_section_offset(const struct pe *pe, const struct pe_section *s)
{
	return pe->layout == PE_MAPPED ? s->va : s->raw;
}

uint64_t pe_section_size(const struct pe_section *s)
{
	return s->vsize && s->vsize < s->raw_size ? s->vsize : s->raw_size;
}
