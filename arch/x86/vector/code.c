// SPDX-License-Identifier: BSD-2-Clause
/* Which functions do what digest_choose() chose. */
#include <arch/digest.h>

#include "code.h"

struct kb_digest_code digest_code(struct digest_choice c)
{
	struct kb_digest_code code = {NULL, c.sha256 ? digest_sha256_ni : NULL};

	if (c.xxh128 == DIGEST_XXH128_SSE2)
		code.xxh128 = digest_xxh128_sse2;
	if (c.xxh128 == DIGEST_XXH128_AVX2)
		code.xxh128 = digest_xxh128_avx2;
	return code;
}
