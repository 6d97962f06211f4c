// SPDX-License-Identifier: BSD-2-Clause
/* khoctl inspect, as text for people. */
#include "shown.h"

#include "status.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define HEX_BYTES 256 /* of a blob that is not known */

static const char *const format_names[] = {
	[KHO_MAP_V1_SMALL] = "list of 512-byte bitmaps",
	[KHO_MAP_V1_PAGE] = "list of page-size bitmaps",
	[KHO_MAP_RADIX] = "radix tree",
};

struct printer {
	struct shown *s;
	bool list;
	uint64_t n; /* of what is being listed */
};

/* 1536 KiB, not 1.5 MiB: the largest unit in which it is a whole number. */
static const char *bytes(uint64_t n, char buf[32])
{
	static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	unsigned int i = 0;

	while (n && n % 1024 == 0 && i + 1 < ARRAY_SIZE(unit)) {
		n /= 1024;
		i++;
	}
	snprintf(buf, 32, "%" PRIu64 " %s", n, unit[i]);
	return buf;
}

/* Names are of user space, or of a damaged dump: only what can be read is printed. */
static void print_name(const char *name, size_t max)
{
	putchar('"');
	for (size_t i = 0; i < max && name[i]; i++)
		putchar(isprint((unsigned char)name[i]) ? name[i] : '?');
	putchar('"');
}

/* ---- source and root ---- */

static void print_source(const struct shown *s)
{
	static const char *const kinds[] = {"raw memory", "ELF core", "kdump"};
	char n[32];

	if (s->q->from != SHOWN_DUMP) {
		printf("source: running system, %s\n",
		       s->q->from == SHOWN_LIVE_IN ? "data that were got" : "data to come");
		return;
	}
	printf("source: %s%s%s%s, %s in %zu pieces%s\n", kinds[s->d.kind],
	       s->d.flat ? ", flattened" : "", s->d.machine ? " of " : "",
	       s->d.machine ? s->d.machine : "", bytes(range_list_bytes(&s->d.mem.ram), n),
	       s->d.mem.ram.count, s->d.cut ? ", cut" : "");
}

static void print_others(const struct shown *s)
{
	for (unsigned int i = 1; i < s->found.roots; i++)
		printf("other: root FDT at 0x%" PRIx64 "%s%s\n", s->found.root[i].at,
		       s->found.root[i].page_shift ? "" : ", which its map does not list",
		       s->found.root[i].handed ? ", handed over" : "");
	if (s->found.all > s->found.roots)
		printf("other: %" PRIu64 " more\n", s->found.all - s->found.roots);
}

static void print_root(const struct shown *s)
{
	const struct kho_root *r = &s->root;
	char n[32];

	printf("root: ");
	print_name(r->version.text, r->version.len);
	if (s->fdt_known)
		printf(" at 0x%" PRIx64, r->fdt.base);
	printf(", %" PRIu32 " bytes, pages of %s%s\n", r->fdt_totalsize,
	       bytes(1ULL << r->page_shift, n), s->searched ? ", found by search" : "");
	if (r->metadata.present)
		printf("writer: %s, kexec %" PRIu32 "\n", r->metadata.release, r->metadata.count);
	print_others(s);
}

/* ---- map ---- */

static void print_run(void *ctx, unsigned int order, uint64_t at, uint64_t blocks)
{
	(void)ctx;
	printf("  run: 0x%" PRIx64 " order %u, %" PRIu64 "\n", at, order, blocks);
}

static void print_piece(void *ctx, const struct kho_meta *meta)
{
	static const char *const kinds[] = {"node", "leaf", "chunk", "bitmap"};

	(void)ctx;
	printf("  %s: 0x%" PRIx64 ", %" PRIu64 " bytes\n", kinds[meta->kind], meta->bytes.base,
	       meta->bytes.size);
}

