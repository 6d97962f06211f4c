// SPDX-License-Identifier: BSD-2-Clause
/* Digests against known values and against the libraries' own one-shot functions. */
#include <route/digest.h>

#include "unit.h"

#include <bearssl.h>

/* The reference is scalar code, as in the image; what is tested has vectors where the host has. */
#define XXH_INLINE_ALL
#define XXH_VECTOR XXH_SCALAR
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wundef"
#include <xxhash.h>
#pragma GCC diagnostic pop

#define MAX 3000

static uint8_t data[MAX];

static void fill(uint64_t seed)
{
	for (size_t i = 0; i < MAX; i++)
		data[i] = (uint8_t)random_next(&seed);
}

static void sha256_of(const void *p, size_t len, uint8_t out[KB_SHA256_SIZE])
{
	struct kb_sha256 c;

	kb_sha256_init(&c);
	kb_sha256_update(&c, p, len);
	kb_sha256_final(&c, out);
}

static void assert_hex(const uint8_t *p, size_t len, const char *hex)
{
	char text[2 * KB_SHA256_SIZE + 1] = "";

	for (size_t i = 0; i < len; i++) {
		text[2 * i] = "0123456789abcdef"[p[i] >> 4];
		text[2 * i + 1] = "0123456789abcdef"[p[i] & 15];
	}
	assert_string_equal(text, hex);
}

/* FIPS 180-2, appendix B. */
static void sha256_known(void **state)
{
	static const char long_text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	struct kb_sha256 c;
	uint8_t out[KB_SHA256_SIZE];

	sha256_of("", 0, out);
	assert_hex(out, sizeof(out),
		   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256_of("abc", 3, out);
	assert_hex(out, sizeof(out),
		   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256_of(long_text, strlen(long_text), out);
	assert_hex(out, sizeof(out),
		   "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	kb_sha256_init(&c);
	memset(data, 'a', 1000);
	for (unsigned int i = 0; i < 1000; i++)
		kb_sha256_update(&c, data, 1000);
	kb_sha256_final(&c, out);
	assert_hex(out, sizeof(out),
		   "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	(void)state;
}

/* Every length around the padding, and pieces of any size; the result may be read halfway. */
static void sha256_pieces(void **state)
{
	uint64_t random = 1;

	fill(2);
	for (size_t len = 0; len < 300; len++) {
		uint8_t want[KB_SHA256_SIZE], got[KB_SHA256_SIZE];
		br_sha256_context reference;
		struct kb_sha256 c;

		br_sha256_init(&reference);
		br_sha256_update(&reference, data, len);
		br_sha256_out(&reference, want);
		kb_sha256_init(&c);
		for (size_t at = 0, n; at < len; at += n) {
			n = 1 + random_below(&random, len - at);
			kb_sha256_update(&c, data + at, n);
			kb_sha256_final(&c, got);
		}
		kb_sha256_final(&c, got);
		assert_memory_equal(got, want, sizeof(want));
	}
	(void)state;
}

static void xxh128_pieces(void **state)
{
	uint64_t random = 3;

	fill(4);
	for (size_t len = KB_XXH128_MIN; len <= MAX; len += 1 + len / 60) {
		XXH128_hash_t want = XXH3_128bits(data, len);
		struct kb_xxh128_state s;
		struct kb_xxh128 got;

		kb_xxh128_init(&s);
		for (size_t at = 0, n; at < len; at += n) {
			n = 1 + random_below(&random, len - at);
			kb_xxh128_update(&s, data + at, n);
		}
		got = kb_xxh128_final(&s);
		assert_int_equal(got.lo, want.low64);
		assert_int_equal(got.hi, want.high64);
	}
	(void)state;
}

/* A byte less than KB_XXH128_MIN has no digest, unlike in the library; that many have one. */
static void xxh128_limit(void **state)
{
	struct kb_xxh128_state s;
	struct kb_xxh128 d;

	kb_xxh128_init(&s);
	kb_xxh128_update(&s, data, KB_XXH128_MIN - 1);
	d = kb_xxh128_final(&s);
	assert_true(d.lo == 0 && d.hi == 0);
	kb_xxh128_update(&s, data, 1);
	d = kb_xxh128_final(&s);
	assert_true(d.lo != 0 && d.hi != 0);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_known),
		cmocka_unit_test(sha256_pieces),
		cmocka_unit_test(xxh128_pieces),
		cmocka_unit_test(xxh128_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
