/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Status codes. Each refusal has a stable number, a one-line cause and a one-line remedy; the table
 * is <khoboot/status.def>, and docs/codes.md is made from it.
 */
#ifndef KHOBOOT_STATUS_H
#define KHOBOOT_STATUS_H

#include <stddef.h>
#include <stdint.h>

enum kb_status {
	KB_OK = 0,
#define KB(name, number, cause, remedy) KB_##name = number,
#include <khoboot/status.def>
#include <khoboot/status-arm64.def>
#include <khoboot/status-ctl.def>
#undef KB
};

/*
 * Texts of a table of codes, made from its .def: the numbers, and cause and remedy of each one
 * behind the other, each with its NUL.
 */
struct kb_texts {
	const uint16_t *numbers;
	size_t count;
	const char *texts;
};

/* The cause of @status, its remedy behind it; NULL when it is not in the table. */
const char *kb_texts_find(const struct kb_texts *t, enum kb_status status);

/* One-line cause, without the code; "unknown status" for one that the image never has (6xx). */
const char *kb_cause(enum kb_status status);

/* One-line remedy: what the operator can do. */
const char *kb_remedy(enum kb_status status);

#endif
