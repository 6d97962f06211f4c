// SPDX-License-Identifier: BSD-2-Clause
/* khoctl inspect, as JSON: docs/schema/inspect.json. */
#include "shown.h"

#include "status.h"

#include <stdio.h>
#include <string.h>

#define HEX_BYTES 4096

/* Where the next entries go. */
struct maker {
	struct shown *s;
	bool list;
	struct json_object *rows, *pieces, *sessions, *files, *shared, *folios;
};

static const char *const format_names[] = {"small bitmaps", "page bitmaps", "radix tree"};
static const char *const meta_names[] = {"node", "leaf", "chunk", "bitmap"};

static void add_text(struct json_object *o, const char *key, const char *text, size_t max)
{
	json_add_bytes(o, key, text, strnlen(text, max));
}

static void add_range(struct json_object *list, struct range r)
{
	struct json_object *o = json_list_object(list);

	json_add_number(o, "base", r.base);
	json_add_number(o, "size", r.size);
}

static void add_source(struct json_object *top, const struct shown *s)
{
	static const char *const kinds[] = {"raw", "elf", "kdump"};
	struct json_object *o = json_add_object(top, "source"), *ram;

	json_add_text(o, "kind",
		      s->q->from == SHOWN_LIVE_OUT  ? "live-out"
		      : s->q->from == SHOWN_LIVE_IN ? "live-in"
						    : kinds[s->d.kind]);
	json_add_text(o, "machine", s->d.machine);
	json_add_bool(o, "flat", s->d.flat);
	json_add_bool(o, "cut", s->d.cut);
	ram = json_add_list(o, "ram");
	for (size_t i = 0; i < s->d.mem.ram.count; i++)
		add_range(ram, s->d.mem.ram.r[i]);
	json_add_known(o, "searched", s->searched, s->found.scanned);
}

static void add_root(struct json_object *top, const struct shown *s)
{
	struct json_object *o = json_add_object(top, "root"), *list;

	json_add_bytes(o, "compatible", s->root.version.text, s->root.version.len);
	json_add_known(o, "at", s->fdt_known, s->root.fdt.base);
	json_add_number(o, "size", s->root.fdt_totalsize);
	json_add_number(o, "page_size", 1ULL << s->root.page_shift);
	json_add_number(o, "map", s->root.map.addr);
	list = json_add_list(o, "others");
	for (unsigned int i = 1; i < s->found.roots; i++)
		json_list_number(list, s->found.root[i].at);
}

static void add_writer(struct json_object *top, const struct shown *s)
{
	struct json_object *o;

	if (!s->root.metadata.present) {
		json_add_null(top, "writer");
		return;
	}
	o = json_add_object(top, "writer");
	json_add_text(o, "release", s->root.metadata.release);
	json_add_number(o, "kexecs", s->root.metadata.count);
}

/* ---- map ---- */

static void add_run(void *ctx, unsigned int order, uint64_t at, uint64_t blocks)
{
	struct json_object *o = json_list_object(((struct maker *)ctx)->rows);

	json_add_number(o, "at", at);
	json_add_number(o, "order", order);
	json_add_number(o, "entries", blocks);
}

static void add_piece(void *ctx, const struct kho_meta *meta)
{
	struct json_object *o = json_list_object(((struct maker *)ctx)->pieces);

	json_add_text(o, "kind", meta_names[meta->kind]);
	json_add_number(o, "at", meta->bytes.base);
	json_add_number(o, "size", meta->bytes.size);
}

static void add_orders(struct json_object *map, const struct shown *s, const struct inspect_map *m)
{
	struct json_object *list = json_add_list(map, "orders");

	for (unsigned int i = 0; i < KHO_ORDERS; i++) {
		struct json_object *o;

		if (!m->order[i].entries)
			continue;
		o = json_list_object(list);
		json_add_number(o, "order", i);
		json_add_number(o, "entries", m->order[i].entries);
		json_add_number(o, "bytes", m->order[i].entries << (s->root.page_shift + i));
		json_add_number(o, "runs", m->order[i].runs);
		json_add_number(o, "largest", m->order[i].largest << (s->root.page_shift + i));
	}
}

