// SPDX-License-Identifier: BSD-2-Clause
/* The inverse claim: all free memory but scratch becomes ours, so that nobody else gets it. */
#include <arch/cpu.h>
#include <khoboot/log.h>

#include "firmware.h"

enum kb_status fw_map_early(struct firmware *fw, void *buffer, uint64_t size, struct fw_map *ret)
{
	struct fw_map map = {.buffer = buffer, .capacity = size};
	enum kb_status st = fw_map_refresh(fw, &map);

	if (!st && map.desc_size < sizeof(EFI_MEMORY_DESCRIPTOR))
		st = KB_FW_MAP;
	if (!st)
		*ret = map;
	return st;
}

void fw_claim_all(struct firmware *fw, struct range_list *claims)
{
	uint64_t bytes = 0, calls = claims->count, start = cpu_clock();
	size_t kept = 0;

	for (size_t i = 0; i < claims->count; i++) {
		/* What firmware does not give is not ours; if it matters, route_covered() says so.
		 */
		if (fw_claim(fw, claims->r[i]))
			continue;
		bytes += claims->r[i].size;
		claims->r[kept++] = claims->r[i];
	}
	claims->count = kept;
	range_list_sort(claims);
	kb_info("claim", "%llu bytes in %llu calls, %llu us", (unsigned long long)bytes,
		(unsigned long long)calls, (unsigned long long)cpu_clock_us(cpu_clock() - start));
}
