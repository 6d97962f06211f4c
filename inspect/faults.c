// SPDX-License-Identifier: BSD-2-Clause
/* What was found to be wrong, and a set of addresses. */
#include <inspect/inspect.h>

#include <stdlib.h>

void inspect_note(struct inspect_faults *f, const char *part, enum kb_status status, uint64_t at,
		  uint64_t value)
{
	if (f->count < INSPECT_FAULTS)
		f->first[f->count] = (struct inspect_fault){status, part, at, value};
	f->count++;
}

bool inspect_is_remark(enum kb_status status)
{
	return status == KB_INSPECT_MISSING || status == KB_INSPECT_NO_SCRATCH ||
	       status == KB_INSPECT_PAGE_SIZE || status == KB_KHO_NOT_FINALIZED ||
	       status == KB_LIVE_MEMORY;
}

/* Open addressing; a slot of 0 is empty, so that values are kept plus one. */
static void insert(struct inspect_set *s, uint64_t value)
{
	size_t i = (size_t)((value * 0x9e3779b97f4a7c15ULL) >> 20) & (s->room - 1);

	while (s->slot[i])
		i = (i + 1) & (s->room - 1);
	s->slot[i] = value;
}

static bool has(const struct inspect_set *s, uint64_t value)
{
	size_t i = (size_t)((value * 0x9e3779b97f4a7c15ULL) >> 20) & (s->room - 1);

	for (; s->slot[i]; i = (i + 1) & (s->room - 1))
		if (s->slot[i] == value)
			return true;
	return false;
}

static void grow(struct inspect_set *s)
{
	struct inspect_set n = {.room = s->room ? 2 * s->room : 64};

	n.slot = calloc(n.room, sizeof(*n.slot));
	if (!n.slot)
		abort();
	for (size_t i = 0; i < s->room; i++)
		if (s->slot[i])
			insert(&n, s->slot[i]);
	free(s->slot);
	s->slot = n.slot;
	s->room = n.room;
}

bool inspect_set_add(struct inspect_set *s, uint64_t value)
{
	if (2 * s->count >= s->room)
		grow(s);
	if (has(s, value + 1))
		return false;
	insert(s, value + 1);
	s->count++;
	return true;
}

void inspect_set_free(struct inspect_set *s)
{
	free(s->slot);
	*s = (struct inspect_set){0};
}