static void print_orders(const struct shown *s, const struct inspect_map *map)
{
	char a[32], b[32];

	printf("  order      entries            bytes       runs     largest run\n");
	for (unsigned int i = 0; i < KHO_ORDERS; i++)
		if (map->order[i].entries)
			printf("  %5u %12" PRIu64 " %16s %10" PRIu64 " %15s\n", i,
			       map->order[i].entries,
			       bytes(map->order[i].entries << (s->root.page_shift + i), a),
			       map->order[i].runs,
			       bytes(map->order[i].largest << (s->root.page_shift + i), b));
	printf("    all %12" PRIu64 " %16s %10" PRIu64 "\n", map->entries, bytes(map->bytes, a),
	       map->runs);
	if (map->entries)
		printf("  from 0x%" PRIx64 " to 0x%" PRIx64 "\n", map->lowest, map->last);
}

static void print_map(struct printer *p)
{
	struct shown *s = p->s;
	const struct inspect_lister list = {p->list ? print_run : NULL,
					    p->list ? print_piece : NULL, p};
	struct inspect_map map;

	if (!s->root.map.addr || s->no_memory) {
		printf("map: %s\n", s->root.map.addr ? "not readable" : "none");
		return;
	}
	printf("map: at 0x%" PRIx64 "\n", s->root.map.addr);
	inspect_map(&s->d.mem, &s->root, s->q->hint, &s->scratch, &list, &map, &s->faults);
	printf("  %s: %" PRIu64 " %s, %" PRIu64 " bitmaps\n", format_names[map.format],
	       map.meta[KHO_META_NODE] + map.meta[KHO_META_CHUNK],
	       map.format == KHO_MAP_RADIX ? "nodes" : "chunks",
	       map.meta[KHO_META_LEAF] + map.meta[KHO_META_BITMAP]);
	print_orders(s, &map);
	if (map.missing)
		printf("  not in the dump: %" PRIu64 " entries\n", map.missing);
	if (map.in_scratch || map.meta_in_scratch)
		printf("  in scratch: %" PRIu64 " entries, %" PRIu64 " pieces of the map\n",
		       map.in_scratch, map.meta_in_scratch);
}

static void print_scratch(const struct shown *s)
{
	char n[32];

	if (!s->has_scratch)
		printf("scratch: not known\n");
	else if (s->h.scratch.addr)
		printf("scratch: %u areas, array at 0x%" PRIx64 "\n", s->area_count,
		       s->h.scratch.addr);
	else
		printf("scratch: %u areas\n", s->area_count);
	for (unsigned int i = 0; i < s->area_count; i++)
		printf("  0x%" PRIx64 ", %s\n", s->areas[i].base, bytes(s->areas[i].size, n));
}

/* ---- sub-blobs ---- */

static void print_range(void *ctx, const struct inspect_reserved *r)
{
	char n[32];

	(void)ctx;
	printf("  range ");
	print_name(r->name, 64);
	printf(": 0x%" PRIx64 ", %s\n", r->range.base, bytes(r->range.size, n));
}

static void print_session(void *ctx, const struct luo_session *s)
{
	(void)ctx;
	printf("  session ");
	print_name(s->name, sizeof(s->name));
	printf(": %" PRIu64 " files\n", s->files);
}

static void print_folio(void *ctx, const struct inspect_folio *f)
{
	(void)ctx;
	printf("      page %" PRIu64 ": 0x%" PRIx64 ", %" PRIu64 " pages%s%s\n", f->index, f->at,
	       f->pages, f->flags & 1 ? ", dirty" : "",
	       f->flags & INSPECT_FOLIO_FRESH ? "" : ", zeros");
}

static void print_file(void *ctx, const struct luo_file *f, const struct inspect_memfd *memfd)
{
	struct printer *p = ctx;
	const struct shown *s = p->s;
	char n[32];

	printf("    token %" PRIu64 ": ", f->token);
	print_name(f->handler, sizeof(f->handler));
	printf(" at 0x%" PRIx64, f->data);
	if (memfd && memfd->read)
		printf(", %s, position %" PRIu64 ", seals 0x%" PRIx32 ", %" PRIu64 " folios",
		       bytes(memfd->file.size, n), memfd->file.pos, memfd->file.seals,
		       memfd->file.folios);
	putchar('\n');
	if (memfd && memfd->read && p->list)
		inspect_folios(&s->d.mem, s->root.page_shift, &memfd->file, print_folio, p,
			       &p->s->faults);
}

