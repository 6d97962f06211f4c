// SPDX-License-Identifier: BSD-2-Clause
/* Texts of the codes that only khoctl has. */
#include <khoboot/compiler.h>

#include "status.h"

#include <string.h>

static const uint16_t numbers[] = {
#define KB(name, number, cause, remedy) number,
#include <khoboot/status-ctl.def>
#undef KB
};

static const char texts[] =
#define KB(name, number, cause, remedy) cause "\0" remedy "\0"
#include <khoboot/status-ctl.def>
#undef KB
	;

static const struct kb_texts table = {numbers, ARRAY_SIZE(numbers), texts};

const char *ctl_cause(enum kb_status status)
{
	const char *cause = kb_texts_find(&table, status);

	return cause ? cause : kb_cause(status);
}

const char *ctl_remedy(enum kb_status status)
{
	const char *cause = kb_texts_find(&table, status);

	return cause ? cause + strlen(cause) + 1 : kb_remedy(status);
}
