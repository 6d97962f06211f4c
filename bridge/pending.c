// SPDX-License-Identifier: BSD-2-Clause
/* Until the parts are there: removed with the last of them. */
#include <bridge/map.h>

#define PENDING __attribute__((weak))

PENDING void kho_pages_begin(struct kho_pages *p, bool rehearsal)
{
	p->rehearsal = rehearsal;
}

PENDING enum kb_status kho_pages_preserve(struct kho_pages *p, unsigned int order, phys_t *at,
					  uint8_t **bytes)
{
	(void)p, (void)order, (void)at, (void)bytes;
	return KB_BRIDGE_ROOM;
}

PENDING enum kb_status kho_pages_drop(struct kho_pages *p, unsigned int order, phys_t at)
{
	(void)p, (void)order, (void)at;
	return KB_BRIDGE_EDITS;
}

PENDING void kho_pages_sort(struct kho_pages *p)
{
	(void)p;
}

PENDING enum kb_status bridge_write_map(struct kho_pages *p, const struct kho_map *from,
					const struct bridge_map_form *to, struct kho_map *ret,
					struct kho_summary *sum)
{
	(void)p, (void)from, (void)to, (void)ret, (void)sum;
	return KB_BRIDGE_MAP;
}

