// SPDX-License-Identifier: BSD-2-Clause
/* Merging lists of generations; see sbat.h. */
#include <format/pe.h>

#include "sbat.h"

#include <string.h>

static const char uki[] =
	"uki,1,UKI,uki,1,https://uapi-group.org/specifications/specs/unified_kernel_image/\n";

const struct kb_text sbat_uki = {uki, sizeof(uki) - 1};

static bool is_first(struct kb_text line)
{
	return text_skip(&line, "sbat,");
}

struct kb_text sbat_text(const void *data, size_t size)
{
	struct kb_text t = {data, data ? strnlen(data, size) : 0};

	return is_first(t) ? t : (struct kb_text){0};
}

struct kb_text sbat_of_file(const void *file, size_t size)
{
	struct pe_view v = {file, 0, size};
	struct pe_section s;
	uint64_t header;
	struct pe pe;

	if (pe_find_header(&v, &header, NULL) || pe_open(&v, header, PE_FILE, &pe, NULL))
		return (struct kb_text){0};
	for (uint32_t i = 0; i < pe.sections; i++) {
		pe_section(&pe, i, &s);
		if (!strcmp(s.name, ".sbat"))
			return sbat_text(pe_view_get(&v, s.raw, pe_section_size(&s)),
					 pe_section_size(&s));
	}
	return (struct kb_text){0};
}

static struct kb_text next_line(struct kb_text *list)
{
	struct kb_text line = text_cut(list, '\n');

	if (line.len && line.text[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool has_line(struct kb_text list, struct kb_text line)
{
	while (list.len) {
		struct kb_text l = next_line(&list);

		if (l.len == line.len && !memcmp(l.text, line.text, l.len))
			return true;
	}
	return false;
}

static bool is_wanted(const struct buffer *out, struct kb_text line, struct kb_text except)
{
	if (is_first(line))
		return !out->size;
	return line.len && !has_line(except, line) &&
	       !has_line((struct kb_text){(const char *)out->data, out->size}, line);
}

void sbat_add(struct buffer *out, struct kb_text list, struct kb_text except)
{
	while (list.len) {
		struct kb_text line = next_line(&list);

		if (!is_wanted(out, line, except))
			continue;
		buffer_append(out, line.text, line.len);
		buffer_append(out, "\n", 1);
	}
}
