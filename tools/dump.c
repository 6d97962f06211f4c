// SPDX-License-Identifier: BSD-2-Clause
/* A dump as a memory: its pieces in order, and what was read of them. */
#include "dump.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_PAGE SZ_4K

/* Bytes that were read, or came from elsewhere. */
struct dump_block {
	uint64_t at, size;
	uint8_t bytes[];
};

static void *grow(void *p, size_t count, size_t size)
{
	if (count & (count - 1))
		return p;
	p = realloc(p, (count ? 2 * count : 1) * size);
	if (!p)
		abort();
	return p;
}

void dump_ram_add(struct dump *d, struct range r)
{
	struct range_list *l = &d->mem.ram;

	d->ram = grow(d->ram, l->count, sizeof(*d->ram));
	l->r = d->ram;
	l->r[l->count++] = r;
	l->max = l->count;
}

void dump_piece_add(struct dump *d, struct range pa, size_t file, uint64_t file_at)
{
	d->piece = grow(d->piece, d->pieces, sizeof(*d->piece));
	d->piece[d->pieces++] = (struct dump_piece){pa, file, file_at};
}

static int by_address(const void *a, const void *b)
{
	const struct dump_piece *x = a, *y = b;

	return x->pa.base < y->pa.base ? -1 : x->pa.base > y->pa.base;
}

/* The kernel's text is in /proc/kcore twice, with the same address: one of each is enough. */
static enum kb_status sort_pieces(struct dump *d, struct kb_diag *diag)
{
	size_t kept = 0;

	if (d->pieces)
		qsort(d->piece, d->pieces, sizeof(*d->piece), by_address);
	for (size_t i = 0; i < d->pieces; i++) {
		struct dump_piece p = d->piece[i];
		uint64_t end = kept ? range_end(d->piece[kept - 1].pa) : 0;

		if (kept && p.pa.base < end && p.file != d->piece[kept - 1].file)
			return kb_note(diag, KB_DUMP_OVERLAP, p.pa.base, p.pa.size);
		if (kept && p.pa.base < end) {
			uint64_t cut = min_u64(end - p.pa.base, p.pa.size);

			p.pa.base += cut, p.pa.size -= cut, p.file_at += cut;
		}
		if (p.pa.size)
			d->piece[kept++] = p;
	}
	d->pieces = kept;
	return KB_OK;
}

/* ---- reading ---- */

