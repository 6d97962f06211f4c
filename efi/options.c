// SPDX-License-Identifier: BSD-2-Clause
/* Load options: UCS-2 text, as a boot entry or a shell passes it. */
#include <khoboot/log.h>

#include "firmware.h"

/*
 * Firmware is known to leave binary junk in load options of entries that it made itself. Only text
 * is taken: printable ASCII up to a NUL or the end.
 */
enum kb_status options_read(const struct firmware *fw, char *buf, size_t size)
{
	const CHAR16 *text = fw->loaded->LoadOptions;
	size_t max = fw->loaded->LoadOptionsSize / sizeof(*text), n = 0;

	buf[0] = '\0';
	if (!text)
		return KB_OK;
	for (; n < max && text[n]; n++) {
		if (n + 1 >= size || text[n] < ' ' || text[n] > '~') {
			buf[0] = '\0';
			return KB_FW_OPTIONS;
		}
		buf[n] = (char)text[n];
	}
	buf[n] = '\0';
	return KB_OK;
}
