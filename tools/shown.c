// SPDX-License-Identifier: BSD-2-Clause
/* Finds the root FDT in what the user named, and what is needed to read on from it. */
#include "shown.h"

#include <core/bits.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- options ---- */

static bool parse_number(const char *text, char end, uint64_t *ret, const char **rest)
{
	char *after;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret = strtoull(text, &after, 0);
	*rest = after + 1;
	return !errno && *after == end;
}

static bool parse_scratch(const char *arg, struct kho_handover *ret)
{
	const char *rest;

	return parse_number(arg, ',', &ret->scratch.addr, &rest) &&
	       parse_number(rest, 0, &ret->scratch_size, &rest) && ret->scratch_size &&
	       ret->scratch_size % 16 == 0;
}

static bool parse_page(const char *arg, unsigned int *ret)
{
	const char *rest;
	uint64_t n;

	if (!parse_number(arg, 0, &n, &rest) || (n != 0x1000 && n != 0x4000 && n != 0x10000))
		return false;
	*ret = highest_bit(n);
	return true;
}

static bool parse_bitmaps(const char *arg, enum kho_bitmap_hint *ret)
{
	*ret = !strcmp(arg, "small") ? KHO_BITMAP_SMALL : KHO_BITMAP_PAGE;
	return !strcmp(arg, "small") || !strcmp(arg, "page");
}

static bool parse_live(const char *arg, enum shown_from *ret)
{
	*ret = arg && !strcmp(arg, "in") ? SHOWN_LIVE_IN : SHOWN_LIVE_OUT;
	return !arg || !strcmp(arg, "in") || !strcmp(arg, "out");
}

static bool take(struct shown_request *q, int option, const char *arg)
{
	const char *rest;

	switch (option) {
	case SHOWN_DUMP_OPTION:
		if (q->files == SHOWN_FILES)
			return false;
		q->file[q->files++] = (char *)(uintptr_t)arg;
		return true;
	case SHOWN_RAW:
		return q->raw = true;
	case SHOWN_FDT:
		return q->has_fdt = parse_number(arg, 0, &q->fdt, &rest) && q->fdt % 8 == 0;
	case SHOWN_SCRATCH:
		return q->has_scratch = parse_scratch(arg, &q->scratch);
	case SHOWN_PAGE:
		return parse_page(arg, &q->page_shift);
	case SHOWN_BITMAPS:
		return parse_bitmaps(arg, &q->hint);
	default:
		return parse_live(arg, &q->from);
	}
}

int shown_take(const char *command, struct shown_request *q, int option, const char *arg)
{
	if (option < SHOWN_DUMP_OPTION || option > SHOWN_LIVE)
		return -1;
	if (!take(q, option, arg))
		return ctl_usage("%s: '%s' is not what the option takes", command, arg ? arg : "");
	return CTL_OK;
}

/* ---- dumps ---- */

/* FILE@ADDRESS: cut at the last '@', if a number follows it. */
static uint64_t cut_address(char *file)
{
	char *at = strrchr(file, '@');
	const char *rest;
	uint64_t n;

	if (!at || !parse_number(at + 1, 0, &n, &rest))
		return 0;
	*at = 0;
	return n;
}

static int open_dumps(struct shown *s)
{
	struct kb_diag diag = {0};

	for (unsigned int i = 0; i < s->q->files; i++) {
		uint64_t at = cut_address(s->q->file[i]);
		enum kb_status st = dump_add(&s->d, s->q->file[i], at, s->q->raw, &diag);

		if (st == KB_DUMP_FILE)
			return ctl_system(s->q->file[i]);
		if (st)
			return ctl_refuse(s->q->file[i], st, &diag);
	}
	return CTL_OK;
}

static int find_root(struct shown *s)
{
	if (s->q->has_fdt) {
		s->h.fdt = phys(s->q->fdt);
		return CTL_OK;
	}
	dump_scan(&s->d, &s->found);
	s->searched = true;
	if (!s->found.roots)
		return ctl_refuse(s->q->file[0], KB_DUMP_NONE, NULL);
	if (s->found.root[0].handed)
		s->h = s->found.root[0].h;
	s->h.fdt = phys(s->found.root[0].at);
	return CTL_OK;
}

