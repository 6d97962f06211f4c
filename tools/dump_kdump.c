// SPDX-License-Identifier: BSD-2-Clause
/*
 * makedumpfile's compressed format: blocks of one page each.
 *
 *	block 0		header: utsname, block size, size of what follows
 *	      1		sub-header, in some blocks
 *	      ...	bitmap of the pages that are RAM, then of those that are in the dump
 *	      ...	for each of the latter {offset u64, size u32, packed how u32, flags u64}
 *	      ...	the pages
 *
 * A page that is not in the dump was left out on purpose, and cannot be read.
 */
#include "dump.h"

#include <core/bits.h>

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define HEADER_BYTES 464
#define SUB_BYTES    104
#define DESC_BYTES   24

/* How a page is packed; 0: not at all. The header may have the same bits (its "status"). */
#define PACKED_ZLIB   1U
#define PACKED_LZO    2U
#define PACKED_SNAPPY 4U
#define PACKED_ZSTD   32U

#define PACKED_REFUSED (PACKED_LZO | PACKED_SNAPPY)
#define STATUS_AT      424

/* Pages are found by counting bits: the count up to each piece of the bitmap is kept. */
#define PIECE_BITS (SZ_4K * 8)

struct dump_kdump {
	uint64_t page;              /* bytes */
	uint64_t pages;             /* that the bitmaps have bits for */
	uint64_t ram_map, dump_map; /* where the bitmaps begin in the file */
	uint64_t descs;             /* where descriptors begin */
	uint64_t *rank;             /* pages in the dump before each piece */
	uint64_t pieces;
	/* The piece looked at last, and the page unpacked last. */
	uint64_t bits_of;
	uint8_t bits[SZ_4K];
	uint8_t *packed, *unpacked;
	uint64_t unpacked_pfn;
};

static bool read_bits(const struct dump *d, uint64_t map, uint64_t piece, uint8_t *bits)
{
	const struct dump_kdump *k = d->kdump;
	uint64_t left = (k->pages + 7) / 8 - piece * SZ_4K;

	memset(bits, 0, SZ_4K);
	return dump_file_read(&d->file[0], map + piece * SZ_4K, bits, min_u64(left, SZ_4K));
}

/* ---- opening ---- */

/* Add what the first bitmap calls RAM. */
static void list_ram(struct dump *d)
{
	const struct dump_kdump *k = d->kdump;
	uint8_t bits[SZ_4K];
	uint64_t from = 0;
	bool in = false;

	for (uint64_t pfn = 0; pfn <= k->pages; pfn++) {
		bool set;

		if (pfn % PIECE_BITS == 0 && pfn < k->pages &&
		    !read_bits(d, k->ram_map, pfn / PIECE_BITS, bits))
			memset(bits, 0, sizeof(bits));
		set = pfn < k->pages && bits[pfn % PIECE_BITS / 8] >> pfn % 8 & 1;
		if (set && !in)
			from = pfn;
		if (!set && in)
			dump_ram_add(d, (struct range){from * k->page, (pfn - from) * k->page});
		in = set;
	}
}

static bool count_pages(struct dump *d)
{
	struct dump_kdump *k = d->kdump;
	uint64_t n = 0;

	k->pieces = (k->pages + PIECE_BITS - 1) / PIECE_BITS;
	k->rank = calloc(k->pieces + 1, sizeof(*k->rank));
	if (!k->rank)
		abort();
	for (uint64_t i = 0; i < k->pieces; i++) {
		k->rank[i] = n;
		if (!read_bits(d, k->dump_map, i, k->bits))
			return false;
		k->bits_of = i;
		for (uint64_t j = 0; j < SZ_4K; j += 8)
			n += count_bits(get_u64(k->bits + j));
	}
	k->rank[k->pieces] = n;
	return n;
}

/* What the two headers say, if it fits together and into the file. */
static bool read_headers(struct dump *d)
{
	struct dump_kdump *k = d->kdump;
	uint8_t head[HEADER_BYTES], sub[SUB_BYTES];
	uint64_t sub_blocks, map_blocks, bytes;

	if (!dump_file_read(&d->file[0], 0, head, sizeof(head)))
		return false;
	k->page = get_u32(head + 428);
	sub_blocks = get_u32(head + 432);
	map_blocks = get_u32(head + 436);
	if ((k->page != 0x1000 && k->page != 0x4000 && k->page != 0x10000) || !sub_blocks ||
	    sub_blocks > 1U << 20 || !map_blocks || map_blocks % 2 ||
	    !dump_file_read(&d->file[0], k->page, sub, sizeof(sub)))
		return false;
	k->pages = get_u32(head + 8) >= 6 ? get_u64(sub + 96) : get_u32(head + 440);
	bytes = map_blocks / 2 * k->page;
	if (!k->pages || k->pages > bytes * 8 || k->pages / 4 > d->file[0].stored ||
	    k->pages > UINT64_MAX / k->page - 1)
		return false;
	k->ram_map = (1 + sub_blocks) * k->page;
	k->dump_map = k->ram_map + bytes;
	k->descs = k->dump_map + bytes;
	d->machine = !memcmp(head + 272, "x86_64", 7)    ? "x86_64"
		     : !memcmp(head + 272, "aarch64", 8) ? "arm64"
							 : NULL;
	d->page_shift = highest_bit(k->page);
	return k->dump_map + (k->pages + 7) / 8 <= d->file[0].size;
}

