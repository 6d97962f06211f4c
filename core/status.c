// SPDX-License-Identifier: BSD-2-Clause
/*
 * Cause and remedy of each code, from <khoboot/status.def>. All texts are one object, in the order
 * of the numbers' table: no pointer and no jump for each of them in an image that counts its bytes.
 */
#include <khoboot/compiler.h>
#include <khoboot/status.h>

#include <string.h>

static const uint16_t numbers[] = {
#define KB(name, number, cause, remedy) number,
#include <khoboot/status.def>
#undef KB
};

/* The concatenation ends with one more NUL, which nobody reads. */
static const char texts[] =
#define KB(name, number, cause, remedy) cause "\0" remedy "\0"
#include <khoboot/status.def>
#undef KB
	;

static const struct kb_texts table = {numbers, ARRAY_SIZE(numbers), texts};

const char *kb_texts_find(const struct kb_texts *t, enum kb_status status)
{
	const char *at = t->texts;

	for (size_t i = 0; i < t->count; i++) {
		if (t->numbers[i] == (unsigned int)status)
			return at;
		at += strlen(at) + 1;
		at += strlen(at) + 1;
	}
	return NULL;
}

const char *kb_cause(enum kb_status status)
{
	const char *cause = kb_texts_find(&table, status);

	if (!status)
		return "no error";
	return cause ? cause : "unknown status";
}

const char *kb_remedy(enum kb_status status)
{
	const char *cause = kb_texts_find(&table, status);

	if (!status)
		return "nothing to do";
	return cause ? cause + strlen(cause) + 1 : "report this with the log";
}
