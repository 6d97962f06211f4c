/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Status codes. Each refusal has a stable number, a one-line cause and a one-line remedy; the table
 * is <khoboot/status.def>, and docs/codes.md is made from it.
 *
 * Codes that only tools/ says are marked there (KB_CTL); tools/status.h has their texts.
 */
#ifndef KHOBOOT_STATUS_H
#define KHOBOOT_STATUS_H

#include <stddef.h>
#include <stdint.h>

enum kb_status {
	KB_OK = 0,
#define KB(name, number, cause, remedy)     KB_##name = number,
#define KB_CTL(name, number, cause, remedy) KB_##name = number,
#include <khoboot/status.def>
#undef KB
#undef KB_CTL
};

/* One-line cause, without the code; "unknown status" for a number that is not in the table,
 * or not khoboot's. */
const char *kb_cause(enum kb_status status);

/* One-line remedy: what the operator can do. */
const char *kb_remedy(enum kb_status status);

#endif
