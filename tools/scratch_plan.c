// SPDX-License-Identifier: BSD-2-Clause
/* The areas that a next kernel needs; see scratch.h. Pure. */
#include "scratch.h"

#include <arch/const.h>
#include <core/bits.h>

#include <stdlib.h>
#include <string.h>

/* ---- what is asked --------------------------------------------------------------------------- */

static int image_release(const struct image_facts *i)
{
	struct kb_text t = {i->kernel->release, i->kernel->release_len};
	uint64_t major, minor;

	if (!t.text || !text_take_number(&t, 10, &major) || !t.len || *t.text != '.')
		return 0;
	t = (struct kb_text){t.text + 1, t.len - 1};
	if (!text_take_number(&t, 10, &minor) || major > 1000 || minor > 99)
		return 0;
	return (int)(major * 100 + minor);
}

static size_t early_items(const struct scratch_facts *s, const struct image_facts *i,
			  struct early_item ret[EARLY_ITEMS])
{
	const struct early_machine m = {
		.ram = &s->f->ram,
		.node = s->node,
		.nodes = s->nodes ? s->nodes : 1,
		.cpus = s->cpus,
		.page_size = s->f->page_size,
		.mapping = verdict_tables(s->f, &s->f->ram),
		.release = image_release(i),
		.cmdline = {i->cmdline, strlen(i->cmdline)},
		.measured = s->measured,
	};

	return early_list(&m, ret);
}

uint64_t scratch_align(int release, uint64_t page_size)
{
	const uint64_t largest = page_size == SZ_64K      ? 512 * SZ_1M
				 : page_size == 4 * SZ_4K ? 32 * SZ_1M
							  : 4 * SZ_1M;

	/* Before 7.2 blocks of pages (pageblock_order), which a kernel may have smaller. */
	return release && release < 702 && page_size == SZ_4K ? SZ_2M : largest;
}

/* ---- trying ---------------------------------------------------------------------------------- */

/* Work memory: the areas, sorted, and what is free of them. */
struct trial {
	struct range_list areas, free;
	struct range store[2][ROOM_AREAS];
};

static struct trial *new_trial(void)
{
	struct trial *t = calloc(1, sizeof(*t));

	if (t) {
		t->areas = (struct range_list){t->store[0], 0, ROOM_AREAS};
		t->free = (struct range_list){t->store[1], 0, ROOM_AREAS};
	}
	return t;
}

/* @bytes in aligned pieces of @piece bytes, the highest first. Takes as much as there is. */
static uint64_t take_pieces(struct range_list *free, struct range limit, uint64_t bytes,
			    uint64_t piece)
{
	uint64_t got = 0;

	for (size_t i = free->count; i-- > 0 && got < bytes;) {
		const struct range r = range_intersect(free->r[i], limit);
		const uint64_t end = align_down(range_end(r), piece),
			       base = align_up(r.base, piece);
		const uint64_t want = align_up(bytes - got, piece);
		const uint64_t size = end > base ? min_u64(end - base, want) : 0;

		if (size && range_list_subtract(free, (struct range){end - size, size}))
			return 0;
		got += size;
	}
	return min_u64(got, bytes);
}

static struct range below(bool low)
{
	return (struct range){0, low ? SZ_4G : UINT64_MAX};
}

/* Low memory is all there is if RAM has nothing below 4 GiB. */
static bool take_item(struct range_list *free, const struct early_item *item, bool low)
{
	struct range at;

	if (!item->bytes)
		return true;
	if (item->piece)
		return take_pieces(free, below(low), item->bytes, item->piece) == item->bytes;
	return !range_list_find(free, below(low), align_up_page(item->bytes), item->align, true,
				&at) &&
	       !range_list_subtract(free, at);
}

static bool has_low(const struct scratch_facts *s)
{
	return !s->f->ram.count || s->f->ram.r[0].base < SZ_4G;
}

static enum kb_status try_early(const struct scratch_facts *s, const struct image_facts *i,
				struct range_list *free, struct scratch_lack *lack)
{
	struct early_item item[EARLY_ITEMS];
	const size_t n = early_items(s, i, item);

	for (size_t k = 0; k < n; k++) {
		const bool low = item[k].low && has_low(s);

		if (take_item(free, &item[k], low))
			continue;
		*lack = (struct scratch_lack){item[k].name, low};
		return KB_CTL_EARLY;
	}
	return KB_OK;
}

/* What of @areas the next kernel finds free. */
static enum kb_status list_free(const struct range_list *areas, const struct room_answer *a,
				struct trial *t)
{
	const struct range kept[] = {a->place.window, a->place.block, range_pages(a->initrd)};
	enum kb_status st = range_list_copy(areas, &t->free);

