// SPDX-License-Identifier: BSD-2-Clause
/* What can be said of memory when we stop. */
#include <stage/stage.h>

enum stage_memory stage_memory_written(const struct stage *s)
{
	if (s->given_up)
		return STAGE_MEMORY_GIVEN_UP;
	return s->has_kho ? STAGE_MEMORY_KEPT : STAGE_MEMORY_NONE;
}

const char *stage_memory_words(enum stage_memory m)
{
	switch (m) {
	case STAGE_MEMORY_UNTOUCHED:
		return "memory is as the outgoing kernel left it";
	case STAGE_MEMORY_KEPT:
		return "preserved memory is as it was handed over, other memory is not";
	case STAGE_MEMORY_GIVEN_UP:
		return "what was preserved is given up and may be overwritten";
	case STAGE_MEMORY_ENTERED:
		return "the next kernel had been entered and may have written anywhere";
	case STAGE_MEMORY_NONE:
		break;
	}
	return "no memory was handed over";
}
