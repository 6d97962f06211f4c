// SPDX-License-Identifier: BSD-2-Clause
/* Looking for KHO data in a dump whose content is not known. Holes of the file are passed over. */
#include "dump.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK SZ_64K /* stays in the CPU's cache; a root FDT is no longer */
#define PAGE  SZ_4K

#define FDT_MAGIC_BYTES 0xedfe0dd0U           /* as a word */
#define KHO_NODE        (10ULL | 32ULL << 32) /* type and length of setup_data */
#define HANDOVERS       64                    /* that are kept */

struct scan {
	const struct dump *d;
	struct mem view; /* for readers, which note what is wrong there */
	struct dump_found *f;
	struct kho_handover h[HANDOVERS];
	unsigned int handovers;
	uint64_t done; /* where the pages end that were looked at */
};

static void add_handover(struct scan *s, const struct kho_handover *h)
{
	for (unsigned int i = 0; i < s->handovers; i++)
		if (s->h[i].fdt.addr == h->fdt.addr && s->h[i].scratch.addr == h->scratch.addr)
			return;
	if (s->handovers < HANDOVERS)
		s->h[s->handovers++] = *h;
}

/* ---- which root is the best ---- */

static bool better(const struct dump_root *a, const struct dump_root *b)
{
	if (!a->page_shift != !b->page_shift)
		return a->page_shift;
	if (a->handed != b->handed)
		return a->handed;
	if (a->count != b->count)
		return a->count > b->count;
	return a->at < b->at;
}

static void insert_root(struct dump_found *f, struct dump_root r)
{
	unsigned int i = f->roots;

	if (i == DUMP_ROOTS && !better(&r, &f->root[i - 1]))
		return;
	if (i < DUMP_ROOTS)
		f->roots++;
	else
		i--;
	for (; i && better(&r, &f->root[i - 1]); i--)
		f->root[i] = f->root[i - 1];
	f->root[i] = r;
}

static void see_root(struct scan *s, uint64_t at, const uint8_t *p, uint64_t size)
{
	static _Alignas(8) uint8_t fdt[SZ_64K + PAGE];
	struct inspect_faults *faults = calloc(1, sizeof(*faults));
	struct dump_root r = {.at = at};
	struct kho_root root;
	uint64_t total = __builtin_bswap32(get_u32(p + 4));

	if (!faults)
		abort();
	memset(fdt, 0, sizeof(fdt));
	if (total <= SZ_64K &&
	    (total <= size ? memcpy(fdt, p, total) != NULL
			   : dump_read(s->d, (struct range){at, total}, fdt)) &&
	    !inspect_root(&s->view, fdt, at, SZ_64K, &root, faults)) {
		r.page_shift = inspect_page_shift(&s->view, &root);
		r.count = root.metadata.count;
		s->f->all++;
		insert_root(s->f, r);
	}
	free(faults);
}

/* ---- a page ---- */

static void see_fdt(struct scan *s, uint64_t at, const uint8_t *p, uint64_t size)
{
	uint64_t total = __builtin_bswap32(get_u32(p + 4));
	struct kho_handover h;
	uint8_t *tree;

	if (inspect_is_root(p, min_u64(size, PAGE))) {
		see_root(s, at, p, size);
		return;
	}
	/* A device tree may be longer than the block. */
	if (total < 64 || total > SZ_2M || !(tree = malloc(total)))
		return;
	if (dump_read(s->d, (struct range){at, total}, tree) && inspect_tree(tree, total, &h))
		add_handover(s, &h);
	free(tree);
}

static bool has_node(const uint8_t *p)
{
	uint64_t hit = 0;

	for (unsigned int i = 0; i < PAGE; i += 8)
		hit |= get_u64(p + i) == KHO_NODE;
	return hit;
}

/* The node's header is two words, its payload four: it may go over into the next page. */
static void see_nodes(struct scan *s, uint64_t at, const uint8_t *p)
{
	for (unsigned int i = 0; i < PAGE; i += 8) {
		struct range r = {at + i - 8, 48};
		struct kho_handover h;
		uint8_t node[48];

		if (get_u64(p + i) == KHO_NODE && at + i >= 8 && dump_read(s->d, r, node) &&
		    inspect_setup_data(node, &h))
			add_handover(s, &h);
	}
}

static void see_block(struct scan *s, uint64_t at, const uint8_t *p, uint64_t size)
{
	bool x86 = !s->d->machine || !strcmp(s->d->machine, "x86_64");

	for (uint64_t i = 0; i + PAGE <= size; i += PAGE) {
		if (get_u32(p + i) == FDT_MAGIC_BYTES)
			see_fdt(s, at + i, p + i, size - i);
		if (x86 && has_node(p + i))
			see_nodes(s, at + i, p + i);
	}
	s->f->scanned += size;
}

static void scan_range(struct scan *s, struct range r, uint8_t *buf)
{
	uint64_t at = align_up(r.base, PAGE), end = align_down(range_end(r), PAGE);

	/* Data in a file need not begin or end with a page: what is around reads as zeros. */
	if (r.base % PAGE &&
	    range_list_contains(&s->d->mem.ram, (struct range){align_down(r.base, PAGE), PAGE}))
		at = align_down(r.base, PAGE);
	if (range_end(r) % PAGE && range_list_contains(&s->d->mem.ram, (struct range){end, PAGE}))
		end += PAGE;
	/* A page that two ranges share is looked at once. */
	at = max_u64(at, s->done);
	s->done = max_u64(end, s->done);
	while (at < end) {
		uint64_t n = min_u64(end - at, BLOCK - at % BLOCK);

		if (dump_read(s->d, (struct range){at, n}, buf))
			see_block(s, at, buf, n);
		at += n;
	}
}

void dump_scan(const struct dump *d, struct dump_found *ret)
{
	struct scan *s = calloc(1, sizeof(*s));
	uint8_t *buf = aligned_alloc(PAGE, BLOCK);
	struct dump_found old;
	struct range r = {0, 0};

	if (!s || !buf)
		abort();
	*ret = (struct dump_found){0};
	s->d = d;
	s->view = d->mem;
	s->f = ret;
	while (dump_data(d, range_end(r), &r))
		scan_range(s, r, buf);
	/* Handovers may be met after what they name. */
	old = *ret;
	ret->roots = 0;
	for (unsigned int i = 0; i < old.roots; i++) {
		for (unsigned int j = 0; j < s->handovers && !old.root[i].handed; j++) {
			old.root[i].handed = s->h[j].fdt.addr == old.root[i].at;
			old.root[i].h = s->h[j];
		}
		insert_root(ret, old.root[i]);
	}
	free(buf);
	free(s);
}
