// SPDX-License-Identifier: BSD-2-Clause
/* Unpacking from memory to memory: whole, the beginning, damaged, and too large. */
#include "unit.h"

#include "pack.h"

#include <format/unpack.h>

#include <stdlib.h>

#define SIZE (3u << 20) /* several blocks and windows */

static uint8_t *plain, *out;
static struct buffer packed, work;

static int setup(void **state)
{
	uint64_t seed = 1;
	(void)state;

	plain = malloc(SIZE);
	out = malloc(SIZE);
	for (size_t i = 0; i < SIZE; i++)
		plain[i] = i % 64 < 50 ? (uint8_t)(i / 64 / 3) : (uint8_t)random_next(&seed);
	buffer_reserve(&work, UNPACK_WORK_SIZE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(plain);
	free(out);
	buffer_free(&packed);
	buffer_free(&work);
	return 0;
}

static struct range work_area(void)
{
	return (struct range){(uintptr_t)work.data, UNPACK_WORK_SIZE};
}

static const struct kind {
	enum packing packing;
	void (*pack)(struct buffer *b, const void *data, size_t size);
} kinds[] = {{PACKING_GZIP, pack_gzip_to}, {PACKING_ZSTD, pack_zstd_to}};

static struct packed pack(const struct kind *k, size_t size)
{
	packed.size = 0;
	k->pack(&packed, plain, size);
	return (struct packed){packed.data, packed.size, k->packing};
}

#define for_each_kind(k) for (const struct kind *k = kinds; k < kinds + ARRAY_SIZE(kinds); k++)

/* ---- whole ----------------------------------------------------------------------------------- */

static void assert_whole(const struct packed *p, size_t size, uint64_t room)
{
	uint64_t got = 0;

	memset(out, 0, SIZE);
	ok(unpack(p, out, room, work_area(), &got, NULL));
	assert_int_equal(got, size);
	assert_memory_equal(out, plain, size);
}

static void everything_comes_out(void **state)
{
	static const size_t sizes[] = {0, 1, 64, 4096, 131072, 131073, 1u << 20, SIZE};
	(void)state;

	for_each_kind(k) for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
	{
		struct packed p = pack(k, sizes[i]);

		assert_whole(&p, sizes[i], SIZE);
		assert_whole(&p, sizes[i], sizes[i]); /* not a byte more than needed */
	}
}

/* What follows the packed data is a size, or a signature. */
static void what_follows_is_not_looked_at(void **state)
{
	(void)state;

	for_each_kind(k)
	{
		struct packed p = pack(k, 5000);

		buffer_append(&packed, "\1\2\3\4tail", 8);
		p.data = packed.data;
		p.size = packed.size;
		assert_whole(&p, 5000, SIZE);
	}
}

/* The work area need not be aligned. */
static void any_address_will_do(void **state)
{
	struct buffer area = {0};
	uint64_t got;
	(void)state;

	buffer_reserve(&area, UNPACK_WORK_SIZE + 1);
	for_each_kind(k)
	{
		struct packed p = pack(k, SIZE);
		struct range odd = {(uintptr_t)area.data + 1, UNPACK_WORK_SIZE};

		ok(unpack(&p, out, SIZE, odd, &got, NULL));
		assert_memory_equal(out, plain, SIZE);
	}
	buffer_free(&area);
}

/* However much the data unpack to, no byte past the room is written (the sanitizer watches it). */
static void no_byte_behind_the_room(void **state)
{
	static const uint64_t rooms[] = {0, 1, 63, 4096, 131072, SIZE - 1};
	(void)state;

	for_each_kind(k)
	{
		struct packed p = pack(k, SIZE);

		for (size_t i = 0; i < ARRAY_SIZE(rooms); i++) {
			uint8_t *small = malloc(rooms[i] ? rooms[i] : 1);
			struct kb_diag diag = {0};
			uint64_t got = 77;

			assert_int_equal(unpack(&p, small, rooms[i], work_area(), &got, &diag),
					 KB_UNPACK_ROOM);
			assert_int_equal(diag.status, KB_UNPACK_ROOM);
			assert_true(diag.value <= rooms[i]);
			assert_int_equal(got, 77);
			free(small);
		}
	}
}

/* ---- damage ---------------------------------------------------------------------------------- */

static void cut_data_are_refused(void **state)
{
	(void)state;

	for_each_kind(k)
	{
		struct packed p = pack(k, SIZE);
		uint64_t whole = p.size, got;

		for (uint64_t cut = 1; cut < whole; cut += whole / 7) {
			uint8_t *copy = malloc(whole - cut);

			memcpy(copy, packed.data, whole - cut);
			p = (struct packed){copy, whole - cut, k->packing};
			assert_int_equal(unpack(&p, out, SIZE, work_area(), &got, NULL), KB_UNPACK);
			free(copy);
		}
	}
}

/* Both have a checksum: no change of the data goes unseen. */
static void damaged_data_are_refused(void **state)
{
	uint64_t seed = 2;
	(void)state;

	for_each_kind(k)
	{
		struct packed p = pack(k, 200000);

		for (int i = 0; i < 200; i++) {
			size_t at = 10 + random_below(&seed, packed.size - 10);
			enum kb_status st;
			uint64_t got;

			packed.data[at] ^= (uint8_t)(1u << random_below(&seed, 8));
			st = unpack(&p, out, SIZE, work_area(), &got, NULL);
			if (!st)
				fail_msg("packing %d: byte %zu changed", k->packing, at);
			p = pack(k, 200000);
		}
	}
}

static void other_data_are_refused(void **state)
{
	static const char text[] = "this is neither gzip nor Zstandard, but longer than a header";
	uint64_t got;
	(void)state;

	for_each_kind(k)
	{
		struct packed p = {text, sizeof(text), k->packing};

		assert_int_equal(unpack(&p, out, SIZE, work_area(), &got, NULL), KB_UNPACK);
		p.size = 0;
		assert_int_equal(unpack(&p, out, SIZE, work_area(), &got, NULL), KB_UNPACK);
	}
}

/* ---- the beginning --------------------------------------------------------------------------- */

static void the_beginning_comes_out(void **state)
{
	static const size_t sizes[] = {0, 1, 64, UNPACK_HEAD_MAX};
	(void)state;

	for_each_kind(k)
	{
		struct packed p = pack(k, SIZE);

		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			uint8_t *head = malloc(sizes[i] ? sizes[i] : 1);

			ok(unpack_head(&p, head, sizes[i], work_area(), NULL));
			assert_memory_equal(head, plain, sizes[i]);
			free(head);
		}
	}
}

