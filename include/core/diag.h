/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The diagnosis: what was wrong, and where. Readers of memory have one in their struct mem; readers
 * of files and texts get one from the caller.
 */
#ifndef CORE_DIAG_H
#define CORE_DIAG_H

#include <khoboot/status.h>

/* Filled by kb_note() and kb_fail(); @status is KB_OK until then. */
struct kb_diag {
	enum kb_status status;
	uint64_t at;    /* address, file offset, or position in the text that was read */
	uint64_t value; /* the offending value */
};

/*
 * Record a refusal in @diag (the first one wins; @diag may be NULL) and return @status, so that
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
