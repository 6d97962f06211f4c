// SPDX-License-Identifier: BSD-2-Clause
/* The firmware's console as a log sink. */
#include "firmware.h"

#include <core/log.h>

static SIMPLE_TEXT_OUTPUT_INTERFACE *out;

void fw_console_open(EFI_SYSTEM_TABLE *st)
{
	out = st->ConOut;
}

void fw_console_line(const char *line)
{
	CHAR16 text[260];
	size_t n = 0;

	if (!out)
		return;
	while (line[n] && n < ARRAY_SIZE(text) - 3) {
		text[n] = (CHAR16)(unsigned char)line[n];
		n++;
	}
	text[n++] = '\r';
	text[n++] = '\n';
	text[n] = 0;
	out->OutputString(out, text);
}