	range_list_sort(&t->free);
	for (size_t k = 0; k < ARRAY_SIZE(kept) && !st; k++)
		st = range_list_subtract(&t->free, kept[k]);
	return st;
}

/* At worst all RAM of the firmware zone is preserved, and moves into scratch outside the zone. */
static enum kb_status try_evacuation(const struct room_question *q, const struct room_answer *a)
{
	const uint64_t block = a->block_size + a->window_size + a->initrd.size + a->firmware;
	const uint64_t have = a->scratch_bytes, need = a->zone + block + q->image.size;

	return have < need ? KB_EVAC_ROOM : KB_OK;
}

static void question(const struct scratch_facts *s, const struct image_facts *i,
		     const struct range_list *areas, struct room_question *q)
{
	verdict_room(s->f, i, q);
	q->areas = areas;
	/* Room that khoboot finds elsewhere depends on what is preserved: do not count on it. */
	q->bridge_off = true;
}

enum kb_status scratch_try(const struct scratch_facts *s, const struct image_facts *i,
			   const struct range_list *areas, struct scratch_lack *lack)
{
	struct trial *t = new_trial();
	struct room_question q;
	struct room_answer a;
	enum kb_status st;

	if (!t)
		return KB_CTL_MEMORY;
	question(s, i, areas, &q);
	st = room_ask(&q, &a);
	if (st == KB_PLACE_INITRD)
		st = KB_OK;
	if (!st && i->reset && q.ram)
		st = a.reset;
	if (!st && i->reset && q.ram)
		st = try_evacuation(&q, &a);
	if (!st)
		st = list_free(areas, &a, t);
	if (!st)
		st = try_early(s, i, &t->free, lack);
	free(t);
	return st;
}

/* ---- the areas ------------------------------------------------------------------------------- */

static enum kb_status add_area(struct range_list *free, struct range limit, uint64_t size,
			       uint64_t align, struct range_list *ret)
{
	struct range at = {0, 0};
	enum kb_status st = size ? range_list_find(free, limit, size, align, true, &at) : KB_OK;

	if (!st && size)
		st = range_list_subtract(free, at);
	if (!st)
		st = range_list_add(ret, at);
	return st == KB_RANGE_FULL ? st : st ? KB_RANGE_NO_ROOM : KB_OK;
}

#define NODE_SHARE 2 /* no more of a node's memory than a half */

/* Nobody allocates below 1 MiB there. */
static enum kb_status list_ram(const struct scratch_facts *s, struct range_list *free)
{
	const struct range_list *ram =
		s->f->listed_known && s->f->listed.count ? &s->f->listed : &s->f->ram;
	enum kb_status st = range_list_copy(ram, free);

	return st ? st : range_list_subtract(free, (struct range){0, SZ_1M});
}

enum kb_status scratch_place(const struct scratch_facts *s, const struct scratch_sizes *sizes,
			     struct range_list *ret)
{
	const uint64_t align = scratch_align(s->release, s->f->page_size);
	const size_t max = s->f->ram.count + s->f->listed.count + s->nodes + 8;
	struct range_list free_ram = {calloc(max, sizeof(struct range)), 0, max};
	enum kb_status st = free_ram.r ? list_ram(s, &free_ram) : KB_CTL_MEMORY;

	ret->count = 0;
	if (!st)
		st = add_area(&free_ram, below(has_low(s)), sizes->low, align, ret);
	if (!st)
		st = add_area(&free_ram, below(false), sizes->global, align, ret);
	for (size_t n = 0; n < s->nodes && !st; n++)
		st = sizes->node > s->node[n] / NODE_SHARE
			     ? KB_RANGE_NO_ROOM
			     : add_area(&free_ram, below(false), sizes->node, align, ret);
	free(free_ram.r);
	return st;
}

static uint64_t all_bytes(const struct scratch_facts *s, const struct scratch_sizes *sizes)
{
	return sizes->low + sizes->global + s->nodes * sizes->node;
}

/* ---- the search ------------------------------------------------------------------------------ */

struct search {
	const struct scratch_facts *s;
	const struct image_facts *i;
	struct range_list areas;
	uint64_t align;
};

static bool all_is_low(const struct scratch_facts *s)
{
	const struct range_list *ram = &s->f->ram;

	return ram->count && range_end(ram->r[ram->count - 1]) <= SZ_4G;
}

static enum kb_status try_sizes(struct search *f, const struct scratch_sizes *sizes,
				struct scratch_lack *lack)
{
	enum kb_status st = scratch_place(f->s, sizes, &f->areas);

