// SPDX-License-Identifier: BSD-2-Clause
/* Does the stub of a kernel ask for the memory overwrite request? See the header. */
#include <format/overwrite.h>

/* Strings of two-byte characters are aligned to two bytes. */
static bool name_at(const uint8_t *p)
{
	static const char name[] = OVERWRITE_NAME; /* with its end */

	for (size_t i = 0; i < sizeof(name); i++)
		if (p[2 * i] != name[i] || p[2 * i + 1])
			return false;
	return true;
}

bool efi_asks_overwrite(const void *kernel, uint64_t size)
{
	const uint64_t len = 2 * sizeof(OVERWRITE_NAME);
	const uint8_t *p = kernel;

	for (uint64_t at = 0; size >= len && at <= size - len; at += 2)
		if (name_at(p + at))
			return true;
	return false;
}
