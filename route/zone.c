// SPDX-License-Identifier: BSD-2-Clause
/* The firmware zone: the built-in one, a zone as text, and how it grows. */
#include <core/fmt.h>
#include <route/zone.h>

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

static enum kb_status builtin_x86(const struct range_list *ram, struct range_list *ret)
{
	uint64_t top = align_down(low_top(ram), SZ_4K);
	uint64_t heap = top - min_u64(top, HEAP_BYTES);
	enum kb_status st;

	st = range_list_add(ret, (struct range){0, BIOS_END});
	if (!st)
		st = range_list_add(ret, (struct range){PEI_BASE, PEI_END - PEI_BASE});
	if (!st)
		st = range_list_add(ret, (struct range){heap, SZ_4G - heap});
	return st;
}

/*
 * edk2 on arm64: QEMU writes its device tree to the first bytes, PEI has a fixed place, and the DXE
 * heap grows down from the top of the first memory node.
 */
#define TREE_END  (2 * SZ_1M)
#define UEFI_BASE (64 * SZ_1M)
#define UEFI_END  (128 * SZ_1M)
#define HOLE      (64 * SZ_1M)

/* End of the lowest memory. Smaller holes are firmware's own memory and do not end it. */
static uint64_t first_end(const struct range_list *ram)
{
	size_t i = 1;

	while (i < ram->count && ram->r[i].base - range_end(ram->r[i - 1]) < HOLE)
		i++;
	return range_end(ram->r[i - 1]);
}

static enum kb_status add_heap(struct range_list *l, uint64_t top)
{
	uint64_t base;

	top = align_down(top, SZ_4K);
	base = top - min_u64(top, HEAP_BYTES);
	return range_list_add(l, (struct range){base, top - base});
}

static enum kb_status builtin_arm64(const struct range_list *ram, struct range_list *ret)
{
	uint64_t base;
	enum kb_status st;

	if (!ram->count)
		return KB_OK;
	base = align_down(ram->r[0].base, SZ_4K);
	st = range_list_add(ret, (struct range){base, TREE_END});
	if (!st)
		st = range_list_add(ret, (struct range){base + UEFI_BASE, UEFI_END - UEFI_BASE});
	if (!st)
		st = add_heap(ret, first_end(ram));
	return st ? st : add_heap(ret, range_end(ram->r[ram->count - 1]));
}

enum kb_status zone_builtin(enum kb_record_arch arch, const struct range_list *ram,
			    struct range_list *ret)
{
	enum kb_status st;

	ret->count = 0;
	st = arch == KB_RECORD_ARM64 ? builtin_arm64(ram, ret) : builtin_x86(ram, ret);
	range_list_sort(ret);
	return st;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* A hexadecimal number, with or without 0x. */
static bool take_hex(struct kb_text *t, uint64_t *ret)
{
	if (!text_skip(t, "0x"))
		(void)text_skip(t, "0X");
	return text_take_number(t, 16, ret);
}

/* BASE-END that begins at @from or above. */
static bool take_range(struct kb_text *t, uint64_t from, struct range *ret)
{
	uint64_t base, end;

	if (!take_hex(t, &base) || !text_skip(t, "-") || !take_hex(t, &end))
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
	} while (text_skip(&text, ","));
	range_list_sort(&l);
	if (text.len || l.count > ret->max)
		return KB_ZONE_TEXT;
	return range_list_copy(&l, ret);
}

