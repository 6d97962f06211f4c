// SPDX-License-Identifier: BSD-2-Clause
#include <khoboot/packed.h>

struct text {
	char *at, *last;
};

static void expand(const uint8_t *pairs, uint8_t byte, struct text *t)
{
	while (byte >= PACKED_FIRST) {
		const uint8_t *pair = &pairs[2 * (byte - PACKED_FIRST)];

		expand(pairs, pair[0], t);
		byte = pair[1];
	}
	if (t->at < t->last)
		*t->at++ = (char)byte;
}

void unpack_text(const uint8_t *pairs, const uint8_t *data, size_t index, char *out, size_t size)
{
	struct text t = {out, out + size - 1};

	while (index)
		index -= !*data++;
	while (*data)
		expand(pairs, *data++, &t);
	*t.at = '\0';
}
