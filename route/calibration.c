// SPDX-License-Identifier: BSD-2-Clause
/* Calibration: the pattern, and what is concluded from a reset. */
#include <route/calibration.h>

#include <string.h>

/* ---- the pattern ----------------------------------------------------------------------------- */

/*
 * The first word of the page at @pa; each further word adds STEP. It differs for each page and
 * reset, so that neither a page copied elsewhere nor one left out of the last filling looks intact.
 * And it is quick to make, because all free memory is filled with it.
 */
#define STEP 0x9e3779b97f4a7c15ULL

static uint64_t pattern(const struct kb_calibration *c, uint64_t pa)
{
	uint64_t x = (c->seed ^ ((uint64_t)c->done + 1) << 56) + pa * 0xbf58476d1ce4e5b9ULL;

	return (x ^ x >> 31) * 0x94d049bb133111ebULL;
}

void calibration_fill(const struct kb_calibration *c, uint64_t pa, void *page)
{
	uint64_t *word = page, *end = word + SZ_4K / sizeof(*word), v = pattern(c, pa);

	for (; word < end; word++, v += STEP)
		*word = v;
}

bool calibration_intact(const struct kb_calibration *c, uint64_t pa, const void *page)
{
	const uint64_t *word = page, *end = word + SZ_4K / sizeof(*word);
	uint64_t v = pattern(c, pa);

	for (; word < end; word++, v += STEP)
		if (*word != v)
			return false;
	return true;
}

/* ---- ranges ---------------------------------------------------------------------------------- */

static uint64_t gap_after(const struct range_list *l, size_t i)
{
	return l->r[i + 1].base - range_end(l->r[i]);
}

static size_t gaps_above(const struct range_list *l, uint64_t size)
{
	size_t n = 0;

	for (size_t i = 0; i + 1 < l->count; i++)
		n += gap_after(l, i) > size;
	return n;
}

