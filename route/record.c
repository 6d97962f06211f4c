// SPDX-License-Identifier: BSD-2-Clause
/* The handover record: laid out and sealed before the reset, judged after it. */
#include <route/record.h>

#include <string.h>

#define HEADER sizeof(struct kb_record)

/* The digest begins after the magic, which is written last, and leaves out what changes. */
#define BEFORE  offsetof(struct kb_record, version)
#define CHANGES offsetof(struct kb_record, state)
#define AFTER   offsetof(struct kb_record, facts)

#define ATTEMPTS_ALL 3 /* when all data are digested, each attempt is as safe as the first */

_Static_assert(HEADER == 336, "the record's header is an ABI: docs/abi.md");
_Static_assert(sizeof(struct kb_record_facts) == 176, "likewise");
_Static_assert(sizeof(struct kb_move) == 24 && sizeof(struct range) == 16, "likewise");

/* ---- writing ---- */

/*
 * Add @count items of @each bytes to *at, which stays a multiple of 8. True when it is too much.
 */
static bool add_part(uint64_t *at, uint64_t count, uint64_t each)
{
	if (count > KB_RECORD_MAX / each)
		return true;
	*at += (count * each + 7) & ~7ULL;
	return *at > KB_RECORD_MAX;
}

uint64_t record_size(const struct kb_record_shape *shape)
{
	uint64_t at = HEADER;

	if (add_part(&at, shape->scratch, sizeof(struct range)) ||
	    add_part(&at, shape->moves, sizeof(struct kb_move)) ||
	    add_part(&at, shape->tiles, sizeof(struct kb_xxh128)) ||
	    add_part(&at, shape->cmdline, 1))
		return 0;
	return align_up_page(at);
}

void record_layout(struct kb_record *at, const struct kb_record_shape *shape,
		   const uint8_t nonce[KB_NONCE_SIZE])
{
	memset(at, 0, record_size(shape));
	at->version = KB_RECORD_VERSION;
	at->header_size = HEADER;
	at->size = record_size(shape);
	memcpy(at->nonce, nonce, KB_NONCE_SIZE);
	at->scratch_at = HEADER;
	at->scratch_count = shape->scratch;
	at->moves_at = at->scratch_at + shape->scratch * sizeof(struct range);
	at->moves_count = shape->moves;
	at->tiles_at = at->moves_at + shape->moves * sizeof(struct kb_move);
	at->tiles_count = shape->tiles;
	at->cmdline_at = at->tiles_at + shape->tiles * sizeof(struct kb_xxh128);
	at->cmdline_size = shape->cmdline;
}

static void *part(struct kb_record *r, uint64_t at)
{
	return (uint8_t *)r + at;
}

struct range *record_scratch(struct kb_record *r)
{
	return part(r, r->scratch_at);
}

struct kb_move *record_moves(struct kb_record *r)
{
	return part(r, r->moves_at);
}

struct kb_xxh128 *record_tiles(struct kb_record *r)
{
	return part(r, r->tiles_at);
}

char *record_cmdline(struct kb_record *r)
{
	return part(r, r->cmdline_at);
}

void record_shrink(struct kb_record *r, uint64_t moves, uint64_t tiles)
{
	r->moves_count = min_u64(r->moves_count, moves);
	r->tiles_count = min_u64(r->tiles_count, tiles);
}

static void digest(const struct kb_record *r, uint8_t out[KB_SHA256_SIZE])
{
	const uint8_t *p = (const uint8_t *)r;
	struct kb_sha256 c;

	kb_sha256_init(&c);
	kb_sha256_update(&c, p + BEFORE, CHANGES - BEFORE);
	kb_sha256_update(&c, p + AFTER, r->size - AFTER);
	kb_sha256_final(&c, out);
}

void record_seal(struct kb_record *r)
{
	r->state = KB_RECORD_SEALED;
	r->attempts = 0;
	digest(r, r->digest);
}

void record_publish(struct kb_record *r)
{
	*(volatile uint64_t *)&r->magic = KB_RECORD_MAGIC;
}

/* ---- judging ---- */

void record_key(const uint8_t nonce[KB_NONCE_SIZE], uint8_t ret[KB_SHA256_SIZE])
{
	struct kb_sha256 c;

	kb_sha256_init(&c);
	kb_sha256_update(&c, nonce, KB_NONCE_SIZE);
	kb_sha256_final(&c, ret);
}

bool record_match(const void *at, const uint8_t key[KB_SHA256_SIZE])
{
	const struct kb_record *r = at;
	uint8_t is[KB_SHA256_SIZE];

	if (r->magic != KB_RECORD_MAGIC)
		return false;
	record_key(r->nonce, is);
	return !memcmp(is, key, sizeof(is));
}

