// SPDX-License-Identifier: BSD-2-Clause
/* console= on a command line, and the same command line as a format's argument. */
#include <core/console.h>
#include <core/fmt.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *out = malloc(size + 1);
	struct uart u;

	if (!text || !out)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	u = console_find(text);
	if (u.kind == UART_IO && u.base > 0xfff8)
		__builtin_trap();
	if (kb_snprintf(out, size + 1, "%s", text) != strlen(text) || strcmp(out, text))
		__builtin_trap();
	free(out);
	free(text);
	return 0;
}
