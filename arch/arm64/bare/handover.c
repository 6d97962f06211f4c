// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of arm64: KHO from /chosen. */
#include <arch/bare.h>

enum kb_status bare_read_handover(struct bare *b)
{
	b->has_kho = b->arch.facts.has_kho;
	b->handover = b->arch.facts.kho;
	return KB_OK;
}
