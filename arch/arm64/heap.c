// SPDX-License-Identifier: BSD-2-Clause
/*
 * There is no heap. zlib and libzstd name one for callers that give them no memory; ours do
 * (<format/unpack.h>), so what is here is linked and not called.
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