/* The first piece that ends after @at. */
static size_t find_piece(const struct dump *d, uint64_t at)
{
	size_t lo = 0, hi = d->pieces;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (range_end(d->piece[mid].pa) <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool read_pieces(const struct dump *d, struct range r, uint8_t *buf)
{
	for (size_t i = find_piece(d, r.base); r.size; i++) {
		const struct dump_piece *p;
		uint64_t n;

		if (i >= d->pieces || d->piece[i].pa.base > r.base)
			return false;
		p = &d->piece[i];
		n = min_u64(r.size, range_end(p->pa) - r.base);
		if (!dump_file_read(&d->file[p->file], p->file_at + (r.base - p->pa.base), buf, n))
			return false;
		buf += n, r.base += n, r.size -= n;
	}
	return true;
}

bool dump_read(const struct dump *d, struct range r, void *buf)
{
	return d->kdump ? dump_kdump_read(d, r, buf) : read_pieces(d, r, buf);
}

bool dump_data(const struct dump *d, uint64_t from, struct range *ret)
{
	if (d->kdump)
		return dump_kdump_data(d, from, ret);
	for (size_t i = find_piece(d, from); i < d->pieces; i++) {
		const struct dump_piece *p = &d->piece[i];
		uint64_t skip = from > p->pa.base ? from - p->pa.base : 0;
		struct range in;

		if (!dump_file_data(&d->file[p->file], p->file_at + skip, p->file_at + p->pa.size,
				    &in))
			continue;
		*ret = (struct range){p->pa.base + (in.base - p->file_at), in.size};
		return true;
	}
	return false;
}

/* ---- keeping what was read ---- */

static size_t slot_of(const struct dump *d, uint64_t at)
{
	return (size_t)((at * 0x9e3779b97f4a7c15ULL) >> 20) & (d->kept_room - 1);
}

static void put_block(struct dump *d, struct dump_block *b)
{
	size_t i = slot_of(d, b->at);

	while (d->kept[i])
		i = (i + 1) & (d->kept_room - 1);
	d->kept[i] = b;
}

static void make_room(struct dump *d)
{
	struct dump_block **old = d->kept;
	size_t n = d->kept_room;

	if (2 * d->kept_count < n)
		return;
	d->kept_room = n ? 2 * n : 64;
	d->kept = calloc(d->kept_room, sizeof(struct dump_block *));
	if (!d->kept)
		abort();
	for (size_t i = 0; i < n; i++)
		if (old[i])
			put_block(d, old[i]);
	free(old);
}

static struct dump_block *find_block(const struct dump *d, struct range r)
{
	if (!d->kept_room)
		return NULL;
	for (size_t i = slot_of(d, r.base); d->kept[i]; i = (i + 1) & (d->kept_room - 1))
		if (d->kept[i]->at == r.base && d->kept[i]->size >= r.size)
			return d->kept[i];
	return NULL;
}

static struct dump_block *new_block(struct range r)
{
	struct dump_block *b;
	size_t bytes;

	if (add_overflow(r.size, sizeof(*b), &bytes) || !(b = malloc(bytes)))
		return NULL;
	b->at = r.base;
	b->size = r.size;
	return b;
}

static void keep(struct dump *d, struct dump_block *b)
{
	make_room(d);
	put_block(d, b);
	d->kept_count++;
}

static const void *fetch(struct dump *d, struct range r)
{
	struct dump_block *b = find_block(d, r);

	if (b)
		return b->bytes;
	b = new_block(r);
	if (!b || !dump_read(d, r, b->bytes)) {
		free(b);
		return NULL;
	}
	keep(d, b);
	return b->bytes;
}

/* Whole pages are kept, if the dump has them whole: of most more than one piece is asked for. */
static const void *map(void *ctx, uint64_t pa, uint64_t len)
{
	struct dump *d = ctx;
	struct range page = {align_down(pa, KEEP_PAGE), KEEP_PAGE};
	const uint8_t *p = find_block(d, (struct range){pa, len})
				   ? find_block(d, (struct range){pa, len})->bytes
				   : NULL;

	if (p)
		return p;
	if (pa + len <= range_end(page) && range_list_contains(&d->mem.ram, page)) {
		p = fetch(d, page);
		return p ? p + (pa - page.base) : NULL;
	}
	return fetch(d, (struct range){pa, len});
}

void dump_add_bytes(struct dump *d, uint64_t at, const void *bytes, uint64_t size)
{
	struct dump_block *b = new_block((struct range){at, size});

	if (!b)
		abort();
	memcpy(b->bytes, bytes, size);
	keep(d, b);
	dump_ram_add(d, (struct range){at, size});
	range_list_sort(&d->mem.ram);
	d->mem.map = map;
	d->mem.ctx = d;
}

/* ---- opening ---- */

static enum kb_status open_content(struct dump *d, size_t file, uint64_t at, bool raw,
				   struct kb_diag *diag)
{
	struct dump_file *f = &d->file[file];
	uint8_t head[8] = {0};
	struct range r = {at, f->size};

	if (!dump_file_read(f, 0, head, sizeof(head)))
		return kb_note(diag, KB_DUMP_FORMAT, 0, f->size);
	if (!raw && !memcmp(head, ELFMAG, SELFMAG)) {
		d->kind = DUMP_ELF;
		return dump_elf_open(d, file, diag);
	}
	if (!raw && (!memcmp(head, "KDUMP   ", 8) || !memcmp(head, "DISKDUMP", 8))) {
		d->kind = DUMP_KDUMP;
		return file ? kb_note(diag, KB_DUMP_FORMAT, 0, file) : dump_kdump_open(d, diag);
	}
	if (range_wraps(r) || !r.size || d->kdump)
		return kb_note(diag, KB_DUMP_FORMAT, at, f->size);
	dump_piece_add(d, r, file, 0);
	return KB_OK;
}

static void list_ram(struct dump *d)
{
	d->mem.ram.count = 0;
	for (size_t i = 0; i < d->pieces; i++)
		dump_ram_add(d, d->piece[i].pa);
	for (size_t i = 0; i < d->kept_room; i++)
		if (d->kept[i])
			dump_ram_add(d, (struct range){d->kept[i]->at, d->kept[i]->size});
}

enum kb_status dump_add(struct dump *d, const char *path, uint64_t at, bool raw,
			struct kb_diag *diag)
{
	enum kb_status st;

	d->file = grow(d->file, d->files, sizeof(*d->file));
	st = dump_file_open(&d->file[d->files], path, diag);
	d->files++;
	if (!st)
		st = open_content(d, d->files - 1, at, raw, diag);
	if (!st && !d->kdump)
		st = sort_pieces(d, diag);
	if (st)
		return st;
	d->flat |= d->file[d->files - 1].flat;
	if (!d->kdump)
		list_ram(d);
	range_list_sort(&d->mem.ram);
	d->mem.map = map;
	d->mem.ctx = d;
	return KB_OK;
}

void dump_close(struct dump *d)
{
	for (size_t i = 0; i < d->files; i++)
		dump_file_close(&d->file[i]);
	for (size_t i = 0; i < d->kept_room; i++)
		free(d->kept[i]);
	if (d->kdump)
		dump_kdump_close(d);
	free(d->kept);
	free(d->file);
	free(d->piece);
	free(d->ram);
	*d = (struct dump){0};
}
