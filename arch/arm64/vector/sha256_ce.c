// SPDX-License-Identifier: BSD-2-Clause
/*
 * SHA-256 by the Cryptographic Extension (Arm ARM, C7: SHA256H and the three that follow). BearSSL
 * has no such code.
 */
#include <arm_neon.h>

#include "code.h"

static const uint32_t k[64] =
#include <arch/sha256_k.inc>
	;

struct halves {
	uint32x4_t abcd, efgh;
};

/* Four rounds with the message words @w. */
static inline void four_rounds(struct halves *h, uint32x4_t w, unsigned int round)
{
	uint32x4_t wk = vaddq_u32(w, vld1q_u32(k + round)), abcd = h->abcd;

	h->abcd = vsha256hq_u32(abcd, h->efgh, wk);
	h->efgh = vsha256h2q_u32(h->efgh, abcd, wk);
}

/* The four words that follow these sixteen. */
static inline uint32x4_t next_words(const uint32x4_t w[4], unsigned int first)
{
	uint32x4_t w0 = vsha256su0q_u32(w[first % 4], w[(first + 1) % 4]);

	return vsha256su1q_u32(w0, w[(first + 2) % 4], w[(first + 3) % 4]);
}

static inline void compress(struct halves *h, const uint8_t *block)
{
	struct halves before = *h;
	uint32x4_t w[4];

	for (unsigned int i = 0; i < 4; i++)
		w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(block + 16 * i)));
#pragma GCC unroll 16
	for (unsigned int i = 0; i < 16; i++) {
		four_rounds(h, w[i % 4], 4 * i);
		if (i < 12)
			w[i % 4] = next_words(w, i);
	}
	h->abcd = vaddq_u32(h->abcd, before.abcd);
	h->efgh = vaddq_u32(h->efgh, before.efgh);
}

void digest_sha256_ce(uint32_t state[8], const void *data, size_t blocks)
{
	struct halves h = {vld1q_u32(state), vld1q_u32(state + 4)};
	const uint8_t *p = data;

	for (; blocks; blocks--, p += 64)
		compress(&h, p);
	vst1q_u32(state, h.abcd);
	vst1q_u32(state + 4, h.efgh);
}