static void print_shared(void *ctx, const struct luo_shared *s)
{
	(void)ctx;
	printf("  shared ");
	print_name(s->name, sizeof(s->name));
	printf(": data 0x%" PRIx64 ", %" PRIu64 " users\n", s->data, s->count);
}

static void print_luo(struct printer *p, const struct kho_blob *b)
{
	const struct inspect_luo_see see = {print_session, print_file, print_shared, p};
	struct luo l;

	if (inspect_luo(&p->s->d.mem, b, p->s->root.page_shift, &see, &l, &p->s->faults))
		return;
	printf("  live update %" PRIu64 ", %s: %" PRIu64 " sessions, %" PRIu64 " files\n", l.number,
	       l.form == LUO_TREE ? "luo-v1" : "luo-v5", l.sessions, l.files);
}

static void print_test_folio(void *ctx, uint64_t at, unsigned int order)
{
	(void)ctx;
	printf("    folio: 0x%" PRIx64 " order %u\n", at, order);
}

static void print_test(struct printer *p, const struct kho_blob *b)
{
	struct inspect_test t;

	if (inspect_test(&p->s->d.mem, b, &t, &p->s->faults))
		return;
	printf("  test: %" PRIu32 " folios, sum 0x%" PRIx32 ", vmalloc area of %" PRIu32
	       " pages from 0x%" PRIx64 "\n",
	       t.folios, t.sum, t.list.pages, t.list.first.addr);
	if (p->list)
		inspect_test_folios(&p->s->d.mem, p->s->root.page_shift, &t, print_test_folio, p,
				    &p->s->faults);
}

static void print_hex(const struct shown *s, const struct kho_blob *b)
{
	uint64_t size = min_u64(b->size, HEX_BYTES);
	const uint8_t *p = size ? mem_get(&s->d.mem, b->at, size) : NULL;

	for (uint64_t i = 0; p && i < size; i++)
		printf("%s%02x%s", i % 16 ? "" : "  ", p[i],
		       i % 16 == 15 || i + 1 == size ? "\n" : " ");
}

static void print_blob(struct printer *p, const struct kho_blob *b)
{
	const struct kb_text compatible = inspect_compatible(&p->s->d.mem, b);

	printf("blob ");
	print_name(b->name, sizeof(b->name));
	printf(": at 0x%" PRIx64 ", %" PRIu64 " bytes", b->at.addr, b->size);
	if (compatible.len) {
		printf(", ");
		print_name(compatible.text, compatible.len);
	}
	putchar('\n');
	switch (inspect_kind(&p->s->d.mem, b)) {
	case INSPECT_LUO:
		print_luo(p, b);
		break;
	case INSPECT_MEMBLOCK:
		inspect_reserved(&p->s->d.mem, b, print_range, p, &p->s->faults);
		break;
	case INSPECT_TEST:
		print_test(p, b);
		break;
	case INSPECT_METADATA:
		if (!p->s->root.metadata.present)
			print_hex(p->s, b);
		break;
	default:
		print_hex(p->s, b);
	}
}

static void print_faults(const struct inspect_faults *f)
{
	for (uint64_t i = 0; i < f->count && i < INSPECT_FAULTS; i++)
		printf("%s: %s: KB-%03d %s (at 0x%" PRIx64 ", value 0x%" PRIx64 ")\n",
		       inspect_is_remark(f->first[i].status) ? "remark" : "fault", f->first[i].part,
		       (int)f->first[i].status, ctl_cause(f->first[i].status), f->first[i].at,
		       f->first[i].value);
	if (f->count > INSPECT_FAULTS)
		printf("faults: %" PRIu64 " more\n", f->count - INSPECT_FAULTS);
}

void shown_text(struct shown *s, bool list)
{
	struct printer p = {s, list, 0};

	print_source(s);
	print_root(s);
	print_map(&p);
	print_scratch(s);
	for (unsigned int i = 0; i < s->root.blob_count; i++)
		print_blob(&p, &s->root.blob[i]);
	print_faults(&s->faults);
}