/* The beginning of the packed data is enough for it. */
static void the_rest_is_not_read(void **state)
{
	(void)state;

	for_each_kind(k)
	{
		struct packed p = pack(k, SIZE);

		memset(packed.data + packed.size / 2, 0xff, packed.size / 2);
		ok(unpack_head(&p, out, 64, work_area(), NULL));
		assert_memory_equal(out, plain, 64);
	}
}

static void too_short_a_beginning(void **state)
{
	struct kb_diag diag;
	(void)state;

	for_each_kind(k)
	{
		struct packed p = pack(k, 63);

		ok(unpack_head(&p, out, 63, work_area(), NULL));
		diag = (struct kb_diag){0};
		assert_int_equal(unpack_head(&p, out, 64, work_area(), &diag), KB_UNPACK);
		assert_int_equal(diag.value, 63);
		p.size = 12;
		assert_int_equal(unpack_head(&p, out, 63, work_area(), NULL), KB_UNPACK);
	}
}

/* ---- work area ------------------------------------------------------------------------------- */

static void too_small_a_work_area(void **state)
{
	static const uint64_t sizes[] = {0, 1, 4096, 16384};
	(void)state;

	for_each_kind(k)
	{
		struct packed p = pack(k, SIZE);

		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			struct range small = {(uintptr_t)work.data + 1, sizes[i]};
			struct kb_diag diag = {0};
			uint64_t got;

			assert_int_equal(unpack(&p, out, SIZE - 1, small, &got, &diag),
					 KB_UNPACK_WORK);
			assert_int_equal(diag.status, KB_UNPACK_WORK);
			assert_int_equal(unpack_head(&p, out, 64, small, NULL), KB_UNPACK_WORK);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_comes_out),
		cmocka_unit_test(what_follows_is_not_looked_at),
		cmocka_unit_test(any_address_will_do),
		cmocka_unit_test(no_byte_behind_the_room),
		cmocka_unit_test(cut_data_are_refused),
		cmocka_unit_test(damaged_data_are_refused),
		cmocka_unit_test(other_data_are_refused),
		cmocka_unit_test(the_beginning_comes_out),
		cmocka_unit_test(the_rest_is_not_read),
		cmocka_unit_test(too_short_a_beginning),
		cmocka_unit_test(too_small_a_work_area),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
