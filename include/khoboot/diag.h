/* SPDX-License-Identifier: BSD-2-Clause */
/* Filling a struct kb_diag where there is no struct mem that carries one: files and texts. */
#ifndef KHOBOOT_DIAG_H
#define KHOBOOT_DIAG_H

#include <khoboot/mem.h>

/*
 * Record a refusal in @diag (the first one wins; NULL: nobody asks) and return @status, so that
 * noting and returning are one statement.
 */
static inline enum kb_status kb_note(struct kb_diag *diag, enum kb_status status, uint64_t at,
				     uint64_t value)
{
	if (diag && !diag->status)
		*diag = (struct kb_diag){status, at, value};
	return status;
}

#endif
