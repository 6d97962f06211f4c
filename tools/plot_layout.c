// SPDX-License-Identifier: BSD-2-Clause
/* Lanes, cells and labels of a picture of memory; see plot.h. Pure. */
#include "plot.h"

#include <core/bits.h>
#include <core/range.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- names ----------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	char letter;
	bool at[PLOT_TIMES];
} kinds[PLOT_KINDS] = {
	[PLOT_RAM] = {"free for all", '.', {true, true}},
	[PLOT_FIRMWARE] = {"firmware", 'f', {true, true}},
	[PLOT_SCRATCH] = {"scratch", 's', {true, true}},
	[PLOT_IMAGE] = {"khoboot and UKI", 'U', {true, false}},
	[PLOT_WINDOW] = {"next kernel", 'K', {false, true}},
	[PLOT_BLOCK] = {"boot data", 'B', {false, true}},
	[PLOT_INITRD] = {"initrd", 'I', {false, true}},
	[PLOT_META] = {"map of preserved memory", 'm', {true, true}},
	[PLOT_MEMFD] = {"preserved: live update", 'L', {true, true}},
	[PLOT_RESERVED] = {"preserved: reserve_mem=", 'R', {true, true}},
	[PLOT_PRESERVED] = {"preserved: others", 'P', {true, true}},
};

const char *plot_kind_name(enum plot_kind kind)
{
	return kinds[kind].name;
}

char plot_kind_letter(enum plot_kind kind)
{
	return kinds[kind].letter;
}

bool plot_kind_at(enum plot_kind kind, enum plot_time time)
{
	return kinds[kind].at[time];
}

const char *plot_size(uint64_t bytes, char text[24])
{
	static const char units[] = "KMGTPE";
	unsigned int unit = 0;
	uint64_t tenths;

	while (unit < 5 && bytes >> (10 * (unit + 2)))
		unit++;
	/* In two steps, so that ten times the number fits. */
	tenths = (bytes >> (10 * unit)) * 10 / 1024;
	if (tenths % 10 && tenths < 1000)
		snprintf(text, 24, "%" PRIu64 ".%" PRIu64 " %ciB", tenths / 10, tenths % 10,
			 units[unit]);
	else
		snprintf(text, 24, "%" PRIu64 " %ciB", tenths / 10, units[unit]);
	return text;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void *more(void *old, size_t count, size_t size)
{
	void *ret = reallocarray(old, count ? count : 1, size);

	if (!ret)
		abort();
	return ret;
}

void plot_add(struct plot *p, enum plot_kind kind, struct range r)
{
	if (!r.size || range_wraps(r))
		return;
	if (p->features == p->room) {
		p->room = p->room * 2 + 16;
		p->feature = more(p->feature, p->room, sizeof(*p->feature));
	}
	p->feature[p->features++] = (struct plot_feature){r, kind};
	p->after |= !kinds[kind].at[PLOT_BEFORE];
}

void plot_add_node(struct plot *p, struct range r)
{
	if (!r.size || range_wraps(r))
		return;
	p->node = more(p->node, p->nodes + 1, sizeof(*p->node));
	p->node[p->nodes++] = r;
}

void plot_free(struct plot *p)
{
	for (size_t i = 0; i < p->lanes; i++) {
		free(p->lane[i].cell);
		free(p->lane[i].label);
		free(p->lane[i].mark);
	}
	free(p->lane);
	free(p->node);
	free(p->feature);
	*p = (struct plot){.lanes = 0};
}

/* ---- cells ----------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Borders of features in @span, sorted, each once. */
static size_t list_borders(const struct plot *p, struct range span, uint64_t **ret)
{
	uint64_t *b = more(NULL, 2 * p->features + 2, sizeof(*b));
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < p->features; i++) {
		const struct range r = range_intersect(p->feature[i].r, span);

		if (!r.size)
			continue;
		b[n++] = r.base;
		b[n++] = range_end(r);
	}
	qsort(b, n, sizeof(*b), by_value);
	for (size_t i = 0; i < n; i++)
		if (!kept || b[i] != b[kept - 1])
			b[kept++] = b[i];
	*ret = b;
	return kept;
}