/* What is checked, and where it is noted what is wrong. */
struct judge {
	const struct kb_record *r;
	struct range self; /* physical */
	struct range_list scratch;
	const struct range *room; /* KB_ROOM_PIECES of them */
	struct kb_diag *diag;
};

static enum kb_status refuse(struct judge *j, enum kb_status status, uint64_t at, uint64_t value)
{
	*j->diag = (struct kb_diag){status, at, value};
	return status;
}

#define FIELD(field) offsetof(struct kb_record, field)

/* Refuse because of the header's field at @offset; no refusal when it is 0. */
static enum kb_status refuse_field(struct judge *j, enum kb_status status, size_t offset)
{
	const uint8_t *p = (const uint8_t *)j->r + offset;
	bool wide = offset == FIELD(size) || offset >= FIELD(facts.fdt);

	if (!offset)
		return KB_OK;
	return refuse(j, status, j->self.base + offset, wide ? get_u64(p) : get_u32(p));
}

static enum kb_status check_header(struct judge *j, uint64_t room)
{
	const struct kb_record *r = j->r;

	if (room < HEADER || r->magic != KB_RECORD_MAGIC)
		return refuse(j, KB_REC_SHAPE, j->self.base, room);
	if (r->version != KB_RECORD_VERSION)
		return refuse_field(j, KB_REC_VERSION, FIELD(version));
	if (r->header_size != HEADER)
		return refuse_field(j, KB_REC_SHAPE, FIELD(header_size));
	if (r->size < HEADER || r->size > min_u64(room, KB_RECORD_MAX) ||
	    !is_aligned(r->size, SZ_4K))
		return refuse_field(j, KB_REC_SHAPE, FIELD(size));
	return KB_OK;
}

static enum kb_status check_state(struct judge *j)
{
	if (j->r->state == KB_RECORD_SEALED)
		return KB_OK;
	return refuse_field(j, j->r->state == KB_RECORD_TAKEN ? KB_REC_TAKEN : KB_REC_SHAPE,
			    FIELD(state));
}

static enum kb_status check_digest(struct judge *j)
{
	uint8_t want[KB_SHA256_SIZE];

	digest(j->r, want);
	if (memcmp(want, j->r->digest, sizeof(want)) != 0)
		return refuse(j, KB_REC_DIGEST, j->self.base, j->self.size);
	return KB_OK;
}

/* This and the bad_*() below: the offset of the field that is wrong, or 0. */
static size_t bad_arch(const struct kb_record *r, uint32_t arch)
{
	uint32_t page = r->facts.page_size;

	if (r->facts.arch != arch)
		return FIELD(facts.arch);
	if (page != SZ_4K && (arch != KB_RECORD_ARM64 || (page != 4 * SZ_4K && page != SZ_64K)))
		return FIELD(facts.page_size);
	return 0;
}

static size_t bad_fact(const struct kb_record *r)
{
	const struct kb_record_facts *f = &r->facts;

	if (f->seal > KB_DIGEST_META)
		return FIELD(facts.seal);
	if (f->tile_shift < 12 || f->tile_shift > 63)
		return FIELD(facts.tile_shift);
	if (f->on_error > KB_ON_ERROR_RESET)
		return FIELD(facts.on_error);
	if (f->log > KB_DEBUG)
		return FIELD(facts.log);
	if (!is_aligned(f->fdt, f->page_size))
		return FIELD(facts.fdt);
	if (!memchr(f->compatible, 0, sizeof(f->compatible)))
		return FIELD(facts.compatible);
	return 0;
}

/* Do @count items of @each bytes fit at @at, which is not before *end? *end becomes their end. */
static bool part_fits(const struct kb_record *r, uint64_t at, uint64_t count, uint64_t each,
		      uint64_t *end)
{
	if (!is_aligned(at, 8) || at < *end || at > r->size || count > (r->size - at) / each)
		return false;
	*end = at + count * each;
	return true;
}

static size_t bad_part(const struct kb_record *r)
{
	uint64_t end = HEADER;

	if (!part_fits(r, r->scratch_at, r->scratch_count, sizeof(struct range), &end))
		return FIELD(scratch_at);
	if (!part_fits(r, r->moves_at, r->moves_count, sizeof(struct kb_move), &end))
		return FIELD(moves_at);
	if (!part_fits(r, r->tiles_at, r->tiles_count, sizeof(struct kb_xxh128), &end))
		return FIELD(tiles_at);
	if (!r->cmdline_size || !part_fits(r, r->cmdline_at, r->cmdline_size, 1, &end))
		return FIELD(cmdline_at);
	return 0;
}

/* The command line ends where it says, and not before. */
static size_t bad_cmdline(const struct kb_record *r)
{
	const char *text = (const char *)r + r->cmdline_at;
	uint64_t size = r->cmdline_size;

	if (size > KB_CMDLINE_MAX + 1 || memchr(text, 0, size) != text + size - 1)
		return FIELD(cmdline_size);
	return 0;
}

