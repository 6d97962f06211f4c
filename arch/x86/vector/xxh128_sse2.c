// SPDX-License-Identifier: BSD-2-Clause
/* XXH3 by SSE2. */
#define XXH_VECTOR XXH_SSE2
#include <route/xxh3.h>

#include "code.h"

void digest_xxh128_sse2(struct kb_xxh128_state *s, const void *data, size_t len)
{
	XXH3_128bits_update((XXH3_state_t *)s, data, len);
}
