// SPDX-License-Identifier: BSD-2-Clause
/* The text of a firmware zone. What is taken must be what it says it is, and read back the same. */
#include <route/zone.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct range_list *zone)
{
	struct range again[KB_ZONE_MAX];
	struct range_list l = {again, 0, KB_ZONE_MAX};
	char text[KB_ZONE_TEXT_MAX];

	if (!zone->count || zone_format(zone, text, sizeof(text)) ||
	    zone_parse((struct kb_text){text, strlen(text)}, &l))
		abort();
	if (l.count != zone->count || memcmp(again, zone->r, l.count * sizeof(*again)))
		abort();
	for (size_t i = 0; i < l.count; i++)
		if (!again[i].size || range_wraps(again[i]) ||
		    !is_aligned(again[i].base | again[i].size, SZ_4K) ||
		    (i && range_end(again[i - 1]) >= again[i].base))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct range r[KB_ZONE_MAX];
	struct range_list zone = {r, 0, KB_ZONE_MAX};
	struct range pieces[] = {{SZ_1M, SZ_1G}, {SZ_4G, 4 * SZ_1G}};
	struct range_list ram = {pieces, 2, 2};
	char *text = memcpy(malloc(size ? size : 1), data, size);

	if (!zone_parse((struct kb_text){text, size}, &zone)) {
		check(&zone);
		(void)!zone_grow(KB_RECORD_X86_64, &ram, &zone, size * SZ_1M);
		check(&zone);
		(void)!zone_grow(KB_RECORD_ARM64, &ram, &zone, size * SZ_1M);
		check(&zone);
		zone_align(&zone, SZ_64K);
		check(&zone);
	}
	free(text);
	return 0;
}
