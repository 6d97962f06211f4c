// SPDX-License-Identifier: BSD-2-Clause
/* The handover record: its protocol, and that nothing damaged or half-written is believed. */
#include <route/record.h>

#include "unit.h"

#include <stdlib.h>

#define AT   0x40200000ULL /* the record's address, in the second scratch area */
#define ROOM (3 * SZ_4K)

static const struct range areas[] = {{0x10000000, 64 * SZ_1M}, {0x40000000, 64 * SZ_1M}};
static const struct kb_move sound[] = {
	{0x800000, 0x10000000, 2 * SZ_4K},
	{0x80a000, 0x10002000, SZ_4K},
	{0x80b000, 0x40000000, 3 * SZ_4K}, /* ends where the record could begin, and does not */
	{0x20000000, 0x43fff000, SZ_4K},
};
static const char cmdline[] = "console=ttyS0 reserve_mem=4M:4K:x kho=on";
static uint8_t nonce[KB_NONCE_SIZE];

_Alignas(4096) static uint8_t memory[ROOM];
static struct kb_record *const r = (struct kb_record *)memory;
static struct kb_diag diag;

/* As the door after the reset, which knows the nonce by its key. */
static bool matches(const void *at, const uint8_t *of)
{
	uint8_t key[KB_SHA256_SIZE];

	record_key(of, key);
	return record_match(at, key);
}

static void set_facts(struct kb_record_facts *f)
{
	f->arch = KB_RECORD_X86_64;
	f->page_size = SZ_4K;
	f->seal = KB_DIGEST_ALL;
	f->tile_shift = 16;
	f->on_error = KB_ON_ERROR_DISCARD;
	f->log = KB_DEBUG;
	f->fdt = 0x1234000;
	memset(f->meta, 0x5c, sizeof(f->meta));
	strcpy(f->compatible, "kho-v4");
}

/* A sound record without a seal, with room for one move and three digests more. */
static void lay_out(void)
{
	struct kb_record_shape shape = {ARRAY_SIZE(areas), ARRAY_SIZE(sound) + 1, 303,
					sizeof(cmdline)};

	for (unsigned int i = 0; i < sizeof(nonce); i++)
		nonce[i] = (uint8_t)(3 * i + 1);
	memset(memory, 0xee, sizeof(memory));
	assert_int_equal(record_size(&shape), 2 * SZ_4K);
	record_layout(r, &shape, nonce);
	set_facts(&r->facts);
	memcpy(record_scratch(r), areas, sizeof(areas));
	memcpy(record_moves(r), sound, sizeof(sound));
	memset(record_tiles(r), 0xa7, 300 * sizeof(struct kb_xxh128));
	strcpy(record_cmdline(r), cmdline);
	record_shrink(r, ARRAY_SIZE(sound), 300);
}

static void make(void)
{
	lay_out();
	record_seal(r);
	record_publish(r);
}

static enum kb_status judge(void)
{
	diag = (struct kb_diag){0};
	return record_check(r, ROOM, AT, KB_RECORD_X86_64, &diag);
}

/* record_check() returns @code, and the diagnosis says the same. */
#define assert_judged(code)                                                                        \
	do {                                                                                       \
		assert_int_equal(judge(), (code));                                                 \
		assert_int_equal(diag.status, (code));                                             \
	} while (0)

static void sealed_is_taken(void **state)
{
	make();
	assert_true(matches(r, nonce));
	assert_judged(KB_OK);
	assert_string_equal(record_cmdline(r), cmdline);
	assert_memory_equal(record_scratch(r), areas, sizeof(areas));
	assert_memory_equal(record_moves(r), sound, sizeof(sound));
	assert_int_equal(r->tiles_count, 300);
	assert_int_equal(memory[2 * SZ_4K], 0xee); /* nothing after it was touched */
	(void)state;
}

