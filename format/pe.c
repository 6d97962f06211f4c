// SPDX-License-Identifier: BSD-2-Clause
/* PE32+ headers: every number is checked once, here, so that users can add without checks. */
#include <core/diag.h>
#include <format/pe.h>

#include <string.h>

#define PE32_PLUS 0x020b /* magic of the optional header */
#define DIRS_MAX  16
#define DIR_CERT  4 /* "Certificate Table" */

/* Fields of a section header that a diagnosis may name. */
#define VA    offsetof(struct pe_section_header, va)
#define RAW   offsetof(struct pe_section_header, raw)
#define FLAGS offsetof(struct pe_section_header, flags)

const void *pe_view_get(const struct pe_view *v, uint64_t offset, uint64_t len)
{
	uint64_t end;

	if (add_overflow(offset, len, &end) || offset < v->start || end > v->end)
		return NULL;
	return (const uint8_t *)v->data + (offset - v->start);
}

enum kb_status pe_find_header(const struct pe_view *v, uint64_t *ret, struct kb_diag *diag)
{
	struct pe_dos_header dos;
	const uint8_t *p = pe_view_get(v, 0, sizeof(dos));

	if (!p)
		return kb_note(diag, KB_PE_TRUNCATED, 0, v->end);
	memcpy(&dos, p, sizeof(dos));
	if (memcmp(dos.magic, "MZ", sizeof(dos.magic)))
		return kb_note(diag, KB_PE_MAGIC, 0, get_u16(dos.magic));
	*ret = dos.pe_offset;
	return KB_OK;
}

/* The certificate table is the only one of the @count data directories that khoboot uses. */
static void read_directories(struct pe *pe, const uint8_t *directories, uint32_t count)
{
	struct pe_directory cert;

	if (count <= DIR_CERT)
		return;
	memcpy(&cert, directories + DIR_CERT * sizeof(cert), sizeof(cert));
	pe->cert_offset = cert.va;
	pe->cert_size = cert.size;
}

static enum kb_status read_optional(struct pe *pe, uint64_t at, uint16_t size, struct kb_diag *diag)
{
	const uint8_t *p = pe_view_get(&pe->view, at, size);
	struct pe_optional_header o;

	if (!p)
		return kb_note(diag, KB_PE_TRUNCATED, at, size);
	if (size < sizeof(o))
		return kb_note(diag, KB_PE_FORMAT, at, size);
	memcpy(&o, p, sizeof(o));
	if (o.magic != PE32_PLUS)
		return kb_note(diag, KB_PE_FORMAT, at, size);
	if (o.directories > DIRS_MAX ||
	    sizeof(o) + o.directories * sizeof(struct pe_directory) > size)
		return kb_note(diag, KB_PE_FORMAT,
			       at + offsetof(struct pe_optional_header, directories),
			       o.directories);
	pe->entry = o.entry;
	pe->section_align = o.section_align;
	pe->file_align = o.file_align;
	pe->image_size = o.image_size;
	pe->headers_size = o.headers_size;
	read_directories(pe, p + sizeof(o), o.directories);
	if (!is_pow2(o.section_align) || !is_pow2(o.file_align) || o.file_align > o.section_align)
		return kb_note(diag, KB_PE_ALIGN,
			       at + offsetof(struct pe_optional_header, section_align),
			       o.section_align);
	return KB_OK;
}

static enum kb_status read_headers(struct pe *pe, struct kb_diag *diag)
{
	struct pe_coff_header coff;
	const uint8_t *p = pe_view_get(&pe->view, pe->header, sizeof(coff));
	enum kb_status st;

	if (!p)
		return kb_note(diag, KB_PE_TRUNCATED, pe->header, pe->view.end);
	memcpy(&coff, p, sizeof(coff));
	if (memcmp(coff.signature, "PE\0\0", sizeof(coff.signature)))
		return kb_note(diag, KB_PE_MAGIC, pe->header, get_u32(coff.signature));
	pe->machine = coff.machine;
	if (pe->machine != PE_MACHINE_AMD64 && pe->machine != PE_MACHINE_ARM64)
		return kb_note(diag, KB_PE_MACHINE,
			       pe->header + offsetof(struct pe_coff_header, machine), pe->machine);
	pe->sections = coff.sections;
	/* No overflow: pe_view_get() checked the first sum, and read_optional() the second. */
	pe->table = pe->header + sizeof(coff);
	st = read_optional(pe, pe->table, coff.optional_size, diag);
	if (st)
		return st;
	pe->table += coff.optional_size;
	return KB_OK;
}

static enum kb_status check_table(const struct pe *pe, struct kb_diag *diag)
{
	uint64_t size = (uint64_t)pe->sections * PE_SECTION_SIZE;

	if (pe->headers_size > pe->view.end)
		return kb_note(diag, KB_PE_TRUNCATED, pe->headers_size, pe->view.end);
	if (!pe->sections || pe->sections > PE_SECTION_MAX)
		return kb_note(diag, KB_PE_TABLE,
			       pe->header + offsetof(struct pe_coff_header, sections),
			       pe->sections);
	if (pe->table > pe->headers_size || size > pe->headers_size - pe->table ||
	    !pe_view_get(&pe->view, pe->table, size))
		return kb_note(diag, KB_PE_TABLE, pe->table, pe->headers_size);
	return KB_OK;
}

void pe_section(const struct pe *pe, uint32_t i, struct pe_section *ret)
{
	struct pe_section_header h;

	memcpy(&h, pe_view_get(&pe->view, pe->table + (uint64_t)i * sizeof(h), sizeof(h)),
	       sizeof(h));
	memcpy(ret->name, h.name, PE_NAME_MAX);
	ret->name[PE_NAME_MAX] = '\0';
	ret->vsize = h.vsize;
	ret->va = h.va;
	ret->raw_size = h.raw_size;
	ret->raw = h.raw;
	ret->flags = h.flags;
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

/* True if @span lies between the headers and @limit; 32-bit numbers in 64 bits cannot wrap. */
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
		return kb_note(diag, KB_PE_OUTSIDE, at + VA, s->va);
	if (pe->layout != PE_MAPPED && !inside(raw_span(s), pe->headers_size, pe->view.end))
		return kb_note(diag, KB_PE_OUTSIDE, at + RAW, s->raw);
	/* kexec maps no sections: zeros that are not in the file would not be in memory. */
	if (pe->layout == PE_FLAT && (s->va != s->raw || s->vsize > s->raw_size))
		return kb_note(diag, KB_PE_VA_RAW, at + RAW, s->raw);
	return KB_OK;
}

static enum kb_status check_section(const struct pe *pe, const struct pe_section *s, uint64_t at,
				    struct kb_diag *diag)
{
	if ((s->flags & PE_SCN_WRITE) && (s->flags & PE_SCN_EXECUTE))
		return kb_note(diag, KB_PE_WX, at + FLAGS, s->flags);
	if (!is_aligned(s->va, pe->section_align))
		return kb_note(diag, KB_PE_ALIGN, at + VA, s->va);
	if (s->raw_size && !is_aligned(s->raw, pe->file_align))
		return kb_note(diag, KB_PE_ALIGN, at + RAW, s->raw);
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
