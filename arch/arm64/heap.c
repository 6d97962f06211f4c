// SPDX-License-Identifier: BSD-2-Clause
/*
 * There is no heap. zlib and libzstd refer to one, for callers that give them no memory. Our code
 * does give it (<format/unpack.h>), so these functions are linked but never called.
 */
#include <stddef.h>
#include <stdlib.h>

void *malloc(size_t size)
{
	(void)size;
	return NULL;
}

void *calloc(size_t count, size_t size)
{
	(void)count;
	(void)size;
	return NULL;
}

void free(void *p)
{
	(void)p;
}
