/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions behind digest_code() of x86. Each needs what its name says. */
#ifndef VECTOR_CODE_H
#define VECTOR_CODE_H

#include <route/digest.h>

void digest_xxh128_sse2(struct kb_xxh128_state *s, const void *data, size_t len);
void digest_xxh128_avx2(struct kb_xxh128_state *s, const void *data, size_t len);
void digest_sha256_ni(uint32_t state[8], const void *data, size_t blocks); /* and SSE4.1 */

#endif