static bool is_covered(const struct plot *p, struct range r)
{
	for (size_t i = 0; i < p->features; i++)
		if (range_contains(p->feature[i].r, r))
			return true;
	return false;
}

/* Long ones are cut, so that it is seen where in them something is preserved. */
#define PARTS 8

static size_t cut(struct range r, const struct plot *p, struct plot_cell *ret)
{
	const bool gap = !is_covered(p, r);
	const uint64_t part = align_down(r.size / PARTS, SZ_2M);
	const size_t n = gap || part < 64 * SZ_1M ? 1 : PARTS;

	for (size_t i = 0; i < n; i++) {
		const uint64_t at = r.base + i * part;

		ret[i] = (struct plot_cell){.r = {at, i + 1 < n ? part : range_end(r) - at},
					    .gap = gap};
	}
	return n;
}

static void make_cells(const struct plot *p, struct plot_lane *lane)
{
	uint64_t *border;
	const size_t n = list_borders(p, lane->span, &border);

	lane->cell = more(NULL, n * PARTS + 1, sizeof(*lane->cell));
	for (size_t i = 0; i + 1 < n; i++)
		lane->cells += cut((struct range){border[i], border[i + 1] - border[i]}, p,
				   &lane->cell[lane->cells]);
	free(border);
}

/* At their least width they may take two thirds of the lane; the rest is shared by size. */
static bool too_many(const struct plot_lane *lane, const struct plot_scale *s)
{
	uint64_t least = 0;

	for (size_t i = 0; i < lane->cells; i++)
		least += lane->cell[i].gap ? s->gap : s->least;
	return least > s->width / 3 * 2;
}

/* The smallest neighbours become one. */
static void merge_cells(struct plot_lane *lane, const struct plot_scale *s)
{
	while (lane->cells > 1 && too_many(lane, s)) {
		size_t best = 0;

		for (size_t i = 1; i + 1 < lane->cells; i++)
			if (lane->cell[i].r.size + lane->cell[i + 1].r.size <
			    lane->cell[best].r.size + lane->cell[best + 1].r.size)
				best = i;
		lane->cell[best].r.size += lane->cell[best + 1].r.size;
		lane->cell[best].gap = lane->cell[best].gap && lane->cell[best + 1].gap;
		lane->cells--;
		memmove(&lane->cell[best + 1], &lane->cell[best + 2],
			(lane->cells - best - 1) * sizeof(*lane->cell));
	}
}

/* Twice the logarithm of the pages of 4 KiB, roughly: 2 MiB weigh 18, 40 GiB 46. */
static uint64_t weight(const struct plot_cell *c)
{
	const uint64_t pages = c->r.size / SZ_4K;

	return pages ? 2 * highest_bit(pages) + (pages & (1ULL << highest_bit(pages) >> 1) ? 1 : 0)
		     : 0;
}

/* Each has its least width; the rest of the lane is shared by weight. */
static void set_widths(struct plot_lane *lane, const struct plot_scale *s)
{
	uint64_t sum = 0, fixed = 0, done = 0;
	unsigned int x = 0;

	for (size_t i = 0; i < lane->cells; i++) {
		sum += lane->cell[i].gap ? 0 : weight(&lane->cell[i]);
		fixed += lane->cell[i].gap ? s->gap : s->least;
	}
	for (size_t i = 0; i < lane->cells; i++) {
		struct plot_cell *c = &lane->cell[i];
		const uint64_t spare = s->width > fixed ? s->width - fixed : 0;
		const uint64_t before = sum ? spare * done / sum : 0;

		done += c->gap ? 0 : weight(c);
		c->x = x;
		c->width = (c->gap ? s->gap : s->least) +
			   (unsigned int)(sum ? spare * done / sum - before : 0);
		x += c->width;
	}
}

/* ---- counting -------------------------------------------------------------------------------- */

