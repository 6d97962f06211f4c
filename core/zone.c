// SPDX-License-Identifier: BSD-2-Clause
/* The firmware zone: the built-in one, and its text. */
#include <khoboot/fmt.h>
#include <khoboot/zone.h>

#include <string.h>

/* ---- built-in -------------------------------------------------------------------------------- */

/*
 * edk2 on x86: reset vectors, SMM and option ROMs use low memory; the fixed addresses of PEI and
 * of the decompressed DXE volume begin at 8 MiB; the DXE heap grows down from the top of low RAM.
 */
#define BIOS_END   SZ_1M
#define PEI_BASE   (8 * SZ_1M)
#define PEI_END    (32 * SZ_1M)
#define HEAP_BYTES (192 * SZ_1M)

/* End of RAM below 4 GiB. */
static uint64_t low_top(const struct range_list *ram)
{
	uint64_t top = 0;

	for (size_t i = 0; i < ram->count; i++)
		if (ram->r[i].base < SZ_4G)
			top = min_u64(range_end(ram->r[i]), SZ_4G);
	return top;
}

enum kb_status zone_builtin(const struct range_list *ram, struct range_list *ret)
{
	uint64_t top = align_down(low_top(ram), SZ_4K);
	uint64_t heap = top - min_u64(top, HEAP_BYTES);
	enum kb_status st;

	ret->count = 0;
	st = range_list_add(ret, (struct range){0, BIOS_END});
	if (!st)
		st = range_list_add(ret, (struct range){PEI_BASE, PEI_END - PEI_BASE});
	if (!st)
		st = range_list_add(ret, (struct range){heap, SZ_4G - heap});
	range_list_sort(ret);
	return st;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* Hexadecimal digits at the start of @t, with or without 0x; takes them off. */
static bool take_hex(struct kb_text *t, uint64_t *ret)
{
	size_t i = t->len > 1 && t->text[0] == '0' && (t->text[1] | 0x20) == 'x' ? 2 : 0;
	size_t first = i;
	uint64_t v = 0;

	for (; i < t->len && cmdline_digit(t->text[i]) < 16; i++) {
		if (v >> 60)
			return false;
		v = v << 4 | (uint64_t)cmdline_digit(t->text[i]);
	}
	if (i == first)
		return false;
	*t = (struct kb_text){t->text + i, t->len - i};
	*ret = v;
	return true;
}

static bool take_char(struct kb_text *t, char c)
{
	if (!t->len || *t->text != c)
		return false;
	t->text++;
	t->len--;
	return true;
}

/* BASE-END that begins at @from or above. */
static bool take_range(struct kb_text *t, uint64_t from, struct range *ret)
{
	uint64_t base, end;

	if (!take_hex(t, &base) || !take_char(t, '-') || !take_hex(t, &end))
		return false;
	if (base < from || base >= end || !is_aligned(base | end, SZ_4K))
		return false;
	*ret = (struct range){base, end - base};
	return true;
}

enum kb_status zone_parse(struct kb_text text, struct range_list *ret)
{
	struct range r[KB_ZONE_MAX];
	struct range_list l = {r, 0, KB_ZONE_MAX};
	uint64_t from = 0;

	do {
		if (l.count == l.max || !take_range(&text, from, &r[l.count]))
			return KB_ZONE_TEXT;
		from = range_end(r[l.count++]);
	} while (take_char(&text, ','));
	range_list_sort(&l);
	if (text.len || l.count > ret->max)
		return KB_ZONE_TEXT;
	return range_list_copy(&l, ret);
}

/* Entry @i with the comma that divides it from the one before; returns its length. */
static size_t format_range(const struct range_list *zone, size_t i, char *buf, size_t size)
{
	struct range r = zone->r[i];

	return kb_snprintf(buf, size, "%s%llx-%llx", i ? "," : "", (unsigned long long)r.base,
			   (unsigned long long)range_end(r));
}

enum kb_status zone_format(const struct range_list *zone, char *buf, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < zone->count; i++)
		len += format_range(zone, i, NULL, 0);
	if (!len || len >= size)
		return KB_ZONE_TEXT;
	len = 0;
	for (size_t i = 0; i < zone->count; i++)
		len += format_range(zone, i, buf + len, size - len);
	return KB_OK;
}

void zone_grow(struct range_list *zone, uint64_t bytes)
{
	struct range *heap = NULL;
	uint64_t base;

	for (size_t i = 0; i < zone->count; i++)
		if (zone->r[i].base >= SZ_1M && zone->r[i].base < SZ_4G)
			heap = &zone->r[i];
	if (!heap)
		return;
	base = align_down(heap->base - min_u64(heap->base, bytes), SZ_4K);
	heap->size += heap->base - base;
	heap->base = base;
	range_list_sort(zone);
}