/* As much of the FDT's page as there is, up to its end. */
static uint64_t read_fdt(struct shown *s)
{
	uint64_t total;

	if (!dump_read(&s->d, (struct range){s->h.fdt.addr, 40}, s->fdt))
		return 0;
	total = __builtin_bswap32(get_u32(s->fdt + 4));
	if (total > SZ_64K || total < 40 ||
	    !dump_read(&s->d, (struct range){s->h.fdt.addr, total}, s->fdt))
		return 40;
	return total;
}

void shown_add_area(struct shown *s, struct range r)
{
	if (s->area_count < KHO_SCRATCH_AREAS)
		s->areas[s->area_count++] = r;
}

static void read_areas(struct shown *s)
{
	struct range r;

	if (s->q->has_scratch) {
		s->h.scratch = s->q->scratch.scratch;
		s->h.scratch_size = s->q->scratch.scratch_size;
	}
	for (uint64_t i = 0; inspect_area(&s->d.mem, &s->h, i, &r); i++)
		shown_add_area(s, r);
}

/* ---- both ---- */

static void find_page_size(struct shown *s)
{
	unsigned int *shift = &s->root.page_shift;

	*shift = s->q->page_shift;
	if (!*shift && s->h.fdt_size)
		*shift = highest_bit(s->h.fdt_size);
	if (!*shift && s->fdt_known)
		*shift = inspect_page_shift(&s->d.mem, &s->root);
	if (!*shift)
		*shift = s->d.page_shift;
	if (!*shift) {
		*shift = 12;
		inspect_note(&s->faults, "root", KB_INSPECT_PAGE_SIZE, s->h.fdt.addr, 0);
	}
	s->root.fdt.size = 1ULL << *shift;
}

static void sort_areas(struct shown *s)
{
	s->scratch = (struct range_list){calloc(KHO_SCRATCH_AREAS, sizeof(struct range)), 0,
					 KHO_SCRATCH_AREAS};
	if (!s->scratch.r)
		abort();
	for (unsigned int i = 0; i < s->area_count; i++)
		if (range_wraps(s->areas[i]))
			inspect_note(&s->faults, "scratch", KB_KHO_SCRATCH_WRAP, s->areas[i].base,
				     s->areas[i].size);
		else if (range_list_add(&s->scratch, s->areas[i]))
			break;
	range_list_sort(&s->scratch);
	s->has_scratch = s->area_count;
	if (!s->has_scratch)
		inspect_note(&s->faults, "scratch", KB_INSPECT_NO_SCRATCH, s->h.scratch.addr, 0);
}

int shown_read_root(struct shown *s, uint64_t size)
{
	enum kb_status st =
		inspect_root(&s->d.mem, s->fdt, s->h.fdt.addr, size, &s->root, &s->faults);
	const struct kb_diag diag = {st, s->h.fdt.addr, size};

	if (st)
		return ctl_refuse("inspect", st, &diag);
	find_page_size(s);
	sort_areas(s);
	return CTL_OK;
}

int shown_open(struct shown *s, const struct shown_request *q, const char *root_dir)
{
	int ret;

	memset(s, 0, sizeof(*s));
	s->q = q;
	s->running.root = root_dir;
	if (q->from != SHOWN_DUMP)
		return shown_open_live(s);
	ret = open_dumps(s);
	if (!ret)
		ret = find_root(s);
	if (ret)
		return ret;
	s->fdt_known = true;
	read_areas(s);
	return shown_read_root(s, read_fdt(s));
}

bool shown_is_faulty(const struct shown *s)
{
	const struct inspect_faults *f = &s->faults;

	for (uint64_t i = 0; i < f->count && i < INSPECT_FAULTS; i++)
		if (!inspect_is_remark(f->first[i].status))
			return true;
	return f->count > INSPECT_FAULTS;
}

void shown_close(struct shown *s)
{
	free(s->scratch.r);
	dump_close(&s->d);
}