/* Entry @i, after a comma when it is not the first; returns its length. */
static size_t format_range(const struct range_list *zone, size_t i, char *buf, size_t size)
{
	struct range r = zone->r[i];

	return kb_snprintf(buf, size, "%s%" PRIx64 "-%" PRIx64, i ? "," : "", r.base, range_end(r));
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

/* ---- growth ---------------------------------------------------------------------------------- */

/* Ranges of arm64's zone up to this size are firmware's at fixed places. */
#define HEAP_MIN (64 * SZ_1M)

static bool is_heap(enum kb_record_arch arch, const struct range_list *zone, size_t i)
{
	struct range r = zone->r[i];
	bool bigger = false;

	if (arch != KB_RECORD_ARM64)
		return r.base >= SZ_1M && r.base < SZ_4G &&
		       (i + 1 == zone->count || zone->r[i + 1].base >= SZ_4G);
	for (size_t n = 0; n < zone->count; n++)
		bigger = bigger || zone->r[n].size > HEAP_MIN;
	return bigger ? r.size > HEAP_MIN : i + 1 == zone->count;
}

/* The end of the highest piece of RAM in @within that has @bytes; 0 when none has. */
static uint64_t end_of_room(const struct range_list *ram, struct range within, uint64_t bytes)
{
	for (size_t i = ram->count; i-- > 0;) {
		struct range r = range_intersect(ram->r[i], within);

		if (r.size && r.size >= bytes)
			return range_end(r);
	}
	return 0;
}

/*
 * Where @bytes begin that end in the highest room below @top, between the first @count ranges of
 * @zone; @low when there is no room.
 */
static uint64_t room_below(const struct range_list *ram, const struct range *zone, size_t count,
			   uint64_t top, uint64_t low, uint64_t bytes)
{
	for (size_t i = count + 1; i-- > 0 && top > low;) {
		uint64_t from = max_u64(low, i ? range_end(zone[i - 1]) : 0), end;

		end = top > from ? end_of_room(ram, (struct range){from, top - from}, bytes) : 0;
		if (end)
			return align_down(end - bytes, SZ_4K);
		top = i ? min_u64(top, zone[i - 1].base) : 0;
	}
	return low;
}

/* Grow all heaps; false when one finds no room below it, or when there is none. */
static bool grow_heaps(enum kb_record_arch arch, const struct range_list *ram,
		       struct range_list *zone, uint64_t bytes)
{
	uint64_t low = arch == KB_RECORD_ARM64 ? 0 : SZ_1M;
	bool found = false, room = true;

	/* From the last one down, so that none grows because another one did. */
	for (size_t i = zone->count; i-- > 0;) {
		struct range *r = &zone->r[i];
		uint64_t base;

		if (!is_heap(arch, zone, i))
			continue;
		base = min_u64(room_below(ram, zone->r, i, r->base, low, bytes), r->base);
		found = true;
		room = room && base > low;
		r->size += r->base - base;
		r->base = base;
	}
	range_list_sort(zone);
	return found && room;
}

/* The top of all RAM, which firmware takes when its heap is full. */
static enum kb_status add_top(const struct range_list *ram, struct range_list *zone, uint64_t bytes)
{
	uint64_t end = align_up_page(range_end(ram->r[ram->count - 1])), base;
	enum kb_status st;

	base = room_below(ram, zone->r, zone->count, end, 0, bytes);
	st = range_list_add(zone, (struct range){base, end - base});
	range_list_sort(zone);
	return st;
}

enum kb_status zone_grow(enum kb_record_arch arch, const struct range_list *ram,
			 struct range_list *zone, uint64_t bytes)
{
	if (grow_heaps(arch, ram, zone, bytes) || !ram->count)
		return KB_OK;
	return add_top(ram, zone, bytes);
}

enum kb_status zone_choose(enum kb_record_arch arch, struct kb_text given,
			   const struct range_list *ram, uint64_t file, uint64_t page,
			   struct range_list *ret)
{
	enum kb_status st = given.len ? zone_parse(given, ret) : zone_builtin(arch, ram, ret);

	/* Firmware needs memory to read khoboot's file, and to load it. */
	if (!st)
		st = zone_grow(arch, ram, ret, 3 * file);
	if (!st)
		zone_align(ret, page);
	return st;
}

void zone_align(struct range_list *zone, uint64_t page)
{
	for (size_t i = 0; i < zone->count; i++) {
		uint64_t base = align_down(zone->r[i].base, page), end;

		if (add_overflow(range_end(zone->r[i]), page - 1, &end))
			end = range_end(zone->r[i]);
		else
			end = align_down(end, page);
		zone->r[i] = (struct range){base, end - base};
	}
	range_list_sort(zone);
}