/* The largest gap that has to close so that @max entries are left, by binary search. */
static uint64_t limit_gap(const struct range_list *l, size_t max)
{
	uint64_t lo = 0, hi = UINT64_MAX;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (gaps_above(l, mid) >= max)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void calibration_coalesce(struct range_list *l, size_t max)
{
	size_t out = 0, stay;
	uint64_t limit;

	if (l->count <= max)
		return;
	limit = limit_gap(l, max);
	/* Of several gaps of exactly that size, the first ones stay. */
	stay = max - 1 - gaps_above(l, limit);
	for (size_t i = 1; i < l->count; i++) {
		uint64_t gap = l->r[i].base - range_end(l->r[out]);

		if (gap > limit || (gap == limit && stay && stay--))
			l->r[++out] = l->r[i];
		else
			l->r[out].size = range_end(l->r[i]) - l->r[out].base;
	}
	l->count = out + 1;
}

struct range_list calibration_zone(struct kb_calibration *c)
{
	return (struct range_list){c->zone, c->zone_count, KB_ZONE_MAX};
}

struct range_list calibration_touched(struct kb_calibration *c)
{
	return (struct range_list){c->touched, c->touched_count, KB_CALIBRATION_TOUCHED};
}

/* Copy @from to @to, which has room for @max entries. The nearest are merged until they fit. */
static uint32_t store(struct range_list *from, struct range *to, size_t max)
{
	calibration_coalesce(from, max);
	memcpy(to, from->r, from->count * sizeof(*to));
	return (uint32_t)from->count;
}

/* ---- a variable ------------------------------------------------------------------------------ */

void calibration_init(struct kb_calibration *ret, unsigned int rounds, uint64_t seed)
{
	memset(ret, 0, sizeof(*ret));
	ret->magic = KB_CALIBRATION_MAGIC;
	ret->version = KB_CALIBRATION_VERSION;
	ret->size = sizeof(*ret);
	ret->state = KB_CALIBRATION_RUNNING;
	ret->rounds = rounds;
	ret->seed = seed;
}

static bool sound_list(const struct range *r, uint64_t count, size_t max)
{
	if (count > max)
		return false;
	for (uint64_t i = 0; i < count; i++) {
		if (!r[i].size || range_wraps(r[i]) || !is_aligned(r[i].base | r[i].size, SZ_4K))
			return false;
		if (i && r[i].base <= range_end(r[i - 1]))
			return false;
	}
	return true;
}

static bool sound_state(const struct kb_calibration *c)
{
	if (c->rounds < 1 || c->rounds > KB_CALIBRATION_ROUNDS || c->done > c->rounds)
		return false;
	switch (c->state) {
	case KB_CALIBRATION_RUNNING:
		return c->done < c->rounds && !c->zone_count;
	case KB_CALIBRATION_COMPLETE:
		return c->done == c->rounds && c->zone_count;
	case KB_CALIBRATION_LOST:
		return c->done && !c->zone_count;
	default:
		return false;
	}
}

static bool sound(const struct kb_calibration *c)
{
	return c->magic == KB_CALIBRATION_MAGIC && c->version == KB_CALIBRATION_VERSION &&
	       c->size == sizeof(*c) && sound_state(c) &&
	       memchr(c->firmware_vendor, 0, sizeof(c->firmware_vendor)) &&
	       sound_list(c->zone, c->zone_count, KB_ZONE_MAX) &&
	       sound_list(c->touched, c->touched_count, KB_CALIBRATION_TOUCHED) &&
	       sound_list(c->ram, c->ram_count, KB_CALIBRATION_RAM);
}

enum kb_status calibration_read(const void *data, size_t size, struct kb_calibration *ret)
{
	struct kb_calibration c;

	if (size != sizeof(c))
		return KB_CAL_FORMAT;
	memcpy(&c, data, sizeof(c));
	if (!sound(&c))
		return KB_CAL_FORMAT;
	*ret = c;
	return KB_OK;
}

bool calibration_fits(const struct kb_calibration *c, uint32_t build)
{
	return c->state == KB_CALIBRATION_COMPLETE && build && c->firmware_build == build;
}

/* ---- a round --------------------------------------------------------------------------------- */

/* Bytes that are in both sorted lists. */
static uint64_t common_bytes(const struct range_list *a, const struct range_list *b)
{
	size_t i = 0, j = 0;
	uint64_t sum = 0;

	while (i < a->count && j < b->count) {
		sum += range_intersect(a->r[i], b->r[j]).size;
		if (range_end(a->r[i]) < range_end(b->r[j]))
			i++;
		else
			j++;
	}
	return sum;
}

/* Add what was touched now to what was touched before. */
static void add_touched(struct kb_calibration *c, struct range_list *touched)
{
	struct range both[2 * KB_CALIBRATION_TOUCHED];
	struct range_list l = {both, c->touched_count, ARRAY_SIZE(both)};

	memcpy(both, c->touched, c->touched_count * sizeof(*both));
	l.count += store(touched, both + l.count, KB_CALIBRATION_TOUCHED);
	range_list_sort(&l);
	c->touched_count = store(&l, c->touched, KB_CALIBRATION_TOUCHED);
}

/* The next reset may differ from these as much as they did from each other: twice the drift. */
static uint64_t margin(const struct kb_calibration *c)
{
	uint64_t drift = 0;

	for (uint32_t i = 1; i < c->done; i++)
		drift = max_u64(drift, c->round[i].drift);
	return align_up(max_u64(KB_CALIBRATION_MARGIN, 2 * drift * SZ_4K), SZ_64K);
}

/* @r and @by bytes more at both sides, in whole 64 KiB, but within the address space. */
static struct range widen(struct range r, uint64_t by)
{
	uint64_t base = align_down(r.base - min_u64(by, r.base), SZ_64K), end;

	if (add_overflow(range_end(r), by, &end) || align_up_overflow(end, SZ_64K, &end))
		end = align_down(UINT64_MAX, SZ_64K);
	return (struct range){base, end - base};
}

static void conclude(struct kb_calibration *c)
{
	struct range wide[KB_CALIBRATION_TOUCHED];
	struct range_list l = {wide, c->touched_count, ARRAY_SIZE(wide)};

	c->margin = margin(c);
	for (size_t i = 0; i < l.count; i++)
		wide[i] = widen(c->touched[i], c->margin);
	range_list_sort(&l);
	c->zone_count = store(&l, c->zone, KB_ZONE_MAX);
	c->state = KB_CALIBRATION_COMPLETE;
}

void calibration_round(struct kb_calibration *c, struct range_list *touched, uint64_t silent,
		       struct range_list *ram)
{
	struct range_list known = calibration_touched(c);
	uint64_t bytes = range_list_bytes(touched), all = range_list_bytes(ram);

	c->round[c->done++] =
		(struct kb_calibration_round){bytes / SZ_4K, silent,
					      (bytes - common_bytes(touched, &known)) / SZ_4K};
	add_touched(c, touched);
	c->ram_count = store(ram, c->ram, KB_CALIBRATION_RAM);
	if (bytes > all / 2)
		c->state = KB_CALIBRATION_LOST;
	else if (c->done == c->rounds)
		conclude(c);
}