	*lack = (struct scratch_lack){.name = NULL};
	return st ? st : scratch_try(f->s, f->i, &f->areas, lack);
}

/* Does it end the search? More memory does not help, or there is none. */
static bool is_final(enum kb_status st)
{
	return !st || st == KB_RANGE_NO_ROOM || st == KB_CTL_MEMORY || st == KB_RANGE_FULL ||
	       st == KB_CMDLINE_LONG;
}

/*
 * By doubled steps, until all fits. What has to be low makes the low area grow; where there is no
 * other memory than low memory one area is enough.
 */
static enum kb_status grow(struct search *f, struct scratch_sizes *sizes)
{
	uint64_t low_step = f->align, step = f->align;
	struct scratch_lack lack;
	enum kb_status st;

	for (st = try_sizes(f, sizes, &lack); !is_final(st); st = try_sizes(f, sizes, &lack)) {
		if (lack.low || all_is_low(f->s)) {
			sizes->low += low_step;
			low_step *= 2;
		} else {
			sizes->global += step;
			step *= 2;
		}
	}
	return st;
}

/*
 * The last of the doubled steps was too long, by less than half. @size is one of @sizes, in which
 * all fits unless @st says that there is no memory for the last step.
 */
static enum kb_status shrink(struct search *f, enum kb_status st, struct scratch_sizes *sizes,
			     uint64_t *size)
{
	struct scratch_lack ignored;

	for (uint64_t step = 1ULL << highest_bit(*size | 1); step >= f->align; step /= 2) {
		if (step > *size)
			continue;
		*size -= step;
		if (!try_sizes(f, sizes, &ignored))
			st = KB_OK;
		else if (!st)
			*size += step;
	}
	return st;
}

/* Structures of a node go to its own area; the largest node decides, as all areas are alike. */
static uint64_t node_bytes(const struct search *f, const struct early_item *item, size_t n)
{
	const uint64_t ram = range_list_bytes(&f->s->f->ram);
	uint64_t most = 0, least = UINT64_MAX, sum = 0, size;

	for (size_t k = 0; k < f->s->nodes; k++) {
		most = max_u64(most, f->s->node[k]);
		least = min_u64(least, f->s->node[k]);
	}
	for (size_t k = 0; k < n; k++)
		sum += item[k].nodes ? item[k].bytes : 0;
	if (f->s->nodes < 2 || !ram)
		return 0;
	/* Where nodes differ much, equal areas cost more than memory of another node does. */
	if (most / 3 * 2 > ram / f->s->nodes)
		return 0;
	/* By MiB, so that the product fits into 64 bits. */
	size = align_up((sum / max_u64(ram / SZ_1M, 1) + 1) * (most / SZ_1M + 1), f->align);
	return size > least / NODE_SHARE ? 0 : size;
}

static void first_guess(const struct search *f, struct scratch_sizes *ret)
{
	struct early_item item[EARLY_ITEMS];
	const size_t n = early_items(f->s, f->i, item);

	*ret = (struct scratch_sizes){.node = node_bytes(f, item, n)};
	ret->low = align_up(early_sum(item, n, true), f->align);
}

static enum kb_status search(struct search *f, struct scratch_sizes *ret)
{
	enum kb_status st;

	first_guess(f, ret);
	st = grow(f, ret);
	if (st == KB_OK || st == KB_RANGE_NO_ROOM)
		st = shrink(f, st, ret, &ret->global);
	if (st == KB_OK || st == KB_RANGE_NO_ROOM)
		st = shrink(f, st, ret, &ret->low);
	return st == KB_RANGE_NO_ROOM || st == KB_RANGE_FULL ? KB_CTL_SCRATCH_RAM : st;
}

/* ---- the lines ------------------------------------------------------------------------------- */

static void add_line(struct scratch_plan *p, enum scratch_step step, const char *name,
		     const char *basis, const char *why, uint64_t bytes)
{
	if (!bytes || p->lines == SCRATCH_LINES)
		return;
	p->line[p->lines++] = (struct scratch_line){
		.step = step, .name = name, .basis = basis, .why = why, .bytes = bytes};
}

static void add_segments(struct scratch_plan *p, const struct room_question *q)
{
	struct room_segment segments[ROOM_SEGMENTS];
	const size_t n = room_segments(q, segments);

	add_line(p, SCRATCH_LOAD, "IMA", "measured", "the list of measurements, and what may come",
		 q->ima_size);
	for (size_t k = 0; k < n; k++)
		if (strcmp(segments[k].name, "image") != 0)
			add_line(p, SCRATCH_LOAD, segments[k].name, "plan",
				 "one of kexec's segments",
				 align_up(segments[k].size, q->page_size));
	add_line(p, SCRATCH_LOAD, "image", "file", "khoboot and UKI as kexec loads them",
		 q->image.size - q->image.arena);
	add_line(p, SCRATCH_LOAD, "arena", "file",
		 "khoboot's own: stack, page tables, lists, work memory, log", q->image.arena);
}

