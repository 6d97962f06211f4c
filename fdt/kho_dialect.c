// SPDX-License-Identifier: BSD-2-Clause
/* What does the next kernel read, and is that what was handed over? */
#include <core/bits.h>
#include <core/diag.h>
#include <fdt/internal.h>
#include <fdt/kho_target.h>

#include <string.h>

#define SMALL_BITS  4096 /* of a small bitmap */
#define SMALL_BYTES (SMALL_BITS / 8)

/* ---- which version --------------------------------------------------------------------------- */

/* Versions that khoboot can write. */
#define KNOWN (1u << KHO_ABI_V1 | 1u << KHO_ABI_V3 | 1u << KHO_ABI_V4)

static void choose(const struct uki_kho *speaks, enum kho_abi of_data, struct kho_dialect *d)
{
	const enum kho_abi longer = kho_abi_parse(speaks->unknown, NULL);
	const uint32_t all = (speaks->versions | (longer ? 1u << longer : 0)) & KNOWN;
	const char *name;

	d->abi = all >> of_data & 1 ? of_data : (enum kho_abi)(all ? highest_bit(all) : 0);
	name = kho_abi_name(d->abi);
	d->compatible = (struct kb_text){name, strlen(name)};
	if (d->abi == longer && !(speaks->versions >> d->abi & 1))
		d->compatible = speaks->unknown;
}

static enum kb_status read_section(const struct uki_part *section, const struct kho_root *root,
				   struct uki_kho *speaks, struct kho_dialect *d,
				   struct kb_diag *diag)
{
	enum kb_status st;

	if (root->abi == KHO_ABI_UNKNOWN)
		return kb_note(diag, KB_KHO_VERSION, 0, 0);
	if (!section->data)
		return kb_note(diag, KB_KERNEL_UNKNOWN, 0, root->abi);
	st = uki_kho_parse(section->data, section->size, speaks, diag);
	if (st)
		return st;
	choose(speaks, root->abi, d);
	/* Also if it speaks a known one: what it takes beside its own is not known. */
	if (speaks->unknown.len && !kho_abi_parse(speaks->unknown, NULL))
		return kb_note(diag, KB_KERNEL_NEW, speaks->versions, root->abi);
	if (!speaks->versions && !speaks->unknown.len)
		return kb_note(diag, KB_KERNEL_NO_KHO, 0, root->abi);
	if (!d->abi)
		return kb_note(diag, KB_KERNEL_EXPECTS, speaks->versions, root->abi);
	if (speaks->page_size != 1ULL << root->page_shift)
		return kb_note(diag, KB_PAGE_SIZE, speaks->page_size, 1ULL << root->page_shift);
	return KB_OK;
}

struct kb_text kho_target_name(const struct uki_part *section)
{
	struct uki_kho speaks = {0};
	struct kb_text part = {0};

	if (!section->data || uki_kho_parse(section->data, section->size, &speaks, NULL) ||
	    !speaks.unknown.len)
		return part;
	(void)kho_abi_parse(speaks.unknown, &part);
	return part;
}

/* ---- which form of the map ------------------------------------------------------------------- */

static bool is_zero(const uint8_t *p, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++)
		if (p[i])
			return false;
	return true;
}

/* Has the bitmap, in a page of its own, bits set only where a small one has them? */
static bool strip_reads_both_ways(const struct mem *m, const struct kho_strip *s, uint64_t page)
{
	const uint8_t *bits = is_aligned(s->at.addr, page) ? mem_get(m, s->at, page) : NULL;

	return bits && is_zero(bits + SMALL_BYTES, page - SMALL_BYTES);
}

/* Neither reader looks where a bitmap begins: both add the bits to the address beside it. */
static bool reads_both_ways(const struct mem *m, const struct kho_map *map)
{
	const uint64_t page = 1ULL << map->page_shift;
	struct kho_strips it;

	for (unsigned int order = 0; order < KHO_ORDERS; order++) {
		bool found = map->orders >> order & 1 && kho_strip_seek(&it, m, map, order, 0);

		for (; found; found = kho_strip_next(&it))
			if (!strip_reads_both_ways(m, &it.s, page))
				return false;
	}
	return true;
}

static enum kb_status choose_format(struct kb_text release, const struct mem *m,
				    const struct kho_map *map, struct kho_dialect *d,
				    struct kb_diag *diag)
{
	const enum kho_bitmap_hint reads = kho_target_bitmaps(release.text, release.len);

	if (d->abi != KHO_ABI_V1)
		d->format = KHO_MAP_RADIX;
	else if (reads != KHO_BITMAP_UNKNOWN)
		d->format = reads == KHO_BITMAP_SMALL ? KHO_MAP_V1_SMALL : KHO_MAP_V1_PAGE;
	else if (map && map->format != KHO_MAP_RADIX && reads_both_ways(m, map))
		d->format = map->format;
	else
		return kb_note(diag, KB_KERNEL_BITMAPS, 0, 0);
	return KB_OK;
}

enum kb_status kho_target_dialect(const struct uki_part *section, struct kb_text release,
				  const struct kho_root *root, const struct mem *m,
				  const struct kho_map *map, struct kho_dialect *ret,
				  struct kb_diag *diag)
{
	struct kho_dialect d = {.page_shift = root->page_shift};
	struct uki_kho speaks = {0};
	enum kb_status st = read_section(section, root, &speaks, &d, diag);

	if (!st)
		st = choose_format(speaks.release.len ? speaks.release : release, m, map, &d, diag);
	if (st)
		return st;
	d.names = speaks.abi;
	d.whole = speaks.whole;
	*ret = d;
	return KB_OK;
}

