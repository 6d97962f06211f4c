// SPDX-License-Identifier: BSD-2-Clause
/* Which functions do what digest_choose() chose. */
#include <arch/digest.h>

#include "code.h"

struct kb_digest_code digest_code(struct digest_choice c)
{
	return (struct kb_digest_code){
		.xxh128 = c.xxh128 == DIGEST_XXH128_NEON ? digest_xxh128_neon : NULL,
		.sha256 = c.sha256 ? digest_sha256_ce : NULL,
	};
}