static void add_counts(struct json_object *o, const struct shown *s, const struct inspect_map *m)
{
	json_add_text(o, "format", format_names[m->format]);
	json_add_number(o, "entries", m->entries);
	json_add_number(o, "bytes", m->bytes);
	json_add_number(o, "runs", m->runs);
	json_add_known(o, "lowest", m->entries, m->lowest);
	json_add_known(o, "last", m->entries, m->last);
	json_add_number(o, "nodes", m->meta[KHO_META_NODE] + m->meta[KHO_META_CHUNK]);
	json_add_number(o, "bitmaps", m->meta[KHO_META_LEAF] + m->meta[KHO_META_BITMAP]);
	json_add_number(o, "missing", m->missing);
	json_add_number(o, "in_scratch", m->in_scratch);
	json_add_number(o, "pieces_in_scratch", m->meta_in_scratch);
	add_orders(o, s, m);
}

static void add_map(struct json_object *top, struct maker *k)
{
	struct shown *s = k->s;
	const struct inspect_lister list = {k->list ? add_run : NULL, k->list ? add_piece : NULL,
					    k};
	struct inspect_map map;
	struct json_object *o;

	if (!s->root.map.addr || s->no_memory) {
		json_add_null(top, "map");
		return;
	}
	o = json_add_object(top, "map");
	if (k->list) {
		k->rows = json_add_list(o, "rows");
		k->pieces = json_add_list(o, "pieces");
	}
	inspect_map(&s->d.mem, &s->root, s->q->hint, &s->scratch, &list, &map, &s->faults);
	add_counts(o, s, &map);
}

static void add_scratch(struct json_object *top, const struct shown *s)
{
	struct json_object *o, *list;

	if (!s->has_scratch) {
		json_add_null(top, "scratch");
		return;
	}
	o = json_add_object(top, "scratch");
	json_add_known(o, "array", s->h.scratch.addr, s->h.scratch.addr);
	list = json_add_list(o, "areas");
	for (unsigned int i = 0; i < s->area_count; i++)
		add_range(list, s->areas[i]);
}

/* ---- sub-blobs ---- */

static void add_reserved(void *ctx, const struct inspect_reserved *r)
{
	struct json_object *o = json_list_object(((struct maker *)ctx)->rows);

	json_add_text(o, "name", r->name);
	json_add_number(o, "base", r->range.base);
	json_add_number(o, "size", r->range.size);
}

static void add_session(void *ctx, const struct luo_session *s)
{
	struct maker *k = ctx;
	struct json_object *o = json_list_object(k->sessions);

	add_text(o, "name", s->name, sizeof(s->name));
	json_add_number(o, "at", s->at.addr);
	json_add_number(o, "count", s->files);
	k->files = json_add_list(o, "files");
}

static void add_folio(void *ctx, const struct inspect_folio *f)
{
	struct json_object *o = json_list_object(((struct maker *)ctx)->folios);

	json_add_number(o, "page", f->index);
	json_add_number(o, "at", f->at);
	json_add_number(o, "pages", f->pages);
	json_add_number(o, "flags", f->flags);
}

static void add_memfd(struct json_object *file, struct maker *k, const struct luo_memfd *f)
{
	struct json_object *o = json_add_object(file, "memfd");

	json_add_number(o, "size", f->size);
	json_add_number(o, "position", f->pos);
	json_add_number(o, "seals", f->seals);
	json_add_number(o, "flags", f->flags);
	json_add_number(o, "folios", f->folios);
	if (!k->list)
		return;
	k->folios = json_add_list(o, "list");
	inspect_folios(&k->s->d.mem, k->s->root.page_shift, f, add_folio, k, &k->s->faults);
}

static void add_file(void *ctx, const struct luo_file *f, const struct inspect_memfd *memfd)
{
	struct maker *k = ctx;
	struct json_object *o = json_list_object(k->files);

	json_add_number(o, "token", f->token);
	add_text(o, "handler", f->handler, sizeof(f->handler));
	json_add_number(o, "at", f->at.addr);
	json_add_number(o, "data", f->data);
	if (memfd && memfd->read)
		add_memfd(o, k, &memfd->file);
	else
		json_add_null(o, "memfd");
}

static void add_shared(void *ctx, const struct luo_shared *s)
{
	struct json_object *o = json_list_object(((struct maker *)ctx)->shared);

	add_text(o, "name", s->name, sizeof(s->name));
	json_add_number(o, "data", s->data);
	json_add_number(o, "count", s->count);
}