/* The first cell that ends after @at. */
static size_t find_cell(const struct plot_lane *lane, uint64_t at)
{
	size_t low = 0, high = lane->cells;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (range_end(lane->cell[mid].r) <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void count_in(struct plot_lane *lane, enum plot_kind kind, struct range r)
{
	for (size_t i = find_cell(lane, r.base); i < lane->cells; i++) {
		struct plot_cell *c = &lane->cell[i];

		if (c->r.base >= range_end(r))
			break;
		c->bytes[kind] += range_intersect(c->r, r).size;
	}
}

void plot_count(struct plot *p, enum plot_kind kind, struct range r)
{
	if (!r.size || range_wraps(r))
		return;
	p->sum[kind] += r.size;
	for (size_t i = 0; i < p->lanes; i++)
		count_in(&p->lane[i], kind, r);
}

/* What nobody has is left: of the kinds in @from those in @what are taken, as far as they go. */
static void take(uint64_t bytes[PLOT_KINDS], enum plot_kind from, enum plot_kind what)
{
	bytes[from] -= min_u64(bytes[from], bytes[what]);
}

void plot_finish(struct plot *p)
{
	for (size_t i = 0; i < p->lanes; i++)
		for (size_t k = 0; k < p->lane[i].cells; k++) {
			take(p->lane[i].cell[k].bytes, PLOT_PRESERVED, PLOT_MEMFD);
			take(p->lane[i].cell[k].bytes, PLOT_PRESERVED, PLOT_RESERVED);
		}
	take(p->sum, PLOT_PRESERVED, PLOT_MEMFD);
	take(p->sum, PLOT_PRESERVED, PLOT_RESERVED);
}

/* Inside scratch: not scratch besides. */
static bool is_in_scratch(enum plot_kind kind)
{
	return kind == PLOT_IMAGE || kind == PLOT_WINDOW || kind == PLOT_BLOCK ||
	       kind == PLOT_INITRD;
}

uint64_t plot_cell_bytes(const struct plot_cell *c, enum plot_kind kind, enum plot_time time)
{
	uint64_t bytes = c->bytes[kind], others = 0;

	if (!plot_kind_at(kind, time))
		return 0;
	if (kind != PLOT_RAM && kind != PLOT_SCRATCH)
		return bytes;
	for (enum plot_kind k = PLOT_FIRMWARE; k < PLOT_KINDS; k++)
		if (plot_kind_at(k, time) && k != PLOT_SCRATCH && k != PLOT_FIRMWARE &&
		    (kind == PLOT_RAM ? !is_in_scratch(k) : is_in_scratch(k)))
			others += c->bytes[k];
	if (kind == PLOT_RAM)
		others += c->bytes[PLOT_SCRATCH];
	return bytes > others ? bytes - others : 0;
}

void plot_stack(const struct plot_cell *c, enum plot_time time, unsigned int height,
		unsigned int ret[PLOT_KINDS])
{
	const uint64_t size = max_u64(c->r.size / SZ_4K, 1);
	unsigned int left = height;

	memset(ret, 0, PLOT_KINDS * sizeof(*ret));
	if (c->gap)
		return;
	/* The rare things first, so that they have room. */
	for (enum plot_kind k = PLOT_KINDS; k-- > PLOT_FIRMWARE;) {
		const uint64_t bytes = plot_cell_bytes(c, k, time);
		const uint64_t want = bytes / SZ_4K * height / size;

		if (bytes)
			ret[k] = (unsigned int)min_u64(max_u64(want, 1), left);
		left -= ret[k];
	}
	ret[PLOT_RAM] = left;
}

/* ---- labels ---------------------------------------------------------------------------------- */

static unsigned int text_width(const char *text, const struct plot_scale *s)
{
	return (unsigned int)strlen(text) * s->character;
}

/* With its left edge at @x, or as far left as the lane demands. False if it is taken there. */
static bool place(const struct plot_label *all, size_t n, const struct plot_scale *s,
		  unsigned int x, struct plot_label *l)
{
	l->width = text_width(l->text, s);
	if (l->width > s->width)
		return false;
	l->x = x + l->width > s->width ? s->width - l->width : x;
	for (size_t i = 0; i < n; i++)
		if (all[i].row == l->row && l->x < all[i].x + all[i].width + s->space &&
		    all[i].x < l->x + l->width + s->space)
			return false;
	return true;
}

static void add_label(struct plot_lane *lane, const struct plot_scale *s, unsigned int x,
		      const char *name, uint64_t bytes)
{
	struct plot_label l = {.row = 0};
	char size[24];

	snprintf(l.text, sizeof(l.text), "%s %s", name, plot_size(bytes, size));
	while (l.row < PLOT_ROWS && !place(lane->label, lane->labels, s, x, &l))
		l.row++;
	if (l.row == PLOT_ROWS) {
		lane->labels_left_out++;
		return;
	}
	lane->label = more(lane->label, lane->labels + 1, sizeof(l));
	lane->label[lane->labels++] = l;
}

/* Features that are more than background. */
static bool is_named(enum plot_kind kind)
{
	return kind != PLOT_RAM && kind != PLOT_FIRMWARE;
}

static void add_labels(const struct plot *p, struct plot_lane *lane)
{
	for (size_t i = 0; i < p->features; i++) {
		const struct plot_feature *f = &p->feature[i];
		const struct range r = range_intersect(f->r, lane->span);
		size_t at;

		if (!r.size || !is_named(f->kind))
			continue;
		at = find_cell(lane, r.base);
		if (at < lane->cells)
			add_label(lane, &p->scale, lane->cell[at].x, kinds[f->kind].name,
				  f->r.size);
	}
}

unsigned int plot_rows(const struct plot_lane *lane)
{
	unsigned int rows = 0;

	for (size_t i = 0; i < lane->labels; i++)
		rows = (unsigned int)max_u64(rows, lane->label[i].row + 1);
	return rows;
}

static void add_mark(struct plot_lane *lane, const struct plot_scale *s, unsigned int x,
		     uint64_t address)
{
	struct plot_label l = {.row = 0};

	snprintf(l.text, sizeof(l.text), "0x%" PRIx64, address);
	if (!place(lane->mark, lane->marks, s, x, &l))
		return;
	lane->mark = more(lane->mark, lane->marks + 1, sizeof(l));
	lane->mark[lane->marks++] = l;
}

/* Both ends first, then where features begin, then the other borders. */
static void add_marks(const struct plot *p, struct plot_lane *lane)
{
	const struct plot_scale *s = &p->scale;

	if (!lane->cells)
		return;
	add_mark(lane, s, 0, lane->cell[0].r.base);
	add_mark(lane, s, s->width, range_end(lane->cell[lane->cells - 1].r));
	for (size_t i = 0; i < p->features; i++) {
		const size_t at = find_cell(lane, p->feature[i].r.base);

		if (at < lane->cells && lane->cell[at].r.base == p->feature[i].r.base)
			add_mark(lane, s, lane->cell[at].x, p->feature[i].r.base);
	}
}

/* ---- all of it ------------------------------------------------------------------------------- */

static struct range hull(const struct plot *p)
{
	uint64_t base = UINT64_MAX, end = 0;

	for (size_t i = 0; i < p->features; i++) {
		base = min_u64(base, p->feature[i].r.base);
		end = max_u64(end, range_end(p->feature[i].r));
	}
	return (struct range){base, end > base ? end - base : 0};
}

static void add_lane(struct plot *p, unsigned int node, struct range span)
{
	struct plot_lane *lane = &p->lane[p->lanes++];

	*lane = (struct plot_lane){.node = node, .span = span};
	make_cells(p, lane);
	merge_cells(lane, &p->scale);
	set_widths(lane, &p->scale);
	add_labels(p, lane);
	add_marks(p, lane);
}

void plot_layout(struct plot *p, const struct plot_scale *scale)
{
	const struct range all = hull(p);

	p->scale = *scale;
	p->lane = more(NULL, p->nodes + 1, sizeof(*p->lane));
	for (size_t i = 0; i < p->nodes; i++)
		add_lane(p, (unsigned int)i, p->node[i]);
	if (!p->nodes)
		add_lane(p, 0, all);
	for (size_t i = 0; i < p->features; i++)
		plot_count(p, p->feature[i].kind, p->feature[i].r);
}
