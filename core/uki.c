// SPDX-License-Identifier: BSD-2-Clause
/* The parts of a unified kernel image, and what its kernel speaks. */
#include <khoboot/bzimage.h>
#include <khoboot/diag.h>
#include <khoboot/uki.h>

#include <string.h>

/* The member of @u for a section name; NULL for a section that is not ours. */
static struct uki_part *part_of(struct uki *u, const char *name)
{
	const struct {
		const char *name;
		struct uki_part *part;
	} parts[] = {
		{".linux", &u->kernel},    {".initrd", &u->initrd}, {".ucode", &u->ucode},
		{".cmdline", &u->cmdline}, {".osrel", &u->osrel},   {".uname", &u->uname},
		{".sbat", &u->sbat},       {".kho", &u->kho},
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (!strcmp(parts[i].name, name))
			return parts[i].part;
	return NULL;
}

static enum kb_status add_section(const struct pe *pe, const struct pe_section *s, struct uki *u,
				  struct kb_diag *diag)
{
	struct uki_part *part = part_of(u, s->name);
	uint64_t offset = pe_section_offset(pe, s);

	if (!strcmp(s->name, ".profile"))
		return kb_note(diag, KB_UKI_PROFILE, offset, 0);
	if (!part)
		return KB_OK;
	if (part->data)
		return kb_note(diag, KB_UKI_DUPLICATE, offset, part->offset);
	part->offset = offset;
	part->size = pe_section_size(s);
	/* An empty section is present: its data pointer is not NULL. */
	part->data = pe_view_get(&pe->view, part->size ? offset : pe->view.start, part->size);
	return KB_OK;
}

enum kb_status uki_find(const struct pe *pe, struct uki *ret, struct kb_diag *diag)
{
	enum kb_status st = KB_OK;
	struct pe_section s;
	struct uki u = {0};

	for (uint32_t i = 0; !st && i < pe->sections; i++) {
		pe_section(pe, i, &s);
		st = add_section(pe, &s, &u, diag);
	}
	if (!st)
		*ret = u;
	return st;
}

static enum kb_status open_as(enum pe_layout layout, const void *base, uint64_t start,
			      uint64_t size, struct uki *ret, struct kb_diag *diag)
{
	struct pe_view v = {base, start, 0};
	uint64_t header = KB_PE_OFFSET_X86;
	enum kb_status st = KB_OK;
	struct pe pe;

	if (add_overflow(start, size, &v.end))
		return kb_note(diag, KB_PE_TRUNCATED, start, size);
	/* What would say so is not in memory when that does not begin with the file. */
	if (!start)
		st = pe_find_header(&v, &header, diag);
	if (!st)
		st = pe_open(&v, header, layout, &pe, diag);
	return st ? st : uki_find(&pe, ret, diag);
}

enum kb_status uki_open_mapped(const void *base, uint64_t size, struct uki *ret,
			       struct kb_diag *diag)
{
	return open_as(PE_MAPPED, base, 0, size, ret, diag);
}

enum kb_status uki_open_flat(const void *base, uint64_t start, uint64_t size, struct uki *ret,
			     struct kb_diag *diag)
{
	return open_as(PE_FLAT, base, start, size, ret, diag);
}

uint64_t uki_flat_size(const void *boot_params)
{
	const uint8_t *bp = boot_params;
	uint64_t size = (uint64_t)get_u32(bp + BZ_SYSSIZE) * 16;

	return size + KB_ARENA_SIZE <= get_u32(bp + BZ_INIT_SIZE) ? size : 0;
}

/* ---- .kho ------------------------------------------------------------------------------------ */

/* A line, or a word, of the section. */
struct slice {
	const char *p;
	size_t len;
};

/* Cut @text at the first @sep; the piece in front of it is returned, @text is what follows. */
static struct slice cut(struct slice *text, char sep)
{
	struct slice piece = {text->p, 0};

	while (piece.len < text->len && piece.p[piece.len] != sep)
		piece.len++;
	text->p += piece.len;
	text->len -= piece.len;
	if (text->len) {
		text->p++;
		text->len--;
	}
	return piece;
}

static bool is_word(struct slice s, const char *word)
{
	return s.len == strlen(word) && !memcmp(s.p, word, s.len);
}

/* Decimal without sign and leading zero, at most @max; 0 for anything else. */
static uint32_t number(struct slice s, uint32_t max)
{
	uint64_t v = 0;

	if (!s.len || s.p[0] == '0')
		return 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
		if (v > max)
			return 0;
	}
	return (uint32_t)v;
}

static bool parse_versions(struct slice value, uint32_t *versions)
{
	static const char prefix[] = "kho-v";
	const size_t skip = sizeof(prefix) - 1;

	if (is_word(value, "none"))
		return true;
	do {
		struct slice w = cut(&value, ' ');
		uint32_t n;

		if (w.len <= skip || memcmp(w.p, prefix, skip))
			return false;
		n = number((struct slice){w.p + skip, w.len - skip}, UKI_KHO_VERSION_MAX);
		if (!n)
			return false;
		*versions |= 1u << n;
	} while (value.len);
	return true;
}

static bool parse_page(struct slice value, uint32_t *page_size)
{
	uint32_t n = number(value, 1u << 30);

	if (n < SZ_4K || !is_pow2(n))
		return false;
	*page_size = n;
	return true;
}

/* One "key=value"; @have_kho says whether a kho line was seen (it may leave versions 0). */
static bool parse_line(struct slice line, struct uki_kho *k, bool *have_kho)
{
	struct slice value = line;
	struct slice key = cut(&value, '=');

	if (key.len == line.len)
		return false;
	if (is_word(key, "kho")) {
		if (*have_kho)
			return false;
		*have_kho = true;
		return parse_versions(value, &k->versions);
	}
	if (is_word(key, "page"))
		return !k->page_size && parse_page(value, &k->page_size);
	return true;
}

enum kb_status uki_kho_parse(const void *data, uint64_t size, struct uki_kho *ret,
			     struct kb_diag *diag)
{
	struct slice rest = {data, size};
	struct uki_kho k = {0};
	bool have_kho = false;

	while (rest.len) {
		struct slice line = cut(&rest, '\n');

		if (!parse_line(line, &k, &have_kho))
			return kb_note(diag, KB_UKI_KHO, (uint64_t)(line.p - (const char *)data),
				       line.len);
	}
	if (!have_kho || !k.page_size)
		return kb_note(diag, KB_UKI_KHO, size, 0);
	*ret = k;
	return KB_OK;
}
