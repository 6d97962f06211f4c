// SPDX-License-Identifier: BSD-2-Clause
/* Vector code against plain C. */
#include "variants.h"

#include "random.h"

#include <stdio.h>
#include <string.h>

#define MAX   2600 /* more than two blocks of XXH3, which have 1024 bytes */
#define ALIGN 64
#define LARGE (1u << 20)

static uint8_t data[LARGE + ALIGN];
static char problem[128];

struct digests {
	uint8_t sha256[KB_SHA256_SIZE];
	struct kb_xxh128 xxh128;
};

struct running {
	struct kb_sha256 sha256;
	struct kb_xxh128_state xxh128;
};

static void begin(struct running *r)
{
	kb_sha256_init(&r->sha256);
	kb_xxh128_init(&r->xxh128);
}

static void add(struct running *r, const struct kb_digest_code *code, const void *p, size_t len)
{
	kb_digest_use(code);
	kb_sha256_update(&r->sha256, p, len);
	kb_xxh128_update(&r->xxh128, p, len);
}

static struct digests end(const struct running *r)
{
	struct digests d;

	kb_digest_use(NULL);
	kb_sha256_final(&r->sha256, d.sha256);
	d.xxh128 = kb_xxh128_final(&r->xxh128);
	return d;
}

static struct digests plain(const void *p, size_t len)
{
	struct running r;

	begin(&r);
	add(&r, NULL, p, len);
	return end(&r);
}

static bool differ(const struct digests *a, const struct digests *b)
{
	return memcmp(a->sha256, b->sha256, sizeof(a->sha256)) || a->xxh128.lo != b->xxh128.lo ||
	       a->xxh128.hi != b->xxh128.hi;
}

/* @code for the first @split bytes, and @then for the others. */
static bool agree_at(const struct kb_digest_code *code, const struct kb_digest_code *then,
		     size_t align, size_t len, size_t split)
{
	const uint8_t *p = data + align;
	struct digests want = plain(p, len), got;
	struct running r;

	begin(&r);
	add(&r, code, p, split);
	add(&r, then, p + split, len - split);
	got = end(&r);
	if (!differ(&want, &got))
		return true;
	snprintf(problem, sizeof(problem), "%zu bytes at alignment %zu, split at %zu", len, align,
		 split);
	return false;
}

static bool lengths_agree(const struct kb_digest_code *code)
{
	for (size_t len = 0; len <= MAX; len++)
		if (!agree_at(code, code, len % ALIGN, len, len))
			return false;
	for (size_t align = 0; align < ALIGN; align++)
		for (size_t len = 1000; len <= 1100; len += 4)
			if (!agree_at(code, code, align, len, len))
				return false;
	return agree_at(code, code, 1, LARGE, LARGE);
}

static bool splits_agree(const struct kb_digest_code *code)
{
	static const size_t lens[] = {63, 64, 65, 241, 256, 257, 511, 1024, 1025, 1344, 2049, MAX};

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++)
		for (size_t split = 0; split <= lens[i]; split++)
			if (!agree_at(code, code, split % ALIGN, lens[i], split) ||
			    !agree_at(code, NULL, 0, lens[i], split) ||
			    !agree_at(NULL, code, 0, lens[i], split))
				return false;
	return true;
}

/* As the pieces of a tile come: many of any size, and here by either code. */
static bool pieces_agree(const struct kb_digest_code *code)
{
	uint64_t random = 7;

	for (unsigned int round = 0; round < 500; round++) {
		size_t len = random_below(&random, 8 * MAX), align = random_below(&random, ALIGN);
		struct digests want = plain(data + align, len), got;
		struct running r;

		begin(&r);
		for (size_t at = 0, n; at < len; at += n) {
			n = 1 + random_below(&random, 1 + random_below(&random, len - at));
			add(&r, random_below(&random, 4) ? code : NULL, data + align + at, n);
		}
		got = end(&r);
		if (differ(&want, &got)) {
			snprintf(problem, sizeof(problem), "pieces, round %u, %zu bytes", round,
				 len);
			return false;
		}
	}
	return true;
}

const char *variants_agree(const struct kb_digest_code *code)
{
	uint64_t random = 5;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)random_next(&random);
	return lengths_agree(code) && splits_agree(code) && pieces_agree(code) ? NULL : problem;
}
