// SPDX-License-Identifier: BSD-2-Clause
/*
 * SHA-256 by the SHA extensions (Intel SDM 2B, SHA256RNDS2 and the two that follow). BearSSL has no
 * such code, and libcrypto.a's has no public function for it and 16 KiB for other CPUs beside it.
 */
#include <immintrin.h>

#include "code.h"

static const uint32_t k[64] __attribute__((aligned(16))) =
#include <arch/sha256_k.inc>
	;

/* The instructions want the eight numbers as (a, b, e, f) and (c, d, g, h), from the top down. */
struct halves {
	__m128i abef, cdgh;
};

/* Four rounds with the message words @w. */
static inline void four_rounds(struct halves *h, __m128i w, unsigned int round)
{
	__m128i wk = _mm_add_epi32(w, _mm_load_si128((const __m128i *)&k[round]));

	h->cdgh = _mm_sha256rnds2_epu32(h->cdgh, h->abef, wk);
	wk = _mm_shuffle_epi32(wk, 0x0e);
	h->abef = _mm_sha256rnds2_epu32(h->abef, h->cdgh, wk);
}

/* The four words that follow these sixteen. */
static inline __m128i next_words(const __m128i w[4], unsigned int first)
{
	__m128i w0 = w[first % 4], w1 = w[(first + 1) % 4];
	__m128i w2 = w[(first + 2) % 4], w3 = w[(first + 3) % 4];

	w0 = _mm_sha256msg1_epu32(w0, w1);
	return _mm_sha256msg2_epu32(_mm_add_epi32(w0, _mm_alignr_epi8(w3, w2, 4)), w3);
}

static inline void compress(struct halves *h, const __m128i *block)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	struct halves before = *h;
	__m128i w[4];

	for (unsigned int i = 0; i < 4; i++)
		w[i] = _mm_shuffle_epi8(_mm_loadu_si128(block + i), swap);
#pragma GCC unroll 16
	for (unsigned int i = 0; i < 16; i++) {
		four_rounds(h, w[i % 4], 4 * i);
		if (i < 12)
			w[i % 4] = next_words(w, i);
	}
	h->abef = _mm_add_epi32(h->abef, before.abef);
	h->cdgh = _mm_add_epi32(h->cdgh, before.cdgh);
}

void digest_sha256_ni(uint32_t state[8], const void *data, size_t blocks)
{
	const __m128i *p = data;
	__m128i abcd = _mm_loadu_si128((const __m128i *)state);
	__m128i efgh = _mm_loadu_si128((const __m128i *)(state + 4));
	__m128i badc = _mm_shuffle_epi32(abcd, 0xb1), hgfe = _mm_shuffle_epi32(efgh, 0x1b);
	struct halves h = {_mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xf0)};

	for (; blocks; blocks--, p += 4)
		compress(&h, p);
	/* And back. */
	badc = _mm_shuffle_epi32(h.abef, 0x1b); /* now f, e, b, a from the top */
	hgfe = _mm_shuffle_epi32(h.cdgh, 0xb1); /* d, c, h, g */
	_mm_storeu_si128((__m128i *)state, _mm_blend_epi16(badc, hgfe, 0xf0));
	_mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(hgfe, badc, 8));
}