/* Whole pages, ascending, disjoint; the record is in one of them. */
static enum kb_status check_scratch(struct judge *j)
{
	const struct range *r = (const void *)((const uint8_t *)j->r + j->r->scratch_at);
	uint64_t end = 0;

	for (uint64_t i = 0; i < j->r->scratch_count; i++) {
		if (!r[i].size || !is_aligned(r[i].base | r[i].size, SZ_4K) || r[i].base < end ||
		    range_wraps(r[i]))
			return refuse(j, KB_REC_SHAPE, r[i].base, r[i].size);
		end = range_end(r[i]);
	}
	j->scratch = (struct range_list){(struct range *)(uintptr_t)r, j->r->scratch_count,
					 j->r->scratch_count};
	if (!range_list_contains(&j->scratch, j->self))
		return refuse(j, KB_REC_SHAPE, j->self.base, j->self.size);
	return KB_OK;
}

/* Does @r touch one of the first @count pieces of the room? */
static bool in_room(const struct judge *j, struct range r, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ranges_overlap(j->room[i], r))
			return true;
	return false;
}

static enum kb_status check_room(struct judge *j)
{
	for (size_t i = 0; i < KB_ROOM_PIECES; i++) {
		struct range r = j->room[i];

		if (!r.size)
			continue;
		if (!is_aligned(r.base | r.size, SZ_4K) || !range_list_contains(&j->scratch, r) ||
		    ranges_overlap(r, j->self) || in_room(j, r, i))
			return refuse(j, KB_REC_SHAPE, r.base, r.size);
	}
	return KB_OK;
}

/*
 * @m follows moves whose homes end at @home and whose copies end at @copy. Homes lie outside
 * scratch, copies inside, and neither touches the record or the room.
 */
static bool move_is_sound(const struct judge *j, const struct kb_move *m, uint64_t home,
			  uint64_t copy)
{
	struct range to = {m->home, m->size}, from = {m->copy, m->size};

	return m->size && is_aligned(m->home | m->copy | m->size, SZ_4K) && m->home >= home &&
	       m->copy >= copy && !range_wraps(to) && !range_list_overlap(&j->scratch, to) &&
	       range_list_contains(&j->scratch, from) && !ranges_overlap(from, j->self) &&
	       !in_room(j, from, KB_ROOM_PIECES);
}

static enum kb_status check_moves(struct judge *j)
{
	const struct kb_move *m = (const void *)((const uint8_t *)j->r + j->r->moves_at);
	uint64_t home = 0, copy = 0;

	for (uint64_t i = 0; i < j->r->moves_count; i++) {
		if (!move_is_sound(j, &m[i], home, copy))
			return refuse(j, KB_REC_MOVES, m[i].home, m[i].copy);
		home = m[i].home + m[i].size;
		copy = m[i].copy + m[i].size;
	}
	return KB_OK;
}

enum kb_status record_check(const void *at, uint64_t room, uint64_t pa, uint32_t arch,
			    struct kb_diag *diag)
{
	struct judge j = {.r = at, .self = {pa, room}, .diag = diag};
	enum kb_status st = check_header(&j, room);

	if (!st)
		j.self.size = j.r->size;
	if (!st)
		st = check_state(&j);
	if (!st)
		st = check_digest(&j);
	if (!st)
		st = refuse_field(&j, KB_REC_ARCH, bad_arch(j.r, arch));
	if (!st)
		st = refuse_field(&j, KB_REC_SHAPE, bad_fact(j.r));
	if (!st)
		st = refuse_field(&j, KB_REC_SHAPE, bad_part(j.r));
	if (!st)
		st = refuse_field(&j, KB_REC_SHAPE, bad_cmdline(j.r));
	if (!st)
		st = check_scratch(&j);
	j.room = (const struct range *)&j.r->facts.room;
	if (!st)
		st = check_room(&j);
	if (!st)
		st = check_moves(&j);
	return st;
}

/* ---- using ---- */

enum kb_status record_attempt(struct kb_record *r)
{
	uint32_t limit = r->facts.seal == KB_DIGEST_ALL ? ATTEMPTS_ALL : 1;

	if (r->attempts >= limit) {
		record_take(r);
		return KB_REC_ATTEMPTS;
	}
	r->attempts++;
	return KB_OK;
}

void record_suspend(struct kb_record *r)
{
	*(volatile uint32_t *)&r->state = KB_RECORD_TAKEN;
}

void record_resume(struct kb_record *r)
{
	*(volatile uint32_t *)&r->state = KB_RECORD_SEALED;
}

void record_take(struct kb_record *r)
{
	record_suspend(r);
	/* Whatever happens to the state, the record is never believed again. */
	memset(r->digest, 0, sizeof(r->digest));
}
