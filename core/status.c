// SPDX-License-Identifier: BSD-2-Clause
/* Cause and remedy of every code that khoboot says, from <khoboot/status.def>. */
#include <khoboot/compiler.h>
#include <khoboot/status.h>

static const struct text {
	uint16_t number;
	const char *cause;
	const char *remedy;
} texts[] = {
	{KB_OK, "no error", "nothing to do"},
#define KB(name, number, cause, remedy) {number, cause, remedy},
#define KB_CTL(name, number, cause, remedy)
#include <khoboot/status.def>
#undef KB
#undef KB_CTL
};

static const struct text *find(enum kb_status status)
{
	static const struct text unknown = {0, "unknown status", "report this with the log"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].number == (unsigned int)status)
			return &texts[i];
	return &unknown;
}

const char *kb_cause(enum kb_status status)
{
	return find(status)->cause;
}

const char *kb_remedy(enum kb_status status)
{
	return find(status)->remedy;
}