/*
 * The way that nobody here unpacks, or 0. All pages are packed in one way, but for those that got
 * longer by it. (There is no library for LZO that a program of this license can be linked with.)
 */
static uint32_t refused_packing(const struct dump *d)
{
	uint8_t status[4], desc[DESC_BYTES];
	uint32_t how = 0;

	if (dump_file_read(&d->file[0], STATUS_AT, status, sizeof(status)))
		how = get_u32(status) & PACKED_REFUSED;
	for (uint64_t i = 0; !how && i < 64 && i < d->kdump->rank[d->kdump->pieces]; i++)
		if (dump_file_read(&d->file[0], d->kdump->descs + i * DESC_BYTES, desc,
				   sizeof(desc)))
			how = get_u32(desc + 12) & PACKED_REFUSED;
	return how;
}

enum kb_status dump_kdump_open(struct dump *d, struct kb_diag *diag)
{
	struct dump_kdump *k = calloc(1, sizeof(*k));
	uint32_t how;

	if (!k)
		abort();
	d->kdump = k;
	if (!read_headers(d) || !count_pages(d))
		return kb_note(diag, KB_DUMP_FORMAT, 0, k->pages);
	how = refused_packing(d);
	if (how)
		return kb_note(diag, KB_DUMP_PACKED, k->descs, how);
	k->packed = malloc(2 * k->page);
	k->unpacked = malloc(k->page);
	k->unpacked_pfn = UINT64_MAX;
	if (!k->packed || !k->unpacked)
		abort();
	d->cut = k->descs + k->rank[k->pieces] * DESC_BYTES > d->file[0].size;
	list_ram(d);
	return KB_OK;
}

void dump_kdump_close(struct dump *d)
{
	free(d->kdump->rank);
	free(d->kdump->packed);
	free(d->kdump->unpacked);
	free(d->kdump);
	d->kdump = NULL;
}

/* ---- reading ---- */

/* Number of the page among those in the dump; false if it is not. */
static bool find_page(const struct dump *d, uint64_t pfn, uint64_t *ret)
{
	struct dump_kdump *k = d->kdump;
	uint64_t piece = pfn / PIECE_BITS, bit = pfn % PIECE_BITS, n;

	if (pfn >= k->pages)
		return false;
	if (k->bits_of != piece && !read_bits(d, k->dump_map, piece, k->bits)) {
		k->bits_of = UINT64_MAX;
		return false;
	}
	k->bits_of = piece;
	if (!(k->bits[bit / 8] >> bit % 8 & 1))
		return false;
	n = k->rank[piece];
	for (uint64_t i = 0; i + 64 <= bit; i += 64)
		n += count_bits(get_u64(k->bits + i / 8));
	if (bit % 64)
		n += count_bits(get_u64(k->bits + bit / 64 * 8) << (64 - bit % 64));
	*ret = n;
	return true;
}

static bool unpack(const struct dump_kdump *k, uint32_t how, uint64_t size)
{
	unsigned long zlib = k->page;

	switch (how & (PACKED_ZLIB | PACKED_REFUSED | PACKED_ZSTD)) {
	case 0:
		memcpy(k->unpacked, k->packed, k->page);
		return size == k->page;
	case PACKED_ZLIB:
		return uncompress(k->unpacked, &zlib, k->packed, size) == Z_OK && zlib == k->page;
	case PACKED_ZSTD:
		return ZSTD_decompress(k->unpacked, k->page, k->packed, size) == k->page;
	default:
		return false;
	}
}

/* The page into k->unpacked. */
static bool load(const struct dump *d, uint64_t pfn)
{
	struct dump_kdump *k = d->kdump;
	uint8_t desc[DESC_BYTES];
	uint64_t n, size;

	if (k->unpacked_pfn == pfn)
		return true;
	k->unpacked_pfn = UINT64_MAX;
	if (!find_page(d, pfn, &n) ||
	    !dump_file_read(&d->file[0], k->descs + n * DESC_BYTES, desc, sizeof(desc)))
		return false;
	size = get_u32(desc + 8);
	if (!size || size > 2 * k->page ||
	    !dump_file_read(&d->file[0], get_u64(desc), k->packed, size) ||
	    !unpack(k, get_u32(desc + 12), size))
		return false;
	k->unpacked_pfn = pfn;
	return true;
}

bool dump_kdump_read(const struct dump *d, struct range r, void *buf)
{
	struct dump_kdump *k = d->kdump;
	uint8_t *to = buf;

	while (r.size) {
		uint64_t off = r.base % k->page, n = min_u64(r.size, k->page - off);

		if (!load(d, r.base / k->page))
			return false;
		memcpy(to, k->unpacked + off, n);
		to += n, r.base += n, r.size -= n;
	}
	return true;
}

bool dump_kdump_data(const struct dump *d, uint64_t from, struct range *ret)
{
	const struct dump_kdump *k = d->kdump;
	uint64_t n;

	for (uint64_t pfn = from / k->page; pfn < k->pages; pfn++) {
		if (pfn % PIECE_BITS == 0 &&
		    k->rank[pfn / PIECE_BITS] == k->rank[pfn / PIECE_BITS + 1])
			pfn += PIECE_BITS - 1;
		else if (find_page(d, pfn, &n)) {
			uint64_t at = max_u64(from, pfn * k->page);

			*ret = (struct range){at, (pfn + 1) * k->page - at};
			return true;
		}
	}
	return false;
}
