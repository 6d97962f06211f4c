// SPDX-License-Identifier: BSD-2-Clause
/* The parts of a unified kernel image, and what its kernel speaks. */
#include <core/diag.h>
#include <core/text.h>
#include <format/bzimage.h>
#include <format/uki.h>

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
		{".sbat", &u->sbat},       {".kho", &u->kho},       {".lnxback", &u->back},
		{".khoback", &u->khoback},
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (!strcmp(parts[i].name, name))
			return parts[i].part;
	return NULL;
}

const char *uki_ignored_name(unsigned int n)
{
	static const char *const names[] = {".pcrsig", ".pcrpkey", ".dtb",   ".dtbauto",
					    ".hwids",  ".efifw",   ".splash"};

	return n < ARRAY_SIZE(names) ? names[n] : NULL;
}

static uint32_t ignored_bit(const char *section)
{
	const char *name;

	for (unsigned int i = 0; (name = uki_ignored_name(i)); i++)
		if (!strcmp(name, section))
			return 1u << i;
	return 0;
}

static enum kb_status add_section(const struct pe *pe, const struct pe_section *s, struct uki *u,
				  struct kb_diag *diag)
{
	struct uki_part *part = part_of(u, s->name);
	uint64_t offset = pe_section_offset(pe, s);

	if (!strcmp(s->name, ".profile"))
		return kb_note(diag, KB_UKI_PROFILE, offset, 0);
	if (!part) {
		u->ignored |= ignored_bit(s->name);
		return KB_OK;
	}
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
	/* If the beginning of the file is not in memory, the image is khoboot's own for x86_64. */
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

/* SizeOfImage, from the PE header. */
#define IMAGE_SIZE (KB_PE_OFFSET_X86 - KB_SETUP_SIZE_X86 + 80)

uint64_t uki_flat_size(const void *boot_params, const void *loaded)
{
	uint64_t reserved = get_u32((const uint8_t *)boot_params + BZ_INIT_SIZE);
	uint64_t size = get_u32((const uint8_t *)loaded + IMAGE_SIZE);

	if (size <= KB_SETUP_SIZE_X86 || size - KB_SETUP_SIZE_X86 + KB_ARENA_SIZE > reserved)
		return 0;
	return size - KB_SETUP_SIZE_X86;
}

/* ---- .kho ------------------------------------------------------------------------------------ */

/* A decimal number without sign or leading zero, at most @max; 0 for anything else. */
static uint32_t number(struct kb_text t, uint32_t max)
{
	uint64_t v;

	if (!t.len || t.text[0] == '0' || !text_take_number(&t, 10, &v) || t.len || v > max)
		return 0;
	return (uint32_t)v;
}

static bool parse_versions(struct kb_text value, uint32_t *versions)
{
	if (text_is(value, "none"))
		return true;
	do {
		struct kb_text w = text_cut(&value, ' ');
		uint32_t n = text_skip(&w, "kho-v") ? number(w, UKI_KHO_VERSION_MAX) : 0;

		if (!n)
			return false;
		*versions |= 1u << n;
	} while (value.len);
	return true;
}

static bool parse_page(struct kb_text value, uint32_t *page_size)
{
	uint32_t n = number(value, 1u << 30);

	if (n < SZ_4K || !is_pow2(n))
		return false;
	*page_size = n;
	return true;
}

/* Up to @max characters of ASCII from @first on. */
static bool parse_name(struct kb_text value, size_t max, char first, struct kb_text *ret)
{
	if (!value.len || value.len > max)
		return false;
	for (size_t i = 0; i < value.len; i++)
		if (value.text[i] < first || value.text[i] > '~')
			return false;
	*ret = value;
	return true;
}

static bool parse_text(struct kb_text key, struct kb_text value, struct uki_kho *k)
{
	const struct {
		const char *key;
		struct kb_text *text;
		size_t max;
		char first;
	} texts[] = {
		{"unknown", &k->unknown, UKI_KHO_NAME_MAX, '!'},
		{"release", &k->release, UKI_KHO_RELEASE_MAX, '!'},
		{"luo", &k->luo, UKI_KHO_ABI_MAX, ' '},
		{"abi", &k->abi, UKI_KHO_ABI_MAX, ' '},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (text_is(key, texts[i].key))
			return !texts[i].text->len &&
			       parse_name(value, texts[i].max, texts[i].first, texts[i].text);
	return true;
}

/* One "key=value"; @have_kho says whether a kho line was seen (it may leave versions 0). */
static bool parse_line(struct kb_text line, struct uki_kho *k, bool *have_kho)
{
	struct kb_text value = line;
	struct kb_text key = text_cut(&value, '=');

	if (key.len == line.len)
		return false;
	if (text_is(key, "kho")) {
		if (*have_kho)
			return false;
		*have_kho = true;
		return parse_versions(value, &k->versions);
	}
	if (text_is(key, "page"))
		return !k->page_size && parse_page(value, &k->page_size);
	return parse_text(key, value, k);
}

enum kb_status uki_kho_parse(const void *data, uint64_t size, struct uki_kho *ret,
			     struct kb_diag *diag)
{
	struct kb_text rest = {data, size};
	struct uki_kho k = {0};
	bool have_kho = false;

	while (rest.len) {
		struct kb_text line = text_cut(&rest, '\n');

		if (!parse_line(line, &k, &have_kho))
			return kb_note(diag, KB_UKI_KHO, (uint64_t)(line.text - (const char *)data),
				       line.len);
	}
	if (!have_kho || !k.page_size)
		return kb_note(diag, KB_UKI_KHO, size, 0);
	k.whole = k.abi.len;
	if (!k.whole)
		k.abi = k.luo;
	*ret = k;
	return KB_OK;
}