/* Random counts: the parts are in order, do not overlap, are aligned and lie inside. */
static void shapes(void **state)
{
	uint64_t random = 1;

	for (unsigned int i = 0; i < 200; i++) {
		struct kb_record_shape s = {random_below(&random, 40), random_below(&random, 300),
					    random_below(&random, 300),
					    1 + random_below(&random, 4096)};
		uint64_t size = record_size(&s);
		uint8_t *p = aligned_alloc(4096, size);
		struct kb_record *x = (struct kb_record *)p;

		assert_true(is_aligned(size, SZ_4K));
		record_layout(x, &s, nonce);
		assert_true((uint8_t *)record_scratch(x) >= p + sizeof(*x));
		assert_true((uint8_t *)(record_scratch(x) + s.scratch) <=
			    (uint8_t *)record_moves(x));
		assert_true((uint8_t *)(record_moves(x) + s.moves) <= (uint8_t *)record_tiles(x));
		assert_true((uint8_t *)(record_tiles(x) + s.tiles) <= (uint8_t *)record_cmdline(x));
		assert_true((uint8_t *)record_cmdline(x) + s.cmdline <= p + size);
		assert_true((uint8_t *)record_cmdline(x) + s.cmdline + SZ_4K > p + size);
		assert_int_equal(x->magic, 0);
		free(p);
	}
	(void)state;
}

static void shapes_too_large(void **state)
{
	struct kb_record_shape s = {1, 1, 1, 1};

	s.tiles = KB_RECORD_MAX / sizeof(struct kb_xxh128);
	assert_int_equal(record_size(&s), 0);
	s.tiles = UINT64_MAX / sizeof(struct kb_xxh128) + 2;
	assert_int_equal(record_size(&s), 0);
	s.tiles = 1;
	s.moves = UINT64_MAX;
	assert_int_equal(record_size(&s), 0);
	s.moves = 1;
	s.cmdline = UINT64_MAX - 8;
	assert_int_equal(record_size(&s), 0);
	s.cmdline = KB_RECORD_MAX - SZ_4K;
	assert_int_equal(record_size(&s), KB_RECORD_MAX);
	(void)state;
}

/* Bytes that the digest does not cover. */
static bool is_attempts(size_t byte)
{
	return byte >= offsetof(struct kb_record, attempts) &&
	       byte < offsetof(struct kb_record, attempts) + 4;
}