static void add_luo(struct json_object *blob, struct maker *k, const struct kho_blob *b)
{
	const struct inspect_luo_see see = {add_session, add_file, add_shared, k};
	struct json_object *o = json_add_object(blob, "luo");
	struct luo l = {0};
	bool read;

	k->sessions = json_add_list(o, "sessions");
	k->shared = json_add_list(o, "shared");
	read = !inspect_luo(&k->s->d.mem, b, k->s->root.page_shift, &see, &l, &k->s->faults);
	json_add_text(o, "form", !read ? NULL : l.form == LUO_TREE ? "luo-v1" : "luo-v5");
	json_add_known(o, "number", read, l.number);
}

static void add_test_folio(void *ctx, uint64_t at, unsigned int order)
{
	struct json_object *o = json_list_object(((struct maker *)ctx)->rows);

	json_add_number(o, "at", at);
	json_add_number(o, "order", order);
}

static void add_test(struct json_object *blob, struct maker *k, const struct kho_blob *b)
{
	struct inspect_test t;
	struct json_object *o, *area;

	if (inspect_test(&k->s->d.mem, b, &t, &k->s->faults))
		return;
	o = json_add_object(blob, "test");
	json_add_number(o, "folios", t.folios);
	json_add_number(o, "sum", t.sum);
	area = json_add_object(o, "vmalloc");
	json_add_number(area, "first", t.list.first.addr);
	json_add_number(area, "pages", t.list.pages);
	json_add_number(area, "flags", t.list.flags);
	json_add_number(area, "order", t.list.order);
	if (!k->list)
		return;
	k->rows = json_add_list(o, "list");
	inspect_test_folios(&k->s->d.mem, k->s->root.page_shift, &t, add_test_folio, k,
			    &k->s->faults);
}

static void add_hex(struct json_object *blob, const struct shown *s, const struct kho_blob *b)
{
	char text[2 * HEX_BYTES + 1] = "";
	uint64_t size = min_u64(b->size, HEX_BYTES);
	const uint8_t *p = size ? mem_get(&s->d.mem, b->at, size) : NULL;

	for (uint64_t i = 0; p && i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", p[i]);
	json_add_text(blob, "hex", p ? text : NULL);
}

static void add_blob(struct json_object *list, struct maker *k, const struct kho_blob *b)
{
	static const char *const kinds[] = {"unknown", "metadata", "memblock",
					    "luo",     "test",     "tree"};
	enum inspect_kind kind = inspect_kind(&k->s->d.mem, b);
	const struct kb_text compatible = inspect_compatible(&k->s->d.mem, b);
	struct json_object *o = json_list_object(list);

	add_text(o, "name", b->name, sizeof(b->name));
	json_add_number(o, "at", b->at.addr);
	json_add_number(o, "size", b->size);
	json_add_text(o, "kind", kinds[kind]);
	if (compatible.len)
		json_add_bytes(o, "compatible", compatible.text, compatible.len);
	if (kind == INSPECT_LUO) {
		add_luo(o, k, b);
	} else if (kind == INSPECT_MEMBLOCK) {
		k->rows = json_add_list(o, "ranges");
		inspect_reserved(&k->s->d.mem, b, add_reserved, k, &k->s->faults);
	} else if (kind == INSPECT_TEST) {
		add_test(o, k, b);
	} else if (kind != INSPECT_METADATA || !k->s->root.metadata.present) {
		add_hex(o, k->s, b);
	}
}

static void add_faults(struct json_object *top, const struct inspect_faults *f)
{
	struct json_object *list = json_add_list(top, "faults");

	for (uint64_t i = 0; i < f->count && i < INSPECT_FAULTS; i++) {
		const struct inspect_fault *x = &f->first[i];
		struct json_object *o = json_list_object(list);

		json_add_number(o, "code", x->status);
		json_add_text(o, "cause", ctl_cause(x->status));
		json_add_text(o, "remedy", ctl_remedy(x->status));
		json_add_bool(o, "remark", inspect_is_remark(x->status));
		add_text(o, "part", x->part, KHO_NAME_MAX);
		json_add_number(o, "at", x->at);
		json_add_number(o, "value", x->value);
	}
	json_add_number(top, "fault_count", f->count);
}

int shown_json(struct shown *s, bool list, enum json_form form)
{
	struct json_object *top = json_new("khoboot/inspect/1"), *blobs;
	struct maker k = {.s = s, .list = list};

	add_source(top, s);
	add_root(top, s);
	add_writer(top, s);
	add_map(top, &k);
	add_scratch(top, s);
	blobs = json_add_list(top, "blobs");
	for (unsigned int i = 0; i < s->root.blob_count; i++)
		add_blob(blobs, &k, &s->root.blob[i]);
	add_faults(top, &s->faults);
	return ctl_print_json(top, form);
}
