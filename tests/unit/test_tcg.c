// SPDX-License-Identifier: BSD-2-Clause
/*
 * Event sizes in a TCG log. Buffers have no byte more than is said: ASan finds any read past them.
 */
#include "unit.h"

#include <format/tcg.h>

#include <stdlib.h>

static uint8_t log_bytes[4096];
static size_t at;

static void put(const void *p, size_t n)
{
	memcpy(log_bytes + at, p, n);
	at += n;
}

static void put32(uint32_t v)
{
	put(&v, 4);
}

static void put16(uint16_t v)
{
	put(&v, 2);
}

static void put_zeros(size_t n)
{
	memset(log_bytes + at, 0, n);
	at += n;
}

/* The first event of a log with SHA-1 and SHA-256 digests. */
static void put_spec(uint32_t algs)
{
	at = 0;
	put_zeros(28);
	put32(28 + 4 * algs + 1);
	put("Spec ID Event03", 16);
	put_zeros(8);
	put32(algs);
	for (uint32_t i = 0; i < algs; i++) {
		put16(i ? 0xb : 4);
		put16(i ? 32 : 20);
	}
	put_zeros(1);
}

static void put_event2(uint32_t data)
{
	at = 0;
	put32(7);
	put32(1);
	put32(2);
	put16(4);
	put_zeros(20);
	put16(0xb);
	put_zeros(32);
	put32(data);
	put_zeros(data);
}

/* The first @n bytes in memory of their own. */
static uint8_t *exactly(size_t n)
{
	uint8_t *p = malloc(n ? n : 1);

	assert_non_null(p);
	memcpy(p, log_bytes, n);
	return p;
}

static void events_are_measured(void **state)
{
	struct tcg_spec spec;
	uint64_t size = 0;
	(void)state;

	put_spec(2);
	ok(tcg_spec_read(log_bytes, at, &spec));
	assert_int_equal(spec.count, 2);
	assert_int_equal(spec.alg[1].id, 0xb);
	assert_int_equal(spec.alg[1].size, 32);
	ok(tcg_event1_size(log_bytes, sizeof(log_bytes), &size));
	assert_int_equal(size, at);
	put_event2(100);
	ok(tcg_event2_size(&spec, log_bytes, sizeof(log_bytes), &size));
	assert_int_equal(size, at);
}

static void events_that_are_cut_off_are_refused(void **state)
{
	struct tcg_spec spec, other = {.count = 99};
	uint64_t size = 77;
	(void)state;

	put_spec(2);
	for (size_t n = 0; n < at; n++) {
		uint8_t *p = exactly(n);

		assert_int_equal(tcg_spec_read(p, n, &other), KB_TCG_SPEC);
		assert_int_equal(other.count, 99);
		assert_int_equal(tcg_event1_size(p, n, &size), KB_TCG_EVENT);
		free(p);
	}
	ok(tcg_spec_read(log_bytes, at, &spec));
	put_event2(5);
	for (size_t n = 0; n < at; n++) {
		uint8_t *p = exactly(n);

		assert_int_equal(tcg_event2_size(&spec, p, n, &size), KB_TCG_EVENT);
		free(p);
	}
	assert_int_equal(size, 77);
}

static void strange_events_are_refused(void **state)
{
	struct tcg_spec spec;
	uint64_t size;
	(void)state;

	put_spec(0);
	assert_int_equal(tcg_spec_read(log_bytes, at, &spec), KB_TCG_SPEC);
	put_spec(TCG_ALGS_MAX + 1);
	assert_int_equal(tcg_spec_read(log_bytes, at, &spec), KB_TCG_SPEC);
	put_spec(2);
	log_bytes[32] = 'x';
	assert_int_equal(tcg_spec_read(log_bytes, at, &spec), KB_TCG_SPEC);
	put_spec(2);
	ok(tcg_spec_read(log_bytes, at, &spec));
	put_event2(0);
	log_bytes[8] = 3; /* more digests than algorithms */
	assert_int_equal(tcg_event2_size(&spec, log_bytes, at, &size), KB_TCG_EVENT);
	put_event2(0);
	log_bytes[12] = 5; /* an algorithm that the log did not announce */
	assert_int_equal(tcg_event2_size(&spec, log_bytes, at, &size), KB_TCG_EVENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_measured),
		cmocka_unit_test(events_that_are_cut_off_are_refused),
		cmocka_unit_test(strange_events_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