/* ---- the same? ------------------------------------------------------------------------------- */

struct kho_offer kho_target_offer(const struct mem *m, const struct kho *k)
{
	const struct kho_blob *luo = kho_root_blob(&k->root, "LUO");

	return (struct kho_offer){
		.root = &k->root,
		.map_known = true,
		.format = k->map.format,
		.blocks = k->sum.blocks,
		.luo = luo ? mem_get(m, luo->at, luo->size) : NULL,
		.luo_size = luo ? luo->size : 0,
	};
}

static bool same_core(const struct kho_root *root, const struct kho_dialect *to)
{
	if (root->abi != to->abi)
		return false;
	return root->version.len ? text_equal(root->version, to->compatible)
				 : text_is(to->compatible, kho_abi_name(to->abi));
}

/*
 * Receivers before kho-v4 compute the bytes of a block in an int (Linux 6.18 deserialize_bitmap,
 * 7.1 kho_preserved_memory_reserve: "int sz = 1 << (order + PAGE_SHIFT)"):
 *
 *	order + PAGE_SHIFT	30	31		32	33	...
 *	what is reserved	1 GiB	all above	1 byte	2 bytes
 *
 * So 2 GiB in one block kill the next kernel, and more are handed out by its allocator. Returns the
 * smallest order that is too large, KHO_ORDERS if there is none.
 */
static unsigned int huge_order(const struct kho_offer *from, const struct kho_dialect *to)
{
	unsigned int order = kho_dialect_orders(to);

	while (order < KHO_ORDERS && !(from->blocks && from->blocks[order]))
		order++;
	return order;
}

static bool other_memfd(const struct kho_offer *from, const struct kho_dialect *to)
{
	char name[] = "memfd-v0";

	if (!from->memfd || from->memfd > 9 || !kho_luo_takes_any(to->names))
		return false;
	name[sizeof(name) - 2] = (char)('0' + from->memfd);
	return !text_lists(to->names, (struct kb_text){name, sizeof(name) - 1});
}

unsigned int kho_target_changes(const struct kho_offer *from, const struct kho_dialect *to)
{
	unsigned int changes = 0;

	if (!same_core(from->root, to))
		changes |= KHO_CHANGE_CORE;
	if ((from->root->abi == KHO_ABI_V1) != (to->abi == KHO_ABI_V1))
		changes |= KHO_CHANGE_METADATA | KHO_CHANGE_MAP;
	if (from->map_known && from->format != to->format)
		changes |= KHO_CHANGE_MAP;
	if (huge_order(from, to) < KHO_ORDERS)
		changes |= KHO_CHANGE_BLOCKS;
	if (from->luo_size && !kho_luo_readable(from->luo, from->luo_size, to->names))
		changes |= KHO_CHANGE_LUO;
	if (from->luo_size && other_memfd(from, to))
		changes |= KHO_CHANGE_MEMFD;
	return changes;
}

const char *kho_target_change_text(enum kho_change change)
{
	switch (change) {
	case KHO_CHANGE_CORE:
		return "the root FDT is written anew";
	case KHO_CHANGE_MAP:
		return "the map of preserved memory is written in another form";
	case KHO_CHANGE_BLOCKS:
		return "blocks of 2 GiB and more are split";
	case KHO_CHANGE_LUO:
		return "live update data are converted";
	case KHO_CHANGE_MEMFD:
		return "records of preserved memfds are converted";
	case KHO_CHANGE_METADATA:
		return "kexec-metadata, which the older kernel does not know, are left out or made";
	}
	return "";
}

enum kb_status kho_target_change_refusal(enum kho_change change)
{
	switch (change) {
	case KHO_CHANGE_CORE:
		return KB_KERNEL_EXPECTS;
	case KHO_CHANGE_MAP:
		return KB_KHO_V1_HINT;
	case KHO_CHANGE_BLOCKS:
		return KB_BLOCK_HUGE;
	case KHO_CHANGE_LUO:
		return KB_KERNEL_LUO;
	default:
		return KB_OK;
	}
}

static enum kb_status refuse(const struct kho_offer *from, const struct kho_dialect *to,
			     enum kho_change change, struct kb_diag *diag)
{
	const enum kb_status st = kho_target_change_refusal(change);
	const struct kho_blob *luo = kho_root_blob(from->root, "LUO");

	switch (change) {
	case KHO_CHANGE_CORE:
		return kb_note(diag, st, 1ULL << to->abi, from->root->abi);
	case KHO_CHANGE_MAP:
		return kb_note(diag, st, from->root->map.addr, to->format);
	case KHO_CHANGE_BLOCKS:
		return kb_note(diag, st, huge_order(from, to), from->blocks[huge_order(from, to)]);
	default:
		return kb_note(diag, st, luo ? luo->at.addr : 0, from->luo_size);
	}
}

static enum kb_status refuse_first(const struct kho_offer *from, const struct kho_dialect *to,
				   unsigned int changes, struct kb_diag *diag)
{
	for (unsigned int bit = 1; bit <= changes; bit <<= 1)
		if (changes & bit && kho_target_change_refusal((enum kho_change)bit))
			return refuse(from, to, (enum kho_change)bit, diag);
	return KB_OK;
}

enum kb_status kho_target_bridge(const struct kho_offer *from, const struct kho_dialect *to,
				 bool off, unsigned int *changes, struct kb_diag *diag)
{
	*changes = kho_target_changes(from, to);
	if (off)
		return refuse_first(from, to, *changes, diag);
	if (*changes & KHO_CHANGE_LUO && !kho_luo_convertible(from->luo, from->luo_size, to->names))
		return refuse(from, to, KHO_CHANGE_LUO, diag);
	return KB_OK;
}
