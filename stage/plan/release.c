// SPDX-License-Identifier: BSD-2-Clause
/* A kernel's release, for the log. */
#include <stage/stage.h>

#include <string.h>

void stage_release(const struct kernel *k, char *buf, size_t size)
{
	size_t n = 0;

	while (n < k->release_len && n + 1 < size && k->release[n] != ' ')
		n++;
	memcpy(buf, n ? k->release : "?", n ? n : 1);
	buf[n ? n : 1] = '\0';
}
