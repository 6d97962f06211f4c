// SPDX-License-Identifier: BSD-2-Clause
/*
 * Cause and remedy of each code, from <khoboot/status.def>. All texts are one object, in the order
 * of the numbers' table: no pointer and no jump for each of them in an image that counts its bytes.
 */
#include <khoboot/compiler.h>
#include <khoboot/status.h>

#include <string.h>

/* The x86 image (freestanding) has no room for what it never says; tools on x86 show all codes. */
#if defined(__x86_64__) && !__STDC_HOSTED__
#define ARM64_CODES 0
#else
#define ARM64_CODES 1
#endif

static const uint16_t numbers[] = {
#define KB(name, number, cause, remedy) number,
#include <khoboot/status.def>
#if ARM64_CODES
#include <khoboot/status-arm64.def>
#endif
#undef KB
};

/* Two texts for each number, in this order; find_text() returns NULL for a code that is none. */
enum { CAUSE, REMEDY };

#ifdef KB_PACKED_TEXTS
#include <khoboot/packed.h>

#include "texts.h" /* made by tools/texts/pack.c */

/* A text stays until the next one of its kind. */
static const char *find_text(enum kb_status status, size_t kind)
{
	static char out[2][PACKED_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (numbers[i] != (unsigned int)status)
			continue;
		unpack_text(pairs, packed, 2 * i + kind, out[kind], PACKED_TEXT);
		return out[kind];
	}
	return NULL;
}
#else
/* The concatenation ends with one more NUL, which nobody reads. */
static const char texts[] =
#define KB(name, number, cause, remedy) cause "\0" remedy "\0"
#include <khoboot/status.def>
#if ARM64_CODES
#include <khoboot/status-arm64.def>
#endif
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

static const char *find_text(enum kb_status status, size_t kind)
{
	const char *cause = kb_texts_find(&table, status);

	return cause && kind == REMEDY ? cause + strlen(cause) + 1 : cause;
}
#endif

const char *kb_cause(enum kb_status status)
{
	const char *cause = find_text(status, CAUSE);

	if (!status)
		return "no error";
	return cause ? cause : "unknown status";
}

const char *kb_remedy(enum kb_status status)
{
	const char *remedy = find_text(status, REMEDY);

	if (!status)
		return "nothing to do";
	return remedy ? remedy : "report this with the log";
}
