/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digests of the firmware route: SHA-256 (BearSSL) for the record and the map, which an adversary
 * may try to forge, and XXH3-128 (libxxhash, header-only) for preserved data, where only damage by
 * firmware counts and speed matters.
 */
#ifndef ROUTE_DIGEST_H
#define ROUTE_DIGEST_H

#include <khoboot/compiler.h>

#define KB_SHA256_SIZE 32

struct kb_sha256 {
	uint64_t opaque[16]; /* br_sha256_context; checked at compile time in route/digest.c */
};

void kb_sha256_init(struct kb_sha256 *c);
void kb_sha256_update(struct kb_sha256 *c, const void *data, size_t len);
void kb_sha256_final(const struct kb_sha256 *c, uint8_t out[KB_SHA256_SIZE]);

struct kb_xxh128 {
	uint64_t lo, hi;
};

/* State of a running XXH3-128; the library needs it 64-byte aligned. About 600 bytes. */
struct kb_xxh128_state {
	uint8_t opaque[640] __attribute__((aligned(64)));
};

/* The least input of a digest, in bytes. Preserved data come in pages, which are larger. */
#define KB_XXH128_MIN 241

void kb_xxh128_init(struct kb_xxh128_state *s);
void kb_xxh128_update(struct kb_xxh128_state *s, const void *data, size_t len);
struct kb_xxh128 kb_xxh128_final(const struct kb_xxh128_state *s);

/*
 * What does the work in kb_sha256_update() and kb_xxh128_update(): code for a CPU's vector
 * registers (<arch/digest.h>). Whatever does it, states and digests are the same, and it may change
 * between two pieces.
 */
struct kb_digest_code {
	void (*xxh128)(struct kb_xxh128_state *s, const void *data, size_t len);
	/* @state: as numbers; @data: @blocks times 64 bytes, at any address. */
	void (*sha256)(uint32_t state[8], const void *data, size_t blocks);
};

/* From now on let @code work; NULL, and any member that is NULL: plain C, as at the start. */
void kb_digest_use(const struct kb_digest_code *code);

#endif
