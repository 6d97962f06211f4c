// SPDX-License-Identifier: BSD-2-Clause
/*
 * Digests from libraries: SHA-256 from BearSSL, and XXH3, which is compiled here from its header.
 *
 * Debian's BearSSL is compiled for a CPU with vector registers, and the bare-metal door has these
 * turned off. The functions called here do not use them. br_sha256_init() and br_sha256_out() do,
 * and must not be called; tests/image checks that.
 */
#include <route/digest.h>

#include <bearssl.h>
#include <string.h>

#define XXH_VECTOR XXH_SCALAR
#include <route/xxh3.h>

_Static_assert(sizeof(struct kb_sha256) >= sizeof(br_sha256_context), "struct kb_sha256");

static struct kb_digest_code use;

void kb_digest_use(const struct kb_digest_code *code)
{
	use = code ? *code : (struct kb_digest_code){NULL, NULL};
}

/* ---- SHA-256 ---- */

#define BLOCK 64 /* bytes that are compressed at a time */

/* FIPS 180-4, 5.3.3. */
static const uint8_t initial[KB_SHA256_SIZE] = {
	0x6a, 0x09, 0xe6, 0x67, 0xbb, 0x67, 0xae, 0x85, 0x3c, 0x6e, 0xf3,
	0x72, 0xa5, 0x4f, 0xf5, 0x3a, 0x51, 0x0e, 0x52, 0x7f, 0x9b, 0x05,
	0x68, 0x8c, 0x1f, 0x83, 0xd9, 0xab, 0x5b, 0xe0, 0xcd, 0x19,
};

void kb_sha256_init(struct kb_sha256 *c)
{
	br_sha256_set_state((br_sha256_context *)c, initial, 0);
}

void kb_sha256_update(struct kb_sha256 *c, const void *data, size_t len)
{
	br_sha256_context *br = (br_sha256_context *)c;
	const uint8_t *p = data;

	if (use.sha256 && len >= BLOCK) {
		size_t rest = (0 - br->count) % BLOCK, blocks = (len - rest) / BLOCK;

		br_sha256_update(br, p, rest);
		use.sha256(br->val, p + rest, blocks);
		br->count += blocks * BLOCK;
		p += rest + blocks * BLOCK;
		len -= rest + blocks * BLOCK;
	}
	br_sha256_update(br, p, len);
}

void kb_sha256_final(const struct kb_sha256 *c, uint8_t out[KB_SHA256_SIZE])
{
	/* Padding: a one, zeros up to 8 bytes before the end of a block, the number of bits. */
	uint8_t pad[BLOCK + 8] = {0x80};
	br_sha256_context last;
	size_t len;

	memcpy(&last, c, sizeof(last));
	len = BLOCK - (last.count + 8) % BLOCK;
	for (unsigned int i = 0; i < 8; i++)
		pad[len + i] = (uint8_t)(last.count << 3 >> (56 - 8 * i));
	br_sha256_update(&last, pad, len + 8);
	br_sha256_state(&last, out);
}

/* ---- XXH3-128 ---- */

void kb_xxh128_init(struct kb_xxh128_state *s)
{
	XXH3_INITSTATE((XXH3_state_t *)s);
	XXH3_128bits_reset((XXH3_state_t *)s);
}

void kb_xxh128_update(struct kb_xxh128_state *s, const void *data, size_t len)
{
	if (use.xxh128)
		use.xxh128(s, data, len);
	else
		XXH3_128bits_update((XXH3_state_t *)s, data, len);
}

struct kb_xxh128 kb_xxh128_final(const struct kb_xxh128_state *s)
{
	const XXH3_state_t *state = (const XXH3_state_t *)s;
	XXH128_hash_t h;

	/* A third of the library is for short inputs. This keeps it out of the image. */
	if (state->totalLen < KB_XXH128_MIN)
		return (struct kb_xxh128){0, 0};
	h = XXH3_128bits_digest(state);
	return (struct kb_xxh128){h.low64, h.high64};
}
