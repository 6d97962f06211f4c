// SPDX-License-Identifier: BSD-2-Clause
/* Device trees and texts that say where KHO data are. */
#include <fdt/carrier.h>

#include <stdlib.h>
#include <string.h>

#define BASE 0x1000ULL

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const void *map(void *ctx, uint64_t pa, uint64_t len)
{
	(void)len;
	return (const uint8_t *)ctx + (pa - BASE);
}

/* The size in the header is made right; the rest is the fuzzer's. */
static void fuzz_tree(uint8_t *p, size_t size)
{
	struct range ram = {BASE, size};
	struct mem m = {.ram = {&ram, 1, 1}, .map = map, .ctx = p};
	struct kho_handover h;
	bool found;

	if (size < 40)
		return;
	memcpy(p, "\xd0\x0d\xfe\xed", 4);
	p[4] = p[5] = 0;
	p[6] = (uint8_t)(size >> 8);
	p[7] = (uint8_t)size;
	if (carrier_dtb(&m, BASE, &found, &h) && found)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p = malloc(size + 1);
	struct kho_handover h;
	bool found;

	if (!p || size > 0xffff)
		abort();
	memcpy(p, data, size);
	if (!carrier_text((struct kb_text){(const char *)p, size}, &found, &h) && found &&
	    (!h.fdt_size || !h.scratch_size))
		__builtin_trap();
	fuzz_tree(p, size);
	free(p);
	return 0;
}