static void every_flipped_bit_is_found(void **state)
{
	make();
	for (size_t bit = 0; bit < 8 * 2 * SZ_4K; bit++) {
		enum kb_status st;

		memory[bit / 8] ^= (uint8_t)(1U << bit % 8);
		st = judge();
		if (is_attempts(bit / 8))
			assert_int_equal(st, KB_OK);
		else if (bit / 8 >= offsetof(struct kb_record, nonce) &&
			 bit / 8 < offsetof(struct kb_record, state))
			assert_int_equal(st, KB_REC_DIGEST);
		else if (bit / 8 >= offsetof(struct kb_record, digest))
			assert_int_equal(st, KB_REC_DIGEST);
		else
			assert_true(st == KB_REC_SHAPE || st == KB_REC_VERSION ||
				    st == KB_REC_DIGEST); /* the size, to another possible one */
		memory[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	assert_judged(KB_OK);
	(void)state;
}

/* The machine dies after any number of bytes. Before, memory was random, or an old record. */
static void half_written_is_never_found(void **state)
{
	static uint8_t whole[2 * SZ_4K];
	uint64_t random = 2;

	lay_out();
	record_seal(r);
	memcpy(whole, memory, sizeof(whole));
	for (size_t n = 0; n <= sizeof(whole); n += 1 + n / 64) {
		for (size_t i = 0; i < sizeof(whole); i++)
			memory[i] = (uint8_t)random_next(&random);
		memcpy(memory, whole, n);
		assert_false(matches(r, nonce));
		memcpy(memory, whole, sizeof(whole)); /* the record of the time before */
		memory[sizeof(r->magic)] ^= 1;
		memcpy(memory, whole, n);
		assert_false(matches(r, nonce));
	}
	record_publish(r);
	assert_true(matches(r, nonce));
	(void)state;
}

/* The magic reached memory, but not all of what was before it (a cache that was not flushed). */
static void published_too_early_is_refused(void **state)
{
	static uint8_t whole[2 * SZ_4K];
	size_t used;

	make();
	used = r->cmdline_at + r->cmdline_size - 1;
	memcpy(whole, memory, sizeof(whole));
	for (size_t n = sizeof(r->magic); n < used; n += n < sizeof(*r) ? 1 : 61) {
		memset(memory, 0xee, sizeof(memory));
		memcpy(memory, whole, n);
		assert_true(judge() != KB_OK);
		memset(memory, 0, sizeof(memory));
		memcpy(memory, whole, n);
		assert_true(judge() != KB_OK);
	}
	(void)state;
}

static void match_wants_magic_and_nonce(void **state)
{
	uint8_t other[KB_NONCE_SIZE];

	make();
	for (unsigned int bit = 0; bit < 8 * KB_NONCE_SIZE; bit++) {
		memcpy(other, nonce, sizeof(other));
		other[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(matches(r, other));
	}
	/* What a boot entry holds is not what a record holds. */
	assert_false(record_match(r, nonce));
	r->magic = 0;
	assert_false(matches(r, nonce));
	(void)state;
}

/* ---- sound digest, unsound content: what only a bug or an adversary writes ---- */

struct edit {
	size_t offset;
	unsigned int bytes;
	uint64_t value;
	enum kb_status code;
};

#define FIELD(field) offsetof(struct kb_record, field), sizeof(((struct kb_record *)0)->field)

static const struct edit edits[] = {
	{FIELD(version), 1, KB_REC_VERSION},
	{FIELD(version), 0, KB_REC_VERSION},
	{FIELD(header_size), 280, KB_REC_SHAPE},
	{FIELD(facts.arch), KB_RECORD_ARM64, KB_REC_ARCH},
	{FIELD(facts.arch), 0, KB_REC_ARCH},
	{FIELD(facts.page_size), 16384, KB_REC_ARCH},
	{FIELD(facts.page_size), 0, KB_REC_ARCH},
	{FIELD(facts.seal), 3, KB_REC_SHAPE},
	{FIELD(facts.tile_shift), 11, KB_REC_SHAPE},
	{FIELD(facts.tile_shift), 64, KB_REC_SHAPE},
	{FIELD(facts.on_error), 3, KB_REC_SHAPE},
	{FIELD(facts.log), 4, KB_REC_SHAPE},
	{FIELD(facts.fdt), 0x1234008, KB_REC_SHAPE},
	{FIELD(scratch_at), 280, KB_REC_SHAPE},
	{FIELD(scratch_at), 340, KB_REC_SHAPE},
	{FIELD(scratch_count), 1 << 20, KB_REC_SHAPE},
	{FIELD(scratch_count), UINT64_MAX / 16 + 2, KB_REC_SHAPE},
	{FIELD(scratch_count), 0, KB_REC_SHAPE}, /* no area is left to hold the record */
	{FIELD(scratch_count), 1, KB_REC_SHAPE}, /* only one that does not */
	{FIELD(moves_at), 360, KB_REC_SHAPE},    /* over the scratch areas */
	{FIELD(moves_at), UINT64_MAX - 7, KB_REC_SHAPE},
	{FIELD(moves_count), 1 << 20, KB_REC_SHAPE},
	{FIELD(tiles_at), 368, KB_REC_SHAPE},
	{FIELD(tiles_count), 1 << 20, KB_REC_SHAPE},
	{FIELD(cmdline_at), 368, KB_REC_SHAPE},
	{FIELD(cmdline_size), 0, KB_REC_SHAPE},
	{FIELD(cmdline_size), sizeof(cmdline) - 1, KB_REC_SHAPE},
	{FIELD(cmdline_size), sizeof(cmdline) + 1, KB_REC_SHAPE},
	{FIELD(cmdline_size), 4097, KB_REC_SHAPE},
};

static void unsound_content_is_refused(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
		lay_out();
		memcpy(memory + edits[i].offset, &edits[i].value, edits[i].bytes);
		record_seal(r);
		record_publish(r);
		if (judge() != edits[i].code)
			fail_msg("edit %zu: %d", i, diag.status);
		assert_int_equal(diag.status, edits[i].code);
		if (edits[i].offset < offsetof(struct kb_record, scratch_at)) {
			assert_int_equal(diag.at, AT + edits[i].offset);
			assert_int_equal(diag.value, edits[i].value);
		}
	}
	(void)state;
}

/* Room for the next kernel: in scratch, whole pages, apart from all else. */
static void the_room_is_judged(void **state)
{
	static const struct kb_room good = {{0x10100000, 32 * SZ_1M},
					    {0x40000000 + 0x3000, 0x1fd000},
					    {0x43000000, SZ_1M}};
	static const struct range bad[] = {
		{0x10100800, SZ_4K},             /* no whole pages */
		{0x10100000, SZ_4K + 1},         /* likewise */
		{0x0ffff000, 2 * SZ_4K},         /* leaves scratch */
		{0x20000000, SZ_4K},             /* a home */
		{UINT64_MAX - 0xfff, 2 * SZ_4K}, /* wraps */
		{AT + SZ_4K, SZ_4K},             /* the record */
		{0x43f00000, SZ_1M},             /* a copy */
		{0x10002000, 2 * SZ_4K},         /* likewise */
	};
	(void)state;

	lay_out();
	r->facts.room = good;
	record_seal(r);
	record_publish(r);
	assert_judged(KB_OK);
	for (size_t i = 0; i < 3 * ARRAY_SIZE(bad); i++) {
		lay_out();
		r->facts.room = good;
		(&r->facts.room.window)[i % 3] = bad[i / 3];
		record_seal(r);
		record_publish(r);
		assert_judged(i / 3 < 6 ? KB_REC_SHAPE : KB_REC_MOVES);
	}
	lay_out();
	r->facts.room = good;
	r->facts.room.initrd = (struct range){0x10100000, SZ_4K};
	record_seal(r);
	record_publish(r);
	assert_judged(KB_REC_SHAPE);
}

static void strings_end(void **state)
{
	lay_out();
	memset(r->facts.compatible, 'x', sizeof(r->facts.compatible));
	record_seal(r);
	record_publish(r);
	assert_judged(KB_REC_SHAPE);
	lay_out();
	record_cmdline(r)[sizeof(cmdline) - 1] = 'x';
	record_seal(r);
	record_publish(r);
	assert_judged(KB_REC_SHAPE);
	(void)state;
}

static void sizes_are_kept(void **state)
{
	make();
	assert_int_equal(record_check(r, 2 * SZ_4K, AT, KB_RECORD_X86_64, &diag), KB_OK);
	assert_int_equal(record_check(r, 2 * SZ_4K - 1, AT, KB_RECORD_X86_64, &diag), KB_REC_SHAPE);
	assert_int_equal(record_check(r, 200, AT, KB_RECORD_X86_64, &diag), KB_REC_SHAPE);
	r->size = 2 * SZ_4K - 8;
	assert_judged(KB_REC_SHAPE);
	r->size = 0;
	assert_judged(KB_REC_SHAPE);
	r->size = 1ULL << 63;
	assert_judged(KB_REC_SHAPE);
	(void)state;
}

/* The record is found at another address than it was written for. */
static void elsewhere_is_refused(void **state)
{
	make();
	assert_int_equal(record_check(r, ROOM, AT + 64 * SZ_1M, KB_RECORD_X86_64, &diag),
			 KB_REC_SHAPE);
	assert_int_equal(record_check(r, ROOM, 0x40000000 + 64 * SZ_1M - SZ_4K, KB_RECORD_X86_64,
				      &diag),
			 KB_REC_SHAPE);
	/* At that address it would overlap a copy. */
	assert_int_equal(record_check(r, ROOM, 0x40002000, KB_RECORD_X86_64, &diag), KB_REC_MOVES);
	(void)state;
}

static void page_sizes_of_arm64(void **state)
{
	for (uint64_t size = SZ_4K; size <= 2 * SZ_64K; size *= 2) {
		bool taken = size == SZ_4K || size == 16384 || size == SZ_64K;

		lay_out();
		r->facts.arch = KB_RECORD_ARM64;
		r->facts.page_size = (uint32_t)size;
		r->facts.fdt = 2 * SZ_64K;
		record_seal(r);
		record_publish(r);
		assert_int_equal(record_check(r, ROOM, AT, KB_RECORD_ARM64, &diag),
				 taken ? KB_OK : KB_REC_ARCH);
	}
	(void)state;
}

static void scratch_is_judged(void **state)
{
	static const struct range bad[][2] = {
		{{0x10000000, 0}, {0x40000000, 64 * SZ_1M}},
		{{0x10000800, SZ_4K}, {0x40000000, 64 * SZ_1M}},
		{{0x10000000, 100}, {0x40000000, 64 * SZ_1M}},
		{{0x40000000, 64 * SZ_1M}, {0x10000000, 64 * SZ_1M}},
		{{0x10000000, SZ_1G}, {0x40000000, 64 * SZ_1M}},
		{{0x40000000, 64 * SZ_1M}, {UINT64_MAX - 0xfff, SZ_4K}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		lay_out();
		record_shrink(r, 0, 0);
		memcpy(record_scratch(r), bad[i], sizeof(bad[i]));
		record_seal(r);
		record_publish(r);
		assert_judged(KB_REC_SHAPE);
	}
	(void)state;
}

/* ---- moves, against a model of one entry per page ---- */

#define UNIVERSE 96 /* pages from 0x40000000 - 32 pages on; scratch are those from page 32 on */
#define ORIGIN   (0x40000000ULL - 32 * SZ_4K)
#define SELF     (ORIGIN + 70 * SZ_4K) /* the record: pages 70 and 71 */

/* Each page is claimed at most once. Homes lie outside scratch, copies inside. */
static bool claim_page(uint8_t *pages, uint64_t at, bool home)
{
	uint64_t page = (at - ORIGIN) / SZ_4K;

	if (at > UINT64_MAX - SZ_4K)
		return false;
	if (at < ORIGIN || page >= UNIVERSE)
		return home;
	if (pages[page] || home != (page < 32))
		return false;
	pages[page] = 1;
	return true;
}

/* What record_check() has to say of @m. */
static bool model_moves(const struct kb_move *m, size_t count)
{
	uint8_t pages[UNIVERSE] = {[70] = 1, [71] = 1};

	for (size_t i = 0; i < count; i++) {
		if (!m[i].size || m[i].size > UNIVERSE * SZ_4K ||
		    (m[i].home | m[i].copy | m[i].size) % SZ_4K)
			return false;
		if (i && (m[i].home < m[i - 1].home || m[i].copy < m[i - 1].copy))
			return false;
		for (uint64_t off = 0; off < m[i].size; off += SZ_4K)
			if (!claim_page(pages, m[i].home + off, true) ||
			    !claim_page(pages, m[i].copy + off, false))
				return false;
	}
	return true;
}

/* Sound moves; half of the time one value of one of them is then made wrong. */
static size_t random_moves(struct kb_move *m, uint64_t *random)
{
	uint64_t home = ORIGIN, copy = ORIGIN + 32 * SZ_4K, n = 0;

	while (n < 4) {
		uint64_t size = (1 + random_below(random, 4)) * SZ_4K;

		home += random_below(random, 4) * SZ_4K;
		copy += random_below(random, 6) * SZ_4K;
		m[n++] = (struct kb_move){home, copy, size};
		home += size;
		copy += size;
	}
	if (random_below(random, 2)) {
		uint64_t *value = &m[0].home + random_below(random, 3 * n);

		if (random_below(random, 4))
			*value += (random_below(random, 17) - 8) * SZ_4K;
		else
			*value += 1ULL << random_below(random, 64);
	}
	return n;
}

static void moves_are_judged(void **state)
{
	uint64_t random = 7, good = 0, bad = 0;

	for (unsigned int i = 0; i < 5000; i++) {
		struct kb_move m[4];
		size_t n = random_moves(m, &random);

		lay_out();
		record_shrink(r, n, 0);
		memcpy(record_moves(r), m, n * sizeof(*m));
		*record_scratch(r) = (struct range){0x40000000, 64 * SZ_4K};
		r->scratch_count = 1;
		record_seal(r);
		record_publish(r);
		diag = (struct kb_diag){0};
		if (model_moves(m, n)) {
			good++;
			assert_int_equal(record_check(r, ROOM, SELF, KB_RECORD_X86_64, &diag),
					 KB_OK);
		} else {
			bad++;
			assert_int_equal(record_check(r, ROOM, SELF, KB_RECORD_X86_64, &diag),
					 KB_REC_MOVES);
			assert_int_equal(diag.status, KB_REC_MOVES);
		}
	}
	assert_true(good > 500 && bad > 500);
	(void)state;
}

/* ---- use ---- */

static void attempts_are_counted(void **state)
{
	make();
	for (unsigned int i = 0; i < 3; i++) {
		assert_judged(KB_OK);
		ok(record_attempt(r));
		assert_int_equal(r->attempts, i + 1);
	}
	assert_int_equal(record_attempt(r), KB_REC_ATTEMPTS);
	assert_judged(KB_REC_TAKEN);
	(void)state;
}

static void one_attempt_without_all_digests(void **state)
{
	for (uint32_t seal = KB_DIGEST_ZONE; seal <= KB_DIGEST_META; seal++) {
		lay_out();
		r->facts.seal = seal;
		record_seal(r);
		record_publish(r);
		ok(record_attempt(r));
		assert_judged(KB_OK);
		assert_int_equal(record_attempt(r), KB_REC_ATTEMPTS);
		assert_judged(KB_REC_TAKEN);
	}
	(void)state;
}

/* The digest does not cover the count. Whatever it is damaged to, no attempts are won back. */
static void damaged_count_ends_it(void **state)
{
	make();
	r->attempts = UINT32_MAX;
	assert_int_equal(record_attempt(r), KB_REC_ATTEMPTS);
	assert_judged(KB_REC_TAKEN);
	(void)state;
}

static void taken_is_never_used_again(void **state)
{
	make();
	record_take(r);
	assert_true(matches(r, nonce)); /* found, so that it can be said */
	assert_judged(KB_REC_TAKEN);
	r->state = KB_RECORD_SEALED;
	assert_judged(KB_REC_DIGEST);
	(void)state;
}

static void suspended_is_not_used_and_comes_back(void **state)
{
	make();
	record_suspend(r);
	assert_judged(KB_REC_TAKEN);
	record_resume(r);
	assert_judged(KB_OK);
	record_take(r);
	record_resume(r);
	assert_judged(KB_REC_DIGEST);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sealed_is_taken),
		cmocka_unit_test(shapes),
		cmocka_unit_test(shapes_too_large),
		cmocka_unit_test(every_flipped_bit_is_found),
		cmocka_unit_test(half_written_is_never_found),
		cmocka_unit_test(published_too_early_is_refused),
		cmocka_unit_test(match_wants_magic_and_nonce),
		cmocka_unit_test(unsound_content_is_refused),
		cmocka_unit_test(strings_end),
		cmocka_unit_test(the_room_is_judged),
		cmocka_unit_test(sizes_are_kept),
		cmocka_unit_test(elsewhere_is_refused),
		cmocka_unit_test(page_sizes_of_arm64),
		cmocka_unit_test(scratch_is_judged),
		cmocka_unit_test(moves_are_judged),
		cmocka_unit_test(attempts_are_counted),
		cmocka_unit_test(one_attempt_without_all_digests),
		cmocka_unit_test(damaged_count_ends_it),
		cmocka_unit_test(taken_is_never_used_again),
		cmocka_unit_test(suspended_is_not_used_and_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
