// SPDX-License-Identifier: BSD-2-Clause
/* A TCG log of as many events as the input has. */
#include <format/tcg.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tcg_spec spec;
	uint64_t at, n;

	if (tcg_event1_size(data, size, &at))
		return 0;
	if (at > size)
		__builtin_trap();
	if (tcg_spec_read(data, size, &spec))
		return 0;
	while (!tcg_event2_size(&spec, data + at, size - at, &n)) {
		if (n < 16 || n > size - at)
			__builtin_trap();
		at += n;
	}
	return 0;
}
