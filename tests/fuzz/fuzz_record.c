// SPDX-License-Identifier: BSD-2-Clause
/*
 * A handover record, sound at first. The first byte chooses whether the digest is made right after
 * the changes, so that the checks after that of the digest are reached as well, and how much of the
 * record can be read. Every three bytes that follow change one byte: where, and by which exclusive
 * or.
 */
#include <route/record.h>

#include <stdlib.h>
#include <string.h>

#define AT    0x40200000ULL
#define PAGES 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t nonce[KB_NONCE_SIZE] = {1, 2, 3};
static volatile uint8_t sink;

static void make_sound(struct kb_record *r)
{
	static const struct range areas[] = {{0x10000000, SZ_1M}, {0x40000000, 64 * SZ_1M}};
	static const struct kb_move moves[] = {{0x800000, 0x10000000, SZ_4K},
					       {0x802000, 0x40000000, 2 * SZ_4K},
					       {0x20000000, 0x41000000, SZ_4K}};
	struct kb_record_shape shape = {ARRAY_SIZE(areas), ARRAY_SIZE(moves), 4, 8};

	record_layout(r, &shape, nonce);
	r->facts.arch = KB_RECORD_X86_64;
	r->facts.page_size = SZ_4K;
	r->facts.tile_shift = 16;
	memcpy(record_scratch(r), areas, sizeof(areas));
	memcpy(record_moves(r), moves, sizeof(moves));
	strcpy(record_cmdline(r), "kho=on ");
	record_seal(r);
	record_publish(r);
}

static void read_bytes(const void *p, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++)
		sink = ((const uint8_t *)p)[i];
}

static bool in_scratch(const struct kb_record *r, const struct range *areas, struct range x)
{
	for (uint64_t i = 0; i < r->scratch_count; i++)
		if (ranges_overlap(areas[i], x))
			return true;
	return false;
}

/* Restoring them in any order must do the same. */
static void check_moves(struct kb_record *r)
{
	const struct kb_move *m = record_moves(r);
	struct range self = {AT, r->size};

	for (uint64_t i = 0; i < r->moves_count; i++) {
		struct range home = {m[i].home, m[i].size}, copy = {m[i].copy, m[i].size};

		if (!m[i].size || range_wraps(home) || range_wraps(copy) ||
		    in_scratch(r, record_scratch(r), home) ||
		    !in_scratch(r, record_scratch(r), copy) || ranges_overlap(copy, self))
			abort();
		for (uint64_t j = 0; j < i; j++)
			if (ranges_overlap(home, (struct range){m[j].home, m[j].size}) ||
			    ranges_overlap(copy, (struct range){m[j].copy, m[j].size}))
				abort();
	}
}

static void use(struct kb_record *r)
{
	struct kb_diag diag = {0};
	unsigned int attempts = 0;

	read_bytes(record_scratch(r), r->scratch_count * sizeof(struct range));
	read_bytes(record_tiles(r), r->tiles_count * sizeof(struct kb_xxh128));
	if (strlen(record_cmdline(r)) + 1 != r->cmdline_size)
		abort();
	read_bytes(r->facts.compatible, strlen(r->facts.compatible));
	check_moves(r);
	while (!record_attempt(r))
		if (++attempts > 3)
			abort();
	if (record_check(r, r->size, AT, KB_RECORD_X86_64, &diag) != KB_REC_TAKEN)
		abort();
}

/* Half of the changes go to the part of the record that is not all zeros. */
static uint64_t place(uint16_t v, uint64_t room)
{
	return v & 1 ? v / 2 % 512 : v / 2 % room;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t room;
	struct kb_record *r;
	struct kb_diag diag = {0};
	enum kb_status st;

	if (!size)
		return 0;
	room = (1 + (data[0] >> 1) % PAGES) * SZ_4K;
	r = aligned_alloc(SZ_4K, room);
	memset(r, 0, room);
	make_sound(r);
	for (size_t i = 1; i + 3 <= size; i += 3)
		((uint8_t *)r)[place(get_u16(data + i), room)] ^= data[i + 2];
	if (data[0] & 1 && r->size >= sizeof(*r) && r->size <= room) {
		record_seal(r);
		record_publish(r);
	}
	st = record_check(r, room, AT, KB_RECORD_X86_64, &diag);
	if (st != diag.status)
		abort();
	if (!st)
		use(r);
	free(r);
	return 0;
}