static void add_jump(struct scratch_plan *p, const struct room_question *q,
		     const struct room_answer *a)
{
	const bool copied = a->initrd.size && !range_contains(a->image, a->initrd);

	add_line(p, SCRATCH_JUMP, "window", "file",
		 "what the next kernel asks for to unpack and run", a->window_size);
	add_line(p, SCRATCH_JUMP, "block", "plan", "its boot data, command line, KHO node, log",
		 align_up_page(a->block_size));
	add_line(p, SCRATCH_JUMP, "initrd", "file", "put together, or moved near the window",
		 copied ? align_up_page(a->initrd.size) : 0);
	if (!q->reset || !q->ram)
		return;
	add_line(p, SCRATCH_JUMP, "initrd after reset", "file", "a copy that firmware leaves alone",
		 align_up_page(a->initrd.size));
	add_line(p, SCRATCH_JUMP, "firmware", "plan",
		 "the UEFI door and firmware's own, after the reset", a->firmware);
	add_line(p, SCRATCH_JUMP, "evacuation", "plan",
		 "at worst all of the firmware zone is preserved", a->zone);
}

static void add_early(struct scratch_plan *p, const struct search *f, const struct room_answer *a)
{
	struct early_item item[EARLY_ITEMS];
	const size_t n = early_items(f->s, f->i, item);

	add_line(p, SCRATCH_EARLY, "window", "file", "the kernel itself", a->window_size);
	add_line(p, SCRATCH_EARLY, "block", "plan", "read until the kernel has started",
		 align_up_page(a->block_size));
	add_line(p, SCRATCH_EARLY, "initrd", "file", "until it is unpacked",
		 align_up_page(a->initrd.size));
	for (size_t k = 0; k < n; k++) {
		add_line(p, SCRATCH_EARLY, item[k].name,
			 item[k].measured ? "measured"
			 : k + 1 < n      ? "source"
					  : "margin",
			 item[k].why, item[k].bytes);
		if (item[k].bytes && item[k].low)
			p->line[p->lines - 1].low = true;
	}
}

/* What is loaded is still there while khoboot runs. */
static void add_sums(struct scratch_plan *p)
{
	for (size_t k = 0; k < p->lines; k++)
		p->sum[p->line[k].step] += p->line[k].bytes;
	p->sum[SCRATCH_JUMP] += p->sum[SCRATCH_LOAD];
}

/* Asked of the recommended areas. */
static enum kb_status explain(struct search *f, struct scratch_plan *p)
{
	struct room_question q;
	struct room_answer a;
	enum kb_status st = scratch_place(f->s, &p->best, &f->areas);

	question(f->s, f->i, &f->areas, &q);
	if (!st)
		st = room_ask(&q, &a);
	if (st)
		return st;
	add_segments(p, &q);
	add_jump(p, &q, &a);
	add_early(p, f, &a);
	add_sums(p);
	return KB_OK;
}

static enum kb_status plan(struct search *f, struct scratch_plan *p)
{
	struct scratch_sizes second;
	enum kb_status st = search(f, &p->best);

	if (!st)
		st = explain(f, p);
	if (st || !f->i->fallback || f->i->fallback_refused)
		return st;
	/* The second kernel of the image has to fit as well. */
	f->i = f->i->fallback;
	st = search(f, &second);
	p->best.low = max_u64(p->best.low, second.low);
	p->best.global = max_u64(p->best.global, second.global);
	return st;
}

enum kb_status scratch_plan(const struct scratch_facts *s, const struct image_facts *i,
			    struct scratch_plan *ret)
{
	struct search f = {.s = s, .i = i, .align = scratch_align(s->release, s->f->page_size)};
	enum kb_status st;

	*ret = (struct scratch_plan){.align = f.align, .nodes = s->nodes};
	if (!s->f->ram.count)
		return KB_CTL_RAM_HIDDEN;
	f.areas.max = s->nodes + 2;
	f.areas.r = calloc(f.areas.max, sizeof(*f.areas.r));
	st = f.areas.r ? plan(&f, ret) : KB_CTL_MEMORY;
	free(f.areas.r);
	ret->bytes = all_bytes(s, &ret->best);
	if (st || !s->f->scratch_known)
		return st;
	ret->now_known = true;
	ret->now = scratch_try(s, i, &s->f->areas, &ret->lacks);
	return KB_OK;
}
