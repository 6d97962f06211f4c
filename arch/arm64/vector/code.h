/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions behind digest_code() of arm64. Each needs what its name says. */
#ifndef VECTOR_CODE_H
#define VECTOR_CODE_H

#include <route/digest.h>

void digest_xxh128_neon(struct kb_xxh128_state *s, const void *data, size_t len);
void digest_sha256_ce(uint32_t state[8], const void *data, size_t blocks);

#endif
